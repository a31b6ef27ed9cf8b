//! See `sse_proto_fuzz::encoder_injection`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sse_proto_fuzz::encoder_injection(data));
