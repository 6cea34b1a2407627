//! The account's pages of profiles and identities.

use std::io::Cursor;

use http::Request;
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};
use sigma_core::profile::Field;

use crate::support::client::USERINFO;
use crate::support::{Answer, Browser, Key, World, ada, text};

const PAGE: &str = "/account/profile";

/// Keeps pictures in a folder of the test.
async fn world_with_pictures() -> (World, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().to_owned();
    (World::with(|settings| settings.objects.folder = folder).await, directory)
}

/// A photograph as phones take it: some megabytes of noise.
fn photograph(side: u32) -> Vec<u8> {
    let mut state = 1_u32;
    let image = RgbImage::from_fn(side, side, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [one, two, three, _] = state.to_be_bytes();
        image::Rgb([one, two, three])
    });
    let mut file = Vec::new();
    DynamicImage::from(image).write_to(&mut Cursor::new(&mut file), ImageFormat::Png).unwrap();
    file
}

async fn upload(browser: &Browser<'_>, identity: &str, file: Vec<u8>) -> Answer {
    let request = Request::post(format!("{PAGE}/picture?identity={identity}"))
        .header("content-type", "application/octet-stream")
        .header("accept", "application/json")
        .header("origin", "https://id.example.org");
    browser.send(request, file).await
}

async fn userinfo(world: &World, browser: &Browser<'_>) -> Value {
    let tokens = browser.tokens("openid profile").await;
    world.get_with_token(USERINFO, text(&tokens, "access_token")).await.json()
}

/// The kept text of each field.
const FILLED_IN: [(&str, &str); 14] = [
    ("alternateName", "Countess"),
    ("name", "Ada Lovelace"),
    ("given_name", "Augusta Ada"),
    ("family_name", "King"),
    ("middle_name", "Byron"),
    ("nickname", "Ada"),
    ("preferred_username", "ada"),
    ("description", "First\nprogrammer <b>"),
    ("profile", "https://ada.example/me"),
    ("website", "https://ada.example/"),
    ("gender", "female"),
    ("birthdate", "1815-12-10"),
    ("zoneinfo", "Europe/London"),
    ("locale", "en-GB"),
];

#[tokio::test]
async fn every_field_of_a_profile_is_edited_on_its_page() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let bap_id = Key::named("ada").bap_id();
    let empty = browser.get(PAGE).await;
    assert_eq!(empty.status, 200);
    for field in Field::ALL {
        assert!(empty.body.contains(&format!("name=\"{}\"", field.as_str())), "{field:?}");
    }
    let mut form = FILLED_IN.to_vec();
    form.push(("identity", &bap_id));
    let saved = browser.post_form(PAGE, &form).await;
    assert_eq!(
        (saved.status.as_u16(), saved.location()),
        (303, format!("{PAGE}?identity={bap_id}&done=saved").as_str())
    );
    let info = userinfo(&world, &browser).await;
    for (claim, value) in FILLED_IN.iter().filter(|(name, _)| !["alternateName", "description"].contains(name)) {
        assert_eq!(info[claim], *value, "{claim}");
    }
    let page = browser.get(&format!("{PAGE}?identity={bap_id}&done=saved")).await;
    assert!(page.body.contains("First\nprogrammer &#60;b&#62;") || page.body.contains("First\nprogrammer &lt;b&gt;"));
    assert!(page.body.contains("value=\"Ada Lovelace\"") && page.body.contains("https://ada.example/me"));

    // What is refused is shown again, and changes nothing.
    let rows = world.rows().await;
    let bad =
        [("birthdate", "yesterday"), ("website", "javascript:alert(1)"), ("name", "Somebody else"), ("locale", "!")];
    let mut form = bad.to_vec();
    form.push(("identity", &bap_id));
    let refused = browser.post_form(PAGE, &form).await;
    assert_eq!(refused.status, 400);
    for entered in ["yesterday", "javascript:alert(1)", "Somebody else"] {
        assert!(refused.body.contains(&format!("value=\"{entered}\"")), "{entered}");
    }
    assert_eq!(refused.body.matches("aria-invalid=\"true\"").count(), 3);
    assert_eq!(world.rows().await, rows);
    assert_eq!(userinfo(&world, &browser).await["name"], "Ada Lovelace");

    // An empty field is removed, a field that is not sent stays, and the profile goes as a whole.
    browser.post_form(PAGE, &[("name", ""), ("identity", &bap_id)]).await;
    let info = userinfo(&world, &browser).await;
    assert_eq!((&info["name"], &info["nickname"]), (&json!("Countess"), &json!("Ada")));
    for _ in 0..2 {
        let removed = browser.post_form("/account/profile/remove", &[("identity", &bap_id)]).await;
        assert_eq!(removed.status, 303);
    }
    assert_eq!(userinfo(&world, &browser).await["nickname"], Value::Null);
}

