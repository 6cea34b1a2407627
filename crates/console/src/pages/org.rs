//! `/console/orgs/{id}`: an org with its members, and what is done with it.

use std::fmt::Debug;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::email;
use sigma_core::ids::OrgId;
use sigma_core::interaction::{ConsolePage, OrgAccess};
use sigma_core::operator::{OperatorRight, OperatorRole};
use sigma_core::org::{OrgQuota, OrgQuotas, QuotaChange, text};
use sigma_core::params::Params;
use sigma_core::slug::{OPERATOR, Slug};
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::{FormVersion, not_found};
use sigma_platform::state::AppState;
use sigma_store::operator::orgs::{self, MemberLine, OrgChange, OrgDetails};
use sigma_store::org::membership::{MemberPlace, State as Membership};
use sigma_store::org::{Change, Org};
use sigma_store::{Owner, Tx, user};

use super::org_part::path;
use super::orgs::{PATH, line};
use super::{confirmation, field, may_change, named_person, with_query};
use crate::operator::{Operator, require_current};
use crate::outcome::{Done, Notice, PageError};
use crate::paging::{LENGTH, one_more, page_of};
use crate::quotas::Most;
use crate::view::{Fact, MemberRow, OrgEntered, OrgPage, QuotaEntered, Tab};

const ONE: &str = "/console/orgs/{id}";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, ONE, show), Endpoint::post(FORM, ONE, act)]
}

