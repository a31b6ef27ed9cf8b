//! What the test binaries share: the standard's steps, ways of cutting a stream, calls of an encoder, a browser's answers.

#[allow(dead_code, reason = "only one test binary encodes")]
pub(crate) mod calls;
#[allow(dead_code, reason = "every test binary uses some of the ways")]
pub(crate) mod chunking;
pub(crate) mod reference;
#[allow(dead_code, reason = "only one test binary reads the vectors")]
pub(crate) mod vectors;
