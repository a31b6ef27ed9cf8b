//! The core where there is no `std`: it must build and link.
#![no_std]
#![forbid(unsafe_code)]

use core::panic::PanicInfo;

use sse_proto::{Config, Decoder, Encoder, Instant, Output, ResponseHead, Session};

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// Uses each part, so that none is left out of the library.
pub fn run(chunk: &'static [u8]) -> usize {
    let mut decoder = Decoder::new();
    decoder.push(chunk);
    let mut count = 0;
    while decoder.pull().is_some() {
        count += 1;
    }
    let mut session = Session::new(Config::default(), 1, Instant::ORIGIN);
    session.handle_response(
        Instant::ORIGIN,
        ResponseHead::new(200).content_type(b"text/event-stream"),
    );
    session.handle_chunk(Instant::ORIGIN, chunk);
    let mut encoder = Encoder::new();
    while let Output::Event(event) = session.poll_output() {
        encoder.event(&event.into_owned());
    }
    count + encoder.take().len()
}
