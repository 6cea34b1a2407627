//! The audit trail on both engines: an event exists if and only if its action happened, nobody can fill the table,
//! followers miss nothing, and old events and deleted users disappear.

use std::collections::HashSet;
use std::sync::mpsc::channel;
use std::time::Duration;

use sigma_core::actor::{Actor, Initiator};
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Event, Target};
use sigma_core::ids::{AppId, OrgId, RoleId, SessionId, UserId};
use sigma_core::org::{RoleDraft, RolePermissions};
use sigma_core::time::Clock as _;
use sigma_store::event::{self, Follower, NewEvent, Place, Trail};
use sigma_store::key_sign_in::{self, KeySignIn, KeySignedIn, UnknownKey};
use sigma_store::org::{self, role};
use sigma_store::replay_guard::Once;
use sigma_store::session::NewSession;
use sigma_store::testing::{Engine, TestStore, engines, identity_named, key_named};
use sigma_store::token_count::{self, TokenCount};
use sigma_store::{Stop, Store, StoreError, on_both_engines, session};

fn user(name: &str) -> UserId {
    UserId::from_text(format!("user_{name}"))
}

/// An initiator at that address.
fn from(actor: Actor, address: &str) -> Initiator {
    Initiator {
        actor,
        address: Some(address.to_owned()),
        user_agent: Some("Browser/1".to_owned()),
        request_id: Some("req_1".to_owned()),
    }
}

fn all(store: &Store, trail: Trail) -> Vec<Event> {
    store.read_blocking(move |tx| event::list_before(tx, &trail, &Place::end(), 2_000)).unwrap()
}

fn actions(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.action.as_str()).collect()
}

/// A failed sign-in to the account of `name`, if it exists.
fn fail(store: &TestStore, name: Option<&str>, address: &str) {
    let (account, now) = (name.map(user), store.clock.now());
    let initiated = store.on_behalf_of(from(Actor::Anonymous, address));
    let failed = move |tx: &mut dyn sigma_store::Tx| {
        let mut failed = NewEvent::new(Action::UserSignInFailed).method("password");
        if let Some(account) = &account {
            failed = failed.about(account);
        }
        event::count_repeated(tx, failed, now)
    };
    initiated.write_blocking(failed).unwrap();
}

fn sign_in(store: &TestStore, name: &str) {
    let initiated = store.on_behalf_of(from(Actor::Anonymous, "192.0.2.1"));
    let actor = Actor::User(user(name));
    let signed_in = move |tx: &mut dyn sigma_store::Tx| {
        event::append(tx, NewEvent::new(Action::UserSignIn).by(actor.clone()).method("key"))
    };
    initiated.write_blocking(signed_in).unwrap();
}

/// Signs in with a key, which signs up the first time.
fn sign_in_with_key(store: &TestStore, number: u32) {
    let now = store.clock.now();
    let request = KeySignIn {
        pubkey: key_named("ada"),
        address: "1Ada".to_owned(),
        once: vec![Once::new(Digest::of(number.to_string()), now.plus(Duration::from_mins(5)), now).unwrap()],
        identity: None,
        new_user: user("ada"),
        unknown: UnknownKey::SignUp,
        origin_bound: false,
        require_origin_bound: false,
        session: NewSession {
            id: SessionId::from_text(format!("ses_{number}")),
            secret: Digest::of(format!("secret {number}")),
            continues: None,
            address: "192.0.2.1".to_owned(),
            user_agent: String::new(),
            device: sigma_store::session::Device::default(),
            now,
            expires_at: now.plus(Duration::from_hours(1)),
        },
    };
    let signed_in = store.write_blocking(move |tx| key_sign_in::sign_in(tx, &request)).unwrap();
    assert!(matches!(signed_in, KeySignedIn::SignedIn(_)), "{signed_in:?}");
}

fn of_action<'e>(events: &'e [Event], action: &str) -> Vec<&'e Event> {
    events.iter().filter(|event| event.action == action).collect()
}

