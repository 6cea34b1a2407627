//! Pages look like their server, and like the app that sent the user.

use serde_json::{Value, json};
use sigma_core::branding::{Accent, Branding, Welcome};
use sigma_core::operator::OperatorRole;
use sigma_server::objects::Logo;
use sigma_store::branding::{self, Branded};
use sigma_store::event::Trail;

use crate::admin_api::{add_app, own_token};
use crate::console::operator;
use crate::support::{APP, As, Key, World, text};

/// A logo of that colour.
fn logo(colour: u8) -> Logo {
    let mut png = Vec::new();
    let image = image::RgbaImage::from_pixel(40, 40, image::Rgba([colour, 0, 0, 255]));
    image.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
    Logo::read(&png).unwrap()
}

async fn world() -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with(|settings| {
        folder.path().clone_into(&mut settings.objects.folder);
        settings.passwords.memory_kib = 64;
    })
    .await;
    (world, folder)
}

async fn brand(world: &World, whose: Branded, branding: Branding) {
    let now = world.now();
    world.sigma.store.write(move |tx| branding::set(tx, &whose, &branding, now)).await.unwrap();
}

async fn brand_app(world: &World, branding: Branding) {
    let app = world.app(APP).await;
    brand(world, Branded::App(app.id, app.org_id), branding).await;
}

/// The sign-in page, the consent page and the account chooser, on the way to the app.
async fn pages(world: &World) -> [String; 3] {
    let stranger = world.browser();
    let sign_in = stranger.get(stranger.authorize(&[]).await.location()).await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let consent = browser.get(browser.authorize(&[]).await.location()).await;
    let chooser = browser.get(browser.authorize(&[("prompt", "select_account")]).await.location()).await;
    [sign_in, consent, chooser].map(|page| {
        assert_eq!(page.status, 200, "{}", page.body);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("img-src 'self' data:;"), "{policy}");
        page.body
    })
}

#[tokio::test]
async fn pages_on_the_way_to_an_app_show_its_logo_and_accent() {
    let (world, _folder) = world().await;
    let logo = logo(1);
    world.sigma.brands.objects.put(&logo.name, logo.png.clone()).await.unwrap();
    let branding = Branding {
        logo: Some(logo.name.clone()),
        accent: Accent::parse("#ffe14d"),
        terms_url: Some("https://app.example.org/terms".to_owned()),
        ..Branding::default()
    };
    brand_app(&world, branding).await;
    let shown = pages(&world).await;
    for page in &shown {
        assert!(page.contains(&format!("<img src=\"/logos/{}\" alt=\"\">", logo.name)), "{page}");
        assert!(page.contains("href=\"/accents/ffe14d.css\""), "{page}");
    }
    assert!(shown[1].contains("https://app.example.org/terms"));
    assert!(!world.browser().get("/").await.body.contains("/accents/"), "other pages look like the server");
}

#[tokio::test]
async fn an_app_without_branding_looks_like_its_org_and_then_like_the_server() {
    let (world, _folder) = world().await;
    for page in pages(&world).await {
        assert!(!page.contains("/logos/") && !page.contains("/accents/"), "{page}");
    }
    let org = Branded::Org(world.app(APP).await.org_id);
    brand(&world, org, Branding { accent: Accent::parse("#0a7d4b"), ..Branding::default() }).await;
    assert!(pages(&world).await.iter().all(|page| page.contains("/accents/0a7d4b.css")));
    brand_app(&world, Branding { accent: Accent::parse("#123456"), ..Branding::default() }).await;
    assert!(pages(&world).await.iter().all(|page| page.contains("/accents/123456.css")));
}

#[tokio::test]
async fn a_missing_logo_is_replaced_by_the_initial() {
    let (world, _folder) = world().await;
    brand_app(&world, Branding { logo: Some(logo(2).name), ..Branding::default() }).await;
    for page in pages(&world).await {
        assert!(!page.contains("/logos/"), "{page}");
        assert!(page.contains("app-letter\" aria-hidden=\"true\">P"), "{page}");
    }
}

