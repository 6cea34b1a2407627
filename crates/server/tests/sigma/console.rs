//! The console: who sees and does what, and that nobody else does (`docs/guides/console.md`).

use std::fmt::Write as _;

use axum::body::Body;
use http::{Method, Request};
use sigma_core::digest::Digest;
use sigma_core::ids::UserId;
use sigma_core::operator::OperatorRole;
use sigma_server::http::Declaration;
use sigma_server::routes::declarations;
use sigma_store::event::Trail;
use sigma_store::operator::first_owner;
use sigma_store::operator::role::{self, Workspace};
use sigma_store::user;

use crate::support::{Answer, Browser, Key, World, text};

impl World {
    /// Gives a person a role of the operator.
    pub async fn appoint(&self, user_id: &UserId, role: OperatorRole) {
        let workspace = Workspace::new(&self.sigma.master_key, &*self.sigma.rng).unwrap();
        let (user_id, now) = (user_id.clone(), self.now());
        let appoint = move |tx: &mut dyn sigma_store::Tx| {
            role::prepare(tx, &workspace, now)?;
            role::appoint(tx, &user_id, role, now)
        };
        self.sigma.store.decide(appoint).await.unwrap();
        self.tick();
    }

    async fn is_disabled(&self, user_id: &UserId) -> bool {
        let user_id = user_id.clone();
        self.sigma.store.read(move |tx| user::find(tx, &user_id)).await.unwrap().unwrap().disabled
    }
}

/// A browser in which somebody signed up, and their id.
pub async fn person<'w>(world: &'w World, name: &str) -> (Browser<'w>, UserId) {
    let browser = world.browser();
    browser.sign_up(&Key::named(name)).await;
    let id = text(&browser.get("/api/auth/get-session").await.json()["user"], "id").to_owned();
    (browser, UserId::from_text(id))
}

/// A browser of somebody with a role of the operator, and their id.
pub async fn operator<'w>(world: &'w World, name: &str, role: OperatorRole) -> (Browser<'w>, UserId) {
    let (browser, id) = person(world, name).await;
    world.appoint(&id, role).await;
    (browser, id)
}

/// The declared endpoints of the console.
fn endpoints() -> Vec<(Method, String)> {
    let all = declarations();
    let each = |endpoint: &Declaration| {
        let methods: Vec<_> = endpoint.methods().iter().filter(|method| **method != Method::HEAD).cloned().collect();
        let path = endpoint.paths().next().unwrap().to_owned();
        methods.into_iter().map(move |method| (method, path.clone()))
    };
    let mut found: Vec<_> = all.endpoints().iter().flat_map(each).collect();
    found.retain(|(_, path)| path.starts_with("/console"));
    found.sort_by(|one, other| (&one.1, one.0.as_str()).cmp(&(&other.1, other.0.as_str())));
    found
}

