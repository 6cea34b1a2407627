//! "Login with Sigma", "Link App" and the page of one's merits: what people see, what their answers do, and what is refused.

use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::merits::OrgPermission;

use crate::support::{Answer, BadgesApp, Browser, PASSWORD, TestOrg, World, leads};

const PROFILE: &str = "CanViewPublicProfile";
const ALL: &str = "CanViewAllStandardMerits";

/// Verified orgs with an app of the second, which acts for the first.
async fn story(world: &World) -> (TestOrg<'_>, TestOrg<'_>, BadgesApp<'_>) {
    let (bakery, library) =
        (world.verified_org("Harbour <b>Bakery</b>").await, world.verified_org("Night Library").await);
    let app = world.badges_app(&library.org).await;
    app.link(&bakery.org, [OrgPermission::Send, OrgPermission::ManageTemplates]).await;
    (bakery, library, app)
}

/// A field of the form on a page.
fn hidden(page: &Answer, name: &str) -> String {
    let start = page.body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{}", page.body));
    start.split('"').next().unwrap().to_owned()
}

/// Answers the request that a page shows.
async fn answer(browser: &Browser<'_>, page: &Answer, path: &str, extra: &[(&str, &str)]) -> Answer {
    let (token, shown_to) = (hidden(page, "token"), hidden(page, "shown_to"));
    let mut form = vec![("token", token.as_str()), ("shown_to", shown_to.as_str())];
    form.extend(extra);
    browser.post_form(path, &form).await
}

async fn allow(browser: &Browser<'_>, page: &Answer) -> Answer {
    answer(browser, page, "/login-with-sigma", &[("accept", "true")]).await
}

