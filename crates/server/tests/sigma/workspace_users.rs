//! The people of a workspace (`docs/spec/workspaces.md#people`).

use futures_util::future::join;
use serde_json::{Value, json};
use sigma_core::org::{KeyPermission, RolePermissions, Switch};

use crate::support::{Answer, As, PASSWORD, World};

const USERS: &str = "/api/v1/users";
const LAST: &str = "409 CONFLICT";
const BEYOND: &str = "403 PERMISSION_DENIED";

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}")).to_owned()
}

#[tokio::test]
async fn an_invited_person_is_listed_and_may_not_log_in_yet() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let ada = As::Token(&token);
    let body = json!({"email": " New@Example.org ", "name": "Newcomer", "roleId": acme.member.as_str()});
    let invited = world.call(ada, "POST", USERS, &body).await;
    let mut item = invited.json();
    let id = text(&item, "id");
    let path = format!("{USERS}/{id}");
    assert_eq!(world.call(ada, "GET", &path, &Value::Null).await.json(), item);
    item["id"].take();
    assert_eq!(
        (invited.status.as_u16(), item),
        (
            201,
            json!({
                "id": null, "email": "New@Example.org", "name": "Newcomer", "roleId": acme.member.as_str(), "active": false,
                "status": "invited", "quickLogin": false, "createdAt": world.now().iso8601(),
            })
        )
    );
    let again = world
        .call(ada, "POST", USERS, &json!({"email": "new@example.org", "name": "x", "roleId": acme.member.as_str()}))
        .await;
    assert_eq!(again.code(), "409 CONFLICT", "{}", again.body);
    let active = world.call(ada, "PATCH", &path, &json!({"active": true})).await;
    assert_eq!(active.code(), "409 CONFLICT");
    assert!(id.starts_with("mem_"), "{id}");
    assert_eq!(world.call(ada, "POST", &format!("{path}/invitation"), &Value::Null).await.status, 204);
    // Somebody who has an account is asked as well; until they accept, what the workspace sees is what it wrote itself.
    world.person("bob@example.org").await;
    let body = json!({"email": "bob@example.org", "name": "Villain", "roleId": acme.member.as_str()});
    let bob = world.call(ada, "POST", USERS, &body).await.json();
    assert_eq!((text(&bob, "name"), text(&bob, "status")), ("Villain".to_owned(), "invited".to_owned()));
    assert_eq!(world.log_in("bob@example.org", Some(&acme.org)).await.status, 401);
    assert_eq!(world.call(ada, "DELETE", &path, &Value::Null).await.status, 204);
    let gone = world.call(ada, "POST", &format!("{path}/invitation"), &Value::Null).await;
    assert_eq!(gone.code(), "404 NOT_FOUND");
    let (eve, _) = acme.add("eve@example.org", &acme.member).await;
    let accepted = world.call(ada, "POST", &format!("{USERS}/{eve}/invitation"), &Value::Null).await;
    assert_eq!(accepted.code(), "409 CONFLICT");
}

#[tokio::test]
async fn invalid_invitations_are_rejected() {
    let world = World::with_orgs().await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let role = acme.member.as_str();
    let refused = [
        json!({}),
        json!({"email": "a@example.org", "name": "x"}),
        json!({"email": "a@example.org", "roleId": role}),
        json!({"name": "x", "roleId": role}),
        json!({"email": "", "name": "x", "roleId": role}),
        json!({"email": "nobody", "name": "x", "roleId": role}),
        json!({"email": "a@b@example.org", "name": "x", "roleId": role}),
        json!({"email": "a@example.org\r\nBcc: b@example.org", "name": "x", "roleId": role}),
        json!({"email": format!("{}@example.org", "x".repeat(65)), "name": "x", "roleId": role}),
        json!({"email": "a@example.org", "name": " ", "roleId": role}),
        json!({"email": "a@example.org", "name": "a\nb", "roleId": role}),
        json!({"email": "a@example.org", "name": "x".repeat(101), "roleId": role}),
        json!({"email": ["a@example.org"], "name": "x", "roleId": role}),
    ];
    for body in refused {
        let answer = world.call(As::Token(&token), "POST", USERS, &body).await;
        assert_eq!(answer.code(), "400 VALIDATION_ERROR", "{body}: {}", answer.body);
    }
    for role in ["role_nowhere", beta.member.as_str()] {
        let body = json!({"email": "a@example.org", "name": "x", "roleId": role});
        let answer = world.call(As::Token(&token), "POST", USERS, &body).await;
        assert_eq!(answer.code(), "404 NOT_FOUND");
    }
    let total = world.call(As::Token(&token), "GET", USERS, &Value::Null).await.json()["total"].clone();
    assert_eq!(total, 1, "nothing is left of what was refused");
}

