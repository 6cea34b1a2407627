//! Callers of the server's own APIs, such as `/api/profile` (`docs/spec/own-apis.md`): a session, a signature of the user's
//! key, or an app's access token with the scope of the area.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::de::DeserializeOwned;
use sigma_bitcoin::{AuthToken, BapId, PublicKey};
use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::ids::{GrantId, UserId};
use sigma_core::interaction::may_change_credentials;
use sigma_core::person::Identity;
use sigma_core::scope::{OPENID, PROFILE, Scopes};
use sigma_store::account::Account;
use sigma_store::session::BrowserSession;
use sigma_store::signed_request::{Rejected, SignedRequest};
use sigma_store::user;

use super::bearer::ISSUER_AS_RESOURCE;
use super::{
    Bearer, Browser, JSON, KeyToken, KeyTokenError, Scheme, SentProof, SignedIn, access_token, bearer_token, body,
    header, is_content_type, read_object, unauthorized, wrong_content_type,
};
use crate::error::bad_request;
use crate::http::{ApiError, Exceeded, RequestContext, Rule, Unread};
use crate::state::AppState;

/// The header with a signature of the caller's key.
const AUTH_TOKEN: &str = "x-auth-token";

/// The part of the own APIs that an endpoint belongs to: which access tokens it accepts.
pub trait Area: Send + 'static {
    /// The scope that lets an app call it; without one, no app may.
    const SCOPE: Option<&'static str>;
    /// Whether `openid profile` suffices, which published clients use for some reads.
    const OPENID_PROFILE: bool = false;
}

/// How a caller proved whose account it is.
#[derive(Clone, Debug)]
pub enum Means {
    /// The session of a browser, by its cookie or its secret.
    Session(Arc<BrowserSession>),
    /// A signature of a key of the account.
    Key {
        /// The key.
        pubkey: PublicKey,
        /// The signature, for the transaction of a write; `None` for a read, which may be repeated.
        signed: Option<SignedRequest>,
    },
    /// An access token.
    App {
        /// The app that it was issued to.
        app: Arc<App>,
        /// The identity that the user chose for the app.
        bap_id: Option<BapId>,
        /// The grant of its token.
        grant_id: GrantId,
    },
}

/// A caller of the own APIs.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account.
    pub account: Arc<Account>,
    /// How it was proven.
    pub means: Means,
}

impl Caller {
    /// The user.
    pub fn user_id(&self) -> &UserId {
        &self.account.user.id
    }

    /// On whose behalf the audit trail records what the caller does.
    pub fn actor(&self) -> Actor {
        match &self.means {
            Means::Session(_) | Means::Key { .. } => Actor::User(self.user_id().clone()),
            Means::App { app, .. } => Actor::App(app.id.clone()),
        }
    }

    /// The identity that the caller acts as: the one chosen in the session or for the app, the one of the key, or the
    /// primary one.
    pub fn identity(&self) -> Option<&Identity> {
        let identities = &self.account.identities;
        let called = |bap_id: Option<&BapId>| identities.iter().find(|one| Some(&one.bap_id) == bap_id);
        match &self.means {
            // What the user did not choose for an app is not for it to see.
            Means::App { bap_id, .. } => called(bap_id.as_ref()),
            Means::Session(session) => called(session.bap_id.as_ref()).or_else(|| self.account.primary_identity()),
            Means::Key { pubkey, .. } => {
                let own = identities.iter().filter(|one| one.pubkey == Some(*pubkey));
                own.max_by_key(|one| one.is_primary).or_else(|| self.account.primary_identity())
            }
        }
    }

    /// The identity of the account with that id, if the caller may act as it: an app only as the one chosen for it.
    pub fn identity_named(&self, bap_id: &BapId) -> Option<&Identity> {
        match &self.means {
            Means::App { .. } => self.identity().filter(|one| one.bap_id == *bap_id),
            Means::Session(_) | Means::Key { .. } => self.account.identities.iter().find(|one| one.bap_id == *bap_id),
        }
    }

    /// Whether an app calls on behalf of the user.
    pub fn is_app(&self) -> bool {
        matches!(self.means, Means::App { .. })
    }

    /// The session, if that is what the caller proved.
    pub fn session(&self) -> Option<&BrowserSession> {
        if let Means::Session(session) = &self.means { Some(session) } else { None }
    }

    /// Whether the caller may change credentials and what protects them: by a session alone, authenticated a short time ago, at the
    /// strongest class that the account can reach.
    pub fn may_change_credentials(&self, sigma: &AppState) -> bool {
        let credentials = &self.account.credentials;
        self.session().is_some_and(|session| may_change_credentials(&session.facts(), credentials, sigma.now()))
    }

    /// The signature that a write must use up in its transaction, with [`sigma_store::signed_request::accept`].
    pub fn signed(&self) -> Option<&SignedRequest> {
        if let Means::Key { signed, .. } = &self.means { signed.as_ref() } else { None }
    }
}

