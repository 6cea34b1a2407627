//! Merits by OpenID Connect: an access token with the scope `merits` reads what its user has.

use serde_json::json;
use sigma_core::ids::UserId;
use sigma_core::merits::Move;
use sigma_core::scope::Scopes;
use sigma_store::email::EmailProof;

use crate::support::{World, ada, text};

#[tokio::test]
async fn an_access_token_with_the_scope_merits_reads_the_merits_of_its_user() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let template = bakery.template("Baker", false).await;
    let browser = ada(&world).await;
    let session = browser.get("/api/auth/get-session").await.json();
    let user = UserId::from_text(text(&session["user"], "id"));
    world.db_set_email(&user, "ada@example.org", EmailProof::Verified).await;
    let (first, pending) =
        (bakery.sent(&template, "ada@example.org").await, bakery.sent(&template, "ada@example.org").await);
    world.answer(&user, &bakery.org, &first, Move::Accept).await.unwrap();

    world.change_app("playground", |app| app.scopes = Scopes::parse("openid merits")).await;
    let tokens = browser.tokens("openid merits").await;
    let page = world.get_with_token("/api/merits", text(&tokens, "access_token")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let page = page.json();
    assert_eq!(page["merits"].as_array().unwrap().len(), 1, "{pending} is not accepted yet");
    assert_eq!((&page["merits"][0]["id"], &page["merits"][0]["email"]), (&json!(first), &json!("")));

    let tokens = browser.tokens("openid").await;
    let refused = world.get_with_token("/api/merits", text(&tokens, "access_token")).await;
    assert_eq!(refused.error(), "403 insufficient_scope: The token needs the scope merits");
    let own = browser.get("/api/merits").await.json();
    assert_eq!(own["merits"][0]["email"], "ada@example.org");
    assert_eq!(world.get_with_token("/api/merits", &bakery.token).await.status, 401);
    assert_eq!(browser.get("/api/merits?starting_after=x").await.status, 400);
}
