//! Bodies in random framings, cut at random places: what is read is what was framed, or the error that a fault is.

#[allow(dead_code, reason = "the simulation uses more of it")]
#[path = "../../sse-proto/tests/simulation/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use async_std::future::timeout;
use async_std::io::Read as _;
use async_std::task;
use random::Random;
use sse_async_std::StreamClient;
use surf::{Client, Response};

const CASES: u64 = 600;

const PATIENCE: Duration = Duration::from_secs(20);

/// More than may stand between data.
const TOO_LONG: usize = 16 * 1024 + 1;

/// No lines with a chunk's size, though some begin like one.
const NO_SIZES: [&str; 12] = [
    "\r\n",
    "\n",
    ";a\r\n",
    " 5\r\n",
    "-1\r\n",
    "+5\r\n",
    "0x5\r\n",
    "5 5\r\n",
    "5g\r\n",
    "5\n",
    "5\rx\r\n",
    "10000000000000000\r\n",
];

/// What stands behind a chunk that is longer than it says, or ends otherwise.
const NO_ENDS: [&str; 4] = ["x\r\n", "\n", "\rx", "0\r\n\r\n"];

/// A body as it is sent, and how it must be read.
struct Case {
    head: &'static str,
    /// Each byte, and whether it is data.
    wire: Vec<(u8, bool)>,
    end: Result<(), ErrorKind>,
    /// The connection ends where the wire does.
    closes: bool,
}

impl Case {
    fn draw(random: &Random) -> Self {
        let mut case = match random.below(8) {
            0 => Self::until_the_close(random),
            1 => Self::with_a_length(random),
            _ => Self::in_chunks(random),
        };
        if case.end.is_ok() && random.one_in(3) {
            // A line end that is missing counts as well.
            let end = random.below(case.wire.len() as u64 + 1) as usize;
            if end < case.wire.len() && !case.head.contains("close") {
                case.end = Err(ErrorKind::UnexpectedEof);
            }
            case.wire.truncate(end);
            case.closes = true;
        } else if !case.closes && random.one_in(3) {
            case.push("5\r\nmore\n\r\n0\r\n\r\n", false);
        }
        case
    }

    fn new(head: &'static str) -> Self {
        Self { head, wire: Vec::new(), end: Ok(()), closes: false }
    }

    fn push(&mut self, bytes: impl AsRef<[u8]>, is_data: bool) {
        self.wire.extend(bytes.as_ref().iter().map(|&byte| (byte, is_data)));
    }

    fn until_the_close(random: &Random) -> Self {
        let mut case = Self::new("connection: close");
        case.push(data(random), true);
        case.closes = true;
        case
    }

    fn with_a_length(random: &Random) -> Self {
        let mut case = Self::new("content-length: 4097");
        case.push(vec![b'\n'; 4096], true);
        case.push([random.next() as u8], true);
        case
    }

    fn in_chunks(random: &Random) -> Self {
        let mut case = Self::new("transfer-encoding: chunked");
        let fault_at = if random.one_in(3) { random.below(4) } else { u64::MAX };
        for n in 0..random.below(5) {
            if n == fault_at && random.one_in(2) {
                return case.fail(random.pick(&NO_SIZES));
            }
            let data = data(random);
            let size = format!("{:01$x}", data.len(), random.pick(&[0, 0, 8, 40]));
            case.push(if random.one_in(2) { size } else { size.to_uppercase() }, false);
            if n == fault_at && random.one_in(4) {
                return case.fail(&format!(";{}", "a".repeat(TOO_LONG)));
            }
            case.push(extension(random), false);
            case.push(data, true);
            if n == fault_at {
                return case.fail(random.pick(&NO_ENDS));
            }
            case.push("\r\n", false);
        }
        case.push(random.pick(&["0", "0", "000000000000000000000"]), false);
        case.push(extension(random), false);
        if random.one_in(20) {
            return case.fail(&"x-trailer: 1\r\n".repeat(TOO_LONG / 14 + 1));
        }
        for _ in 0..random.below(3) {
            case.push(random.pick(&["x-trailer: 1\r\n", "0:\r\n", "y: 5\r\n"]), false);
        }
        case.push("\r\n", false);
        case
    }

    fn fail(mut self, fault: &str) -> Self {
        self.push(fault, false);
        self.end = Err(ErrorKind::InvalidData);
        self
    }

    fn data(&self) -> Vec<u8> {
        self.wire.iter().filter(|(_, is_data)| *is_data).map(|(byte, _)| *byte).collect()
    }

