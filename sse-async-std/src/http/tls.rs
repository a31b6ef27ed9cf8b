//! TLS by rustls, with ring, and with the platform's own certificates.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_std::task::spawn_blocking;
use futures_rustls::TlsConnector;
use futures_rustls::pki_types::pem::PemObject;
use futures_rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use futures_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use futures_rustls::rustls::crypto::{self, WebPkiSupportedAlgorithms, ring};
use futures_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, ready};
use rustls_platform_verifier::Verifier;
use surf::Url;

use super::socket::{Socket, dial, host};
use super::{StreamClient, invalid};

const ALPN: &[&[u8]] = if cfg!(feature = "http2") { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };

/// How to check a server, and the configuration made from that with the first `https` request.
#[derive(Debug, Default)]
pub(super) struct Tls {
    accept_invalid: bool,
    roots: Vec<CertificateDer<'static>>,
    config: Mutex<Option<Loading>>,
}

/// The configuration, for all that wait for it. It is made whether they still do or not.
type Loading = Shared<BoxFuture<'static, Result<Arc<ClientConfig>, Error>>>;

impl Tls {
    /// Connects and shakes hands.
    pub(super) async fn open(self: &Arc<Self>, url: &Url) -> io::Result<Socket> {
        let name = ServerName::try_from(host(url).to_owned()).map_err(invalid)?;
        let loading = self.config().get_or_insert_with(|| self.clone().load()).clone();
        // Without any certificate no request can be made. The next one looks again.
        let config = loading.await.map_err(|error| {
            self.config().take();
            invalid(error)
        })?;
        let stream = TlsConnector::from(config).connect(name, dial(url).await?).await?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Socket::new(stream, http2))
    }

    fn config(&self) -> MutexGuard<'_, Option<Loading>> {
        self.config.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Off the executor: it may read the platform's certificates, some hundreds of files.
    fn load(self: Arc<Self>) -> Loading {
        spawn_blocking(move || self.make()).boxed().shared()
    }

    fn make(&self) -> Result<Arc<ClientConfig>, Error> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = if self.accept_invalid {
            Arc::new(AcceptAny(provider.signature_verification_algorithms))
        } else {
            #[cfg(target_os = "android")]
            let verifier = Verifier::new(provider.clone())?;
            #[cfg(not(target_os = "android"))]
            let verifier = Verifier::new_with_extra_roots(self.roots.clone(), provider.clone())?;
            Arc::new(verifier)
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        Ok(speaking(config.with_no_client_auth()))
    }
}

impl StreamClient {
    /// Trusts these certificates too, one or more in PEM or one in DER, beside the platform's own, which on Android are
    /// the only ones.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] when one is malformed, or there is none.
    pub fn add_root_certificates(self, pem_or_der: &[u8]) -> io::Result<Self> {
        let pem = CertificateDer::pem_slice_iter(pem_or_der);
        let mut roots: Vec<_> = pem.collect::<Result<_, _>>().unwrap_or_default();
        if roots.is_empty() {
            roots.push(CertificateDer::from(pem_or_der).into_owned());
        }
        match RootCertStore::empty().add_parsable_certificates(roots.clone()) {
            (_, 0) => Ok(self.with_tls(|tls| tls.roots.extend(roots))),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "not a certificate")),
        }
    }

    /// Uses this TLS configuration: own roots, client certificates, another cryptography provider. The other TLS settings
    /// have no effect, unless they are made after this one, which then has none.
    ///
    /// Its list of protocols (ALPN) is replaced by what this client speaks: `http/1.1`, and `h2` before it with the
    /// feature `http2`.
    #[must_use]
    pub fn rustls_config(self, config: Arc<ClientConfig>) -> Self {
        let config = speaking(Arc::unwrap_or_clone(config));
        self.with_tls(|tls| tls.config = Some(ready(Ok(config)).boxed().shared()).into())
    }

    /// Accepts any certificate from anyone: expired, for another host, self-signed, forged.
    ///
    /// Whoever can reach the connection can then read and change what it carries, credentials too. Off by default,
    /// and meant for tests; to trust one server's own certificate, add it as a root.
    #[must_use]
    pub fn danger_accept_invalid_certs(self, accept: bool) -> Self {
        self.with_tls(|tls| tls.accept_invalid = accept)
    }

    fn with_tls(mut self, change: impl FnOnce(&mut Tls)) -> Self {
        let Tls { accept_invalid, ref roots, .. } = *self.tls;
        let mut tls = Tls { accept_invalid, roots: roots.clone(), config: Mutex::default() };
        change(&mut tls);
        self.tls = Arc::new(tls);
        self
    }
}

/// The protocols that this client speaks, and no others.
fn speaking(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.alpn_protocols = ALPN.iter().map(|name| name.to_vec()).collect();
    Arc::new(config)
}

/// Takes any certificate, if only the server holds its key.
#[derive(Debug)]
struct AcceptAny(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls12_signature(message, cert, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls13_signature(message, cert, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
