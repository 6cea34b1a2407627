//! The metadata of an upstream provider (OpenID Connect Discovery §3, RFC 8414).

use serde::Deserialize;
use url::{Host, Url};

/// What is used of a provider's metadata. Every endpoint is an absolute URL that may be called: https, or http if the
/// issuer itself is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The issuer, as configured.
    pub issuer: String,
    /// Where browsers go to sign in.
    pub authorization_endpoint: String,
    /// Where codes are redeemed.
    pub token_endpoint: String,
    /// Its keys.
    pub jwks_uri: String,
    /// Further claims.
    pub userinfo_endpoint: Option<String>,
    /// Whether clients authenticate by Basic; otherwise in the body.
    pub takes_basic: bool,
    /// Whether it names itself when it returns the browser (RFC 9207).
    pub names_itself: bool,
}

/// Why a provider's metadata is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataProblem {
    /// It is not JSON, or lacks a required member.
    #[error("the metadata is not acceptable: {0}")]
    Malformed(String),
    /// It is that of another issuer (OpenID Connect Discovery §4.3).
    #[error("the metadata is that of another issuer")]
    Issuer,
    /// An endpoint is not an https URL.
    #[error("{0} is not an https URL")]
    Endpoint(&'static str),
}

#[derive(Deserialize)]
struct Read {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Reads the metadata of `issuer`.
    pub fn parse(issuer: &str, json: &[u8]) -> Result<Self, MetadataProblem> {
        let read: Read = serde_json::from_slice(json).map_err(|error| MetadataProblem::Malformed(error.to_string()))?;
        if read.issuer != issuer {
            return Err(MetadataProblem::Issuer);
        }
        let check = |name: &'static str, url: &str| {
            if is_endpoint(issuer, url) { Ok(()) } else { Err(MetadataProblem::Endpoint(name)) }
        };
        check("authorization_endpoint", &read.authorization_endpoint)?;
        check("token_endpoint", &read.token_endpoint)?;
        check("jwks_uri", &read.jwks_uri)?;
        if let Some(userinfo) = &read.userinfo_endpoint {
            check("userinfo_endpoint", userinfo)?;
        }
        // Basic is the default (OpenID Connect Discovery §3).
        let methods = read.token_endpoint_auth_methods_supported;
        let takes_basic = methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        Ok(Self {
            issuer: read.issuer,
            authorization_endpoint: read.authorization_endpoint,
            token_endpoint: read.token_endpoint,
            jwks_uri: read.jwks_uri,
            userinfo_endpoint: read.userinfo_endpoint,
            takes_basic,
            names_itself: read.authorization_response_iss_parameter_supported,
        })
    }

    /// The address of an issuer's metadata.
    pub fn url(issuer: &str) -> String {
        format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
    }
}

/// Whether `url` can be an endpoint of the provider at `issuer`: https without credentials or fragment, or plain http on
/// this machine if the issuer is there too.
pub fn is_endpoint(issuer: &str, url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_here = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let issuer_is_plain = || Url::parse(issuer).is_ok_and(|issuer| issuer.scheme() == "http" && is_here(&issuer));
    let is_secure = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_here(&url) && issuer_is_plain(),
        _ => false,
    };
    is_secure && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://op.example.org/tenant";

    fn read(change: impl FnOnce(&mut Value)) -> Result<Metadata, MetadataProblem> {
        let mut json = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://op.example.org/authorize?tenant=1",
            "token_endpoint": "https://op.example.org/token",
            "jwks_uri": "https://keys.example.net/jwks",
        });
        change(&mut json);
        Metadata::parse(ISSUER, json.to_string().as_bytes())
    }

    #[test]
    fn metadata_of_the_configured_issuer_are_read() {
        let metadata = read(|_| {}).unwrap();
        assert!(metadata.takes_basic && !metadata.names_itself);
        let posted = read(|json| json["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]));
        assert!(!posted.unwrap().takes_basic);
        assert!(
            read(|json| json["authorization_response_iss_parameter_supported"] = json!(true)).unwrap().names_itself
        );
        assert_eq!(Metadata::url("https://a.example/"), Metadata::url("https://a.example"));
    }

    #[test]
    fn metadata_of_another_issuer_or_with_unsafe_endpoints_are_refused() {
        for issuer in ["https://op.example.org", "https://op.example.org/tenant/", "https://evil.example/tenant"] {
            assert_eq!(read(|json| json["issuer"] = json!(issuer)), Err(MetadataProblem::Issuer));
        }
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
            for url in
                ["http://op.example.org/x", "http://localhost/x", "javascript:alert(1)", "https://u:p@a.example/", ""]
            {
                assert_eq!(read(|json| json[name] = json!(url)), Err(MetadataProblem::Endpoint(name)), "{url}");
            }
        }
        assert!(matches!(Metadata::parse(ISSUER, b"[]"), Err(MetadataProblem::Malformed(_))));
        assert!(matches!(Metadata::parse(ISSUER, b"{}"), Err(MetadataProblem::Malformed(_))));
    }

    #[test]
    fn plain_http_is_for_a_provider_on_this_machine() {
        assert!(is_endpoint("http://localhost:9000", "http://127.0.0.1:9000/token"));
        assert!(!is_endpoint("http://localhost:9000", "http://op.example.org/token"));
        assert!(!is_endpoint("https://op.example.org", "http://localhost:9000/token"));
        assert!(!is_endpoint("http://op.example.org", "http://localhost:9000/token"));
    }
}
