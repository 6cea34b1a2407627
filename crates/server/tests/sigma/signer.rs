//! `/signer`: who may embed it, and what it must not be able to do. What it signs is up to its script, which
//! `tests/browser/signer.test.mjs` tests.

use axum::body::Body;
use http::Request;
use sigma_core::app::App;
use sigma_core::ids::ClientId;
use sigma_core::signer_origin::SignerOrigin;
use sigma_server::http::Declaration;
use sigma_server::http::policy::Framing;
use sigma_server::routes::declarations;
use sigma_store::{app, signer_origin};

use crate::support::{APP, Answer, Key, World};

const SHOP: &str = "https://shop.example.org";

async fn declare(world: &World, app: &App, origins: &[&str]) {
    let (app_id, org_id) = (app.id.clone(), app.org_id.clone());
    let origins: Vec<SignerOrigin> = origins.iter().map(|origin| SignerOrigin::parse(origin).unwrap()).collect();
    world.sigma.store.write(move |tx| signer_origin::declare(tx, &app_id, &org_id, &origins)).await.unwrap();
}

async fn open(world: &World, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get("/signer").header("accept", "text/html");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(Body::empty()).unwrap()).await
}

/// The `frame-ancestors` of the page for that `Referer`; the origins that the page listens to are the same.
async fn ancestors(world: &World, referer: Option<&str>) -> String {
    let headers: Vec<_> = referer.into_iter().map(|referer| ("referer", referer)).collect();
    let page = open(world, &headers).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let policy = page.header("content-security-policy");
    let ancestors = policy.split("frame-ancestors ").nth(1).unwrap().split(';').next().unwrap().to_owned();
    let listened = page.body.split("data-origins=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(listened, if ancestors == "'none'" { "" } else { &ancestors });
    ancestors
}

#[tokio::test]
async fn only_a_declared_origin_may_embed_the_signer() {
    let world = World::new().await;
    let app = world.app(APP).await;
    assert_eq!(ancestors(&world, Some("https://shop.example.org/cart?x=1")).await, "'none'", "a redirect URI is none");
    declare(&world, &app, &[SHOP, "http://localhost:3000"]).await;
    for (referer, allowed) in [
        ("https://shop.example.org/cart?x=1", SHOP),
        ("https://shop.example.org/", SHOP),
        ("https://SHOP.example.org:443/", SHOP),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("http://shop.example.org/", "'none'"),
        ("https://shop.example.org:8443/", "'none'"),
        ("https://evil.shop.example.org/", "'none'"),
        ("https://shop.example.org.evil.example/", "'none'"),
        ("https://shop.example.org@evil.example/", "'none'"),
        ("https://evil.example/?https://shop.example.org/", "'none'"),
        ("https://id.example.org/", "'none'"),
        ("https://shop.example.org;script-src */", "'none'"),
        ("null", "'none'"),
        ("about:blank", "'none'"),
        ("data:text/html,x", "'none'"),
        ("", "'none'"),
    ] {
        assert_eq!(ancestors(&world, Some(referer)).await, allowed, "{referer}");
    }
    let twice = open(&world, &[("referer", SHOP), ("referer", SHOP)]).await;
    assert!(twice.header("content-security-policy").ends_with("frame-ancestors 'none'"));
    declare(&world, &app, &[]).await;
    assert_eq!(ancestors(&world, Some(SHOP)).await, "'none'");
}

#[tokio::test]
async fn a_page_that_hides_its_origin_gets_a_capped_list() {
    let world = World::with(|settings| settings.signer.listed_origins = 3).await;
    assert_eq!(ancestors(&world, None).await, "'none'");
    let origins: Vec<String> = (0..5).map(|n| format!("https://app{n}.example.org")).collect();
    let origins: Vec<&str> = origins.iter().map(String::as_str).collect();
    declare(&world, &world.app(APP).await, &origins).await;
    assert_eq!(ancestors(&world, None).await, origins[..3].join(" "));
    assert_eq!(ancestors(&world, Some(origins[4])).await, origins[4], "who tells its origin needs no list");
}

#[tokio::test]
async fn origins_of_disabled_removed_and_self_registered_apps_do_not_count() {
    let world = World::new().await;
    let shop = world.add_app(|app| app.client_id = ClientId::from_text("shop")).await;
    declare(&world, &shop, &[SHOP]).await;
    for change in [|app: &mut App| app.disabled = true, |app: &mut App| app.dynamic = true] {
        world.change_app("shop", change).await;
        assert_eq!(ancestors(&world, Some(SHOP)).await, "'none'");
        assert_eq!(ancestors(&world, None).await, "'none'");
        world.change_app("shop", |app| (app.disabled, app.dynamic) = (false, false)).await;
        assert_eq!(ancestors(&world, Some(SHOP)).await, SHOP);
    }
    declare(&world, &world.app(APP).await, &[SHOP]).await;
    assert_eq!(ancestors(&world, None).await, SHOP, "two apps of one origin");
    let (id, now) = (shop.id.clone(), world.now());
    world.sigma.store.write(move |tx| app::remove(tx, &id, now)).await.unwrap();
    assert_eq!(ancestors(&world, Some(SHOP)).await, SHOP);
    declare(&world, &world.app(APP).await, &[]).await;
    assert_eq!(ancestors(&world, Some(SHOP)).await, "'none'");
}

#[tokio::test]
async fn every_other_page_stays_unframeable() {
    let world = World::new().await;
    declare(&world, &world.app(APP).await, &[SHOP]).await;
    let all = declarations();
    let framed: Vec<&str> = all
        .endpoints()
        .iter()
        .filter(|endpoint| endpoint.policy().framing == Framing::ByItsPolicy)
        .flat_map(Declaration::paths)
        .collect();
    assert_eq!(framed, ["/signer"]);
    for path in ["/", "/login", "/signup", "/account", "/consent", "/error", "/signer/", "/signer/x", "/api/auth/ok"] {
        let request = Request::get(path).header("referer", SHOP).header("accept", "text/html");
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
    }
    let signer = open(&world, &[("referer", SHOP)]).await;
    assert!(signer.headers.get("x-frame-options").is_none());
    assert_eq!(signer.header("cross-origin-opener-policy"), "unsafe-none");
    assert!(signer.header("cache-control").contains("no-store"));
}

#[tokio::test]
async fn the_signer_holds_no_form_or_link_that_acts_at_the_server() {
    let world = World::new().await;
    declare(&world, &world.app(APP).await, &[SHOP]).await;
    let page = open(&world, &[("referer", SHOP)]).await;
    let policy = page.header("content-security-policy");
    for directive in ["default-src 'none'", "connect-src 'none'", "form-action 'none'", "base-uri 'none'"] {
        assert!(policy.contains(directive), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for part in ["<a ", " action=", " method=", "formaction", "<iframe", "http-equiv", " name=\"i", "<base"] {
        assert!(!page.body.contains(part), "{part}");
    }
    let links = page.body.matches("href=").count();
    assert_eq!(links, page.body.matches("<link rel=\"").count(), "only styles and the icon");
}

#[tokio::test]
async fn the_signer_reads_and_sets_no_cookie() {
    let world = World::new().await;
    declare(&world, &world.app(APP).await, &[SHOP]).await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let cookies = browser.cookies();
    assert!(cookies.contains("session"), "{cookies}");
    let known = open(&world, &[("referer", SHOP), ("cookie", &cookies)]).await;
    let stranger = open(&world, &[("referer", SHOP)]).await;
    assert_eq!(known.body, stranger.body);
    for page in [known, stranger] {
        assert!(page.headers.get("set-cookie").is_none());
    }
}

#[tokio::test]
async fn declaring_origins_is_recorded_and_repeating_it_is_not() {
    let world = World::new().await;
    let app = world.app(APP).await;
    for _ in 0..2 {
        declare(&world, &app, &[SHOP]).await;
    }
    let changes = |tx: &mut dyn sigma_store::Tx| {
        let sql = "SELECT count(*) FROM events WHERE action = 'app.change'";
        tx.query_opt(sql, &[])?.map_or(Ok(0), |row| row.int(0))
    };
    assert_eq!(world.sigma.store.read(changes).await.unwrap(), 1);
}
