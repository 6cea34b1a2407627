//! People whom the operator creates, the people of the console, and initial access tokens: by the management API and in the console.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::ids::{OrgId, UserId};
use sigma_core::operator::OperatorRole;
use sigma_core::scope::Scopes;
use sigma_store::event::Trail;

use crate::admin_api::{add_app, call, own_token, token_of};
use crate::console::{operator, person};
use crate::invitations::invite;
use crate::support::{Answer, As, World, text};

const ALL: &str = "openid sigma:admin:read sigma:admin:write";

async fn ask(world: &World, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    world.call(As::Token(token), method, &format!("/api/admin/v1/{path}"), body).await
}

fn refused(answer: &Answer) -> (u16, String, Value) {
    let problem = answer.json();
    (answer.status.as_u16(), text(&problem, "code").to_owned(), problem["field"].clone())
}

/// The path of a link, at this server.
fn path_of(link: &str) -> String {
    link.replacen("https://id.example.org", "", 1)
}

#[tokio::test]
async fn a_person_is_created_with_a_link_that_sets_their_password_once() {
    let world = World::new().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let new = json!({"email": "Ada@Example.org", "name": "Ada", "link": "show"});
    let added = ask(&world, &token, "POST", "people", &new).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let ada = added.json();
    assert_eq!(
        (&ada["name"], &ada["email"], &ada["email_verified"], &ada["disabled"]),
        (&json!("Ada"), &json!("Ada@Example.org"), &json!(true), &json!(false))
    );
    let link = text(&ada, "link").to_owned();
    assert!(link.starts_with("https://id.example.org/password/reset?token="), "{link}");
    assert!(ada["link_expires_at"].is_string() && ada["org"].is_null(), "{ada}");
    assert_eq!(world.browser().get(&path_of(&link)).await.status, 200);
    let shown = call(&world, &token, "GET", &format!("people/{}", text(&ada, "id"))).await;
    assert!(!shown.body.contains("token="), "{}", shown.body);
    let events = world.trail(Trail::User(UserId::from_text(text(&ada, "id")))).await;
    let app = world.app("service").await.id;
    let created: Vec<_> = events.iter().filter(|event| event.action.as_str() == "user.create").collect();
    assert!(created.len() == 1 && created[0].actor.id() == Some(app.as_str()), "{events:?}");

    // The default is a mail, and the name is the part before the @.
    let bob = ask(&world, &token, "POST", "people", &json!({"email": "bob@example.org"})).await;
    assert_eq!((bob.status.as_u16(), &bob.json()["name"], &bob.json()["link"]), (201, &json!("bob"), &Value::Null));
    let mails = call(&world, &token, "GET", "mails").await.json();
    assert_eq!(mails["items"].as_array().unwrap().len(), 1, "{mails}");
    assert_eq!(mails["items"][0]["to"], "bob@example.org");
    let link = world.mail().await.link.unwrap();
    assert!(link.starts_with("/password/reset?token="), "{link}");
    assert_eq!(world.browser().get(&link).await.status, 200);
    let cleo = ask(&world, &token, "POST", "people", &json!({"email": "cleo@example.org", "link": "none"})).await;
    assert_eq!(cleo.status, 201);
    assert_eq!(call(&world, &token, "GET", "mails").await.json()["items"], json!([]));

    // The operator's org is there once it has people.
    operator(&world, "owner", OperatorRole::Owner).await;
    for (body, expected) in [
        (json!({"email": "ADA@example.org"}), (409, "address_taken", json!("email"))),
        (json!({"email": "nobody"}), (400, "invalid_setting", json!("email"))),
        (json!({"email": "d@example.org", "name": " "}), (400, "invalid_setting", json!("name"))),
        (json!({"email": "d@example.org", "role": "Admin"}), (400, "invalid_setting", json!("role"))),
        (json!({"email": "d@example.org", "link": "pigeon"}), (400, "invalid_request", Value::Null)),
        (json!({"email": "d@example.org", "password": "x"}), (400, "invalid_request", Value::Null)),
        (json!({"name": "Nobody"}), (400, "invalid_request", Value::Null)),
        (json!({"email": "d@example.org", "org": "nowhere"}), (404, "no_org", json!("org"))),
        (json!({"email": "d@example.org", "org": "operator"}), (403, "operators_org", json!("org"))),
    ] {
        let answer = ask(&world, &token, "POST", "people", &body).await;
        let (status, code, field) = refused(&answer);
        assert_eq!((status, code.as_str(), field), expected, "{body}: {}", answer.body);
    }
    assert_eq!(call(&world, &token, "GET", "people?q=d@example.org").await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_link_has_no_use_where_nobody_signs_in_by_a_password() {
    let world = World::with(|settings| {
        settings.sign_in.methods.retain(|method| *method != sigma_server::settings::SignInMethod::Password);
    })
    .await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let answer = ask(&world, &token, "POST", "people", &json!({"email": "ada@example.org"})).await;
    assert_eq!(refused(&answer), (409, "no_passwords".to_owned(), json!("link")));
    let new = json!({"email": "ada@example.org", "link": "none"});
    assert_eq!(ask(&world, &token, "POST", "people", &new).await.status, 201);
}

#[tokio::test]
async fn a_person_joins_an_org_if_the_token_reaches_orgs_too_and_nothing_is_left_of_a_refusal() {
    let world = World::with_orgs().await;
    add_app(&world).await;
    world
        .change_app("service", |app| {
            app.scopes = Scopes::parse("openid sigma:admin:write sigma:admin:people:write sigma:admin:orgs:write");
        })
        .await;
    let acme = world.org("Acme").await;
    let token = async |scope: &str| text(&own_token(&world, scope).await, "access_token").to_owned();
    let whole = token("sigma:admin:write").await;
    let of_people = token("sigma:admin:people:write").await;
    let both = token("sigma:admin:people:write sigma:admin:orgs:write").await;
    let joins = |email: &str, role: Option<&str>| {
        let org = acme.org.to_string();
        match role {
            Some(role) => json!({"email": email, "org": org, "role": role, "link": "none"}),
            None => json!({"email": email, "org": org, "link": "none"}),
        }
    };
    let answer = ask(&world, &of_people, "POST", "people", &joins("ada@example.org", None)).await;
    assert_eq!(refused(&answer), (403, "forbidden".to_owned(), Value::Null));
    let plain = json!({"email": "plain@example.org", "link": "none"});
    assert_eq!(ask(&world, &of_people, "POST", "people", &plain).await.status, 201);

    let ada = ask(&world, &both, "POST", "people", &joins("ada@example.org", None)).await;
    assert_eq!((ada.status.as_u16(), &ada.json()["role"]), (201, &json!("Member")), "{}", ada.body);
    let bob = ask(&world, &whole, "POST", "people", &joins("bob@example.org", Some("Admin"))).await;
    assert_eq!((bob.status.as_u16(), &bob.json()["role"]), (201, &json!("Admin")), "{}", bob.body);
    let member = format!("orgs/{}/members/{}", acme.org, text(&bob.json(), "id"));
    assert_eq!(call(&world, &whole, "GET", &member).await.json()["admin"], true);

    let answer = ask(&world, &whole, "POST", "people", &joins("cleo@example.org", Some("Baker"))).await;
    assert_eq!(refused(&answer), (409, "no_role_of_org".to_owned(), json!("role")));
    invite(&world, &acme, "gus@example.org", &acme.admin).await;
    let answer = ask(&world, &whole, "POST", "people", &joins("Gus@example.org", None)).await;
    assert_eq!(refused(&answer), (409, "invited".to_owned(), json!("email")));
    let members = call(&world, &whole, "GET", &format!("orgs/{}/members", acme.org)).await.json();
    let count = members["items"].as_array().unwrap().len();
    let quota = json!({"quotas": {"members": count}});
    assert_eq!(ask(&world, &whole, "PATCH", &format!("orgs/{}", acme.org), &quota).await.status, 200);
    let answer = ask(&world, &whole, "POST", "people", &joins("cleo@example.org", None)).await;
    assert_eq!(refused(&answer), (409, "too_many".to_owned(), json!("org")));
    assert_eq!(call(&world, &whole, "GET", "people?q=cleo@example.org").await.json()["items"], json!([]));
}

#[tokio::test]
async fn of_two_creations_with_one_address_one_wins_and_a_repeated_request_is_one() {
    let world = World::new().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let new = json!({"email": "ada@example.org", "link": "none"});
    let (one, other) =
        tokio::join!(ask(&world, &token, "POST", "people", &new), ask(&world, &token, "POST", "people", &new));
    let mut answers = [one.status.as_u16(), other.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [201, 409], "{} {}", one.body, other.body);

    let keyed = async || {
        let request = Request::post("/api/admin/v1/people").header("authorization", format!("Bearer {token}"));
        let request = request.header("idempotency-key", "one").header("content-type", "application/json");
        world.send(request.body(Body::from(r#"{"email":"bob@example.org","link":"show"}"#)).unwrap()).await
    };
    let (first, again) = (keyed().await, keyed().await);
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201), "{}", again.body);
    assert_eq!((first.body, again.header("idempotency-replayed")), (again.body.clone(), "true"));
}

#[tokio::test]
async fn the_form_creates_people_and_keeps_what_was_entered() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let (support, _) = operator(&world, "support", OperatorRole::Support).await;
    assert!(admin.get("/console/people").await.body.contains("/console/people/new"));
    assert!(!support.get("/console/people").await.body.contains("/console/people/new"));
    for (form, status, at) in [
        (&[("email", "nobody"), ("name", "Ada <b>")][..], 400, "id=\"email-wrong\""),
        (&[("email", "ada@example.org"), ("name", "Ada <b>"), ("org", "nowhere")], 409, "id=\"org-wrong\""),
        (&[("email", "ada@example.org"), ("name", "Ada <b>"), ("org", "operator")], 409, "id=\"org-wrong\""),
        (&[("email", "ada@example.org"), ("name", "Ada <b>"), ("role", "Admin")], 400, "id=\"role-wrong\""),
    ] {
        let page = admin.post_form("/console/people/new", form).await;
        assert!(page.status == status && page.body.contains(at), "{form:?}: {}", page.body);
        assert!(page.body.contains("value=\"Ada &#60;b&#62;\""), "{form:?}: {}", page.body);
    }
    let org = acme.org.to_string();
    let form = [("email", "ada@example.org"), ("name", "Ada"), ("org", org.as_str()), ("password", "show")];
    let made = admin.post_form("/console/people/new", &form).await;
    assert!(made.status == 200 && made.body.contains("/password/reset?token="), "{}", made.body);
    let taken = admin.post_form("/console/people/new", &form).await;
    assert!(taken.status == 409 && taken.body.contains("id=\"email-wrong\""), "{}", taken.body);
    let mailed = admin.post_form("/console/people/new", &[("email", "bob@example.org"), ("password", "mail")]).await;
    assert!(mailed.location().ends_with("?done=person-added"), "{}", mailed.body);
    assert_eq!(admin.get(mailed.location()).await.status, 200);
    assert!(admin.get("/console/mail").await.body.contains("bob@example.org"));
}

#[tokio::test]
async fn people_are_downloaded_and_uploaded_in_the_console() {
    const TRANSFER: &str = "/console/people/transfer";
    let world = World::new().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let (auditor, _) = operator(&world, "auditor", OperatorRole::Auditor).await;
    let file = "{\"email\":\"ada@example.org\",\"name\":\"Ada\"}\n\nno <b>\n{\"email\":\"bob@example.org\"}\n";
    let upload = async |browser: &crate::support::Browser<'_>, fields: &[(&str, &str)]| {
        browser.upload("/console/people/import", fields, ("file", "people.ndjson", file.as_bytes())).await
    };
    let shows = |page: &Answer, id: &str, count: u32| {
        let cell = format!("id=\"{id}\">{count}<");
        assert!(page.status == 200 && page.body.contains(&cell), "{cell}: {}", page.body);
    };
    assert_eq!(upload(&auditor, &[]).await.status, 403);
    let checked = upload(&admin, &[("dry_run", "on")]).await;
    shows(&checked, "refused", 1);
    assert!(!admin.get("/console/people").await.body.contains("ada@example.org"));
    let done = upload(&admin, &[("vouch", "on")]).await;
    for (id, count) in [("added", 2), ("known", 0), ("refused", 1), ("through", 4)] {
        shows(&done, id, count);
    }
    assert!(done.body.contains("<th scope=\"row\">3</th>") && !done.body.contains("<b>"), "{}", done.body);
    let again = upload(&admin, &[]).await;
    shows(&again, "added", 0);
    shows(&again, "known", 2);
    let unended = b"{\"email\":\"eve@example.org\"}\n{";
    let unended = admin.upload("/console/people/import", &[], ("file", "people.ndjson", unended)).await;
    shows(&unended, "added", 1);
    shows(&unended, "refused", 1);
    let nothing = admin.upload("/console/people/import", &[("vouch", "on")], ("file", "", b"")).await;
    assert!(nothing.status == 400 && nothing.body.contains("notice-error"), "{}", nothing.body);
    assert_eq!(admin.post_form("/console/people/import", &[("vouch", "on")]).await.status, 400);

    let exported = auditor.post_form("/console/people/export", &[]).await;
    assert_eq!((exported.status.as_u16(), exported.header("content-type")), (200, "application/x-ndjson"));
    assert!(exported.header("content-disposition").contains("people.ndjson"));
    let lines: Vec<Value> = exported.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["email"] == "ada@example.org" && line["email_verified"] == true), "{lines:?}");
    let hashes = [("hashes", "on")];
    for (browser, status) in [(&auditor, 403), (&admin, 403), (&owner, 200)] {
        assert_eq!(browser.post_form("/console/people/export", &hashes).await.status, status);
    }
    assert!(owner.get(TRANSFER).await.body.contains("name=\"hashes\""));
    let of_auditor = auditor.get(TRANSFER).await.body;
    assert!(!of_auditor.contains("name=\"hashes\"") && !of_auditor.contains("name=\"file\""), "{of_auditor}");
    let events = world.trail(Trail::All).await;
    assert_eq!(events.iter().filter(|event| event.action.as_str() == "people.export").count(), 2);
}

