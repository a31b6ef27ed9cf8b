//! A bare HTTP client over a socket, which sees every byte.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use sse_testkit::Server;

/// What a test waits for anything, at most.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    stream: TcpStream,
}

impl Client {
    pub(crate) fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream }
    }

    /// Connects and sends a GET request with these header lines.
    pub(crate) fn get(server: &Server, target: &str, lines: &str) -> Self {
        let mut client = Self::connect(server);
        client.send(request(target, lines));
        client
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Reads until what was read ends so, and not a byte more.
    pub(crate) fn read_until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        let mut byte = [0];
        while !read.ends_with(end.as_bytes()) {
            let count = self.stream.read(&mut byte).unwrap();
            assert_eq!(count, 1, "closed after {:?}", String::from_utf8_lossy(&read));
            read.push(byte[0]);
        }
        String::from_utf8(read).unwrap()
    }

    /// What is there to be read, without waiting for it.
    pub(crate) fn read_now(&mut self) -> String {
        let mut bytes = [0; 1024];
        self.stream.set_nonblocking(true).unwrap();
        let count = self.stream.read(&mut bytes).unwrap();
        self.stream.set_nonblocking(false).unwrap();
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    }

    /// Reads all there is, and the error that ended it.
    pub(crate) fn read_all(&mut self) -> (String, Option<ErrorKind>) {
        let mut read = Vec::new();
        let error = self.stream.read_to_end(&mut read).err();
        (String::from_utf8(read).unwrap(), error.map(|error| error.kind()))
    }

    /// Reads a body that ends cleanly.
    pub(crate) fn body(&mut self) -> String {
        let (read, error) = self.read_all();
        assert_eq!(error, None, "after {read:?}");
        read.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

pub(crate) fn request(target: &str, lines: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: test\r\n{lines}\r\n")
}

/// The payload of a chunked body, as far as it is whole chunks, and what is left of it.
pub(crate) fn dechunk(body: &str) -> (String, &str) {
    let mut payload = String::new();
    let mut rest = body;
    while let Some((line, after)) = rest.split_once("\r\n") {
        let size = line.split(';').next().unwrap();
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        if size == 0 || after.len() < size + 2 {
            break;
        }
        payload.push_str(&after[..size]);
        rest = after[size..].strip_prefix("\r\n").unwrap();
    }
    (payload, rest)
}
