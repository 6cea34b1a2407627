//! `/account`: a signed-in user's e-mail addresses and credentials. Viewing needs a session, changing one that began or was
//! confirmed a short time ago.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::authentication::{Credential, CredentialKind};
use sigma_core::ids::UserId;
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::params::Params;
use sigma_core::time::Timestamp;
use sigma_store::StoreError;
use sigma_store::credential::{self, StoredCredential};
use sigma_store::email::{self, StoredEmail};
use sigma_store::email_change::{self, Addition, MOST_GUESSES};
use sigma_store::impersonation;
use sigma_store::passkey::{self, StoredPasskey};
use sigma_store::provider_account::{self, ProviderAccount};
use sigma_store::recovery_code;

use crate::account::view::{CredentialLine, EmailLine, LanguageChoice, OwnAccount, OwnPasskeys, WaitingAddress};
use crate::extract::{Browser, SignedIn};
use crate::factors::passkeys::is_offered;
use crate::http::{ApiError, Endpoint};
use crate::i18n::Language;
use crate::interaction::{begin, sign_in_first, with_cookie};
use crate::pages::policy::PAGE;
use crate::pages::view::ProviderButton;
use crate::paths::login_url;
use crate::providers::ProviderFailure;
use crate::state::AppState;

/// The path of this page.
pub const PATH: &str = "/account";

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, PATH, show)
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let done = params.get("done").and_then(|name| DONE.iter().find(|(known, _)| *known == name));
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    let failure = params.get("error").and_then(ProviderFailure::parse);
    let answer = OwnAccount {
        done: done.map(|(_, key)| language.text(key).to_string()),
        refusal: failure.map(|failure| language.text(failure.text()).to_string()),
        ..OwnAccount::default()
    };
    render(&sigma, &browser, &signed_in, answer, StatusCode::OK).await
}

/// What a form did, by the name that its redirect carries: keys of the catalogue.
const DONE: [(&str, &str); 11] = [
    ("added", "account-done-added"),
    ("primary", "account-done-primary"),
    ("removed", "account-done-removed"),
    ("renamed", "account-done-renamed"),
    ("passkey", "account-done-passkey"),
    ("has-authenticator", "account-done-has-authenticator"),
    ("retired", "account-done-retired"),
    ("linked", "account-providers-linked"),
    ("kept", "account-delete-kept"),
    ("merged", "account-merge-done"),
    ("language", "account-language-saved"),
];

/// Back to the page, which says what was done.
pub fn done(what: &str) -> Response {
    Redirect::to(&format!("{PATH}?done={what}")).into_response()
}

/// To the sign-in page, and back here.
pub fn first(sigma: &AppState, browser: &Browser) -> Result<Response, ApiError> {
    sign_in_first(sigma, browser, Continuation::Account { page: AccountPage::Overview })
}

/// The page that asks to sign in again, unless the session may change credentials, addresses and second factors
/// ([`SignedIn::may_change_credentials`]).
pub async fn refuse_change(
    sigma: &AppState,
    browser: &Browser,
    signed_in: &SignedIn,
) -> Result<Option<Response>, ApiError> {
    if signed_in.may_change_credentials(sigma) {
        return Ok(None);
    }
    let words = sigma.language_of(&signed_in.account.user, browser, None).text("sign-in-again-first").to_string();
    let answer = OwnAccount { refusal: Some(words), ..OwnAccount::default() };
    render(sigma, browser, signed_in, answer, StatusCode::FORBIDDEN).await.map(Some)
}

/// The page with `answer` to what was sent.
pub async fn render(
    sigma: &AppState,
    browser: &Browser,
    signed_in: &SignedIn,
    answer: OwnAccount,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let held = sigma.store.read(move |tx| Held::load(tx, &user_id, now)).await?;
    let language = sigma.language_of(&signed_in.account.user, browser, None);
    let (mut sign_in_url, mut cookie) = (None, None);
    if !signed_in.may_change_credentials(sigma) {
        let begun = begin(sigma, browser, Continuation::Account { page: AccountPage::Change }, now)?;
        (sign_in_url, cookie) = (Some(login_url(&begun.name)), begun.set_cookie);
    }
    let view = OwnAccount {
        has_password: held.credentials.iter().any(|stored| stored.credential.kind == CredentialKind::Password),
        emails: held.email_lines(),
        credentials: held.credential_lines(sigma, language),
        providers: ProviderButton::all(sigma),
        waiting: held.addition.as_ref().map(|addition| WaitingAddress {
            address: addition.address.clone(),
            takes_codes: addition.guesses < MOST_GUESSES,
            life: language.duration(sigma.settings.links.sign_up()),
        }),
        sign_in_url,
        passkeys: sigma.relying_party().map(|party| {
            let is_offered = is_offered(&signed_in.session, &signed_in.account.credentials, now);
            held.own_passkeys(party.id(), is_offered)
        }),
        has_totp: signed_in.account.credentials.contains(&CredentialKind::Totp),
        has_second_factor: held.has_second_factor(),
        is_acted_as: held.is_acted_as,
        warning: held.depends_on_one_key.then_some(["one-key-title", "one-key-explained"]),
        language: LanguageChoice::of(&sigma.settings.languages, signed_in.account.user.language.as_deref()),
        ..answer
    };
    Ok(with_cookie(view.render(status, &sigma.page_in(language)), cookie.as_deref()))
}

