//! Forms of settings in the console and in orgs: what was entered on an old page overwrites nothing that was changed since.

use sigma_core::operator::OperatorRole;

use crate::console::operator;
use crate::console_apps::attribute;
use crate::support::{Browser, World};

const OUTDATED: &str = "Somebody changed this in the meantime";

/// Sends the form on `page` in two windows that were opened at once.
async fn in_two_windows(browser: &Browser<'_>, page: &str, form: &[(&str, &str)], later: &[(&str, &str)]) {
    let shown = browser.get(page).await.body;
    let version = attribute(&shown, "name=\"version\"", "value");
    let path = page.split('?').next().unwrap();
    let post =
        async |form: &[(&str, &str)]| browser.post_form(path, &[form, &[("version", version.as_str())]].concat()).await;
    let first = post(form).await;
    assert!(first.status == 303 && first.location().contains("done=saved"), "{page}: {}", first.body);
    let second = post(later).await;
    assert!(second.status == 409 && second.body.contains(OUTDATED), "{page}: {} {}", second.status, second.body);
    assert_eq!(attribute(&second.body, "name=\"version\"", "value"), version, "a form that is drawn again is no newer");
    let entered = later.last().unwrap().1;
    assert!(second.body.contains(entered), "what was entered is still there: {}", second.body);
    assert!(!browser.get(page).await.body.contains(entered), "{page}");
}

#[tokio::test]
async fn a_form_overwrites_nothing_that_changed_since_it_was_shown() {
    let world = World::with_orgs().await;
    world.add_resource("https://api.example.org").await;
    let team = world.org("Acme").await;
    let (admin, admin_id) = operator(&world, "admin", OperatorRole::Admin).await;
    team.join(&admin_id, &team.admin).await;

    let api = [("do", "save"), ("uri", "https://api.example.org")];
    in_two_windows(
        &admin,
        "/console/resource?uri=https://api.example.org",
        &[&api[..], &[("name", "Notes")]].concat(),
        &[&api[..], &[("name", "Memos")]].concat(),
    )
    .await;
    let org = format!("/console/orgs/{}", team.org);
    in_two_windows(&admin, &org, &[("do", "save"), ("name", "Acorn")], &[("do", "save"), ("name", "Bakery")]).await;
    for page in ["/console/branding".to_owned(), format!("/org/{}/branding", team.org)] {
        in_two_windows(&admin, &page, &[("accent", "#112233")], &[("accent", "#445566")]).await;
    }
    for list in ["/console/webhooks".to_owned(), format!("/org/{}/webhooks", team.org)] {
        let new = admin.post_form(&list, &[("url", "https://hooks.example.org/"), ("events", "")]).await;
        assert_eq!(new.status, 201, "{}", new.body);
        let page = attribute(&new.body, "<form class=\"fold-body\"", "action");
        let hook = [("do", "save"), ("url", "https://hooks.example.org/"), ("events", "")];
        in_two_windows(
            &admin,
            &page,
            &[&hook[..], &[("description", "Bills")]].concat(),
            &[&hook[..], &[("description", "Invoices")]].concat(),
        )
        .await;
    }
}
