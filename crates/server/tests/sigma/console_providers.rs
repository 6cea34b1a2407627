//! Providers in the console: added, changed, whether they answer, and a test sign-in that makes neither account nor session.

use sigma_core::operator::OperatorRole;
use sigma_store::event::Trail;

use crate::admin_api::{add_app, call, own_token};
use crate::console::{operator, person};
use crate::console_apps::attribute;
use crate::provider_sign_in::world_with;
use crate::support::upstream::{Asked, CLIENT, SECRET, Upstream};
use crate::support::{Browser, World, text};

const PATH: &str = "/console/providers";

#[tokio::test]
async fn an_owner_tests_a_provider_and_sees_what_came_back_without_an_account() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    add_app(&world).await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let (stranger, _) = person(&world, "stranger").await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let listed = call(&world, &token, "GET", "providers").await.json();
    assert_eq!(listed["items"][0]["redirect_uri"], "https://id.example.org/api/auth/callback/op");
    assert_eq!((&listed["items"][0]["state"], listed.to_string().contains("secret")), (&"unknown".into(), false));
    assert_eq!(call(&world, &token, "POST", "providers/op/check").await.json()["state"], "answers");
    assert_eq!(call(&world, &token, "POST", "providers/none/check").await.status, 404);

    let people = call(&world, &token, "GET", "people").await.json();
    let test = [("do", "test"), ("provider", "op")];
    let left = owner.post_form("/console/providers", &test).await;
    let there = Asked::of(left.location());
    let back = owner.get(&upstream.consent(&there, &upstream.claims(&there, world.now(), "ada"))).await;
    assert!(back.location().starts_with("/console/providers?trial="), "{}", back.location());
    let shown = owner.get(back.location()).await;
    assert!(shown.body.contains("ada") && shown.body.contains("Ada Lovelace"), "{}", shown.body);
    // Nobody else sees it, and nobody after ten minutes.
    world.appoint(&person(&world, "other").await.1, OperatorRole::Owner).await;
    assert_eq!(stranger.get(back.location()).await.status, 404);
    world.advance(11 * 60);
    assert!(!owner.get(back.location()).await.body.contains("Ada Lovelace"));
    let after = call(&world, &token, "GET", "people").await.json();
    assert_eq!(people["items"].as_array().unwrap().len() + 1, after["items"].as_array().unwrap().len());
    let events = world.trail(Trail::All).await;
    let tested = events.iter().find(|event| event.action == "provider.test").unwrap();
    assert_eq!(tested.details.provider.as_deref(), Some("op"));

    // A failure is told on the page too.
    let there = Asked::of(owner.post_form("/console/providers", &test).await.location());
    let refused = owner.get(&there.callback(&[("error", "access_denied"), ("state", there.get("state"))])).await;
    assert!(refused.location().starts_with("/console/providers?error="), "{}", refused.location());
    assert!(owner.get(refused.location()).await.body.contains("notice-error"));
}