#[tokio::test]
async fn an_invitation_goes_to_the_accounts_own_spelling_of_the_address() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    world.person("bob@example.org").await;
    for spelt in ["BOB@EXAMPLE.ORG", "Bob@example.org"] {
        let body = json!({"email": spelt, "name": "x", "roleId": acme.member.as_str()});
        let invited = world.call(As::Token(&token), "POST", USERS, &body).await;
        assert_eq!(invited.status, 201, "{}", invited.body);
        assert_eq!(world.mail().await.to, "bob@example.org");
        let path = format!("{USERS}/{}", text(&invited.json(), "id"));
        assert_eq!(
            world.call(As::Token(&token), "POST", &format!("{path}/invitation"), &Value::Null).await.status,
            204
        );
        assert_eq!(world.mail().await.to, "bob@example.org");
        assert_eq!(world.call(As::Token(&token), "DELETE", &path, &Value::Null).await.status, 204);
    }
}

/// What an invitation answers, with its id taken out.
async fn invite(world: &World, token: &str, email: &str, role: &str) -> (Answer, Value, String) {
    let body = json!({"email": email, "name": "As Invited", "roleId": role});
    let answer = world.call(As::Token(token), "POST", USERS, &body).await;
    let mut item = answer.json();
    let id = item["id"].take().as_str().unwrap_or_default().to_owned();
    (answer, item, id)
}

#[tokio::test]
async fn invitations_do_not_reveal_accounts() {
    let world = World::with_orgs().await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let (known, _) = beta.add("vic@example.org", &beta.member).await;
    world.advance(40_000);
    let role = acme.member.as_str();
    let mut ids = Vec::new();
    for _ in 0..2 {
        for email in ["vic@example.org", "nobody@example.org"] {
            let (invited, item, id) = invite(&world, &token, email, role).await;
            let expected = json!({
                "id": null, "email": email, "name": "As Invited", "roleId": role, "active": false, "status": "invited",
                "quickLogin": false, "createdAt": world.now().iso8601(),
            });
            assert_eq!((invited.status.as_u16(), &item), (201, &expected), "{}", invited.body);
            assert!(id.len() == "mem_".len() + 24 && id.starts_with("mem_"), "{id}");
            assert!(!invited.body.contains(known.as_str()));
            let path = format!("{USERS}/{id}");
            let mut later = world.call(As::Token(&token), "GET", &path, &Value::Null).await.json();
            assert_eq!(later["id"].take(), id.as_str());
            assert_eq!(later, expected);
            let list = world.call(As::Token(&token), "GET", USERS, &Value::Null).await;
            assert!(!list.body.contains(known.as_str()) && list.body.contains(&id), "{}", list.body);
            // The account is nobody's here, by its own id neither.
            let by_account = world.call(As::Token(&token), "GET", &format!("{USERS}/{known}"), &Value::Null).await;
            assert_eq!(by_account.status, 404);
            let again = invite(&world, &token, email, role).await.0;
            assert_eq!(again.code(), "409 CONFLICT");
            let changed = json!({"roleId": acme.admin.as_str(), "quickLogin": true});
            let changed = world.call(As::Token(&token), "PATCH", &path, &changed).await;
            assert_eq!((changed.status.as_u16(), changed.json()["status"].as_str()), (200, Some("invited")));
            let active = world.call(As::Token(&token), "PATCH", &path, &json!({"active": true})).await;
            assert_eq!(active.code(), "409 CONFLICT");
            assert_eq!(world.call(As::Token(&token), "DELETE", &path, &Value::Null).await.status, 204);
            ids.push(id);
        }
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "no id comes again");
    let accounts = world.sigma.store.read(|tx| sigma_store::user::list(tx, "", 100)).await.unwrap();
    assert_eq!(accounts.len(), 2, "inviting makes no account");
}

