//! Where the server of shared counters is.

use std::fmt;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

/// The address of a Redis or Valkey server: `redis://HOST`, or `rediss://USER:PASSWORD@HOST:PORT/DATABASE` with TLS. Shown without its
/// password.
#[derive(Clone)]
pub struct RedisAddress {
    pub(super) is_tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretString>,
    pub(super) database: u16,
    shown: String,
}

/// Why a text is no such address. Contains nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be redis://HOST, or rediss://USER:PASSWORD@HOST:PORT/DATABASE with TLS; other characters of a password as %XX"
)]
pub struct NoAddress;

impl RedisAddress {
    /// The address in `text`.
    ///
    /// # Errors
    /// [`NoAddress`]
    pub fn parse(text: &str) -> Result<Self, NoAddress> {
        let mut url = Url::parse(text).map_err(|_| NoAddress)?;
        let is_tls = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(NoAddress),
        };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(NoAddress);
        }
        let host = match url.host().ok_or(NoAddress)? {
            Host::Ipv6(address) => address.to_string(),
            Host::Ipv4(address) => address.to_string(),
            Host::Domain(name) => name.to_owned(),
        };
        let decoded = |part: &str| percent_decode_str(part).decode_utf8().map(String::from).map_err(|_| NoAddress);
        let user = Some(decoded(url.username())?).filter(|user| !user.is_empty());
        let password = url.password().map(decoded).transpose()?.filter(|password| !password.is_empty());
        if host.is_empty() || (user.is_some() && password.is_none()) {
            return Err(NoAddress);
        }
        let database = match url.path().trim_matches('/') {
            "" => 0,
            number => number.parse().map_err(|_| NoAddress)?,
        };
        let port = url.port().unwrap_or(6379);
        if password.is_some() {
            url.set_password(Some("***")).map_err(|()| NoAddress)?;
        }
        let shown = url.to_string();
        Ok(Self { is_tls, host, port, user, password: password.map(SecretString::from), database, shown })
    }
}

impl RedisAddress {
    /// Whether it is reached by TLS.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Serialize for RedisAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown)
    }
}

impl<'de> Deserialize<'de> for RedisAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn host_port_login_and_database_are_read() {
        let read = |text: &str| {
            let address = RedisAddress::parse(text).unwrap();
            let password = address.password.as_ref().map(|password| password.expose_secret().to_owned());
            (address.is_tls, address.host, address.port, address.user, password, address.database)
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(read("redis://cache"), (false, "cache".to_owned(), 6379, None, None, 0));
        assert_eq!(read("redis://[::1]:7000/3"), (false, "::1".to_owned(), 7000, None, None, 3));
        assert_eq!(read("redis://:a%2Fb@127.0.0.1"), (false, "127.0.0.1".to_owned(), 6379, None, text("a/b"), 0));
        let all = (true, "cache.example.org".to_owned(), 6380, text("sigma"), text("hunter2"), 1);
        assert_eq!(read("rediss://sigma:hunter2@cache.example.org:6380/1"), all);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "cache:6379", "http://cache", "redis://", "redis://u@cache", "redis://c/x", "redis://c?a=b"] {
            assert_eq!(RedisAddress::parse(text).err(), Some(NoAddress), "{text}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        let address = RedisAddress::parse("rediss://sigma:hunter2@cache/1").unwrap();
        let shown = [address.to_string(), format!("{address:?}"), serde_json::to_value(&address).unwrap().to_string()];
        assert!(shown.iter().all(|shown| shown.contains("sigma:***@cache") && !shown.contains("hunter2")), "{shown:?}");
    }
}
