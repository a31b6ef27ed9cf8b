//! What the streams are made of: known to the server, which sends it, and to the clients, which check it.

/// Text that a cut at a random byte is likely to break in the middle of a character.
const FILLER: &str = "événement 事件 🚀 event ";

/// The data of a client's n-th event. It says whose it is, and is up to 4.5 KB long: often enough that all buffers have
/// held the largest within the first minute, after which memory must be flat.
pub(crate) fn data(client: u64, n: u64) -> String {
    let mut data = format!("{client} {n}\n");
    let repeats = match n % 40 {
        0 => 150,
        few => few % 7,
    };
    for _ in 0..repeats {
        data.push_str(FILLER);
    }
    if n.is_multiple_of(3) {
        data.push_str("\nlast line");
    }
    data
}

/// The same as lines of an event stream.
pub(crate) fn lines(client: u64, n: u64) -> String {
    data(client, n).split('\n').map(|line| format!("data: {line}\n")).collect()
}