    /// What is sent at once, again and again; the first piece comes with the head.
    fn pieces(&self, random: &Random) -> Vec<Vec<u8>> {
        let mut rest: Vec<u8> = self.wire.iter().map(|(byte, _)| *byte).collect();
        let most = if rest.len() < 300 { random.pick(&[1, 3, 300]) } else { rest.len() as u64 };
        let head = format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", self.head).into_bytes();
        let with_head = random.below(rest.len() as u64 + 1) as usize * random.below(2) as usize;
        let mut pieces = vec![[head, rest.drain(..with_head).collect()].concat()];
        while !rest.is_empty() {
            let len = random.between(1, most).min(rest.len() as u64) as usize;
            pieces.push(rest.drain(..len).collect());
        }
        pieces
    }
}

/// What stands between a chunk's size and its data.
fn extension(random: &Random) -> &'static str {
    random.pick(&["\r\n", "\r\n", "\r\n", " \t\r\n", ";a\r\n", " ; a=\"b;\t\" ;c\r\n", ";5\r\n"])
}

/// At least a byte; half of it looks like framing.
fn data(random: &Random) -> Vec<u8> {
    let len = match random.below(8) {
        0 => random.between(4_090, 4_100),
        1 => random.between(1, 30_000),
        _ => random.between(1, 40),
    };
    let plain = random.one_in(2);
    let byte = || if plain { random.next() as u8 } else { random.pick(b"\r\n05a;") };
    (0..len).map(|_| byte()).collect()
}

/// Sends the first piece, and each of the others when it is asked for one.
fn serve(listener: &TcpListener, pieces: &[Vec<u8>], closes: bool, asked: &Receiver<()>) {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut lines = BufReader::new(&stream).lines();
    assert!(lines.any(|line| line.unwrap().is_empty()), "the request is cut short");
    send(&mut stream, pieces, closes, asked);
    // Until the client has closed too, so that nothing is reset.
    let _ = stream.read(&mut [0]);
}

/// Ends early where the client has all it wants.
fn send(stream: &mut TcpStream, pieces: &[Vec<u8>], closes: bool, asked: &Receiver<()>) {
    for (n, piece) in pieces.iter().enumerate() {
        if n > 0 && asked.recv().is_err() || stream.write_all(piece).is_err() {
            return;
        }
    }
    if closes && asked.recv().is_ok() {
        let _ = stream.shutdown(Shutdown::Write);
    }
}

/// All that is read by so many bytes at once, and how it ends. Asks for more whenever there is nothing.
async fn read(
    response: &mut Response,
    buf: &mut [u8],
    ask: &Sender<()>,
) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut all = Vec::new();
    loop {
        let read = poll_fn(|cx| {
            let read = Pin::new(&mut *response).poll_read(cx, buf);
            if read.is_pending() {
                let _ = ask.send(());
            }
            read
        });
        match timeout(PATIENCE, read).await.expect("in time") {
            Ok(0) => return (all, Ok(())),
            Ok(len) => all.extend_from_slice(&buf[..len]),
            Err(error) => return (all, Err(error.kind())),
        }
    }
}

#[test]
fn what_was_framed_is_read_however_it_is_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let client = Client::with_http_client(StreamClient::new());
    let mut ends = BTreeMap::new();
    for seed in 0..CASES {
        let random = Random::new(seed);
        let case = Case::draw(&random);
        let pieces = case.pieces(&random);
        let mut buf = vec![0; random.pick(&[1, 7, 4096, 20_000])];
        thread::scope(|scope| {
            let (ask, asked) = mpsc::channel();
            let (listener, pieces, closes) = (&listener, &pieces, case.closes);
            scope.spawn(move || serve(listener, pieces, closes, &asked));
            task::block_on(async {
                let mut response = timeout(PATIENCE, client.get(&url)).await.unwrap().unwrap();
                let (found, end) = read(&mut response, &mut buf, &ask).await;
                assert_eq!(end, case.end, "case {seed}, after {} bytes", found.len());
                assert!(found == case.data(), "case {seed}, {} bytes", found.len());
                assert_eq!(read(&mut response, &mut buf, &ask).await, (Vec::new(), end));
            });
        });
        *ends.entry(format!("{:?}", case.end)).or_insert(0) += 1;
    }
    assert!(ends.len() == 3 && ends.values().all(|&count| count > CASES / 10), "{ends:?}");
}
