//! Apps that register themselves, raced by two processes on one database.

use std::time::Duration;

use sigma_core::app::App;
use sigma_core::branding::Branding;
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, AppInvitationId, ClientId, JobId, UserId};
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::app_invitation::{self, AppInvitation};
use sigma_store::developer_app::{self, DeveloperApp, MOST_PER_PERSON};
use sigma_store::registration::{self, NewRegistration, Registered};
use sigma_store::testing::TestStore;
use sigma_store::{Store, app, on_both_engines};

use crate::accounts::count;
use crate::nodes::{nodes, together, write};

fn new_app(store: &TestStore) -> App {
    let now = store.clock.now();
    let id = AppId::new(now, &*store.rng);
    App { client_id: ClientId::of(&id), id, dynamic: true, created_at: now, ..App::sigma() }
}

fn new(store: &TestStore, invitation: Option<&str>, most: u64) -> NewRegistration {
    NewRegistration {
        app: new_app(store),
        token: Digest::of("token"),
        invitation: invitation.map(Digest::of),
        branding: Branding::default(),
        logo_job: JobId::new(store.clock.now(), &*store.rng),
        keep_unused: Duration::from_hours(24),
        most,
    }
}

fn register(node: &Store, new: NewRegistration, now: Timestamp) -> Registered {
    write(node, move |tx| registration::register(tx, &new, now))
}

on_both_engines! {
    fn an_invitation_used_by_many_at_once_lets_in_as_many_as_it_says(store: TestStore) {
        let (nodes, now) = (nodes(&store), store.clock.now());
        let invitation = AppInvitation {
            id: AppInvitationId::new(now, &*store.rng),
            name: String::new(),
            uses: 3,
            uses_left: 3,
            created_at: now,
            expires_at: now.plus(Duration::from_hours(1)),
        };
        write(&store, move |tx| app_invitation::add(tx, &invitation, &Digest::of("three")));
        let outcomes = together(&nodes, |node, _| register(node, new(&store, Some("three"), 100), now));
        let let_in = outcomes.iter().filter(|outcome| **outcome == Registered::Registered).count();
        assert_eq!(let_in, 3, "{outcomes:?}");
        assert_eq!(count(&store, "SELECT count(*) FROM registrations"), i64::try_from(let_in).unwrap());
    }

    fn many_who_register_at_once_do_not_exceed_what_the_server_keeps(store: TestStore) {
        let (nodes, now) = (nodes(&store), store.clock.now());
        together(&nodes, |node, _| register(node, new(&store, None, 2), now));
        assert_eq!(count(&store, "SELECT count(*) FROM registrations"), 2);
    }

    fn an_app_that_nobody_used_or_invited_gives_way_where_there_is_no_room(store: TestStore) {
        let invitation = AppInvitation {
            id: AppInvitationId::new(store.clock.now(), &*store.rng),
            name: String::new(),
            uses: 1,
            uses_left: 1,
            created_at: store.clock.now(),
            expires_at: store.clock.now().plus(Duration::from_hours(9)),
        };
        write(&store, move |tx| app_invitation::add(tx, &invitation, &Digest::of("one")));
        let apps: Vec<NewRegistration> = [Some("one"), None, None].map(|by| new(&store, by, 3)).into();
        for app in &apps {
            assert_eq!(register(&store, app.clone(), store.clock.now()), Registered::Registered);
        }
        let (used, now) = (apps[1].app.id.clone(), store.clock.now());
        write(&store, move |tx| registration::touch(tx, &used, Duration::from_hours(24), now));
        assert_eq!(register(&store, new(&store, None, 3), store.clock.now()), Registered::Full, "all of them are new");
        store.clock.advance(Duration::from_hours(1));
        assert_eq!(register(&store, new(&store, None, 3), store.clock.now()), Registered::Registered);
        let left = |id: &AppId| {
            let id = id.clone();
            store.read_blocking(move |tx| app::find(tx, &id)).unwrap().is_some()
        };
        assert_eq!(apps.iter().map(|new| left(&new.app.id)).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(register(&store, new(&store, None, 3), store.clock.now()), Registered::Full);
        // What people make for themselves finds room in the same way.
        store.clock.advance(Duration::from_hours(1));
        let (made, user) = (DeveloperApp { app: new_app(&store), made_as: None }, UserId::from_text("user_1"));
        let add = move |tx: &mut dyn sigma_store::Tx| developer_app::add(tx, &made, &user, 3);
        assert!(store.decide_blocking(add).is_ok());
        assert_eq!(count(&store, "SELECT count(*) FROM registrations"), 3);
    }

    fn what_the_operator_changed_meanwhile_is_not_undone(store: TestStore) {
        let (user, now) = (UserId::from_text("user_1"), store.clock.now());
        let made = App { secret: Some(Digest::of("first")), ..new_app(&store) };
        let (app, by) = (DeveloperApp { app: made.clone(), made_as: None }, user.clone());
        assert!(store.decide_blocking(move |tx| developer_app::add(tx, &app, &by, 100)).is_ok());
        let registered = new(&store, None, 100);
        let stale = registered.app.clone();
        assert_eq!(register(&store, registered, now), Registered::Registered);
        let set = |app: App| assert!(write(&store, move |tx| app::update(tx, &app)));
        for app in [&made, &stale] {
            set(App { disabled: true, resources: vec!["urn:a".to_owned()], access_seconds: Some(60), ..app.clone() });
        }
        let find = |id: &AppId| {
            let id = id.clone();
            store.read_blocking(move |tx| app::find(tx, &id)).unwrap().unwrap()
        };
        // Each was read before, and is written now.
        let (renamed, by) = (App { name: "Other".to_owned(), ..made.clone() }, user.clone());
        assert!(write(&store, move |tx| developer_app::describe(tx, &by, &renamed)));
        let (renewed, by) = (App { secret: Some(Digest::of("second")), ..made.clone() }, user.clone());
        assert!(write(&store, move |tx| developer_app::set_secret(tx, &by, &renewed)));
        let (described, by) = (App { name: "Third".to_owned(), ..made.clone() }, user.clone());
        assert!(write(&store, move |tx| developer_app::describe(tx, &by, &described)));
        let (changed, job) = (App { name: "Other".to_owned(), ..stale.clone() }, JobId::new(now, &*store.rng));
        let replaced = write(&store, move |tx| {
            registration::replace(tx, &changed, &Digest::of("token"), &Branding::default(), &job, now)
        });
        assert!(replaced);
        for (id, name) in [(&made.id, "Third"), (&stale.id, "Other")] {
            let app = find(id);
            assert_eq!((app.name.as_str(), app.disabled, app.access_seconds), (name, true, Some(60)));
            assert_eq!(app.resources, ["urn:a"]);
        }
        assert_eq!(find(&made.id).secret, Some(Digest::of("second")), "a secret that was renewed meanwhile stays");
    }

    fn a_person_who_makes_many_apps_at_once_has_no_more_than_they_may(store: TestStore) {
        let (nodes, user) = (nodes(&store), UserId::from_text("user_1"));
        for _ in 0..4 {
            together(&nodes, |node, _| {
                let (made, user) = (DeveloperApp { app: new_app(&store), made_as: None }, user.clone());
                node.decide_blocking(move |tx| developer_app::add(tx, &made, &user, 100)).is_ok()
            });
        }
        let made = count(&store, "SELECT count(*) FROM registrations");
        assert!(made <= i64::try_from(MOST_PER_PERSON).unwrap(), "{made}");
        let listed = write(&store, move |tx| developer_app::list(tx, &user));
        assert_eq!(i64::try_from(listed.len()).unwrap(), made);
    }
}
