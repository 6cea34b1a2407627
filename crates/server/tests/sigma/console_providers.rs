//! Providers in the console: added, changed, whether they answer, and a test sign-in that makes neither account nor session.

use sigma_core::operator::OperatorRole;
use sigma_store::event::Trail;

use crate::admin_api::{add_app, call, own_token};
use crate::console::{operator, person};
use crate::console_apps::attribute;
use crate::provider_sign_in::world_with;
use crate::support::upstream::{Asked, Upstream};
use crate::support::{World, text};

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
    const PATH: &str = "/console/providers";
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
        (("client_id", ""), "client_id"),
        (("client_secret", "two words"), "client_secret"),
        (("label", "a label that is longer than the fifty characters of a button"), "label"),
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
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    assert!(!admin.get(PATH).await.body.contains("/console/providers/new"));
}
