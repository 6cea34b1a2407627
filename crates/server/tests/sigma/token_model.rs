//! Grants and their refresh tokens against a model of `docs/spec/tokens.md`: any actions in any order, and
//! concurrently.

use std::time::Duration;

use futures_util::future::{join, join_all};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::client::REVOKE;
use crate::support::{APP, Browser, Key, World};

const INVALID: &str = "400 invalid_grant: invalid refresh token";

/// An action of an app, another app or a thief. Numbers choose among the existing tokens.
#[derive(Clone, Debug)]
enum Step {
    Refresh(prop::sample::Index),
    RefreshAsOther(prop::sample::Index),
    Wait(u64),
    RedeemAgain,
    RedeemAsOther,
    Revoke(prop::sample::Index),
    RevokeAsOther(prop::sample::Index),
    SignOut,
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        8 => index().prop_map(Step::Refresh),
        1 => index().prop_map(Step::RefreshAsOther),
        4 => (0_u64..14).prop_map(Step::Wait),
        1 => Just(Step::RedeemAsOther),
        1 => index().prop_map(Step::RevokeAsOther),
        1 => Just(Step::SignOut),
        1 => Just(Step::RedeemAgain),
        1 => index().prop_map(Step::Revoke),
    ]
}

/// A refresh token as the rules see it.
struct Token {
    text: String,
    /// When it was used, and which token replaced it.
    used: Option<(i64, usize)>,
}

/// What the rules say of one grant.
struct Model {
    tokens: Vec<Token>,
    access: Vec<String>,
    lives: bool,
}

/// The required response to a use of a refresh token.
enum Use {
    /// A refusal.
    Refused,
    /// A new successor.
    New,
    /// The successor that it has.
    Same(usize),
}

impl Model {
    fn use_of(&mut self, at: usize, now: i64) -> Use {
        if !self.lives {
            return Use::Refused;
        }
        match self.tokens[at].used {
            None => Use::New,
            Some((used_at, next)) if now - used_at <= 10 && self.tokens[next].used.is_none() => Use::Same(next),
            Some(_) => {
                self.lives = false;
                Use::Refused
            }
        }
    }
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

async fn act(world: &World, browser: &Browser<'_>, code: &str, model: &mut Model, step: &Step) {
    let other = [("client_id", "other")];
    match step {
        Step::Wait(seconds) => world.advance(*seconds),
        Step::SignOut => {
            browser.post_json("/api/auth/sign-out", &json!({})).await;
        }
        Step::RedeemAgain => {
            assert_eq!(world.exchange(code, &[]).await.error(), "400 invalid_grant: invalid code");
            model.lives = false;
        }
        Step::RedeemAsOther => {
            assert_eq!(world.exchange(code, &other).await.error(), "400 invalid_grant: invalid client_id");
        }
        Step::Revoke(index) => {
            let token = &model.tokens[index.index(model.tokens.len())].text;
            let form = [("token", token.as_str()), ("client_id", APP)];
            assert_eq!(world.post_form(REVOKE, &form, &[]).await.status, 200);
            model.lives = false;
        }
        Step::RevokeAsOther(index) => {
            let token = &model.tokens[index.index(model.tokens.len())].text;
            let form = [("token", token.as_str()), ("client_id", "other")];
            assert_eq!(world.post_form(REVOKE, &form, &[]).await.status, 200);
        }
        Step::RefreshAsOther(index) => {
            let token = &model.tokens[index.index(model.tokens.len())].text;
            assert_eq!(world.refresh(token, &other).await.error(), INVALID);
        }
        Step::Refresh(index) => {
            let at = index.index(model.tokens.len());
            let now = world.now().seconds();
            let answer = world.refresh(&model.tokens[at].text, &[]).await;
            let expected = model.use_of(at, now);
            if matches!(expected, Use::Refused) {
                assert_eq!(answer.error(), INVALID);
                return;
            }
            assert_eq!(answer.status, 200, "{}", answer.body);
            let answer = answer.json();
            model.access.push(text(&answer, "access_token"));
            let successor = text(&answer, "refresh_token");
            if let Use::Same(next) = expected {
                assert_eq!(successor, model.tokens[next].text, "the same successor");
            } else {
                assert!(model.tokens.iter().all(|token| token.text != successor), "a new one");
                model.tokens[at].used = Some((now, model.tokens.len()));
                model.tokens.push(Token { text: successor, used: None });
            }
        }
    }
}

#[test]
fn every_history_of_a_grant_ends_as_the_rules_say() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(async {
        let world = World::new().await;
        world.add_app(|app| app.client_id = sigma_core::ids::ClientId::from_text("other")).await;
        world.browser().sign_up(&Key::named("ada")).await;
        world
    });
    let mut runner = TestRunner::new(Config { cases: 128, failure_persistence: None, ..Config::default() });
    let histories = proptest::collection::vec(step(), 1..14);
    let outcome = runner.run(&histories, |history| {
        runtime.block_on(async {
            let browser = world.browser();
            browser.sign_in(&Key::named("ada")).await;
            let code = browser.code(&[("scope", "openid offline_access")]).await;
            let first = world.exchange(&code, &[]).await.json();
            let token = Token { text: text(&first, "refresh_token"), used: None };
            let mut model = Model { tokens: vec![token], access: vec![text(&first, "access_token")], lives: true };
            for step in &history {
                act(&world, &browser, &code, &mut model, step).await;
                let wanted = if model.lives { 200 } else { 401 };
                for access in &model.access {
                    assert_eq!(world.userinfo_status(access).await, wanted, "after {step:?}");
                }
            }
        });
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[tokio::test]
async fn a_code_redeemed_while_its_session_ends_leaves_no_live_token() {
    let world = World::new().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    for _ in 0..8 {
        browser.sign_in(&key).await;
        let codes = [browser.code(&[]).await, browser.code(&[]).await, browser.code(&[]).await];
        let redeemed = join_all(codes.iter().map(|code| world.exchange(code, &[])));
        let nothing = json!({});
        let (answers, ended) = join(redeemed, browser.post_json("/api/auth/sign-out", &nothing)).await;
        assert_eq!(ended.status, 200);
        for answer in answers {
            match answer.status.as_u16() {
                200 => assert_eq!(world.userinfo_status(&text(&answer.json(), "access_token")).await, 401),
                _ => assert_eq!(answer.error(), "400 invalid_grant: session no longer exists"),
            }
        }
    }
}

#[tokio::test]
async fn a_refresh_beside_a_revocation_leaves_no_live_token() {
    let world = World::new().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    for _ in 0..8 {
        let tokens = browser.tokens("openid offline_access").await;
        let first = text(&tokens, "refresh_token");
        let form = [("token", first.as_str()), ("client_id", APP)];
        let (refreshed, revoked) = join(world.refresh(&first, &[]), world.post_form(REVOKE, &form, &[])).await;
        assert_eq!(revoked.status, 200);
        if refreshed.status == 200 {
            let refreshed = refreshed.json();
            assert_eq!(world.userinfo_status(&text(&refreshed, "access_token")).await, 401);
            assert_eq!(world.refresh(&text(&refreshed, "refresh_token"), &[]).await.error(), INVALID);
        } else {
            assert_eq!(refreshed.error(), INVALID);
        }
        assert_eq!(world.userinfo_status(&text(&tokens, "access_token")).await, 401);
        world.clock.advance(Duration::from_secs(1));
    }
}
