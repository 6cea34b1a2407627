//! Apps that nobody registered, and that a document describes whose address is their client id
//! (`docs/spec/clients.md#client-id-metadata-documents`).

use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::client_document::{DocumentBlock, DocumentHosts};
use sigma_core::resource::ResourceScope;
use sigma_store::client_document;
use sigma_store::event::Trail;

use crate::support::client::{TOKEN, app_key, key_set};
use crate::support::client_host::{CALLBACK, ClientHost, HOST, Mood};
use crate::support::forge::assertion;
use crate::support::{Answer, Browser, Key, VERIFIER, World, claims, leads, query};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An authorization request of the app at `host`.
fn request(host: &ClientHost, extra: &[(&str, &str)]) -> String {
    let client_id = host.client_id();
    Browser::request(&[&[("client_id", client_id.as_str()), ("redirect_uri", CALLBACK)][..], extra].concat())
}

async fn ada(world: &World) -> Browser<'_> {
    let browser = world.browser();
    assert_eq!(browser.sign_up(&Key::named("ada")).await.status, 200);
    browser
}

/// What a browser is shown that asks to let the app in.
async fn asked(browser: &Browser<'_>, host: &ClientHost, extra: &[(&str, &str)]) -> Answer {
    browser.get(&request(host, extra)).await
}

async fn exchange(world: &World, host: &ClientHost, code: &str, more: &[(&str, &str)]) -> Answer {
    let client_id = host.client_id();
    let with =
        [&[("client_id", client_id.as_str()), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)][..], more];
    world.exchange(code, &with.concat()).await
}