/// A request of a caller who may use area `A`, with its body.
#[derive(Clone, Debug)]
pub struct OwnApi<A> {
    /// The caller.
    pub caller: Caller,
    /// The body, unread.
    pub body: Bytes,
    /// The headers.
    pub headers: HeaderMap,
    area: PhantomData<fn() -> A>,
}

impl<A> OwnApi<A> {
    /// The body as a JSON object.
    ///
    /// # Errors
    /// 415 for another content type, 400 `invalid_request` for another body.
    pub fn object<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if !is_content_type(&self.headers, JSON) {
            return Err(wrong_content_type("the body must be JSON"));
        }
        read_object(&self.body)
            .ok_or_else(|| bad_request("invalid_request", "the body is not the JSON of this endpoint"))
    }
}

impl<A: Area> FromRequest<AppState> for OwnApi<A> {
    type Rejection = Response;

    async fn from_request(request: Request, sigma: &AppState) -> Result<Self, Response> {
        let takes_tokens = A::SCOPE.is_some() || A::OPENID_PROFILE;
        Self::read(request, sigma).await.map_err(|mut refusal| {
            if takes_tokens {
                refusal.extensions_mut().insert(ISSUER_AS_RESOURCE);
            }
            refusal
        })
    }
}

impl<A: Area> OwnApi<A> {
    async fn read(mut request: Request, sigma: &AppState) -> Result<Self, Response> {
        let context = request.extensions().get::<RequestContext>().cloned();
        let missing = || ApiError::internal("the router was reached around its middleware").into_response();
        let context = context.ok_or_else(missing)?;
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let headers = std::mem::take(request.headers_mut());
        let presented = Presented::of(&headers).map_err(IntoResponse::into_response)?;
        if let Presented::Signature = presented {
            // The signature may cover the body, so that is read first; a large one only for a key that has an account.
            if request.extensions().get::<Unread>().is_some() {
                require_known_key(sigma, &headers).await.map_err(IntoResponse::into_response)?;
            }
            let body = body(request).await?;
            let caller = by_key(sigma, &context, &method, &path, &headers, &body).await?;
            count(&context, &caller).map_err(IntoResponse::into_response)?;
            return Ok(Self { caller, body, headers, area: PhantomData });
        }
        let caller = match presented {
            Presented::AccessToken(scheme, token) => {
                let proof = SentProof::of(&headers, &method, &path);
                by_access_token::<A>(sigma, scheme, token, &proof).await?
            }
            Presented::Session | Presented::Signature => by_session(sigma, &headers).await?,
        };
        count(&context, &caller).map_err(IntoResponse::into_response)?;
        let body = body(request).await?;
        Ok(Self { caller, body, headers, area: PhantomData })
    }
}

/// The credential that decides; one that a client sends on purpose counts before the browser's cookie.
enum Presented<'a> {
    Signature,
    AccessToken(Scheme, &'a str),
    Session,
}

impl<'a> Presented<'a> {
    fn of(headers: &'a HeaderMap) -> Result<Self, ApiError> {
        let sent = access_token(headers).map_err(|_| two_credentials())?;
        match (headers.contains_key(AUTH_TOKEN), sent) {
            (true, Some(_)) => Err(two_credentials()),
            (true, None) => Ok(Self::Signature),
            // The secret of a session, plain or signed: a JWT has a second dot.
            (false, Some((Scheme::Bearer, token))) if token.split('.').count() < 3 => Ok(Self::Session),
            (false, Some((scheme, token))) => Ok(Self::AccessToken(scheme, token)),
            (false, None) => Ok(Self::Session),
        }
    }
}

fn two_credentials() -> ApiError {
    bad_request("invalid_request", "send one credential")
}

async fn by_session(sigma: &AppState, headers: &HeaderMap) -> Result<Caller, Response> {
    let fail = |error: ApiError| error.into_response();
    let browser = Browser::of(headers);
    let signed_in = match bearer_token(headers).ok().flatten() {
        Some(token) => SignedIn::by_token(sigma, token).await.map_err(fail)?,
        None => SignedIn::find(sigma, &browser).await.map_err(fail)?,
    };
    let SignedIn { session, account, .. } = signed_in.ok_or_else(|| unauthorized().into_response())?;
    Ok(Caller { account, means: Means::Session(session) })
}

