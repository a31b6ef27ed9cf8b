//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use sse_proto::{Config, RetryPolicy};

/// Follow a stream of server-sent events.
///
/// Without a URL, a server in the same process plays a language model whose connections break in different ways, and the
/// exit code tells whether every token came exactly once, in order.
#[derive(Debug, Parser)]
pub struct Args {
    /// The stream's address.
    pub url: Option<String>,

    /// Add a request header.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub headers: Vec<(String, String)>,

    /// The request's method; POST if there is a body, else GET. A POST is never sent twice.
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub request: Option<String>,

    /// The request's body.
    #[arg(short, long, value_name = "BODY")]
    pub data: Option<String>,

    /// Go on after this event.
    #[arg(long, value_name = "ID")]
    pub last_event_id: Option<String>,

    /// Stop when the connection ends, instead of resuming.
    #[arg(long)]
    pub no_reconnect: bool,

    /// Take a connection for lost when no byte comes for so long, such as 30s.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub idle_timeout: Option<Duration>,

    /// Stop after so many events.
    #[arg(short = 'n', long, value_name = "N")]
    pub count: Option<u64>,

    /// Print one JSON object a line: {"kind": "event" | "opened" | "comment" | "skipped" | "lost" | "summary", ...}.
    #[arg(long)]
    pub json: bool,

    /// Keep the last event ID in this file, and go on from it at the next start.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
}

impl Args {
    pub fn method(&self) -> &str {
        let default = if self.data.is_some() { "POST" } else { "GET" };
        self.request.as_deref().unwrap_or(default)
    }

    /// Whether nothing is left out on purpose.
    pub fn is_whole(&self) -> bool {
        self.count.is_none() && self.save.is_none() && self.last_event_id.is_none()
    }

    pub fn config(&self) -> Result<Config, String> {
        let mut config = Config::default().idle_timeout(self.idle_timeout);
        if self.no_reconnect {
            config = config.retry(RetryPolicy::never());
        } else if self.url.is_none() {
            // Impatient, for a show.
            let (base, cap) = (Duration::from_millis(200), Duration::from_millis(500));
            config = config.retry(RetryPolicy::default().base(base).cap(cap));
        }
        let id = match (&self.last_event_id, &self.save) {
            (Some(id), _) => id.clone(),
            (None, Some(file)) => match std::fs::read_to_string(file) {
                Ok(id) => id,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
                Err(error) => return Err(format!("cannot read {}: {error}", file.display())),
            },
            (None, None) => String::new(),
        };
        config.last_event_id(id).map_err(|error| error.to_string())
    }
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is written 'name: value'")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