/// What a page shows beside the org itself.
#[derive(Default)]
struct Beside {
    notice: Option<Notice>,
    entered: Option<OrgEntered>,
    query: Params,
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let id = OrgId::parse(&id).ok_or_else(not_found)?;
    let notice = Done::reported_by(&query, operator.language);
    draw(&sigma, &operator, &id, StatusCode::OK, Beside { notice, query, ..Beside::default() }).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    id: &OrgId,
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let (search, after) = (field(&beside.query, "q"), beside.query.get("after").and_then(MemberPlace::parse));
    let folded = (!search.is_empty()).then(|| email::fold(&search));
    let (caller, wanted, from, now) = (operator.caller(), id.clone(), after.clone(), sigma.now());
    let read = operator.read(sigma, move |tx| {
        let details = orgs::details(tx, &caller, &wanted, now)?;
        let page = (folded.as_deref(), from.as_ref());
        Ok((details, orgs::members(tx, &caller, &wanted, page, one_more(LENGTH))?))
    });
    let (details, members) = read.await?;
    let (members, last) = page_of(members, LENGTH, |line| line.member.place().to_string());
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageOrgs, ConsolePage::OrgChange(id.clone()))?;
    let (path, is_own) = (format!("/console/orgs/{id}"), *id == OrgId::operator());
    let view = OrgPage {
        line: line(&details.org),
        facts: facts(sigma, operator, &details),
        links: links(operator, &details.org),
        entered: beside.entered.unwrap_or_else(|| entered(sigma, &details)),
        may_change: confirmation.may_change && operator.may_reach(id),
        confirm_url: confirmation.url.clone(),
        gives_admins: !is_own,
        next: last.map(|last| with_query(&path, &[("after", &last)])),
        first: after.map(|_| path),
        members: members.iter().map(row).collect(),
        search,
    };
    let page = view.render(status, &operator.frame(Tab::Orgs, beside.notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

/// What the form shows of an org.
fn shown(details: &OrgDetails) -> impl Debug + use<> {
    let org = &details.org;
    let switches = (org.verified, org.require_second_factor, org.quick_logins);
    (org.name.clone(), org.slug.clone(), switches, OrgQuota::ALL.map(|quota| details.quotas.own(quota)))
}

fn entered(sigma: &AppState, details: &OrgDetails) -> OrgEntered {
    let org = &details.org;
    let own = |quota| details.quotas.own(quota).map(|most| most.to_string()).unwrap_or_default();
    OrgEntered {
        quotas: quotas(sigma, own),
        name: org.name.clone(),
        slug: org.slug.as_ref().map(ToString::to_string).unwrap_or_default(),
        verified: org.verified,
        require_second_factor: org.require_second_factor,
        quick_logins: org.quick_logins,
        version: FormVersion::of(&shown(details)),
    }
}

/// The fields of quotas, with the values that `value` gives.
fn quotas(sigma: &AppState, value: impl Fn(OrgQuota) -> String) -> Vec<QuotaEntered> {
    let rule = Most::of(&OrgQuotas::default(), &sigma.settings);
    let field = |quota: OrgQuota| {
        let (label, otherwise) = match quota {
            OrgQuota::Members => ("console-org-members", rule.members),
            OrgQuota::ApiKeys => ("console-org-api-keys", Some(rule.api_keys)),
            OrgQuota::Webhooks => ("webhooks-title", Some(rule.webhooks)),
            OrgQuota::MeritsPerDay => ("console-org-quota-merits", Some(rule.merits)),
            OrgQuota::UploadMebibytesPerDay => ("console-org-quota-uploads", Some(rule.upload_mebibytes)),
        };
        QuotaEntered { field: quota_field(quota), label, value: value(quota), otherwise, ceiling: quota.ceiling() }
    };
    OrgQuota::ALL.into_iter().map(field).collect()
}

fn quota_field(quota: OrgQuota) -> String {
    format!("quota_{}", quota.as_str())
}

fn facts(sigma: &AppState, operator: &Operator, details: &OrgDetails) -> Vec<Fact> {
    let (usage, most) = (&details.usage, Most::of(&details.quotas, &sigma.settings));
    let of = |number: u64, most: u64| {
        let (number, most) = (operator.language.number(number), operator.language.number(most));
        let text = operator.language.text("console-org-of").with("count", number).with("most", most);
        text.to_string()
    };
    let apps = if usage.apps.is_more() {
        operator.language.text("console-more-than").with("count", usage.apps.number()).to_string()
    } else {
        usage.apps.number().to_string()
    };
    let admins: Vec<String> = details.admins.iter().map(named).collect();
    let roles: Vec<&str> = details.roles.iter().map(|role| role.name.as_str()).collect();
    let fact = |label: &'static str, value: String| Fact { label, value };
    let facts = vec![
        fact("console-org-admins", admins.join("\n")),
        fact("console-org-roles", roles.join("\n")),
        fact(
            "console-org-members",
            most.members.map_or(operator.language.number(usage.members), |most| of(usage.members, most.into())),
        ),
        fact("console-apps", apps),
        fact("console-org-api-keys", of(usage.api_keys, most.api_keys.into())),
        fact("webhooks-title", of(usage.webhooks, most.webhooks.into())),
        fact("console-org-merits", of(usage.merits_sent, most.merits.into())),
        fact("console-org-uploads", of(usage.uploaded >> 20, most.upload_mebibytes.into())),
    ];
    facts.into_iter().filter(|fact| !fact.value.is_empty()).collect()
}

fn named(user: &user::User) -> String {
    user.email.as_ref().map_or_else(|| user.name.clone(), |email| format!("{} ({email})", user.name))
}

fn links(operator: &Operator, org: &Org) -> Vec<(String, &'static str)> {
    let mut links = vec![(format!("/console/orgs/{}/domains", org.id), "domains-title")];
    links.extend(OrgAccess::ALL.into_iter().map(|access| (path(&org.id, access), title(access))));
    if operator.role.may(Tab::Branding.right()) {
        links.push((format!("/console/branding/org/{}", org.id), "branding-title"));
    }
    if operator.role.may(Tab::Audit.right()) {
        links.push((with_query("/console/audit", &[("org", org.id.as_str())]), "console-all-events"));
    }
    if org.id == OrgId::operator() && operator.role == OperatorRole::Owner {
        links.push((format!("/workspace/{}", org.id), "console-org-own"));
    }
    links
}

/// What the page about what gives access to an org is called: a key of the catalogue.
const fn title(access: OrgAccess) -> &'static str {
    match access {
        OrgAccess::ApiKeys => "console-org-api-keys",
        OrgAccess::Links => "merits-apps-title",
        OrgAccess::Directories => "scim-title",
        OrgAccess::Impersonators => "console-impersonators",
    }
}

fn row(line: &MemberLine) -> MemberRow {
    let member = &line.member;
    let (class, state) = match member.state {
        Membership::Invited => ("", "console-org-invited"),
        Membership::Active if member.disabled => ("off", "console-disabled"),
        Membership::Active => ("good", "console-org-active"),
        Membership::Inactive => ("off", "console-org-inactive"),
    };
    MemberRow {
        id: (member.state != Membership::Invited).then(|| member.user_id.to_string()),
        name: member.name.clone(),
        email: member.email.clone(),
        role: line.role.clone(),
        is_admin: line.is_admin,
        class,
        state,
    }
}

async fn act(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    let id = OrgId::parse(&id).ok_or_else(not_found)?;
    may_change(&sigma, &operator, OperatorRight::ManageOrgs, ConsolePage::OrgChange(id.clone()))?;
    let form = Params::parse_form(&body);
    match form.raw("do") {
        Some("save") => save(&sigma, &operator, &id, &form).await,
        Some(what @ ("give-admin" | "take-admin")) => {
            set_admin(&sigma, &operator, &id, &form, what == "give-admin").await
        }
        Some("remove") => remove(&sigma, &operator, &id, &form).await,
        _ => draw(&sigma, &operator, &id, StatusCode::BAD_REQUEST, Beside::default()).await,
    }
}

async fn remove(sigma: &AppState, operator: &Operator, id: &OrgId, form: &Params) -> Result<Response, PageError> {
    let (caller, wanted) = (operator.caller(), id.clone());
    let org = operator.read(sigma, move |tx| orgs::find(tx, &caller, &wanted)).await?;
    // A name may begin or end with more than one space.
    if field(form, "confirm").split_whitespace().ne(org.name.split_whitespace()) {
        let notice = Some(Notice::Refused(operator.text("console-org-wrong-confirm")));
        return draw(sigma, operator, id, StatusCode::BAD_REQUEST, Beside { notice, ..Beside::default() }).await;
    }
    let (caller, wanted, now) = (operator.caller(), id.clone(), sigma.now());
    match operator.act(sigma, move |tx| orgs::remove(tx, &caller, &wanted, now)).await? {
        Ok(()) => Ok(Done::OrgRemoved.at(PATH)),
        Err(notice) => {
            let beside = Beside { notice: Some(notice), ..Beside::default() };
            draw(sigma, operator, id, StatusCode::CONFLICT, beside).await
        }
    }
}

async fn save(sigma: &AppState, operator: &Operator, id: &OrgId, form: &Params) -> Result<Response, PageError> {
    let is_on = |name: &str| form.raw(name).is_some_and(|value| !value.is_empty());
    let entered = OrgEntered {
        name: field(form, "name"),
        slug: field(form, "slug"),
        verified: is_on("verified"),
        require_second_factor: is_on("require_second_factor"),
        quick_logins: is_on("quick_logins"),
        quotas: quotas(sigma, |quota| field(form, &quota_field(quota))),
        version: FormVersion::sent(form),
    };
    let named = OrgQuota::ALL.into_iter().filter(|quota| form.raw(&quota_field(*quota)).is_some());
    let named = named.map(|quota| (quota.as_str(), field(form, &quota_field(quota))));
    let change = match changed(&entered, named) {
        Ok(change) => change,
        Err(key) => {
            let notice = Some(Notice::Refused(operator.text(key)));
            let beside = Beside { notice, entered: Some(entered), ..Beside::default() };
            return draw(sigma, operator, id, StatusCode::BAD_REQUEST, beside).await;
        }
    };
    let (caller, wanted, now, sent) = (operator.caller(), id.clone(), sigma.now(), entered.version.clone());
    let change = move |tx: &mut dyn Tx| {
        // A change of the slug needs both.
        require_current(tx, &[Owner::Installation, Owner::Org(&wanted)], &sent, |tx| {
            Ok(shown(&orgs::details(tx, &caller, &wanted, now)?))
        })?;
        orgs::change(tx, &caller, &wanted, &change, now)
    };
    match operator.act(sigma, change).await? {
        Ok(_) => Ok(Done::Saved.at(&format!("/console/orgs/{id}"))),
        Err(notice) => {
            let beside = Beside { notice: Some(notice), entered: Some(entered), ..Beside::default() };
            draw(sigma, operator, id, StatusCode::CONFLICT, beside).await
        }
    }
}

/// The change that a form asks for; a key of the catalogue if a field is malformed.
fn changed(
    entered: &OrgEntered,
    named: impl Iterator<Item = (&'static str, String)>,
) -> Result<OrgChange, &'static str> {
    let name = text::name(&entered.name).map_err(|_| "console-problem-name")?;
    let slug = match entered.slug.as_str() {
        "" => None,
        // The operator's own org keeps the one that is reserved for it; nobody else gets it.
        OPERATOR => Slug::parse(OPERATOR),
        slug => Some(Slug::for_org(slug).map_err(|_| "console-problem-slug")?),
    };
    let most = |text: String| {
        let number = (!text.is_empty()).then(|| text.parse::<u64>());
        number.transpose().map_err(|_| "console-problem-quota")
    };
    let quotas = named.map(|(name, text)| most(text).map(|most| (name, most))).collect::<Result<Vec<_>, _>>()?;
    Ok(OrgChange {
        quotas: QuotaChange::new(quotas).map_err(|_| "console-problem-quota")?,
        settings: Change {
            name: Some(name),
            slug: Some(slug),
            quick_logins: Some(entered.quick_logins),
            require_second_factor: Some(entered.require_second_factor),
        },
        verified: Some(entered.verified),
    })
}

async fn set_admin(
    sigma: &AppState,
    operator: &Operator,
    id: &OrgId,
    form: &Params,
    is_admin: bool,
) -> Result<Response, PageError> {
    let person = field(form, "person");
    let Some(user_id) = named_person(sigma, &person).await? else {
        let notice = Some(Notice::Refused(operator.text("console-problem-person")));
        return draw(sigma, operator, id, StatusCode::BAD_REQUEST, Beside { notice, ..Beside::default() }).await;
    };
    let (caller, wanted, now) = (operator.caller(), id.clone(), sigma.now());
    let set = operator.act(sigma, move |tx| orgs::set_admin(tx, &caller, (&wanted, &user_id), is_admin, now));
    match set.await? {
        Ok(_) => {
            let done = if is_admin { Done::AdminGiven } else { Done::AdminTaken };
            Ok(done.at(&format!("/console/orgs/{id}")))
        }
        Err(notice) => {
            let beside = Beside { notice: Some(notice), ..Beside::default() };
            draw(sigma, operator, id, StatusCode::CONFLICT, beside).await
        }
    }
}
