//! The caller of a workspace: a user by its JWT, or a server by an API key (`docs/spec/workspaces.md#credentials`).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use sigma_core::actor::Actor;
use sigma_core::authentication::Acr;
use sigma_core::digest::Digest;
use sigma_core::ids::{ApiKeyId, OrgId, RoleId, UserId};
use sigma_core::org::{
    ApiKeySecret, Authority, KeyPermission, KeyPermissions, MemberTokenClaims, Switch, UnverifiedSession,
};
use sigma_core::time::Timestamp;
use sigma_store::Generation;
use sigma_store::org::membership::State;
use sigma_store::org::quick;
use sigma_store::org::session::SessionKind;

use crate::error::WorkspaceError;
use crate::forwarded::Forwarded;
use crate::state::WorkspaceState;
use crate::uses::KeyUse;
use crate::verified::Verified;
use sigma_platform::extract::{Repeated, bearer_token};
use sigma_platform::http::{RequestContext, Rule};
use sigma_platform::quick::{managers, network_is_allowed};

const API_KEY: HeaderName = HeaderName::from_static("x-sigma-apikey");

/// The credential that a caller sent.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// The JWT of a user.
    Token(&'a str),
    /// The key of a server.
    Key(&'a str),
}

impl<'a> Credential<'a> {
    /// The credential in the headers.
    ///
    /// # Errors
    /// There is none, there are two, or one is repeated.
    pub fn of(headers: &'a HeaderMap) -> Result<Self, WorkspaceError> {
        let twice = || WorkspaceError::invalid("Each credential must be sent once");
        let token = bearer_token(headers).map_err(|Repeated| twice())?;
        let mut keys = headers.get_all(API_KEY).into_iter();
        let key = keys.next();
        if keys.next().is_some() {
            return Err(twice());
        }
        // A non-text value cannot be a credential: it is refused as an invalid one.
        let text = |value: &'a HeaderValue| std::str::from_utf8(value.as_bytes()).unwrap_or_default();
        match (token, key) {
            (Some(_), Some(_)) => Err(WorkspaceError::invalid("Send a token or an API key, not both")),
            (Some(token), None) => Ok(Self::Token(token)),
            (None, Some(key)) => Ok(Self::Key(text(key).trim())),
            (None, None) => Err(WorkspaceError::Missing),
        }
    }

    fn text(self) -> &'a str {
        match self {
            Self::Token(text) | Self::Key(text) => text,
        }
    }

    fn refused(self) -> WorkspaceError {
        match self {
            Self::Token(_) => WorkspaceError::BadToken,
            Self::Key(_) => WorkspaceError::BadKey,
        }
    }
}

/// A caller with a valid credential.
#[derive(Debug)]
pub struct Caller {
    /// The only workspace that they may act in.
    pub org_id: OrgId,
    /// Who they are.
    pub who: Who,
    /// Permissions, in terms of API keys.
    pub permissions: KeyPermissions,
    /// What they may manage.
    authority: Authority,
    /// When their credential expires.
    pub(super) until: Timestamp,
    /// What `forward` returns about them.
    pub(super) headers: [HeaderValue; 4],
    /// And signed.
    pub(super) forwarded: Forwarded,
    /// What `verify` returns about them.
    pub(super) verified: Bytes,
}

/// Who a caller is.
#[derive(Debug)]
pub enum Who {
    /// A member.
    Person {
        /// The user's id.
        user_id: UserId,
        /// As what, now.
        role_id: RoleId,
        /// The session.
        jti: String,
        /// How it began.
        kind: SessionKind,
        /// When the session ends, regardless of refreshes.
        session_ends_at: Timestamp,
    },
    /// A server.
    Key {
        /// Its key.
        id: ApiKeyId,
        /// When it was used.
        last_use: Arc<KeyUse>,
    },
}

impl Caller {
    fn new(org_id: OrgId, who: Who, permissions: KeyPermissions, authority: Authority, until: Timestamp) -> Self {
        let (user, role) = match &who {
            Who::Person { user_id, role_id, .. } => (user_id.as_str(), role_id.as_str()),
            Who::Key { .. } => ("", ""),
        };
        // Ids and permission names consist of letters, digits, `_` and `-`.
        let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
        let headers = [value(user), value(org_id.as_str()), value(role), value(&permissions.names().join(","))];
        let verified = Verified::valid(&org_id, &who, permissions).to_json();
        let forwarded = Forwarded::default();
        Self { org_id, who, permissions, authority, until, headers, forwarded, verified }
    }

    /// Whether their session is a quick login: it counts only from allowed networks.
    fn is_quick(&self) -> bool {
        matches!(self.who, Who::Person { kind: SessionKind::Quick, .. })
    }

    /// The caller as an actor for the store.
    pub fn actor(&self) -> Actor {
        match &self.who {
            Who::Person { user_id, .. } => Actor::User(user_id.clone()),
            Who::Key { id, .. } => Actor::ApiKey(id.clone()),
        }
    }