async fn by_access_token<A: Area>(
    sigma: &AppState,
    scheme: Scheme,
    token: &str,
    proof: &SentProof,
) -> Result<Caller, Response> {
    let presented = Bearer::present(sigma, scheme, token, proof).await;
    let (Bearer(live), _) = presented.map_err(IntoResponse::into_response)?;
    let granted = live.app.still_granted(&Scopes::parse(&live.access.claims.scope));
    let reads = A::OPENID_PROFILE && granted.contains(OPENID) && granted.contains(PROFILE);
    let named = A::SCOPE.is_some_and(|scope| granted.contains(scope));
    let Some((grant, account)) = live.account.filter(|_| reads || named) else {
        return Err(insufficient::<A>(scheme));
    };
    let (bap_id, grant_id) = (grant.authorization.bap_id.clone(), grant.id.clone());
    Ok(Caller { account, means: Means::App { app: live.app, bap_id, grant_id } })
}

/// The refusal of an access token that does not reach (RFC 6750 §3.1).
fn insufficient<A: Area>(scheme: Scheme) -> Response {
    let Some(scope) = A::SCOPE else {
        return ApiError::new(StatusCode::FORBIDDEN, "forbidden", "Apps may not do this").into_response();
    };
    let error =
        ApiError::new(StatusCode::FORBIDDEN, "insufficient_scope", format!("The token needs the scope {scope}"));
    let mut response = error.into_response();
    let challenge = format!(r#"{} error="insufficient_scope", scope="{scope}""#, scheme.as_str());
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// A signature names neither method nor query. So it writes only what its body says, and deletes nothing.
async fn by_key(
    sigma: &AppState,
    context: &RequestContext,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Caller, Response> {
    let writes = !matches!(*method, Method::GET | Method::HEAD);
    if *method == Method::DELETE {
        let words = "A signature does not name the method: sign in to delete";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "session_required", words).into_response());
    }
    let token = KeyToken::of_header(sigma, headers, AUTH_TOKEN, path, body);
    let token =
        token.and_then(|token| if writes && !token.body_bound { Err(KeyTokenError::Invalid) } else { Ok(token) });
    let token = match token {
        Ok(token) => token,
        Err(error) => {
            context.charge_shared(Rule::SignIn, context.client()).await.map_err(IntoResponse::into_response)?;
            return Err(ApiError::from(error).into_response());
        }
    };
    let account = account_of(sigma, &token).await.map_err(IntoResponse::into_response)?;
    let pubkey = token.pubkey;
    let signed = writes.then_some(SignedRequest { pubkey, once: token.once });
    Ok(Caller { account, means: Means::Key { pubkey, signed } })
}

/// Refuses a token that names no key of an account.
async fn require_known_key(sigma: &AppState, headers: &HeaderMap) -> Result<(), ApiError> {
    let token = header(headers, http::HeaderName::from_static(AUTH_TOKEN));
    let token = token.and_then(|token| AuthToken::parse(token).ok()).ok_or(KeyTokenError::Malformed)?;
    let pubkey = *token.pubkey();
    let known = sigma.store.read(move |tx| user::find_by_pubkey(tx, &pubkey)).await?;
    if known.is_some() { Ok(()) } else { Err(KeyTokenError::Invalid.into()) }
}

/// The account that holds the key that signed. A retired key is nobody's.
async fn account_of(sigma: &AppState, token: &KeyToken) -> Result<Arc<Account>, ApiError> {
    let forbidden = |error: &'static str, description: &'static str, code: &'static str| {
        ApiError::new(StatusCode::FORBIDDEN, error, description).with_code(code)
    };
    let pubkey = token.pubkey;
    let user = sigma.store.read(move |tx| user::find_by_pubkey(tx, &pubkey)).await?;
    let user = user.ok_or_else(|| forbidden("user_not_found", "No account has this key.", "USER_NOT_FOUND"))?;
    if user.disabled {
        return Err(forbidden("user_disabled", "This account is disabled.", "USER_DISABLED"));
    }
    if (user.origin_bound || sigma.settings.sign_in.require_origin_bound) && !token.origin_bound {
        let words = "Sign the path prefixed with this server's origin.";
        return Err(forbidden("origin_bound_required", words, "ORIGIN_BOUND_REQUIRED"));
    }
    let account = sigma.find_account(&user.id).await?;
    account.ok_or_else(|| ApiError::internal("the account is gone"))
}

/// Counts a request: per user, and apart for each app, so that none of them blocks another.
fn count(context: &RequestContext, caller: &Caller) -> Result<(), Exceeded> {
    let counted = match &caller.means {
        Means::App { app, .. } => format!("{}\0{}", app.client_id, caller.user_id()),
        Means::Session(_) | Means::Key { .. } => caller.user_id().to_string(),
    };
    context.charge(Rule::OwnApi, counted.as_str())
}

/// The answer to a write whose signature does not count after all.
pub fn rejected(rejected: Rejected) -> ApiError {
    match rejected {
        Rejected::Replayed => KeyTokenError::Invalid.into(),
        Rejected::NotTheirs => ApiError::new(StatusCode::FORBIDDEN, "user_not_found", "No account has this key.")
            .with_code("USER_NOT_FOUND"),
    }
}
