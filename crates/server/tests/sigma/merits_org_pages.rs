//! The pages of orgs that issue merits: who sees them, what their forms do, and what they refuse.

use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::ids::OrgId;
use sigma_core::merits::{OrgPermission, Standing};

use crate::support::{Answer, Browser, TestOrg, World, leads};

pub fn at(org: &TestOrg<'_>, below: &str) -> String {
    format!("/org/{}/{below}", org.org)
}

/// A verified org, and its admin at its pages.
pub async fn bakery(world: &World) -> (TestOrg<'_>, Browser<'_>) {
    let bakery = world.verified_org("Bakery").await;
    bakery.add("ada@example.org", &bakery.admin).await;
    let ada = world.entered("ada@example.org").await;
    (bakery, ada)
}

/// A new template; returns its id.
pub async fn template(world: &World, browser: &Browser<'_>, org: &TestOrg<'_>, title: &str, once: bool) -> String {
    world.tick();
    let form = [("title", title), ("description", "For bread"), ("once", if once { "true" } else { "" })];
    let made = browser.post_form(&at(org, "templates/new"), &form).await;
    let path = made.location().strip_suffix("?done=created").unwrap_or_else(|| panic!("{}", made.body)).to_owned();
    path.rsplit('/').next().unwrap().to_owned()
}

