//! Interactions: what is kept of a request while a person signs in, and in whose browser.

use http::Request;
use serde_json::json;

use crate::support::{Browser, Key, REDIRECT, World};

const COOKIE: &str = "__Host-sigma-interaction";
const CONSENT: &str = "/api/auth/oauth2/consent";
const CONTINUE: &str = "/api/auth/oauth2/continue";

fn resume(interaction: &str) -> String {
    format!("/api/auth/oauth2/authorize?interaction={interaction}")
}

/// The path that an answer leads to, or `code`, or the error for the app.
fn leads(answer: &crate::support::Answer) -> String {
    match (answer.param("code"), answer.param("error")) {
        (Some(_), _) => "code".to_owned(),
        (_, Some(_)) => answer.sent_error(),
        _ => answer.location().split('?').next().unwrap_or_default().to_owned(),
    }
}

async fn begin(browser: &Browser<'_>, extra: &[(&str, &str)]) -> String {
    browser.authorize(extra).await.param("interaction").unwrap()
}

/// Starts a request by POST in another context, and returns its interaction.
async fn posted_elsewhere(world: &World, extra: &[(&str, &str)]) -> String {
    let request = Browser::request(extra);
    let (path, query) = request.split_once('?').unwrap();
    let post = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    let answer = world.browser().send(post, query.to_owned()).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.param("interaction").unwrap()
}

fn holds_cookie(browser: &Browser<'_>) -> bool {
    browser.cookies().contains(COOKIE)
}

async fn interactions(world: &World) -> i64 {
    world.rows().await.into_iter().find(|(table, _)| *table == "interactions").unwrap().1
}

#[tokio::test]
async fn anonymous_requests_store_nothing() {
    let world = World::new().await;
    let rows = world.rows().await;
    let browser = world.browser();
    for prompt in ["", "login", "consent", "select_account", "create"] {
        for _ in 0..20 {
            let asked = world.browser().authorize(&[("prompt", prompt), ("state", &"x".repeat(3_000))]).await;
            assert!(asked.status == 303 && asked.location().starts_with('/'), "{}", asked.location());
            let interaction = begin(&browser, &[("prompt", prompt)]).await;
            let posted = posted_elsewhere(&world, &[("prompt", prompt)]).await;
            for name in [interaction, posted] {
                for page in ["/login", "/signup", "/consent", "/select-account", "/api/auth/oauth2/authorize"] {
                    let answer = browser.get(&format!("{page}?interaction={name}")).await;
                    assert!(answer.status.as_u16() < 400, "{page}: {}", answer.body);
                }
            }
        }
    }
    assert_eq!(world.rows().await, rows);
}

#[tokio::test]
async fn a_browser_has_one_cookie_for_all_its_interactions_which_goes_with_the_last() {
    let world = World::new().await;
    let browser = world.browser();
    let mut longest = 0;
    let mut begun = Vec::new();
    for number in 0..130 {
        begun.push(begin(&browser, &[("state", &number.to_string())]).await);
        assert_eq!(browser.cookies().matches(COOKIE).count(), 1);
        longest = longest.max(browser.cookies().len());
    }
    assert!(longest < 80, "{longest} bytes of cookie");
    browser.sign_up(&Key::named("ada")).await;
    let [first, .., last] = begun.as_slice() else { unreachable!() };
    let agree = async |name: &str| {
        assert_eq!(leads(&browser.get(&resume(name)).await), "/consent");
        browser.post_form(CONSENT, &[("interaction", name), ("accept", "true")]).await
    };
    let answer = agree(first).await;
    assert_eq!(answer.param("state").as_deref(), Some("0"));
    assert!(holds_cookie(&browser), "others were begun later");
    let answer = browser.get(&resume(last)).await;
    assert_eq!(answer.param("state").as_deref(), Some("129"));
    let cookie = answer.header("set-cookie");
    assert_eq!(cookie, format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"));
    assert!(!holds_cookie(&browser));
    // A tab that was left behind begins anew, and stays what it was.
    let answer = browser.get(&resume(&begun[7])).await;
    assert_eq!((leads(&answer).as_str(), answer.param("state").as_deref()), ("code", Some("7")));
}

#[tokio::test]
async fn the_cookie_goes_with_a_refusal_too_and_stays_while_another_tab_needs_it() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let refuse = async |name: &str| browser.post_form(CONSENT, &[("interaction", name), ("accept", "false")]).await;
    let (first, second) = (begin(&browser, &[]).await, begin(&browser, &[]).await);
    assert_eq!(leads(&refuse(&second).await), "access_denied: User denied access");
    assert!(holds_cookie(&browser), "the first tab shows the consent page");
    assert_eq!(browser.get(&format!("/consent?interaction={first}")).await.status, 200);
    let last = begin(&browser, &[]).await;
    assert_eq!(leads(&refuse(&first).await), "access_denied: User denied access");
    assert_eq!(leads(&refuse(&last).await), "access_denied: User denied access");
    assert!(!holds_cookie(&browser));
    // A refusal that nobody chose ends it as well.
    let stranger = world.browser();
    let interaction = begin(&stranger, &[]).await;
    assert!(holds_cookie(&stranger));
    world.change_app("playground", |app| app.grant_types.clear()).await;
    assert!(leads(&stranger.get(&resume(&interaction)).await).starts_with("unauthorized_client"));
    assert!(!holds_cookie(&stranger));
}

