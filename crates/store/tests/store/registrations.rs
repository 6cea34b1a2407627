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
use sigma_store::{Store, on_both_engines};

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
