//! TLS by rustls, with ring, and with the platform's own certificates.

use std::io;
use std::sync::{Arc, OnceLock};

use async_std::net::TcpStream;
use async_std::task::spawn_blocking;
use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use futures_rustls::pki_types::pem::PemObject;
use futures_rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use futures_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use futures_rustls::rustls::crypto::{self, CryptoProvider, ring};
use futures_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use rustls_platform_verifier::Verifier;

use super::dial::{Endpoint, dial, invalid};

const ALPN: &[u8] = b"http/1.1";

/// How to check a server, and the configuration made from that with the first `https` request.
#[derive(Default)]
pub(super) struct Tls {
    pub(super) accept_invalid: bool,
    roots: Vec<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) fn add_pem(&mut self, pem: &[u8]) -> io::Result<()> {
        let certificates: Vec<_> =
            CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(malformed)?;
        if certificates.is_empty() {
            return Err(malformed("there is no certificate in the PEM file"));
        }
        certificates.into_iter().try_for_each(|der| self.add_der(der))
    }

    pub(super) fn add_der(&mut self, der: CertificateDer<'static>) -> io::Result<()> {
        RootCertStore::empty().add(der.clone()).map_err(malformed)?;
        self.roots.push(der);
        Ok(())
    }

    pub(super) fn replace(&mut self, mut config: Arc<ClientConfig>) {
        Arc::make_mut(&mut config).alpn_protocols = vec![ALPN.to_vec()];
        self.config = OnceLock::from(config);
    }

    /// Connects and shakes hands.
    pub(super) async fn open(
        self: &Arc<Self>,
        endpoint: &Endpoint,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(endpoint.host.clone()).map_err(invalid)?;
        let config = self.config().await?;
        let stream = dial(endpoint).await?;
        TlsConnector::from(config).connect(name, stream).await
    }

    async fn config(self: &Arc<Self>) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        // Off the executor: it reads the platform's certificates, some hundreds of files.
        let this = self.clone();
        let config = spawn_blocking(move || this.load()).await.map_err(io::Error::other)?;
        Ok(self.config.get_or_init(|| Arc::new(config)).clone())
    }

    fn load(&self) -> Result<ClientConfig, Error> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = if self.accept_invalid {
            Arc::new(AcceptAny(provider.clone()))
        } else {
            Arc::new(verifier(&self.roots, provider.clone())?)
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(config)
    }
}

#[cfg(not(target_os = "android"))]
fn verifier(
    roots: &[CertificateDer<'static>],
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, Error> {
    Verifier::new_with_extra_roots(roots.iter().cloned(), provider)
}

#[cfg(target_os = "android")]
fn verifier(
    roots: &[CertificateDer<'static>],
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, Error> {
    if roots.is_empty() {
        return Verifier::new(provider);
    }
    Err(Error::General("Android takes no further root certificates".into()))
}

/// Takes any certificate, if only the server holds its key.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

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
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls12_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls13_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn malformed(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
