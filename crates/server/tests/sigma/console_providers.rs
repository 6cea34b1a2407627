//! Providers in the console: whether they answer, and a test sign-in that makes neither account nor session.

use sigma_core::operator::OperatorRole;
use sigma_store::event::Trail;

use crate::admin_api::{add_app, call, own_token};
use crate::console::{operator, person};
use crate::provider_sign_in::world_with;
use crate::support::text;
use crate::support::upstream::{Asked, Upstream};

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