fn workspace(store: &Store, store_now: sigma_core::time::Timestamp, name: &str) -> OrgId {
    let id = OrgId::from_text(format!("org_{name}"));
    let new = org::NewOrg {
        admin_role: RoleId::from_text(format!("role_{name}_admin")),
        member_role: RoleId::from_text(format!("role_{name}_member")),
        id: id.clone(),
        slug: None,
        name: name.to_owned(),
        kid: format!("kid-{name}"),
        secret: vec![1],
        now: store_now,
    };
    store.decide_blocking(move |tx| org::add(tx, &new)).unwrap();
    id
}

on_both_engines! {
    fn an_event_records_actor_action_target_origin_and_request(store: TestStore) {
        let now = store.clock.now();
        let org_id = workspace(&store.on_behalf_of(from(Actor::Operator, "192.0.2.1")), now, "bakery");
        let events = all(&store, Trail::All);
        assert_eq!(actions(&events), ["workspace.create"]);
        let event = &events[0];
        assert_eq!(event.at, now);
        assert_eq!(event.actor, Actor::Operator);
        assert_eq!(event.org_id.as_ref(), Some(&org_id));
        assert_eq!(event.target, Some(("workspace".to_owned(), "org_bakery".to_owned())));
        assert_eq!(event.address.as_deref(), Some("192.0.2.1"));
        assert_eq!(event.user_agent.as_deref(), Some("Browser/1"));
        assert_eq!(event.request_id.as_deref(), Some("req_1"));
        assert_eq!((event.count, &event.user_id), (1, &None));
    }

    fn background_work_is_recorded_as_the_system(store: TestStore) {
        workspace(&store, store.clock.now(), "bakery");
        let events = all(&store, Trail::All);
        assert_eq!(events[0].actor, Actor::System);
        assert_eq!(events[0].address, None);
    }

    fn refused_and_rolled_back_changes_leave_no_event(store: TestStore) {
        let now = store.clock.now();
        let org_id = workspace(&store, now, "bakery");
        let draft = RoleDraft::new("Baker", "", RolePermissions::default()).unwrap();
        let add = |name: &'static str| {
            let (org_id, draft) = (org_id.clone(), draft.clone());
            move |tx: &mut dyn sigma_store::Tx| role::add(tx, &org_id, &Actor::Operator, &RoleId::from_text(name), &draft, now)
        };
        store.advance(Duration::from_millis(1));
        store.decide_blocking(add("one")).unwrap();
        // The name is taken.
        assert!(matches!(store.decide_blocking(add("two")), Err(Stop::Refused(_))));
        let lost = add("three");
        let rolled_back = store.write_blocking(move |tx| {
            lost(tx).unwrap();
            event::append(tx, NewEvent::new(Action::RoleRemove))?;
            Err::<(), _>(StoreError::Failed("on purpose".to_owned()))
        });
        rolled_back.unwrap_err();
        assert_eq!(actions(&all(&store, Trail::All)), ["role.create", "workspace.create"]);
    }

    fn failures_of_one_account_address_and_minute_are_one_event_with_a_count(store: TestStore) {
        for _ in 0..3 {
            fail(&store, Some("ada"), "192.0.2.1");
        }
        fail(&store, Some("bob"), "192.0.2.1");
        fail(&store, None, "192.0.2.1");
        store.advance(Duration::from_mins(1));
        fail(&store, Some("ada"), "192.0.2.1");
        let of_ada: Vec<_> = all(&store, Trail::User(user("ada"))).iter().map(|event| event.count).collect();
        assert_eq!(of_ada, [1, 3]);
        let events = all(&store, Trail::All);
        assert_eq!(events.len(), 4);
        assert!(events.iter().all(|event| event.actor == Actor::Anonymous));
        assert!(events.iter().all(|event| event.address.as_deref() == Some("192.0.2.1")));
    }

    fn failures_from_many_addresses_do_not_fill_the_table(store: TestStore) {
        for number in 0..500 {
            fail(&store, Some("ada"), &format!("198.51.{}.{}", number / 200, number % 200));
            fail(&store, None, &format!("203.0.{}.{}", number / 200, number % 200));
        }
        let events = all(&store, Trail::All);
        assert!(events.len() <= 2 * usize::from(event::MOST_SHARED_ROWS), "{}", events.len());
        assert_eq!(events.iter().map(|event| event.count).sum::<u64>(), 1_000);
        // A shared row names neither address.
        assert!(events.iter().any(|event| event.count > 1 && event.address.is_none()));
        assert!(events.iter().all(|event| event.count == 1 || event.address.is_none()));
    }

    fn an_event_keeps_its_first_address_while_all_are_of_one_network(store: TestStore) {
        for number in 1..=3 {
            fail(&store, Some("ada"), &format!("2001:db8:1:2::{number}"));
        }
        let events = all(&store, Trail::All);
        assert_eq!((events.len(), events[0].count), (1, 3));
        assert_eq!(events[0].address.as_deref(), Some("2001:db8:1:2::1"));
    }

    fn nobody_can_choose_addresses_that_share_an_event(store: TestStore) {
        let collides = |address: &String| Digest::of(address).as_bytes()[0] % event::MOST_SHARED_ROWS == 7;
        let addresses = (0..10_000).map(|number| format!("198.51.{}.{}", number / 200, number % 200));
        for address in addresses.filter(collides).take(20) {
            fail(&store, Some("ada"), &address);
        }
        let events = all(&store, Trail::All);
        assert_eq!(events.iter().map(|event| event.count).sum::<u64>(), 20);
        assert!(events.len() > 1 && events.iter().any(|event| event.address.is_some()), "{events:?}");
    }

    fn a_loop_of_sign_ins_does_not_fill_the_table(store: TestStore) {
        for number in 0..130 {
            sign_in_with_key(&store, number);
        }
        let events = all(&store, Trail::All);
        let signed_in = of_action(&events, "user.sign_in");
        assert_eq!(signed_in.len(), usize::from(event::MOST_SINGLE_ROWS) + 1);
        assert_eq!(signed_in.iter().map(|event| event.count).sum::<u64>(), 130);
        assert!(signed_in.iter().all(|event| event.user_id == Some(user("ada"))));
        // Those that stand for several name no session.
        assert!(signed_in.iter().all(|event| (event.count == 1) == event.target.is_some()));
        store.advance(Duration::from_mins(1));
        sign_in_with_key(&store, 130);
        assert_eq!(of_action(&all(&store, Trail::All), "user.sign_in").len(), signed_in.len() + 1);
    }

    fn a_key_is_recorded_as_a_credential_of_the_new_account(store: TestStore) {
        sign_in_with_key(&store, 0);
        store.advance(Duration::from_mins(1));
        sign_in_with_key(&store, 1);
        let events = all(&store, Trail::User(user("ada")));
        let added = of_action(&events, "credential.add");
        assert_eq!(added.len(), 1);
        assert_eq!(added[0].details.method.as_deref(), Some("key"));
        assert_eq!((&added[0].actor, &added[0].target), (&Actor::User(user("ada")), &Some(("user".to_owned(), "user_ada".to_owned()))));
    }

    fn sessions_that_end_to_make_room_leave_events(store: TestStore) {
        for number in 0..=session::MOST_LIVE {
            store.advance(Duration::from_secs(1));
            sign_in_with_key(&store, number);
        }
        let events = all(&store, Trail::User(user("ada")));
        let ended = of_action(&events, "session.end");
        assert_eq!(ended.len(), 1);
        assert_eq!(ended[0].details.reason.as_deref(), Some("room"));
        assert_eq!(ended[0].target, Some(("session".to_owned(), "ses_0".to_owned())));
        assert_eq!(ended[0].actor, Actor::System);
    }

    fn what_others_did_to_a_user_is_in_the_trail_that_concerns_them_and_not_in_their_own(store: TestStore) {
        let change = |actor: Actor, whom: &str| NewEvent::new(Action::MemberChange).by(actor).to(Target::User(user(whom)));
        sign_in(&store, "ada");
        for event in [
            change(Actor::User(user("bob")), "ada"),
            change(Actor::ApiKey(sigma_core::ids::ApiKeyId::from_text("key_1")), "ada"),
            change(Actor::User(user("ada")), "ada"),
            change(Actor::User(user("ada")), "bob"),
            change(Actor::Operator, "eve"),
            NewEvent::new(Action::UserDisable).about(&user("ada")).to(Target::User(user("ada"))),
        ] {
            store.advance(Duration::from_millis(1));
            store.write_blocking(move |tx| event::append(tx, event.clone())).unwrap();
        }
        let trail = Trail::Concerning(user("ada"));
        let concerning = all(&store, trail.clone());
        assert_eq!(concerning.len(), 6);
        let everything = all(&store, Trail::All);
        assert_eq!(concerning, everything.into_iter().filter(|event| trail.takes(event)).collect::<Vec<_>>());
        assert_eq!(all(&store, Trail::User(user("ada"))).len(), 4);
        let (mut place, mut seen) = (Place::end(), Vec::new());
        loop {
            let (trail, from) = (trail.clone(), place.clone());
            let page = store.read_blocking(move |tx| event::list_before(tx, &trail, &from, 2)).unwrap();
            let Some(last) = page.last() else { break };
            place = Place::of(last);
            seen.extend(page);
        }
        assert_eq!(seen, concerning);
    }

    fn paging_through_a_trail_loses_nothing(store: TestStore) {
        for number in 0..7 {
            sign_in(&store, if number % 2 == 0 { "ada" } else { "bob" });
            if number == 3 {
                store.advance(Duration::from_secs(1));
            }
        }
        for (trail, expected) in [(Trail::All, 7), (Trail::User(user("ada")), 4), (Trail::User(user("eve")), 0)] {
            let mut place = Place::end();
            let mut seen = Vec::new();
            loop {
                let (trail, from) = (trail.clone(), place.clone());
                let page = store.read_blocking(move |tx| event::list_before(tx, &trail, &from, 2)).unwrap();
                let Some(last) = page.last() else { break };
                place = Place::parse(&Place::of(last).to_string()).unwrap();
                seen.extend(page);
            }
            let ids: HashSet<_> = seen.iter().map(|event| event.id.clone()).collect();
            assert_eq!((seen.len(), ids.len()), (expected, expected), "{trail:?}");
            assert!(seen.is_sorted_by(|one, next| one.at >= next.at));
        }
        let forward = store.read_blocking(|tx| event::list_after(tx, &Place::at(sigma_core::time::Timestamp::from_micros(0)), 100));
        let mut backward = all(&store, Trail::All);
        backward.reverse();
        assert_eq!(forward.unwrap(), backward);
    }

    fn an_org_has_a_trail_of_its_own(store: TestStore) {
        let now = store.clock.now();
        let (bakery, _) = (workspace(&store, now, "bakery"), workspace(&store, now, "library"));
        let events = all(&store, Trail::Org(bakery.clone()));
        assert_eq!(actions(&events), ["workspace.create"]);
        assert_eq!(events[0].org_id, Some(bakery));
    }

    fn old_events_and_counts_are_deleted(store: TestStore) {
        let many = |tx: &mut dyn sigma_store::Tx| {
            (0..400).try_for_each(|_| event::append(tx, NewEvent::new(Action::AppChange)))
        };
        for _ in 0..3 {
            store.write_blocking(many).unwrap();
        }
        let count = |minute| TokenCount {
            app_id: AppId::from_text("app_shop"),
            grant_type: "refresh_token",
            minute,
            tokens: 2,
        };
        let old = count(store.clock.now());
        store.write_blocking(move |tx| token_count::add(tx, &[old.clone(), old.clone()])).unwrap();
        store.advance(Duration::from_hours(24 * 364));
        sign_in(&store, "ada");
        let new = count(store.clock.now());
        store.write_blocking(move |tx| token_count::add(tx, std::slice::from_ref(&new))).unwrap();
        store.sweep_once().unwrap();
        assert_eq!(all(&store, Trail::All).len(), 1_201);
        store.advance(Duration::from_hours(24 * 2));
        store.sweep_once().unwrap();
        assert_eq!(actions(&all(&store, Trail::All)), ["user.sign_in"]);
        let shop = AppId::from_text("app_shop");
        let totals = store.read_blocking(move |tx| token_count::totals(tx, &shop, sigma_core::time::Timestamp::from_micros(0)));
        assert_eq!(totals.unwrap().into_iter().map(|(_, tokens)| tokens).collect::<Vec<_>>(), [2]);
    }

    fn a_deleted_user_and_nobody_else_is_replaced_by_a_pseudonym(store: TestStore) {
        for _ in 0..3 {
            sign_in(&store, "ada");
            sign_in(&store, "bob");
        }
        fail(&store, Some("ada"), "192.0.2.9");
        let claimed = NewEvent::new(Action::IdentityClaim).by(Actor::User(user("ada")));
        let claimed = claimed.to(Target::Identity(identity_named("hers")));
        store.write_blocking(move |tx| event::append(tx, claimed.clone())).unwrap();
        store.advance(Duration::from_secs(1));
        let removed = NewEvent::new(Action::MemberRemove).by(Actor::User(user("bob"))).to(Target::User(user("ada")));
        store.write_blocking(move |tx| event::append(tx, removed.clone())).unwrap();
        let pseudonym = user("deleted");
        loop {
            let (ada, pseudonym) = (user("ada"), pseudonym.clone());
            if store.write_blocking(move |tx| event::pseudonymise(tx, &ada, &pseudonym)).unwrap() == 0 {
                break;
            }
        }
        let events = all(&store, Trail::All);
        assert_eq!(events.len(), 9);
        assert!(!format!("{events:?}").contains("user_ada") && !format!("{events:?}").contains(identity_named("hers").as_str()));
        let hers = all(&store, Trail::User(pseudonym.clone()));
        assert_eq!(hers.len(), 5);
        assert!(hers.iter().all(|event| event.address.is_none() && event.user_agent.is_none()));
        assert!(hers.iter().filter(|event| event.action == "user.sign_in").all(|event| event.actor == Actor::User(pseudonym.clone())));
        let his = all(&store, Trail::User(user("bob")));
        assert_eq!(his.len(), 4);
        assert!(his.iter().filter(|event| event.action == "user.sign_in").all(|event| event.address.is_some()));
        assert_eq!(his[0].target, Some(("user".to_owned(), pseudonym.to_string())));
    }

    fn followers_see_each_event_once_and_again_when_its_count_grows(store: TestStore) {
        sign_in(&store, "ada");
        let mut follower = Follower::after(all(&store, Trail::All).first());
        let read = |follower: &Follower| {
            let place = follower.place();
            store.read_blocking(move |tx| event::list_after(tx, &place, 500)).unwrap()
        };
        assert_eq!(follower.take(read(&follower)).len(), 1);
        assert_eq!(follower.take(read(&follower)), []);
        fail(&store, Some("ada"), "192.0.2.1");
        assert_eq!(actions(&follower.take(read(&follower))), ["user.sign_in_failed"]);
        store.advance(Duration::from_secs(1));
        fail(&store, Some("ada"), "192.0.2.1");
        let again: Vec<_> = follower.take(read(&follower)).iter().map(|event| event.count).collect();
        assert_eq!(again, [2]);
        store.advance(Duration::from_hours(1));
        sign_in(&store, "bob");
        assert_eq!(follower.take(read(&follower)).len(), 1);
        assert_eq!(follower.take(read(&follower)), []);
    }
}

