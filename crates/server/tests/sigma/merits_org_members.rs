//! The members of an org on its pages: one line for each person, and the list of what they hold.

use http::StatusCode;
use sigma_core::merits::Move;

use crate::merits_org_pages::{at, bakery, merits, template};
use crate::support::{Answer, World};

/// The people of the page: path of the list and number of merits.
fn people(page: &Answer) -> Vec<(String, String)> {
    let links = page.body.split("href=\"").skip(1).filter(|rest| rest.split('"').next().unwrap().contains("member="));
    let read = |rest: &str| {
        let (url, rest) = rest.split_once('"').unwrap();
        let words = rest.split_once('>').unwrap().1.split('<').next().unwrap();
        (url.to_owned(), words.to_owned())
    };
    links.map(read).collect()
}

#[tokio::test]
async fn each_member_is_one_line_that_leads_to_what_they_hold() {
    let world = World::with_orgs().await;
    let (bakery, ada) = bakery(&world).await;
    let (ben, cy) = (world.person("ben@example.org").await, world.person("cy@example.org").await);
    let (baker, cook) =
        (template(&world, &ada, &bakery, "Baker", false).await, template(&world, &ada, &bakery, "Cook", false).await);
    for (id, email, user) in [
        (&baker, "ben@example.org", Some(&ben)),
        (&cook, "ben@example.org", Some(&ben)),
        (&baker, "cy@example.org", Some(&cy)),
        (&cook, "cy@example.org", None),
        (&cook, "nobody@example.org", None),
    ] {
        world.tick();
        let form = [("template", id.as_str()), ("email", email), ("first_name", "A"), ("how", "send")];
        assert_eq!(ada.post_form(&at(&bakery, "send"), &form).await.location(), at(&bakery, "sent?done=sent"));
        if let Some(user) = user {
            let merit = merits(&ada.get(&at(&bakery, "sent")).await).remove(0);
            let merit = merit.rsplit('/').next().unwrap().to_owned();
            world.answer(user, &bakery.org, &merit, Move::Accept).await.unwrap();
        }
    }
    let page = ada.get(&at(&bakery, "members")).await;
    let listed = people(&page);
    let counts: Vec<_> = listed.iter().map(|(_, count)| count.as_str()).collect();
    assert_eq!(counts, ["1 merit", "2 merits"], "{}", page.body);
    let of_ben = ada.get(&listed[1].0).await;
    assert_eq!(merits(&of_ben).len(), 2);
    assert!(of_ben.body.contains("Merits that A accepted"), "{}", of_ben.body);
    assert_eq!(merits(&ada.get(&format!("{}&template={cook}", listed[1].0)).await).len(), 1);
    assert_eq!(merits(&ada.get(&listed[0].0).await).len(), 1, "what was not accepted is not shown as theirs");
    let export = of_ben.body.split("href=\"").find(|rest| rest.starts_with(&at(&bakery, "sent.csv"))).unwrap();
    let export = export.split('"').next().unwrap().replace("&#38;", "&");
    let csv = ada.get(&export).await;
    assert_eq!((csv.status, csv.body.lines().count()), (StatusCode::OK, 3), "{export}: {}", csv.body);
    // Somebody else's members are not found by their ids.
    let other = world.verified_org("Other").await;
    other.add("zoe@example.org", &other.admin).await;
    let zoe = world.entered("zoe@example.org").await;
    let theirs = listed[1].0.replace(bakery.org.as_str(), other.org.as_str());
    assert!(merits(&zoe.get(&theirs).await).is_empty());
    assert!(people(&zoe.get(&at(&other, "members")).await).is_empty());
}
