//! Bytes of a connection to a request.

use std::time::Instant;

use crate::Request;
use crate::connection::Gone;

/// Room for a `Last-Event-ID` of 300,000 bytes, the longest that a browser was seen to send.
const MAX_HEAD: usize = 1024 * 1024;

/// An arbitrary number, far above what a test sends.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// Where a request's bytes come from.
pub(crate) trait Input {
    /// What came and is not taken yet.
    fn came(&mut self) -> &mut Vec<u8>;

    /// Waits for more.
    fn fill(&mut self) -> Result<(), Gone>;
}

/// Why there is no request.
#[derive(Debug)]
pub(crate) enum Unread {
    Gone(Gone),
    /// The status that says what is wrong with it, and the same in words.
    Refused(u16, &'static str),
}

impl From<Gone> for Unread {
    fn from(gone: Gone) -> Self {
        Self::Gone(gone)
    }
}

/// Waits for the next request of the connection with this number.
pub(crate) fn read_request(input: &mut impl Input, number: usize) -> Result<Request, Unread> {
    let mut raw_head = take_line(input, MAX_HEAD)?;
    while trim(&raw_head).is_empty() {
        // RFC 9112, section 2.2: empty lines in front of a request line are ignored.
        raw_head = take_line(input, MAX_HEAD)?;
    }
    let line = String::from_utf8_lossy(trim(&raw_head)).into_owned();
    let words: Vec<&str> = line.split(' ').collect();
    let [method, target, version] = words[..] else {
        return Err(Unread::Refused(400, "not a request line"));
    };
    let mut headers = Vec::new();
    loop {
        let line = take_line(input, MAX_HEAD.saturating_sub(raw_head.len()))?;
        raw_head.extend_from_slice(&line);
        if trim(&line).is_empty() {
            break;
        }
        headers.push(parse_header(trim(&line))?);
    }
    let mut request = Request {
        connection: number,
        method: method.to_owned(),
        target: target.to_owned(),
        version: version.to_owned(),
        raw_head,
        headers,
        body: Vec::new(),
        arrived: Instant::now(),
        answered: None,
        ended: None,
    };
    request.body = read_body(input, &request)?;
    request.arrived = Instant::now();
    Ok(request)
}

fn parse_header(line: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Unread> {
    let colon = line.iter().position(|&b| b == b':');
    let colon = colon.ok_or(Unread::Refused(400, "a header line without a colon"))?;
    let is_space = |b: &u8| matches!(b, b' ' | b'\t');
    let value = &line[colon + 1..];
    let start = value.iter().position(|b| !is_space(b)).unwrap_or(value.len());
    let end = value.iter().rposition(|b| !is_space(b)).map_or(start, |last| last + 1);
    Ok((line[..colon].to_vec(), value[start..end].to_vec()))
}

fn read_body(input: &mut impl Input, request: &Request) -> Result<Vec<u8>, Unread> {
    if request.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case(b"chunked")) {
        return read_chunks(input);
    }
    let Some(length) = request.header("content-length") else { return Ok(Vec::new()) };
    let length = str::from_utf8(length).ok().and_then(|length| length.parse().ok());
    take(input, length.ok_or(Unread::Refused(400, "not a content length"))?)
}

fn read_chunks(input: &mut impl Input) -> Result<Vec<u8>, Unread> {
    const BAD_SIZE: Unread = Unread::Refused(400, "not a chunk size");
    let mut body = Vec::new();
    loop {
        let line = String::from_utf8_lossy(&take_line(input, MAX_HEAD)?).into_owned();
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| BAD_SIZE)?;
        if size == 0 {
            break;
        }
        if size > MAX_BODY - body.len() {
            return Err(Unread::Refused(413, "a body too large"));
        }
        body.extend(take(input, size)?);
        if !trim(&take_line(input, MAX_HEAD)?).is_empty() {
            return Err(BAD_SIZE);
        }
    }
    while !trim(&take_line(input, MAX_HEAD)?).is_empty() {}
    Ok(body)
}

/// The next line with its line end.
fn take_line(input: &mut impl Input, limit: usize) -> Result<Vec<u8>, Unread> {
    let mut scanned = 0;
    loop {
        let end = input.came()[scanned..].iter().position(|&b| b == b'\n');
        let length = end.map_or(input.came().len(), |end| scanned + end + 1);
        if length > limit {
            return Err(Unread::Refused(431, "a head too large"));
        }
        if end.is_some() {
            return Ok(input.came().drain(..length).collect());
        }
        scanned = length;
        input.fill()?;
    }
}

fn take(input: &mut impl Input, count: usize) -> Result<Vec<u8>, Unread> {
    if count > MAX_BODY {
        return Err(Unread::Refused(413, "a body too large"));
    }
    while input.came().len() < count {
        input.fill()?;
    }
    Ok(input.came().drain(..count).collect())
}

/// The line without its line end.
fn trim(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