    /// What they may manage. Every write judges this again in its transaction.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Whether they have an API key permission or a role switch. Of API keys, only one with all five permissions has
    /// any switch.
    pub fn may(&self, wanted: RequiredPermission) -> bool {
        match (wanted, &self.authority) {
            (RequiredPermission::Permission(permission), _) => self.permissions.contains(permission),
            (RequiredPermission::Switch(switch), Authority::Person(role)) => role.switches.is_on(switch),
            (RequiredPermission::Switch(_), _) => self.permissions == KeyPermissions::ALL,
        }
    }
}

/// A permission that a caller is checked for.
#[derive(Clone, Copy, Debug)]
pub enum RequiredPermission {
    /// An API key permission.
    Permission(KeyPermission),
    /// A role switch.
    Switch(Switch),
}

impl RequiredPermission {
    /// The permission of that name.
    ///
    /// # Errors
    /// 400: there is no permission of that name.
    pub fn parse(name: &str) -> Result<Self, WorkspaceError> {
        let switch = || Switch::ALL.into_iter().find(|switch| switch.as_str() == name).map(Self::Switch);
        let required = KeyPermission::parse(name).map(Self::Permission).or_else(switch);
        required.ok_or_else(|| {
            WorkspaceError::invalid(
                "permission must be read, update-data, delete-data, update-model, delete-model or a switch of roles",
            )
        })
    }
}

/// A cached caller, by their credential.
pub struct Known {
    /// The generations of the workspace, and of the user or key, before the lookup: nothing has changed while they are
    /// current. `None` if unknown, which prevents caching.
    made_of: Option<[Generation; 2]>,
    /// Their credential is valid from then on …
    from: Timestamp,
    /// … until then.
    until: Timestamp,
    caller: Arc<Caller>,
}

impl Known {
    fn holds_at(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }

    fn is_of(&self, credential: Credential<'_>) -> bool {
        matches!(
            (&self.caller.who, credential),
            (Who::Person { .. }, Credential::Token(_)) | (Who::Key { .. }, Credential::Key(_))
        )
    }
}

/// Who presents a credential, and so from which network.
#[derive(Clone, Copy)]
pub enum Sender<'r> {
    /// The sender of this request.
    Caller(&'r RequestContext),
    /// The caller of some other server, which asks about them: their network is unknown here.
    Elsewhere,
}

/// The owner of `credential`, if it is valid now and for that presenter.
///
/// # Errors
/// It is invalid, or the store does not answer.
pub async fn identify(
    sigma: &WorkspaceState,
    credential: Credential<'_>,
    sender: Sender<'_>,
) -> Result<Arc<Caller>, WorkspaceError> {
    let caller = look_up(sigma, credential).await?;
    match sender {
        Sender::Caller(context) if caller.is_quick() && !network_is_allowed(sigma, context) => {
            Err(credential.refused())
        }
        _ => Ok(caller),
    }
}

/// The owner of `credential`, if it is valid now, from any network.
async fn look_up(sigma: &WorkspaceState, credential: Credential<'_>) -> Result<Arc<Caller>, WorkspaceError> {
    let memory = sigma.memory();
    let digest = Digest::of(credential.text());
    let now = sigma.now();
    let remembered = memory.callers.get(&digest).filter(|known| {
        known.is_of(credential) && known.made_of.is_some_and(|made_of| memory.watch.are_current(&made_of))
    });
    let known = if let Some(known) = remembered {
        known
    } else {
        let known = Arc::new(match credential {
            Credential::Token(token) => person(sigma, token, now).await?,
            Credential::Key(key) => server(sigma, key).await?,
        });
        if known.made_of.is_some() {
            memory.callers.insert(digest, Arc::clone(&known));
        }
        known
    };
    if !known.holds_at(now) {
        return Err(credential.refused());
    }
    if let Who::Key { last_use, .. } = &known.caller.who {
        memory.uses.note(last_use, now);
    }
    Ok(Arc::clone(&known.caller))
}

/// Tolerated clock skew between our processes.
const SKEW: Duration = Duration::from_mins(1);

