//! Directories that provision the people of an org: who may connect one, its tokens, its log, and what goes with the org.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::ids::{OrgId, ScimConnectionId, ScimUserId};
use sigma_core::org::{Refusal, RoleDraft, RolePermissions, Switch};
use sigma_core::scim::{Document, Filter, Projection, ResourceType};
use sigma_core::time::Clock as _;
use sigma_store::org::{removal, role};
use sigma_store::scim::connection::{self, MOST_CONNECTIONS, NewConnection, OVERLAP};
use sigma_store::scim::directory::{self, MOST_EXAMINED, Search};
use sigma_store::scim::log::{self, LoggedRequest, MOST_REQUESTS};
use sigma_store::scim::user::{self, Save, Wish};
use sigma_store::testing::{TestStore, decide};
use sigma_store::{Stop, on_both_engines, params};

use crate::workspaces::{join, role_of, workspace};

fn id(name: &str) -> ScimConnectionId {
    ScimConnectionId::from_text(format!("scim_{name}"))
}

fn connect(store: &TestStore, org_id: &OrgId, actor: &Actor, name: &str, maps_roles: bool) -> Result<(), Refusal> {
    let new = NewConnection {
        id: id(name),
        name: name.to_owned(),
        role_id: role_of(org_id, "member"),
        maps_roles,
        hash: Digest::of(name),
    };
    let (org_id, actor, now) = (org_id.clone(), actor.clone(), store.clock.now());
    decide(store, move |tx| connection::add(tx, &org_id, &actor, &new, now)).map(drop)
}

fn is_let_in(store: &TestStore, token: &'static str) -> bool {
    let now = store.clock.now();
    store.read_blocking(move |tx| connection::find_by_token(tx, &Digest::of(token), now)).unwrap().is_some()
}

