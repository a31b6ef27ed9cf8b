//! A front of TLS before a server, with a certificate made for the occasion.

use std::future::poll_fn;
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
use crate::tally::Record;
use crate::{Server, Tally};

/// TLS before a [`Server`], with a certificate made for the occasion; it takes connections until it is dropped.
///
/// The certificate is for 127.0.0.1, and for `events.invalid`, which no name server knows: a proxy does that asks none.
#[derive(Debug)]
pub struct Front {
    addr: SocketAddr,
    authority: Vec<u8>,
    record: Arc<Record>,
    stopped: Arc<AtomicBool>,
}

impl Front {
    /// HTTP/1.1. Each connection is for one request, without a body: the answer must not be kept alive.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn new(server: &Server) -> io::Result<Self> {
        Self::start(server.addr(), Tls::Trusted)
    }

    /// HTTP/2 and nothing else. A connection may have so many streams at once, each of which is a connection of the server.
    ///
    /// # Errors
    ///
    /// What the system says.
    #[cfg(feature = "http2")]
    pub fn http2(server: &Server, most_streams: u32) -> io::Result<Self> {
        Self::start(server.addr(), Tls::Http2 { most_streams })
    }

    fn start(server: SocketAddr, tls: Tls) -> io::Result<Self> {
        let (config, authority) = certify(tls).map_err(io::Error::other)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let (record, stopped) = (Arc::<Record>::default(), Arc::<AtomicBool>::default());
        let (its, is_stopped) = (Arc::clone(&record), Arc::clone(&stopped));
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if is_stopped.load(Ordering::Relaxed) {
                    break;
                }
                // Else the end of an answer waits for the peer to have confirmed its beginning.
                let _ = client.set_nodelay(true);
                let (config, record) = (Arc::clone(&config), Arc::clone(&its));
                record.on_accept();
                thread::spawn(move || {
                    // Whatever goes wrong, the client sees it as a connection that breaks.
                    let _ = match tls {
                        Tls::HangsUp | Tls::Resets | Tls::Stalled | Tls::IsPlain => {
                            upset(client, tls)
                        }
                        #[cfg(feature = "http2")]
                        Tls::Http2 { most_streams } => {
                            crate::scenario::http2::relay(client, config, server, most_streams)
                        }
                        _ => relay(client, config, server, tls != Tls::EndsUnsaid),
                    };
                    record.on_close(false);
                });
            }
        });
        Ok(Self { addr, authority, record, stopped })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of a path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.addr)
    }

    /// The certificate of the authority to trust, in DER.
    pub fn authority(&self) -> &[u8] {
        &self.authority
    }

    /// Its connections in numbers; requests are counted by the server behind it, and who closed one by nobody.
    pub fn tally(&self) -> Tally {
        self.record.tally()
    }

    /// A future that is ready when the tally is as wanted, as [`Server::until`] is.
    pub fn until<P>(&self, mut reached: P) -> impl Future<Output = Tally> + Send + use<P>
    where
        P: FnMut(&Tally) -> bool + Send,
    {
        let record = Arc::clone(&self.record);
        poll_fn(move |context| record.poll(context, &mut reached))
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // A knock, so that it looks.
        let _ = TcpStream::connect(self.addr);
    }
}

/// Puts a front before the server, and tells the client to go there.
pub(crate) fn stand_before(
    place: &dyn Place,
    tls: Tls,
    ask: &mut Ask,
) -> io::Result<Option<Front>> {
    if tls == Tls::None {
        return Ok(None);
    }
    let front = Front::start(place.addr().ok_or(io::ErrorKind::NotConnected)?, tls)?;
    if tls != Tls::Unknown {
        ask.trust = Some(front.authority.clone());
    }
    ask.url = ask.url.replacen(place.url(), &front.url(""), 1);
    Ok(Some(front))
}

/// A server's configuration, and the authority that vouches for it, in DER.
fn certify(
    tls: Tls,
) -> Result<(Arc<ServerConfig>, Vec<u8>), Box<dyn std::error::Error + Send + Sync>> {
    let mut params = CertificateParams::new([])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let names: &[&str] =
        if tls == Tls::OtherName { &["example.com"] } else { &["127.0.0.1", "events.invalid"] };
    let names = names.iter().copied().map(str::to_owned);
    let mut params = CertificateParams::new(names.collect::<Vec<_>>())?;
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
    if matches!(tls, Tls::Http2 { .. }) {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    Ok((Arc::new(config), authority.der().to_vec()))
}

/// Does something else than shaking hands.
fn upset(mut client: TcpStream, tls: Tls) -> io::Result<()> {
    let _ = client.read(&mut [0; 16 * 1024])?;
    match tls {
        Tls::Resets => return SockRef::from(&client).set_linger(Some(Duration::ZERO)),
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
