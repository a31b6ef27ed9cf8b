//! Events by type as an enum, so that the compiler knows every kind of event: flags that are put, changed and deleted.
//!
//! `cargo run --example typed`
//!
//! For the real service: its address and its types. Where the type stands in the data and not in `event:`, an enum with
//! `#[serde(tag = "type")]` and `source.json::<Change>()` do the same with less.
//!
//! Events are borrowed here (`next_ref`), since nothing of them is kept but the values.
#![allow(clippy::print_stdout, reason = "an example")]

use std::collections::BTreeMap;
use std::error::Error;

use serde::Deserialize;
use sse_testkit::{Reply, Server};
use sse_tokio::{EventRef, JsonError, RequestBuilderExt};

/// All that can happen to flags.
enum Change {
    Put(BTreeMap<String, bool>),
    Patch(Patch),
    Delete(Delete),
}

#[derive(Deserialize)]
struct Patch {
    name: String,
    value: bool,
}

#[derive(Deserialize)]
struct Delete {
    name: String,
}

impl Change {
    /// `None` for a type that this program is too old to know.
    fn read(event: &EventRef<'_>) -> Result<Option<Self>, JsonError> {
        Ok(Some(match event.event_type() {
            "put" => Self::Put(event.json()?),
            "patch" => Self::Patch(event.json()?),
            "delete" => Self::Delete(event.json()?),
            _ => return Ok(None),
        }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start([Reply::stream()
        .chunk("event: put\ndata: {\"a\":true,\n")
        .chunk("data: \"b\":false}\n\n")
        .chunk("event: patch\ndata: {\"name\":\"b\",\"value\":true}\n\n")
        .chunk("event: from-the-future\ndata: ?\n\n")
        .chunk("event: patch\ndata: {\"name\":\"b\"}\n\n")
        .chunk("event: delete\ndata: {\"name\":\"a\"}\n\n")
        .keep_alive(false)])?;

    let mut flags = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut events = reqwest::Client::new().get(server.url("/flags")).event_source();
    while let Some(event) = events.next_ref().await {
        let event = event?;
        match Change::read(&event) {
            Ok(Some(Change::Put(all))) => flags = all,
            Ok(Some(Change::Patch(Patch { name, value }))) => drop(flags.insert(name, value)),
            Ok(Some(Change::Delete(Delete { name }))) => drop(flags.remove(&name)),
            Ok(None) => println!("{:?} is not known here", event.event_type()),
            // One bad event is no reason to end. The error shows nothing of its data, so it may be logged.
            Err(error) => {
                println!("{}: {error}", event.event_type());
                wrong.push(error);
            }
        }
        println!("{flags:?}");
    }
    assert_eq!(flags, BTreeMap::from([("b".to_owned(), true)]));
    assert_eq!(wrong.len(), 1);
    Ok(())
}
