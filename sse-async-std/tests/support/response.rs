//! What is read of responses.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use async_std::future::timeout;
use async_std::io::{BufRead as _, ReadExt as _};
use surf::Response;

/// As long as every stream has to close its connection.
pub const SOON: Duration = Duration::from_secs(1);
/// What a test waits for anything, at most.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The rest of a body; where it breaks, what came before.
pub async fn body(response: &mut Response) -> Result<Vec<u8>, (io::Error, Vec<u8>)> {
    let mut all = Vec::new();
    match timeout(PATIENCE, response.read_to_end(&mut all)).await.expect("no end in time") {
        Ok(_) => Ok(all),
        Err(error) => Err((error, all)),
    }
}

/// The next chunk, as it is in the buffer.
pub async fn chunk(response: &mut Response) -> io::Result<Vec<u8>> {
    let mut response = Pin::new(response);
    let chunk = poll_fn(|cx| response.as_mut().poll_fill_buf(cx).map_ok(<[u8]>::to_vec)).await?;
    response.consume(chunk.len());
    Ok(chunk)
}

/// The `io::Error` inside, once it is sure that nothing of the URL's query shows.
pub fn cause(error: &surf::Error) -> &io::Error {
    let shown = format!("{error} {error:?} {error:#?}");
    assert!(!shown.contains("secret"), "{shown}");
    error.downcast_ref::<io::Error>().expect("an io::Error")
}
