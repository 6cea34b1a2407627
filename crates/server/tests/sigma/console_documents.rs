//! Apps that documents elsewhere describe, and blocks of them, in the console.

use sigma_core::operator::OperatorRole;
use sigma_store::event::Trail;

use crate::console::operator;
use crate::support::client_host::{CALLBACK, ClientHost, HOST};
use crate::support::{Browser, Key, World};

const PATH: &str = "/console/apps/documents";

#[tokio::test]
async fn documents_are_shown_blocked_and_let_in_again() {
    let host = ClientHost::serve().await;
    let world = World::reading(&host).await;
    let (admin, admin_id) = operator(&world, "admin", OperatorRole::Admin).await;
    assert!(admin.get("/console/apps").await.body.contains(PATH), "apps lead there");
    let client_id = host.client_id();
    let ask = [("client_id", client_id.as_str()), ("redirect_uri", CALLBACK)];
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    browser.get(&Browser::request(&ask)).await;

    let shown = admin.get(PATH).await.body;
    assert!(shown.contains("Tool Runner") && shown.contains(&client_id), "{shown}");
    assert!(!admin.get(&format!("{PATH}?host=elsewhere.example.org")).await.body.contains("Tool Runner"));
    assert!(admin.get(&format!("{PATH}?host={}", HOST.to_uppercase())).await.body.contains("Tool Runner"));
    // Blocking one begins with its address in the form.
    let chosen = admin.get(&format!("{PATH}?subject=https%3A%2F%2F%22%3E%3Cb%3E")).await.body;
    assert!(chosen.contains("value=\"https://&#34;&#62;&#60;b&#62;\"") && !chosen.contains("<b>"), "{chosen}");

    for wrong in ["", "no host", "http://tools.example.net/app", "<b>"] {
        let refused = admin.post_form(PATH, &[("subject", wrong)]).await;
        assert!(refused.status == 400 && refused.body.contains("id=\"subject-wrong\""), "{wrong}: {}", refused.body);
        assert!(!refused.body.contains("<b>"));
    }
    for subject in [HOST, &client_id] {
        let blocked = admin.post_form(PATH, &[("subject", &format!(" {subject} "))]).await;
        assert_eq!(blocked.location(), format!("{PATH}?done=documents-blocked"), "{}", blocked.body);
        assert!(admin.get(PATH).await.body.contains(&format!("name=\"subject\" value=\"{subject}\"")), "{subject}");
    }
    let blocked = admin.get(PATH).await.body;
    assert!(blocked.contains("<span class=\"state off\">Blocked</span>") && !blocked.contains("#new"), "{blocked}");
    let unblock = format!("{PATH}/unblock");
    for subject in [HOST, &client_id] {
        let taken_back = admin.post_form(&unblock, &[("subject", subject)]).await;
        assert_eq!(taken_back.location(), format!("{PATH}?done=documents-unblocked"), "{}", taken_back.body);
        assert_eq!(admin.post_form(&unblock, &[("subject", subject)]).await.status, 404);
    }
    assert!(!admin.get(PATH).await.body.contains("<span class=\"state off\">Blocked</span>"));
    for action in ["client_document.block", "client_document.unblock"] {
        let events = world.trail(Trail::All).await;
        let events: Vec<_> = events.iter().filter(|event| event.action == action).collect();
        assert_eq!(events.len(), 2, "{action}");
        assert!(events.iter().all(|event| event.actor.user() == Some(&admin_id)), "{action}");
    }
}

#[tokio::test]
async fn auditors_see_blocks_and_many_of_them_are_paged() {
    let world = World::new().await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let (auditor, _) = operator(&world, "auditor", OperatorRole::Auditor).await;
    assert!(owner.get(PATH).await.body.contains("notice-warning"), "no documents are read");
    for n in 0..51 {
        let blocked = owner.post_form(PATH, &[("subject", &format!("h{n:02}.example.net"))]).await;
        assert_eq!(blocked.status, 303, "{}", blocked.body);
    }
    let first = auditor.get(PATH).await.body;
    assert!(first.contains("h49.example.net") && !first.contains("h50.example.net") && !first.contains("/unblock"));
    assert!(!first.contains("id=\"subject\""), "{first}");
    let next = format!("{PATH}?after_block=h49.example.net");
    assert!(first.contains(&next), "{first}");
    let second = auditor.get(&next).await.body;
    assert!(second.contains("h50.example.net") && !second.contains("h49.example.net"), "{second}");

    world.advance(16 * 60);
    let asked = owner.post_form(PATH, &[("subject", "late.example.net")]).await;
    assert!(asked.location().starts_with("/login?interaction="), "{}", asked.body);
    let shown = owner.get(PATH).await.body;
    assert!(shown.contains("/login?interaction=") && !shown.contains("/unblock"), "{shown}");
}
