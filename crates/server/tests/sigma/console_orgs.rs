//! Orgs in the console: made and removed.

use sigma_core::operator::OperatorRole;

use crate::console::operator;
use crate::support::{APP, World};

#[tokio::test]
async fn an_org_is_made_and_removed() {
    let world = World::with_orgs().await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    for (form, words) in [
        (&[("name", " ")][..], "notice-error"),
        (&[("name", "Bakery"), ("slug", "a")], "value=\"Bakery\""),
        (&[("name", "Bakery"), ("slug", "sigma")], "notice-error"),
    ] {
        let refused = admin.post_form("/console/orgs", form).await;
        assert!(refused.status == 400 && refused.body.contains(words), "{form:?}: {}", refused.body);
    }
    let made = admin.post_form("/console/orgs", &[("name", "Bakery <b>"), ("slug", "bakery")]).await;
    let page = made.location().split('?').next().unwrap().to_owned();
    assert!(made.status == 303 && page.starts_with("/console/orgs/org_"), "{}", made.body);
    assert!(!admin.get(&page).await.body.contains("<b>"));
    let taken = admin.post_form("/console/orgs", &[("name", "Other"), ("slug", "bakery")]).await;
    assert!(taken.status == 409 && taken.body.contains("value=\"Other\""), "{}", taken.body);

    let team = world.org("Acme").await;
    let of_team = format!("/console/orgs/{}", team.org);
    let org = team.org.clone();
    world.change_app(APP, |app| app.org_id = org).await;
    let owns = admin.post_form(&of_team, &[("do", "remove"), ("confirm", "Acme")]).await;
    assert!(owns.status == 409 && owns.body.contains("This organization owns apps"), "{}", owns.body);
    for confirmed in ["", "Bakery", "bakery <b>"] {
        assert_eq!(
            admin.post_form(&page, &[("do", "remove"), ("confirm", confirmed)]).await.status,
            400,
            "{confirmed}"
        );
    }
    let removed = admin.post_form(&page, &[("do", "remove"), ("confirm", " Bakery <b> ")]).await;
    assert_eq!(removed.location(), "/console/orgs?done=org-removed");
    assert_eq!(admin.get(&page).await.status, 404);
}
