//! Redirect URIs at the endpoints (`docs/spec/clients.md#redirect-uris`).

use sigma_core::app::ApplicationType;
use sigma_core::redirect::RegisteredRedirectUris;

use crate::support::{APP, World, ada, leads, query};

#[tokio::test]
async fn the_query_of_the_registered_address_is_kept() {
    let world = World::new().await;
    let uris = ["https://app.example.org/cb?tenant=a%20b&x=", "https://app.example.org/cb?"];
    world.change_app(APP, |app| app.redirect_uris = RegisteredRedirectUris::from_stored(uris.map(str::to_owned))).await;
    let browser = ada(&world).await;
    for uri in uris {
        let separator = if uri.ends_with('?') { "" } else { "&" };
        let refused = browser.authorize(&[("redirect_uri", uri), ("response_type", "x")]).await;
        assert!(refused.location().starts_with(&format!("{uri}{separator}error=")), "{}", refused.location());
        let code = browser.code(&[("redirect_uri", uri)]).await;
        let answer = browser.authorize(&[("redirect_uri", uri)]).await;
        assert!(answer.location().starts_with(&format!("{uri}{separator}code=")), "{}", answer.location());
        assert_eq!(world.exchange(&code, &[("redirect_uri", uri)]).await.status, 200);
    }
}

#[tokio::test]
async fn the_loopback_port_may_differ_for_native_apps_only() {
    let world = World::new().await;
    let uris = ["http://127.0.0.1/cb", "http://[::1]:8000/cb", "http://localhost:3000/cb"];
    let uris = RegisteredRedirectUris::from_stored(uris.map(str::to_owned));
    world
        .change_app(APP, |app| {
            app.application_type = ApplicationType::Native;
            app.redirect_uris = uris.clone();
            app.post_logout_redirect_uris = uris;
        })
        .await;
    let browser = ada(&world).await;
    for uri in ["http://127.0.0.1:51004/cb", "http://[::1]:1/cb", "http://localhost/cb", "http://127.0.0.1/cb"] {
        let code = browser.code(&[("redirect_uri", uri)]).await;
        // The token request repeats the exact address of the authorization request.
        let other = world.exchange(&code, &[("redirect_uri", "http://127.0.0.1:9/cb")]).await;
        assert_eq!(other.error(), "400 invalid_grant: redirect_uri mismatch");
        let code = browser.code(&[("redirect_uri", uri)]).await;
        assert_eq!(world.exchange(&code, &[("redirect_uri", uri)]).await.status, 200, "{uri}");
    }
    for uri in [
        "https://127.0.0.1/cb",
        "http://127.0.0.1:51004/cb/",
        "http://127.0.0.1:51004/CB",
        "http://127.0.0.2:51004/cb",
        "http://127.0.0.1:0x50/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://localhost.evil.example/cb",
        "http://user@localhost/cb",
        "http://[::1]:8000/cb?x=1",
        "http://[::2]:8000/cb",
        "http://0.0.0.0/cb",
    ] {
        let answer = browser.authorize(&[("redirect_uri", uri)]).await;
        assert_eq!(leads(&answer), "invalid_redirect: invalid redirect uri", "{uri}");
        assert!(answer.location().starts_with("/error?"), "{uri}");
    }
    let native = "http://127.0.0.1:51004/cb";
    let tokens = world.exchange(&browser.code(&[("redirect_uri", native)]).await, &[("redirect_uri", native)]).await;
    let hint = tokens.json()["id_token"].as_str().unwrap().to_owned();
    let sign_out = async |uri: &str| {
        let query = query(&[("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri)]);
        browser.get(&format!("/api/auth/oauth2/end-session?{query}")).await.location().to_owned()
    };
    world.change_app(APP, |app| app.application_type = ApplicationType::Web).await;
    for other in
        [native, "http://127.0.0.1:1/cb", "http://[::1]/cb", "http://localhost/cb", "http://localhost:30000/cb"]
    {
        let answer = browser.authorize(&[("redirect_uri", other)]).await;
        assert_eq!(leads(&answer), "invalid_redirect: invalid redirect uri", "{other}");
        assert_eq!(sign_out(other).await, "", "asked, and sent nowhere: {other}");
    }
    assert!(leads(&browser.authorize(&[("redirect_uri", "http://localhost:3000/cb")]).await).starts_with("/consent"));
    world.change_app(APP, |app| app.application_type = ApplicationType::Native).await;
    assert_eq!(sign_out(native).await, native);
}
