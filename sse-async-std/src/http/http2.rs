//! The same over HTTP/2, whose connection wants to spawn tasks and gets none.

use std::future::Future;
use std::io;
use std::pin::Pin;

use async_std::channel::{Sender, unbounded};
use futures_util::FutureExt;
use futures_util::future::join;
use futures_util::stream::StreamExt;
use hyper::client::conn::http2::Builder;
use hyper::header::HOST;
use hyper::rt::Executor;
use surf::http::Response;

use super::invalid;
use super::request::Outgoing;
use super::response::{Driver, Frames, MAX_BUFFER, convert, head, into_io};
use super::socket::Socket;

// Of small frames that nobody has read h2 takes fewer, the smaller they are: an error ends the connection where what each lacks to
// 256 bytes comes to half of this. The stream's own window, which bounds what is held, is used up before by frames of eight bytes or more.
const CONNECTION_WINDOW: u32 = 64 * MAX_BUFFER;

pub(super) async fn exchange(socket: Socket, mut request: Outgoing) -> io::Result<Response> {
    // Here the host is part of the address.
    let host = request.headers_mut().remove(HOST);
    let host = host.as_ref().and_then(|host| host.to_str().ok()).unwrap_or_default();
    *request.uri_mut() = format!("https://{host}{}", request.uri()).parse().map_err(invalid)?;

    let (spawner, tasks) = unbounded();
    let (mut sender, connection) = Builder::new(Inside(spawner))
        .initial_stream_window_size(MAX_BUFFER)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(MAX_BUFFER)
        .handshake(socket)
        .await
        .map_err(into_io)?;
    // Over once the connection, which holds the sender, and all tasks are.
    let tasks = tasks.buffer_unordered(usize::MAX).collect::<()>();
    let driver: Driver = Box::pin(async { join(connection, tasks).await.0 });
    let mut driver = driver.fuse();
    let response = head(&mut driver, sender.send_request(request)).await?;
    Ok(convert(response, |_, body| Frames::new(driver, body)))
}

type Task = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// Runs what a connection spawns inside the connection's own future, so that it ends with it.
#[derive(Clone)]
struct Inside(Sender<Task>);

impl<F: Future<Output = ()> + Send + Sync + 'static> Executor<F> for Inside {
    fn execute(&self, task: F) {
        // Fails only once the connection is gone.
        let _ = self.0.try_send(Box::pin(task));
    }
}
