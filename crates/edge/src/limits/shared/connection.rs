//! One connection to Redis or Valkey, over which counters are read and written in batches.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::address::RedisAddress;
use super::resp::{Malformed, Reply, command, first_reply};
use super::{Debts, Order};

/// Counts, in one step on the server.
const SCRIPT: &str = include_str!("count.lua");
/// For everything before the first order.
const HANDSHAKE: Duration = Duration::from_secs(2);
/// More unread bytes than any replies have.
const MOST_UNREAD: usize = 256 * 1024;

/// Why the server is not used. Contains no secret.
#[derive(Debug, thiserror::Error)]
pub enum Away {
    /// The network, or TLS.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It refuses, such as the password, or a replica a write.
    #[error("it says: {0}")]
    Refused(String),
    /// It hangs.
    #[error("it does not answer in time")]
    Late,
    /// The authorities to trust.
    #[error("limits.redis_certificate_authority {path}: {0}", path = .1.display())]
    Authority(String, PathBuf),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that is ready for orders.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    unread: BytesMut,
    /// The name of the script on the server.
    script: Vec<u8>,
    written: Vec<u8>,
}

impl Connection {
    /// Connects, authenticates and loads the script.
    pub(super) async fn open(address: &RedisAddress, authority: Option<&Path>) -> Result<Self, Away> {
        tokio::time::timeout(HANDSHAKE, Self::begin(address, authority)).await.unwrap_or(Err(Away::Late))
    }

    async fn begin(address: &RedisAddress, authority: Option<&Path>) -> Result<Self, Away> {
        let plain = TcpStream::connect((address.host.as_str(), address.port)).await?;
        plain.set_nodelay(true)?;
        let stream: Box<dyn Stream> = if address.is_tls {
            let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
            Box::new(TlsConnector::from(tls(authority)?).connect(name, plain).await?)
        } else {
            Box::new(plain)
        };
        let mut connection = Self { stream, unread: BytesMut::new(), script: Vec::new(), written: Vec::new() };
        if let Some(password) = &address.password {
            let password = password.expose_secret().as_bytes();
            let asked = match &address.user {
                Some(user) => connection.ask(&[b"AUTH", user.as_bytes(), password]).await,
                None => connection.ask(&[b"AUTH", password]).await,
            };
            asked.map_err(without_arguments)?;
        }
        if address.database > 0 {
            connection.ask(&[b"SELECT", address.database.to_string().as_bytes()]).await?;
        }
        let Reply::Text(name) = connection.ask(&[b"SCRIPT", b"LOAD", SCRIPT.as_bytes()]).await? else {
            return Err(Malformed.into());
        };
        connection.script = name;
        connection.try_out().await?;
        Ok(connection)
    }

    /// Counts once: a replica and a full server take commands, but no writes.
    async fn try_out(&mut self) -> Result<(), Away> {
        let script = self.script.clone();
        let words: [&[u8]; 7] = [b"EVALSHA", &script, b"1", b"sigma:limit:trial", b"add", b"1000000", b"1000"];
        match self.ask(&[&words[..], &[b"1"]].concat()).await? {
            Reply::Numbers(_) => Ok(()),
            _ => Err(Malformed.into()),
        }
    }

    /// Sends one command and awaits its reply.
    pub(super) async fn ask(&mut self, words: &[&[u8]]) -> Result<Reply, Away> {
        self.written.clear();
        command(&mut self.written, words);
        self.stream.write_all(&self.written).await?;
        self.stream.flush().await?;
        // It may have held the password.
        self.written.fill(0);
        self.reply().await
    }

    /// Sends all orders in one go, and hands out each reply as it comes.
    pub(super) async fn carry_out(
        &mut self,
        orders: Vec<Order>,
        mut told: impl FnMut(Order, Debts),
    ) -> Result<(), Away> {
        self.written.clear();
        for order in &orders {
            order.write(&mut self.written, &self.script);
        }
        self.stream.write_all(&self.written).await?;
        self.stream.flush().await?;
        for order in orders {
            let Reply::Numbers(numbers) = self.reply().await? else { return Err(Malformed.into()) };
            let debts = Debts::read(&order, &numbers).ok_or(Malformed)?;
            told(order, debts);
        }
        Ok(())
    }

    /// Resolves when the connection ends although nothing was asked. May be dropped at any time.
    pub(super) async fn broken(&mut self) -> Away {
        match self.stream.read_buf(&mut self.unread).await {
            Ok(0) => io::Error::from(io::ErrorKind::ConnectionReset).into(),
            Ok(_) => Malformed.into(),
            Err(error) => error.into(),
        }
    }

    async fn reply(&mut self) -> Result<Reply, Away> {
        loop {
            if let Some((reply, rest)) = first_reply(&self.unread)? {
                let read = self.unread.len().saturating_sub(rest.len());
                let _ = self.unread.split_to(read);
                return if let Reply::Error(said) = reply { Err(Away::Refused(said)) } else { Ok(reply) };
            }
            if self.unread.len() > MOST_UNREAD {
                return Err(Malformed.into());
            }
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::ConnectionReset).into());
            }
        }
    }
}

/// A server may answer with the words that it did not understand, and those of AUTH are secret: only the kind of error is kept.
fn without_arguments(away: Away) -> Away {
    match away {
        Away::Refused(said) => Away::Refused(said.split(' ').next().unwrap_or_default().to_owned()),
        away => away,
    }
}

/// Trusts the authorities in the file, or those of the system.
fn tls(authority: Option<&Path>) -> Result<Arc<ClientConfig>, Away> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    let config = match authority {
        None => builder.with_platform_verifier().map_err(io::Error::other)?.with_no_client_auth(),
        Some(path) => {
            let failed = |error: &dyn std::fmt::Display| Away::Authority(error.to_string(), path.to_owned());
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))? {
                roots.add(certificate.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    Ok(Arc::new(config))
}
