//! Directories that provision the people of an org: who may connect one, its tokens, its log, and what goes with the org.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::ids::{OrgId, ScimConnectionId, ScimUserId};
use sigma_core::org::{Refusal, RoleDraft, RolePermissions, Switch};
use sigma_core::scim::{Document, Filter, Projection, ResourceType};
use sigma_core::time::Clock as _;
use sigma_store::org::api_key::MadeKeys;
use sigma_store::org::{membership, removal, role};
use sigma_store::scim::connection::{self, MOST_CONNECTIONS, NewConnection, OVERLAP, OldToken};
use sigma_store::scim::directory::{self, MOST_EXAMINED, MOST_RELATED, Search};
use sigma_store::scim::log::{self, LoggedRequest, MOST_REQUESTS};
use sigma_store::scim::maker;
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
        let taken = decide(&store, move |tx| connection::rotate(tx, &org_id, &manager, &id("one"), (Digest::of("mine"), OldToken::Ends), now));
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
            connection::rotate(tx, &org_id, &Actor::Operator, &id("first"), (Digest::of("second"), OldToken::Overlaps), now)
        }).unwrap();
        assert!(is_let_in(&store, "first") && is_let_in(&store, "second"));
        store.clock.advance(OVERLAP + Duration::from_secs(1));
        assert!(!is_let_in(&store, "first") && is_let_in(&store, "second"));
        let (org_id, now) = (acme.clone(), store.clock.now());
        decide(&store, move |tx| connection::remove(tx, &org_id, &Actor::Operator, &id("first"), now)).unwrap();
        assert!(!is_let_in(&store, "second"));
    }

    fn an_org_is_told_once_when_the_maker_of_a_token_leaves(store: TestStore) {
        let acme = workspace(&store, "acme");
        let ada = join(&store, &acme, "ada", "admin");
        let zoe = Actor::User(join(&store, &acme, "zoe", "admin"));
        connect(&store, &acme, &Actor::User(ada.clone()), "hers", false).unwrap();
        connect(&store, &acme, &Actor::Operator, "operators", false).unwrap();
        let left = || store.read_blocking(|tx| maker::left(tx, 10)).unwrap();
        assert!(left().is_empty());
        let (org_id, whom, by, now) = (acme.clone(), ada, zoe.clone(), store.clock.now());
        decide(&store, move |tx| membership::remove(tx, &org_id, &by, &whom, MadeKeys::Deactivate, now)).unwrap();
        let found = left();
        assert_eq!((found.len(), found[0].id.as_str()), (1, "scim_hers"));
        let connection = found[0].clone();
        let maker = store.read_blocking(move |tx| maker::find(tx, &connection)).unwrap().unwrap();
        assert!(!maker.may_still);
        // The directory works on. Telling is noted once, and whoever gives it another token takes it over.
        assert!(is_let_in(&store, "hers"));
        for is_first in [true, false] {
            let connection = found[0].clone();
            assert_eq!(store.write_blocking(move |tx| maker::told(tx, &connection, now)).unwrap(), is_first);
        }
        assert!(left().is_empty());
        let (org_id, now) = (acme, store.clock.now());
        let rotate = move |tx: &mut dyn sigma_store::Tx| {
            connection::rotate(tx, &org_id, &zoe, &id("hers"), (Digest::of("renewed"), OldToken::Ends), now)
        };
        let rotated = decide(&store, rotate).unwrap();
        assert!(!is_let_in(&store, "hers") && is_let_in(&store, "renewed"));
        let maker = store.read_blocking(move |tx| maker::find(tx, &rotated)).unwrap().unwrap();
        assert!(maker.may_still && left().is_empty());
    }

    fn an_answer_shows_so_many_members_in_all(store: TestStore) {
        let acme = workspace(&store, "acme");
        connect(&store, &acme, &Actor::Operator, "first", false).unwrap();
        let org_id = acme.clone();
        let directory = store.read_blocking(move |tx| connection::find(tx, &org_id, &id("first"))).unwrap().unwrap().directory();
        let org_id = acme.clone();
        store.write_blocking(move |tx| {
            for group in 1..=5_i64 {
                tx.execute(
                    "INSERT INTO scim_groups (org_id, id, name_folded, attributes, created_at, updated_at)
                     VALUES ($1, 'scg_' || CAST(CAST($2 AS BIGINT) AS TEXT), CAST(CAST($2 AS BIGINT) AS TEXT), '{\"displayName\":\"x\"}', 0, 0)",
                    params![&org_id, group],
                )?;
                tx.execute(
                    "INSERT INTO scim_group_members (org_id, group_id, user_id)
                     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4001)
                     SELECT $1, 'scg_' || CAST(CAST($2 AS BIGINT) AS TEXT), 'scu_' || CAST(i AS TEXT) FROM n",
                    params![&org_id, group],
                )?;
            }
            Ok(())
        }).unwrap();
        let search = |count, projection| {
            let (of, sort) = (ResourceType::Group, None);
            let search = Search { of, filter: None, sort, start_index: 1, count, projection };
            let directory = directory.clone();
            match store.decide_blocking(move |tx| directory::search(tx, &directory, &search)) {
                Ok(found) => Ok(found.resources.len()),
                Err(Stop::Refused(problem)) => Err(problem.kind.scim_type()),
                Err(Stop::Failed(error)) => panic!("{error}"),
            }
        };
        assert_eq!(MOST_RELATED, 20_000);
        assert_eq!(search(5, Projection::All), Err(Some("tooMany")));
        assert_eq!(search(4, Projection::All), Ok(4));
        let without = Projection::parse(ResourceType::Group, &[], &["members"]).unwrap();
        assert_eq!(search(5, without), Ok(5));
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
