//! The people of the operator's org, and what they see of everybody.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::event::Action;
use sigma_core::ids::{MailId, OrgId, UserId};
use sigma_core::operator::{OperatorRefusal, OperatorRole};
use sigma_core::org::{Refusal, RoleDraft, RolePermissions};
use sigma_core::time::Clock as _;
use sigma_store::event::Place;
use sigma_store::operator::audit::{self, Filter};
use sigma_store::operator::mails::{self, Act};
use sigma_store::operator::people::{self, Wanted};
use sigma_store::operator::role::{self as operators, Workspace};
use sigma_store::operator::{Caller, Decision, find_role, first_owner, overview};
use sigma_store::org::membership;
use sigma_store::org::role;
use sigma_store::outbox::{self, Fate, Shown};
use sigma_store::testing::{TestStore, insist};
use sigma_store::{MasterKey, Stop, Store, Tx, on_both_engines, session, user};

use crate::accounts::{add_person, notice, sign_in, together, user_id};

fn workspace(store: &TestStore) -> Workspace {
    let key = MasterKey::from_base64("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap();
    Workspace::new(&key, &*store.rng).unwrap()
}

fn appoint(store: &TestStore, name: &str, role: OperatorRole) {
    let (workspace, id, now) = (workspace(store), user_id(name), store.clock.now());
    store
        .decide_blocking(move |tx| {
            operators::prepare(tx, &workspace, now)?;
            operators::appoint(tx, &id, role, now)
        })
        .unwrap();
}

fn caller(name: &str) -> Caller {
    Caller::Person(user_id(name))
}

/// What an operation of the console answers.
fn ask<T: Send + 'static>(
    store: &Store,
    act: impl Fn(&mut dyn Tx) -> Decision<T> + Send + 'static,
) -> Result<T, OperatorRefusal> {
    store.decide_blocking(act).map_err(|stop| match stop {
        Stop::Refused(refusal) => refusal,
        Stop::Failed(error) => panic!("{error}"),
    })
}

fn names(store: &Store, wanted: Wanted, limit: u32) -> Vec<String> {
    let found = ask(store, move |tx| people::list(tx, &caller("owner"), &wanted, limit)).unwrap();
    found.into_iter().map(|user| user.name).collect()
}