async fn ask(browser: &Browser<'_>, method: &Method, path: &str) -> Answer {
    if *method == Method::GET { browser.get(path).await } else { browser.post_form(path, &[]).await }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one line for each endpoint")]
async fn every_endpoint_answers_every_role_and_strangers_as_the_table_says() {
    let world = World::with_orgs().await;
    let team = world.org("Acme").await;
    // An admin of a workspace, who is also one of its org, is a stranger here.
    let (workspace_admin, admin_id) = person(&world, "workspace-admin").await;
    team.join(&admin_id, &team.admin).await;
    let mut callers = vec![("visitor", world.browser()), ("stranger", person(&world, "stranger").await.0)];
    callers.push(("workspace admin", workspace_admin));
    for role in OperatorRole::ALL {
        callers.push((role.as_str(), operator(&world, role.as_str(), role).await.0));
    }
    let app = world.app(crate::support::APP).await.id;
    let webhook = callers[3].1.post_form("/console/webhooks", &[("url", "https://hooks.example.org/")]).await;
    let webhook = webhook.body.split("/console/webhooks/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut table = String::new();
    for (number, (method, declared)) in endpoints().into_iter().enumerate() {
        write!(table, "{method} {declared}:").unwrap();
        for (kind, browser) in &callers {
            let whom = person(&world, &format!("{kind}{number}")).await.1;
            let path = declared.replace("/people/{id}", &format!("/people/{whom}"));
            let path = path.replace("/apps/{id}", &format!("/apps/{app}"));
            let path = path.replace("/orgs/{id}", &format!("/orgs/{}", team.org));
            let path = path.replace("/branding/app/{id}", &format!("/branding/app/{app}"));
            let path = path.replace("/branding/org/{id}", &format!("/branding/org/{}", team.org));
            let path = path.replace("{template}", "reset").replace("{domain}", "example.org");
            let path = path.replace("{key}", "key_0123456789abcdef01234567").replace("{person}", whom.as_str());
            let path = path.replace("{directory}", "0123456789abcdef01234567").replace("{app}", app.as_str());
            let path = path.replace("/webhooks/{id}", &format!("/webhooks/{webhook}"));
            let answer = ask(browser, &method, &path).await;
            let to_sign_in = if answer.location().starts_with("/login?") { " sign in" } else { "" };
            write!(table, " {kind} {}{to_sign_in},", answer.status.as_u16()).unwrap();
        }
        table.push('\n');
    }
    insta::assert_snapshot!(table.replace(",\n", "\n"), @r"
    GET /console: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 200, auditor 200
    GET /console/apps: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    GET /console/apps/documents: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/apps/documents: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    POST /console/apps/documents/unblock: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    GET /console/apps/new: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 403
    POST /console/apps/new: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/apps/registration: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/apps/registration: visitor 303 sign in, stranger 404, workspace admin 404, owner 201, admin 201, support 403, auditor 403
    POST /console/apps/registration/revoke: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    GET /console/apps/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/apps/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/audit: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    GET /console/audit.csv: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    GET /console/audit.ndjson: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    GET /console/branding: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/branding: visitor 303 sign in, stranger 404, workspace admin 404, owner 303, admin 303, support 403, auditor 403
    GET /console/branding/app/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/branding/app/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 303, admin 303, support 403, auditor 403
    POST /console/branding/app/{id}/logo: visitor 303 sign in, stranger 404, workspace admin 404, owner 415, admin 415, support 403, auditor 403
    POST /console/branding/logo: visitor 303 sign in, stranger 404, workspace admin 404, owner 415, admin 415, support 403, auditor 403
    GET /console/branding/org/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/branding/org/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 303, admin 303, support 403, auditor 403
    POST /console/branding/org/{id}/logo: visitor 303 sign in, stranger 404, workspace admin 404, owner 415, admin 415, support 403, auditor 403
    GET /console/doctor: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    GET /console/first-owner: visitor 404, stranger 404, workspace admin 404, owner 404, admin 404, support 404, auditor 404
    POST /console/first-owner: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 404, auditor 404
    GET /console/keys: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/keys: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/mail: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 200, auditor 200
    POST /console/mail: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/mail/templates: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 200, auditor 200
    GET /console/mail/templates/{template}: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 200, auditor 200
    GET /console/mail/templates/{template}/html: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 200, auditor 200
    GET /console/orgs: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/orgs: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/orgs/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/orgs/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/orgs/{id}/api-keys: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/orgs/{id}/api-keys: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/orgs/{id}/api-keys/{key}: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 404
    POST /console/orgs/{id}/api-keys/{key}/deactivate: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    POST /console/orgs/{id}/api-keys/{key}/remove: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    GET /console/orgs/{id}/directories: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/orgs/{id}/directories: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/orgs/{id}/directories/{directory}: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 404
    POST /console/orgs/{id}/directories/{directory}/remove: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    POST /console/orgs/{id}/directories/{directory}/rotate: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    GET /console/orgs/{id}/domains: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/orgs/{id}/domains: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    POST /console/orgs/{id}/domains/{domain}: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    POST /console/orgs/{id}/domains/{domain}/check: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    POST /console/orgs/{id}/domains/{domain}/remove: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    GET /console/orgs/{id}/impersonators: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/orgs/{id}/impersonators: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    POST /console/orgs/{id}/impersonators/{person}/remove: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    GET /console/orgs/{id}/links: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/orgs/{id}/links: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    POST /console/orgs/{id}/links/{app}: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    POST /console/orgs/{id}/links/{app}/remove: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    GET /console/people: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 200, auditor 200
    POST /console/people/export: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 200, auditor 200
    POST /console/people/import: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/people/new: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 403
    POST /console/people/new: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/people/transfer: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 200, auditor 200
    GET /console/people/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 200, auditor 200
    POST /console/people/{id}/delete: visitor 303 sign in, stranger 404, workspace admin 404, owner 303, admin 303, support 403, auditor 403
    POST /console/people/{id}/disable: visitor 303 sign in, stranger 404, workspace admin 404, owner 303, admin 303, support 403, auditor 403
    POST /console/people/{id}/enable: visitor 303 sign in, stranger 404, workspace admin 404, owner 303, admin 303, support 403, auditor 403
    POST /console/people/{id}/keep: visitor 303 sign in, stranger 404, workspace admin 404, owner 303, admin 303, support 403, auditor 403
    POST /console/people/{id}/merge: visitor 303 sign in, stranger 404, workspace admin 404, owner 409, admin 409, support 403, auditor 403
    POST /console/people/{id}/recover: visitor 303 sign in, stranger 404, workspace admin 404, owner 409, admin 409, support 403, auditor 403
    POST /console/people/{id}/reset: visitor 303 sign in, stranger 404, workspace admin 404, owner 409, admin 409, support 409, auditor 403
    POST /console/people/{id}/sign-out: visitor 303 sign in, stranger 404, workspace admin 404, owner 303, admin 303, support 303, auditor 403
    GET /console/providers: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/providers: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/providers/new: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 403, support 403, auditor 403
    POST /console/providers/new: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 403, support 403, auditor 403
    GET /console/providers/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 403, support 403, auditor 403
    POST /console/providers/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 403, support 403, auditor 403
    GET /console/resource: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 404, auditor 404
    POST /console/resource: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 403, auditor 403
    GET /console/resources: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/resources: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/sessions: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 200, auditor 200
    POST /console/sessions: visitor 303 sign in, stranger 404, workspace admin 404, owner 404, admin 404, support 404, auditor 403
    GET /console/settings: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    GET /console/webhooks: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/webhooks: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    GET /console/webhooks/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 200, admin 200, support 403, auditor 200
    POST /console/webhooks/{id}: visitor 303 sign in, stranger 404, workspace admin 404, owner 400, admin 400, support 403, auditor 403
    ");
}

#[tokio::test]
async fn whoever_follows_the_link_of_the_first_start_becomes_the_owner_once() {
    let world = World::new().await;
    let (link, now) = (Digest::of("secret of the link"), world.now());
    assert!(world.sigma.store.write(move |tx| first_owner::offer(tx, &link, now)).await.unwrap());
    let path = "/console/first-owner?token=secret+of+the+link";
    let browser = world.browser();
    let first = browser.get(path).await;
    assert!(first.location().starts_with("/login?interaction="), "{}", first.location());
    let page = browser.get(first.location()).await;
    assert!(page.body.contains("Sign in to the console"), "{}", page.body);
    browser.sign_up(&Key::named("ada")).await;
    // The sign-in page has nothing more to ask, and leads back.
    let back = browser.get(first.location()).await;
    assert_eq!(back.location(), path);
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(browser.get("/console").await.status, 404, "looking changes nothing");
    let wrong = browser.post_form("/console/first-owner", &[("token", "another")]).await;
    assert_eq!(wrong.status, 404);
    let taken = browser.post_form("/console/first-owner", &[("token", "secret of the link")]).await;
    assert_eq!((taken.status.as_u16(), taken.location()), (303, "/console?done=owner"));
    let console = browser.get("/console?done=owner").await;
    assert!(console.status == 200 && console.body.contains("You are the owner"), "{}", console.body);
    // It is used up, for everybody.
    let (other, _) = person(&world, "eve").await;
    for browser in [&browser, &other] {
        assert_eq!(browser.get(path).await.status, 404);
        let again = browser.post_form("/console/first-owner", &[("token", "secret of the link")]).await;
        assert_eq!(again.status, 404);
    }
    assert_eq!(other.get("/console").await.status, 404);
}

#[tokio::test]
async fn a_link_of_the_first_owner_is_valid_for_a_day() {
    let world = World::new().await;
    let (link, now) = (Digest::of("secret"), world.now());
    assert!(world.sigma.store.write(move |tx| first_owner::offer(tx, &link, now)).await.unwrap());
    let (browser, _) = person(&world, "ada").await;
    assert_eq!(browser.get("/console/first-owner?token=secret").await.status, 200);
    world.advance(24 * 3_600);
    assert_eq!(browser.get("/console/first-owner?token=secret").await.status, 404);
    assert_eq!(browser.post_form("/console/first-owner", &[("token", "secret")]).await.status, 404);
}

#[tokio::test]
async fn an_admin_disables_enables_and_signs_out_and_all_of_it_is_recorded() {
    let world = World::new().await;
    let (admin, admin_id) = operator(&world, "admin", OperatorRole::Admin).await;
    let (ada, ada_id) = person(&world, "ada").await;
    let path = format!("/console/people/{ada_id}");
    let done = async |action: &str| {
        let answer = admin.post_form(&format!("{path}/{action}"), &[]).await;
        assert_eq!(answer.status, 303, "{action}: {}", answer.body);
        assert!(answer.location().starts_with(&format!("{path}?done=")), "{}", answer.location());
        assert!(admin.get(answer.location()).await.body.contains("notice-done"), "{action}");
    };
    done("sign-out").await;
    assert_eq!(ada.get("/api/auth/get-session").await.body, "null");
    ada.sign_in(&Key::named("ada")).await;
    done("disable").await;
    assert!(world.is_disabled(&ada_id).await);
    assert_eq!(ada.get("/api/auth/get-session").await.body, "null");
    done("enable").await;
    assert!(!world.is_disabled(&ada_id).await);
    let events = world.trail(Trail::User(ada_id.clone())).await;
    let by_admin: Vec<_> = events.iter().filter(|event| event.actor.user() == Some(&admin_id)).collect();
    let mut actions: Vec<_> = by_admin.iter().map(|event| event.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["session.end_all", "user.disable", "user.enable"]);
    assert!(by_admin.iter().all(|event| event.request_id.is_some() && event.address.is_some()));
    // The person learns of it, and not from where.
    ada.sign_in(&Key::named("ada")).await;
    let activity = ada.get("/account/activity").await.body;
    assert!(activity.contains("The operator"), "{activity}");
    // Nothing of it is shown as what the admin's own account went through.
    let own = world.trail(Trail::User(admin_id)).await;
    assert!(own.iter().all(|event| event.action != "user.disable"));
}

#[tokio::test]
async fn nobody_but_an_owner_acts_on_those_who_run_the_installation() {
    let world = World::new().await;
    let (owner, owner_id) = operator(&world, "owner", OperatorRole::Owner).await;
    let (admin, admin_id) = operator(&world, "admin", OperatorRole::Admin).await;
    let (support, _) = operator(&world, "support", OperatorRole::Support).await;
    for (browser, whom, action) in [
        (&admin, &owner_id, "disable"),
        (&admin, &owner_id, "sign-out"),
        (&admin, &admin_id, "disable"),
        (&support, &admin_id, "sign-out"),
        (&owner, &owner_id, "disable"),
    ] {
        let answer = browser.post_form(&format!("/console/people/{whom}/{action}"), &[]).await;
        assert_eq!(answer.status, 403, "{action}: {}", answer.body);
        assert!(answer.body.contains("notice-error"), "{}", answer.body);
        assert!(!world.is_disabled(whom).await);
    }
    assert_ne!(owner.get("/api/auth/get-session").await.body, "null");
    let answer = owner.post_form(&format!("/console/people/{admin_id}/disable"), &[]).await;
    assert_eq!(answer.status, 303);
    assert!(world.is_disabled(&admin_id).await);
    assert_eq!(admin.get("/console").await.location().split('?').next(), Some("/login"));
}

#[tokio::test]
async fn step_up_changes_need_a_recent_authentication() {
    let world = World::new().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let (_, ada_id) = person(&world, "ada").await;
    world.advance(16 * 60);
    let path = format!("/console/people/{ada_id}");
    let page = owner.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Confirm that it is you") && !page.body.contains(&format!("{path}/disable")));
    for action in ["disable", "enable", "sign-out"] {
        let answer = owner.post_form(&format!("{path}/{action}"), &[]).await;
        assert!(answer.location().starts_with("/login?interaction="), "{action}: {}", answer.status);
    }
    assert!(!world.is_disabled(&ada_id).await);
    let asked = owner.post_form(&format!("{path}/disable"), &[]).await;
    assert_eq!(owner.get(asked.location()).await.status, 200, "the sign-in page asks again");
    owner.sign_in(&Key::named("owner")).await;
    assert_eq!(owner.get(asked.location()).await.location(), path);
    assert_eq!(owner.post_form(&format!("{path}/disable"), &[]).await.status, 303);
    assert!(world.is_disabled(&ada_id).await);
}

#[tokio::test]
async fn csrf_a_form_of_another_site_changes_nobody() {
    let world = World::new().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let (_, ada_id) = person(&world, "ada").await;
    for headers in [[("origin", "https://evil.example")], [("sec-fetch-site", "cross-site")], [("origin", "null")]] {
        for action in ["disable", "enable", "sign-out"] {
            let mut request = Request::post(format!("/console/people/{ada_id}/{action}"));
            for (name, value) in headers {
                request = request.header(name, value);
            }
            assert_eq!(owner.send(request, Body::empty()).await.status, 403, "{action} {headers:?}");
        }
    }
    assert!(!world.is_disabled(&ada_id).await);
}

#[tokio::test]
async fn clickjacking_no_page_of_the_console_is_framed() {
    let world = World::new().await;
    let (owner, owner_id) = operator(&world, "owner", OperatorRole::Owner).await;
    for (method, path) in endpoints().into_iter().filter(|(method, _)| *method == Method::GET) {
        let path = path.replace("/people/{id}", &format!("/people/{owner_id}"));
        let answer = ask(&owner, &method, &path).await;
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") || policy.contains("sandbox"), "{path}: {policy}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn stored_xss_every_text_is_escaped() {
    const EVIL: &str = "<script>alert(1)</script>\"'";
    let world = World::new().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let (ada, ada_id) = person(&world, "ada").await;
    let (id, now) = (ada_id.clone(), world.now());
    world.sigma.store.write(move |tx| user::rename(tx, &id, EVIL, now)).await.unwrap();
    world.change_app(crate::support::APP, |app| app.name = EVIL.to_owned()).await;
    ada.code(&[]).await;
    let request = Request::post("/api/auth/sign-in/sigma")
        .header("content-type", "application/json")
        .header("user-agent", EVIL)
        .header("x-auth-token", Key::named("ada").token("/api/auth/sign-in/sigma", world.now(), ""));
    assert_eq!(world.browser().send(request, "{}").await.status, 200);
    let app = world.app(crate::support::APP).await.id;
    let evil = "%3Cscript%3Ealert(1)%3C/script%3E%22'";
    let mut shown = 0;
    for path in [
        "/console".to_owned(),
        "/console/people".to_owned(),
        format!("/console/people?q={evil}"),
        format!("/console/people/{ada_id}?done={evil}"),
        "/console/apps".to_owned(),
        format!("/console/apps/{app}"),
        format!("/console/audit?person={evil}&app={evil}&org={evil}&action={evil}&since={evil}&until={evil}"),
        format!("/console/audit?person={ada_id}"),
    ] {
        let answer = owner.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert!(!answer.body.contains("<script>alert"), "{path}: {}", answer.body);
        shown += answer.body.matches("&#60;script&#62;").count();
    }
    assert!(shown >= 8, "{shown}");
}

#[tokio::test]
async fn the_trail_is_exported_whole_as_lines_and_followed_live() {
    let world = World::new().await;
    let (auditor, id) = operator(&world, "auditor", OperatorRole::Auditor).await;
    let add = |tx: &mut dyn sigma_store::Tx| -> Result<(), sigma_store::StoreError> {
        let event = || sigma_store::event::NewEvent::new(sigma_core::event::Action::UserChange);
        (0..450).try_for_each(|_| sigma_store::event::append(tx, event()))
    };
    world.sigma.store.write(add).await.unwrap();
    let file = auditor.get("/console/audit.ndjson?action=user.change").await;
    assert_eq!((file.status.as_u16(), file.header("content-type")), (200, "application/x-ndjson"));
    let lines: Vec<serde_json::Value> = file.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: std::collections::HashSet<_> = lines.iter().map(|line| text(line, "id").to_owned()).collect();
    assert_eq!((lines.len(), ids.len(), text(&lines[0], "action")), (450, 450, "user.change"));
    let page = auditor.get(&format!("/console/audit?person={id}")).await;
    assert!(page.body.contains("live=1") && !page.body.contains("data-refresh"), "{}", page.body);
    let live = auditor.get(&format!("/console/audit?person={id}&live=1")).await;
    let refresh = format!("data-refresh=\"/console/audit?person={id}&#38;live=1\"");
    assert!(live.body.contains(&refresh) && live.body.contains("/assets/live-"), "{}", live.body);
    assert!(live.body.contains("<noscript><meta http-equiv=\"refresh\""), "{}", live.body);
}

#[tokio::test]
async fn the_trail_is_exported_for_spreadsheets_without_formulas() {
    let world = World::new().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    person(&world, "ada").await;
    let request = Request::post("/api/auth/sign-in/sigma")
        .header("content-type", "application/json")
        .header("user-agent", "=HYPERLINK(\"https://evil.example\")")
        .header("x-auth-token", Key::named("ada").token("/api/auth/sign-in/sigma", world.now(), ""));
    assert_eq!(world.browser().send(request, "{}").await.status, 200);
    let file = owner.get("/console/audit.csv?action=user.sign_in").await;
    assert_eq!((file.status.as_u16(), file.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"audit.csv\"");
    let lines: Vec<_> = file.body.lines().collect();
    assert_eq!(lines[0].trim_start_matches('\u{feff}').split(',').next(), Some("id"));
    assert!(lines[0].ends_with(",details") && lines[1].ends_with(",method key"), "{}", file.body);
    assert!(lines[1..].iter().all(|line| line.contains(",user.sign_in,")), "{}", file.body);
    assert!(file.body.contains("'=HYPERLINK") && !file.body.contains(",\"=HYPERLINK"), "{}", file.body);
}

#[tokio::test]
async fn the_trail_is_filtered_by_person_app_action_and_day() {
    let world = World::new().await;
    let (owner, owner_id) = operator(&world, "owner", OperatorRole::Owner).await;
    let (ada, ada_id) = person(&world, "ada").await;
    ada.code(&[]).await;
    let rows = async |query: &str| owner.get(&format!("/console/audit?{query}")).await.body.matches("<time").count();
    assert!(rows("").await > 5);
    assert_eq!(rows("action=consent.give").await, 1);
    assert_eq!(rows(&format!("action=consent.give&person={ada_id}")).await, 1);
    assert_eq!(rows(&format!("action=consent.give&person={owner_id}")).await, 0);
    assert_eq!(rows("action=consent.give&app=playground").await, 1);
    assert_eq!(rows("app=nothing-of-the-kind").await, 0);
    assert_eq!(rows("person=nobody").await, 0);
    assert_eq!(rows("org=operator&action=member.add").await, 1);
    assert_eq!(rows("action=consent.give&since=2000-01-01&until=2100-01-01").await, 1);
    assert_eq!(rows("action=consent.give&since=2100-01-01").await, 0);
    assert_eq!(rows("action=consent.give&until=2000-01-01").await, 0);
}

#[tokio::test]
async fn a_second_factor_that_the_operator_requires_is_asked_for() {
    let world = World::new().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    assert_eq!(owner.get("/console").await.status, 200);
    let now = world.now();
    let change = sigma_store::org::Change { require_second_factor: Some(true), ..sigma_store::org::Change::default() };
    let operator = sigma_core::ids::OrgId::operator();
    let by = sigma_core::actor::Actor::Operator;
    let set = move |tx: &mut dyn sigma_store::Tx| sigma_store::org::change(tx, &operator, &by, &change, now);
    world.sigma.store.decide(set).await.unwrap();
    let answer = owner.get("/console/people").await;
    assert!(answer.location().starts_with("/login?interaction="), "{}", answer.status);
    // The page asks for it: it does not send them back.
    assert_eq!(owner.get(answer.location()).await.status, 200);
}

#[tokio::test]
async fn the_overview_draws_what_was_counted_with_a_table_of_it() {
    let world = World::new().await;
    let (auditor, _) = operator(&world, "auditor", OperatorRole::Auditor).await;
    let (ada, _) = person(&world, "ada").await;
    ada.tokens("openid").await;
    world.sigma.write_token_counts().await.unwrap();
    world.run_job("event_counts").await;
    let page = auditor.get("/console").await.body;
    for plot in ["plot-sign-ins", "plot-people", "plot-tokens"] {
        assert!(page.contains(&format!("role=\"img\" aria-labelledby=\"{plot}-title {plot}-about\"")), "{page}");
    }
    assert_eq!(page.matches("<rect class=\"plot-1\"").count(), 4, "a day of each plot, and an app: {page}");
    assert_eq!(page.matches("<details class=\"fold calm\">").count(), 3, "each has a table");
    assert!(page.contains("New people: 2") && page.contains("Tokens issued: 1"), "{page}");
    assert!(page.contains("<a href=\"/console/apps/"), "the busiest app leads to its page: {page}");
}

#[tokio::test]
async fn an_owner_rotates_signing_keys_and_revokes_what_no_longer_signs() {
    let world = World::new().await;
    let (owner, owner_id) = operator(&world, "owner", OperatorRole::Owner).await;
    let kids = async || {
        let keys = world.sigma.store.read(sigma_store::signing_key::list).await.unwrap();
        keys.into_iter().filter(|key| key.algorithm.as_str() == "ES256").map(|key| key.kid).collect::<Vec<_>>()
    };
    let first = kids().await[0].clone();
    let post = async |form: &[(&str, &str)]| owner.post_form("/console/keys", form).await;
    let refused = post(&[("do", "revoke"), ("kid", &first)]).await;
    assert_eq!(refused.status, 409, "it signs: {}", refused.body);
    assert_eq!(post(&[("do", "revoke"), ("kid", "nothing")]).await.status, 404);
    assert_eq!(post(&[("do", "rotate"), ("alg", "HS256")]).await.status, 400);
    let rotated = post(&[("do", "rotate"), ("alg", "ES256")]).await;
    assert_eq!((rotated.status.as_u16(), rotated.location()), (303, "/console/keys?done=rotated"));
    assert_eq!(kids().await.len(), 2, "published, and signs later");
    post(&[("do", "rotate-now"), ("alg", "ES256")]).await;
    assert_eq!(kids().await.len(), 3);
    let page = owner.get("/console/keys?done=rotated").await.body;
    assert!(page.contains("The signing keys are rotated") && page.contains("Verifies only"), "{page}");
    assert_eq!(post(&[("do", "revoke"), ("kid", &first)]).await.location(), "/console/keys?done=revoked");
    assert!(!kids().await.contains(&first));
    let events = world.trail(Trail::All).await;
    let by_owner = events.iter().filter(|event| event.actor.user() == Some(&owner_id));
    let mut actions: Vec<_> =
        by_owner.map(|event| event.action.as_str()).filter(|a| a.starts_with("signing")).collect();
    actions.sort_unstable();
    let (create, retire) = ("signing_key.create", "signing_key.retire");
    assert_eq!(actions, [create, create, "signing_key.remove", retire, retire]);
    world.advance(16 * 60);
    let late = post(&[("do", "rotate-now")]).await;
    assert!(late.location().starts_with("/login?interaction="), "{}", late.status);
}

#[tokio::test]
async fn an_org_is_renamed_and_given_an_admin_on_its_page() {
    let world = World::with_orgs().await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let acme = world.org("Acme <b>").await;
    let (_, ada) = person(&world, "ada").await;
    let path = format!("/console/orgs/{}", acme.org);
    let found = admin.get("/console/orgs?q=CME+%3C").await.body;
    assert!(found.contains(&path) && !found.contains("<b>"), "{found}");
    let form = [("do", "save"), ("name", "Acme"), ("slug", "acme"), ("verified", "on")];
    let saved = admin.post_form(&path, &form).await;
    assert_eq!(saved.location(), format!("{path}?done=saved"), "{}", saved.body);
    let unknown = admin.post_form(&path, &[("do", "give-admin"), ("person", "nobody@example.org")]).await;
    assert!(unknown.status == 400 && unknown.body.contains("notice-error"), "{}", unknown.body);
    let given = admin.post_form(&path, &[("do", "give-admin"), ("person", ada.as_str())]).await;
    assert_eq!(given.location(), format!("{path}?done=admin-given"), "{}", given.body);
    let last = admin.post_form(&path, &[("do", "take-admin"), ("person", ada.as_str())]).await;
    assert!(last.status == 409 && last.body.contains("Nobody would be left"), "{}", last.body);
    let page = admin.get(&path).await.body;
    assert!(page.contains("take-admin") && page.contains("value=\"acme\"") && page.contains("administrator"), "{page}");
    // What it may have at most; what a form leaves out stays.
    let quotas = [("quota_members", "1"), ("quota_webhooks", "")];
    let saved = admin.post_form(&path, &[&form[..], &quotas].concat()).await;
    assert_eq!(saved.location(), format!("{path}?done=saved"), "{}", saved.body);
    assert_eq!(admin.post_form(&path, &form).await.status, 303);
    let page = admin.get(&path).await.body;
    assert!(page.contains("name=\"quota_members\" value=\"1\"") && page.contains("1 of 1"), "{page}");
    let (_, bob) = person(&world, "bob").await;
    let full = admin.post_form(&path, &[("do", "give-admin"), ("person", bob.as_str())]).await;
    assert!(full.status == 409 && full.body.contains("as its quota allows"), "{}", full.body);
    for wrong in ["-1", "many", "999999999"] {
        let wrong = admin.post_form(&path, &[&form[..], &[("quota_members", wrong)]].concat()).await;
        assert!(wrong.status == 400 && wrong.body.contains("notice-error"), "{}", wrong.body);
    }
    // Neither the settings nor the roles of the operator's own org are an admin's.
    let own = format!("/console/orgs/{}", sigma_core::ids::OrgId::operator());
    assert!(!admin.get(&own).await.body.contains("name=\"do\""));
    assert_eq!(admin.post_form(&own, &[("do", "give-admin"), ("person", ada.as_str())]).await.status, 409);
    assert_eq!(admin.post_form(&own, &form).await.status, 409);
}