/// The paths of a list's merits.
pub fn merits(page: &Answer) -> Vec<String> {
    let links = page.body.split("class=\"row-link\" href=\"").skip(1);
    links.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn only_admins_see_the_pages_of_an_org() {
    let world = World::with_orgs().await;
    let (bakery, ada) = bakery(&world).await;
    let other = world.verified_org("Other").await;
    let (_, _) = other.add("zoe@example.org", &other.admin).await;
    let zoe = world.entered("zoe@example.org").await;
    bakery.add("bob@example.org", &bakery.member).await;
    let bob = world.entered("bob@example.org").await;
    let unknown = OrgId::from_text("org_ffffffffffffffffffffffff");
    for below in
        ["sent", "sent.csv", "proposed", "templates", "templates/new", "members", "apps", "profile", "send", "import"]
    {
        assert_eq!(ada.get(&at(&bakery, below)).await.status, StatusCode::OK, "{below}");
        for browser in [&zoe, &bob] {
            assert_eq!(browser.get(&at(&bakery, below)).await.status, StatusCode::NOT_FOUND, "{below}");
        }
        assert_eq!(ada.get(&format!("/org/{unknown}/{below}")).await.status, StatusCode::NOT_FOUND, "{below}");
        assert_eq!(leads(&world.browser().get(&at(&bakery, below)).await), "/login", "{below}");
    }
    let template = template(&world, &ada, &bakery, "Baker", false).await;
    let sent = [("template", template.as_str()), ("email", "x@example.org"), ("first_name", "X"), ("how", "send")];
    for (below, form) in [
        ("profile", vec![("title", "Mine")]),
        ("templates/new", vec![("title", "x"), ("description", "x")]),
        ("send", sent.to_vec()),
        ("apps/unlink", vec![("app", "0")]),
    ] {
        for browser in [&zoe, &bob] {
            assert_eq!(browser.post_form(&at(&bakery, below), &form).await.status, StatusCode::NOT_FOUND, "{below}");
        }
    }
    // A template or merit of another org is not there.
    let elsewhere = zoe.post_form(&at(&other, "send"), &sent).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
    assert_eq!(zoe.get(&at(&other, &format!("templates/{template}"))).await.status, StatusCode::NOT_FOUND);
    ada.post_form(&at(&bakery, "send"), &sent).await;
    let merit = merits(&ada.get(&at(&bakery, "sent")).await).remove(0);
    let merit = merit.rsplit('/').next().unwrap();
    for below in [format!("merits/{merit}"), format!("merits/{merit}/revoke"), format!("merits/{merit}/approve")] {
        assert_eq!(zoe.post_form(&at(&other, &below), &[]).await.status, StatusCode::NOT_FOUND, "{below}");
    }
    // Once the org is gone, so are its pages.
    assert_eq!(ada.get("/org").await.location(), format!("/org/{}", bakery.org));
    bakery.remove().await;
    assert_eq!(ada.get(&at(&bakery, "sent")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn templates_fields_and_merits_are_made_edited_and_ended() {
    let world = World::with_orgs().await;
    let (bakery, ada) = bakery(&world).await;
    for (title, description) in [("", "x"), (" ", "x"), ("x", ""), (&*"x".repeat(61), "x"), ("x", &*"x".repeat(161))] {
        let refused =
            ada.post_form(&at(&bakery, "templates/new"), &[("title", title), ("description", description)]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{title} {description}");
        assert!(!refused.notice().is_empty());
    }
    let id = template(&world, &ada, &bakery, "<img src=x onerror=alert(1)>", true).await;
    let page = at(&bakery, &format!("templates/{id}"));
    let field = [("name", "<b>Grade</b>"), ("description", "\"><script>"), ("kind", "ShortText")];
    let added = ada.post_form(&format!("{page}/fields"), &field).await;
    assert_eq!(added.location(), format!("{page}?done=field"), "{}", added.body);
    let twice = ada.post_form(&format!("{page}/fields"), &field).await;
    assert_eq!((twice.status, twice.notice()), (StatusCode::BAD_REQUEST, "Not done: there is a field of that name."));
    let body = ada.get(&page).await.body;
    assert!(!body.contains("<img src=x") && !body.contains("<b>Grade") && !body.contains("\"><script>"), "{body}");
    let setting = body.split("/fields/").nth(1).unwrap().split('"').next().unwrap();
    let own = body.split("/fields/").map(|rest| rest.split('"').next().unwrap());
    let own = own.skip(1).find(|id| !id.contains("00000000000000000000")).unwrap_or(setting).to_owned();
    let required = [("enabled", "true"), ("required", "true")];
    let set = ada.post_form(&format!("{page}/fields/{own}"), &required).await;
    assert_eq!(set.location(), format!("{page}?done=saved"), "{}", set.body);

    let value = format!("field_{}", own.trim_start_matches("fld_"));
    let form = [("template", id.as_str()), ("email", "ben@example.org"), ("first_name", "Ben"), ("how", "send")];
    let missing = ada.post_form(&at(&bakery, "send"), &form).await;
    assert_eq!((missing.status, missing.notice()), (StatusCode::BAD_REQUEST, "Not done: a required field is empty."));
    assert!(missing.body.contains("ben@example.org"), "what was entered stays");
    let form = [&form[..], &[(value.as_str(), "<i>A</i>")]].concat();
    world.tick();
    assert_eq!(ada.post_form(&at(&bakery, "send"), &form).await.location(), at(&bakery, "sent?done=sent"));
    world.tick();
    let again = ada.post_form(&at(&bakery, "send"), &form).await;
    assert_eq!(again.notice(), "Not done: this recipient has a merit of this template already.");

    let merit = merits(&ada.get(&at(&bakery, "sent")).await).remove(0);
    let body = ada.get(&merit).await.body;
    assert!(!body.contains("<i>A</i>") && body.contains("Pending"), "{body}");
    world.tick();
    let edited = ada.post_form(&merit, &[(value.as_str(), "B")]).await;
    assert_eq!(edited.location(), format!("{merit}?done=saved"), "{}", edited.body);
    assert!(ada.get(&merit).await.body.contains("Earlier content"));
    let emptied = ada.post_form(&merit, &[(value.as_str(), "")]).await;
    assert_eq!(emptied.status, StatusCode::BAD_REQUEST);

    // Found by address, whatever its case, by status and by template; other filters find nothing.
    for (query, count) in [
        ("email=BEN%40example.org", 1),
        ("email=nobody%40example.org", 0),
        ("status=Pending", 1),
        ("status=Accepted", 0),
        ("status=nonsense", 1),
        (&*format!("template={id}&email=ben%40example.org&status=Pending"), 1),
        ("template=000000000000000000000000", 0),
        ("after=nonsense&before=x", 1),
    ] {
        let list = ada.get(&format!("{}?{query}", at(&bakery, "sent"))).await;
        assert_eq!(merits(&list).len(), count, "{query}");
    }

    world.tick();
    let moved = ada.post_form(&format!("{merit}/transfer"), &[("email", "not an address")]).await;
    assert_eq!((moved.status, moved.notice()), (StatusCode::BAD_REQUEST, "Not done: the e-mail address is not valid."));
    let moved = ada.post_form(&format!("{merit}/transfer"), &[("email", "benjamin@example.org")]).await;
    assert_eq!(moved.location(), format!("{merit}?done=transferred"), "{}", moved.body);
    assert_eq!(ada.post_form(&format!("{merit}/revoke"), &[]).await.status, StatusCode::BAD_REQUEST);
    let new = merits(&ada.get(&format!("{}?status=Pending", at(&bakery, "sent"))).await).remove(0);
    let revoked = ada.post_form(&format!("{new}/revoke"), &[("reason", "<u>late</u>")]).await;
    assert_eq!(revoked.location(), format!("{new}?done=revoked"));
    let body = ada.get(&new).await.body;
    assert!(body.contains("Revoked") && !body.contains("<u>late"), "{body}");
    assert_eq!(ada.post_form(&new, &[(value.as_str(), "C")]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn proposed_merits_are_sent_once_an_admin_approves() {
    let world = World::with_orgs().await;
    let (bakery, ada) = bakery(&world).await;
    let id = template(&world, &ada, &bakery, "Baker", false).await;
    let form = [("template", id.as_str()), ("email", "ben@example.org"), ("first_name", "Ben"), ("how", "propose")];
    assert_eq!(ada.post_form(&at(&bakery, "send"), &form).await.location(), at(&bakery, "proposed?done=proposed"));
    world.tell_recipients().await;
    assert_eq!(world.mails().await.len(), 0, "nobody is told of a proposal");
    let merit = merits(&ada.get(&at(&bakery, "proposed")).await).remove(0);
    assert!(ada.get(&merit).await.body.contains("Approve and send"));
    assert_eq!(ada.post_form(&format!("{merit}/approve"), &[]).await.location(), format!("{merit}?done=approved"));
    assert_eq!(ada.post_form(&format!("{merit}/approve"), &[]).await.status, StatusCode::BAD_REQUEST);
    assert!(merits(&ada.get(&at(&bakery, "proposed")).await).is_empty());
    world.tell_recipients().await;
    assert_eq!(world.mails().await.len(), 1);
}

#[tokio::test]
async fn merits_of_an_unverified_org_reach_nobody_until_it_is_verified() {
    let world = World::with_orgs().await;
    let (bakery, ada) = bakery(&world).await;
    world.set_standing(&bakery.org, Standing::Unverified).await;
    let id = template(&world, &ada, &bakery, "Baker", false).await;
    world.person("ben@example.org").await;
    let form = [("template", id.as_str()), ("email", "ben@example.org"), ("first_name", "Ben"), ("how", "send")];
    ada.post_form(&at(&bakery, "send"), &form).await;
    assert!(ada.get(&at(&bakery, "sent")).await.body.contains("has not verified this organization"));
    let ben = world.entered("ben@example.org").await;
    world.tell_recipients().await;
    assert!(world.mails().await.is_empty());
    assert!(!ben.get("/account/merits").await.body.contains("Baker"));
    world.set_standing(&bakery.org, Standing::Verified).await;
    world.tell_recipients().await;
    assert_eq!(world.mails().await.len(), 1);
    assert!(ben.get("/account/merits").await.body.contains("Baker"));
}

#[tokio::test]
async fn two_admins_who_revoke_and_transfer_at_once_end_a_merit_once() {
    let world = World::with_orgs().await;
    let (bakery, ada) = bakery(&world).await;
    bakery.add("bob@example.org", &bakery.admin).await;
    let bob = world.entered("bob@example.org").await;
    let id = template(&world, &ada, &bakery, "Baker", false).await;
    for round in 0..5 {
        world.tick();
        let email = format!("ben{round}@example.org");
        let form = [("template", id.as_str()), ("email", email.as_str()), ("first_name", "Ben"), ("how", "send")];
        ada.post_form(&at(&bakery, "send"), &form).await;
        let search = format!("{}?email=ben{round}%40example.org", at(&bakery, "sent"));
        let merit = merits(&ada.get(&search).await).remove(0);
        let (revoke, transfer) = (format!("{merit}/revoke"), format!("{merit}/transfer"));
        let (one, other) = tokio::join!(
            ada.post_form(&revoke, &[("reason", "late")]),
            bob.post_form(&transfer, &[("email", "new@example.org")])
        );
        let done: Vec<_> = [&one, &other].into_iter().filter_map(|answer| answer.param("done")).collect();
        assert_eq!(done.len(), 1, "{} {} {}", one.status, other.status, one.body);
        let refused = if one.param("done").is_some() { &other } else { &one };
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.notice(), "Not done: its status does not allow this any more.");
    }
}

#[tokio::test]
async fn the_profile_is_what_apps_see_and_a_logo_is_an_image() {
    let objects = tempfile::tempdir().unwrap();
    let folder = objects.path().to_owned();
    let world = World::with(move |settings| {
        settings.passwords.memory_kib = 64;
        settings.objects.folder = folder;
    })
    .await;
    let (bakery, ada) = bakery(&world).await;
    let app = world.badges_app(&bakery.org).await;
    let form = [
        ("title", "Harbour <b>Bakery</b>"),
        ("description", "Bread & more"),
        ("website", "https://bakery.example"),
        ("email", "hello@bakery.example"),
        ("phone", "+49 40 1234"),
        ("address", "Harbour 1\nHamburg"),
    ];
    let saved = ada.post_form(&at(&bakery, "profile"), &form).await;
    assert_eq!(saved.location(), at(&bakery, "profile?done=saved"), "{}", saved.body);
    let seen = app.for_org(&bakery.org, "GET", &format!("/v2/orgs/{}", bakery.org.digits()), &Value::Null).await.json();
    assert_eq!((&seen["title"], &seen["phone"]), (&json!("Harbour <b>Bakery</b>"), &json!("+49 40 1234")));
    assert!(!ada.get(&at(&bakery, "profile")).await.body.contains("<b>Bakery"));
    for (name, value) in [
        ("title", ""),
        ("website", "javascript:alert(1)"),
        ("website", "bakery"),
        ("email", "nobody"),
        ("description", &*"x".repeat(1_001)),
        ("phone", "1\u{1}2"),
    ] {
        let mut bad = form.to_vec();
        bad.retain(|(field, _)| *field != name);
        bad.push((name, value));
        let refused = ada.post_form(&at(&bakery, "profile"), &bad).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name} {value}");
    }
    let shown = ada.get(&at(&bakery, "profile")).await.body;
    let version = shown.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let first = [form.as_slice(), &[("version", version), ("phone", "1")]].concat();
    let first: Vec<_> = first.into_iter().filter(|entry| *entry != ("phone", "+49 40 1234")).collect();
    assert_eq!(ada.post_form(&at(&bakery, "profile"), &first).await.location(), at(&bakery, "profile?done=saved"));
    let second = [form.as_slice(), &[("version", version)]].concat();
    let refused = ada.post_form(&at(&bakery, "profile"), &second).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "a form of before the change");
    assert!(refused.body.contains("+49 40 1234") && refused.body.contains(version), "what was entered stays");
    let logo = at(&bakery, "branding/logo");
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    for file in [&b""[..], svg, b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", b"GIF89a"] {
        let refused = ada.upload(&logo, &[], ("logo", "logo.png", file)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
    }
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::from_pixel(32, 32, image::Rgba([200, 80, 20, 255]))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let set = ada.upload(&logo, &[], ("logo", "logo.png", png.get_ref())).await;
    assert_eq!(set.location(), at(&bakery, "branding?done=saved"), "{}", set.body);
    let page = ada.get(&at(&bakery, "profile")).await.body;
    let shown = page.split("src=\"/logos/").nth(1).expect("a logo").split('"').next().unwrap();
    assert_eq!(ada.get(&format!("/logos/{shown}")).await.header("content-type"), "image/png");
    let large = ada.upload(&logo, &[], ("logo", "logo.png", &vec![0; 3_000_000])).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_app_that_may_only_propose_cannot_approve_what_it_proposed() {
    let world = World::with_orgs().await;
    let (bakery, ada) = bakery(&world).await;
    let owner = world.verified_org("Owner").await;
    let app = world.badges_app(&owner.org).await;
    app.link(&bakery.org, [OrgPermission::Propose]).await;
    let id = template(&world, &ada, &bakery, "Baker", false).await;
    let body = json!({"recipientEmail": "ben@example.org", "meritTemplateId": id.trim_start_matches("mtp_"), "recipientName": "Ben"});
    let proposed = app.for_org(&bakery.org, "POST", "/v2/merits/propose", &body).await;
    assert_eq!(proposed.status, StatusCode::OK, "{}", proposed.body);
    let path = format!("/v2/merits/{}/approve", proposed.json()["id"].as_str().unwrap());
    assert_eq!(app.for_org(&bakery.org, "POST", &path, &Value::Null).await.status, StatusCode::FORBIDDEN);
    let merit = merits(&ada.get(&at(&bakery, "proposed")).await).remove(0);
    assert_eq!(ada.post_form(&format!("{merit}/approve"), &[]).await.location(), format!("{merit}?done=approved"));
}
