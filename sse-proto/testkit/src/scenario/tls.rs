//! A front of TLS before a server, with a certificate made for the occasion.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;

use crate::scenario::Ask;
use crate::scenario::build::Tls;
use crate::scenario::place::Place;

/// A front that takes connections until it is dropped.
#[derive(Debug)]
pub(crate) struct Front {
    addr: SocketAddr,
    stopped: Arc<AtomicBool>,
}

/// Puts a front before the server, and tells the client to go there. But for HTTP/2, each connection is for one request,
/// whose head is short and which has no body: the answer must not be kept alive.
pub(crate) fn stand_before(
    place: &dyn Place,
    tls: Tls,
    ask: &mut Ask,
) -> io::Result<Option<Front>> {
    if tls == Tls::None {
        return Ok(None);
    }
    let (config, authority) = certify(tls).map_err(io::Error::other)?;
    if tls != Tls::Unknown {
        ask.trust = Some(authority);
    }
    let server = place.addr().ok_or(io::ErrorKind::NotConnected)?;
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
            // Else the end of an answer waits for the peer to have confirmed its beginning.
            let _ = client.set_nodelay(true);
            let config = Arc::clone(&config);
            // Whatever goes wrong, the client sees it as a connection that breaks.
            thread::spawn(move || match tls {
                Tls::HangsUp | Tls::Resets | Tls::Stalled | Tls::IsPlain => upset(&client, tls),
                #[cfg(feature = "http2")]
                Tls::Http2 => crate::scenario::http2::relay(client, config, server),
                _ => relay(client, config, server, tls != Tls::EndsUnsaid),
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

/// A server's configuration, and the authority that vouches for it, in DER.
fn certify(
    tls: Tls,
) -> Result<(Arc<ServerConfig>, Vec<u8>), Box<dyn std::error::Error + Send + Sync>> {
    let mut params = CertificateParams::new([])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let name = if tls == Tls::OtherName { "example.com" } else { "127.0.0.1" };
    let mut params = CertificateParams::new([name.to_owned()])?;
    if tls == Tls::Expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    let certificate = params.signed_by(&key, &authority)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    #[cfg_attr(not(feature = "http2"), expect(unused_mut, reason = "the others name no protocol"))]
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    #[cfg(feature = "http2")]
    if tls == Tls::Http2 {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    Ok((Arc::new(config), authority.der().to_vec()))
}

/// Does something else than shaking hands.
fn upset(mut client: &TcpStream, tls: Tls) -> io::Result<()> {
    let _ = client.read(&mut [0; 16 * 1024])?;
    match tls {
        Tls::Resets => return SockRef::from(client).set_linger(Some(Duration::ZERO)),
        Tls::IsPlain => {
            client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\nThis port is for https.\n")?;
        }
        _ => {}
    }
    if tls != Tls::Stalled {
        client.shutdown(Shutdown::Write)?;
    }
    io::copy(&mut client, &mut io::sink()).map(drop)
}

fn relay(
    client: TcpStream,
    config: Arc<ServerConfig>,
    server: SocketAddr,
    says_its_end: bool,
) -> io::Result<()> {
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
    if answered.is_err() {
        // The reset goes out when the thread above has let go of the socket too.
        SockRef::from(&client.sock).set_linger(Some(Duration::ZERO))?;
        client.sock.shutdown(Shutdown::Read)?;
        return answered;
    }
    if says_its_end {
        client.conn.send_close_notify();
        let _ = client.conn.complete_io(&mut client.sock);
    }
    client.sock.shutdown(Shutdown::Both)
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
