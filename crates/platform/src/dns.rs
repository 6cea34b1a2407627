//! Looks up the texts that somebody published in the DNS.

use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use tokio::sync::{OnceCell, Semaphore};

use crate::settings::Dns as Settings;

/// Lookups at once.
const MOST: usize = 16;
/// The most bytes of text that are read of one name.
const LARGEST: usize = 16_384;

/// No answer: that says nothing about whether there is a record.
#[derive(Debug, thiserror::Error)]
#[error("the DNS does not answer: {0}")]
pub struct NoAnswer(String);

/// The resolver of names.
pub struct Dns {
    settings: Settings,
    /// Made by the first lookup, which most servers never do.
    resolver: OnceCell<TokioResolver>,
    turns: Semaphore,
}

impl Dns {
    /// A resolver by those settings.
    pub fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone(), resolver: OnceCell::new(), turns: Semaphore::new(MOST) }
    }

    /// The texts at a name, each as a whole; none if there are none, or no such name.
    ///
    /// # Errors
    /// No name server answered in time, or all answered that they cannot.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let limit = Duration::from_secs(u64::from(self.settings.timeout_seconds));
        let found = tokio::time::timeout(limit, self.lookup(name)).await;
        found.map_err(|_| NoAnswer("it took too long".to_owned()))?
    }

    async fn lookup(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let _turn = self.turns.acquire().await.map_err(|error| NoAnswer(error.to_string()))?;
        let resolver = self.resolver.get_or_try_init(async || self.resolver()).await;
        let resolver = resolver.map_err(|error| NoAnswer(error.to_string()))?;
        // With its dot at the end, so that no search domain is tried.
        let found = match resolver.txt_lookup(format!("{name}.")).await {
            Ok(found) => found,
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => return Err(NoAnswer(error.to_string())),
        };
        let (mut texts, mut bytes) = (Vec::new(), 0);
        for record in found.answers() {
            let RData::TXT(text) = &record.data else { continue };
            let whole: Vec<u8> = text.txt_data.concat();
            bytes += whole.len();
            if bytes > LARGEST {
                break;
            }
            texts.push(String::from_utf8_lossy(&whole).into_owned());
        }
        Ok(texts)
    }

    fn resolver(&self) -> Result<TokioResolver, NetError> {
        let mut builder = if self.settings.servers.is_empty() {
            TokioResolver::builder_tokio()?
        } else {
            let server = |address: &std::net::SocketAddr| {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = address.port();
                    connection
                });
                NameServerConfig::new(address.ip(), true, connections.to_vec())
            };
            let servers = self.settings.servers.iter().map(server).collect();
            let config = ResolverConfig::from_name_servers(servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        // Whoever has just published a record does not wait until its absence is forgotten.
        builder.options_mut().cache_size = 0;
        builder.build()
    }
}

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dns").field("settings", &self.settings).finish_non_exhaustive()
    }
}
