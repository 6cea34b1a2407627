//! Sessions in the console and in the management API: who is signed in where, and the end of one.

use serde_json::json;
use sigma_core::operator::OperatorRole;
use sigma_store::event::Trail;

use crate::admin_api::{add_app, call, own_token, token_of};
use crate::console::{operator, person};
use crate::support::{World, text};

#[tokio::test]
async fn support_sees_who_is_signed_in_where_and_ends_one_session() {
    let world = World::new().await;
    add_app(&world).await;
    let (support, _) = operator(&world, "support", OperatorRole::Support).await;
    let (owner, owner_id) = operator(&world, "owner", OperatorRole::Owner).await;
    let (ada, ada_id) = person(&world, "ada").await;
    token_of(&world, &ada, "openid").await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let listed = call(&world, &token, "GET", &format!("sessions?person={ada_id}")).await.json();
    let session = listed["items"][0].clone();
    assert_eq!((&session["person"], listed["items"].as_array().unwrap().len()), (&json!(ada_id.as_str()), 1));
    assert_eq!(session["apps"], json!([world.app("service").await.id.as_str()]));
    let first = call(&world, &token, "GET", "sessions?limit=2").await.json();
    let rest = call(&world, &token, "GET", &format!("sessions?after={}", text(&first, "next"))).await.json();
    let whose = |page: &serde_json::Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|item| text(item, "name").to_owned()).collect()
    };
    assert_eq!([whose(&first), whose(&rest)].concat().len(), 3);
    let page = support.get(&format!("/console/sessions?person={ada_id}")).await;
    assert!(
        page.body.contains(text(&session, "id")) && page.body.contains(&world.app("service").await.name),
        "{}",
        page.body
    );

    // Not those of whoever is beyond the role.
    let of_owner = call(&world, &token, "GET", &format!("sessions?person={owner_id}")).await.json();
    let beyond = support.post_form("/console/sessions", &[("session", text(&of_owner["items"][0], "id"))]).await;
    assert_eq!(beyond.status, 403, "{}", beyond.body);
    assert_ne!(owner.get("/api/auth/get-session").await.body, "null");
    let ended = support.post_form("/console/sessions", &[("session", text(&session, "id"))]).await;
    assert_eq!(ended.location(), "/console/sessions?done=session-ended", "{}", ended.body);
    assert_eq!(ada.get("/api/auth/get-session").await.body, "null");
    assert_eq!(call(&world, &token, "DELETE", &format!("sessions/{}", text(&session, "id"))).await.status, 404);
    let event = world.trail(Trail::User(ada_id)).await.into_iter().find(|event| event.action == "session.end").unwrap();
    assert!(event.actor.user().is_some_and(|actor| Some(actor) != event.user_id.as_ref()), "{event:?}");
}
