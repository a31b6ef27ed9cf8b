//! What a client shows of secrets, whatever becomes of its stream.
//!
//! [`shown`] plants secrets in all that a user and a server say: the address, its user information and query; headers; the
//! body; ids, events, comments; the `Location` of a redirect, the body of an error. Each has [`SECRET`] in it. Then it gives
//! every text that the client shows for people to read: each `Display` and `Debug`, of all causes too, and each line of its
//! trace, where it is written on the thread that follows the stream. None may have a secret
//! in it.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::Stream;
use sse_proto::client::{EventSource, Transport, Update};
use sse_proto::{Config, Limits};
use tracing::field::{Field, Visit};
use tracing::{Metadata, Subscriber, span, subscriber};

use crate::scenario::build::steady;
use crate::scenario::{Ask, Client, View};
use crate::{End, Framing, Port, Reply, Script, Server};

/// What every secret has in it.
pub const SECRET: &str = "s3cret";

/// A text that a client showed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Shown {
    /// What became of the stream.
    pub case: &'static str,
    /// Whose text it is.
    pub whose: &'static str,
    /// The text.
    pub text: String,
}

/// More updates than any case has.
const MOST: usize = 100;

type Response<C> = <<C as Client>::Transport as Transport>::Response;

/// Lets all kinds of things become of a stream, and gives all that a client shows then. `debug` is the `Debug` of a response,
/// which no transport needs to have.
///
/// # Errors
///
/// What the system says, where it has no socket or thread to give.
pub fn shown<C: Client>(client: &C, debug: fn(&Response<C>) -> String) -> io::Result<Vec<Shown>> {
    // Nobody listens there, and nobody will.
    let refuses = Port::reserve()?;
    let mut all = Vec::new();
    for (case, script, change) in cases(&address("http", refuses.addr())) {
        let server = Server::start(script)?;
        let mut ask = ask(address("http", server.addr()));
        change(&mut ask);
        let lines = Lines::default();
        let mut show = |whose, text| all.push(Shown { case, whose, text });
        subscriber::with_default(lines.clone(), || {
            client.block_on(async { follow::<C>(client.source(&ask), debug, &mut show).await });
        });
        let lines = std::mem::take(&mut *lines.0.lock().unwrap_or_else(PoisonError::into_inner));
        lines.into_iter().for_each(|line| show("trace", line));
    }
    Ok(all)
}

fn address(scheme: &str, addr: SocketAddr) -> String {
    format!("{scheme}://s3cret-user:s3cret-word@{addr}/s3cret-path?token=s3cret-query#s3cret-part")
}

/// A request with secrets in all its parts.
fn ask(url: String) -> Ask {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let limits = Limits::default().event_bytes(1_000).id_bytes(100);
    let mut config = Config::default()
        .retry(steady().max_retries(Some(1)))
        .limits(limits)
        .connect_timeout(Some(Duration::from_millis(200)))
        .idle_timeout(Some(Duration::from_millis(100)));
    config.last_event_id = "s3cret-first-id".to_owned();
    Ask {
        url,
        method: "GET".to_owned(),
        headers: vec![
            header("authorization", "Bearer s3cret-token"),
            header("cookie", "session=s3cret-cookie"),
            header("x-api-key", "s3cret-key"),
        ],
        body: Some(b"s3cret-body".to_vec()),
        config,
        view: View::Updates,
        anew: false,
        trust: None,
    }
}

