//! OpenID Connect (Core §3.1): the code is redeemed, and the ID token verified against the provider's keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sigma_core::json::Members;
use sigma_core::provider::{Claimed, Expected, IdToken, Metadata};
use sigma_core::time::Timestamp;

use super::{Flow, Provider, ProviderFailure, Returned, Told};
use crate::outbound::Outgoing;
use crate::settings::ProviderKind;

/// Google's ID tokens may name it without the scheme.
const GOOGLE_WITHOUT_SCHEME: &str = "accounts.google.com";

#[derive(Deserialize)]
struct Tokens {
    access_token: Option<String>,
    id_token: Option<String>,
}

impl Provider {
    /// The authorization endpoint. Fetches what the callback will need, so that it has one request to send.
    pub(super) async fn prepare(&self, now: Timestamp) -> Result<String, ProviderFailure> {
        let metadata = self.metadata(now).await?;
        let (_, key_sets) = self.clients.to(&metadata.issuer, &metadata.jwks_uri);
        key_sets.find(&metadata.jwks_uri, now, |_| true).await;
        Ok(metadata.authorization_endpoint.clone())
    }

    pub(super) async fn redeem_openid(
        &self,
        flow: &Flow,
        code: &str,
        returned: Returned<'_>,
    ) -> Result<Told, ProviderFailure> {
        let metadata = self.metadata(returned.now).await?;
        match returned.issuer {
            Some(issuer) if issuer != metadata.issuer => return Err(ProviderFailure::IssuerMismatch),
            None if metadata.names_itself => return Err(ProviderFailure::IssuerMismatch),
            _ => {}
        }
        let tokens = self.fetch_tokens(&metadata, flow, code, returned.redirect_uri).await?;
        let refuse = |problem: &dyn std::fmt::Display| {
            tracing::warn!(provider = %self.id(), %problem, "the ID token of a provider was refused");
            ProviderFailure::UnableToGetUserInfo
        };
        let text = tokens.id_token.ok_or_else(|| refuse(&"it sent none"))?;
        let token = IdToken::parse(&text).map_err(|problem| refuse(&problem))?;
        let (_, key_sets) = self.clients.to(&metadata.issuer, &metadata.jwks_uri);
        let keys = key_sets.find(&metadata.jwks_uri, returned.now, |keys| token.names_key_of(keys)).await;
        let keys = keys.ok_or(ProviderFailure::Unavailable)?;
        let google = [metadata.issuer.as_str(), GOOGLE_WITHOUT_SCHEME];
        let issuers = match self.kind() {
            ProviderKind::Google => google.as_slice(),
            ProviderKind::OpenId | ProviderKind::GitHub => google.get(..1).unwrap_or_default(),
        };
        let expected = Expected {
            issuers,
            client_id: &self.settings().client_id,
            nonce: flow.nonce(),
            access_token: tokens.access_token.as_deref(),
            now: returned.now,
        };
        let verified = token.verify(&keys, &expected).map_err(|problem| refuse(&problem))?;
        let further = match (&metadata.userinfo_endpoint, tokens.access_token) {
            (Some(url), Some(access_token)) if self.settings().userinfo => {
                Some(self.fetch_userinfo(url, &access_token, verified.subject.as_str()).await?)
            }
            _ => None,
        };
        let claimed = Claimed::read(&self.claim_names(), &verified.claims, further.as_ref());
        Ok(Told { subject: verified.subject, auth_time: verified.auth_time, claimed })
    }

    /// Redeems the code (RFC 6749 §4.1.3).
    async fn fetch_tokens(
        &self,
        metadata: &Metadata,
        flow: &Flow,
        code: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, ProviderFailure> {
        let client_id = self.settings().client_id.as_str();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", flow.verifier()),
        ];
        let mut outgoing = Outgoing::get(&metadata.token_endpoint);
        match self.client_secret() {
            Some(secret) if metadata.takes_basic => outgoing.authorization = Some(basic(client_id, secret)),
            Some(secret) => form.extend([("client_id", client_id), ("client_secret", secret)]),
            None => form.push(("client_id", client_id)),
        }
        outgoing.form = Some(&form);
        let answer = self.ask(outgoing).await.map_err(|error| {
            tracing::warn!(provider = %self.id(), %error, "a provider did not redeem a code");
            ProviderFailure::Unavailable
        })?;
        if answer.status != 200 {
            let error = error_of(&answer.body);
            tracing::warn!(provider = %self.id(), status = answer.status, error, "a provider refused a code");
            return Err(if answer.status < 500 { ProviderFailure::InvalidCode } else { ProviderFailure::Unavailable });
        }
        serde_json::from_slice(&answer.body).map_err(|_| ProviderFailure::UnableToGetUserInfo)
    }

    /// Further claims (§5.3). They must be about the account of the ID token (§5.3.2).
    async fn fetch_userinfo(&self, url: &str, access_token: &str, subject: &str) -> Result<Members, ProviderFailure> {
        let outgoing = Outgoing { authorization: Some(format!("Bearer {access_token}")), ..Outgoing::get(url) };
        let answer = self.ask(outgoing).await.map_err(|error| {
            tracing::warn!(provider = %self.id(), %error, "a provider did not tell of an account");
            ProviderFailure::Unavailable
        })?;
        let claims: Option<Members> =
            Some(answer).filter(|answer| answer.status == 200).and_then(|it| serde_json::from_slice(&it.body).ok());
        let claims = claims.filter(|claims| claims.get("sub").and_then(|sub| sub.as_str()) == Some(subject));
        claims.ok_or(ProviderFailure::UnableToGetUserInfo)
    }
}

/// Id and secret are form-encoded first (RFC 6749 §2.3.1).
fn basic(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(client_id), encode(secret))))
}

/// The error code of an answer, for the log.
pub(super) fn error_of(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let code = serde_json::from_slice::<Refusal>(body).map(|refusal| refusal.error).unwrap_or_default();
    code.chars().filter(char::is_ascii_graphic).take(64).collect()
}
