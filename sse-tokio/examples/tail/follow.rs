//! The life of the command, whatever the runtime.

use std::error::Error as StdError;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use futures_util::StreamExt;
use sse_proto::client::{Error, EventSource, Transport, Update};
use sse_proto::{Closed, Refusal};

use crate::args::Args;
use crate::demo;
use crate::print::Printer;

/// How much of an error's body is shown, in bytes.
pub const BODY: usize = 1024;

/// Why the command stopped before its time.
enum Stop {
    /// Nobody reads the output any more, as behind `| head -1`.
    Unread,
    Failed(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Failed(format!("cannot write: {error}")),
        }
    }
}

/// Runs the command: `source` makes the event source, `read_body` reads what came instead of events.
pub async fn run<T: Transport>(
    source: impl FnOnce(&Args, &str) -> Result<EventSource<T>, String>,
    read_body: impl AsyncFnOnce(T::Response) -> Vec<u8>,
) -> ExitCode {
    let args = Args::parse();
    match main(&args, source, read_body).await {
        Ok(code) => code,
        Err(Stop::Unread) => ExitCode::SUCCESS,
        Err(Stop::Failed(why)) => {
            // Where this cannot be written, nothing can.
            let _ = writeln!(io::stderr(), "tail: {}", why.trim_end());
            ExitCode::FAILURE
        }
    }
}

async fn main<T: Transport>(
    args: &Args,
    source: impl FnOnce(&Args, &str) -> Result<EventSource<T>, String>,
    read_body: impl AsyncFnOnce(T::Response) -> Vec<u8>,
) -> Result<ExitCode, Stop> {
    let (server, url) = match &args.url {
        Some(url) => (None, url.clone()),
        None => {
            let server = demo::server().map_err(|e| Stop::Failed(format!("no server: {e}")))?;
            let url = server.url("/stream");
            (Some(server), url)
        }
    };
    let mut source = source(args, &url).map_err(Stop::Failed)?;
    let handle = source.handle();
    // Without it Ctrl-C still ends the command, only less politely.
    let _ = ctrlc::set_handler(move || handle.close());
    let printer = Printer::new(args.json);
    let mut check = Check::default();
    let end = follow(&mut source, args, &printer, &mut check).await?;
    let whole = server.is_some() && args.is_whole();
    let checked = whole.then(|| (demo::total() - check.seen, check.duplicated));
    let stats = source.stats();
    if end.is_none() || stats.events > 0 {
        printer.summary(stats, checked)?;
    }
    if let Some(error) = end {
        return Err(Stop::Failed(explain(error, read_body).await));
    }
    match checked {
        Some((0, 0)) if check.in_order => Ok(ExitCode::SUCCESS),
        None => Ok(ExitCode::SUCCESS),
        Some(_) => Err(Stop::Failed("not every event came exactly once, in order".into())),
    }
}

/// Prints what comes until the stream ends, or there is enough; gives the error that ended it.
async fn follow<T: Transport>(
    source: &mut EventSource<T>,
    args: &Args,
    printer: &Printer,
    check: &mut Check,
) -> Result<Option<Error<T>>, Stop> {
    let mut saved = String::new();
    let mut updates = source.updates();
    while args.count.is_none_or(|count| updates.source().stats().events < count) {
        let Some(update) = updates.next().await else { break };
        let id = updates.source().last_event_id();
        match update {
            Ok(Update::Opened) => printer.opened(&id)?,
            Ok(Update::Event(event)) => {
                check.note(event.last_event_id());
                printer.event(&event)?;
            }
            Ok(Update::Comment(text)) => printer.comment(&text)?,
            Ok(Update::Lost(loss)) => printer.lost(&loss, loss.lost)?,
            Ok(_) => {}
            Err(error) if error.is_event_too_large() => printer.skipped(&error)?,
            Err(error) => return Ok(Some(error)),
        }
        printer.status(updates.source().stats(), &id);
        if let Some(file) = &args.save {
            // What a request can carry, whatever ids the server makes up.
            let id = updates.source().snapshot().last_event_id;
            if id != saved {
                save(file, &id).map_err(|e| Stop::Failed(format!("cannot save {file:?}: {e}")))?;
                saved = id;
            }
        }
    }
    Ok(None)
}

/// Replaces the file as a whole: a crash leaves the old id or the new one.
fn save(file: &Path, id: &str) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut new = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    new.write_all(id.as_bytes())?;
    new.persist(file)?;
    Ok(())
}

/// One sentence, with the beginning of the body of a response that is no stream.
async fn explain<T: Transport>(
    error: Error<T>,
    read_body: impl AsyncFnOnce(T::Response) -> Vec<u8>,
) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    let refusal = error.closed_because();
    let Some(response) = error.into_response() else { return text };
    if refusal == Some(Closed::Refused(Refusal::ContentType)) {
        let head = T::head(&response);
        let found = head.content_type.map(String::from_utf8_lossy);
        return format!("{text} ({})", found.as_deref().unwrap_or("none"));
    }
    let mut body = read_body(response).await;
    body.truncate(BODY);
    if !body.is_empty() {
        text += &format!(":\n{}", String::from_utf8_lossy(&body));
    }
    text
}

/// Whether the events 1, 2, 3 and so on came, each once.
#[derive(Debug)]
struct Check {
    seen: u64,
    duplicated: u64,
    in_order: bool,
}

impl Default for Check {
    fn default() -> Self {
        Self { seen: 0, duplicated: 0, in_order: true }
    }
}

impl Check {
    fn note(&mut self, id: &str) {
        match id.parse::<u64>() {
            Ok(number) if number == self.seen + 1 => self.seen = number,
            Ok(number) if number <= self.seen => self.duplicated += 1,
            // Something was left out, so the order is broken as well.
            _ => self.in_order = false,
        }
    }
}
