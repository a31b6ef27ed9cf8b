//! The core without any runtime: an event stream over blocking sockets.
//!
//! `cargo run --example blocking [URL ["HEADER: VALUE" ...] [-d BODY]]`. A body makes it a POST, which is sent once. Without a
//! URL, a server in the same process serves numbered events over connections that break, and every event must come exactly once.

mod body;
mod follow;
mod http;
mod request;

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use follow::{Follower, Update};
use http::Clock;
use request::Request;
use sse_proto::{Attempt, Config, RetryPolicy, Session};
use sse_testkit::{Cut, End, Replay, Server};

const TOTAL: u64 = 30;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next() {
        Some(url) => {
            let (mut headers, mut body) = (Vec::new(), None);
            while let Some(argument) = arguments.next() {
                match argument.split_once(':') {
                    _ if argument == "-d" => {
                        body = Some(arguments.next().ok_or("-d wants a body")?);
                    }
                    Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
                    None => return Err("a header is 'NAME: VALUE'".into()),
                }
            }
            let method = if body.is_some() { "POST" } else { "GET" };
            let mut request = Request::new(method, &url)?;
            for (name, value) in headers {
                request = request.header(&name, &value)?;
            }
            if let Some(body) = body {
                request = request.body(body.into_bytes());
            }
            follow(request, Config::default().idle_timeout(Duration::from_secs(60)))?;
        }
        None => {
            let server = server()?;
            let policy = RetryPolicy::default().base(Duration::from_millis(50));
            let config = Config::default().retry(policy);
            let ids = follow(Request::new("GET", &server.url("/numbers"))?, config)?;
            let wanted: Vec<_> = (1..=TOTAL).map(|number| number.to_string()).collect();
            assert_eq!(ids, wanted, "every event comes exactly once, in order");
        }
    }
    Ok(())
}

/// Prints what happens until the stream is over; returns the events' ids.
fn follow(mut request: Request, config: Config) -> Result<Vec<String>, Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let (clock, mut ids) = (Clock::start(), Vec::new());
    // Any number that other processes do not have will do.
    let seed = u64::from(std::process::id());
    let config = request.configure(config);
    let session = Session::new(config, seed, clock.now());
    let mut follower = Follower::new(|_: &Attempt| Ok(request.clone()), clock, session);
    loop {
        match follower.next() {
            Update::Opened => writeln!(out, "-- open")?,
            Update::Event(event) => {
                writeln!(
                    out,
                    "{} {}: {}",
                    event.last_event_id(),
                    event.event_type(),
                    event.data()
                )?;
                ids.push(event.last_event_id().to_owned());
            }
            Update::Comment(text) => writeln!(out, ": {text}")?,
            Update::Skipped(error) => writeln!(out, "-- skipped an event: {error}")?,
            Update::Late => writeln!(out, "-- late")?,
            Update::Lost(lost, error) => {
                let error = error.map(|error| format!(": {error}")).unwrap_or_default();
                let wait = lost.retry_in.unwrap_or_default();
                writeln!(out, "-- {}{error}; again in {wait:?}", lost.cause)?;
            }
            Update::Closed(why, ..) if why.is_clean() => {
                writeln!(out, "-- {why}")?;
                return Ok(ids);
            }
            Update::Closed(why, response, error) => {
                let error = error.map(|error| format!(": {error}")).unwrap_or_default();
                let answer = response.map(|response| response.beginning(clock)).unwrap_or_default();
                return Err(format!("{why}{error}\n{}", String::from_utf8_lossy(&answer)).into());
            }
        }
    }
}

/// Numbered events, over connections of which each breaks in a way of its own.
fn server() -> io::Result<Server> {
    Server::start(Replay::new(TOTAL).cuts([
        Cut::after(6).bytes(7).end(End::Reset),
        Cut::after(6).bytes(15).end(End::FinInChunk),
        Cut::after(6).end(End::Clean),
        Cut::after(0).end(End::Reset),
        Cut::after(6).bytes(3).end(End::Clean),
    ]))
}
