//! Authorization codes: issued once, redeemed once (RFC 6749 §4.1.2, §10.5).

use crate::authorize::SessionFacts;
use crate::digest::Digest;
use crate::dpop::Thumbprint;
use crate::ids::{AppId, GrantId, OrgId, SessionId, UserId};
use crate::pkce::{CodeChallenge, CodeVerifier};
use crate::scope::Scopes;
use crate::time::Timestamp;
use sigma_bitcoin::BapId;

/// What a user let an app do: shared by a code, its grant and their tokens.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// The app.
    pub app_id: AppId,
    /// The person.
    pub user_id: UserId,
    /// The browser session of the consent.
    pub session_id: SessionId,
    /// The chosen identity.
    pub bap_id: Option<BapId>,
    /// The org that they act for.
    pub org_id: Option<OrgId>,
    /// The granted scopes.
    pub scope: Scopes,
    /// Individually requested userinfo claims.
    pub claims: Vec<String>,
    /// Individually requested ID token claims.
    pub id_token_claims: Vec<String>,
    /// Audiences of the access token (RFC 8707).
    pub resources: Vec<String>,
    /// Returned in ID tokens.
    pub nonce: Option<String>,
    /// The last authentication.
    pub auth_time: Timestamp,
    /// Its class.
    pub acr: String,
    /// Its means, space-separated.
    pub amr: String,
}

impl Authorization {
    /// An authorization by the user of `session`, with its authentication.
    pub fn by(session: &SessionFacts, app_id: AppId) -> Self {
        let authentication = session.authentication();
        Self {
            app_id,
            user_id: session.user_id.clone(),
            session_id: session.id.clone(),
            bap_id: None,
            org_id: None,
            scope: Scopes::default(),
            claims: Vec::new(),
            id_token_claims: Vec::new(),
            resources: Vec::new(),
            nonce: None,
            auth_time: authentication.auth_time(),
            acr: authentication.acr().to_string(),
            amr: authentication.amr(),
        }
    }
}

/// A stored code.
#[derive(Clone, Debug)]
pub struct Code {
    /// The digest of the code itself.
    pub hash: Digest,
    /// The authorization that it stands for.
    pub authorization: Authorization,
    /// The redirect URI of the request, which the token request must repeat (RFC 6749 §4.1.3).
    pub redirect_uri: String,
    /// Enforced if it was sent (RFC 7636 §4.6).
    pub code_challenge: Option<CodeChallenge>,
    /// The key that it is bound to (RFC 9449 §10).
    pub dpop_jkt: Option<Thumbprint>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The grant of its redemption.
    pub redeemed_for: Option<GrantId>,
    /// Whether it was used, successfully or not.
    pub used: bool,
}

/// A request to redeem a code.
#[derive(Clone, Debug)]
pub struct Redemption {
    /// The app, authenticated.
    pub app_id: AppId,
    /// The repeated redirect URI.
    pub redirect_uri: Option<String>,
    /// The code verifier.
    pub verifier: SentVerifier,
    /// The key of the request's proof (RFC 9449 §5).
    pub jkt: Option<Thumbprint>,
}

/// The code verifier of a token request.
#[derive(Clone, Debug)]
pub enum SentVerifier {
    /// None.
    Absent,
    /// Absent, from an app without any other authentication: an error even without a challenge.
    Missing,
    /// Malformed: it matches no challenge, and spends the code like a wrong one.
    Malformed,
    /// A verifier.
    Sent(CodeVerifier),
}

/// The result of a redemption (`docs/spec/tokens.md#authorization-codes`). Every result except [`Redeemed::WrongApp`]
/// spends the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// The code was valid.
    Granted,
    /// Another app's code: left untouched, so that nobody can spend a code that is not theirs.
    WrongApp,
    /// It was used before: the grant of the first use must be revoked.
    UsedBefore,
    /// It has expired.
    Expired,
    /// The redirect URI of the request is missing.
    RedirectUriMissing,
    /// The redirect URI differs from the authorization request's.
    WrongRedirectUri,
    /// The verifier does not match the challenge.
    WrongVerifier,
    /// There is a challenge and no verifier.
    VerifierMissing,
    /// There is a verifier and no challenge.
    VerifierUnexpected,
    /// The code is bound to a key of which there is no proof (RFC 9449 §10).
    WrongKey,
}

