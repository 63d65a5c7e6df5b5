//! Connecting to PostgreSQL, over TLS where the address asks for it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use diesel::ConnectionError;
use diesel::ConnectionResult;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_postgres::config::SslMode as Encryption;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::db::Counter;
use super::error::Error;

pub(super) type PgConnection = AsyncPgConnection;

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Set on every connection. A statement, a lock, or a client that went away in the middle holds nobody up for long. A
/// statement is planned once and not for every execution, which took longer than executing it: of a member's list of
/// workspaces 0.4 ms of 0.45.
const OPTIONS: &str = "-c statement_timeout=15s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s \
                       -c plan_cache_mode=force_generic_plan";

/// The address of a PostgreSQL server, as `libpq` writes it: `postgres://user:password@host:port/database?sslmode=…`.
#[derive(Clone)]
pub struct PostgresUrl {
    config: Box<tokio_postgres::Config>,
    verification: Verification,
}

/// How the server's certificate is looked at (`sslmode`).
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verification {
    /// `disable`, `prefer`, `require`: not at all.
    None,
    /// `verify-ca`: it must come from a root that is trusted.
    Authority(Roots),
    /// `verify-full`: and be made out to the host that was asked for.
    Full(Roots),
}

/// Which roots are trusted (`sslrootcert`).
#[derive(Debug, Clone, PartialEq, Eq)]
enum Roots {
    /// Those of the operating system.
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

/// An address could not be understood; the message never repeats it, as it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UrlError(String);

impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresUrl(***)")
    }
}

impl std::str::FromStr for PostgresUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let mut url = url::Url::parse(text).map_err(|error| UrlError(format!("not an address: {error}")))?;
        let (mut mode, mut root, mut others) = (None, None, Vec::new());
        for (key, value) in url.query_pairs() {
            match key.as_ref() {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => root = Some(value.into_owned()),
                _ => others.push((key.into_owned(), value.into_owned())),
            }
        }
        url.query_pairs_mut().clear().extend_pairs(&others);
        if others.is_empty() {
            url.set_query(None);
        }
        let mut config: tokio_postgres::Config =
            url.as_str().parse().map_err(|error: tokio_postgres::Error| UrlError(error.to_string()))?;
        let roots = match root.as_deref() {
            None | Some("system") => Roots::System,
            Some(path) => Roots::File(PathBuf::from(path)),
        };
        let (encryption, verification) = match mode.as_deref() {
            None | Some("prefer") => (Encryption::Prefer, Verification::None),
            Some("disable") => (Encryption::Disable, Verification::None),
            Some("require") => (Encryption::Require, Verification::None),
            Some("verify-ca") => (Encryption::Require, Verification::Authority(roots)),
            Some("verify-full") => (Encryption::Require, Verification::Full(roots)),
            Some(_) => {
                let message = "sslmode must be disable, prefer, require, verify-ca or verify-full";
                return Err(UrlError(message.to_owned()));
            }
        };
        config.ssl_mode(encryption).connect_timeout(CONNECT_TIMEOUT).keepalives_idle(Duration::from_mins(1));
        let options = config.get_options().map_or_else(|| OPTIONS.to_owned(), |own| format!("{OPTIONS} {own}"));
        config.options(options).application_name("userprofile");
        Ok(Self { config: Box::new(config), verification })
    }
}

/// What opens a connection to the server at `url`.
///
/// # Errors
/// When the root certificates cannot be read.
pub(super) fn connector(
    url: &PostgresUrl,
    counter: Counter,
) -> Result<impl Fn() -> BoxFuture<'static, ConnectionResult<PgConnection>> + Send + Sync + 'static, Error> {
    let tls = MakeRustlsConnect::new(tls_config(&url.verification).map_err(Error::Unavailable)?);
    let config: Arc<tokio_postgres::Config> = url.config.clone().into();
    Ok(move || {
        let (config, tls, counter) = (config.clone(), tls.clone(), counter.clone());
        async move {
            let mut conn = connect(&config, tls).await?;
            conn.set_instrumentation(counter);
            Ok(conn)
        }
        .boxed()
    })
}

/// Opens one connection.
pub(super) async fn establish(url: &PostgresUrl) -> ConnectionResult<PgConnection> {
    let tls = tls_config(&url.verification).map_err(ConnectionError::BadConnection)?;
    connect(&url.config, MakeRustlsConnect::new(tls)).await
}

async fn connect(config: &tokio_postgres::Config, tls: MakeRustlsConnect) -> ConnectionResult<PgConnection> {
    let open = async {
        let (client, connection) =
            config.connect(tls).await.map_err(|error| ConnectionError::BadConnection(describe(&error)))?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    };
    tokio::time::timeout(2 * CONNECT_TIMEOUT, open)
        .await
        .map_err(|_| ConnectionError::BadConnection("the server did not answer in time".to_owned()))?
}

/// The error with its causes: the first alone says only «error connecting to server».
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn tls_config(verification: &Verification) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(match verification {
        Verification::None => {
            let verifier = Arc::new(Unverified { provider });
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        Verification::Full(roots) => builder.with_root_certificates(root_store(roots)?).with_no_client_auth(),
        Verification::Authority(roots) => {
            let inner =
                rustls::client::WebPkiServerVerifier::builder_with_provider(root_store(roots)?.into(), provider)
                    .build()
                    .map_err(|error| error.to_string())?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyName { inner })).with_no_client_auth()
        }
    })
}

fn root_store(roots: &Roots) -> Result<rustls::RootCertStore, String> {
    let certificates = match roots {
        Roots::System => rustls_native_certs::load_native_certs().certs,
        Roots::File(path) => CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| format!("the root certificate {} cannot be read: {error}", path.display()))?,
    };
    let mut store = rustls::RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(certificates);
    if added == 0 {
        Err("no root certificate to trust was found; name one with sslrootcert=FILE".to_owned())
    } else {
        Ok(store)
    }
}

/// Believes any certificate: what `sslmode=require` means. It keeps listeners out, not somebody in the middle.
#[derive(Debug)]
struct Unverified {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Believes a certificate of a trusted root, whoever it is made out to: what `sslmode=verify-ca` means.
#[derive(Debug)]
struct AnyName {
    inner: Arc<rustls::client::WebPkiServerVerifier>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use rustls::CertificateError::{NotValidForName, NotValidForNameContext};
        match self.inner.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