#[tokio::test]
async fn a_photograph_is_uploaded_shown_and_removed() {
    let (world, directory) = world_with_pictures().await;
    let browser = ada(&world).await;
    let bap_id = Key::named("ada").bap_id();
    let file = photograph(1_000);
    assert!(file.len() > 2 * 1024 * 1024 && file.len() < 5 * 1024 * 1024);
    let uploaded = upload(&browser, &bap_id, file.clone()).await;
    assert_eq!((uploaded.status.as_u16(), uploaded.json()), (200, json!({"success": true})), "{}", uploaded.body);
    let picture = userinfo(&world, &browser).await["picture"].as_str().unwrap().to_owned();
    let path = picture.strip_prefix("https://id.example.org").unwrap();
    assert_eq!(browser.get(path).await.header("content-type"), "image/jpeg");
    let page = browser.get(PAGE).await;
    assert!(page.body.contains("<img src=\"/pictures/"), "{}", page.body);

    // By the API as well.
    let request = Request::put("/api/profile/picture").header("content-type", "image/png");
    let request = request.header("origin", "https://id.example.org");
    assert_eq!(browser.send(request, file).await.status, 200);

    let (small, foreign) = (photograph(8), Key::named("somebody else").bap_id());
    for (identity, file, status) in [
        (bap_id.as_str(), vec![0; 5 * 1024 * 1024 + 1], 413),
        (bap_id.as_str(), vec![0; 5 * 1024 * 1024], 400),
        (bap_id.as_str(), b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(), 400),
        (bap_id.as_str(), Vec::new(), 400),
        (foreign.as_str(), small.clone(), 403),
        ("nonsense", small.clone(), 403),
    ] {
        let refused = upload(&browser, identity, file).await;
        assert_eq!(refused.status, status, "{}", refused.body);
        assert!(refused.header("content-type").contains("json"));
    }
    assert_eq!(upload(&world.browser(), &bap_id, small).await.status, 401);
    let removed = browser.post_form("/account/profile/picture/remove", &[("identity", &bap_id)]).await;
    assert_eq!(removed.status, 303);
    assert_eq!(userinfo(&world, &browser).await["picture"], Value::Null);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing of it is kept");
}

#[tokio::test]
async fn each_identity_has_a_profile_on_the_page_and_others_have_none_there() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (own, second) = (Key::named("ada").bap_id(), Key::named("second").bap_id());
    let eve = world.browser();
    eve.sign_up(&Key::named("eve")).await;
    eve.post_form(PAGE, &[("name", "Eve Secret"), ("identity", &Key::named("eve").bap_id())]).await;
    browser.post_json("/api/user/bap-ids", &json!({"bapId": second, "name": "Work"})).await;
    for (identity, name) in [(own.as_str(), "Ada"), (second.as_str(), "Engineer"), ("account", "Nobody")] {
        assert_eq!(browser.post_form(PAGE, &[("name", name), ("identity", identity)]).await.status, 303);
        let page = browser.get(&format!("{PAGE}?identity={identity}")).await;
        assert!(page.body.contains(&format!("value=\"{name}\"")), "{identity}");
    }
    // A foreign identity is neither shown nor changed.
    let rows = world.rows().await;
    let foreign = Key::named("eve").bap_id();
    for identity in [foreign.as_str(), "nonsense", ""] {
        let shown = browser.get(&format!("{PAGE}?identity={identity}")).await;
        assert!(!shown.body.contains("Eve Secret"));
        if !identity.is_empty() {
            assert_eq!(shown.status, 403);
            for path in
                [PAGE, "/account/profile/remove", "/account/profile/picture/remove", "/account/identities/primary"]
            {
                let refused = browser.post_form(path, &[("name", "Stolen"), ("identity", identity)]).await;
                assert_eq!(refused.status, 403, "{path} {identity}");
            }
        }
    }
    assert_eq!(world.rows().await, rows);
    assert_eq!(userinfo(&world, &eve).await["name"], "Eve Secret");
}

#[tokio::test]
async fn identities_are_listed_with_their_keys_and_one_is_primary() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (old, new) = (Key::named("ada"), Key::named("rotated"));
    let (own, second) = (old.bap_id(), Key::named("second").bap_id());
    browser.post_json("/api/user/bap-ids", &json!({"bapId": second, "name": "Work <1>"})).await;
    let page = browser.get("/account/identities").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&own) && page.body.contains(&second) && !page.body.contains("Work <1>"));
    assert_eq!(page.body.matches("Make primary").count(), 1);
    assert!(page.body.contains("Not proven") && page.body.contains("Proven by your key"));

    // A key that it had and retired stays in the history.
    let body = json!({"bapId": own, "pubkey": new.pubkey()}).to_string();
    let keys = "/api/user/bap-ids/keys";
    let request = Request::post(keys)
        .header("content-type", "application/json")
        .header("origin", "https://id.example.org")
        .header("x-auth-token", old.token(keys, world.now(), &body))
        .header("x-sigma-enrollment-proof", new.token(keys, world.now(), &body));
    assert_eq!(browser.send(request, body).await.status, 200);
    let retired = [("kind", "key"), ("id", &old.pubkey())];
    assert_eq!(browser.post_form("/account/credentials/retire", &retired).await.status, 303);
    let page = browser.get("/account/identities").await;
    for key in [&old, &new] {
        assert!(page.body.contains(&key.pubkey()[..8]) && !page.body.contains(&key.pubkey()));
    }
    assert_eq!(
        (page.body.matches(">retired<").count(), page.body.matches(">current<").count()),
        (2, 1),
        "both identities had it"
    );

    let chosen = browser.post_form("/account/identities/primary", &[("identity", &second)]).await;
    assert_eq!((chosen.status.as_u16(), chosen.location()), (303, "/account/identities?done=primary"));
    let listed = browser.get("/api/user/bap-ids").await.json();
    let primary = |bap_id: &str| {
        let all = listed["bapIds"].as_array().unwrap();
        all.iter().find(|one| one["id"] == bap_id).unwrap()["is_primary"] == true
    };
    assert_eq!((primary(&own), primary(&second)), (false, true));
    let anonymous = world.browser();
    for path in [PAGE, "/account/identities"] {
        let asked = anonymous.get(path).await;
        assert!(asked.status == 303 && asked.location().starts_with("/login?"), "{path}");
    }
}
