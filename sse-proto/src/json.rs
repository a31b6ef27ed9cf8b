//! Data that is JSON.

use core::fmt;

use serde::Deserialize;
use serde_json::error::Category;

use crate::{Event, EventRef};

impl Event {
    /// The data, read as JSON. Text that needs no unescaping may be borrowed: by a `Cow`, since a `&str` refuses what does.
    ///
    /// ```
    /// use std::borrow::Cow;
    ///
    /// use sse_proto::Event;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Delta<'a> {
    ///     #[serde(borrow)]
    ///     delta: Cow<'a, str>,
    /// }
    ///
    /// let event = Event::new(r#"{"delta":"Hel"}"#);
    /// assert_eq!(event.json::<Delta>()?.delta, "Hel");
    ///
    /// let error = Event::new(r#"{"delta":7}"#).json::<Delta>().err().unwrap();
    /// assert_eq!(error.to_string(), "the event's data has another shape than expected, at line 1, column 10");
    /// # Ok::<(), sse_proto::JsonError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the data is no JSON, or has another shape than `T`.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        read(self.data())
    }
}

impl EventRef<'_> {
    /// The data, read as JSON; see [`Event::json`].
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the data is no JSON, or has another shape than `T`.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        read(self.data())
    }
}

fn read<'a, T: Deserialize<'a>>(data: &'a str) -> Result<T, JsonError> {
    serde_json::from_str(data).map_err(|error| JsonError {
        problem: match error.classify() {
            Category::Eof if data.is_empty() => JsonProblem::Empty,
            Category::Eof => JsonProblem::EndOfData,
            Category::Data => JsonProblem::Shape,
            Category::Syntax | Category::Io => JsonProblem::Syntax,
        },
        line: error.line(),
        column: error.column(),
    })
}

/// Where and why an event's data is not the JSON that was expected. It shows nothing of the data, nor does it say which field is missing:
/// `serde_json::from_str::<T>(event.data())` tells all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonError {
    /// What is wrong.
    pub problem: JsonProblem,
    /// The line of the data, from 1; 0 where serde does not know it, as in an enum with a tag.
    pub line: usize,
    /// The column in bytes, from 1; 0 for the line's beginning, and where serde does not know it.
    pub column: usize,
}

/// What is wrong with JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonProblem {
    /// It is no JSON.
    Syntax,
    /// It is JSON, but not of the type that was asked for.
    Shape,
    /// It breaks off.
    EndOfData,
    /// There is none: [`Config::skip_empty`](crate::Config::skip_empty) passes over such events, with which MCP begins its streams.
    Empty,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.problem {
            JsonProblem::Syntax => "is no JSON",
            JsonProblem::Shape => "has another shape than expected",
            JsonProblem::EndOfData => "is JSON that breaks off",
            JsonProblem::Empty => return f.write_str("the event has no data, and so no JSON"),
        };
        write!(f, "the event's data {problem}")?;
        match (self.line, self.column) {
            (0, _) => Ok(()),
            (line, column) => write!(f, ", at line {line}, column {column}"),
        }
    }
}

impl core::error::Error for JsonError {}