/// The member of a token: the token names the session, everything else is read.
async fn person(sigma: &WorkspaceState, token: &str, now: Timestamp) -> Result<Known, WorkspaceError> {
    let bad = || WorkspaceError::BadToken;
    let unverified = UnverifiedSession::parse(token).map_err(|_| bad())?;
    let org_id = unverified.workspace_id().clone();
    let watch = &sigma.memory().watch;
    // Taken before anything is read, so that a change in between makes the result stale.
    let made_of = watch.generation(org_id.as_str()).zip(watch.generation(unverified.user_id().as_str()));
    let mut cached = sigma.find_org(&org_id).await?.ok_or_else(bad)?;
    let kid = unverified.kid().to_owned();
    if !cached.has_secret(&kid) {
        // Another process may have rotated the secret a moment ago.
        cached = sigma.load_org(&org_id).await?.ok_or_else(bad)?;
    }
    let key = cached.verifier(&sigma.master_key, &kid)?.ok_or_else(bad)?;
    let claims = unverified.verify(key).map_err(|_| bad())?;
    if !claims.holds_at(now) || !cached.signed_at(&kid, claims.iat) || claims.jti.contains('\0') {
        return Err(bad());
    }
    let MemberTokenClaims { user_id, jti, iat, .. } = &claims;
    let user_id = user_id.clone();
    let session = sigma.find_org_session(&org_id, jti).await?.ok_or_else(bad)?;
    let member = sigma.find_member(&org_id, &user_id).await?.ok_or_else(bad)?;
    let account = sigma.find_account(&user_id).await?.ok_or_else(bad)?;
    let lives = session.is_live(now) && session.user_id == user_id && session.session_epoch == member.session_epoch;
    if !lives || member.state != State::Active || account.user.disabled {
        return Err(bad());
    }
    let role = sigma.find_role(&org_id, &member.role_id).await?.ok_or_else(bad)?;
    let required = match session.kind {
        SessionKind::Quick => Acr::Zero,
        SessionKind::Proven if cached.org.require_second_factor => Acr::Two,
        SessionKind::Proven => Acr::demanded_by(&account.credentials),
    };
    // What is demanded now counts, not what was demanded when the session began.
    if session.acr < required {
        return Err(bad());
    }
    if session.kind == SessionKind::Quick {
        let managers = managers(sigma).ok_or_else(bad)?;
        if !quick::allows(&cached.org, &member, role.manages_anything, managers) {
            return Err(bad());
        }
    }
    let who = Who::Person {
        user_id,
        role_id: role.id.clone(),
        jti: jti.clone(),
        kind: session.kind,
        session_ends_at: session.expires_at,
    };
    let until = claims.expires_at().min(session.expires_at);
    Ok(Known {
        made_of: made_of.map(Into::into),
        from: Timestamp::from_seconds(*iat).minus(SKEW),
        until,
        caller: Arc::new(Caller::new(org_id, who, role.permissions, role.authority.clone(), until)),
    })
}

/// The server of a key.
async fn server(sigma: &WorkspaceState, key: &str) -> Result<Known, WorkspaceError> {
    let bad = || WorkspaceError::BadKey;
    let secret = ApiKeySecret::parse(key).ok_or_else(bad)?;
    let watch = &sigma.memory().watch;
    let of_key = watch.generation(&secret.digest().base64url());
    let key = sigma.find_api_key(&secret.digest()).await?.filter(|key| key.active).ok_or_else(bad)?;
    let made_of = watch.generation(key.org_id.as_str()).zip(of_key);
    // A removed workspace has none; its keys are deleted later.
    sigma.find_org(&key.org_id).await?.ok_or_else(bad)?;
    let who = Who::Key { id: key.id.clone(), last_use: KeyUse::new(key.org_id.clone(), key.id.clone()) };
    let until = key.expires_at.unwrap_or(Timestamp::from_micros(i64::MAX));
    let caller = Caller::new(key.org_id.clone(), who, key.permissions, Authority::Key(key.permissions), until);
    Ok(Known {
        made_of: made_of.map(Into::into),
        from: Timestamp::from_micros(i64::MIN),
        until,
        caller: Arc::new(caller),
    })
}

/// The caller, by either credential. From here on the request counts towards the budget of their workspace.
#[derive(Clone, Debug)]
pub struct WorkspaceCaller(pub Arc<Caller>);

impl FromRequestParts<WorkspaceState> for WorkspaceCaller {
    type Rejection = WorkspaceError;

    async fn from_request_parts(parts: &mut Parts, sigma: &WorkspaceState) -> Result<Self, WorkspaceError> {
        let context = context(parts)?;
        let caller = identify(sigma, Credential::of(&parts.headers)?, Sender::Caller(context)).await?;
        context.charge(Rule::Workspace, caller.org_id.as_str())?;
        context.take_turn_of(&caller.org_id, parts).await?;
        Ok(Self(caller))
    }
}

/// The caller who asks about somebody else's request, or whose request is asked about: answered from memory at any
/// rate, so it takes no turn among the requests of its workspace. Invalid credentials are counted by address, and never
/// block a valid one.
#[derive(Clone, Debug)]
pub struct WorkspaceCheck(pub Arc<Caller>);

impl FromRequestParts<WorkspaceState> for WorkspaceCheck {
    type Rejection = WorkspaceError;

    async fn from_request_parts(parts: &mut Parts, sigma: &WorkspaceState) -> Result<Self, WorkspaceError> {
        let context = context(parts)?;
        let found = identify(sigma, Credential::of(&parts.headers)?, Sender::Caller(context)).await;
        if let Err(WorkspaceError::BadToken | WorkspaceError::BadKey) = found {
            context.charge(Rule::Check, context.client())?;
        }
        let caller = found?;
        context.charge(Rule::WorkspaceCheck, caller.org_id.as_str())?;
        Ok(Self(caller))
    }
}

fn context(parts: &Parts) -> Result<&RequestContext, WorkspaceError> {
    let context = parts.extensions.get::<RequestContext>();
    context.ok_or_else(|| WorkspaceError::Internal("the router was reached around its middleware".to_owned()))
}
