//! Callers of the management API: people with a role, by an app of the operator, or such an app itself.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use sigma_core::actor::Actor;
use sigma_core::admin_scope::{AdminArea, AdminReach};
use sigma_core::authentication::Acr;
use sigma_core::ids::OrgId;
use sigma_core::operator::OperatorRole;
use sigma_core::scope::{ADMIN_READ, ADMIN_WRITE, Scopes};
use sigma_platform::extract::{Bearer, LiveAccess};
use sigma_platform::http::{ApiError, RequestContext, Rule};
use sigma_platform::state::AppState;
use sigma_store::idempotency::Claim;
use sigma_store::operator::Caller;
use sigma_store::{Store, org};

use super::error::AdminError;

/// Where the endpoints are.
const PREFIX: &str = "/api/admin/v1/";

/// What an endpoint needs of a token.
pub trait Access: Send + 'static {
    /// Whether it changes something.
    const WRITES: bool;
}

/// Reading.
#[derive(Clone, Copy, Debug)]
pub struct Reads;

/// Changing, which includes reading.
#[derive(Clone, Copy, Debug)]
pub struct Writes;

impl Access for Reads {
    const WRITES: bool = false;
}

impl Access for Writes {
    const WRITES: bool = true;
}

/// A caller whose token reaches the endpoint: by a scope of the whole API, or of the area that the path is in.
pub struct Admin<A> {
    /// Who asks, for the operations of the console.
    pub caller: Caller,
    actor: Actor,
    context: RequestContext,
    area: Option<AdminArea>,
    reach: AdminReach,
    /// The app, and the person.
    counted: String,
    /// The request, if it is carried out once.
    claim: Option<Claim>,
    access: PhantomData<fn() -> A>,
}

/// A caller that was found before the endpoint was called.
#[derive(Clone)]
pub struct Proven(pub Arc<Admin<Writes>>);

impl<A> Admin<A> {
    /// The app and the person, as requests are counted.
    pub fn counted_as(&self) -> &str {
        &self.counted
    }

    /// The same caller, for an endpoint.
    fn again<B>(&self) -> Admin<B> {
        Admin {
            caller: self.caller.clone(),
            actor: self.actor.clone(),
            context: self.context.clone(),
            area: self.area,
            reach: self.reach.clone(),
            counted: self.counted.clone(),
            claim: self.claim.clone(),
            access: PhantomData,
        }
    }

    /// Has what is written count for the request that `claim` is for.
    pub fn carry_out(&mut self, claim: Claim) {
        self.claim = Some(claim);
    }

    /// Whether the token has a scope for changes in the area, which some of what is read needs as well.
    pub fn may_write(&self) -> bool {
        self.reach.may_write(self.area)
    }

    /// What the token may do by this API.
    pub fn reach(&self) -> AdminReach {
        self.reach.clone()
    }

    /// The store, on behalf of the caller.
    pub fn store(&self, sigma: &AppState) -> Store {
        let store = sigma.store_for(&self.context, self.actor.clone());
        match &self.claim {
            Some(claim) => store.once(claim.clone()),
            None => store,
        }
    }
}

impl<A: Access> FromRequestParts<AppState> for Admin<A> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, sigma: &AppState) -> Result<Self, Response> {
        if let Some(Proven(known)) = parts.extensions.remove::<Proven>() {
            // Whoever may write in an area may do everything there.
            return Ok(known.as_ref().again());
        }
        let context = RequestContext::from_request_parts(parts, sigma).await.map_err(IntoResponse::into_response)?;
        let Bearer(live) = Bearer::from_request_parts(parts, sigma).await.map_err(IntoResponse::into_response)?;
        let path = parts.uri.path();
        let area = AdminArea::of_path(path.strip_prefix(PREFIX).unwrap_or(path));
        let (caller, actor, reach) = of_token(&live, area, A::WRITES).map_err(IntoResponse::into_response)?;
        // As at the pages: what the operator's org requires of its people holds whatever they come with.
        let is_person = matches!(caller, Caller::Person(_));
        if is_person
            && live.access.claims.acr.as_deref() != Some(Acr::Two.as_str())
            && requires_second_factor(sigma).await?
        {
            return Err(Refusal::SecondFactor.into_response());
        }
        let counted = format!("{}\0{}", live.app.client_id, actor.id().unwrap_or_default());
        context.charge(Rule::OwnApi, counted.as_str()).map_err(IntoResponse::into_response)?;
        Ok(Self { caller, actor, context, area, reach, counted, claim: None, access: PhantomData })
    }
}

/// Who the token speaks for, and what it may do. One that somebody else than its app and its person took part in manages nothing.
fn of_token(live: &LiveAccess, area: Option<AdminArea>, writes: bool) -> Result<(Caller, Actor, AdminReach), Refusal> {
    let claims = &live.access.claims;
    let reach = AdminReach::of(&live.app.still_granted(&Scopes::parse(&claims.scope)));
    let may_write = reach.may_write(area);
    if !may_write && (writes || !reach.may_read(area)) {
        return Err(if writes {
            Refusal::Scope(area.and_then(AdminArea::write).unwrap_or(ADMIN_WRITE), ADMIN_WRITE)
        } else {
            Refusal::Scope(area.map_or(ADMIN_READ, AdminArea::read), ADMIN_READ)
        });
    }
    if claims.act.is_some() || claims.impersonation {
        return Err(Refusal::ForAnother);
    }
    let Some((_, account)) = &live.account else {
        let role = if may_write { OperatorRole::Admin } else { OperatorRole::Auditor };
        return Ok((Caller::App(role), Actor::App(live.app.id.clone()), reach));
    };
    let user_id = account.user.id.clone();
    Ok((Caller::Person(user_id.clone()), Actor::User(user_id), reach))
}

/// Whether the operator's org requires a second factor.
async fn requires_second_factor(sigma: &AppState) -> Result<bool, Response> {
    let found = sigma.store.read(|tx| org::find(tx, &OrgId::operator())).await;
    let found = found.map_err(|error| AdminError::from(error).into_response())?;
    Ok(found.is_some_and(|org| org.require_second_factor))
}

/// Why a token that is good elsewhere manages nothing.
enum Refusal {
    /// Its person has proven one factor, and two are required (RFC 9470 §3).
    SecondFactor,
    /// It has neither this scope of the area (RFC 6750 §3.1) nor that one of the whole API.
    Scope(&'static str, &'static str),
    /// Somebody acts by it for another.
    ForAnother,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (scope, whole) = match self {
            Self::SecondFactor => {
                let words = "The operator's org requires a second factor, which was not proven for this token";
                let refused = ApiError::new(StatusCode::UNAUTHORIZED, "insufficient_user_authentication", words);
                return (
                    [(WWW_AUTHENTICATE, r#"Bearer error="insufficient_user_authentication", acr_values="2""#)],
                    refused,
                )
                    .into_response();
            }
            Self::Scope(scope, whole) => (scope, whole),
            Self::ForAnother => {
                let words = "A token by which somebody acts for another manages nothing";
                return AdminError::Forbidden(words).into_response();
            }
        };
        let words = if scope == whole {
            format!("The token needs the scope {whole}")
        } else {
            format!("The token needs the scope {whole}, or {scope}")
        };
        let mut response = ApiError::new(StatusCode::FORBIDDEN, "insufficient_scope", words).into_response();
        let challenge = format!(r#"Bearer error="insufficient_scope", scope="{scope}""#);
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
