//! TLS to PostgreSQL, by rustls.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::location::{PostgresLocation, Verify};
use crate::error::{Error, Result};

/// What makes connections of this location secure.
pub(super) fn connector(location: &PostgresLocation) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let broken = |error: TlsError| Error::unavailable("TLS could not be set up").caused_by(error);
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(broken)?;
    let trusted = || -> Result<Arc<WebPkiServerVerifier>> {
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots(location)?), Arc::clone(&provider))
            .build()
            .map_err(|error| Error::unavailable("the trusted certificates can't be used").caused_by(error))
    };
    let verifier: Arc<dyn ServerCertVerifier> = match location.verify {
        Verify::Nothing => Arc::new(Lenient { provider, trusted: None }),
        Verify::Authority => Arc::new(Lenient { trusted: Some(trusted()?), provider }),
        Verify::Host => trusted()?,
    };
    let config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn roots(location: &PostgresLocation) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &location.roots {
        let unread = || Error::argument("location", "`sslrootcert` could not be read: name a file of PEM certificates");
        let certificates = CertificateDer::pem_file_iter(path).map_err(|_| unread())?;
        for certificate in certificates {
            roots.add(certificate.map_err(|_| unread())?).map_err(|_| unread())?;
        }
    } else {
        let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        tracing::debug!(added, "certificates of the system");
    }
    if roots.is_empty() {
        return Err(Error::argument(
            "location",
            "no certificate is trusted here: name the server's root in `sslrootcert`",
        ));
    }
    Ok(roots)
}

/// Takes more certificates than a web client does: any, as `sslmode=prefer` and `require` mean, or trusted ones of any host, as
/// `verify-ca` does. That the server holds the certificate's key, it must show in any case.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    /// None: any certificate will do.
    trusted: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(trusted) = &self.trusted else { return Ok(ServerCertVerified::assertion()) };
        match trusted.verify_server_cert(certificate, between, name, ocsp, now) {
            // The name is looked at last.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