#[tokio::test]
async fn an_app_that_registered_itself_has_no_branding() {
    let (world, _folder) = world().await;
    brand_app(&world, Branding { accent: Accent::parse("#123456"), ..Branding::default() }).await;
    world.change_app(APP, |app| app.dynamic = true).await;
    assert!(pages(&world).await.iter().all(|page| !page.contains("/accents/")));
}

#[tokio::test]
async fn logos_are_served_for_ever_and_as_images_only() {
    let (world, folder) = world().await;
    let logo = logo(3);
    let path = format!("/logos/{}", logo.name);
    let missing = world.browser().get(&path).await;
    assert_eq!((missing.status.as_u16(), missing.headers["cache-control"].to_str().unwrap()), (404, "no-store"));
    std::fs::write(folder.path().join(&logo.name), &logo.png).unwrap();
    let served = world.browser().get(&path).await;
    assert_eq!(served.status, 200);
    for (name, value) in [
        ("content-type", "image/png"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(served.headers[name], value);
    }
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    for bad in ["secret.txt", "..%2Fsecret.txt", "", &logo.name.replace(".png", ".svg")] {
        assert_eq!(world.browser().get(&format!("/logos/{bad}")).await.status, 404, "{bad}");
    }
}

#[tokio::test]
async fn an_accent_is_a_stylesheet_that_can_be_read_in_light_and_dark() {
    let world = World::new().await;
    let served = world.browser().get("/accents/ffe14d.css").await;
    assert_eq!(
        (served.status.as_u16(), served.headers["content-type"].to_str().unwrap()),
        (200, "text/css; charset=utf-8")
    );
    assert!(served.body.contains("--accent: #ffe14d") && served.body.contains("prefers-color-scheme: dark"));
    assert!(!served.body.starts_with(":root { --accent: #ffe14d"), "too light for a light page: {}", served.body);
    for bad in ["FFE14D.css", "ffe14d", "ffe14.css", "ffe14d%7D.css", "red.css", "ffe14d.css.css"] {
        assert_eq!(world.browser().get(&format!("/accents/{bad}")).await.status, 404, "{bad}");
    }
}

#[tokio::test]
async fn every_page_shows_the_name_logo_and_links_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let (file, logo) = (folder.path().join("logo.png"), logo(4));
    std::fs::write(&file, &logo.png).unwrap();
    let world = World::with(|settings| {
        settings.branding.name = "Example <id>".to_owned();
        settings.branding.logo = Some(file);
        settings.branding.accent = Some("#0a7d4b".to_owned());
        settings.branding.privacy_url = Some("https://example.org/privacy".to_owned());
        settings.branding.support_url = Some("mailto:help@example.org".to_owned());
    })
    .await;
    for path in ["/", "/login", "/nothing", "/error?error=invalid_client", "/password/forgot"] {
        let page = world.browser().get(path).await.body;
        for part in
            ["Example &#60;id&#62;", "/accents/0a7d4b.css", "https://example.org/privacy", "mailto:help@example.org"]
        {
            assert!(page.contains(part), "{path} lacks {part}: {page}");
        }
        assert!(page.contains(&format!("src=\"/logos/{}\"", logo.name)), "{page}");
    }
    assert_eq!(world.browser().get(&format!("/logos/{}", logo.name)).await.status, 200);
}

#[tokio::test]
async fn the_words_of_an_app_welcome_people_in_their_language() {
    let (world, _folder) = world().await;
    let words = Welcome::new([("en", "Fresh <b>bread</b> & more"), ("de", "Frisches Brot")]).unwrap();
    let org = Branded::Org(world.app(APP).await.org_id);
    brand(&world, org, Branding { welcome: Welcome::new([("en", "The bakery")]).unwrap(), ..Branding::default() })
        .await;
    let of_org = world.browser();
    assert!(
        of_org.get(of_org.authorize(&[]).await.location()).await.body.contains("<p class=\"welcome\">The bakery</p>")
    );
    brand_app(&world, Branding { welcome: words, ..Branding::default() }).await;
    let browser = world.browser();
    let page = browser.get(browser.authorize(&[]).await.location()).await.body;
    assert!(page.contains("<p class=\"welcome\">Fresh &#60;b&#62;bread&#60;/b&#62; &#38; more</p>"), "{page}");
    assert!(!world.browser().get("/login").await.body.contains("class=\"welcome\""));
}