on_both_engines! {
    fn only_who_manages_the_org_connects_directories_and_groups_give_no_more_than_they_hold(store: TestStore) {
        let acme = workspace(&store, "acme");
        let (admin, member) = (join(&store, &acme, "ada", "admin"), join(&store, &acme, "bob", "member"));
        let (admin, member) = (Actor::User(admin), Actor::User(member));
        assert!(matches!(connect(&store, &acme, &member, "one", false), Err(Refusal::Denied(_))));
        let switches = [Switch::ManageUsers, Switch::ManageRoles, Switch::ManageApiKeys].into_iter().collect();
        let draft = RoleDraft::new("Manager", "", RolePermissions { switches, ..RolePermissions::default() }).unwrap();
        let (org_id, manager, now) = (acme.clone(), role_of(&acme, "manager"), store.clock.now());
        decide(&store, move |tx| role::add(tx, &org_id, &Actor::Operator, &manager, &draft, now)).unwrap();
        let manager = Actor::User(join(&store, &acme, "eve", "manager"));
        for maps_roles in [true, false] {
            assert_eq!(connect(&store, &acme, &manager, "one", maps_roles), Err(Refusal::BEYOND_OWN));
        }
        assert_eq!(connect(&store, &acme, &admin, "one", true), Ok(()));
        // Whoever gets its token can do what an admin can.
        let (org_id, now) = (acme.clone(), store.clock.now());
        let taken = decide(&store, move |tx| connection::rotate(tx, &org_id, &manager, &id("one"), Digest::of("mine"), now));
        assert_eq!(taken.map(drop), Err(Refusal::BEYOND_OWN));
        for number in 1..MOST_CONNECTIONS {
            assert_eq!(connect(&store, &acme, &admin, &number.to_string(), true), Ok(()));
        }
        assert!(matches!(connect(&store, &acme, &admin, "more", false), Err(Refusal::Conflict(_))));
    }

    fn a_token_works_until_a_day_after_its_rotation(store: TestStore) {
        let acme = workspace(&store, "acme");
        connect(&store, &acme, &Actor::Operator, "first", false).unwrap();
        let (org_id, now) = (acme.clone(), store.clock.now());
        decide(&store, move |tx| {
            connection::rotate(tx, &org_id, &Actor::Operator, &id("first"), Digest::of("second"), now)
        }).unwrap();
        assert!(is_let_in(&store, "first") && is_let_in(&store, "second"));
        store.clock.advance(OVERLAP + Duration::from_secs(1));
        assert!(!is_let_in(&store, "first") && is_let_in(&store, "second"));
        let (org_id, now) = (acme.clone(), store.clock.now());
        decide(&store, move |tx| connection::remove(tx, &org_id, &Actor::Operator, &id("first"), now)).unwrap();
        assert!(!is_let_in(&store, "second"));
    }

    fn the_log_keeps_the_last_requests(store: TestStore) {
        let acme = workspace(&store, "acme");
        connect(&store, &acme, &Actor::Operator, "first", false).unwrap();
        let request = |status| LoggedRequest {
            org_id: acme.clone(),
            connection_id: id("first"),
            number: 0,
            at: store.clock.now(),
            method: "GET".to_owned(),
            path: "/scim/v2/Users".to_owned(),
            status,
            scim_type: None,
            micros: 5,
            request_id: "req_1".to_owned(),
        };
        for batch in 0..6_u16 {
            let requests: Vec<_> = (0..200).map(|_| request(200 + batch)).collect();
            store.write_blocking(move |tx| log::record(tx, &requests)).unwrap();
        }
        let org_id = acme.clone();
        let found = store.read_blocking(move |tx| log::list(tx, &org_id, &id("first"), None, 2_000)).unwrap();
        assert_eq!(i64::try_from(found.len()).unwrap(), MOST_REQUESTS);
        assert_eq!((found[0].number, found[0].status, found[999].status), (1_200, 205, 201));
        store.clock.advance(log::KEPT + Duration::from_secs(1));
        store.sweep_once().unwrap();
        let org_id = acme.clone();
        assert_eq!(store.read_blocking(move |tx| log::list(tx, &org_id, &id("first"), None, 5)).unwrap(), []);
    }

    fn a_search_that_no_index_serves_is_bounded(store: TestStore) {
        let acme = workspace(&store, "acme");
        connect(&store, &acme, &Actor::Operator, "first", false).unwrap();
        let (org_id, now) = (acme.clone(), store.clock.now());
        let directory = store.read_blocking(move |tx| connection::find(tx, &org_id, &id("first"))).unwrap().unwrap().directory();
        let body = serde_json::json!({"schemas": [ResourceType::User.schema()], "userName": "ada", "active": false});
        let document = Document::of_body(ResourceType::User, body.as_object().unwrap()).unwrap();
        let wish = Wish::Create(ScimUserId::from_text("scu_first"), document);
        let save = Save { directory: directory.clone(), wish, if_match: None, mail: None, now };
        assert!(store.decide_blocking(move |tx| user::save(tx, &save)).is_ok());
        let search = |filter: &str| Search {
            of: ResourceType::User,
            filter: Some(Filter::parse(ResourceType::User, filter).unwrap()),
            sort: None,
            start_index: 1,
            count: 10,
            projection: Projection::All,
        };
        let total = |filter: &str| {
            let (directory, search) = (directory.clone(), search(filter));
            match store.decide_blocking(move |tx| directory::search(tx, &directory, &search)) {
                Ok(found) => Ok(found.total),
                Err(Stop::Refused(problem)) => Err(problem.kind.scim_type()),
                Err(Stop::Failed(error)) => panic!("{error}"),
            }
        };
        assert_eq!((total("title pr"), total("not (title pr)")), (Ok(0), Ok(1)));
        let org_id = acme.clone();
        store.write_blocking(move |tx| {
            // One statement on either engine.
            tx.execute(
                "INSERT INTO scim_users (org_id, id, user_name_folded, active, attributes, created_at, updated_at)
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
                 SELECT $1, 'scu_' || CAST(i AS TEXT), CAST(i AS TEXT), 1, '{\"userName\":\"x\"}', 0, 0 FROM n",
                params![&org_id],
            )
        }).unwrap();
        assert_eq!(MOST_EXAMINED, 10_000);
        assert_eq!(total("title pr"), Err(Some("tooMany")));
        assert_eq!(total("userName eq \"ADA\" and active eq false"), Ok(1));
    }

    fn what_directories_wrote_goes_with_the_org(store: TestStore) {
        let (acme, beta) = (workspace(&store, "acme"), workspace(&store, "beta"));
        for (org_id, name) in [(&acme, "first"), (&beta, "second")] {
            connect(&store, org_id, &Actor::Operator, name, false).unwrap();
        }
        let (org_id, now) = (acme.clone(), store.clock.now());
        decide(&store, move |tx| sigma_store::org::remove(tx, &org_id, now)).unwrap();
        // At once, before anything is deleted.
        assert!(!is_let_in(&store, "first") && is_let_in(&store, "second"));
        loop {
            let org_id = acme.clone();
            if store.write_blocking(move |tx| removal::delete_batch(tx, &org_id)).unwrap() == 0 {
                break;
            }
        }
        let left = store.read_blocking(move |tx| connection::list(tx, &acme)).unwrap();
        assert!(left.is_empty() && is_let_in(&store, "second"));
    }
}
