//! TLS to PostgreSQL: what each `sslmode` accepts and refuses.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sigma_core::random::SeededRng;
use sigma_core::time::ManualClock;
use sigma_store::testing::{Engine, TestStore, engines};
use sigma_store::{OpenError, Store, StoreOptions};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// An authority and a certificate signed by it for one host.
struct Certified {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
    /// The authority's own certificate, in PEM.
    root: PathBuf,
    _directory: TempDir,
}

fn certify(host: &str) -> Certified {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = rcgen::CertifiedIssuer::self_signed(params, authority_key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new([host.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root.pem");
    std::fs::write(&root, authority.pem()).unwrap();
    Certified { chain: vec![certificate.der().clone()], key: key.serialize_der(), root, _directory: directory }
}

/// A proxy to the server in `url` that speaks TLS as `certified`, or refuses to; its port.
fn front(url: &str, certified: Option<&Certified>) -> u16 {
    let server = url.split_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
    let acceptor = certified.map(|certified| {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                certified.chain.clone(),
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.key.clone())),
            )
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    });
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((mut client, _)) = listener.accept().await {
                let (server, acceptor) = (server.clone(), acceptor.clone());
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    // The client asks for TLS before anything else (SSLRequest).
                    let mut request = [0; 8];
                    client.read_exact(&mut request).await.unwrap();
                    assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47]);
                    client.write_all(if acceptor.is_some() { b"S" } else { b"N" }).await.unwrap();
                    if let Some(acceptor) = acceptor {
                        if let Ok(mut client) = acceptor.accept(client).await {
                            drop(copy_bidirectional(&mut client, &mut server).await);
                        }
                    } else {
                        drop(copy_bidirectional(&mut client, &mut server).await);
                    }
                });
            }
        });
    });
    port
}

/// Opens the database of `direct` through `port` on localhost with these parameters, and reads from it.
fn open(direct: &TestStore, port: u16, parameters: &str) -> Result<(), OpenError> {
    let url = &direct.database.options.url;
    let (credentials, rest) = url.split_once('@').unwrap();
    let database = rest.split_once('/').unwrap().1;
    let options = StoreOptions::admin(format!("{credentials}@localhost:{port}/{database}?{parameters}"));
    let store = Store::open(&options, Arc::new(ManualClock::default()), Arc::new(SeededRng::new(1)))?;
    store.read_blocking(|tx| tx.query_opt("SELECT 1", &[])).unwrap();
    store.close();
    Ok(())
}

fn postgres() -> Option<TestStore> {
    engines().contains(&Engine::Postgres).then(|| TestStore::new(Engine::Postgres))
}

fn refused(outcome: Result<(), OpenError>, because: &str) {
    let error = outcome.unwrap_err();
    assert!(error.to_string().contains(because), "{error}");
}

#[test]
fn a_server_that_proves_its_name_is_accepted_by_every_mode() {
    let Some(direct) = postgres() else { return };
    let certified = certify("localhost");
    let (port, root) = (front(&direct.database.options.url, Some(&certified)), certified.root.display());
    open(&direct, port, "sslmode=prefer").unwrap();
    open(&direct, port, "sslmode=require").unwrap();
    open(&direct, port, &format!("sslmode=require&sslrootcert={root}")).unwrap();
    open(&direct, port, &format!("sslmode=verify-ca&sslrootcert={root}")).unwrap();
    open(&direct, port, &format!("sslmode=verify-full&sslrootcert={root}")).unwrap();
}

#[test]
fn a_certificate_for_another_host_is_refused_where_the_name_counts() {
    let Some(direct) = postgres() else { return };
    let certified = certify("db.example");
    let (port, root) = (front(&direct.database.options.url, Some(&certified)), certified.root.display());
    open(&direct, port, &format!("sslmode=verify-ca&sslrootcert={root}")).unwrap();
    refused(open(&direct, port, &format!("sslmode=verify-full&sslrootcert={root}")), "not valid for name");
}

#[test]
fn an_unknown_authority_is_refused_where_it_counts() {
    let Some(direct) = postgres() else { return };
    let certified = certify("localhost");
    let other = certify("localhost");
    let (port, root) = (front(&direct.database.options.url, Some(&certified)), other.root.display());
    open(&direct, port, "sslmode=require").unwrap();
    for mode in ["require", "verify-ca", "verify-full"] {
        let outcome = open(&direct, port, &format!("sslmode={mode}&sslrootcert={root}"));
        refused(outcome, "invalid peer certificate");
    }
}

#[test]
fn a_server_without_tls_is_refused_where_tls_is_required() {
    let Some(direct) = postgres() else { return };
    let port = front(&direct.database.options.url, None);
    open(&direct, port, "sslmode=prefer").unwrap();
    refused(open(&direct, port, "sslmode=require"), "TLS");
}

#[test]
fn authorities_that_are_missing_or_no_certificates_are_explained() {
    let explained = |parameters: &str, because: &str| {
        let options = StoreOptions::admin(format!("postgres://postgres@localhost:1/sigma?{parameters}"));
        let outcome = Store::open(&options, Arc::new(ManualClock::default()), Arc::new(SeededRng::new(1))).map(drop);
        refused(outcome, because);
    };
    explained("sslmode=verify-full", "need sslrootcert=FILE");
    explained("sslmode=verify-full&sslrootcert=/no/such/file", "/no/such/file");
    explained("sslmode=sometimes", "sslmode=sometimes is not one of");
}
