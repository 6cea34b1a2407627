//! GitHub: OAuth 2.0 without ID tokens. The account is the numeric id, which never changes; names and addresses do.

use serde::Deserialize;
use sigma_core::email::Email;
use sigma_core::json::Members;
use sigma_core::provider::{Claimed, Subject};

use super::openid::error_of;
use super::{Flow, Provider, ProviderFailure, Returned, Told};
use crate::outbound::Outgoing;
use crate::settings::GITHUB;

#[derive(Deserialize)]
struct Tokens {
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl Provider {
    /// The authorization endpoint.
    pub(super) fn github_authorization(&self) -> String {
        format!("{}/login/oauth/authorize", self.settings().issuer())
    }

    /// The address of its API: GitHub Enterprise has it on the same host.
    fn github_api(&self) -> String {
        match self.settings().issuer() {
            GITHUB => "https://api.github.com".to_owned(),
            own => format!("{own}/api/v3"),
        }
    }

    pub(super) async fn redeem_github(
        &self,
        flow: &Flow,
        code: &str,
        returned: Returned<'_>,
    ) -> Result<Told, ProviderFailure> {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", self.settings().client_id.as_str()),
            ("client_secret", self.client_secret().unwrap_or_default()),
            ("code", code),
            ("redirect_uri", returned.redirect_uri),
            ("code_verifier", flow.verifier()),
        ];
        let url = format!("{}/login/oauth/access_token", self.settings().issuer());
        let body = self.ask_github(Outgoing { form: Some(&form), ..Outgoing::get(&url) }).await?;
        // A refusal is a 200 without a token.
        let token = serde_json::from_slice::<Tokens>(&body).ok().and_then(|tokens| tokens.access_token);
        let token = token.ok_or_else(|| {
            tracing::warn!(provider = %self.id(), error = error_of(&body), "a provider refused a code");
            ProviderFailure::InvalidCode
        })?;
        let (user_url, emails_url) =
            (format!("{}/user", self.github_api()), format!("{}/user/emails", self.github_api()));
        let bearer = |url| Outgoing { authorization: Some(format!("Bearer {token}")), ..Outgoing::get(url) };
        let (user, emails) = tokio::join!(self.ask_github(bearer(&user_url)), self.ask_github(bearer(&emails_url)));
        let (user, emails) = (user?, emails?);
        let no_info = |_| ProviderFailure::UnableToGetUserInfo;
        let known: User = serde_json::from_slice(&user).map_err(no_info)?;
        let claims: Members = serde_json::from_slice(&user).map_err(no_info)?;
        let addresses: Vec<Address> = serde_json::from_slice(&emails).map_err(no_info)?;
        let subject = Subject::parse(&known.id.to_string()).ok_or(ProviderFailure::UnableToGetUserInfo)?;
        let mut claimed = Claimed::read(&self.claim_names(), &claims, None);
        // The public address of a profile is whatever the user entered.
        let primary = addresses.into_iter().find(|address| address.primary && address.verified);
        claimed.email = primary.and_then(|address| Email::parse(&address.email).ok());
        claimed.email_verified = claimed.email.is_some();
        if claimed.name.is_empty() {
            claimed.name = known.login;
        }
        Ok(Told { subject, auth_time: None, claimed })
    }

    async fn ask_github(&self, outgoing: Outgoing<'_>) -> Result<Vec<u8>, ProviderFailure> {
        let answer = self.ask(outgoing).await.map_err(|error| {
            tracing::warn!(provider = %self.id(), %error, "a provider does not answer");
            ProviderFailure::Unavailable
        })?;
        match answer.status {
            200 => Ok(answer.body),
            status => {
                tracing::warn!(provider = %self.id(), status, error = error_of(&answer.body), "a provider refused");
                Err(if status < 500 { ProviderFailure::UnableToGetUserInfo } else { ProviderFailure::Unavailable })
            }
        }
    }
}