#[tokio::test]
async fn once_accepted_the_user_is_the_account_and_the_id_of_the_invitation_still_finds_them() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let vic = world.person("vic@example.org").await;
    let (_, _, id) = invite(&world, &token, "vic@example.org", acme.member.as_str()).await;
    let link = world.mail().await.link.unwrap();
    let form = [("token", link.split_once('=').unwrap().1)];
    let browser = world.browser();
    browser.log_in("vic@example.org", PASSWORD).await;
    assert_eq!(browser.post_form("/invitation", &form).await.status, 303);
    let expected = json!({
        "id": vic.as_str(), "email": "vic@example.org", "name": "vic", "roleId": acme.member.as_str(), "active": true,
        "status": "active", "quickLogin": false, "createdAt": world.now().iso8601(),
    });
    for named in [vic.as_str(), id.as_str()] {
        let shown = world.call(As::Token(&token), "GET", &format!("{USERS}/{named}"), &Value::Null).await;
        assert_eq!(shown.json()["id"], expected["id"], "{named}");
        assert_eq!(shown.json()["status"], "active");
    }
    let log_in = world.log_in("vic@example.org", Some(&acme.org)).await;
    assert_eq!(log_in.json()["user"]["id"], vic.as_str());
    let own = log_in.json()["token"].as_str().unwrap().to_owned();
    let marked = json!({"quickLogin": true});
    let changed = world.call(As::Token(&token), "PATCH", &format!("{USERS}/{id}"), &marked).await;
    assert_eq!((changed.status.as_u16(), changed.json()["id"].as_str()), (200, Some(vic.as_str())));
    let me = world.call(As::Token(&own), "GET", &format!("{USERS}/{vic}"), &Value::Null).await;
    assert_eq!(me.json()["quickLogin"], true);
    let again = world.call(As::Token(&token), "POST", &format!("{USERS}/{id}/invitation"), &Value::Null).await;
    assert_eq!(again.code(), "409 CONFLICT");
    assert_eq!(world.call(As::Token(&token), "DELETE", &format!("{USERS}/{id}"), &Value::Null).await.status, 204);
    let gone = world.call(As::Token(&own), "GET", "/api/v1/auth/me", &Value::Null).await;
    assert_eq!(gone.status, 401, "the session of who is no member ends");
}