#[tokio::test]
async fn an_interaction_is_finished_only_once_across_tabs() {
    let world = World::new().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    browser.code(&[]).await;
    world.advance(60);
    // Straight from sign-in to the code, by way of consent, and refused.
    let fresh = begin(&browser, &[("prompt", "login")]).await;
    let keep = begin(&browser, &[("prompt", "login consent")]).await;
    browser.sign_in(&key).await;
    assert_eq!(leads(&browser.get(&resume(&fresh)).await), "code");
    assert_eq!(leads(&browser.get(&resume(&keep)).await), "/consent");
    let agree = [("interaction", keep.as_str()), ("accept", "true")];
    let held = begin(&browser, &[("prompt", "login")]).await;
    assert_eq!(leads(&browser.post_form(CONSENT, &agree).await), "code");
    // Whoever comes to the browser later, and goes back in its history, gets no second code without signing in again.
    world.advance(600);
    for name in [&fresh, &keep] {
        assert_eq!(browser.get(&resume(name)).await.status, 400);
        assert_eq!(browser.get(&format!("/login?interaction={name}")).await.status, 400);
        for path in [CONSENT, CONTINUE] {
            let form = [("interaction", name.as_str()), ("accept", "true"), ("account", "current")];
            assert_eq!(browser.post_form(path, &form).await.status, 400, "{path}");
            let json = json!({"accept": true, "postLogin": true, "oauth_query": format!("interaction={name}")});
            let reported = browser.post_json(path, &json).await.error();
            assert_eq!(reported, "400 invalid_request: the interaction has ended", "{path}");
        }
    }
    assert_eq!(leads(&browser.get(&resume(&held)).await), "/login");
}

#[tokio::test]
async fn an_interaction_of_another_browser_starts_over() {
    let world = World::new().await;
    let (victim, attacker) = (world.browser(), world.browser());
    attacker.sign_up(&Key::named("attacker")).await;
    victim.sign_up(&Key::named("victim")).await;
    let interaction = begin(&attacker, &[("prompt", "select_account")]).await;
    attacker.post_form(CONTINUE, &[("interaction", &interaction), ("account", "current")]).await;
    for known in [false, true] {
        if known {
            begin(&victim, &[]).await;
        }
        let resumed = victim.get(&resume(&interaction)).await;
        assert_eq!(leads(&resumed), "/select-account", "what the attacker chose does not count");
        assert_ne!(resumed.param("interaction").unwrap(), interaction);
        assert!(resumed.header("set-cookie").starts_with(COOKIE));
        for path in [CONSENT, CONTINUE] {
            let form = [("interaction", interaction.as_str()), ("accept", "true"), ("account", "current")];
            let answer = victim.post_form(path, &form).await;
            assert_eq!(answer.location(), resume(&interaction), "{path}: they are asked anew");
        }
        for page in ["/consent", "/select-account"] {
            let answer = victim.get(&format!("{page}?interaction={interaction}")).await;
            assert!(answer.location().starts_with("/api/auth/oauth2/authorize?interaction="), "{page}");
            assert_ne!(answer.param("interaction").unwrap(), interaction);
        }
    }
    // What the attacker prepared is still theirs, untouched.
    assert_eq!(leads(&attacker.get(&resume(&interaction)).await), "/consent");
}

