//! See `sse_proto_fuzz::session_operations`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sse_proto_fuzz::session_operations(data));
