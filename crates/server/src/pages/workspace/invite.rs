//! `/workspace/{id}/people/invite`: somebody is invited, and once more on `/workspace/{id}/people/{user}/invitation`.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use sigma_core::email::Email;
use sigma_core::ids::{RoleId, UserId};
use sigma_core::workspace::{Right, text};
use sigma_store::invitation::{self, Invite};
use sigma_store::outbox::MailedLink;
use sigma_store::workspace::{membership, role};

use super::form::Form;
use super::outcome::{Done, Instead, Refused};
use super::person::{Named, role_options, told};
use super::visit::{Visit, failed};
use crate::http::{Envelope, RequestContext, Rule};
use crate::pages::not_found;
use crate::pages::view::PageContext;
use crate::pages::view::workspace::{InviteForm, Notice, Tab};
use crate::state::Sigma;

/// The routes of this page.
pub fn router() -> Router<Sigma> {
    Router::new()
        .route("/workspace/{workspace}/people/invite", get(show).post(invite))
        .route("/workspace/{workspace}/people/{user}/invitation", post(send_again))
}

/// An invitation as it was entered.
#[derive(Default)]
struct Entered {
    email: String,
    name: String,
    role: Option<RoleId>,
}

async fn show(State(sigma): State<Sigma>, visit: Visit) -> Result<Response, Instead> {
    visit.require(&sigma, Right::Users)?;
    page(&sigma, &visit, Entered::default(), StatusCode::OK, None).await
}

async fn invite(
    State(sigma): State<Sigma>,
    context: RequestContext,
    visit: Visit,
    form: Form,
) -> Result<Response, Instead> {
    visit.require(&sigma, Right::Users)?;
    let role = form.0.get("role").map(RoleId::from_text);
    let entered = Entered { email: form.text("email"), name: form.text("name"), role };
    let refused = match attempt(&sigma, &context, &visit, &entered).await? {
        Ok(()) => return Ok(Done::Invited.at(&visit.path("people"))),
        Err(refused) => refused,
    };
    page(&sigma, &visit, entered, refused.status, Some(refused.notice)).await
}

async fn attempt(
    sigma: &Sigma,
    context: &RequestContext,
    visit: &Visit,
    entered: &Entered,
) -> Result<Result<(), Refused>, Instead> {
    let unsent = |words: String| Ok(Err(Refused::invalid(format!("The invitation is not sent yet: {words}."))));
    let Ok(email) = Email::parse(&entered.email) else {
        return unsent("that is no e-mail address".to_owned());
    };
    let name = match text::name(&entered.name) {
        Ok(name) => name,
        Err(problem) => return unsent(format!("the name {problem}")),
    };
    let Some(role_id) = entered.role.clone() else { return unsent("choose a role".to_owned()) };
    let invite = Invite {
        org_id: visit.org_id(),
        actor: visit.actor(),
        name,
        new_user: UserId::new(sigma.now(), &*sigma.rng),
        role_id,
        mail: letter(sigma, context, visit, email.address())?,
        email,
    };
    let invited = Visit::act(sigma, move |tx| invitation::invite(tx, &invite)).await?;
    if invited.is_ok() {
        sigma.mail_was_promised();
    }
    Ok(invited.map(drop))
}

async fn send_again(
    State(sigma): State<Sigma>,
    context: RequestContext,
    visit: Visit,
    Path(named): Path<Named>,
) -> Result<Response, Instead> {
    visit.require(&sigma, Right::Users)?;
    let (org_id, user_id) = (visit.org_id(), named.id());
    let member = sigma.store.read(move |tx| membership::find(tx, &org_id, &user_id)).await.map_err(failed)?;
    let Some(email) = member.and_then(|member| member.email) else { return Err(not_found(&sigma).into()) };
    let mail = letter(&sigma, &context, &visit, &email)?;
    let (org_id, actor, user_id) = (visit.org_id(), visit.actor(), named.id());
    match Visit::act(&sigma, move |tx| invitation::send_again(tx, &org_id, &actor, &user_id, &mail)).await? {
        Ok(_) => {
            sigma.mail_was_promised();
            Ok(Done::Invited.at(&visit.path(&format!("people/{}", named.id()))))
        }
        Err(refused) => told(&sigma, &visit, &named.id(), refused).await,
    }
}

/// The mail to whoever is invited. It counts as sent: a workspace sends only so many an hour.
fn letter(sigma: &Sigma, context: &RequestContext, visit: &Visit, to: &str) -> Result<MailedLink, Instead> {
    context.charge(Rule::Invitation, visit.workspace.id.as_str()).map_err(Instead::of)?;
    let letter = sigma.desk().invitation(to, &visit.workspace.name, Some(&visit.member.name));
    letter.map_err(|error| Instead::of(Envelope::internal(error)))
}

async fn page(
    sigma: &Sigma,
    visit: &Visit,
    entered: Entered,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, Instead> {
    let org_id = visit.org_id();
    let roles = sigma.store.read(move |tx| role::list(tx, &org_id)).await.map_err(failed)?;
    // The weakest role is the one to begin with.
    let weakest = roles.iter().find(|role| !role.permissions.manages_anything()).map(|role| &role.id);
    let roles = role_options(visit, &roles, entered.role.as_ref().or(weakest));
    let view = InviteForm { email: entered.email, name: entered.name, roles };
    Ok(view.render(status, &visit.frame(Tab::People, notice), &PageContext { issuer: sigma.issuer() }))
}
