//! `/console/keys`: the signing keys, their schedule, and rotating and revoking them.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::interaction::ConsolePage;
use sigma_core::jose::{Algorithm, KeyState, Promptness};
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::operator::keys;

use super::{confirmation, may_change};
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError};
use crate::rotation::Asked;
use crate::view::{KeyRow, KeysPage, NextRotation, Tab};

const PATH: &str = "/console/keys";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, PATH, show), Endpoint::post(FORM, PATH, act)]
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, operator.language);
    draw(&sigma, &operator, StatusCode::OK, notice).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let (caller, now) = (operator.caller(), sigma.now());
    let found = operator.read(sigma, move |tx| keys::list(tx, &caller, now)).await?;
    let policy = sigma.keys.policy();
    let language = operator.language;
    let next = found.iter().filter(|key| key.state == KeyState::Signs).map(|key| {
        let signs_next = |other: &&keys::KeyLine| {
            other.record.algorithm == key.record.algorithm && other.state == KeyState::Published
        };
        NextRotation {
            algorithm: key.record.algorithm.as_str(),
            at: found.iter().find(signs_next).map_or_else(
                || key.record.active_from.plus(policy.rotation_age),
                |successor| successor.record.active_from,
            ),
        }
    });
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageKeys, ConsolePage::KeysChange)?;
    let view = KeysPage {
        rotation: language.duration(policy.rotation_age),
        publication: language.duration(policy.publication),
        kept: language.duration(policy.longest_token_life),
        next: next.collect(),
        keys: found.iter().map(KeyRow::of).collect(),
        algorithms: Algorithm::ALL.map(Algorithm::as_str).to_vec(),
        may_change: confirmation.may_change,
        confirm_url: confirmation.url.clone(),
    };
    let page = view.render(status, &operator.frame(Tab::Keys, notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

async fn act(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageKeys, ConsolePage::KeysChange)?;
    let form = Params::parse_form(&body);
    let algorithm = form.raw("alg").filter(|name| !name.is_empty());
    let asked = match form.raw("do") {
        Some("rotate") => Asked::of(algorithm, Promptness::AfterPublication),
        Some("rotate-now") => Asked::of(algorithm, Promptness::Now),
        Some("revoke") => return revoke(&sigma, &operator, form.raw("kid").unwrap_or_default()).await,
        _ => None,
    };
    let Some(asked) = asked else {
        let notice = Notice::Refused(operator.text("console-keys-unknown"));
        return draw(&sigma, &operator, StatusCode::BAD_REQUEST, Some(notice)).await;
    };
    let caller = operator.caller();
    let records = operator.read(&sigma, move |tx| keys::records(tx, &caller)).await?;
    let rotation = sigma.prepare_rotation(records, asked.algorithms, asked.promptness).await?;
    let caller = operator.caller();
    let carried_out = move |tx: &mut dyn sigma_store::Tx| {
        keys::rotate(tx, &caller, |records| rotation.plan(records), rotation.fresh())
    };
    match operator.act(&sigma, carried_out).await? {
        Ok(()) => Ok(Done::Rotated.at(PATH)),
        Err(notice) => draw(&sigma, &operator, StatusCode::FORBIDDEN, Some(notice)).await,
    }
}

async fn revoke(sigma: &AppState, operator: &Operator, kid: &str) -> Result<Response, PageError> {
    let (caller, kid, now) = (operator.caller(), kid.to_owned(), sigma.now());
    match operator.act(sigma, move |tx| keys::revoke(tx, &caller, &kid, now)).await? {
        Ok(true) => Ok(Done::Revoked.at(PATH)),
        Ok(false) => {
            let notice = Notice::Refused(operator.text("console-keys-signs"));
            draw(sigma, operator, StatusCode::CONFLICT, Some(notice)).await
        }
        Err(notice) => draw(sigma, operator, StatusCode::FORBIDDEN, Some(notice)).await,
    }
}