#[tokio::test]
async fn an_address_gets_at_most_ten_invitations_per_hour() {
    let world = World::with_orgs().await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let (_, adas) = acme.add("ada@example.org", &acme.admin).await;
    let (_, bobs) = beta.add("bob@example.org", &beta.admin).await;
    world.person("known@example.org").await;
    let many = "409 CONFLICT";
    for address in ["stranger@example.org", "known@example.org"] {
        let mut sent = 0;
        for round in 0..12 {
            let (token, role) = if round % 3 == 0 { (&bobs, &beta.member) } else { (&adas, &acme.member) };
            // However it is spelt.
            let spelt = if round % 2 == 0 { address.to_uppercase() } else { address.to_owned() };
            let (answer, _, id) = invite(&world, token, &spelt, role.as_str()).await;
            let path = format!("{USERS}/{id}");
            if round >= 10 {
                assert_eq!(answer.code(), many, "{round}");
                continue;
            }
            assert_eq!(answer.status, 201, "{}", answer.body);
            sent += world.mails().await.len();
            assert_eq!(world.call(As::Token(token), "DELETE", &path, &Value::Null).await.status, 204);
        }
        assert_eq!((sent, world.mails().await.len()), (10, 0), "{address}");
    }
    let (fresh, _, id) = invite(&world, &adas, "another@example.org", acme.member.as_str()).await;
    assert_eq!(fresh.status, 201, "{}", fresh.body);
    let again = format!("{USERS}/{id}/invitation");
    for _ in 0..9 {
        assert_eq!(world.call(As::Token(&adas), "POST", &again, &Value::Null).await.status, 204);
    }
    assert_eq!(world.call(As::Token(&adas), "POST", &again, &Value::Null).await.code(), many);
    world.advance(3_600);
    assert_eq!(world.call(As::Token(&adas), "POST", &again, &Value::Null).await.status, 204);
    assert_eq!(invite(&world, &adas, "stranger@example.org", acme.member.as_str()).await.0.status, 201);
}

#[tokio::test]
async fn invitations_per_workspace_are_limited() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.enabled = true;
        settings.limits.invitations_per_hour = 2;
    })
    .await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let (_, member) = acme.add("bob@example.org", &acme.member).await;
    let (_, elsewhere) = beta.add("eve@example.org", &beta.admin).await;
    let invite = async |token: &str, email: &str, role: &str| {
        let body = json!({"email": email, "name": "x", "roleId": role});
        world.call(As::Token(token), "POST", USERS, &body).await
    };
    for _ in 0..3 {
        let refused = invite(&member, "a@example.org", acme.member.as_str()).await;
        assert_eq!(refused.code(), "403 PERMISSION_DENIED");
    }
    let role = acme.member.as_str();
    let first = invite(&token, "a@example.org", role).await;
    assert_eq!((first.status.as_u16(), invite(&token, "b@example.org", role).await.status.as_u16()), (201, 201));
    let refused = invite(&token, "c@example.org", role).await;
    assert_eq!(refused.code(), "429 RATE_LIMITED", "{}", refused.body);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() <= 1_800);
    let again = format!("{USERS}/{}/invitation", text(&first.json(), "id"));
    assert_eq!(world.call(As::Token(&token), "POST", &again, &Value::Null).await.status, 429);
    assert_eq!(invite(&elsewhere, "c@example.org", beta.member.as_str()).await.status, 201);
}

#[tokio::test]
async fn the_member_list_is_paged() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    for number in 0..6 {
        let user = world.person(&format!("p{number}@example.org")).await;
        acme.join(&user, &acme.member).await;
    }
    let page = async |query: &str| world.call(As::Token(&token), "GET", &format!("{USERS}{query}"), &Value::Null).await;
    let all = page("").await.json();
    assert_eq!((&all["total"], &all["offset"], &all["limit"]), (&json!(7), &json!(0), &json!(50)));
    let mut names: Vec<String> = all["items"].as_array().unwrap().iter().map(|item| text(item, "name")).collect();
    let mut found = Vec::new();
    for offset in [0, 3, 6, 9] {
        let part = page(&format!("?offset={offset}&limit=3")).await.json();
        assert_eq!((&part["total"], &part["offset"], &part["limit"]), (&json!(7), &json!(offset), &json!(3)));
        found.extend(part["items"].as_array().unwrap().iter().map(|item| text(item, "name")));
    }
    assert_eq!(found, names);
    names.sort();
    assert_eq!(names, ["ada", "p0", "p1", "p2", "p3", "p4", "p5"]);
    assert_eq!(page("?limit=1000").await.json()["limit"], 200);
    assert_eq!(page("?offset=9223372036854775807").await.json()["items"], json!([]));
    for bad in ["?offset=-1", "?limit=0", "?limit=x", "?offset=1&offset=1", "?offset=9223372036854775808"] {
        assert_eq!(page(bad).await.code(), "400 VALIDATION_ERROR", "{bad}");
    }
}