#[tokio::test]
async fn a_posted_request_starts_when_it_is_first_shown() {
    let world = World::new().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    browser.code(&[]).await;
    for (demand, page) in [
        (("prompt", "login"), "/login"),
        (("max_age", "0"), "/login"),
        (("prompt", "select_account"), "/select-account"),
        (("prompt", "create"), "/signup"),
    ] {
        world.advance(5);
        let prepared = posted_elsewhere(&world, &[demand]).await;
        world.advance(2);
        // For something else.
        browser.sign_in(&key).await;
        world.advance(2);
        let first = browser.get(&format!("/oauth2/authorize?interaction={prepared}")).await;
        assert_eq!(leads(&first), page, "{demand:?}");
        // Nor by way of a page, whose own request begins when it is shown.
        let shown = browser.get(&format!("/login?interaction={prepared}")).await;
        // The page goes on by itself where nobody has to sign in.
        let name = shown.param("interaction").unwrap_or_else(|| {
            shown.body.split("authorize?interaction=").nth(1).unwrap().split('"').next().unwrap().to_owned()
        });
        assert_ne!(name, prepared);
        assert_eq!(leads(&browser.get(&resume(&name)).await), page, "{demand:?}");
        // What happens after that does meet it.
        world.advance(2);
        browser.sign_in(&key).await;
        assert_eq!(leads(&browser.get(&resume(&first.param("interaction").unwrap())).await), "code", "{demand:?}");
        assert_eq!(leads(&browser.get(&resume(&name)).await), "code", "{demand:?}");
    }
}

#[tokio::test]
async fn a_request_that_another_browser_prepared_is_not_met_by_an_earlier_sign_in_either() {
    let world = World::new().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    browser.code(&[]).await;
    let prepared = begin(&world.browser(), &[("prompt", "login")]).await;
    world.advance(2);
    browser.sign_in(&key).await;
    world.advance(2);
    assert_eq!(leads(&browser.get(&resume(&prepared)).await), "/login");
}

#[tokio::test]
async fn an_interaction_expires() {
    let world = World::new().await;
    let browser = world.browser();
    let interaction = begin(&browser, &[]).await;
    let posted = posted_elsewhere(&world, &[]).await;
    world.advance(3_599);
    assert_eq!(browser.get(&format!("/login?interaction={interaction}")).await.status, 200);
    world.advance(1);
    for name in [&interaction, &posted] {
        for page in ["/login", "/signup", "/consent", "/select-account", "/api/auth/oauth2/authorize"] {
            let answer = browser.get(&format!("{page}?interaction={name}")).await;
            assert_eq!(answer.status, 400, "{page}");
            assert!(answer.body.contains("This sign-in has ended"), "{page}");
        }
    }
}

#[tokio::test]
async fn foreign_values_are_not_interactions() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let interaction = begin(&browser, &[]).await;
    let (head, tail) = interaction.split_at(interaction.len() / 2);
    let flipped = format!("{head}{}{}", if tail.starts_with('A') { 'B' } else { 'A' }, &tail[1..]);
    for name in [head, &flipped, "aaaaaaaaaaaaaaaaaaaaaa", "%00", &"A".repeat(20_000)] {
        let answer = browser.get(&resume(name)).await;
        assert_eq!(answer.status, 400, "{name}");
        let form = [("interaction", name), ("accept", "true")];
        assert_eq!(browser.post_form(CONSENT, &form).await.status, 400, "{name}");
    }
    assert_eq!(leads(&browser.get(&resume(&interaction)).await), "/consent");
}