on_both_engines! {
    fn everybody_is_found_by_page_name_address_and_key(store: TestStore) {
        let store = &store;
        add_person(store, "owner");
        appoint(store, "owner", OperatorRole::Owner);
        for name in ["anna", "Ännchen", "annabel", "bob", "ANNE"] {
            add_person(store, name);
        }
        let named = |text: &str| {
            let mut found = names(store, Wanted::Named(text.to_owned(), None), 10);
            found.sort();
            found
        };
        assert_eq!(named("ann"), ["ANNE", "anna", "annabel"]);
        assert_eq!(named("ÄNN"), ["Ännchen"]);
        assert_eq!(named("nna"), ["anna", "annabel"]);
        for nobody in ["\u{10ffff}", "%", "a_n", "a*", " ", "\u{200d}"] {
            assert_eq!(named(nobody), [""; 0], "{nobody}");
        }
        assert_eq!(named(&sigma_store::testing::key_named("bob").to_hex()), ["bob"]);
        // Page by page, newest first, and by age.
        let (mut after, mut all) = (None, Vec::new());
        loop {
            let page = Wanted::Named("an".to_owned(), after.clone());
            let found = ask(store, move |tx| people::list(tx, &caller("owner"), &page, 1)).unwrap();
            let Some(last) = found.last() else { break };
            after = Some(last.id.clone());
            all.push(last.name.clone());
        }
        assert_eq!(all, ["annabel", "anna", "ANNE"]);
        let first = ask(store, |tx| people::list(tx, &caller("owner"), &Wanted::All(None), 2)).unwrap();
        assert_eq!(first.len(), 2);
        let before = first.last().unwrap().id.clone();
        let next =
            ask(store, move |tx| people::list(tx, &caller("owner"), &Wanted::All(Some(before.clone())), 10)).unwrap();
        assert_eq!(next.len(), 4);
        assert!(next.iter().all(|user| user.id < first[1].id));
        // Another name is found by, at once.
        let now = store.clock.now();
        insist(store, move |tx| user::rename(tx, &user_id("bob"), "Annika", now));
        assert_eq!(named("annik"), ["Annika"]);
        assert_eq!(named("bob"), [""; 0]);
    }

    fn rights_are_those_of_the_moment(store: TestStore) {
        let store = &store;
        for (name, role) in [("owner", OperatorRole::Owner), ("help", OperatorRole::Support)] {
            add_person(store, name);
            appoint(store, name, role);
        }
        add_person(store, "ada");
        let now = store.clock.now();
        let disable = |by: &str, whom: &str| {
            let (by, whom) = (caller(by), user_id(whom));
            ask(store, move |tx| people::set_disabled(tx, &by, &whom, true, now)).map(|user| user.disabled)
        };
        assert_eq!(disable("ada", "help"), Err(OperatorRefusal::Stranger));
        assert_eq!(disable("help", "ada"), Err(OperatorRefusal::Denied));
        appoint(store, "help", OperatorRole::Admin);
        assert_eq!(disable("help", "owner"), Err(OperatorRefusal::BeyondOwn));
        assert_eq!(disable("help", "help"), Err(OperatorRefusal::Oneself));
        assert_eq!(disable("help", "nobody"), Err(OperatorRefusal::NotFound));
        assert_eq!(disable("help", "ada"), Ok(true));
        // A disabled admin is none, and an owner whose account is disabled stays out of reach.
        assert_eq!(disable("owner", "help"), Ok(true));
        assert_eq!(disable("help", "ada"), Err(OperatorRefusal::Stranger));
        assert_eq!(insist(store, |tx| find_role(tx, &user_id("help"))), None);
        // Nor does a membership that was deactivated count.
        let enable = ask(store, move |tx| people::set_disabled(tx, &caller("owner"), &user_id("help"), false, now));
        assert!(!enable.unwrap().disabled);
        let change = membership::Change { active: Some(false), ..membership::Change::default() };
        let deactivate = move |tx: &mut dyn Tx| {
            membership::change(tx, &OrgId::operator(), &Actor::Operator, &user_id("help"), &change, now).map(drop)
        };
        store.decide_blocking(deactivate).unwrap();
        assert_eq!(disable("help", "ada"), Err(OperatorRefusal::Stranger));
    }

    fn the_last_owner_stays_and_the_fixed_roles_do_not_change(store: TestStore) {
        let store = &store;
        add_person(store, "owner");
        appoint(store, "owner", OperatorRole::Owner);
        let (org, now) = (OrgId::operator(), store.clock.now());
        let demote = || {
            store.decide_blocking(move |tx| operators::appoint(tx, &user_id("owner"), OperatorRole::Auditor, now))
        };
        assert!(matches!(demote(), Err(Stop::Refused(Refusal::Conflict(_)))));
        let by = Actor::User(user_id("owner"));
        let draft = RoleDraft::new("Auditor", "", RolePermissions::admin()).unwrap();
        let (wanted, keys) = (OperatorRole::Auditor.id(), sigma_store::org::api_key::MadeKeys::default());
        let (id, changing, actor) = (wanted.clone(), org.clone(), by.clone());
        let changed =
            store.decide_blocking(move |tx| role::replace(tx, &changing, &actor, &id, &draft, keys, now).map(drop));
        assert!(matches!(changed, Err(Stop::Refused(Refusal::Conflict(_)))), "{changed:?}");
        let removed = store.decide_blocking(move |tx| role::remove(tx, &org, &by, &wanted, now));
        assert!(matches!(removed, Err(Stop::Refused(Refusal::Conflict(_)))), "{removed:?}");
    }

    fn one_person_becomes_the_first_owner(store: TestStore) {
        let store = &store;
        let now = store.clock.now();
        for number in 0..8 {
            add_person(store, &format!("ada{number}"));
        }
        let (link, other) = (Digest::of("link"), Digest::of("other"));
        for offered in [link, other] {
            assert!(insist(store, move |tx| first_owner::offer(tx, &offered, now)));
        }
        assert!(!insist(store, move |tx| first_owner::is_valid(tx, &Digest::of("none"), now)));
        assert!(!insist(store, move |tx| first_owner::is_valid(tx, &link, now.plus(Duration::from_hours(24)))));
        let workspace = workspace(store);
        let taken = together(|number| {
            let (workspace, whose) = (workspace.clone(), user_id(&format!("ada{number}")));
            let link = if number % 2 == 0 { link } else { other };
            store.write_blocking(move |tx| first_owner::take(tx, &link, &whose, &workspace, now)).unwrap()
        });
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{taken:?}");
        let people = insist(store, operators::list);
        assert_eq!(people.len(), 1);
        assert!(!insist(store, move |tx| first_owner::offer(tx, &link, now)), "there is an owner");
        assert!(!insist(store, move |tx| first_owner::is_valid(tx, &other, now)));
    }

    fn signing_out_ends_everything_and_is_recorded_with_the_person(store: TestStore) {
        let store = &store;
        for name in ["owner", "ada"] {
            add_person(store, name);
            sign_in(store, name, name);
        }
        appoint(store, "owner", OperatorRole::Owner);
        let now = store.clock.now();
        assert_eq!(ask(store, move |tx| people::sign_out(tx, &caller("owner"), &user_id("ada"), now)), Ok(1));
        assert_eq!(ask(store, move |tx| people::sign_out(tx, &caller("owner"), &user_id("ada"), now)), Ok(0));
        assert!(insist(store, move |tx| session::list_live(tx, &user_id("ada"), now)).is_empty());
        assert_eq!(insist(store, move |tx| session::list_live(tx, &user_id("owner"), now)).len(), 1);
        let filter = Filter { person: Some(user_id("ada")), actions: vec![Action::SessionEndAll.as_str().to_owned()], ..Filter::default() };
        let seen = ask(store, move |tx| audit::list(tx, &caller("owner"), &filter, &Place::end(), 10)).unwrap();
        assert_eq!((seen.found.len(), seen.next), (1, None));
        assert_eq!(seen.found[0].user_id, Some(user_id("ada")));
        let seen = ask(store, move |tx| overview::read(tx, &caller("owner"), now)).unwrap();
        assert_eq!((seen.people.number(), seen.sessions.number(), seen.sign_ins), (2, 1, 2));
        assert!(!seen.people.is_more());
    }

    fn a_search_of_the_trail_reads_so_many_events_and_goes_on_where_it_ended(store: TestStore) {
        let store = &store;
        add_person(store, "owner");
        appoint(store, "owner", OperatorRole::Owner);
        let stranger = UserId::from_text("user_ffffffffffffffffffffffff");
        // What follows is newer.
        store.clock.advance(Duration::from_secs(1));
        insist(store, |tx| {
            for _ in 0..250 {
                let event = sigma_store::event::NewEvent::new(Action::UserChange).about(&user_id("owner"));
                sigma_store::event::append(tx, event)?;
            }
            Ok(())
        });
        for _ in 0..9 {
            insist(store, |tx| {
                for _ in 0..250 {
                    let event = sigma_store::event::NewEvent::new(Action::UserChange).about(&user_id("owner"));
                    sigma_store::event::append(tx, event)?;
                }
                Ok(())
            });
        }
        let filter = Filter { actions: vec![Action::MemberAdd.as_str().to_owned()], person: Some(user_id("owner")), ..Filter::default() };
        let again = filter.clone();
        let first = ask(store, move |tx| audit::list(tx, &caller("owner"), &filter, &Place::end(), 10)).unwrap();
        assert!(first.found.is_empty());
        let place = first.next.unwrap();
        let second = ask(store, move |tx| audit::list(tx, &caller("owner"), &again, &place, 10)).unwrap();
        assert_eq!((second.found.len(), second.next), (1, None));
        let filter = Filter { person: Some(stranger), ..Filter::default() };
        let none = ask(store, move |tx| audit::list(tx, &caller("owner"), &filter, &Place::end(), 10)).unwrap();
        assert_eq!((none.found.len(), none.next), (0, None));
    }
}

