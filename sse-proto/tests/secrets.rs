//! What nobody may find in a log: of payloads, ids, addresses and headers nothing is in any `Debug` and in any error.

use core::time::Duration;
use std::fmt::{Debug, Display};

use sse_proto::stream::EventStream;
use sse_proto::{
    Cause, Config, Decoded, Decoder, Encoder, Event, Instant, Limits, Output, ReconnectTo,
    ResponseHead, Session,
};

/// In everything that a peer or a user says.
const SECRET: &str = "SECRET";

#[track_caller]
fn hides(value: &(impl Debug + ?Sized)) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.contains(SECRET) && !text.contains("83, 69, 67"), "{text}");
        assert!(!text.is_empty());
    }
}

#[track_caller]
fn says_nothing(value: &(impl Debug + Display)) {
    hides(value);
    assert!(!value.to_string().contains(SECRET), "{value}");
}

/// Text of a stream with secrets in all that it can have, but the event's type.
const BODY: &str = ": SECRET\nid: SECRET\ndata: SECRET\ndata: SECRET\nSECRET: SECRET\n\n";

#[test]
fn a_decoder_hides_what_it_holds_and_gives() {
    let mut decoder = Decoder::new();
    for cut in [BODY.len(), 7, 20] {
        for chunk in BODY.as_bytes().chunks(cut) {
            decoder.push(chunk.to_vec());
            hides(&decoder);
            while let Some(decoded) = decoder.pull() {
                hides(&decoded);
                if let Ok(Decoded::Event(event)) = decoded {
                    hides(&event);
                    hides(&event.into_owned());
                }
            }
            hides(&decoder);
        }
    }
}

#[test]
fn a_limit_is_named_without_what_was_over_it() {
    let mut decoder = Decoder::with_limits(Limits::default().event_bytes(3).id_bytes(3));
    decoder.push(BODY);
    decoder.push("event: SECRET\n\n");
    let mut errors = 0;
    while let Some(decoded) = decoder.pull() {
        if let Err(error) = decoded {
            errors += 1;
            says_nothing(&error);
        }
    }
    assert!(errors >= 3, "{errors} errors");
}

#[test]
fn an_event_shows_its_type_and_how_long_the_rest_is() {
    let builder = Event::builder().event_type("token").data("SECRET").id("SECRET-7");
    hides(&builder);
    let event = builder.build().expect("an event");
    let shown = "Event { event_type: \"token\", data: 6 bytes, last_event_id: 8 bytes }";
    assert_eq!(format!("{event:?}"), shown);
    says_nothing(&event.json::<u32>().expect_err("no number"));
    says_nothing(&Event::new("\"SECRET\"").json::<u32>().expect_err("no number"));
    for (event_type, id) in [("SECRET\n", ""), ("", "SECRET\r"), ("", "SECRET\0")] {
        let event = Event::builder().event_type(event_type).id(id).build();
        says_nothing(&event.expect_err("no event"));
    }

    let mut encoder = Encoder::new();
    encoder.event(&event);
    encoder.comment(SECRET);
    hides(&encoder);
    assert!(!encoder.take().is_empty());
    hides(&encoder);
}

#[test]
fn a_stream_of_events_hides_its_body() {
    let body = futures_util::stream::iter([Ok::<_, std::io::Error>(BODY), Ok(SECRET)]);
    let mut events = EventStream::new(body);
    hides(&events);
    let event = futures_util::FutureExt::now_or_never(futures_util::StreamExt::next(&mut events));
    hides(&event);
    hides(&events);
}

#[test]
fn a_session_hides_ids_addresses_and_headers() {
    let now = Instant::from_origin(Duration::ZERO);
    let config = Config::default().comments(true).reconnect_to(ReconnectTo::Redirected);
    let config = config.last_event_id(SECRET).expect("a header can carry it");
    hides(&config);
    let mut session = Session::new(config, 1, now);
    let head = ResponseHead::new(200)
        .content_type(b"text/event-stream; SECRET")
        .content_encoding(b"identity")
        .retry_after(b"SECRET")
        .date(b"SECRET")
        .redirected_to("http://SECRET@127.0.0.1/?SECRET");
    hides(&head);
    for _ in 0..3 {
        drain(&mut session);
        session.handle_response(now, head);
        drain(&mut session);
        session.handle_chunk(now, BODY);
        hides(&session);
        drain(&mut session);
        session.handle_eof(now);
        drain(&mut session);
        session.restart();
    }
    session.commit(SECRET);
    hides(&session.snapshot());
    hides(session.config());
    says_nothing(&session.set_last_event_id("SECRET\u{1}").expect_err("no header can carry it"));
    session.close();
    drain(&mut session);
}

fn drain(session: &mut Session) {
    for _ in 0..10 {
        match session.poll_output() {
            Output::Wait(_) => return,
            Output::Closed(why) => return says_nothing(&why),
            Output::Lost(lost) => {
                hides(&lost);
                says_nothing(&lost.cause);
                assert_eq!(lost.cause, Cause::EndOfStream);
            }
            output => hides(&output),
        }
    }
    panic!("no end");
}