async fn tokens(world: &World, browser: &Browser<'_>, host: &ClientHost, extra: &[(&str, &str)]) -> Value {
    let answer = browser.agree(asked(browser, host, extra).await).await;
    let code = answer.param("code").unwrap_or_else(|| panic!("no code in {}", answer.location()));
    let answer = exchange(world, host, &code, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

async fn remembered(world: &World) -> i64 {
    world.rows().await.into_iter().find(|(table, _)| *table == "client_documents").unwrap().1
}

#[tokio::test]
async fn a_document_is_fetched_only_after_sign_in_and_its_app_is_always_shown_as_unregistered() {
    let host = ClientHost::serve().await;
    let world = World::reading(&host).await;
    let browser = world.browser();
    let first = asked(&browser, &host, &[]).await;
    assert!(first.location().starts_with("/login?interaction="), "{}", first.location());
    let page = browser.get(first.location()).await;
    assert!(page.body.contains(HOST) && page.body.contains("not registered here"), "{}", page.body);
    for prompt in ["login", "consent", "select_account"] {
        assert_eq!(leads(&asked(&browser, &host, &[("prompt", prompt)]).await), "/login", "{prompt}");
    }
    assert_eq!(leads(&asked(&browser, &host, &[("prompt", "create")]).await), "/signup");
    assert_eq!((host.fetches(), remembered(&world).await), (0, 0), "before sign-in");

    browser.sign_up(&Key::named("ada")).await;
    let interaction = first.param("interaction").unwrap();
    let resumed = browser.get(&format!("/api/auth/oauth2/authorize?interaction={interaction}")).await;
    assert_eq!(leads(&resumed), "/consent");
    assert_eq!((host.fetches(), remembered(&world).await), (1, 1));
    let page = browser.get(resumed.location()).await;
    for shown in ["Tool Runner", &host.client_id()["https://".len()..][..HOST.len()], "not registered here"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    for _ in 0..2 {
        let answer = browser.agree(asked(&browser, &host, &[]).await).await;
        assert!(answer.location().starts_with(CALLBACK), "{}", answer.location());
        assert_eq!(answer.param("iss").as_deref(), Some("https://id.example.org"));
        assert_eq!(leads(&asked(&browser, &host, &[]).await), "/consent", "it always asks");
    }
    assert_eq!(host.fetches(), 1, "cached as its host says");
    world.advance(599);
    asked(&browser, &host, &[]).await;
    assert_eq!(host.fetches(), 1);
    world.advance(2);
    asked(&browser, &host, &[]).await;
    assert_eq!(host.fetches(), 2);
    // Other apps of the same browser are as before.
    assert_eq!(leads(&browser.authorize(&[]).await), "/consent");
}

#[tokio::test]
async fn tokens_of_a_described_app_work_like_those_of_others_until_its_access_is_removed() {
    let host = ClientHost::serve().await;
    let world = World::reading(&host).await;
    let api = "https://mcp.example.org/mcp";
    world
        .add_resource_with(api, |resource| {
            resource.open = true;
            resource.scopes =
                vec![ResourceScope { name: "notes:read".to_owned(), description: "Read your notes".to_owned() }];
        })
        .await;
    let browser = ada(&world).await;
    let answer = tokens(&world, &browser, &host, &[("scope", "openid profile offline_access")]).await;
    let access = claims(text(&answer, "access_token"));
    assert_eq!(access["client_id"], host.client_id());
    assert_eq!(claims(text(&answer, "id_token"))["aud"], host.client_id());
    assert_eq!(world.userinfo_status(text(&answer, "access_token")).await, 200);
    let client_id = host.client_id();
    let renewed = world.refresh(text(&answer, "refresh_token"), &[("client_id", &client_id)]).await;
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    let bound = tokens(&world, &browser, &host, &[("scope", "notes:read"), ("resource", api)]).await;
    let bound = claims(text(&bound, "access_token"));
    assert_eq!((&bound["aud"], &bound["scope"]), (&json!(api), &json!("notes:read")));

    let apps = browser.get("/account/apps").await;
    assert!(apps.body.contains(&format!("Tool Runner ({HOST}:")), "{}", apps.body);
    let id = apps.body.split(r#"name="app" value=""#).nth(1).unwrap().split('"').next().unwrap();
    let removed = browser.post_form("/account/apps/remove", &[("app", id)]).await;
    assert_eq!(removed.location(), "/account/apps?done=removed");
    let renewed = renewed.json();
    assert_eq!(world.userinfo_status(text(&renewed, "access_token")).await, 401);
    let refused = world.refresh(text(&renewed, "refresh_token"), &[("client_id", &client_id)]).await;
    assert_eq!(refused.error(), "400 invalid_grant: invalid refresh token");

    let events = world.trail(Trail::All).await;
    let created = events.iter().find(|event| event.action == "app.create" && event.details.method.is_some()).unwrap();
    assert_eq!(created.details.method.as_deref(), Some("client_document"));
    assert!(created.actor.user().is_some() && created.address.is_some() && created.request_id.is_some());
    let target = created.target.as_ref().unwrap();
    assert_eq!(target, &("app".to_owned(), id.to_owned()));
    for action in ["consent.give", "consent.remove"] {
        let event = events.iter().find(|event| event.action == action).unwrap();
        assert_eq!(event.target.as_ref(), Some(target), "{action}");
    }
    assert_eq!(browser.get("/account/activity").await.status, 200);
}

#[tokio::test]
async fn a_document_that_lies_or_a_host_that_does_not_answer_as_it_should_lets_no_app_in() {
    let host = ClientHost::serve().await;
    let world = World::reading(&host).await;
    let browser = ada(&world).await;
    let refused = async |what: &str| {
        let answer = asked(&browser, &host, &[]).await;
        assert!(answer.location().starts_with("/error?error=invalid_client_metadata"), "{what}: {}", answer.location());
        assert_eq!(browser.get(answer.location()).await.status, 400, "{what}");
        assert_eq!(remembered(&world).await, 0, "{what}");
    };
    for mood in [
        Mood::Says(
            "HTTP/1.1 302 Found\r\nlocation: https://client.example.org/elsewhere\r\ncontent-type: application/json",
        ),
        Mood::Says("HTTP/1.1 404 Not Found\r\ncontent-type: application/json"),
        Mood::Says("HTTP/1.1 500 Oops\r\ncontent-type: application/json"),
        Mood::Says("HTTP/1.1 200 OK\r\ncontent-type: text/html"),
        Mood::Says("HTTP/1.1 200 OK"),
        Mood::Endless,
        Mood::Silent,
    ] {
        host.be(mood.clone());
        refused(&format!("{mood:?}")).await;
    }
    host.be(Mood::Fine);
    for private in ["10.0.0.1", "169.254.169.254", "192.168.1.1", "::1", "fd00::1", "127.0.0.2"] {
        host.move_to(private);
        refused(private).await;
    }
    host.move_to("127.0.0.1");
    for (member, value) in [
        ("client_id", json!("https://client.example.org/other.json")),
        ("client_id", json!(null)),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("client_secret", json!("s3cret")),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!(["javascript:alert(1)"])),
        ("redirect_uris", json!(["http://client.example.org/callback"])),
        ("client_name", json!("x".repeat(20_000))),
    ] {
        let mut before = Value::Null;
        host.publish(|document| before = std::mem::replace(document, Value::Null));
        host.publish(|document| {
            *document = before.clone();
            document[member] = value;
        });
        refused(member).await;
        host.publish(|document| *document = before);
    }
    // What was wrong is not remembered either: the corrected document counts at once.
    assert_eq!(leads(&asked(&browser, &host, &[]).await), "/consent");
    // An address that the document does not list is no better than an unregistered one.
    let elsewhere = asked(&browser, &host, &[("redirect_uri", "https://evil.example/callback")]).await;
    assert!(elsewhere.location().starts_with("/error?error=invalid_redirect"), "{}", elsewhere.location());
    let nearly = asked(&browser, &host, &[("redirect_uri", "https://client.example.org/callback/")]).await;
    assert!(nearly.location().starts_with("/error?error=invalid_redirect"), "{}", nearly.location());
}

#[tokio::test]
async fn a_host_that_moves_to_a_private_address_is_not_followed() {
    let host = ClientHost::serve().await;
    let world = World::reading(&host).await;
    host.keep("no-store");
    let browser = ada(&world).await;
    assert_eq!(leads(&asked(&browser, &host, &[]).await), "/consent");
    host.move_to("10.0.0.1");
    world.advance(61);
    let answer = asked(&browser, &host, &[]).await;
    assert!(answer.location().starts_with("/error?error=invalid_client_metadata"), "{}", answer.location());
    assert_eq!(host.fetches(), 1);
}

#[tokio::test]
async fn redirect_uris_that_change_in_mid_flow_are_refused() {
    let host = ClientHost::serve().await;
    let world = World::reading(&host).await;
    host.keep("max-age=0");
    let browser = ada(&world).await;
    let moved = |to: &str| {
        let to = json!([to]);
        host.publish(|document| document["redirect_uris"] = to);
    };
    // Between the question and the answer …
    let consent = asked(&browser, &host, &[]).await;
    assert_eq!(leads(&consent), "/consent");
    moved("https://client.example.org/other");
    world.advance(61);
    let answer = browser.agree(consent).await;
    assert!(answer.location().starts_with("/error?error=invalid_redirect"), "{}", answer.location());
    // … and between the code and its redemption.
    moved(CALLBACK);
    world.advance(61);
    let answer = browser.agree(asked(&browser, &host, &[]).await).await;
    let code = answer.param("code").unwrap();
    moved("https://client.example.org/other");
    world.advance(59);
    let browser_elsewhere = asked(&browser, &host, &[]).await;
    assert_eq!(leads(&browser_elsewhere), "/consent", "still as it was read");
    let answer = browser.agree(asked(&browser, &host, &[]).await).await;
    let late = answer.param("code").unwrap();
    assert_eq!(exchange(&world, &host, &code, &[]).await.status, 200);
    world.advance(2);
    let refused = exchange(&world, &host, &late, &[]).await;
    assert_eq!(refused.error(), "400 invalid_grant: redirect_uri mismatch");
    let changed = world.trail(Trail::All).await.into_iter().find(|event| event.action == "app.change").unwrap();
    assert_eq!(changed.details.changed, ["redirect_uris"]);
}

#[tokio::test]
async fn nothing_is_sent_to_a_described_app_before_sign_in() {
    let host = ClientHost::serve().await;
    let world = World::reading(&host).await;
    let browser = ada(&world).await;
    tokens(&world, &browser, &host, &[]).await;
    let stranger = world.browser();
    for extra in [
        &[("prompt", "none")][..],
        &[("prompt", "none"), ("redirect_uri", "https://evil.example/")],
        &[("response_type", "token"), ("prompt", "none")],
    ] {
        let answer = asked(&stranger, &host, extra).await;
        assert!(answer.location().starts_with("/error?error="), "{}", answer.location());
    }
    // What is wrong with the request is told once they are signed in.
    let wrong = asked(&stranger, &host, &[("response_type", "token")]).await;
    assert_eq!(leads(&wrong), "/login");
    assert_eq!(stranger.get(wrong.location()).await.status, 200, "the sign-in page is shown");
    let form = query(&[("client_id", &host.client_id()), ("redirect_uri", CALLBACK), ("response_type", "code")]);
    let pairs: Vec<(String, String)> = sigma_core::params::Params::parse(&form).pairs().to_vec();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let posted = stranger.post_form("/oauth2/authorize", &pairs).await;
    assert!(posted.location().starts_with("/oauth2/authorize?interaction="), "{}", posted.location());
    assert_eq!(leads(&stranger.get(posted.location()).await), "/login");
    assert_eq!(host.fetches(), 1);
}

#[tokio::test]
async fn documents_are_read_only_of_hosts_that_the_operator_named() {
    let host = ClientHost::serve().await;
    let off = World::with(|_| {}).await;
    off.sigma.fetch_by(&host.fetcher());
    let others = World::reading_with(&host, |settings| {
        settings.client_documents.hosts = DocumentHosts::of(["claude.ai".to_owned()]);
    });
    let others = others.await;
    for (world, advertised) in [(&off, false), (&others, true)] {
        let browser = ada(world).await;
        let answer = asked(&browser, &host, &[]).await;
        assert!(answer.location().starts_with("/error?error=invalid_client&"), "{}", answer.location());
        let token = exchange(world, &host, "code", &[]).await;
        assert_eq!(token.status, 401, "{}", token.body);
        let metadata = world.browser().get("/.well-known/oauth-authorization-server").await.json();
        assert_eq!(metadata["client_id_metadata_document_supported"], advertised);
    }
    assert_eq!(host.fetches(), 0);
}

#[tokio::test]
async fn a_user_makes_only_so_many_documents_be_fetched() {
    let host = ClientHost::serve().await;
    host.keep("no-store");
    let world = World::reading_with(&host, |settings| {
        settings.limits.enabled = true;
        settings.limits.client_documents_per_hour = 2;
    });
    let world = world.await;
    let browser = ada(&world).await;
    for expected in [303, 303, 429] {
        assert_eq!(asked(&browser, &host, &[]).await.status.as_u16(), expected);
        world.advance(61);
    }
    assert_eq!(host.fetches(), 2);
    let other = world.browser();
    other.sign_up(&Key::named("eve")).await;
    assert_eq!(leads(&asked(&other, &host, &[]).await), "/consent", "others have their own");
}

#[tokio::test]
async fn a_described_app_with_keys_signs_assertions_and_has_no_secret() {
    let host = ClientHost::serve().await;
    let world = World::reading(&host).await;
    let (key, stranger) = (app_key(), app_key());
    host.publish(|document| {
        document["token_endpoint_auth_method"] = "private_key_jwt".into();
        document["jwks"] = serde_json::from_str(&key_set(&[&key])).unwrap();
    });
    let browser = ada(&world).await;
    let client_id = host.client_id();
    let signed = |key, jti: &str| {
        let now = world.now().seconds();
        let claims =
            json!({"iss": client_id, "sub": client_id, "aud": "https://id.example.org", "exp": now + 60, "jti": jti});
        assertion(key, &claims)
    };
    let code = async || browser.agree(asked(&browser, &host, &[]).await).await.param("code").unwrap();
    let (good, other) = (signed(&key, "1"), signed(&stranger, "2"));
    let assert = |text: &str| {
        vec![
            ("client_assertion_type".to_owned(), ASSERTION.to_owned()),
            ("client_assertion".to_owned(), text.to_owned()),
        ]
    };
    let send = async |code: &str, proof: Vec<(String, String)>| {
        let proof: Vec<(&str, &str)> = proof.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        exchange(&world, &host, code, &proof).await
    };
    assert_eq!(send(&code().await, assert(&other)).await.status, 401);
    assert_eq!(send(&code().await, Vec::new()).await.status, 401);
    assert_eq!(send(&code().await, vec![("client_secret".to_owned(), "x".to_owned())]).await.status, 401);
    let answer = send(&code().await, assert(&good)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let form = [("grant_type", "client_credentials"), ("client_assertion_type", ASSERTION)];
    let own = signed(&key, "3");
    let refused = world.post_form(TOKEN, &[&form[..], &[("client_assertion", &own)]].concat(), &[]).await;
    assert_eq!(refused.error(), "400 unauthorized_client: the client may not use this grant_type");
}

#[tokio::test]
async fn a_refresh_survives_an_outage_of_the_apps_host_but_not_the_end_of_its_document() {
    let host = ClientHost::serve().await;
    let world = World::reading(&host).await;
    let browser = ada(&world).await;
    let client_id = host.client_id();
    let mut refresh =
        text(&tokens(&world, &browser, &host, &[("scope", "openid offline_access")]).await, "refresh_token").to_owned();
    let renew = async |token: &str| world.refresh(token, &[("client_id", &client_id)]).await;
    for mood in [Mood::Silent, Mood::Says("HTTP/1.1 503 Busy\r\ncontent-type: application/json")] {
        host.be(mood);
        world.advance(700);
        let answer = renew(&refresh).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        refresh = text(&answer.json(), "refresh_token").to_owned();
    }
    host.be(Mood::Says("HTTP/1.1 404 Not Found\r\ncontent-type: application/json"));
    world.advance(700);
    let refused = renew(&refresh).await;
    assert!(refused.error().starts_with("401 invalid_client"), "{}", refused.body);
    host.be(Mood::Fine);
    world.advance(700);
    assert_eq!(renew(&refresh).await.status, 200);
    // The document outlives those that nobody let in, and goes with its last token.
    world.advance(90 * 86_400 - 10);
    world.sweep().await;
    assert_eq!(remembered(&world).await, 1);
    world.advance(10 * 86_400);
    world.sweep().await;
    assert_eq!(remembered(&world).await, 0);
}

#[tokio::test]
async fn terms_policy_and_logo_of_a_document_are_shown_where_they_are_safe() {
    let host = ClientHost::serve().await;
    let folder = tempfile::tempdir().unwrap();
    let world = World::reading_with(&host, |settings| settings.objects.folder = folder.path().to_owned()).await;
    let mut png = Vec::new();
    image::RgbaImage::from_pixel(4, 4, image::Rgba([1, 2, 3, 255]))
        .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
        .unwrap();
    host.put("/logo.png", png);
    host.keep("max-age=60");
    let logo_uri = host.at(HOST, "/logo.png");
    host.publish(|document| {
        document["logo_uri"] = json!(logo_uri);
        document["tos_uri"] = json!("https://client.example.org/terms");
        document["policy_uri"] = json!("javascript:alert(1)");
    });
    let browser = ada(&world).await;
    let consent = asked(&browser, &host, &[]).await;
    assert_eq!(host.fetches_of("/logo.png"), 0, "nobody waits for it");
    world.work_off(sigma_server::jobs::kinds(&world.sigma)).await;
    assert_eq!(host.fetches_of("/logo.png"), 1);
    let page = browser.get(consent.location()).await.body;
    assert!(page.contains("https://client.example.org/terms"), "{page}");
    assert!(page.contains("/logos/") && !page.contains(&logo_uri), "our own copy: {page}");
    assert!(!page.contains("javascript:") && page.contains("not registered here"), "{page}");
    // The document names another one, or none: the former is no longer shown.
    host.publish(|document| document["logo_uri"] = json!(7));
    world.advance(61);
    let consent = asked(&browser, &host, &[]).await;
    assert!(!browser.get(consent.location()).await.body.contains("/logos/"));
}

#[tokio::test]
async fn what_the_operator_blocks_lets_no_app_in_and_ends_its_tokens() {
    let host = ClientHost::serve().await;
    let world = World::reading(&host).await;
    let browser = ada(&world).await;
    let issued = tokens(&world, &browser, &host, &[("scope", "openid offline_access")]).await;
    let (access, refresh) = (text(&issued, "access_token"), text(&issued, "refresh_token"));
    let client_id = host.client_id();
    for subject in [HOST, client_id.as_str()] {
        let block = DocumentBlock::parse(subject).unwrap();
        let now = world.now();
        let wanted = block.clone();
        let change = world.sigma.store.write(move |tx| client_document::block(tx, &wanted, now));
        assert_eq!(change.await.unwrap(), 1, "{subject}");
        let fetches = host.fetches();
        assert_eq!(world.userinfo_status(access).await, 401, "{subject}");
        assert!(world.refresh(refresh, &[("client_id", &client_id)]).await.error().starts_with("401 invalid_client"));
        world.advance(700);
        let answer = asked(&browser, &host, &[]).await;
        assert!(answer.location().starts_with("/error?error="), "{subject}: {}", answer.location());
        assert_eq!(host.fetches(), fetches, "nothing is fetched");
        let undo = world.sigma.store.write(move |tx| client_document::unblock(tx, &block));
        assert_eq!(undo.await.unwrap(), Some(1));
        assert_eq!(world.userinfo_status(access).await, 200, "{subject}");
        assert_eq!(leads(&asked(&browser, &host, &[]).await), "/consent");
    }
    // One that is blocked before anybody came with it is not fetched at all.
    let fresh = World::reading(&host).await;
    let block = DocumentBlock::parse(HOST).unwrap();
    let now = fresh.now();
    let blocked = fresh.sigma.store.write(move |tx| client_document::block(tx, &block, now)).await.unwrap();
    let (browser, fetches) = (ada(&fresh).await, host.fetches());
    assert!(asked(&browser, &host, &[]).await.location().starts_with("/error?error=client_disabled"));
    assert_eq!((blocked, host.fetches(), remembered(&fresh).await), (0, fetches, 0));
}
