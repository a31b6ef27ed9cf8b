//! See `sse_proto_fuzz::client_transport`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sse_proto_fuzz::client_transport(data));
