//! Data that is JSON: values, and errors that say where and why without a word of the data.
#![cfg(all(feature = "json", feature = "stream"))]

use futures_util::stream::FusedStream;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use serde::Deserialize;
use sse_proto::stream::{EventStream, JsonStreamError, StreamError};
use sse_proto::{DecodeError, Decoder, Event, JsonProblem, Limits, Sentinel};

const SECRET: &str = "swordfish";

#[derive(Debug, Deserialize, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    Delta { text: String },
    Stop,
}

type Chunk = Result<&'static str, &'static str>;

fn events(chunks: &[Chunk]) -> EventStream<impl Stream<Item = Chunk> + Unpin + use<>> {
    EventStream::new(stream::iter(chunks.to_vec()))
}

/// What comes out without waiting, the end included.
fn all<S: Stream>(stream: S) -> Vec<S::Item> {
    stream.collect().now_or_never().expect("a stream that never waits")
}

fn data<E: std::fmt::Debug>(events: Vec<Result<Event, E>>) -> Vec<String> {
    let line = |event: Result<Event, E>| match event {
        Ok(event) => event.into_data(),
        Err(error) => format!("{error:?}"),
    };
    events.into_iter().map(line).collect()
}

#[test]
fn an_error_says_where_and_why() {
    let cases = [
        ("", JsonProblem::Empty, "the event has no data, and so no JSON"),
        (
            "{\n\"type\":",
            JsonProblem::EndOfData,
            "the event's data is JSON that breaks off, at line 2, column 7",
        ),
        ("[DONE]", JsonProblem::Syntax, "the event's data is no JSON, at line 1, column 2"),
        // serde forgets the place when it looks for the tag first.
        (
            r#"{"type":"delta"}"#,
            JsonProblem::Shape,
            "the event's data has another shape than expected",
        ),
        (
            "7",
            JsonProblem::Shape,
            "the event's data has another shape than expected, at line 1, column 1",
        ),
    ];
    for (data, problem, text) in cases {
        let error = Event::new(data).json::<Message>().expect_err(data);
        assert_eq!((error.problem, error.to_string()), (problem, text.to_owned()), "{data:?}");
    }
}

#[test]
fn no_error_shows_the_data() {
    let cases = [
        format!(r#"{{"type":"{SECRET}"}}"#),
        format!(r#"{{"type":"delta","text":{{"{SECRET}":1}}}}"#),
        format!(r#""{SECRET}""#),
        format!("{SECRET} is no JSON"),
    ];
    for data in cases {
        let event = Event::builder().event_type(SECRET).id(SECRET).data(&data).build().unwrap();
        let error = event.json::<Message>().expect_err(&data);
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error} {error:?}");
        let body = format!("event: {SECRET}\nid: {SECRET}\ndata: {data}\n\n");
        let mut values = EventStream::new(stream::iter([Ok::<_, &str>(body)])).json::<Message>();
        let error = values.next().now_or_never().flatten().expect("an item").expect_err(&data);
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error} {error:?}");
        assert_eq!(error.into_event(), Some(event));
    }
}

#[test]
fn a_borrowed_event_has_the_same_json() {
    let mut decoder = Decoder::new();
    decoder.push("data: {\"type\":\ndata: \"stop\"}\n\n");
    let Some(Ok(sse_proto::Decoded::Event(event))) = decoder.pull() else { panic!("no event") };
    assert_eq!(event.json(), Ok(Message::Stop));
}

#[test]
fn values_come_between_events_that_are_none() {
    let body = "data: {\"type\":\"delta\",\"text\":\"a\"}\n\nevent: ping\ndata: -\n\ndata\n\n\
                data: {\"type\":\"stop\"}\n\n";
    let mut values = Vec::new();
    let mut others = Vec::new();
    for item in all(events(&[Ok(body)]).json::<Message>()) {
        match item {
            Ok(value) => values.push(value),
            Err(error) => others.push(error.event().expect("an event").event_type().to_owned()),
        }
    }
    assert_eq!(values, [Message::Delta { text: "a".to_owned() }, Message::Stop]);
    assert_eq!(others, ["ping", "message"]);
}

#[test]
fn errors_of_the_stream_come_through() {
    let limits = Limits::default().event_bytes(20);
    let body = stream::iter([
        Ok("data: more than twenty bytes\n\ndata: {\"type\":\"stop\"}\n\n"),
        Err("cut"),
    ]);
    let items = all(EventStream::with_limits(body, limits).json::<Message>());
    let [Err(first), Ok(Message::Stop), Err(last)] = &items[..] else { panic!("{items:?}") };
    assert!(matches!(
        first,
        JsonStreamError::Stream(StreamError::Decode(DecodeError::EventTooLarge { limit: 20 }))
    ));
    assert!(matches!(last, JsonStreamError::Stream(StreamError::Body("cut"))));
    assert_eq!(last.to_string(), StreamError::Body("cut").to_string());
    assert!(last.event().is_none());
    assert_eq!(last.stream_error(), Some(&StreamError::Body("cut")));
    assert_eq!(last.clone().into_stream_error(), Some(StreamError::Body("cut")));
}

#[test]
fn a_stream_of_values_gives_its_events_back() {
    let mut values = events(&[Ok("id: 1\ndata: 1\n\nid: 2\ndata: two\n\n")]).json::<u32>();
    assert_eq!(values.next().now_or_never().flatten().map(Result::ok), Some(Some(1)));
    assert_eq!(values.get_ref().last_event_id(), "1");
    assert!(!values.is_terminated());
    assert_eq!(data(all(values.into_inner())), ["two"]);
}

#[test]
fn a_sentinel_ends_one_response() {
    let done = Sentinel::Data("[DONE]".into());
    let stop = Sentinel::EventType("stop".into());
    let cases = [
        (done.clone(), "data: a\n\ndata: [DONE]\n\ndata: never\n\n", &["a"][..]),
        (stop.clone(), "data: a\n\nevent: stop\ndata: b\n\ndata: never\n\n", &["a", "b"]),
        (done, "data: a\n\ndata: [DONE] \n\n", &["a", "[DONE] ", "MissingSentinel"]),
        (stop, "event: stop\ndata: cut off", &["MissingSentinel"]),
    ];
    for (sentinel, body, expected) in cases {
        let events = events(&[Ok(body)]).with_sentinel(sentinel.clone());
        assert_eq!(data(all(events)), expected, "{sentinel:?} {body:?}");
    }
}

#[test]
fn nothing_is_read_behind_a_sentinel() {
    let mut polls = 0;
    let body = stream::poll_fn(|_| {
        polls += 1;
        std::task::Poll::Ready(Some(Ok::<_, &str>("data: a\n\ndata: [DONE]\n\n")))
    });
    let events = EventStream::new(body).with_sentinel(Sentinel::Data("[DONE]".into()));
    assert_eq!(data(all(events)), ["a"]);
    assert_eq!(polls, 1);
}

#[test]
fn a_body_that_fails_misses_no_sentinel() {
    let sentinel = Sentinel::Data("[DONE]".into());
    let events = events(&[Ok("data: a\n\n"), Err("cut")]).with_sentinel(sentinel);
    assert_eq!(data(all(events)), ["a", "Body(\"cut\")"]);
}
