//! Each kind of token is accepted where it belongs and nowhere else (`docs/spec/tokens.md#kinds-of-token`).

use std::fmt::Write as _;

use serde_json::json;
use sigma_core::app::AuthMethod;
use sigma_core::jose::{Algorithm, TokenKind};

use crate::support::client::{INTROSPECT, REVOKE, TOKEN, USERINFO, basic};
use crate::support::forge::{claims, with};
use crate::support::{Browser, Key, REDIRECT, VERIFIER, World, ada, text};

/// Whether a request was processed beyond the check of the hint.
async fn hint_at_authorize(browser: &Browser<'_>, token: &str) -> String {
    let answer = browser.authorize(&[("id_token_hint", token)]).await;
    answer.param("code").map_or_else(|| answer.sent_error(), |_| "taken".to_owned())
}

#[tokio::test]
async fn each_kind_of_jwt_is_accepted_only_where_it_belongs() {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    let service = basic("service", "secret");
    let browser = ada(&world).await;
    let code = browser.code(&[("client_id", "service"), ("scope", "openid profile")]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let tokens = world.post_form(TOKEN, &form, &[("authorization", &service)]).await.json();
    let real = text(&tokens, "access_token");
    // Every claim that any kind has: only the kind distinguishes them.
    let all = with(&claims(real), &json!({"acr": "1", "amr": ["pop"], "nonce": "n", "events": {}}));
    let mut table = String::new();
    for kind in TokenKind::ALL {
        // ID tokens and access tokens have different checks of `aud`, so each gets an acceptable one.
        let for_us =
            world.forge(kind, Algorithm::ES256, &with(&all, &json!({"jti": format!("tok_{}", kind.typ())}))).await;
        let for_app = with(&all, &json!({"aud": "service"}));
        let for_app = world.forge(kind, Algorithm::RS256, &for_app).await;
        let form = [("token", for_us.as_str())];
        let introspected = world.post_form(INTROSPECT, &form, &[("authorization", &service)]).await.json();
        let by_form = world.post_form(USERINFO, &[("access_token", &for_us)], &[]).await.status.as_u16();
        let session = world.get_with_token("/api/auth/get-session", &for_us).await;
        let direct = world.get_with_token("/api/auth/token", &for_us).await;
        let other = world.browser();
        other.sign_in(&Key::named("ada")).await;
        let hint = other.authorize(&[("client_id", "service"), ("id_token_hint", &for_app)]).await;
        let hint = hint.param("code").map_or_else(|| hint.sent_error(), |_| "taken".to_owned());
        let uri = format!("/api/auth/oauth2/end-session?id_token_hint={for_app}");
        let ended = if other.get(&uri).await.header("set-cookie").contains("Max-Age=0") { "ended" } else { "asked" };
        writeln!(
            table,
            "{}: userinfo {} {by_form}, introspected {}, session {} {}, hint {hint}, end-session {ended}",
            kind.typ(),
            world.userinfo_status(&for_us).await,
            introspected["active"],
            session.body,
            direct.status.as_u16(),
        )
        .unwrap();
    }
    insta::assert_snapshot!(table);
    for kind in TokenKind::ALL {
        let forged = world.forge(kind, Algorithm::ES256, &all).await;
        assert_eq!(world.userinfo_status(real).await, 200, "before {}", kind.typ());
        if kind != TokenKind::Access {
            let revoked = world.post_form(REVOKE, &[("token", &forged)], &[("authorization", &service)]).await;
            assert_eq!((revoked.status.as_u16(), revoked.body.as_str()), (200, ""));
            assert_eq!(world.userinfo_status(real).await, 200, "after {}", kind.typ());
        }
    }
}

#[tokio::test]
async fn neither_an_id_token_nor_a_session_token_is_an_access_token() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid profile").await;
    let session = browser.get("/api/auth/token").await.json();
    assert_eq!(world.userinfo_status(text(&tokens, "access_token")).await, 200);
    for token in [text(&tokens, "id_token"), text(&session, "token")] {
        let answer = world.get_with_token(USERINFO, token).await;
        assert_eq!(answer.error(), "401 invalid_token: Invalid access token");
    }
    let refused = hint_at_authorize(&browser, text(&tokens, "access_token")).await;
    assert_eq!(refused, "invalid_request: id_token_hint is not valid");
    assert_eq!(hint_at_authorize(&browser, text(&tokens, "id_token")).await, "taken");
}

#[tokio::test]
async fn a_sender_constrained_token_is_never_a_bearer_token() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid profile").await;
    let real = claims(text(&tokens, "access_token"));
    for cnf in [json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}), json!({}), json!("x")] {
        let bound = world.forge_access(&with(&real, &json!({"cnf": cnf}))).await;
        assert_eq!(world.userinfo_status(&bound).await, 401, "{cnf}");
    }
    let same = world.forge_access(&real).await;
    assert_eq!(world.userinfo_status(&same).await, 200);
}
