//! The server: raw sockets, a thread for each stream that is read fast, one keeper for those that are idle.
//!
//! | path | answer |
//! |---|---|
//! | `/<script>/<blocks>` | so many blocks of a script, as fast as they are read |
//! | `/paced/<events>` | an event a millisecond, each with the time when it was sent |
//! | `/idle/<milliseconds>` | an event, then a comment so often; never if 0 |
//! | `/open` | how many idle streams are open |

mod keeper;

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::script::{self, Script, chunk};
use crate::sink::{CLOCK, CLOCK_DIGITS, monotonic};
use keeper::Keeper;

/// The response's head.
const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n\
    transfer-encoding: chunked\r\nconnection: close\r\n\r\n";

/// The last chunk.
const END: &[u8] = b"0\r\n\r\n";

/// A paced event's bytes.
const PACED: usize = 280;

/// Gathers of each script, made once.
type Bodies = HashMap<&'static str, Vec<Vec<u8>>>;

/// Serves until standard input ends, which is when the process that started this one is gone. The port is the only line that
/// is printed.
///
/// # Errors
///
/// If no port can be had.
pub fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let bodies: Arc<Bodies> =
        Arc::new(script::ALL.iter().map(|script| (script.name, script.gathers())).collect());
    let keeper = Keeper::start()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (bodies, keeper) = (Arc::clone(&bodies), Arc::clone(&keeper));
            // A client that goes away is its own business.
            thread::spawn(move || answer(stream, &bodies, &keeper));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

/// One request.
fn answer(mut stream: TcpStream, bodies: &Bodies, keeper: &Arc<Keeper>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let path = read_path(&mut stream)?;
    let mut parts = path.split('/').skip(1);
    let name = parts.next().unwrap_or_default();
    let count: usize = parts.next().and_then(|count| count.parse().ok()).unwrap_or_default();
    match (name, bodies.get(name)) {
        (_, Some(gathers)) => {
            stream.write_all(HEAD)?;
            for gather in (0..count).flat_map(|_| gathers) {
                stream.write_all(gather)?;
            }
        }
        ("paced", _) => pace(&mut stream, count)?,
        ("idle", _) => {
            let mut first = HEAD.to_vec();
            first.extend(chunk(b"data: hello\n\n"));
            stream.write_all(&first)?;
            return keeper.keep(stream, Duration::from_millis(count as u64));
        }
        ("open", _) => return write!(stream, "HTTP/1.0 200 OK\r\n\r\n{}", keeper.open()),
        _ => return write!(stream, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
    }
    stream.write_all(END)?;
    // Until the client closes, so that what it has not read is not thrown away.
    stream.shutdown(std::net::Shutdown::Write)?;
    io::copy(&mut stream, &mut io::sink()).map(|_| ())
}

/// The path of a request whose head is read to its end.
fn read_path(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut buf = [0; 2048];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let len = stream.read(&mut buf)?;
        if len == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&buf[..len]);
    }
    let head = String::from_utf8_lossy(&head);
    Ok(head.split(' ').nth(1).unwrap_or_default().to_owned())
}

/// An event a millisecond.
fn pace(stream: &mut TcpStream, events: usize) -> io::Result<()> {
    stream.write_all(HEAD)?;
    let start = Instant::now();
    for number in 1..=events as u64 {
        let due = start + Duration::from_millis(number);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let mut event = b"data: ".to_vec();
        event.extend_from_slice(CLOCK);
        write!(event, "{:0CLOCK_DIGITS$},\"text\":\"", monotonic().as_nanos())?;
        event.resize(PACED - 4, b'x');
        event.extend_from_slice(b"\"}\n\n");
        stream.write_all(&chunk(&event))?;
    }
    Ok(())
}

/// How many idle streams the server at this port says are open.
///
/// # Errors
///
/// If it cannot be asked.
pub fn open_streams(port: u16) -> io::Result<usize> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(b"GET /open HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let count = answer.rsplit('\n').next().and_then(|count| count.parse().ok());
    count.ok_or_else(|| io::Error::other("the server does not count"))
}

/// The script's path.
pub fn path(script: Script, blocks: usize) -> String {
    format!("/{}/{blocks}", script.name)
}