#[tokio::test]
async fn members_see_themselves_and_managers_see_everyone() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (ada, admin) = acme.add("ada@example.org", &acme.admin).await;
    let (bob, member) = acme.add("bob@example.org", &acme.member).await;
    let (_, reader) = acme.key(&[KeyPermission::Read]).await;
    let key = acme.admin_key().await;
    let see = async |who: As<'_>, path: String| world.call(who, "GET", &path, &Value::Null).await;
    for who in [As::Token(&admin), As::Token(&member), As::Key(&key)] {
        assert_eq!(see(who, format!("{USERS}/{bob}")).await.json()["id"], bob.as_str());
    }
    for who in [As::Token(&member), As::Key(&reader)] {
        assert_eq!(see(who, format!("{USERS}/{ada}")).await.code(), "403 PERMISSION_DENIED");
        assert_eq!(see(who, USERS.to_owned()).await.code(), "403 PERMISSION_DENIED");
    }
    assert_eq!(see(As::Key(&key), USERS.to_owned()).await.json()["total"], 2);
}

#[tokio::test]
async fn member_managers_cannot_exceed_their_own_rights() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (ada, admin) = acme.add("ada@example.org", &acme.admin).await;
    let switches = [Switch::ManageUsers].into_iter().collect();
    let manager = acme.role("People", RolePermissions { switches, ..Default::default() }).await;
    let (bob, token) = acme.add("bob@example.org", &manager).await;
    let (eve, _) = acme.add("eve@example.org", &acme.member).await;
    let change = async |token: &str, who: &str, body: Value| {
        world.call(As::Token(token), "PATCH", &format!("{USERS}/{who}"), &body).await
    };
    assert_eq!(change(&token, eve.as_str(), json!({"roleId": manager.as_str(), "quickLogin": true})).await.status, 200);
    assert_eq!(change(&token, eve.as_str(), json!({})).await.json()["quickLogin"], true);
    for who in [&eve, &bob] {
        let refused = change(&token, who.as_str(), json!({"roleId": acme.admin.as_str()})).await;
        assert_eq!(refused.code(), BEYOND);
    }
    for body in [json!({"active": false}), json!({"roleId": acme.member.as_str()}), json!({"quickLogin": true})] {
        assert_eq!(change(&token, ada.as_str(), body).await.code(), BEYOND);
    }
    assert_eq!(world.call(As::Token(&token), "DELETE", &format!("{USERS}/{ada}"), &Value::Null).await.code(), BEYOND);
    let invite = json!({"email": "x@example.org", "name": "x", "roleId": acme.admin.as_str()});
    assert_eq!(world.call(As::Token(&token), "POST", USERS, &invite).await.code(), BEYOND);
    for body in [json!({"active": "no"}), json!({"roleId": 5}), json!({"quickLogin": 1})] {
        assert_eq!(change(&admin, eve.as_str(), body).await.code(), "400 VALIDATION_ERROR");
    }
    // What belongs to the person is passed over.
    let renamed =
        change(&admin, eve.as_str(), json!({"name": "Mallory", "email": "m@example.org", "password": "x"})).await;
    assert_eq!(
        (text(&renamed.json(), "name"), text(&renamed.json(), "email")),
        ("eve".into(), "eve@example.org".into())
    );
}

