//! A front of TLS before a server, with a certificate made for the occasion.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::scenario::Ask;
use crate::scenario::build::Tls;
use crate::scenario::place::Place;

/// A front that takes connections until it is dropped.
#[derive(Debug)]
pub(crate) struct Front {
    addr: SocketAddr,
    stopped: Arc<AtomicBool>,
}

/// Puts a front before the server, and tells the client to go there. Each connection is for one request, whose head is
/// short and which has no body: the answer must not be kept alive.
pub(crate) fn stand_before(place: &Place, tls: Tls, ask: &mut Ask) -> io::Result<Option<Front>> {
    if tls == Tls::None {
        return Ok(None);
    }
    let name = if tls == Tls::OtherName { "example.com" } else { "127.0.0.1" };
    let (config, authority) = certify(name).map_err(io::Error::other)?;
    if tls != Tls::Unknown {
        ask.trust = Some(authority);
    }
    let server = place.with(crate::Server::addr).ok_or(io::ErrorKind::NotConnected)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let addr = listener.local_addr()?;
    ask.url = ask.url.replacen(place.url(), &format!("https://{addr}"), 1);
    let stopped = Arc::new(AtomicBool::new(false));
    let is_stopped = Arc::clone(&stopped);
    thread::spawn(move || {
        while let Ok((client, _)) = listener.accept() {
            if is_stopped.load(Ordering::Relaxed) {
                break;
            }
            let config = Arc::clone(&config);
            // Whatever goes wrong, the client sees it as a connection that breaks.
            thread::spawn(move || match tls {
                Tls::Stalled => outlast(client),
                _ => relay(client, config, server),
            });
        }
    });
    Ok(Some(Front { addr, stopped }))
}

impl Drop for Front {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // A knock, so that it looks.
        let _ = TcpStream::connect(self.addr);
    }
}

/// A server's configuration for this name, and the authority that vouches for it, in DER.
fn certify(
    name: &str,
) -> Result<(Arc<ServerConfig>, Vec<u8>), Box<dyn std::error::Error + Send + Sync>> {
    let mut params = CertificateParams::new([])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new([name.to_owned()])?.signed_by(&key, &authority)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok((Arc::new(config), authority.der().to_vec()))
}

/// Takes what comes, and says nothing, until the client leaves.
fn outlast(mut client: TcpStream) -> io::Result<()> {
    io::copy(&mut client, &mut io::sink()).map(drop)
}

fn relay(client: TcpStream, config: Arc<ServerConfig>, server: SocketAddr) -> io::Result<()> {
    let socket = client.try_clone()?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut client = StreamOwned::new(connection, client);
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut bytes = [0; 4096];
        let read = client.read(&mut bytes)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&bytes[..read]);
    }
    let mut server = TcpStream::connect(server)?;
    server.write_all(&request)?;
    let link = server.try_clone()?;
    thread::spawn(move || {
        // What a client says after its request is that it leaves.
        let _ = (&socket).read(&mut [0]);
        let _ = link.shutdown(Shutdown::Both);
    });
    let answered = pass_on(&mut server, &mut client);
    if answered.is_ok() {
        client.conn.send_close_notify();
        let _ = client.conn.complete_io(&mut client.sock);
    }
    let _ = client.sock.shutdown(Shutdown::Both);
    answered
}

/// An error where the answer broke: then there is no good end to the client either.
fn pass_on(server: &mut TcpStream, client: &mut impl Write) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let read = server.read(&mut bytes)?;
        if read == 0 {
            return Ok(());
        }
        client.write_all(&bytes[..read])?;
        client.flush()?;
    }
}