#[tokio::test]
async fn whoever_may_changes_how_an_org_and_its_apps_look() {
    const SCRIPT: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let (world, _folder) = world().await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.admin).await;
    acme.add("bob@example.org", &acme.member).await;
    let path = format!("/org/{}/branding", acme.org);
    assert_eq!(world.entered("bob@example.org").await.get(&path).await.status, 404);
    let ada = world.entered("ada@example.org").await;
    let refused = ada.post_form(&path, &[("accent", "red")]).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("value=\"red\""));
    let form = [("accent", "#ffe14d"), ("support_url", "mailto:help@example.org"), ("welcome_en", "Hi\r\nthere")];
    let saved = ada.post_form(&path, &form).await;
    assert_eq!(saved.location(), format!("{path}?done=saved"), "{}", saved.body);
    let page = ada.get(&path).await.body;
    assert!(page.contains("4.5 : 1 (WCAG AA)") && page.contains("Hi there"), "{page}");
    assert_eq!(ada.upload_all(&format!("{path}/logo"), &[], &[("logo", "logo.svg", SCRIPT)]).await.status, 400);

    // The same by the API, for the org and for an app.
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let call = async |method: &str, path: &str, body: Value| {
        world.call(As::Token(&token), method, &format!("/api/admin/v1/{path}"), &body).await
    };
    let branding = format!("orgs/{}/branding", acme.org);
    let shown = call("GET", &branding, Value::Null).await.json();
    assert_eq!((&shown["accent"], &shown["welcome"]), (&json!("#ffe14d"), &json!({"en": "Hi there"})));
    let light = &shown["contrast"]["light"];
    assert!(light["contrast"].as_f64().unwrap() >= 4.5 && light["chosen_contrast"].as_f64().unwrap() < 4.5, "{light}");
    let app = format!("apps/{}/branding", world.app(APP).await.id);
    for (body, status) in [
        (json!({"terms_url": "https://app.example.org/terms", "welcome": {"de": "Hallo"}}), 200),
        (json!({"terms_url": "http://app.example.org"}), 400),
        (json!({"welcome": {"xx": "?"}}), 400),
        (json!({"accent": "#12345"}), 400),
        (json!({"style": "body {}"}), 400),
    ] {
        let answer = call("PATCH", &app, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.body);
    }
    let put = async |file: Vec<u8>| {
        let request =
            http::Request::put(format!("/api/admin/v1/{app}/logo")).header("authorization", format!("Bearer {token}"));
        world.send(request.header("content-type", "image/png").body(file.into()).unwrap()).await
    };
    assert_eq!(put(SCRIPT.to_vec()).await.status, 400);
    let set = put(logo(7).png.to_vec()).await;
    assert_eq!(set.json()["logo"], json!(format!("/logos/{}", logo(7).name)), "{}", set.body);
    assert_eq!(call("DELETE", &format!("{app}/logo"), Value::Null).await.json()["logo"], Value::Null);
    let plain = call("GET", "branding", Value::Null).await.json();
    assert_eq!((&plain["name"], &plain["accent"], &plain["set"]), (&json!("Sigma"), &Value::Null, &json!([])));

    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let page = format!("/console/branding/org/{}", acme.org);
    assert!(owner.get(&page).await.body.contains("value=\"#ffe14d\""));
    assert_eq!(owner.get(&format!("/console/branding?q={}", acme.org)).await.location(), page);
    let saved = owner.post_form(&page, &[("accent", "#0a7d4b")]).await;
    assert_eq!(saved.location(), format!("{page}?done=saved"), "{}", saved.body);
    assert_eq!(call("GET", &branding, Value::Null).await.json()["support_url"], Value::Null);
    // A session that was left open changes nothing.
    world.advance(16 * 60);
    for (path, answer) in [
        (path.clone(), ada.post_form(&path, &form).await),
        (
            format!("{path}/logo"),
            ada.upload_all(&format!("{path}/logo"), &[], &[("logo", "logo.png", &logo(3).png)]).await,
        ),
    ] {
        assert!(answer.location().starts_with("/login?interaction="), "{path}: {} {}", answer.status, answer.body);
    }
}