/// What the page shows.
struct Held {
    emails: Vec<StoredEmail>,
    addition: Option<Addition>,
    /// Active ones.
    credentials: Vec<StoredCredential>,
    /// Accounts at providers.
    linked: Vec<ProviderAccount>,
    passkeys: Vec<StoredPasskey>,
    /// The id by which authenticators know the account.
    user_handle: Option<String>,
    /// Recovery codes that were not used.
    recovery_codes: u64,
    depends_on_one_key: bool,
    is_acted_as: bool,
}

impl Held {
    fn load(tx: &mut dyn sigma_store::Tx, user_id: &UserId, now: Timestamp) -> Result<Self, StoreError> {
        let mut credentials = credential::list(tx, user_id)?;
        credentials.retain(|stored| stored.retired_at.is_none());
        Ok(Self {
            emails: email::list(tx, user_id)?,
            addition: email_change::find_addition(tx, user_id, now)?,
            passkeys: passkey::list(tx, user_id)?,
            user_handle: passkey::find_handle(tx, user_id)?,
            recovery_codes: recovery_code::count(tx, user_id)?,
            depends_on_one_key: credential::depends_on_one_key(tx, user_id)?,
            is_acted_as: !impersonation::list(tx, user_id, now)?.is_empty(),
            credentials,
            linked: provider_account::list(tx, user_id)?,
        })
    }

    fn has_second_factor(&self) -> bool {
        self.credentials.iter().any(|stored| CredentialKind::SECOND_FACTORS.contains(&stored.credential.kind))
    }

    /// For the script.
    fn own_passkeys(&self, rp_id: &str, is_offered: bool) -> OwnPasskeys {
        OwnPasskeys {
            rp_id: rp_id.to_owned(),
            user_handle: self.user_handle.clone(),
            accepted: self.passkeys.iter().map(|passkey| passkey.id.as_str()).collect::<Vec<_>>().join(" "),
            is_offered,
        }
    }

    /// What tells a credential from others of its kind.
    fn label(&self, sigma: &AppState, language: Language, credential: &Credential) -> Option<String> {
        match credential.kind {
            CredentialKind::Key => Some(abbreviated(&credential.id)),
            CredentialKind::Passkey => {
                self.passkeys.iter().find(|passkey| passkey.id == credential.id).map(|passkey| passkey.name.clone())
            }
            CredentialKind::Recovery => {
                Some(language.text("account-recovery-left").with("count", self.recovery_codes).to_string())
            }
            CredentialKind::Provider => self.account_label(sigma, &credential.id),
            CredentialKind::Password | CredentialKind::Totp => None,
        }
    }

    /// As [`email_change::remove`] decides.
    fn email_lines(&self) -> Vec<EmailLine> {
        let has_password = self.credentials.iter().any(|stored| stored.credential.kind == CredentialKind::Password);
        let proven = self.emails.iter().filter(|email| email.is_proven()).count();
        let line = |email: &StoredEmail| {
            let others = proven - usize::from(email.is_proven());
            let is_needed = email.is_proven() && others == 0 && has_password;
            EmailLine {
                address: email.address.clone(),
                proven: email.is_proven(),
                primary: email.is_primary,
                removable: !is_needed && (!email.is_primary || others == 0),
            }
        };
        self.emails.iter().map(line).collect()
    }

    /// The provider and the address of a linked account.
    fn account_label(&self, sigma: &AppState, id: &str) -> Option<String> {
        let account = self.linked.iter().find(|account| account.id == id)?;
        let provider = sigma.providers.find(&account.provider_id);
        let provider = provider.as_ref().map_or(account.provider_id.as_str(), |provider| provider.label());
        Some(format!("{provider} {}", account.email.as_deref().unwrap_or(&account.subject)))
    }

    /// As [`credential::retire`] decides.
    fn credential_lines(&self, sigma: &AppState, language: Language) -> Vec<CredentialLine> {
        let has_address = self.emails.iter().any(StoredEmail::is_proven);
        let is_way_in =
            |kind: CredentialKind| kind.is_first_factor() && (kind != CredentialKind::Password || has_address);
        let ways_in = self.credentials.iter().filter(|stored| is_way_in(stored.credential.kind)).count();
        let line = |stored: &StoredCredential| {
            let kind = stored.credential.kind;
            CredentialLine {
                kind: match kind {
                    CredentialKind::Key => "account-kind-key",
                    CredentialKind::Password => "account-kind-password",
                    CredentialKind::Passkey => "account-kind-passkey",
                    CredentialKind::Provider => "account-kind-provider",
                    CredentialKind::Totp => "account-kind-totp",
                    CredentialKind::Recovery => "account-kind-recovery",
                },
                stored_kind: kind.as_str(),
                id: stored.credential.id.clone(),
                label: self.label(sigma, language, &stored.credential),
                is_passkey: kind == CredentialKind::Passkey,
                created_at: stored.created_at,
                last_used_at: stored.last_used_at,
                removable: !kind.is_first_factor() || ways_in > usize::from(is_way_in(kind)),
            }
        };
        self.credentials.iter().map(line).collect()
    }
}

/// Beginning and end of a public key.
pub fn abbreviated(pubkey: &str) -> String {
    match (pubkey.get(..8), pubkey.len().checked_sub(8).and_then(|end| pubkey.get(end..))) {
        (Some(begin), Some(end)) if pubkey.len() > 16 => format!("{begin}…{end}"),
        _ => pubkey.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_abbreviated() {
        assert_eq!(abbreviated("024a038aa8d92634a3aa1f42275d3d4c975c4c7d"), "024a038a…975c4c7d");
        assert_eq!(abbreviated("short"), "short");
        assert_eq!(abbreviated("aééééééééééééé"), "aééééééééééééé");
    }
}
