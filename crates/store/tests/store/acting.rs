//! Agents and impersonations, raced by two processes on one database.

use std::sync::Arc;
use std::time::Duration;

use sigma_core::app::App;
use sigma_core::authentication::{Method, Methods};
use sigma_core::authorize::SessionFacts;
use sigma_core::code::Authorization;
use sigma_core::ids::{AppId, ClientId, GrantId, OrgId, SessionId, UserId};
use sigma_core::scope::Scopes;
use sigma_core::time::Clock as _;
use sigma_store::account_deletion::{self, Deletion};
use sigma_store::agent::{self, Created, NewAgent};
use sigma_store::impersonation::{self, Impersonation, NewImpersonation};
use sigma_store::testing::{TestStore, insist};
use sigma_store::{Store, app, on_both_engines, params};

use crate::accounts::{add_person, count, sign_in};
use crate::nodes::{nodes, together, write};

fn new_app(store: &TestStore) -> App {
    let now = store.clock.now();
    let id = AppId::new(now, &*store.rng);
    App { client_id: ClientId::of(&id), id, created_at: now, ..App::sigma() }
}

fn authorization(store: &TestStore, user_id: &UserId, app: &App) -> Authorization {
    let session = SessionFacts {
        id: SessionId::from_text("ses_1"),
        user_id: user_id.clone(),
        auth_time: store.clock.now(),
        methods: Methods::of(Method::Key),
        bap_id: None,
    };
    Authorization { scope: Scopes::parse("openid"), ..Authorization::by(&session, app.id.clone()) }
}

fn new_agent(store: &TestStore, user_id: &UserId) -> NewAgent {
    let (app, now) = (new_app(store), store.clock.now());
    NewAgent {
        authorization: authorization(store, user_id, &app),
        app,
        grant_id: GrantId::new(now, &*store.rng),
        now,
        expires_at: now.plus(Duration::from_hours(24)),
    }
}

/// An app that Ada gave access.
fn consented(store: &TestStore, ada: &UserId) -> Arc<App> {
    let (app, user, now) = (Arc::new(new_app(store)), ada.clone(), store.clock.now());
    let new = App::clone(&app);
    insist(store, move |tx| {
        app::add(tx, &new)?;
        tx.execute(
            "INSERT INTO consents (user_id, app_id, bap_id, resource, scope, created_at, updated_at)
             VALUES ($1, $2, '', '', 'openid', $3, $3)",
            params![&user, &new.id, now],
        )
    });
    app
}

fn impersonate(node: &Store, store: &TestStore, app: &Arc<App>, actor: &UserId, user: &UserId) -> Impersonation {
    let now = store.clock.now();
    let new = NewImpersonation {
        grant_id: GrantId::new(now, &*store.rng),
        app: Arc::clone(app),
        actor_id: actor.clone(),
        authorization: authorization(store, user, app),
        now,
        expires_at: now.plus(Duration::from_hours(1)),
    };
    write(node, move |tx| impersonation::begin(tx, &new))
}

on_both_engines! {
    fn a_person_who_makes_many_agents_at_once_has_ten(store: TestStore) {
        let (nodes, ada) = (nodes(&store), add_person(&store, "ada"));
        sign_in(&store, "ada", "1");
        for _ in 0..4 {
            together(&nodes, |node, _| {
                let new = new_agent(&store, &ada);
                write(node, move |tx| agent::create(tx, &new))
            });
        }
        assert!(count(&store, "SELECT count(*) FROM agents") <= agent::MOST);
        assert_eq!(count(&store, "SELECT count(*) FROM agents"), count(&store, "SELECT count(*) FROM grants WHERE offline = 1"));
        let id = write(&store, { let ada = ada.clone(); move |tx| agent::list(tx, &ada) }).swap_remove(0).app_id;
        // The operator removes its app.
        let (gone, now) = (id.clone(), store.clock.now());
        assert!(write(&store, move |tx| app::remove(tx, &gone, now)));
        assert!(write(&store, move |tx| agent::list(tx, &ada)).iter().all(|agent| agent.app_id != id));
    }

    fn nobody_stops_the_agent_of_another(store: TestStore) {
        let (ada, eve, now) = (add_person(&store, "ada"), add_person(&store, "eve"), store.clock.now());
        sign_in(&store, "ada", "1");
        let new = new_agent(&store, &ada);
        let (id, other) = (new.app.id.clone(), new.app.id.clone());
        assert_eq!(write(&store, move |tx| agent::create(tx, &new)), Created::Made);
        assert!(!write(&store, move |tx| agent::stop(tx, &eve, &other, now)));
        assert!(write(&store, move |tx| agent::stop(tx, &ada, &id, now)));
        assert_eq!(count(&store, "SELECT count(*) FROM grants WHERE revoked_at IS NULL"), 0);
        assert_eq!(count(&store, "SELECT count(*) FROM agents"), 0);
    }

    fn nobody_makes_an_agent_once_they_are_signed_out_or_their_account_is_to_be_deleted(store: TestStore) {
        let (ada, now) = (add_person(&store, "ada"), store.clock.now());
        let create = || {
            let new = new_agent(&store, &ada);
            write(&store, move |tx| agent::create(tx, &new))
        };
        assert_eq!(create(), Created::MayNot, "no such session");
        sign_in(&store, "ada", "1");
        let (kept, pseudonym) = (SessionId::from_text("ses_1"), UserId::from_text("user_nobody"));
        let deletion = Deletion { user_id: ada.clone(), pseudonym, requested_at: now, due_at: now.plus(Duration::from_hours(1)) };
        insist(&store, move |tx| account_deletion::request(tx, &deletion, Some(&kept), &[]));
        assert_eq!(create(), Created::MayNot);
        assert_eq!(count(&store, "SELECT count(*) FROM agents"), 0);
        assert_eq!(count(&store, "SELECT count(*) FROM grants"), 0);
    }

    fn no_impersonation_outlives_the_permission_however_they_race(store: TestStore) {
        let (nodes, ada, owl) = (nodes(&store), add_person(&store, "ada"), add_person(&store, "owl"));
        let (app, now) = (consented(&store, &ada), store.clock.now());
        for _ in 0..3 {
            let actor = owl.clone();
            write(&store, move |tx| impersonation::allow(tx, &OrgId::operator(), &actor, now));
            together(&nodes, |node, place| {
                if place % 2 == 0 {
                    impersonate(node, &store, &app, &owl, &ada);
                } else {
                    let actor = owl.clone();
                    write(node, move |tx| impersonation::deny(tx, &OrgId::operator(), &actor, now));
                }
            });
            let actor = owl.clone();
            write(&store, move |tx| impersonation::deny(tx, &OrgId::operator(), &actor, now));
            let live = "SELECT count(*) FROM impersonations i JOIN grants g ON g.id = i.grant_id WHERE g.revoked_at IS NULL";
            assert_eq!(count(&store, live), 0);
        }
    }

    fn two_people_who_act_as_each_other_do_not_wait_for_each_other(store: TestStore) {
        let (nodes, ada, owl) = (nodes(&store), add_person(&store, "ada"), add_person(&store, "owl"));
        let app = consented(&store, &ada);
        let outcomes = together(&nodes, |node, place| {
            let (one, other) = if place % 2 == 0 { (&ada, &owl) } else { (&owl, &ada) };
            impersonate(node, &store, &app, one, other)
        });
        assert!(outcomes.iter().all(|outcome| *outcome == Impersonation::Denied), "{outcomes:?}");
    }
}