/// Sends a merit of a new template by the API; returns the ids of template and merit.
async fn send(app: &BadgesApp<'_>, org: &TestOrg<'_>, title: &str, to: &str) -> (String, String) {
    let draft = json!({"orgId": org.org.digits(), "title": title, "description": "For <i>good</i> bread"});
    let template = app.for_org(&org.org, "POST", "/v2/merittemplates", &draft).await;
    assert_eq!(template.status, 200, "{}", template.body);
    let template = template.json()["id"].as_str().unwrap().to_owned();
    let body =
        json!({"recipientEmail": to, "meritTemplateId": template, "recipientName": "Ada Lovelace", "fieldValues": []});
    let sent = app.for_org(&org.org, "POST", "/v2/merits/send", &body).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    (template, sent.json()["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_person_signs_in_agrees_and_the_app_reads_exactly_what_was_granted() {
    let world = World::with_orgs().await;
    let (bakery, library, app) = story(&world).await;
    world.person("ada@example.org").await;
    let path = app.login_request(&bakery.org, &[PROFILE], "x y&z").await;

    // Nobody is signed in: any method of the server, and on with the same request.
    let browser = world.browser();
    let asked = browser.get(&path).await;
    assert_eq!(leads(&asked), "/login");
    let form = asked.location().replace("/login?", "/login/password?");
    let entered = browser.post_form(&form, &[("email", "ada@example.org"), ("password", PASSWORD)]).await;
    assert_eq!(entered.location(), path);
    world.tick();

    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for words in [
        "Badges",
        "badges.example.org",
        "On behalf of",
        "Your name and primary e-mail address",
        "Merits of other organizations",
        "Merits that you did not accept",
        "ada@example.org",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("<b>Bakery"), "the name of an org is text");
    assert_eq!(page.header("x-frame-options"), "DENY");

    let agreed = allow(&browser, &page).await;
    assert_eq!(agreed.status, StatusCode::SEE_OTHER, "{}", agreed.body);
    assert!(agreed.location().starts_with("https://badges.example.org/welcome?from=sigma&memberIdToken="));
    assert_eq!(agreed.param("state").as_deref(), Some("x y&z"));
    let token = agreed.param("memberIdToken").unwrap();
    let exchange = format!("/v2/member_id?member_id_token={token}");
    let exchanged = app.for_org(&bakery.org, "GET", &exchange, &Value::Null).await;
    let member = exchanged.json()["memberId"].as_str().unwrap().to_owned();
    let about = app.for_org(&bakery.org, "GET", &format!("/v2/members/{member}"), &Value::Null).await.json();
    assert_eq!(about["email"], "ada@example.org");

    // Merits of the org on whose behalf it asked, and of its own: not of a third one.
    let other = world.verified_org("Other").await;
    app.link(&other.org, [OrgPermission::Send, OrgPermission::ManageTemplates]).await;
    for (org, title) in [(&bakery, "Baker"), (&library, "Reader"), (&other, "Secret")] {
        send(&app, org, title, "ada@example.org").await;
        world.tick();
    }
    let merits = format!("/v2/members/{member}/merits");
    let read = async || app.for_org(&bakery.org, "GET", &merits, &Value::Null).await;
    assert_eq!(read().await.json()["merits"], json!([]), "what nobody accepted is not shown");
    let list = browser.get("/account/merits").await;
    for key in keys(&list, "accept") {
        let accepted = browser.post_form("/account/merits/accept", &[("merit", &key)]).await;
        assert_eq!(accepted.location(), "/account/merits?done=accepted");
        world.tick();
    }
    let shown: Vec<_> =
        read().await.json()["merits"].as_array().unwrap().iter().map(|it| it["meritTemplateTitle"].clone()).collect();
    assert_eq!(shown, ["Reader", "Baker"]);

    // Taken back on the person's page: the next call is refused.
    let list = browser.get("/account/merits").await;
    let access = keys(&list, "end-access").remove(0);
    let ended = browser.post_form("/account/merits/end-access", &[("merit", &access)]).await;
    assert_eq!(ended.location(), "/account/merits?done=ended");
    let refused = read().await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error_code"]), (403, &json!("access_not_granted")));
}

/// The merits that the forms of an action name.
fn keys(page: &Answer, action: &str) -> Vec<String> {
    let form = format!("action=\"/account/merits/{action}\">");
    let named =
        |form: &str| form.split("name=\"merit\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    page.body.split(&form).skip(1).map(named).collect()
}

#[tokio::test]
async fn nothing_is_granted_twice_silently_or_by_somebody_else() {
    let world = World::with_orgs().await;
    let (bakery, _, app) = story(&world).await;
    for address in ["ada@example.org", "eve@example.org"] {
        world.person(address).await;
    }
    let (ada, eve) = (world.entered("ada@example.org").await, world.entered("eve@example.org").await);

    // A token is used once, also by two answers at the same time.
    let path = app.login_request(&bakery.org, &[PROFILE], "s").await;
    let page = ada.get(&path).await;
    let (one, other) = tokio::join!(allow(&ada, &page), allow(&ada, &page));
    let granted = [&one, &other].iter().filter(|answer| answer.param("memberIdToken").is_some()).count();
    assert_eq!(granted, 1, "{} {}", one.location(), other.location());
    for again in [ada.get(&path).await, allow(&ada, &page).await] {
        assert_eq!(again.status, StatusCode::NOT_FOUND, "{}", again.location());
    }
    world.tick();

    // As much as before in the same session: one click, never none. More, or another session: everything again.
    let again = ada.get(&app.login_request(&bakery.org, &[PROFILE], "s").await).await;
    assert!(again.status == StatusCode::OK && again.body.contains("Nothing more is asked for"), "{}", again.body);
    let more = ada.get(&app.login_request(&bakery.org, &[PROFILE, ALL], "s").await).await;
    assert!(!more.body.contains("Nothing more is asked for") && more.body.contains("All merits that you accepted"));
    let elsewhere = world.entered("ada@example.org").await;
    let fresh = elsewhere.get(&app.login_request(&bakery.org, &[PROFILE], "s").await).await;
    assert!(!fresh.body.contains("Nothing more is asked for"), "{}", fresh.body);

    // A page that was made for another account, from another site, or for nobody, grants nothing.
    let path = app.login_request(&bakery.org, &[PROFILE], "s").await;
    let page = ada.get(&path).await;
    assert_eq!(allow(&eve, &page).await.location(), path);
    assert_eq!(leads(&allow(&world.browser(), &page).await), "/login-with-sigma");
    let form =
        [("token", hidden(&page, "token")), ("shown_to", hidden(&page, "shown_to")), ("accept", "true".to_owned())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let cookies = ada.cookies();
    let evil = [("cookie", cookies.as_str()), ("origin", "https://evil.example")];
    assert_eq!(world.post_form("/login-with-sigma", &form, &evil).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ada.post_form("/link-app", &form).await.status, StatusCode::NOT_FOUND);

    // Refused, or too late: back to the app, which is told.
    let refused = answer(&ada, &page, "/login-with-sigma", &[("accept", "false")]).await;
    assert_eq!(refused.location(), "https://badges.example.org/sorry?error=access_denied&state=s");
    let late = app.login_request(&bakery.org, &[PROFILE], "s").await;
    let page = ada.get(&late).await;
    world.advance(601);
    for answer in [ada.get(&late).await, allow(&ada, &page).await] {
        assert_eq!(answer.location(), "https://badges.example.org/sorry?error=expired&state=s");
    }
    world.advance(24 * 3_600);
    assert_eq!(world.browser().get(&late).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.browser().get("/login-with-sigma?token=nothing").await.status, StatusCode::NOT_FOUND);

    // An app that was unlinked in between gets nothing.
    let path = app.login_request(&bakery.org, &[PROFILE], "s").await;
    let ada = world.entered("ada@example.org").await;
    let page = ada.get(&path).await;
    let (org, id, now) = (bakery.org.clone(), app.app.id.clone(), world.now());
    let actor = sigma_core::actor::Actor::Operator;
    let unlink = move |tx: &mut dyn sigma_store::Tx| sigma_store::merits::link::remove(tx, &org, &id, &actor, now);
    world.sigma.store.decide(unlink).await.unwrap();
    for answer in [ada.get(&path).await, allow(&ada, &page).await, ada.get(&path).await] {
        assert_eq!(answer.location(), "https://badges.example.org/sorry?error=server_error&state=s");
    }
}

#[tokio::test]
async fn an_admin_links_an_app_to_an_org_of_theirs_alone() {
    let world = World::with_orgs().await;
    let (bakery, library, app) = story(&world).await;
    bakery.add("ada@example.org", &bakery.admin).await;
    let user = world.person("bob@example.org").await;
    bakery.join(&user, &bakery.member).await;
    let (ada, bob) = (world.entered("ada@example.org").await, world.entered("bob@example.org").await);

    let path = app.link_request(&["CanEditOrg", "CanProposeAllMeritTemplates"], "st").await;
    assert_eq!(leads(&world.browser().get(&path).await), "/login");
    let page = bob.get(&path).await;
    assert!(page.body.contains("You do not administer an organization"), "{}", page.body);
    let chosen = ("org", bakery.org.as_str());
    let forced = answer(&bob, &page, "/link-app", &[("accept", "true"), chosen]).await;
    assert_eq!(forced.status, StatusCode::FORBIDDEN);

    let page = ada.get(&path).await;
    for words in ["Change the profile", "Propose merits", "Harbour", "An app of Night Library"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let other = answer(&ada, &page, "/link-app", &[("accept", "true"), ("org", library.org.as_str())]).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    let linked = answer(&ada, &page, "/link-app", &[("accept", "true"), chosen]).await;
    assert!(linked.location().starts_with("https://badges.example.org/linked?orgIdToken="), "{}", linked.location());
    let token = linked.param("orgIdToken").unwrap();
    let exchanged = app.as_app("GET", &format!("/v2/org_id?org_id_token={token}"), &Value::Null).await;
    assert_eq!(exchanged.json()["orgId"], bakery.org.digits());
    // Exactly what was asked now: sending was granted before, and is not any more.
    let body = json!({"recipientEmail": "x@example.org", "meritTemplateId": "0".repeat(24), "recipientName": "X"});
    assert_eq!(app.for_org(&bakery.org, "POST", "/v2/merits/send", &body).await.status, StatusCode::FORBIDDEN);

    // On the org's page it is seen and unlinked.
    let apps = format!("/org/{}/apps", bakery.org);
    let page = ada.get(&apps).await;
    assert!(page.body.contains("Badges") && page.body.contains("Propose merits"), "{}", page.body);
    let form = [("app", app.app.id.as_str())];
    let unlinked = ada.post_form(&format!("{apps}/unlink"), &form).await;
    assert_eq!(unlinked.location(), format!("{apps}?done=unlinked"));
    let access = app.as_app("POST", &format!("/v2/orgs/{}/access", bakery.org.digits()), &Value::Null).await;
    assert_eq!(access.status, StatusCode::FORBIDDEN);

    let path = app.link_request(&["CanEditOrg"], "st").await;
    let page = ada.get(&path).await;
    let refused = answer(&ada, &page, "/link-app", &[("accept", "false")]).await;
    assert_eq!(refused.location(), "https://badges.example.org/sorry?error=access_denied&state=st");
}

#[tokio::test]
async fn an_account_that_is_going_to_be_deleted_gives_no_app_access() {
    let world = World::with_orgs().await;
    let (bakery, _, app) = story(&world).await;
    bakery.add("ada@example.org", &bakery.admin).await;
    // The only administrator could not leave.
    let second = world.person("second@example.org").await;
    bakery.join(&second, &bakery.admin).await;
    let ada = world.entered("ada@example.org").await;
    let page = ada.get(&app.login_request(&bakery.org, &[PROFILE], "s").await).await;
    let token = allow(&ada, &page).await.param("memberIdToken").unwrap();
    let exchange = format!("/v2/member_id?member_id_token={token}");
    let exchanged = app.for_org(&bakery.org, "GET", &exchange, &Value::Null).await;
    let member = format!("/v2/members/{}", exchanged.json()["memberId"].as_str().unwrap());
    let read = async || app.for_org(&bakery.org, "GET", &member, &Value::Null).await.status.as_u16();
    assert_eq!(read().await, 200);
    world.tick();

    let login = app.login_request(&bakery.org, &[PROFILE], "s").await;
    let link = app.link_request(&["CanEditOrg"], "s").await;
    let shown = [("/login-with-sigma", &login, ada.get(&login).await), ("/link-app", &link, ada.get(&link).await)];
    let requested = ada.post_form("/account/delete", &[("confirm", "delete")]).await;
    assert_eq!(requested.location(), "/account/delete", "{}", requested.body);
    world.tick();
    assert_eq!(read().await, 403, "what they agreed to before is not shown");
    for (form, path, page) in &shown {
        assert_eq!(ada.get(path).await.location(), "/account/delete", "{path}");
        let accepted = answer(&ada, page, form, &[("accept", "true"), ("org", bakery.org.as_str())]).await;
        assert_eq!(accepted.location(), "/account/delete", "{path}");
    }
    let (form, _, page) = &shown[1];
    let refused = answer(&ada, page, form, &[]).await;
    assert_eq!(refused.location(), "https://badges.example.org/sorry?error=access_denied&state=s");

    assert_eq!(ada.post_form("/account/delete/cancel", &[]).await.location(), "/account?done=kept");
    world.tick();
    assert_eq!(read().await, 200, "kept with the account");
    let page = ada.get(&login).await;
    assert!(allow(&ada, &page).await.param("memberIdToken").is_some(), "the request was not used up");
}

#[tokio::test]
async fn merits_wait_for_their_address_and_only_their_holder_answers() {
    let world = World::with_orgs().await;
    let (bakery, _, app) = story(&world).await;
    let (_, first) = send(&app, &bakery, "Baker", "ada@example.org").await;
    world.tick();
    send(&app, &bakery, "<script>alert(1)</script>", "ada@example.org").await;
    world.tick();
    world.person("ada@example.org").await;
    world.person("eve@example.org").await;
    let (ada, eve) = (world.entered("ada@example.org").await, world.entered("eve@example.org").await);
    let page = ada.get("/account/merits").await;
    assert_eq!(keys(&page, "accept").len(), 2, "{}", page.body);
    assert!(!page.body.contains("<script>alert") && !page.body.contains("<i>good"), "texts of senders are text");
    let key = format!("{}-{first}", bakery.org.digits());
    for action in ["accept", "reject", "report", "forfeit", "visibility", "end-access"] {
        let path = format!("/account/merits/{action}");
        let denied = eve.post_form(&path, &[("merit", &key), ("public", "true")]).await;
        assert_eq!(denied.location(), "/account/merits?done=gone", "{action}");
        assert_eq!(leads(&world.browser().post_form(&path, &[("merit", &key)]).await), "/login");
        let broken = ada.post_form(&path, &[("merit", "nothing")]).await;
        assert_eq!(broken.location(), "/account/merits?done=gone");
    }
    let act = async |action: &str, extra: &[(&str, &str)]| {
        world.tick();
        let mut form = vec![("merit", key.as_str())];
        form.extend(extra);
        ada.post_form(&format!("/account/merits/{action}"), &form).await.param("done").unwrap()
    };
    assert_eq!(act("forfeit", &[]).await, "gone", "what was not accepted cannot be given up");
    assert_eq!(act("accept", &[]).await, "accepted");
    assert_eq!(act("reject", &[]).await, "gone");
    assert_eq!(act("visibility", &[("public", "false")]).await, "hidden");
    assert_eq!(act("visibility", &[("public", "true")]).await, "shown");
    assert_eq!(act("forfeit", &[]).await, "forfeited");
    let path = format!("/v2/orgs/{}/merits/{first}", bakery.org.digits());
    let merit = app.for_org(&bakery.org, "GET", &path, &Value::Null).await;
    assert_eq!(merit.json()["status"], "Forfeited");
    let second = keys(&ada.get("/account/merits").await, "report").remove(0);
    let reported = ada.post_form("/account/merits/report", &[("merit", &second)]).await;
    assert_eq!(reported.location(), "/account/merits?done=reported");
    assert!(ada.get("/account/merits").await.body.contains("You have not accepted any merits yet"));
}

#[tokio::test]
async fn recipients_are_told_once_and_can_end_it() {
    let world = World::with_orgs().await;
    let (bakery, library, app) = story(&world).await;
    send(&app, &bakery, "Baker www.evil.example", "ada@example.org").await;
    world.tick();
    world.tell_recipients().await;
    let mail = world.mail().await;
    assert_eq!(mail.to, "ada@example.org");
    assert!(!mail.text.contains("evil.example") && !mail.html.contains("<b>Bakery"), "{}", mail.text);
    assert!(mail.text.contains("https://id.example.org/account/merits"));
    let link = mail.link.unwrap();
    assert!(link.starts_with("/merits/unsubscribe?token="), "{link}");
    world.tell_recipients().await;
    assert_eq!(world.mails().await.len(), 0, "a merit is told of once");

    // By a look at the page nothing changes; by the mail program's one click it does, from anywhere and without a cookie.
    let page = world.browser().get(&link).await;
    assert!(page.status == StatusCode::OK && page.body.contains("ada@example.org"), "{}", page.body);
    send(&app, &bakery, "Second", "Ada@example.org").await;
    world.tick();
    world.tell_recipients().await;
    assert_eq!(world.mails().await.len(), 1);
    let clicked =
        world.post_form(&link, &[("List-Unsubscribe", "One-Click")], &[("origin", "https://mail.example")]).await;
    assert_eq!(clicked.status, StatusCode::OK, "{}", clicked.body);
    let broken = world.post_form("/merits/unsubscribe?token=x", &[], &[]).await;
    assert_eq!(broken.status, StatusCode::NOT_FOUND);
    for (org, told) in [(&bakery, 0), (&library, 1)] {
        send(&app, org, "Third", "ada@example.org").await;
        world.tick();
        world.tell_recipients().await;
        assert_eq!(world.mails().await.len(), told);
    }

    // An address gets so many a day of one org, which leaves room for the others; the merits wait for it all the same.
    for number in 0..25 {
        send(&app, &library, &format!("Many {number}"), "ben@example.org").await;
        world.tick();
    }
    world.tell_recipients().await;
    assert_eq!(world.mails().await.len(), 8);
    send(&app, &bakery, "Of another org", "ben@example.org").await;
    world.tick();
    world.tell_recipients().await;
    assert_eq!(world.mails().await.len(), 1);
    world.person("ben@example.org").await;
    let page = world.entered("ben@example.org").await.get("/account/merits").await;
    assert_eq!(keys(&page, "accept").len(), 20, "a page of them");
}