#[tokio::test]
async fn owners_alone_appoint_and_dismiss_and_the_last_one_stays() {
    let world = World::new().await;
    add_app(&world).await;
    let (owner, owner_id) = operator(&world, "owner", OperatorRole::Owner).await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let (_, ada) = person(&world, "ada").await;
    let of_owner = token_of(&world, &owner, ALL).await;
    let of_admin = token_of(&world, &admin, ALL).await;
    let of_app = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let path = format!("admins/{ada}");
    let auditor = json!({"role": "auditor"});
    for token in [&of_admin, &of_app] {
        for (method, path, body) in
            [("GET", "admins", &Value::Null), ("PUT", path.as_str(), &auditor), ("DELETE", path.as_str(), &Value::Null)]
        {
            let answer = ask(&world, token, method, path, body).await;
            assert_eq!(refused(&answer).1, "forbidden", "{method} {path}");
        }
    }
    assert_eq!(ask(&world, &of_owner, "GET", &path, &Value::Null).await.status, 404);
    for _ in 0..2 {
        let given = ask(&world, &of_owner, "PUT", &path, &auditor).await;
        assert_eq!((given.status.as_u16(), &given.json()["role"]), (200, &json!("auditor")), "{}", given.body);
    }
    let listed = ask(&world, &of_owner, "GET", "admins", &Value::Null).await.json();
    let roles: Vec<_> = listed["items"].as_array().unwrap().iter().map(|one| text(one, "role")).collect();
    assert_eq!(roles, ["owner", "admin", "auditor"], "{listed}");

    let tag = ask(&world, &of_owner, "GET", &path, &Value::Null).await.header("etag").to_owned();
    let given = ask(&world, &of_owner, "PUT", &path, &json!({"role": "support"})).await;
    assert_eq!(given.json()["role"], "support");
    let outdated =
        Request::delete(format!("/api/admin/v1/{path}")).header("authorization", format!("Bearer {of_owner}"));
    let outdated = world.send(outdated.header("if-match", tag).body(Body::empty()).unwrap()).await;
    assert_eq!(outdated.status, 412);
    for bad in [json!({"role": "king"}), json!({}), json!({"role": "owner", "until": "tomorrow"})] {
        assert_eq!(refused(&ask(&world, &of_owner, "PUT", &path, &bad).await).1, "invalid_request", "{bad}");
    }
    assert_eq!(ask(&world, &of_owner, "DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(ask(&world, &of_owner, "DELETE", &path, &Value::Null).await.status, 404);

    let own = format!("admins/{owner_id}");
    for (method, body) in [("DELETE", Value::Null), ("PUT", json!({"role": "admin"}))] {
        let answer = ask(&world, &of_owner, method, &own, &body).await;
        assert_eq!(refused(&answer), (409, "last_owner".to_owned(), Value::Null), "{method}");
    }
    // Who did it is recorded, once: what changes nothing leaves no event.
    let events = world.trail(Trail::Org(OrgId::operator())).await;
    let by_owner = events.iter().filter(|event| event.actor.id() == Some(owner_id.as_str()));
    let mut actions: Vec<_> = by_owner.map(|event| event.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["member.add", "member.change", "member.remove"]);
}

#[tokio::test]
async fn of_two_owners_who_dismiss_each_other_one_stays() {
    let world = World::new().await;
    add_app(&world).await;
    let (one, one_id) = operator(&world, "one", OperatorRole::Owner).await;
    let (other, other_id) = operator(&world, "other", OperatorRole::Owner).await;
    let (of_one, of_other) = (token_of(&world, &one, ALL).await, token_of(&world, &other, ALL).await);
    let (path_of_one, path_of_other) = (format!("admins/{one_id}"), format!("admins/{other_id}"));
    let (first, second) = tokio::join!(
        ask(&world, &of_one, "DELETE", &path_of_other, &Value::Null),
        ask(&world, &of_other, "DELETE", &path_of_one, &Value::Null),
    );
    let mut answers = [first.status.as_u16(), second.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [204, 403], "{} {}", first.body, second.body);
}

#[tokio::test]
async fn initial_access_tokens_are_issued_shown_once_and_revoked() {
    let world =
        World::with(|settings| settings.registration.mode = sigma_server::settings::RegistrationMode::Token).await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let issued =
        ask(&world, &token, "POST", "initial-access-tokens", &json!({"name": "Ada", "uses": 2, "days": 1})).await;
    assert_eq!(issued.status, 201, "{}", issued.body);
    let issued = issued.json();
    assert_eq!((&issued["uses_left"], &issued["registration_is_on"]), (&json!(2), &json!(true)));
    let secret = text(&issued, "token").to_owned();
    let listed = call(&world, &token, "GET", "initial-access-tokens").await;
    assert!(!listed.body.contains(&secret), "{}", listed.body);
    assert_eq!(listed.json()["items"][0]["id"], issued["id"]);
    let register = async || {
        let request = Request::post("/api/auth/oauth2/register").header("authorization", format!("Bearer {secret}"));
        let request = request.header("content-type", "application/json");
        let app = json!({"client_name": "Shop", "redirect_uris": ["https://shop.example.org/back"]}).to_string();
        world.send(request.body(Body::from(app)).unwrap()).await.status.as_u16()
    };
    assert_eq!(register().await, 201);
    for (bad, field) in [
        (json!({"uses": 0}), "uses"),
        (json!({"uses": 10_001}), "uses"),
        (json!({"days": 366}), "days"),
        (json!({"name": "\u{7}"}), "name"),
    ] {
        let answer = ask(&world, &token, "POST", "initial-access-tokens", &bad).await;
        assert_eq!(refused(&answer), (400, "invalid_setting".to_owned(), json!(field)), "{bad}");
    }
    let path = format!("initial-access-tokens/{}", text(&issued, "id"));
    assert_eq!(call(&world, &token, "DELETE", &path).await.status, 204);
    assert_eq!(call(&world, &token, "DELETE", &path).await.status, 404);
    assert_eq!(register().await, 401);
    let page = call(&world, &token, "GET", "events?action=app.uninvite").await.json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
}