#[tokio::test]
async fn an_owner_adds_changes_and_removes_a_provider() {
    let world = World::new().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let form = |changes: &[(&'static str, &'static str)]| -> Vec<(&'static str, &'static str)> {
        let mut all = vec![
            ("id", "acme"),
            ("kind", "openid"),
            ("issuer", "https://login.acme.example"),
            ("client_id", "sigma <b>"),
            ("client_secret", "correct-horse"),
            ("label", "Acme"),
            ("allowed_domains", "acme.example, acme.test"),
            ("sign_up", "on"),
        ];
        for (name, value) in changes {
            all.retain(|(known, _)| known != name);
            all.push((name, value));
        }
        all
    };
    for (change, field) in [
        (("id", "-acme"), "id"),
        (("issuer", "http://login.acme.example"), "issuer"),
        (("issuer", ""), "issuer"),
        (("issuer", "https://login.acme.example/#top"), "issuer"),
        (("issuer", "https://ada:secret@login.acme.example"), "issuer"),
        (("issuer", "https://login.ac\nme.example"), "issuer"),
        (("issuer", "https://10.0.0.1"), "issuer"),
        (("issuer", "https://[::1]"), "issuer"),
        (("issuer", "http://localhost:8080"), "issuer"),
        (("client_id", ""), "client_id"),
        (("client_id", "sig\u{202e}ma"), "client_id"),
        (("client_secret", "two words"), "client_secret"),
        (("label", "a label that is longer than the fifty characters of a button"), "label"),
        (("label", "Acme \u{2066}"), "label"),
        (("scopes", "profile"), "scopes"),
        (("allowed_domains", "@acme.example"), "allowed_domains"),
        (("trusted_email_domains", "acme example.org/"), "trusted_email_domains"),
    ] {
        let refused = owner.post_form(&format!("{PATH}/new"), &form(&[change])).await;
        assert_eq!(refused.status, 400, "{change:?}: {}", refused.body);
        let input = refused.body.split(&format!("<input id=\"{field}\"")).nth(1).unwrap();
        assert!(input.split('>').next().unwrap().contains("aria-invalid=\"true\""), "{change:?}: {input}");
        assert!(!refused.body.contains("correct-horse") && !refused.body.contains("<b>"), "{}", refused.body);
    }
    let login = async || world.browser().get("/login").await.body;
    assert!(!login().await.contains("Acme"));
    let added = owner.post_form(&format!("{PATH}/new"), &form(&[])).await;
    assert_eq!(added.location(), format!("{PATH}?done=provider-added"), "{}", added.body);
    assert!(login().await.contains("Acme"), "at once");
    let taken = owner.post_form(&format!("{PATH}/new"), &form(&[])).await;
    assert_eq!(taken.status, 409, "{}", taken.body);
    assert!(owner.get(PATH).await.body.contains("/console/providers/acme"));

    let page = format!("{PATH}/acme");
    let shown = owner.get(&page).await.body;
    assert!(!shown.contains("correct-horse") && shown.contains("acme.example acme.test"), "{shown}");
    assert!(shown.contains("/api/auth/callback/acme"), "{shown}");
    let version = attribute(&shown, "name=\"version\"", "value");
    let version: &'static str = version.leak();
    let stored = |world: &World| {
        let store = world.sigma.store.clone();
        async move { store.read(sigma_store::provider::list).await.unwrap().remove(0) }
    };
    let before = stored(&world).await;
    let change = form(&[("label", "Acme Staff"), ("client_secret", ""), ("do", "save"), ("version", version)]);
    let saved = owner.post_form(&page, &change).await;
    assert_eq!(saved.location(), format!("{PATH}?done=saved"), "{}", saved.body);
    let after = stored(&world).await;
    assert_eq!(after.secret, before.secret, "it is kept unless another one is entered");
    assert!(after.settings.contains("Acme Staff") && login().await.contains("Acme Staff"));
    // Somebody who saw it before does not undo that.
    let stale = owner.post_form(&page, &form(&[("label", "Old"), ("do", "save"), ("version", version)])).await;
    assert!(stale.status == 409 && stale.body.contains("value=\"Old\""), "{}", stale.body);
    let renewed = form(&[("label", "Acme Staff"), ("client_secret", "battery-staple"), ("do", "save")]);
    assert_eq!(owner.post_form(&page, &renewed).await.status, 303);
    assert_ne!(stored(&world).await.secret, before.secret);

    let removed = owner.post_form(&page, &[("do", "remove")]).await;
    assert_eq!(removed.location(), format!("{PATH}?done=provider-removed"));
    assert!(!login().await.contains("Acme"));
    assert_eq!(owner.get(&page).await.status, 404);
    let events = world.trail(Trail::All).await;
    let told: Vec<_> =
        events.iter().map(|event| event.action.as_str()).filter(|name| name.starts_with("provider.")).collect();
    assert_eq!(told.iter().filter(|name| **name == "provider.change").count(), 3, "{told:?}");
    let mut changed: Vec<_> = events.iter().filter(|event| event.action == "provider.change").collect();
    changed.sort_by_key(|event| event.details.changed.len());
    let changed: Vec<_> = changed.iter().map(|event| event.details.changed.join(" ")).collect();
    assert!(changed[0].is_empty() && changed.contains(&"label".to_owned()), "{changed:?}");
    assert!(changed.contains(&"client_secret".to_owned()), "{changed:?}");
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    assert!(!admin.get(PATH).await.body.contains("/console/providers/new"));
}

/// What is entered for the provider `acme` at `issuer`, with `secret`.
fn acme<'a>(issuer: &'a str, secret: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("do", "save"),
        ("id", "acme"),
        ("kind", "openid"),
        ("issuer", issuer),
        ("client_id", CLIENT),
        ("client_secret", secret),
        ("sign_up", "on"),
    ]
}

async fn save(owner: &Browser<'_>, page: &str, form: &[(&str, &str)]) {
    let saved = owner.post_form(page, form).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
}

/// A world whose declared providers may be on this machine.
async fn with_private_providers() -> World {
    World::with(|settings| settings.outbound.allow = vec!["127.0.0.0/8".parse().unwrap()]).await
}

#[tokio::test]
async fn a_secret_goes_to_no_other_server_than_it_was_entered_for() {
    let world = World::new().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    save(&owner, &format!("{PATH}/new"), &acme("https://login.acme.example", "correct-horse")).await;
    let page = format!("{PATH}/acme");
    for change in [("issuer", "https://login.evil.example"), ("issuer", "https://login.acme.example/tenant")] {
        let mut form = acme("", "");
        form.push(change);
        form.remove(3);
        let refused = owner.post_form(&page, &form).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
        let input = refused.body.split("<input id=\"client_secret\"").nth(1).unwrap();
        assert!(input.split('>').next().unwrap().contains("aria-invalid=\"true\""), "{input}");
        assert!(refused.body.contains(change.1), "what was entered is kept");
    }
    let mut github = acme("", "");
    github[2].1 = "github";
    assert_eq!(owner.post_form(&page, &github).await.status, 400, "that is another server too");
    let listed = owner.get(PATH).await.body;
    assert!(listed.contains("https://login.acme.example<"), "{listed}");
    save(&owner, &page, &acme("https://login.acme.example", "")).await;
    save(&owner, &page, &acme("https://login.evil.example", "battery-staple")).await;
}