#[tokio::test]
async fn the_last_admin_cannot_be_removed() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (ada, token) = acme.add("ada@example.org", &acme.admin).await;
    let path = format!("{USERS}/{ada}");
    let key = acme.admin_key().await;
    for who in [As::Token(&token), As::Key(&key)] {
        assert_eq!(world.call(who, "DELETE", &path, &Value::Null).await.code(), LAST);
        for body in [json!({"active": false}), json!({"roleId": acme.member.as_str()})] {
            assert_eq!(world.call(who, "PATCH", &path, &body).await.code(), LAST);
        }
    }
    acme.add("bob@example.org", &acme.admin).await;
    assert_eq!(world.call(As::Token(&token), "DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(world.call(As::Token(&token), "GET", &path, &Value::Null).await.status, 401);
}

#[tokio::test]
async fn two_admins_who_remove_each_other_at_once_leave_one() {
    for _ in 0..5 {
        let world = World::with_orgs().await;
        let acme = world.org("Acme").await;
        let (ada, adas) = acme.add("ada@example.org", &acme.admin).await;
        let (bob, bobs) = acme.add("bob@example.org", &acme.admin).await;
        let (to_bob, to_ada) = (format!("{USERS}/{bob}"), format!("{USERS}/{ada}"));
        let (one, other) = join(
            world.call(As::Token(&adas), "DELETE", &to_bob, &Value::Null),
            world.call(As::Token(&bobs), "DELETE", &to_ada, &Value::Null),
        )
        .await;
        let done = [&one, &other].into_iter().filter(|answer| answer.status == 204).count();
        assert_eq!(done, 1, "{} {}", one.body, other.body);
        let refused = if one.status == 204 { other } else { one };
        // Either they had gone already, or they were the last.
        assert!(["401", "409"].contains(&&refused.code()[..3]), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_workspace_is_readable_by_all_and_changed_by_admins() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, admin) = acme.add("ada@example.org", &acme.admin).await;
    let (_, member) = acme.add("bob@example.org", &acme.member).await;
    let (_, blind) = acme.key(&[KeyPermission::UpdateData]).await;
    let key = acme.admin_key().await;
    let path = "/api/v1/workspace";
    let shown = world.call(As::Token(&member), "GET", path, &Value::Null).await.json();
    let item = json!({"id": acme.org.as_str(), "name": "Acme", "quickLogins": false, "requireSecondFactor": false,
        "createdAt": shown["createdAt"]});
    assert_eq!(shown, item);
    let changed = world.call(As::Token(&admin), "PATCH", path, &json!({"name": " Acme Ltd "})).await.json();
    assert_eq!((&changed["name"], &changed["quickLogins"]), (&json!("Acme Ltd"), &json!(false)));
    let changed = world.call(As::Key(&key), "PATCH", path, &json!({"quickLogins": true})).await.json();
    assert_eq!((&changed["name"], &changed["quickLogins"]), (&json!("Acme Ltd"), &json!(true)));
    assert_eq!(world.call(As::Token(&member), "GET", path, &Value::Null).await.json(), changed);
    let refused = world.call(As::Token(&member), "PATCH", path, &json!({"name": "x"})).await;
    assert_eq!(refused.code(), "403 PERMISSION_DENIED");
    assert_eq!(world.call(As::Key(&blind), "GET", path, &Value::Null).await.code(), "403 PERMISSION_DENIED");
    for body in
        [json!({"name": ""}), json!({"name": "x".repeat(101)}), json!({"name": 1}), json!({"quickLogins": "on"})]
    {
        assert_eq!(world.call(As::Token(&admin), "PATCH", path, &body).await.code(), "400 VALIDATION_ERROR");
    }
    let rotate = "/api/v1/workspace/secret/rotate";
    assert!(world.call(As::Token(&member), "POST", rotate, &Value::Null).await.code().starts_with("403 "));
    let refused = world.call(As::Key(&key), "POST", rotate, &Value::Null).await;
    assert_eq!(refused.code(), "403 PERMISSION_DENIED");
    let refused = world.call(As::Key(&key), "POST", "/api/v1/auth/logout", &Value::Null).await;
    assert_eq!(refused.code(), "403 PERMISSION_DENIED");
}