/// Decides a redemption. The order matters: the app first, then reuse, before anything that could excuse it.
pub fn judge(code: &Code, attempt: &Redemption, now: Timestamp) -> Redeemed {
    if code.authorization.app_id != attempt.app_id {
        return Redeemed::WrongApp;
    }
    if code.used {
        return Redeemed::UsedBefore;
    }
    if now >= code.expires_at {
        return Redeemed::Expired;
    }
    match &attempt.redirect_uri {
        None => return Redeemed::RedirectUriMissing,
        Some(uri) if *uri != code.redirect_uri => return Redeemed::WrongRedirectUri,
        Some(_) => {}
    }
    if code.dpop_jkt.is_some() && code.dpop_jkt != attempt.jkt {
        return Redeemed::WrongKey;
    }
    match (&code.code_challenge, &attempt.verifier) {
        (Some(challenge), SentVerifier::Sent(verifier)) if challenge.matches(verifier) => Redeemed::Granted,
        (_, SentVerifier::Missing) | (Some(_), SentVerifier::Absent) => Redeemed::VerifierMissing,
        (Some(_), SentVerifier::Sent(_) | SentVerifier::Malformed) => Redeemed::WrongVerifier,
        (None, SentVerifier::Absent) => Redeemed::Granted,
        (None, SentVerifier::Sent(_) | SentVerifier::Malformed) => Redeemed::VerifierUnexpected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authentication::{Method, Methods};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn code(challenge: Option<&str>) -> Code {
        let session = SessionFacts {
            id: SessionId::from_text("ses_1"),
            user_id: UserId::from_text("user_1"),
            auth_time: NOW,
            methods: Methods::of(Method::Key),
            bap_id: None,
        };
        Code {
            hash: Digest::of("code"),
            authorization: Authorization::by(&session, AppId::from_text("app")),
            redirect_uri: "https://app.example.org/cb".to_owned(),
            code_challenge: challenge.map(|text| CodeChallenge::parse(text).unwrap()),
            dpop_jkt: None,
            expires_at: Timestamp::from_seconds(1_800_000_060),
            redeemed_for: None,
            used: false,
        }
    }

    fn attempt(verifier: SentVerifier) -> Redemption {
        let redirect_uri = Some("https://app.example.org/cb".to_owned());
        Redemption { app_id: AppId::from_text("app"), redirect_uri, verifier, jkt: None }
    }

    fn sent() -> SentVerifier {
        SentVerifier::Sent(CodeVerifier::parse(VERIFIER).unwrap())
    }

    #[test]
    fn the_app_is_checked_first_and_reuse_before_everything_else() {
        let used = Code { used: true, ..code(Some(CHALLENGE)) };
        let late = Timestamp::from_seconds(1_900_000_000);
        let other = Redemption { app_id: AppId::from_text("other"), ..attempt(sent()) };
        assert_eq!(judge(&used, &other, late), Redeemed::WrongApp);
        let wrong = Redemption { redirect_uri: None, ..attempt(SentVerifier::Malformed) };
        assert_eq!(judge(&used, &wrong, late), Redeemed::UsedBefore);
        assert_eq!(judge(&code(Some(CHALLENGE)), &wrong, late), Redeemed::Expired);
        assert_eq!(judge(&code(Some(CHALLENGE)), &wrong, NOW), Redeemed::RedirectUriMissing);
    }

    #[test]
    fn a_code_is_valid_until_exactly_its_expiry() {
        let just = Timestamp::from_seconds(1_800_000_059);
        assert_eq!(judge(&code(Some(CHALLENGE)), &attempt(sent()), just), Redeemed::Granted);
        assert_eq!(judge(&code(Some(CHALLENGE)), &attempt(sent()), code(None).expires_at), Redeemed::Expired);
    }

    #[test]
    fn a_bound_code_needs_its_key() {
        let jkt = |text: &str| Thumbprint::parse(text);
        let (own, other) = (jkt(CHALLENGE), jkt(VERIFIER));
        let bound = Code { dpop_jkt: own.clone(), ..code(Some(CHALLENGE)) };
        let judged = |jkt| judge(&bound, &Redemption { jkt, ..attempt(sent()) }, NOW);
        assert_eq!(judged(own.clone()), Redeemed::Granted);
        assert_eq!(judged(other), Redeemed::WrongKey);
        assert_eq!(judged(None), Redeemed::WrongKey);
        // A code that is not bound may be redeemed with a proof of any key.
        assert_eq!(judge(&code(Some(CHALLENGE)), &Redemption { jkt: own, ..attempt(sent()) }, NOW), Redeemed::Granted);
    }

    #[test]
    fn a_challenge_needs_its_verifier_and_vice_versa() {
        use SentVerifier as V;
        let judged = |challenge, verifier| judge(&code(challenge), &attempt(verifier), NOW);
        assert_eq!(judged(Some(CHALLENGE), sent()), Redeemed::Granted);
        assert_eq!(judged(Some(CHALLENGE), V::Malformed), Redeemed::WrongVerifier);
        assert_eq!(judged(Some(CHALLENGE), V::Absent), Redeemed::VerifierMissing);
        assert_eq!(judged(None, V::Absent), Redeemed::Granted);
        assert_eq!(judged(None, V::Malformed), Redeemed::VerifierUnexpected);
        assert_eq!(judged(None, sent()), Redeemed::VerifierUnexpected);
        // A public app must send a verifier, even for a code without a challenge.
        assert_eq!(judged(Some(CHALLENGE), V::Missing), Redeemed::VerifierMissing);
        assert_eq!(judged(None, V::Missing), Redeemed::VerifierMissing);
    }
}