#[tokio::test]
async fn what_is_too_long_is_refused_and_not_cut_to_something_else() {
    let world = World::new().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    // The last domain begins with another one, at which a cut would end.
    let domains = format!("{}hosted.company", "a.example ".repeat(999));
    assert!(domains.len() == 10_004 && domains[..10_000].ends_with("hosted.com"));
    for field in ["trusted_email_domains", "allowed_domains", "scopes", "client_id"] {
        let mut form = acme("https://login.acme.example", "correct-horse");
        form.retain(|(name, _)| *name != field);
        form.push((field, &domains));
        let refused = owner.post_form(&format!("{PATH}/new"), &form).await;
        assert_eq!(refused.status, 400, "{field}");
        let input = refused.body.split(&format!("<input id=\"{field}\"")).nth(1).unwrap();
        assert!(input.split('>').next().unwrap().contains("aria-invalid=\"true\""), "{field}");
    }
}

#[tokio::test]
async fn a_declared_provider_is_at_a_private_address_only_where_the_settings_allow_it() {
    let upstream = Upstream::serve().await;
    let closed = World::new().await;
    let (owner, _) = operator(&closed, "owner", OperatorRole::Owner).await;
    let refused = owner.post_form(&format!("{PATH}/new"), &acme(&upstream.origin, SECRET)).await;
    assert!(refused.status == 400 && refused.body.contains("outbound.allow"), "{}", refused.body);
    // Nor if it is declared all the same, as by an earlier version.
    let settings = serde_json::json!({"issuer": upstream.origin, "client_id": CLIENT}).to_string();
    let id = sigma_core::provider::ProviderId::parse("acme").unwrap();
    let declared = sigma_store::provider::DeclaredProvider { id, settings, secret: None };
    let now = closed.now();
    closed.sigma.store.write(move |tx| sigma_store::provider::set(tx, &declared, now)).await.unwrap();
    closed.sigma.use_declared_providers().await.unwrap();
    let checked = owner.post_form(PATH, &[("provider", "acme"), ("do", "check")]).await;
    assert_eq!(checked.status, 303);
    let listed = owner.get(PATH).await.body;
    assert!(listed.contains("Does not answer"), "{listed}");
    assert_eq!(upstream.requests(), Vec::<String>::new());

    let open = with_private_providers().await;
    let (owner, _) = operator(&open, "owner", OperatorRole::Owner).await;
    save(&owner, &format!("{PATH}/new"), &acme(&upstream.origin, SECRET)).await;
    owner.post_form(PATH, &[("provider", "acme"), ("do", "check")]).await;
    assert!(owner.get(PATH).await.body.contains("Answers"));
}

#[tokio::test]
async fn a_sign_in_that_began_at_another_server_or_a_removed_provider_ends() {
    let (upstream, other) = (Upstream::serve().await, Upstream::serve().await);
    let world = with_private_providers().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    save(&owner, &format!("{PATH}/new"), &acme(&upstream.origin, SECRET)).await;
    let browser = world.browser();
    upstream.round(&world.browser(), "acme", world.now(), "ada").await;
    let asked = browser.leave("acme").await;
    let back = upstream.consent(&asked, &upstream.claims(&asked, world.now(), "ada"));
    save(&owner, &format!("{PATH}/acme"), &acme(&other.origin, SECRET)).await;
    other.requests();
    assert_eq!(browser.get(&back).await.location(), "/login?error=state_not_found");
    assert_eq!(other.requests(), Vec::<String>::new(), "it is not sent the code of another server");
    // Whoever has the same subject there is somebody else.
    let refused = other.round(&world.browser(), "acme", world.now(), "ada").await;
    assert!(refused.location().contains("error=issuer_mismatch"), "{}", refused.location());

    let browser = world.browser();
    let asked = browser.leave("acme").await;
    let back = other.consent(&asked, &other.claims(&asked, world.now(), "eve"));
    save(&owner, &format!("{PATH}/acme"), &[("do", "remove")]).await;
    assert_eq!(browser.get(&back).await.location(), "/login?error=oauth_provider_not_found");
}

#[tokio::test]
async fn an_id_is_given_once_even_to_two_who_add_at_the_same_time() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let mut configured = acme("https://login.acme.example", "correct-horse");
    configured[1].1 = "op";
    assert_eq!(owner.post_form(&format!("{PATH}/new"), &configured).await.status, 409, "the settings have it");
    let new = format!("{PATH}/new");
    let (one, two) =
        (acme("https://login.acme.example", "correct-horse"), acme("https://login.evil.example", "battery-staple"));
    let (one, two) = futures_util::future::join(owner.post_form(&new, &one), owner.post_form(&new, &two)).await;
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
}