#[tokio::test]
async fn a_request_that_is_too_long_is_refused_to_its_app_whoever_is_signed_in() {
    let world = World::new().await;
    let (stranger, ada) = (world.browser(), world.browser());
    ada.sign_up(&Key::named("ada")).await;
    ada.code(&[]).await;
    let rows = world.rows().await;
    let long = "x".repeat(9_000);
    let umlauts = "ü".repeat(700);
    for browser in [&stranger, &ada] {
        for (name, value) in [("state", &long), ("whatever", &long), ("login_hint", &long), ("login_hint", &umlauts)] {
            let request = Browser::request(&[(name, value)]);
            let (path, query) = request.split_once('?').unwrap();
            let post = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
            for refused in [browser.get(&request).await, browser.send(post, query.to_owned()).await] {
                assert_eq!(leads(&refused), "invalid_request: the request is longer than 4 KiB", "{name}");
                assert!(refused.location().starts_with(REDIRECT));
                let state = if name == "state" { value.as_str() } else { "xyz" };
                assert_eq!(refused.param("state").as_deref(), Some(state));
            }
        }
        let nowhere = [("state", long.as_str()), ("redirect_uri", "https://app.example.org/callback/")];
        assert!(browser.authorize(&nowhere).await.location().starts_with("/error?error=invalid_redirect"));
    }
    assert_eq!(world.rows().await, rows);
    // Just short enough: it goes through sign-in, in an address that proxies take.
    let state = "x".repeat(3_700);
    let asked = stranger.authorize(&[("state", &state)]).await;
    assert_eq!(leads(&asked), "/login");
    assert!(asked.location().len() < 6_000, "{}", asked.location().len());
    stranger.sign_up(&Key::named("bob")).await;
    let name = asked.param("interaction").unwrap();
    assert_eq!(leads(&stranger.get(&resume(&name)).await), "/consent");
    let answer = stranger.post_form(CONSENT, &[("interaction", &name), ("accept", "true")]).await;
    assert_eq!((leads(&answer).as_str(), answer.param("state")), ("code", Some(state)));
}

#[tokio::test]
async fn an_account_has_at_most_fifty_open_interactions() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let first = begin(&browser, &[("prompt", "consent select_account")]).await;
    browser.post_form(CONTINUE, &[("interaction", &first), ("account", "current")]).await;
    for _ in 0..60 {
        world.tick();
        begin(&browser, &[]).await;
    }
    assert_eq!(interactions(&world).await, 50);
    // The oldest forgets what was chosen in it, and goes on.
    assert_eq!(leads(&browser.get(&resume(&first)).await), "/select-account");
    assert_eq!(interactions(&world).await, 50);
}

#[tokio::test]
async fn consent_applies_to_the_account_that_the_page_showed() {
    let world = World::new().await;
    let browser = world.browser();
    for (page, form, path) in [
        ("/consent", ("accept", "true"), "/api/auth/oauth2/consent"),
        ("/select-account", ("account", "current"), "/api/auth/oauth2/continue"),
    ] {
        browser.sign_up(&Key::named(&format!("ada{page}"))).await;
        let prompt = if page == "/consent" { "consent" } else { "select_account" };
        let shown = browser.authorize(&[("prompt", prompt)]).await;
        assert!(shown.location().starts_with(page), "{}", shown.location());
        let html = browser.get(shown.location()).await.body;
        let hidden = |name: &str| html.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next();
        let (interaction, shown_to) = (hidden("interaction").unwrap(), hidden("shown_to").unwrap());
        // In another tab.
        browser.sign_up(&Key::named(&format!("bob{page}"))).await;
        let answered = browser.post_form(path, &[("interaction", interaction), ("shown_to", shown_to), form]).await;
        assert_eq!(answered.status, 303, "{}", answered.body);
        assert!(answered.location().starts_with("/api/auth/oauth2/authorize?interaction="), "{}", answered.location());
        let again = browser.get(answered.location()).await;
        // Whoever has just signed in has chosen the account, and is asked for consent in either case.
        assert!(again.location().starts_with("/consent?"), "{}", again.location());
    }
}
