//! A language model on a bad line.

use std::io;
use std::time::Duration;

use sse_testkit::{Cut, End, Replay, Server};

const ANSWER: &str = "A server-sent event is a few lines of text and an empty one . Each may carry an id , \
    and when the connection breaks , the client comes back with the last id that it saw . A server that can replay \
    goes on from there , so nothing is lost and nothing comes twice , however often the line breaks .";

/// How many tokens the model says.
pub fn total() -> u64 {
    ANSWER.split_whitespace().count() as u64
}

/// Says the answer token by token; every connection but the last breaks in a way of its own.
pub fn server() -> io::Result<Server> {
    let tokens: Vec<&str> = ANSWER.split_whitespace().collect();
    Server::start(
        Replay::new(total())
            .event(move |n| {
                let space = if n > 1 { " " } else { "" };
                format!("event: token\ndata: {{\"delta\":\"{space}{}\"}}\n", tokens[n as usize - 1])
            })
            .cuts([
                Cut::after(12).bytes(20).end(End::Reset),
                Cut::after(9).bytes(31).end(End::FinInChunk),
                Cut::after(14).end(End::Clean),
                Cut::after(6).bytes(3).end(End::Fin),
            ])
            .pace(Duration::from_millis(30))
            .retry(Duration::from_millis(100)),
    )
}