#[tokio::test]
async fn how_the_server_looks_is_changed_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with(|settings| {
        folder.path().clone_into(&mut settings.objects.folder);
        settings.branding.name = "Settings".to_owned();
        settings.branding.privacy_url = Some("https://example.org/privacy".to_owned());
    })
    .await;
    add_app(&world).await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let path = "/console/branding";
    let refused = admin.post_form(path, &[("name", "Harbour"), ("accent", "red")]).await;
    assert!(refused.status == 400 && refused.body.contains("value=\"red\""), "{}", refused.body);
    let form = [("name", "Harbour <b>"), ("accent", "#0a7d4b"), ("welcome_en", "Come in")];
    let saved = admin.post_form(path, &form).await;
    assert_eq!(saved.location(), format!("{path}?done=saved"), "{}", saved.body);
    let uploaded = admin.upload_all(&format!("{path}/logo"), &[], &[("logo", "logo.png", &logo(5).png)]).await;
    assert_eq!(uploaded.location(), format!("{path}?done=saved"), "{}", uploaded.body);
    // On every page, those of the edge and of signing up included; what was not set is as the settings say.
    let logo_url = format!("/logos/{}", logo(5).name);
    for page in ["/", "/login", "/signup", "/nothing"] {
        let page = world.browser().get(page).await.body;
        for part in ["Harbour &#60;b&#62;", "/accents/0a7d4b.css", "https://example.org/privacy", &logo_url] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
    for page in ["/login", "/signup"] {
        assert!(world.browser().get(page).await.body.contains("<p class=\"welcome\">Come in</p>"), "{page}");
    }
    let asking = world.browser();
    asking.sign_up(&Key::named("ada")).await;
    let consent = asking.get(asking.authorize(&[]).await.location()).await.body;
    assert!(consent.contains("<p class=\"welcome\">Come in</p>"), "{consent}");
    assert_eq!(world.browser().get(&logo_url).await.status, 200);
    let settings = admin.get("/console/settings").await.body;
    assert!(settings.contains("set in the console") && settings.contains("Harbour &#60;b&#62;"), "{settings}");

    // The same by the API: another version is not overwritten, and what is taken away is as the settings say again.
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let call = async |method: &str, path: &str, body: Value| {
        world.call(As::Token(&token), method, &format!("/api/admin/v1/{path}"), &body).await
    };
    let shown = call("GET", "branding", Value::Null).await.json();
    assert_eq!((&shown["name"], &shown["set"]), (&json!("Harbour <b>"), &json!(["name", "logo", "accent", "welcome"])));
    assert_eq!(shown["privacy_url"], "https://example.org/privacy");
    for (body, status) in [
        (json!({"name": ""}), 200),
        (json!({"name": "x".repeat(101)}), 400),
        (json!({"accent": "", "welcome": {}}), 200),
        (json!({"logo": "x"}), 400),
    ] {
        let answer = call("PATCH", "branding", body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.body);
    }
    assert_eq!(call("DELETE", "branding/logo", Value::Null).await.json()["set"], json!([]));
    let page = world.browser().get("/login").await.body;
    assert!(page.contains("Settings") && !page.contains("Harbour") && !page.contains("/accents/"), "{page}");
    let changed = world.trail(Trail::All).await.into_iter().filter(|event| event.action == "server.change");
    let changed: Vec<_> = changed.map(|event| event.details.changed.join(" ")).collect();
    assert_eq!(changed.len(), 5, "{changed:?}");
    // A change needs a recent sign-in, here and at an org's own pages.
    world.advance(16 * 60);
    assert!(admin.post_form(path, &form).await.location().starts_with("/login?interaction="));
}
