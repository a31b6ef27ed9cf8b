//! See `sse_proto_fuzz::decoder_limits`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sse_proto_fuzz::decoder_limits(data));
