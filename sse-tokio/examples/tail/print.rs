//! What a person or a program gets to see.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use console::style;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use sse_proto::{Event, Lost, Stats};

/// Prints what happens: for a person, or one JSON object a line.
pub struct Printer {
    json: bool,
    /// Only where somebody is watching.
    status: Option<ProgressBar>,
    started: Instant,
}

impl Printer {
    pub fn new(json: bool) -> Self {
        let watched = !json && io::stdout().is_terminal();
        let status = watched.then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg}");
            let bar = ProgressBar::new_spinner();
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { json, status, started: Instant::now() }
    }

    pub fn opened(&self, resumed_after: &str) -> io::Result<()> {
        match (self.json, resumed_after) {
            (true, id) => self.object(&json!({ "kind": "opened", "last_event_id": id })),
            (false, "") => self.note(&style("open").green()),
            (false, id) => self.note(&style(format_args!("resumed after id {id}")).green()),
        }
    }

    pub fn event(&self, event: &Event) -> io::Result<()> {
        if self.json {
            return self.object(&json!({
                "kind": "event",
                "type": event.event_type(),
                "id": event.last_event_id(),
                "data": event.data(),
            }));
        }
        let id = style(event.last_event_id()).dim();
        self.line(&format_args!("{id:>4} {} {}", style(event.event_type()).cyan(), event.data()))
    }

    pub fn comment(&self, text: &str) -> io::Result<()> {
        match self.json {
            true => self.object(&json!({ "kind": "comment", "text": text })),
            false => self.note(&style(format_args!(": {text}")).dim()),
        }
    }

    pub fn skipped(&self, error: &dyn Display) -> io::Result<()> {
        match self.json {
            true => self.object(&json!({ "kind": "skipped", "error": error.to_string() })),
            false => self.note(&style(format_args!("skipped: {error}")).yellow()),
        }
    }

    pub fn lost(&self, cause: &dyn Display, lost: Lost) -> io::Result<()> {
        let wait = lost.retry_in.unwrap_or_default();
        if self.json {
            return self.object(&json!({
                "kind": "lost",
                "attempt": lost.attempt,
                "cause": cause.to_string(),
                "retry_in_ms": u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            }));
        }
        let wait = humantime::format_duration(Duration::from_millis(wait.as_millis() as u64));
        let text = format!("lost attempt {}: {cause}; next in {wait}", lost.attempt);
        self.note(&style(text).yellow())
    }

    pub fn status(&self, stats: Stats, last_event_id: &str) {
        if let Some(status) = &self.status {
            let bytes = HumanBytes(stats.bytes);
            let Stats { events, losses, .. } = stats;
            status.set_message(format!(
                "{events} events, {bytes}, {losses} losses, last id {last_event_id:?}"
            ));
        }
    }

    /// The last line. What was lost or came twice is known only where the stream's content is.
    pub fn summary(&self, stats: Stats, checked: Option<(u64, u64)>) -> io::Result<()> {
        if let Some(status) = &self.status {
            status.finish_and_clear();
        }
        let time = self.started.elapsed();
        let reconnections = stats.opens.saturating_sub(1);
        if self.json {
            let (lost, duplicated) = checked.unzip();
            return self.object(&json!({
                "kind": "summary",
                "events": stats.events,
                "reconnections": reconnections,
                "lost": lost,
                "duplicated": duplicated,
                "bytes": stats.bytes,
                "seconds": time.as_secs_f64(),
            }));
        }
        let checked = checked.map_or_else(String::new, |(lost, duplicated)| {
            format!("{lost} lost, {duplicated} duplicated, ")
        });
        self.line(&format_args!(
            "{} events, {reconnections} reconnections, {checked}{} bytes, {:.1} s",
            stats.events,
            stats.bytes,
            time.as_secs_f64()
        ))
    }

    fn object(&self, value: &Value) -> io::Result<()> {
        self.line(value)
    }

    fn note(&self, text: &dyn Display) -> io::Result<()> {
        self.line(&format_args!("     {text}"))
    }

    fn line(&self, text: &dyn Display) -> io::Result<()> {
        let print = || writeln!(io::stdout(), "{text}");
        match &self.status {
            Some(status) => status.suspend(print),
            None => print(),
        }
    }
}
