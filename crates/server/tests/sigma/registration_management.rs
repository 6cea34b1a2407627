//! An app manages its registration (RFC 7592, `docs/spec/registration.md#managing-a-registration`).

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::security::SecurityProfile;
use sigma_server::settings::RegistrationMode;

use crate::registration::{REGISTER, open};
use crate::support::client::{TOKEN, app_key, basic};
use crate::support::{Answer, REDIRECT, World};

async fn manage(world: &World, method: &str, id: &str, token: &str, body: &Value) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("{REGISTER}/{id}"));
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if !body.is_null() {
        request = request.header("content-type", "application/json");
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    world.send(request.body(body).unwrap()).await
}

fn credentials(told: &Value) -> (String, String) {
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    (text("client_id"), text("registration_access_token"))
}

#[tokio::test]
async fn an_app_reads_changes_and_deletes_its_registration() {
    let world = open().await;
    let told = world.registered(&json!({"client_name": "Shop", "redirect_uris": [REDIRECT], "scope": "openid"})).await;
    let (id, token) = credentials(&told);
    let read = manage(&world, "GET", &id, &token, &Value::Null).await;
    assert_eq!(read.status, 200, "{}", read.body);
    for (member, value) in told.as_object().unwrap() {
        let is_secret = member.starts_with("client_secret");
        assert_eq!(read.json().get(member), Some(value).filter(|_| !is_secret), "{member}");
    }
    // What is left out returns to its default; the secret stays.
    let secret = told["client_secret"].as_str().unwrap();
    let other = "https://app.example.org/other";
    let change = json!({"client_id": id, "client_secret": secret, "redirect_uris": [other]});
    let changed = manage(&world, "PUT", &id, &token, &change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let changed = changed.json();
    assert_eq!((&changed["redirect_uris"], &changed["client_name"]), (&json!([other]), &json!("app.example.org")));
    assert_eq!((&changed["scope"], changed.get("client_secret")), (&json!("openid profile email"), None));
    let header = basic(&id, secret);
    let form = [("grant_type", "authorization_code"), ("code", "none"), ("redirect_uri", other)];
    let answer = world.post_form(TOKEN, &form, &[("authorization", &header)]).await;
    assert_eq!(answer.error(), "400 invalid_grant: invalid code");
    // A method without a secret drops it, and one with a secret yields a new one.
    let public = json!({"client_id": id, "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"});
    assert!(manage(&world, "PUT", &id, &token, &public).await.json().get("client_secret").is_none());
    let again = manage(&world, "PUT", &id, &token, &json!({"client_id": id, "redirect_uris": [REDIRECT]})).await.json();
    assert!(again["client_secret"].is_string() && again["client_secret"] != secret);
    assert_eq!(manage(&world, "DELETE", &id, &token, &Value::Null).await.status, 204);
    for method in ["GET", "DELETE"] {
        assert_eq!(manage(&world, method, &id, &token, &Value::Null).await.status, 401, "{method}");
    }
    let gone = world.browser().authorize(&[("client_id", &id)]).await;
    assert!(gone.location().starts_with("/error"), "{}", gone.location());
}

#[tokio::test]
async fn a_registration_is_managed_by_its_own_token_alone() {
    let world = open().await;
    let metadata = json!({"redirect_uris": [REDIRECT]});
    let (id, token) = credentials(&world.registered(&metadata).await);
    let (_, other) = credentials(&world.registered(&metadata).await);
    for (id, token) in [(id.as_str(), other.as_str()), (&id, "wrong"), (&id, ""), ("app_0", &token)] {
        for method in ["GET", "PUT", "DELETE"] {
            let body =
                if method == "PUT" { json!({"client_id": id, "redirect_uris": [REDIRECT]}) } else { Value::Null };
            let refused = manage(&world, method, id, token, &body).await;
            assert_eq!(refused.status, 401, "{method} {id} {token}: {}", refused.body);
        }
    }
    // An app of the operator has no registration.
    world.add_app(|app| app.client_id = sigma_core::ids::ClientId::from_text("shop")).await;
    assert_eq!(manage(&world, "GET", "shop", &token, &Value::Null).await.status, 401);
    assert_eq!(manage(&world, "GET", &id, &token, &Value::Null).await.status, 200);
}

#[tokio::test]
async fn a_change_is_refused_as_a_registration_is_and_changes_nothing() {
    let world = open().await;
    let told = world.registered(&json!({"redirect_uris": [REDIRECT]})).await;
    let (id, token) = credentials(&told);
    let valid = json!({"client_id": id, "redirect_uris": [REDIRECT]});
    for (member, value, error) in [
        ("client_id", json!(null), "invalid_client_metadata"),
        ("client_id", json!("shop"), "invalid_client_metadata"),
        ("client_secret", json!("of my choice"), "invalid_client_metadata"),
        ("registration_access_token", json!(token), "invalid_client_metadata"),
        ("registration_client_uri", told["registration_client_uri"].clone(), "invalid_client_metadata"),
        ("client_secret_expires_at", json!(0), "invalid_client_metadata"),
        ("client_id_issued_at", json!(0), "invalid_client_metadata"),
        ("redirect_uris", json!([]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["javascript:alert(1)"]), "invalid_redirect_uri"),
        ("logo_uri", json!("javascript:alert(1)"), "invalid_client_metadata"),
        ("grant_types", json!(["client_credentials"]), "invalid_client_metadata"),
    ] {
        let mut change = valid.clone();
        change[member] = value;
        let refused = manage(&world, "PUT", &id, &token, &change).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["error"]), (400, &json!(error)), "{change}");
    }
    let after = manage(&world, "GET", &id, &token, &Value::Null).await.json();
    assert_eq!(after["redirect_uris"], told["redirect_uris"]);
    // While registration is off, an app is read and deleted, and no longer changed.
    let off = world.beside_with(|settings| settings.registration.mode = RegistrationMode::Off).await;
    assert_eq!(manage(&off, "PUT", &id, &token, &valid).await.status, 403);
    assert_eq!(manage(&off, "GET", &id, &token, &Value::Null).await.status, 200);
    assert_eq!(manage(&off, "DELETE", &id, &token, &Value::Null).await.status, 204);
}

