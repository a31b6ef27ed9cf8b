//! TLS by rustls, with ring, and with the platform's own certificates.

use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};

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
use rustls_platform_verifier::Verifier;
use surf::Url;

use super::socket::{Socket, dial, host};
use super::{StreamClientBuilder, invalid};

const ALPN: &[&[u8]] = if cfg!(feature = "http2") { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };

/// How to check a server, and the configuration made from that with the first `https` request.
#[derive(Clone, Default)]
pub(super) struct Tls {
    accept_invalid: bool,
    roots: Vec<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// Connects and shakes hands.
    pub(super) async fn open(self: &Arc<Self>, url: &Url) -> io::Result<Socket> {
        let name = ServerName::try_from(host(url).to_owned()).map_err(invalid)?;
        let mut config = self.config().await?;
        let protocols = ALPN.iter().map(|name| name.to_vec());
        Arc::make_mut(&mut config).alpn_protocols = protocols.collect();
        let stream = TlsConnector::from(config).connect(name, dial(url).await?).await?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Socket::new(stream, http2))
    }

    async fn config(self: &Arc<Self>) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        // Off the executor: it reads the platform's certificates, some hundreds of files.
        let this = self.clone();
        let config = spawn_blocking(move || this.load()).await.map_err(io::Error::other)?;
        Ok(self.config.get_or_init(|| config.into()).clone())
    }

    fn load(&self) -> Result<ClientConfig, Error> {
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
        Ok(config.with_no_client_auth())
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("accept_invalid", &self.accept_invalid).finish_non_exhaustive()
    }
}

impl StreamClientBuilder {
    /// Trusts the certificates of a PEM file too, beside the platform's own, which on Android are the only ones.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] when there is no certificate in it, or one that is malformed.
    pub fn add_root_certificate_pem(self, pem: &[u8]) -> io::Result<Self> {
        let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        match roots {
            Ok(roots) if !roots.is_empty() => {
                roots.iter().try_fold(self, |this, root| this.add_root_certificate_der(root))
            }
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "no certificates in PEM")),
        }
    }

    /// Trusts this certificate too, in DER, beside the platform's own, which on Android are the only ones.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] when it is malformed.
    pub fn add_root_certificate_der(mut self, der: &[u8]) -> io::Result<Self> {
        let root = CertificateDer::from(der).into_owned();
        let malformed = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        RootCertStore::empty().add(root.clone()).map_err(malformed)?;
        self.tls().roots.push(root);
        Ok(self)
    }

    /// Uses this TLS configuration in place of all the other TLS settings: own roots, client certificates, another
    /// cryptography provider.
    ///
    /// Its list of protocols (ALPN) is replaced by what this client speaks: `http/1.1`, and `h2` before it with the
    /// feature `http2`.
    pub fn rustls_config(mut self, config: Arc<ClientConfig>) -> Self {
        self.tls().config = config.into();
        self
    }

    /// Accepts any certificate from anyone: expired, for another host, self-signed, forged.
    ///
    /// Whoever can reach the connection can then read and change what it carries, credentials too. Off by default,
    /// and meant for tests; to trust one server's own certificate, add it as a root.
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.tls().accept_invalid = accept;
        self
    }

    fn tls(&mut self) -> &mut Tls {
        Arc::make_mut(&mut self.0.tls)
    }
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