type Change = Box<dyn Fn(&mut Ask)>;
type Case = (&'static str, Script, Change);

/// An event and a comment.
const BODY: &str = ": s3cret-comment\nid: s3cret-id\ndata: s3cret-data\ns3cret-field: s3cret\n\n";

fn cases(refuses: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (case, reply) in of_replies() {
        // The second attempt gets the same.
        cases.push((case, vec![reply.clone(), reply].into(), Box::new(|_| {})));
    }
    for (case, location) in of_locations(refuses) {
        let moved = move |_: &_| moved(&location);
        cases.push((case, Script::with(moved), Box::new(|_| {})));
    }
    for (case, change) in of_requests(refuses) {
        cases.push((case, stream().into(), change));
    }
    cases
}

fn stream() -> Reply {
    Reply::stream().header("x-theirs", "s3cret-header").header("set-cookie", "s3cret=1").chunk(BODY)
}

fn moved(location: &str) -> Reply {
    Reply::status(302).header("location", location).chunk("s3cret-moved")
}

fn of_replies() -> Vec<(&'static str, Reply)> {
    let refused = |status| {
        let reply = Reply::status(status).header("content-type", "text/s3cret");
        reply.header("retry-after", "s3cret-time").reason("s3cret-reason").chunk("s3cret-error")
    };
    let long = |field: &str| stream().chunk(format!("{field}: ")).repeat("s3cret", 1_000);
    vec![
        ("events and a clean end", stream()),
        ("a reset", stream().end(End::Reset)),
        ("a cut", stream().end(End::FinInChunk)),
        ("silence", stream().end(End::Silence)),
        ("no head", Reply::silent()),
        ("half a head", Reply::raw("HTTP/1.1 200 OK\r\ns3cret: s3cret")),
        ("no content", Reply::status(204).header("x-theirs", "s3cret-header")),
        ("404", refused(404)),
        ("503", refused(503)),
        ("another content type", stream().content_type("text/plain; s3cret=s3cret")),
        ("an encoding", stream().header("content-encoding", "s3cret")),
        ("an event that is too large", long("data")),
        ("an id that is too long", long("id")),
        ("a comment that is too long", long("")),
        ("an id that no header can carry", stream().chunk("id: s3cret\u{1}\ndata: s3cret\n\n")),
        ("no HTTP", Reply::raw("s3cret s3cret s3cret\r\n\r\n")),
        ("a bad status", Reply::raw("HTTP/1.1 s3cret s3cret\r\n\r\n")),
        ("a bad header", Reply::raw("HTTP/1.1 200 OK\r\ns3cret s3cret: \0s3cret\r\n\r\n")),
        ("a bad length", stream().header("content-length", "s3cret").framing(Framing::UntilClose)),
        (
            "a bad chunk",
            stream().framing(Framing::UntilClose).header("transfer-encoding", "chunked"),
        ),
    ]
}

fn of_locations(refuses: &str) -> Vec<(&'static str, String)> {
    let location = |text: &str| text.to_owned();
    vec![
        ("a redirect to nobody", refuses.to_owned()),
        ("a redirect to itself", location("?token=s3cret-again")),
        ("a redirect to another scheme", location("ftp://s3cret:s3cret@127.0.0.1/?s3cret")),
        ("a redirect to what is no address", location("http://s3cret:s3cret@[::s3cret/?s3cret")),
        (
            "a redirect to a name without an address",
            location("http://s3cret@nobody.invalid/?s3cret"),
        ),
    ]
}

fn of_requests(refuses: &str) -> Vec<(&'static str, Change)> {
    let address = |case, url: &str| -> (_, Change) {
        let url = url.to_owned();
        (case, Box::new(move |ask| ask.url.clone_from(&url)))
    };
    let header = |case, value: &'static str| -> (_, Change) {
        (case, Box::new(move |ask| ask.headers.push(("x-mine".to_owned(), value.to_owned()))))
    };
    let mut cases = vec![
        address("refused", refuses),
        address("a name without an address", "http://s3cret:s3cret@nobody.invalid/?s3cret"),
        address("no address", "s3cret s3cret"),
        address("an address that is broken", "http://s3cret:s3cret@[::s3cret/s3cret?s3cret"),
        address("a port that is none", "http://s3cret:s3cret@127.0.0.1:s3cret/s3cret?s3cret"),
        address("another scheme", "ftp://s3cret:s3cret@127.0.0.1/s3cret?s3cret"),
        header("a line end in a header", "s3cret\r\ns3cret: s3cret"),
        header("a control character in a header", "s3cret\u{1}"),
    ];
    cases.push((
        "TLS with who has none",
        Box::new(|ask| ask.url = ask.url.replacen("http", "https", 1)),
    ));
    cases.push(("a request made anew", Box::new(|ask| ask.anew = true)));
    cases.push(("a request that is sent once", Box::new(|ask| ask.method = "POST".to_owned())));
    cases
}

async fn follow<C: Client>(
    mut source: EventSource<C::Transport>,
    debug: fn(&Response<C>) -> String,
    show: &mut impl FnMut(&'static str, String),
) {
    for _ in 0..MOST {
        let update = poll_fn(|cx| pin!(source.updates()).poll_next(cx)).await;
        show("source", both(&source));
        show("updates", both(&source.updates()));
        show("handle", both(&source.handle()));
        show("snapshot", both(&source.snapshot()));
        show("counters", both(&source.stats()));
        if let Some(response) = source.response() {
            show("response", debug(response));
        }
        match update {
            None => return,
            Some(Ok(update)) => {
                show("update", both(&update));
                if let Update::Lost(loss) = &update {
                    show("loss", format!("{loss} {:?}", loss.lost));
                    loss.error.iter().for_each(|error| chain(error, show));
                }
            }
            Some(Err(error)) => {
                chain(&error, show);
                if let Some(response) = error.response() {
                    show("response of an error", debug(response));
                }
            }
        }
    }
    show("source", format!("{SECRET}: it does not end"));
}

fn both(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

fn chain(error: &(dyn StdError + 'static), show: &mut impl FnMut(&'static str, String)) {
    let mut next = Some(error);
    while let Some(error) = next {
        show("error", format!("{error} {error:?} {error:#?}"));
        next = error.source();
    }
}

/// What is traced.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn add(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Line)) {
        let mut line = Line(format!("{} {}", metadata.target(), metadata.name()));
        record(&mut line);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // hyper-util's own, of the level `TRACE`, tell the user information of a redirect's `Location`.
        metadata.target().starts_with("sse_")
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        self.add(span.metadata(), |line| span.record(line));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        self.add(event.metadata(), |line| event.record(line));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!(" {field}={value:?}");
    }
}
