//! An MCP server in one function: a session, answers of both kinds, and nothing that it says unasked.

use std::sync::atomic::{AtomicBool, Ordering};

use sse_testkit::{Reply, Request};

/// Its first answer to a call is that it is too busy.
pub fn serve(busy: &AtomicBool, request: &Request) -> Reply {
    let says = |text: &[u8]| request.body().windows(text.len()).any(|part| part == text);
    let json = Reply::status(200).content_type("application/json");
    match request.method() {
        _ if says(b"initialize") => json.header("mcp-session-id", "s").chunk("{}"),
        _ if says(b"forget") => Reply::status(404),
        "GET" if request.last_event_id().is_some() => Reply::stream()
            .chunk("data: {\"method\":\"progress\"}\n\n")
            .chunk("data: {\"id\":1,\"result\":\"a stream\"}\n\n"),
        "GET" => Reply::status(405),
        _ if says(b"call") && busy.swap(false, Ordering::Relaxed) => Reply::status(503),
        _ if says(b"call") => Reply::stream().chunk("id: a\nretry: 50\ndata:\n\n"),
        _ => json.chunk("{\"id\":1,\"result\":\"JSON\"}"),
    }
}
