//! What gives others access to an org, in the console: API keys, linked apps, directories, and people who act as others.

use serde_json::Value;
use sigma_core::app::AuthMethod;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::operator::OperatorRole;
use sigma_store::event::Trail;

use crate::console::{operator, person};
use crate::console_apps::attribute;
use crate::support::{As, Browser, World};

fn path(org: &OrgId, section: &str) -> String {
    format!("/console/orgs/{org}/{section}")
}

/// The secret that a page shows once.
fn secret(page: &str, id: &str) -> String {
    page.split(&format!("id=\"{id}\">"))
        .nth(1)
        .unwrap_or_else(|| panic!("{page}"))
        .split('<')
        .next()
        .unwrap()
        .to_owned()
}

/// Who did an action in an org; newest first.
async fn doers(world: &World, org: &OrgId, action: &str) -> Vec<Option<UserId>> {
    let events = world.trail(Trail::Org(org.clone())).await;
    let of_action = events.into_iter().filter(|event| event.action == action);
    of_action.map(|event| event.actor.user().cloned()).collect()
}

async fn works(world: &World, credential: As<'_>, path: &str) -> bool {
    world.tick();
    world.call(credential, "GET", path, &Value::Null).await.status == 200
}

#[tokio::test]
async fn an_api_key_is_made_shown_once_deactivated_and_removed() {
    let world = World::with_orgs().await;
    let (admin, admin_id) = operator(&world, "admin", OperatorRole::Admin).await;
    let (acme, beta) = (world.org("Acme <b>").await, world.org("Beta").await);
    let keys = path(&acme.org, "api-keys");
    assert!(admin.get(&format!("/console/orgs/{}", acme.org)).await.body.contains(&keys), "the org leads there");

    let long = "x".repeat(101);
    for (form, field) in [
        (vec![("name", " "), ("permission", "read")], "name"),
        (vec![("name", long.as_str()), ("permission", "read")], "name"),
        (vec![("name", "CI")], "permission"),
        (vec![("name", "CI"), ("permission", "everything")], "permission"),
        (vec![("name", "CI"), ("permission", "read"), ("expires", "2020-01-01")], "expires"),
        (vec![("name", "CI"), ("permission", "read"), ("expires", "soon")], "expires"),
    ] {
        let refused = admin.post_form(&keys, &form).await;
        assert_eq!(refused.status, 400, "{form:?}");
        assert!(refused.body.contains(&format!("id=\"{field}-wrong\"")), "{form:?}: {}", refused.body);
        assert!(refused.body.contains(&format!("name=\"name\" value=\"{}\"", form[0].1.trim())), "{form:?}");
    }
    let kept = [("name", "CI"), ("permission", "delete-data"), ("permission", "read"), ("expires", "2020-01-01")];
    let kept = admin.post_form(&keys, &kept).await.body;
    for mark in ["value=\"delete-data\" checked", "value=\"read\" checked", "value=\"2020-01-01\""] {
        assert!(kept.contains(mark), "{mark}: {kept}");
    }

    let form = [("name", "CI <b>"), ("permission", "read"), ("permission", "update-data"), ("expires", "2099-01-31")];
    let made = admin.post_form(&keys, &form).await;
    assert!(made.status == 201 && !made.body.contains("<b>"), "{}", made.body);
    let key = secret(&made.body, "api-key");
    assert!(works(&world, As::Key(&key), "/api/v1/auth/me").await);
    let shown = admin.get(&keys).await.body;
    for text in ["CI &#60;b&#62;", "read, update-data", "2099-02-01 00:00 UTC", "by the operator"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(!shown.contains(&key), "shown once");

    let one = attribute(&shown, "class=\"row-link\"", "href");
    let details = admin.get(&one).await.body;
    assert!(details.contains("CI &#60;b&#62;") && !details.contains("<b>") && !details.contains(&key), "{details}");
    let id = one.rsplit('/').next().unwrap().to_owned();
    for action in ["", "/deactivate", "/remove"] {
        let foreign = format!("{}/{id}{action}", path(&beta.org, "api-keys"));
        let answer = if action.is_empty() { admin.get(&foreign).await } else { admin.post_form(&foreign, &[]).await };
        assert_eq!(answer.status, 404, "{foreign}");
    }
    let off = admin.post_form(&format!("{one}/deactivate"), &[]).await;
    assert_eq!(off.location(), format!("{one}?done=api-key-deactivated"), "{}", off.body);
    assert!(!works(&world, As::Key(&key), "/api/v1/auth/me").await);
    assert!(!admin.get(&one).await.body.contains("/deactivate\""));
    let gone = admin.post_form(&format!("{one}/remove"), &[]).await;
    assert_eq!(gone.location(), format!("{keys}?done=api-key-removed"), "{}", gone.body);
    assert_eq!(admin.get(&one).await.status, 404);

    let settings = admin.get(&format!("/console/orgs/{}", acme.org)).await.body;
    let version = attribute(&settings, "name=\"version\"", "value");
    let quota = [("do", "save"), ("name", "Acme"), ("quota_api_keys", "0"), ("version", &version)];
    let saved = admin.post_form(&format!("/console/orgs/{}", acme.org), &quota).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    let full = admin.post_form(&keys, &form).await;
    assert!(full.status == 409 && full.body.contains("as many API keys") && full.body.contains("CI &#60;b&#62;"));
    for action in ["api_key.create", "api_key.deactivate", "api_key.remove"] {
        assert_eq!(doers(&world, &acme.org, action).await, [Some(admin_id.clone())], "{action}");
    }
}

#[tokio::test]
async fn many_api_keys_are_paged() {
    let world = World::with_orgs().await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let acme = world.org("Acme").await;
    let keys = path(&acme.org, "api-keys");
    for n in 0..51 {
        world.tick();
        let made = admin.post_form(&keys, &[("name", &format!("key number {n:02}")), ("permission", "read")]).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let first = admin.get(&keys).await.body;
    assert!(first.contains("key number 50") && first.contains("key number 01") && !first.contains("key number 00"));
    let rest = admin.get(&attribute(&first, "rel=\"next\"", "href")).await.body;
    assert!(rest.contains("key number 00") && !rest.contains("key number 01"), "{rest}");
}

const SENDS: (&str, &str) = ("permission", "CanSendAllMeritTemplates");

#[tokio::test]
async fn an_app_is_linked_changed_and_unlinked() {
    let world = World::with_orgs().await;
    let (admin, admin_id) = operator(&world, "admin", OperatorRole::Admin).await;
    let acme = world.org("Acme").await;
    let badges = world.add_confidential_app("badges", AuthMethod::ClientSecret, "secret").await.id;
    world.change_app("badges", |app| app.name = "Badges <b>".to_owned()).await;
    world.add_confidential_app("own", AuthMethod::ClientSecret, "secret").await;
    let owner = acme.org.clone();
    world.change_app("own", move |app| app.org_id = owner).await;
    world.add_confidential_app("locked", AuthMethod::ClientSecret, "secret").await;
    world.change_app("locked", |app| app.disabled = true).await;
    let links = path(&acme.org, "links");
    for (form, status, field) in [
        (vec![("client_id", "badges")], 400, "permission"),
        (vec![("client_id", "badges"), ("permission", "CanDoAll")], 400, "permission"),
        (vec![("client_id", ""), SENDS], 400, "client_id"),
        (vec![("client_id", "No app <b>"), SENDS], 400, "client_id"),
        (vec![("client_id", "nothing"), SENDS], 400, "client_id"),
        (vec![("client_id", "locked"), SENDS], 400, "client_id"),
        (vec![("client_id", "own"), SENDS], 409, "client_id"),
    ] {
        let refused = admin.post_form(&links, &form).await;
        assert_eq!(refused.status, status, "{form:?}: {}", refused.body);
        assert!(refused.body.contains(&format!("id=\"{field}-wrong\"")), "{form:?}: {}", refused.body);
        assert!(!refused.body.contains("<b>"), "{form:?}");
        let sends = refused.body.contains("value=\"CanSendAllMeritTemplates\" checked");
        assert_eq!(sends, form.contains(&SENDS), "{form:?}");
    }
    let linked = admin.post_form(&links, &[("client_id", " badges "), SENDS]).await;
    assert_eq!(linked.location(), format!("{links}?done=app-linked"), "{}", linked.body);
    let shown = admin.get(&links).await.body;
    assert!(shown.contains("Badges &#60;b&#62;") && shown.contains("<li>Send merits</li>"), "{shown}");
    let version = attribute(&shown, "name=\"version\"", "value");

    let one = format!("{links}/{badges}");
    let edits = ("permission", "CanEditOrg");
    let none = admin.post_form(&one, &[("version", &version)]).await;
    assert!(none.status == 400 && none.body.contains(&format!("id=\"{badges}-wrong\"")), "{}", none.body);
    let saved = admin.post_form(&one, &[("version", &version), SENDS, edits]).await;
    assert_eq!(saved.location(), format!("{links}?done=saved"), "{}", saved.body);
    // Nobody overwrites what somebody else changed meanwhile, and what was entered is kept.
    let outdated = admin.post_form(&one, &[("version", &version), edits]).await;
    assert_eq!(outdated.status, 409, "{}", outdated.body);
    assert!(outdated.body.contains("<details class=\"fold calm\" open>"), "{}", outdated.body);
    let shown = admin.get(&links).await.body;
    assert!(shown.contains("<li>Send merits</li>") && shown.contains("<li>Change the profile</li>"), "{shown}");

    // A disabled app stays listed, and its permissions wait until it works again.
    world.change_app("badges", |app| app.disabled = true).await;
    let version = attribute(&shown, "name=\"version\"", "value");
    let disabled = admin.post_form(&one, &[("version", &version), edits]).await;
    assert_eq!(disabled.status, 409, "{}", disabled.body);
    assert!(disabled.body.contains(&format!("id=\"{badges}-wrong\"")), "{}", disabled.body);

    let gone = admin.post_form(&format!("{one}/remove"), &[]).await;
    assert_eq!(gone.location(), format!("{links}?done=app-unlinked"), "{}", gone.body);
    assert_eq!(admin.post_form(&format!("{one}/remove"), &[]).await.status, 404);
    assert_eq!(admin.post_form(&one, &[edits]).await.status, 404, "a change makes no link");
    assert_eq!(doers(&world, &acme.org, "merit.app_link").await, [Some(admin_id.clone()), Some(admin_id.clone())]);
    assert_eq!(doers(&world, &acme.org, "merit.app_unlink").await, [Some(admin_id)]);
}

#[tokio::test]
async fn a_directory_is_connected_its_token_replaced_and_it_ends() {
    let world = World::with_orgs().await;
    let (admin, admin_id) = operator(&world, "admin", OperatorRole::Admin).await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let directories = path(&acme.org, "directories");
    for (form, status, field) in [
        (vec![("name", " ")], 400, "name"),
        (vec![("name", "Entra"), ("role", "Baker")], 409, "role"),
        (vec![("name", "Entra"), ("role", beta.member.as_str())], 409, "role"),
    ] {
        let refused = admin.post_form(&directories, &form).await;
        assert_eq!(refused.status, status, "{form:?}: {}", refused.body);
        assert!(refused.body.contains(&format!("id=\"{field}-wrong\"")), "{form:?}: {}", refused.body);
    }
    let form = [("name", "Entra <b>"), ("role", acme.member.as_str()), ("maps_roles", "true")];
    let made = admin.post_form(&directories, &form).await;
    assert!(made.status == 201 && !made.body.contains("<b>"), "{}", made.body);
    let first = secret(&made.body, "directory-token");
    assert!(works(&world, As::Token(&first), "/scim/v2/Users").await);
    let shown = admin.get(&directories).await.body;
    assert!(shown.contains("Entra &#60;b&#62;") && !shown.contains(&first), "{shown}");
    let one = attribute(&shown, "class=\"row-link\"", "href");
    let id = one.rsplit('/').next().unwrap().to_owned();
    for action in ["", "/rotate", "/remove"] {
        let foreign = format!("{}/{id}{action}", path(&beta.org, "directories"));
        let answer = if action.is_empty() { admin.get(&foreign).await } else { admin.post_form(&foreign, &[]).await };
        assert_eq!(answer.status, 404, "{foreign}");
    }

    let details = admin.get(&one).await.body;
    assert!(details.contains("Entra &#60;b&#62;") && !details.contains(&first), "{details}");
    let version = attribute(&details, "name=\"version\"", "value");
    let rotated = admin.post_form(&format!("{one}/rotate"), &[("version", &version)]).await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    let second = secret(&rotated.body, "directory-token");
    assert!(works(&world, As::Token(&first), "/scim/v2/Users").await);
    assert!(works(&world, As::Token(&second), "/scim/v2/Users").await);
    // Sending the form again, as a reload does, gives no other token.
    let again = admin.post_form(&format!("{one}/rotate"), &[("version", &version)]).await;
    assert!(again.status == 409 && !again.body.contains("directory-token"), "{}", again.body);
    let version = attribute(&rotated.body, "name=\"version\"", "value");
    world.tick();
    let ended = admin.post_form(&format!("{one}/rotate"), &[("version", &version), ("end", "true")]).await;
    let third = secret(&ended.body, "directory-token");
    assert!(!works(&world, As::Token(&second), "/scim/v2/Users").await);
    assert!(works(&world, As::Token(&third), "/scim/v2/Users").await);
    assert!(!admin.get(&one).await.body.contains(&third));

    let gone = admin.post_form(&format!("{one}/remove"), &[]).await;
    assert_eq!(gone.location(), format!("{directories}?done=directory-ended"), "{}", gone.body);
    assert!(!works(&world, As::Token(&third), "/scim/v2/Users").await);
    assert_eq!(admin.get(&one).await.status, 404);
    assert_eq!(doers(&world, &acme.org, "scim_connection.create").await, [Some(admin_id.clone())]);
    let twice = [Some(admin_id.clone()), Some(admin_id.clone())];
    assert_eq!(doers(&world, &acme.org, "scim_connection.rotate").await, twice);
    assert_eq!(doers(&world, &acme.org, "scim_connection.remove").await, [Some(admin_id)]);

    for _ in 0..10 {
        let made = admin.post_form(&directories, &[("name", "Okta"), ("role", acme.member.as_str())]).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let many = admin.post_form(&directories, &form).await;
    assert!(many.status == 409 && many.body.contains("as many directories"), "{}", many.body);
}

#[tokio::test]
async fn somebody_is_let_act_as_others_and_no_longer() {
    let world = World::with_orgs().await;
    let (admin, admin_id) = operator(&world, "admin", OperatorRole::Admin).await;
    let (_, ada) = person(&world, "ada").await;
    let acme = world.org("Acme").await;
    let list = path(&acme.org, "impersonators");
    for unknown in ["", "nobody@example.org", "<b>", "user_ffffffffffffffffffffffff"] {
        let refused = admin.post_form(&list, &[("person", unknown)]).await;
        assert_eq!(refused.status, 400, "{unknown}: {}", refused.body);
        assert!(refused.body.contains("id=\"person-wrong\"") && !refused.body.contains("<b>"), "{}", refused.body);
    }
    for _ in 0..2 {
        let allowed = admin.post_form(&list, &[("person", ada.as_str())]).await;
        assert_eq!(allowed.location(), format!("{list}?done=impersonator-allowed"), "{}", allowed.body);
    }
    let shown = admin.get(&list).await.body;
    assert!(shown.contains(&format!("/console/people/{ada}\"")), "{shown}");
    let remove = format!("{list}/{ada}/remove");
    assert!(shown.contains(&remove), "{shown}");
    let denied = admin.post_form(&remove, &[]).await;
    assert_eq!(denied.location(), format!("{list}?done=impersonator-denied"), "{}", denied.body);
    assert_eq!(admin.post_form(&remove, &[]).await.status, 404);
    assert_eq!(doers(&world, &acme.org, "impersonation.allow").await, [Some(admin_id.clone())]);
    assert_eq!(doers(&world, &acme.org, "impersonation.deny").await, [Some(admin_id)]);
}

/// A form that would do something in each section.
const FORMS: [(&str, &[(&str, &str)]); 4] = [
    ("api-keys", &[("name", "CI"), ("permission", "read")]),
    ("links", &[("client_id", "badges"), ("permission", "CanEditOrg")]),
    ("directories", &[("name", "Entra"), ("role", "Member")]),
    ("impersonators", &[("person", "user_ffffffffffffffffffffffff")]),
];

#[tokio::test]
async fn who_may_not_change_an_org_sees_no_forms_and_changes_nothing() {
    let world = World::with_orgs().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let (auditor, _) = operator(&world, "auditor", OperatorRole::Auditor).await;
    let (support, _) = operator(&world, "support", OperatorRole::Support).await;
    world.add_confidential_app("badges", AuthMethod::ClientSecret, "secret").await;
    let acme = world.org("Acme").await;
    let has_form = async |browser: &Browser<'_>, path: &str| {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        page.body.contains(&format!("action=\"{path}\""))
    };
    for (section, form) in FORMS {
        let of_acme = path(&acme.org, section);
        assert!(has_form(&owner, &of_acme).await && has_form(&admin, &of_acme).await, "{section}");
        assert!(!has_form(&auditor, &of_acme).await, "{section}");
        assert_eq!(support.get(&of_acme).await.status, 403, "{section}");
        for browser in [&auditor, &support] {
            assert_eq!(browser.post_form(&of_acme, form).await.status, 403, "{section}");
        }
        // The operator's own org is for owners alone, and no directory provisions it.
        let own = path(&OrgId::operator(), section);
        assert!(!has_form(&admin, &own).await, "{section}");
        assert_eq!(has_form(&owner, &own).await, section != "directories");
        let refused = admin.post_form(&own, form).await;
        assert!(refused.status == 409 && refused.body.contains("own organization"), "{section}: {}", refused.body);
    }
    let (section, form) = FORMS[0];
    assert_eq!(owner.post_form(&path(&OrgId::operator(), section), form).await.status, 201);
    let own =
        owner.post_form(&path(&OrgId::operator(), "directories"), &[("name", "Entra"), ("role", "Auditor")]).await;
    assert!(matches!(own.status.as_u16(), 409), "{}", own.body);

    // A session that was left open changes nothing.
    world.advance(16 * 60);
    for (section, form) in FORMS {
        let of_acme = path(&acme.org, section);
        let asked = admin.post_form(&of_acme, form).await;
        assert!(asked.location().starts_with("/login?interaction="), "{section}: {}", asked.body);
        let shown = admin.get(&of_acme).await.body;
        assert!(
            shown.contains("/login?interaction=") && !shown.contains("method=\"post\" action=\"/console"),
            "{shown}"
        );
    }
}
