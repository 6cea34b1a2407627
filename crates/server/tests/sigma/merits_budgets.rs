//! Budgets of apps and orgs: who exceeds one is told, and nobody else notices.

use crate::support::World;
use crate::support::merits::Issuer;

#[tokio::test]
async fn an_org_that_has_used_up_its_merits_is_told_and_nobody_else_notices() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.merits.sends_per_day = 2;
    })
    .await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let (cake, boat) = (bakery.template("Baker", false).await, harbour.template("Sailor", false).await);
    for _ in 0..2 {
        assert_eq!(bakery.send(&cake, "ada@example.org").await.status, 200);
    }
    let refused = bakery.send(&cake, "ada@example.org").await;
    assert_eq!(refused.merits_error(), "429 AppRateLimit");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(harbour.send(&boat, "ada@example.org").await.status, 200);
    world.advance(24 * 3_600 + 1);
    let bakery = bakery.through(&bakery.app).await;
    assert_eq!(bakery.send(&cake, "ada@example.org").await.status, 200, "another day");
}

#[tokio::test]
async fn an_app_that_asks_too_often_waits_and_others_do_not() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.enabled = true;
        settings.limits.merits_app = 5;
    })
    .await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let path = format!("/v2/orgs/{}", bakery.org.digits());
    let mut answer = bakery.get(&path).await;
    for _ in 0..5 {
        answer = bakery.get(&path).await;
    }
    assert_eq!(answer.merits_error(), "429 AppRateLimit");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(harbour.get(&path).await.status, 200);
    world.advance(60);
    assert_eq!(bakery.get(&path).await.status, 200);
}

#[tokio::test]
async fn several_processes_share_the_budget_of_an_org() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.merits.sends_per_day = 5;
    })
    .await;
    let bakery = world.issuer("bakery").await;
    let cake = bakery.template("Baker", false).await;
    let beside = world.beside().await;
    let elsewhere =
        Issuer { world: &beside, org: bakery.org.clone(), app: bakery.app.clone(), token: bakery.token.clone() };
    let sends = (0..10).map(|number| {
        let issuer = if number % 2 == 0 { &bakery } else { &elsewhere };
        issuer.send(&cake, "ada@example.org")
    });
    let answers = futures_util::future::join_all(sends).await;
    let sent = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(sent, 5);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.merits_error(), "429 AppRateLimit");
    }
}