#[tokio::test]
async fn an_approved_app_that_changes_what_people_see_is_unverified_again() {
    let world = open().await;
    let (id, token) =
        credentials(&world.registered(&json!({"client_name": "Shop", "redirect_uris": [REDIRECT]})).await);
    world.change_app(&id, |app| app.dynamic = false).await;
    let same = json!({"client_id": id, "client_name": "Shop", "redirect_uris": [REDIRECT], "contacts": ["ada"]});
    assert_eq!(manage(&world, "PUT", &id, &token, &same).await.status, 200);
    assert!(!world.app(&id).await.dynamic);
    let bank = json!({"client_id": id, "client_name": "Bank", "redirect_uris": [REDIRECT]});
    assert_eq!(manage(&world, "PUT", &id, &token, &bank).await.status, 200);
    assert!(world.app(&id).await.dynamic);
}

#[tokio::test]
async fn an_app_does_not_change_itself_out_of_the_profile_that_the_operator_gave_it() {
    let world = open().await;
    let jwks = json!({ "keys": [app_key().public()] });
    let good = json!({
        "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks,
        "id_token_signed_response_alg": "ES256",
    });
    let (id, token) = credentials(&world.registered(&good).await);
    world.change_app(&id, |app| app.security.profile = Some(SecurityProfile::Fapi2)).await;
    for (change, word) in [
        (json!({"token_endpoint_auth_method": "none"}), "token_endpoint_auth_method"),
        (json!({"token_endpoint_auth_method": "client_secret_basic"}), "token_endpoint_auth_method"),
        (json!({"id_token_signed_response_alg": "RS256"}), "id_token_signed_response_alg"),
        (json!({"id_token_signed_response_alg": null}), "id_token_signed_response_alg"),
        (json!({"redirect_uris": ["http://127.0.0.1/back"], "application_type": "native"}), "https redirect URIs"),
    ] {
        let mut body = good.clone();
        body["client_id"] = json!(id);
        change.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        let refused = manage(&world, "PUT", &id, &token, &body).await;
        assert!(refused.error().starts_with("400 invalid_client_metadata") && refused.body.contains(word), "{change}");
    }
    let mut body = good.clone();
    body["client_id"] = json!(id);
    assert_eq!(manage(&world, "PUT", &id, &token, &body).await.status, 200);
    let app = world.app(&id).await;
    assert!(app.security.is_fapi2() && app.breach().is_none());
}
