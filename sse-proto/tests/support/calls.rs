//! Calls of an encoder, and what a reader should get of them.

use std::time::Duration;

use sse_proto::{BuildError, Encoder, Event};

use super::reference::Item;

/// One call of an encoder.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Event { event_type: String, data: String, id: Option<String> },
    Comment(String),
    Retry(Duration),
    KeepAlive,
}

pub(crate) fn build(event_type: &str, data: &str, id: Option<&str>) -> Result<Event, BuildError> {
    let builder = Event::builder().event_type(event_type).data(data);
    match id {
        Some(id) => builder.id(id).build(),
        None => builder.build(),
    }
}

/// Whether the call was allowed.
pub(crate) fn perform(encoder: &mut Encoder, call: &Call) -> Result<(), BuildError> {
    match call {
        Call::Event { event_type, data, id } => {
            encoder.event(&build(event_type, data, id.as_deref())?);
        }
        Call::Comment(text) => encoder.comment(text),
        Call::Retry(time) => encoder.retry(*time),
        Call::KeepAlive => encoder.keep_alive(),
    }
    Ok(())
}

/// What a reader should get, whose last event ID is `last_event_id` so far.
pub(crate) fn expected(call: &Call, last_event_id: &mut String) -> Vec<Item> {
    match call {
        Call::Event { event_type, data, id } => {
            if let Some(id) = id {
                id.clone_into(last_event_id);
            }
            vec![Item::Event {
                event_type: if event_type.is_empty() { "message" } else { event_type }.to_owned(),
                data: normalised(data),
                last_event_id: last_event_id.clone(),
                own_id: id.clone(),
            }]
        }
        Call::Comment(text) => {
            normalised(text).split('\n').map(|line| Item::Comment(line.to_owned())).collect()
        }
        Call::Retry(time) => vec![Item::Retry(*time)],
        Call::KeepAlive => vec![Item::Comment(String::new())],
    }
}

/// Every line end has become LF.
pub(crate) fn normalised(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
