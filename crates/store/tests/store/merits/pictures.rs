//! Pictures of templates, and what becomes of pictures and attachments when an org is removed.

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::ids::{AttachmentId, MeritTemplateId};
use sigma_core::merits::{AttachmentKind, ContentType, MeritProblem};
use sigma_core::time::Clock as _;
use sigma_store::merits::attachment::{self, NewAttachment};
use sigma_store::merits::picture::{self, NewPicture};
use sigma_store::merits::template::{self, NewTemplate, TemplateChange};
use sigma_store::org::removal;
use sigma_store::testing::{decide, insist};
use sigma_store::{Store, on_both_engines, params};

use super::{Issuer, next_merit};

fn add(issuer: &Issuer<'_>, id: &str) -> Result<(), MeritProblem> {
    let new = NewPicture { id: id.to_owned(), size: 400, daily_bytes: 1_500, now: issuer.store.clock.now() };
    let (org, actor) = (issuer.org.clone(), issuer.actor());
    decide(issuer.store, move |tx| picture::add(tx, &org, &actor, &new))
}

fn show(issuer: &Issuer<'_>, cover: Option<&str>) -> Result<(), MeritProblem> {
    let change = TemplateChange { cover: Some(cover.map(str::to_owned)), ..TemplateChange::default() };
    let (org, actor, id, now) = (issuer.org.clone(), issuer.actor(), issuer.template.clone(), issuer.store.clock.now());
    decide(issuer.store, move |tx| template::change(tx, &org, &actor, &id, &change, now)).map(drop)
}

fn unused(issuer: &Issuer<'_>) -> Vec<String> {
    let now = issuer.store.clock.now();
    let unused = issuer.store.read_blocking(move |tx| picture::list_unused(tx, now, 10)).unwrap();
    unused.into_iter().map(|one| one.id).collect()
}

fn receive(issuer: &Issuer<'_>, size: i64) -> (AttachmentId, Result<(), MeritProblem>) {
    let id = AttachmentId::from_text(format!("att_{}", next_merit(issuer.store).digits()));
    let new = NewAttachment {
        id: id.clone(),
        kind: AttachmentKind::Photos,
        content_type: ContentType::Png,
        size,
        upload: Digest::of(id.as_str()),
        daily_bytes: 1_000,
        now: issuer.store.clock.now(),
    };
    let (org, actor, begun) = (issuer.org.clone(), issuer.actor(), new.clone());
    decide(issuer.store, move |tx| attachment::begin(tx, &org, &actor, &begun)).unwrap();
    let (org, actor) = (issuer.org.clone(), issuer.actor());
    (id, decide(issuer.store, move |tx| attachment::received(tx, &org, &actor, &new)))
}

fn expired(store: &Store, issuer: &Issuer<'_>) -> Vec<AttachmentId> {
    let now = issuer.store.clock.now();
    let expired = store.read_blocking(move |tx| attachment::expired(tx, now, 10)).unwrap();
    expired.into_iter().map(|one| one.id).collect()
}

on_both_engines! {
    fn a_picture_is_kept_while_a_template_shows_it(store: TestStore) {
        let (issuer, other) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"));
        for id in ["one", "two"] {
            add(&issuer, id).unwrap();
        }
        assert_eq!(show(&other, Some("one")), Err(MeritProblem::NotFound), "another org's");
        show(&issuer, Some("one")).unwrap();
        store.advance(Duration::from_mins(61));
        assert_eq!(unused(&issuer), ["two"], "one that no template shows is given up");
        assert_eq!(show(&issuer, Some("two")), Err(MeritProblem::NotFound), "its objects may be gone");
        add(&issuer, "three").unwrap();
        show(&issuer, Some("three")).unwrap();
        assert_eq!(unused(&issuer), ["two", "one"]);
        show(&issuer, Some("three")).unwrap();
        store.advance(Duration::from_secs(1));
        show(&issuer, None).unwrap();
        assert_eq!(unused(&issuer), ["two", "one", "three"]);
        assert!(matches!(add(&issuer, "four"), Err(MeritProblem::RateLimit(_))), "what an org uploads a day is bounded");
        for id in unused(&issuer) {
            let gone = picture::UnusedPicture { org_id: issuer.org.clone(), id };
            insist(&store, move |tx| picture::remove(tx, &gone));
        }
        assert!(unused(&issuer).is_empty());
    }

    fn a_picture_of_a_new_template_is_kept(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        add(&issuer, "one").unwrap();
        let now = store.clock.now();
        let new = NewTemplate {
            id: MeritTemplateId::new(now, &*store.rng),
            title: "Cook".to_owned(),
            description: "Cooks".to_owned(),
            once: false,
            cover: Some("one".to_owned()),
        };
        let (org, actor) = (issuer.org.clone(), issuer.actor());
        decide(&store, move |tx| template::add(tx, &org, &actor, &new, now)).unwrap();
        store.advance(Duration::from_hours(2));
        assert!(unused(&issuer).is_empty());
    }

    fn a_file_that_was_not_received_as_a_whole_is_given_up(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let (kept, received) = receive(&issuer, 600);
        assert_eq!(received, Ok(()));
        let (full, refused) = receive(&issuer, 600);
        assert!(matches!(refused, Err(MeritProblem::RateLimit(_))), "{refused:?}");
        let (org, id, now) = (issuer.org.clone(), full.clone(), store.clock.now());
        insist(&store, move |tx| attachment::give_up(tx, &org, &id, now));
        assert_eq!(expired(&store, &issuer), std::slice::from_ref(&full));
        store.advance(Duration::from_hours(25));
        assert_eq!(expired(&store, &issuer), [full, kept], "what no merit names goes");
    }

    fn pictures_and_attachments_of_a_removed_org_are_given_up(store: TestStore) {
        let (issuer, other) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"));
        for one in [&issuer, &other] {
            add(one, one.org.as_str()).unwrap();
            show(one, Some(one.org.as_str())).unwrap();
        }
        let (file, received) = receive(&issuer, 10);
        received.unwrap();
        let org = issuer.org.clone();
        insist(&store, move |tx| tx.execute("UPDATE merit_attachments SET expires_at = NULL WHERE org_id = $1", params![&org]));
        assert!(unused(&issuer).is_empty() && expired(&store, &issuer).is_empty());
        let (org, now) = (issuer.org.clone(), store.clock.now());
        // As after `org::remove`, which wants the org's apps removed first.
        insist(&store, move |tx| tx.execute("UPDATE orgs SET removed_at = $2 WHERE id = $1", params![&org, now]));
        let org = issuer.org.clone();
        let delete = || {
            let org = org.clone();
            insist(&store, move |tx| removal::delete_batch(tx, &org))
        };
        while delete() > 0 {}
        assert_eq!((unused(&issuer), expired(&store, &issuer)), (vec![org.as_str().to_owned()], vec![file]));
    }
}
