//! The members of a workspace on its pages: found, invited, changed, removed.

use http::StatusCode;
use serde_json::Value;

use crate::support::{As, World, at};

#[tokio::test]
async fn an_admin_changes_deactivates_activates_and_ends_a_membership() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    let (bob, token) = acme.add("bob@example.org", &acme.member).await;
    let page = at(&acme.org, &format!("people/{bob}"));
    let answer = browser.post_form(&page, &[("role", acme.admin.as_str()), ("quick_login", "true")]).await;
    assert_eq!(answer.location(), format!("{page}?done=saved"));
    let shown = browser.get(answer.location()).await.body;
    assert!(shown.contains("Saved.") && shown.contains(&format!("value=\"{}\" selected", acme.admin)), "{shown}");

    for (deed, status) in [("deactivate", "Inactive"), ("activate", "Active")] {
        let answer = browser.post_form(&format!("{page}/{deed}"), &[]).await;
        assert_eq!(answer.location(), format!("{page}?done={deed}d"));
        assert!(browser.get(&page).await.body.contains(&format!("\">{status}</span>")));
        // Deactivation logs a member out, and reactivation logs nobody in.
        let me = world.call(As::Token(&token), "GET", "/api/v1/auth/me", &Value::Null).await;
        assert_eq!(me.status, StatusCode::UNAUTHORIZED);
    }
    let answer = browser.post_form(&format!("{page}/end"), &[]).await;
    assert_eq!(answer.location(), at(&acme.org, "people?done=ended"));
    assert_eq!(browser.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn people_are_found_by_their_whole_address_and_pages_go_both_ways() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    for number in 0..52 {
        let user = world.person(&format!("p{number}@example.org")).await;
        acme.join(&user, &acme.member).await;
    }
    let people = at(&acme.org, "people");
    let first = browser.get(&people).await.body;
    assert!(first.contains("53 people") && first.contains("1–50 of 53") && first.contains("?offset=50"));
    let second = browser.get(&format!("{people}?offset=50")).await.body;
    assert!(second.contains("51–53 of 53") && second.contains("?offset=0") && !second.contains("?offset=100"));
    let found = browser.get(&format!("{people}?email=P7%40Example.org")).await.body;
    assert!(found.contains("p7@example.org") && !found.contains("p8@example.org"));
    for nobody in ["p7", "zoe%40example.org", "%25%40example.org", "%00", "'%20OR%201=1--"] {
        let page = browser.get(&format!("{people}?email={nobody}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("No member has the e-mail address"), "{nobody}");
    }
    for offset in ["-1", "x", "18446744073709551615", "9223372036854775807", ""] {
        assert_eq!(browser.get(&format!("{people}?offset={offset}")).await.status, StatusCode::OK, "{offset}");
    }
}

#[tokio::test]
async fn an_invitation_is_sent_resent_and_cancelled() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    let invite = at(&acme.org, "people/invite");
    assert!(browser.get(&invite).await.body.contains(&format!("value=\"{}\" selected", acme.member)));
    let form = [("email", "New@Example.org"), ("name", "Newcomer"), ("role", acme.member.as_str())];
    let invited = browser.post_form(&invite, &form).await;
    assert_eq!(invited.location(), at(&acme.org, "people?done=invited"));
    let mail = world.mail().await;
    assert!(mail.to == "New@example.org" && mail.subject.contains("Acme"), "{mail:?}");
    let list = browser.get(invited.location()).await.body;
    assert!(list.contains("Newcomer") && list.contains("Invited") && list.contains("The invitation was sent."));

    let id = list.split(&at(&acme.org, "people/")).find(|part| part.contains("Newcomer")).unwrap();
    let page = at(&acme.org, &format!("people/{}", id.split('"').next().unwrap()));
    let again = browser.post_form(&format!("{page}/invitation"), &[]).await;
    assert_eq!(again.location(), format!("{page}?done=invited"));
    assert_ne!(world.mail().await.link, mail.link);
    let early = browser.post_form(&format!("{page}/activate"), &[]).await;
    assert_eq!(early.notice(), "Not done: The invitation has not been accepted yet.");
    let twice = browser.post_form(&invite, &form).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(twice.notice().contains("already belongs to a member") && twice.body.contains("value=\"New@Example.org\""));
    assert_eq!(browser.post_form(&format!("{page}/end"), &[]).await.status, StatusCode::SEE_OTHER);
    assert!(world.mails().await.is_empty());

    for (form, words) in [
        (vec![("email", "nobody"), ("name", "a"), ("role", acme.member.as_str())], "the e-mail address is not valid"),
        (vec![("email", "a@example.org"), ("name", ""), ("role", acme.member.as_str())], "name must not be empty"),
        (vec![("email", "a@example.org"), ("name", "a")], "choose a role"),
    ] {
        let answer = browser.post_form(&invite, &form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.notice().contains(words), "{}", answer.notice());
    }
    let unknown = [("email", "a@example.org"), ("name", "a"), ("role", "role_unknown")];
    assert_eq!(browser.post_form(&invite, &unknown).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn invitations_per_workspace_page_are_limited() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.enabled = true;
        settings.limits.invitations_per_hour = 1;
    })
    .await;
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    let mut statuses = Vec::new();
    for address in ["a@example.org", "b@example.org"] {
        let form = [("email", address), ("name", "a"), ("role", acme.member.as_str())];
        statuses.push(browser.post_form(&at(&acme.org, "people/invite"), &form).await.status.as_u16());
    }
    assert_eq!(statuses, [303, 429]);
}