/// A file has one writer, whose transactions commit in the order of their writes.
#[test]
fn followers_see_events_that_commit_late() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let store = TestStore::new(Engine::Postgres);
    sign_in(&store, "ada");
    let mut follower = Follower::after(all(&store, Trail::All).first());
    let read = |follower: &Follower| {
        let place = follower.place();
        store.read_blocking(move |tx| event::list_after(tx, &place, 500)).unwrap()
    };
    follower.take(read(&follower));
    let (written, is_written) = channel();
    let (go_on, may_go_on) = channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let late = Store::clone(&store);
    let late = std::thread::spawn(move || {
        late.write_blocking(move |tx| {
            event::append(tx, NewEvent::new(Action::AppCreate))?;
            written.send(()).unwrap();
            may_go_on.lock().unwrap().recv().unwrap();
            Ok(())
        })
    });
    is_written.recv().unwrap();
    store.advance(Duration::from_secs(1));
    sign_in(&store, "bob");
    let seen = follower.take(read(&follower));
    assert_eq!(actions(&seen), ["user.sign_in"]);
    go_on.send(()).unwrap();
    late.join().unwrap().unwrap();
    let behind = Place::of(&seen[0]);
    assert_eq!(store.read_blocking(move |tx| event::list_after(tx, &behind, 500)).unwrap(), []);
    assert_eq!(actions(&follower.take(read(&follower))), ["app.create"]);
    assert_eq!(follower.take(read(&follower)), []);
}