on_both_engines! {
    fn a_mail_is_seen_sent_again_and_dropped_but_not_while_it_is_being_sent(store: TestStore) {
        add_person(&store, "owner");
        appoint(&store, "owner", OperatorRole::Owner);
        add_person(&store, "support");
        appoint(&store, "support", OperatorRole::Support);
        let now = store.clock.now();
        let (first, second) = (notice(&store), notice(&store));
        let ids = [first.id.clone(), second.id.clone()];
        insist(&store, move |tx| outbox::add(tx, &first).and_then(|()| outbox::add(tx, &second)));
        let list = |shown, before: Option<MailId>, limit| {
            ask(&store, move |tx| mails::list(tx, &caller("support"), shown, before.as_ref(), now, limit)).unwrap()
        };
        let all = list(Shown::All, None, 10);
        assert_eq!(all.iter().map(|mail| mail.fate).collect::<Vec<_>>(), [Fate::Waiting, Fate::Waiting]);
        let newest = list(Shown::All, None, 1)[0].id.clone();
        let rest = list(Shown::All, Some(newest.clone()), 10);
        assert!(rest.len() == 1 && rest[0].id != newest && ids.contains(&rest[0].id), "{rest:?}");
        let act = |who: &'static str, id: &MailId, act, now| {
            let id = id.clone();
            ask(&store, move |tx| mails::act(tx, &caller(who), &id, act, now))
        };
        assert_eq!(act("support", &ids[0], Act::Drop, now), Err(OperatorRefusal::Denied));
        assert_eq!(insist(&store, move |tx| outbox::take(tx, now, 10)).len(), 2);
        for asked in [Act::Resend, Act::Drop] {
            assert_eq!(act("owner", &ids[0], asked, now), Ok(false));
        }
        let [failed, refused] = ids.clone();
        let later = now.plus(Duration::from_hours(1));
        insist(&store, move |tx| outbox::postpone(tx, &failed, later, "421 later"));
        insist(&store, move |tx| outbox::give_up(tx, &refused, "550 nobody"));
        let mut fates: Vec<_> = list(Shown::Failing, None, 10).into_iter().map(|mail| (mail.error.unwrap(), mail.fate)).collect();
        fates.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(fates, [("421 later".to_owned(), Fate::Failing), ("550 nobody".to_owned(), Fate::GivenUp)]);
        assert_eq!(insist(&store, move |tx| outbox::take(tx, now, 10)).len(), 0);
        // The refused one too, once the operator has mended what was wrong.
        for id in &ids {
            assert_eq!(act("owner", id, Act::Resend, now), Ok(true));
        }
        assert_eq!(insist(&store, move |tx| outbox::take(tx, now, 10)).len(), 2);
        let after = now.plus(Duration::from_mins(4));
        assert_eq!(act("owner", &ids[0], Act::Drop, after), Ok(true));
        assert_eq!(act("owner", &ids[0], Act::Drop, after), Err(OperatorRefusal::NotFound));
    }
}
