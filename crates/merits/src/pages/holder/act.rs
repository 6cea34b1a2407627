//! What its forms do: accept, reject, report, give up, show or hide a merit, end an app's access, and answer a question about an
//! address.

use axum::extract::{FromRequest, Request, State};
use axum::response::Response;
use sigma_core::actor::Actor;
use sigma_core::ids::{MeritId, OrgId};
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::merits::Move;
use sigma_platform::extract::{Browser, SignedIn};
use sigma_platform::http::{Endpoint, RequestContext};
use sigma_platform::interaction::sign_in_first;
use sigma_platform::pages::policy::FORM;
use sigma_platform::state::AppState;
use sigma_store::Stop;
use sigma_store::merits::{member, waiting};

use super::{PATH, parsed};
use crate::pages::form::Form;
use crate::pages::outcome::{Done, PageError};

/// Merits that are handed over at once are a batch each.
const MOST_BATCHES: usize = 40;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 7] {
    [
        Endpoint::post(FORM, "/account/merits/accept", accept),
        Endpoint::post(FORM, "/account/merits/reject", reject),
        Endpoint::post(FORM, "/account/merits/report", report),
        Endpoint::post(FORM, "/account/merits/forfeit", forfeit),
        Endpoint::post(FORM, "/account/merits/end-access", end_access),
        Endpoint::post(FORM, "/account/merits/visibility", set_visibility),
        Endpoint::post(FORM, "/account/merits/claim", answer_claim),
    ]
}

/// A form of the page, sent by a signed-in user. Others sign in, and see the page.
struct Submitted {
    signed_in: SignedIn,
    context: RequestContext,
    form: Form,
}

impl FromRequest<AppState> for Submitted {
    type Rejection = PageError;

    async fn from_request(request: Request, sigma: &AppState) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let context =
            <RequestContext as axum::extract::FromRequestParts<AppState>>::from_request_parts(&mut parts, sigma);
        let context = context.await.map_err(PageError::of)?;
        let browser = Browser::of(&parts.headers);
        let Some(signed_in) = SignedIn::find(sigma, &browser).await? else {
            let continuation = Continuation::Account { page: AccountPage::Merits };
            return Err(PageError::of(sign_in_first(sigma, &browser, continuation)));
        };
        let form = Form::from_request(Request::from_parts(parts, body), sigma).await?;
        Ok(Self { signed_in, context, form })
    }
}

impl Submitted {
    fn merit(&self) -> Option<(OrgId, MeritId)> {
        parsed(&self.form.text("merit"))
    }

    async fn answer(&self, sigma: &AppState, step: Move, done: Done) -> Result<Response, PageError> {
        let Some((org_id, id)) = self.merit() else { return Ok(Done::Gone.at(PATH)) };
        let (user_id, now) = (self.signed_in.account.user.id.clone(), sigma.now());
        let store = sigma.store_for(&self.context, Actor::User(user_id.clone()));
        match store.decide(move |tx| member::answer(tx, &user_id, (&org_id, &id), step, now)).await {
            Ok(_) => Ok(done.at(PATH)),
            // Answered in another tab, revoked or transferred: the page shows what is there now.
            Err(Stop::Refused(_)) => Ok(Done::Gone.at(PATH)),
            Err(Stop::Failed(error)) => Err(error.into()),
        }
    }
}

async fn accept(State(sigma): State<AppState>, submitted: Submitted) -> Result<Response, PageError> {
    submitted.answer(&sigma, Move::Accept, Done::Accepted).await
}

async fn reject(State(sigma): State<AppState>, submitted: Submitted) -> Result<Response, PageError> {
    submitted.answer(&sigma, Move::Reject, Done::Rejected).await
}

async fn report(State(sigma): State<AppState>, submitted: Submitted) -> Result<Response, PageError> {
    submitted.answer(&sigma, Move::Report, Done::Reported).await
}

async fn forfeit(State(sigma): State<AppState>, submitted: Submitted) -> Result<Response, PageError> {
    submitted.answer(&sigma, Move::Forfeit, Done::Forfeited).await
}

async fn end_access(State(sigma): State<AppState>, submitted: Submitted) -> Result<Response, PageError> {
    submitted.answer(&sigma, Move::Forfeit, Done::AccessEnded).await
}

async fn set_visibility(State(sigma): State<AppState>, submitted: Submitted) -> Result<Response, PageError> {
    let Some((org_id, id)) = submitted.merit() else { return Ok(Done::Gone.at(PATH)) };
    let public = submitted.form.is_checked("public");
    let (user_id, now) = (submitted.signed_in.account.user.id.clone(), sigma.now());
    let store = sigma.store_for(&submitted.context, Actor::User(user_id.clone()));
    match store.decide(move |tx| member::set_public(tx, &user_id, (&org_id, &id), public, now)).await {
        Ok(_) => Ok(if public { Done::Shown } else { Done::Hidden }.at(PATH)),
        Err(Stop::Refused(_)) => Ok(Done::Gone.at(PATH)),
        Err(Stop::Failed(error)) => Err(error.into()),
    }
}

async fn answer_claim(State(sigma): State<AppState>, submitted: Submitted) -> Result<Response, PageError> {
    let (user_id, folded, now) =
        (submitted.signed_in.account.user.id.clone(), submitted.form.text("email"), sigma.now());
    let store = sigma.store_for(&submitted.context, Actor::User(user_id.clone()));
    if !submitted.form.is_checked("hand_over") {
        store.write(move |tx| waiting::keep(tx, &user_id, &folded)).await?;
        return Ok(Done::Kept.at(PATH));
    }
    let mut moved = 0;
    for _ in 0..MOST_BATCHES {
        let (user_id, folded) = (user_id.clone(), folded.clone());
        match store.write(move |tx| waiting::hand_over(tx, &user_id, &folded, now)).await? {
            0 => break,
            some => moved += some,
        }
    }
    Ok(if moved > 0 { Done::HandedOver } else { Done::Gone }.at(PATH))
}
