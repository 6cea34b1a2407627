//! Who may register apps, in the console: what the settings say, and the tokens with which apps register themselves.

use serde_json::json;
use sigma_core::operator::OperatorRole;
use sigma_server::settings::RegistrationMode;

use crate::console::operator;
use crate::console_apps::attribute;
use crate::support::{As, World};

const PATH: &str = "/console/apps/registration";

#[tokio::test]
async fn a_token_is_shown_once_registers_an_app_and_is_revoked() {
    let world = World::with(|settings| settings.registration.mode = RegistrationMode::Token).await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    assert!(admin.get("/console/apps").await.body.contains(PATH), "apps lead there");
    let issued = admin.post_form(PATH, &[("name", "Ada <b>"), ("uses", "2"), ("days", "3")]).await;
    assert_eq!(issued.status, 201, "{}", issued.body);
    assert!(!issued.body.contains("<b>"));
    let token = issued.body.split("id=\"initial-access-token\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(token.len(), 43, "{token}");
    let shown = admin.get(PATH).await.body;
    assert!(!shown.contains(&token) && shown.contains("Ada &#60;b&#62;") && shown.contains("2 of 2"), "{shown}");

    let app = json!({"redirect_uris": ["https://app.example.org/cb"], "client_name": "Registered"});
    let register = async |token: &str| world.call(As::Token(token), "POST", "/api/auth/oauth2/register", &app).await;
    assert_eq!(register(&token).await.status, 201);
    let shown = admin.get(PATH).await.body;
    assert!(shown.contains("1 of 2"), "{shown}");
    let id = attribute(&shown, "name=\"token\"", "value");
    let revoked = admin.post_form(&format!("{PATH}/revoke"), &[("token", &id)]).await;
    assert_eq!(revoked.location(), format!("{PATH}?done=token-revoked"));
    assert_eq!(register(&token).await.status, 401);
    assert_eq!(admin.post_form(&format!("{PATH}/revoke"), &[("token", &id)]).await.status, 404);
    assert!(admin.get("/console/apps").await.body.contains("Registered"), "what registered stays");
}

#[tokio::test]
async fn what_is_wrong_with_a_token_keeps_what_was_entered() {
    let world = World::new().await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let shown = admin.get(PATH).await.body;
    assert!(shown.contains("notice-warning"), "apps cannot register at present: {shown}");
    let long = "x".repeat(101);
    for (form, field) in [
        ([("name", long.as_str()), ("uses", "1"), ("days", "1")], "name"),
        ([("name", "Ada \u{202e}x"), ("uses", "1"), ("days", "1")], "name"),
        ([("name", "Ada"), ("uses", "0"), ("days", "1")], "uses"),
        ([("name", "Ada"), ("uses", "10001"), ("days", "1")], "uses"),
        ([("name", "Ada"), ("uses", "many"), ("days", "1")], "uses"),
        ([("name", "Ada"), ("uses", "1"), ("days", "366")], "days"),
        ([("name", "Ada"), ("uses", "1"), ("days", "-1")], "days"),
    ] {
        let refused = admin.post_form(PATH, &form).await;
        assert_eq!(refused.status, 400, "{form:?}");
        let input = refused.body.split(&format!("<input id=\"{field}\"")).nth(1).unwrap();
        assert!(input.split('>').next().unwrap().contains("aria-invalid=\"true\""), "{form:?}: {input}");
        assert!(refused.body.contains(&format!("value=\"{}\"", form[0].1)), "{form:?}");
    }
    assert!(!admin.get(PATH).await.body.contains("name=\"token\""));
    let (auditor, _) = operator(&world, "auditor", OperatorRole::Auditor).await;
    let seen = auditor.get(PATH).await;
    assert!(seen.status == 200 && !seen.body.contains("<form class=\"stack\""), "{}", seen.body);
}
