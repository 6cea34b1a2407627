//! Workspaces on both engines: what is one tenant's is not another's, the last administrator stays, a page of people costs
//! the same wherever it is, and what is ended stays ended.

use std::sync::Barrier;
use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::authentication::{Authentication, Method, Methods};
use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::ids::{ApiKeyId, OrgId, OrgRef, RoleId, UserId};
use sigma_core::org::{
    KeyPermission, KeyPermissions, Level, OrgQuota, OrgQuotas, QuotaChange, Reason, Refusal, RoleDraft,
    RolePermissions, SchemaPermission,
};
use sigma_core::slug::Slug;
use sigma_core::time::Clock as _;
use sigma_store::email::EmailProof;
use sigma_store::org::api_key::{self, MadeKeys, NewApiKey};
use sigma_store::org::login::{self, Login};
use sigma_store::org::membership::{self, Change, NewMember, State};
use sigma_store::org::{self, Page, quotas, removal, role, secret, session};
use sigma_store::testing::{TestStore, decide, insist};
use sigma_store::user;
use sigma_store::{job_queue, on_both_engines, params, password};

use crate::invitations::invite;

fn org(name: &str) -> OrgId {
    OrgId::from_text(format!("org_{name}"))
}

pub(super) fn user(name: &str) -> UserId {
    UserId::from_text(format!("user_{name}"))
}

/// A role of a workspace: `admin` or `member`.
pub(super) fn role_of(org_id: &OrgId, name: &str) -> RoleId {
    RoleId::from_text(format!("role_{org_id}_{name}"))
}

fn person(name: &str) -> Actor {
    Actor::User(user(name))
}

/// A workspace with its two roles.
pub(super) fn workspace(store: &TestStore, name: &str) -> OrgId {
    let id = org(name);
    let new = org::NewOrg {
        admin_role: role_of(&id, "admin"),
        member_role: role_of(&id, "member"),
        id: id.clone(),
        slug: None,
        name: name.to_owned(),
        kid: format!("kid-{name}"),
        secret: vec![1, 2, 3],
        now: store.clock.now(),
    };
    decide(store, move |tx| org::add(tx, &new)).unwrap();
    id
}

/// A person with an account, a password and an active membership.
pub(super) fn join(store: &TestStore, org_id: &OrgId, name: &str, role: &str) -> UserId {
    let (org_id, id, now) = (org_id.clone(), user(name), store.clock.now());
    let role_id = role_of(&org_id, role);
    let email = Email::parse(&format!("{name}@example.org")).unwrap();
    let (user_id, name) = (id.clone(), name.to_owned());
    decide::<_, Refusal>(store, move |tx| {
        user::add_with_email(tx, &user_id, &email, EmailProof::Verified, &name, now)?;
        let new =
            NewMember { user_id: user_id.clone(), role_id: role_id.clone(), state: State::Active, quick_login: false };
        let joined = membership::add(tx, &org_id, &Actor::Operator, &new, now)?;
        password::set(tx, &user_id, "hash", "192.0.2.1", now)?;
        Ok(joined)
    })
    .unwrap();
    id
}

fn change(store: &TestStore, org_id: &OrgId, actor: &Actor, who: &UserId, change: &Change) -> Result<(), Refusal> {
    let (org_id, actor, who, change, now) =
        (org_id.clone(), actor.clone(), who.clone(), change.clone(), store.clock.now());
    decide(store, move |tx| membership::change(tx, &org_id, &actor, &who, &change, now)).map(drop)
}

fn log_in_to(store: &TestStore, org_id: &OrgId, who: &UserId, jti: &str) -> bool {
    let login = Login { org_id: Some(org_id.clone()), jti: jti.to_owned(), now: store.clock.now() };
    let proven = Authentication::stored(who.clone(), Methods::of(Method::Password), login.now);
    insist(store, move |tx| login::begin(tx, &proven, &login)).logged_in().is_some()
}

/// Whether the session lives and is of the session epoch of a membership that is active.
fn is_in(store: &TestStore, org_id: &OrgId, jti: &str) -> bool {
    let (org_id, jti, now) = (org_id.clone(), jti.to_owned(), store.clock.now());
    store
        .read_blocking(move |tx| {
            let Some(session) = session::find(tx, &org_id, &jti)? else { return Ok(false) };
            let member = membership::find(tx, &org_id, &session.user_id)?;
            Ok(session.is_live(now)
                && member.is_some_and(|member| {
                    member.state == State::Active && member.session_epoch == session.session_epoch
                }))
        })
        .unwrap()
}

fn names(page: &Page<membership::Member>) -> Vec<String> {
    page.items.iter().map(|member| member.name.clone()).collect()
}

fn page(store: &TestStore, org_id: &OrgId, offset: u64, limit: u32) -> Page<membership::Member> {
    let org_id = org_id.clone();
    store.read_blocking(move |tx| membership::list(tx, &org_id, offset, limit)).unwrap()
}

fn add_key(store: &TestStore, org_id: &OrgId, actor: &Actor, name: &str, can: KeyPermissions) -> Result<(), Refusal> {
    let new = NewApiKey {
        id: ApiKeyId::from_text(name),
        name: name.to_owned(),
        hash: Digest::of(name),
        permissions: can,
        expires_at: None,
    };
    let (org_id, actor, now) = (org_id.clone(), actor.clone(), store.clock.now());
    decide(store, move |tx| api_key::add(tx, &org_id, &actor, &new, now)).map(drop)
}

/// The ids of the keys that work.
fn working_keys(store: &TestStore, org_id: &OrgId) -> Vec<String> {
    let (org_id, now) = (org_id.clone(), store.clock.now());
    let keys = store.read_blocking(move |tx| api_key::list(tx, &org_id)).unwrap();
    let mut ids: Vec<_> = keys.iter().filter(|key| key.works_at(now)).map(|key| key.id.to_string()).collect();
    ids.sort();
    ids
}

on_both_engines! {
    fn two_administrators_who_remove_each_other_leave_one(store: TestStore) {
        for round in 0..10 {
            let org_id = workspace(&store, &format!("{round}"));
            let pair = [format!("ada{round}"), format!("bob{round}")];
            for name in &pair {
                join(&store, &org_id, name, "admin");
            }
            let barrier = Barrier::new(2);
            let outcomes: Vec<_> = std::thread::scope(|scope| {
                let remove = |actor: &str, other: &str| {
                    let (org_id, actor, other, now) = (org_id.clone(), person(actor), user(other), store.clock.now());
                    let (store, barrier) = (&store, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        decide(store, move |tx| membership::remove(tx, &org_id, &actor, &other, MadeKeys::Deactivate, now))
                    })
                };
                let threads = [remove(&pair[0], &pair[1]), remove(&pair[1], &pair[0])];
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
            assert_eq!(page(&store, &org_id, 0, 10).total, 1);
        }
    }

    fn the_last_administrator_stays(store: TestStore) {
        let org_id = workspace(&store, "a");
        let ada = join(&store, &org_id, "ada", "admin");
        join(&store, &org_id, "bob", "member");
        let itself = person("ada");
        let demotion = Change { role_id: Some(role_of(&org_id, "member")), ..Change::default() };
        let end = Change { active: Some(false), ..Change::default() };
        assert_eq!(change(&store, &org_id, &itself, &ada, &demotion), Err(Refusal::LAST_ADMIN));
        assert_eq!(change(&store, &org_id, &itself, &ada, &end), Err(Refusal::LAST_ADMIN));
        let (id, now) = (org_id.clone(), store.clock.now());
        let removal = decide(&store, move |tx| membership::remove(tx, &id, &person("ada"), &user("ada"), MadeKeys::Deactivate, now));
        assert_eq!(removal, Err(Refusal::LAST_ADMIN));
        let draft = RoleDraft::new("Admin", "", RolePermissions::default()).unwrap();
        let id = org_id.clone();
        let weakened =
            decide(&store, move |tx| role::replace(tx, &id, &person("ada"), &role_of(&id, "admin"), &draft, MadeKeys::Deactivate, now));
        assert_eq!(weakened.map(drop), Err(Refusal::LAST_ADMIN));
        join(&store, &org_id, "eve", "admin");
        assert_eq!(change(&store, &org_id, &itself, &ada, &demotion), Ok(()));
    }

    fn who_manages_people_touches_and_gives_nothing_above_themselves(store: TestStore) {
        let org_id = workspace(&store, "a");
        let ada = join(&store, &org_id, "ada", "admin");
        let mo = join(&store, &org_id, "mo", "member");
        let switches = [sigma_core::org::Switch::ManageUsers].into_iter().collect();
        let draft = RoleDraft::new("People", "", RolePermissions { switches, ..Default::default() }).unwrap();
        let (id, now) = (org_id.clone(), store.clock.now());
        decide(&store, move |tx| role::add(tx, &id, &Actor::Operator, &role_of(&id, "people"), &draft, now)).unwrap();
        join(&store, &org_id, "pat", "people");
        let to = |role: &str| Change { role_id: Some(role_of(&org_id, role)), ..Change::default() };
        let off = Change { active: Some(false), ..Change::default() };
        assert_eq!(change(&store, &org_id, &person("pat"), &mo, &to("admin")), Err(Refusal::BEYOND_OWN));
        assert_eq!(change(&store, &org_id, &person("pat"), &ada, &off), Err(Refusal::BEYOND_OWN));
        assert_eq!(change(&store, &org_id, &person("pat"), &mo, &to("people")), Ok(()));
        assert!(matches!(change(&store, &org_id, &person("nobody"), &mo, &off), Err(Refusal::Unauthorized)));
    }

    fn what_is_another_orgs_is_not_found(store: TestStore) {
        let (a, b) = (workspace(&store, "a"), workspace(&store, "b"));
        let ada = join(&store, &a, "ada", "admin");
        join(&store, &b, "bob", "admin");
        add_key(&store, &a, &person("ada"), "key-a", KeyPermissions::ALL).unwrap();
        let bob = person("bob");
        let not_found = |refusal: Result<(), Refusal>| matches!(refusal, Err(Refusal::NotFound { .. }));
        assert!(not_found(change(&store, &b, &bob, &ada, &Change::default())));
        let to_foreign = Change { role_id: Some(role_of(&a, "member")), ..Change::default() };
        assert!(not_found(change(&store, &b, &bob, &user("bob"), &to_foreign)), "a role of another tenant");
        let (org_id, now) = (b.clone(), store.clock.now());
        let outcome = decide::<_, Refusal>(&store, move |tx| {
            let actor = person("bob");
            api_key::deactivate(tx, &org_id, &actor, &ApiKeyId::from_text("key-a"), now)
        });
        assert!(not_found(outcome.map(drop)));
        let outcome = decide(&store, move |tx| api_key::deactivate(tx, &a, &person("bob"), &ApiKeyId::from_text("key-a"), now));
        assert_eq!(outcome.map(drop), Err(Refusal::Unauthorized), "nobody acts where they are no member");
    }

    fn pages_show_everybody_once_whoever_came_and_went(store: TestStore) {
        let org_id = workspace(&store, "a");
        let everybody = 700;
        let (id, now) = (org_id.clone(), store.clock.now());
        for start in (0..everybody).step_by(100) {
            let id = id.clone();
            decide::<_, Refusal>(&store, move |tx| {
                for number in start..start + 100 {
                    let name = format!("{number:04}");
                    let email = Email::parse(&format!("u{name}@example.org")).unwrap();
                    user::add_with_email(tx, &user(&name), &email, EmailProof::Verified, &name, now)?;
                    let new = NewMember {
                        user_id: user(&name),
                        role_id: role_of(&id, "member"),
                        state: State::Active,
                        quick_login: false,
                    };
                    membership::add(tx, &id, &Actor::Operator, &new, now)?;
                }
                Ok(())
            })
            .unwrap();
        }
        for gone in (0..everybody).step_by(3) {
            let id = org_id.clone();
            let gone = user(&format!("{gone:04}"));
            decide(&store, move |tx| membership::remove(tx, &id, &Actor::Operator, &gone, MadeKeys::Deactivate, now)).unwrap();
        }
        let left: Vec<_> = (0..everybody).filter(|number| number % 3 != 0).map(|number| format!("{number:04}")).collect();
        let mut seen = Vec::new();
        for offset in (0..600).step_by(50) {
            let page = page(&store, &org_id, offset, 50);
            assert_eq!(page.total, u64::try_from(left.len()).unwrap());
            seen.extend(names(&page));
        }
        assert_eq!(seen, left);
        assert!(page(&store, &org_id, 100_000, 50).items.is_empty());
    }

    fn a_key_that_is_switched_off_takes_those_it_made_with_it(store: TestStore) {
        let org_id = workspace(&store, "a");
        join(&store, &org_id, "ada", "admin");
        let all = KeyPermissions::ALL;
        add_key(&store, &org_id, &person("ada"), "a", all).unwrap();
        add_key(&store, &org_id, &Actor::ApiKey(ApiKeyId::from_text("a")), "b", all).unwrap();
        add_key(&store, &org_id, &Actor::ApiKey(ApiKeyId::from_text("b")), "c", all).unwrap();
        add_key(&store, &org_id, &person("ada"), "d", all).unwrap();
        let (id, now) = (org_id.clone(), store.clock.now());
        decide(&store, move |tx| api_key::deactivate(tx, &id, &person("ada"), &ApiKeyId::from_text("a"), now)).unwrap();
        assert_eq!(working_keys(&store, &org_id), ["d"]);
        let refused = add_key(&store, &org_id, &Actor::ApiKey(ApiKeyId::from_text("b")), "e", all);
        assert_eq!(refused, Err(Refusal::Unauthorized));
    }

    fn a_key_makes_no_stronger_key(store: TestStore) {
        let org_id = workspace(&store, "a");
        let read = KeyPermissions::NONE.with(KeyPermission::Read);
        add_key(&store, &org_id, &Actor::Operator, "reader", read).unwrap();
        let reader = Actor::ApiKey(ApiKeyId::from_text("reader"));
        assert!(matches!(add_key(&store, &org_id, &reader, "x", KeyPermissions::ALL), Err(Refusal::Denied(_))));
        assert!(matches!(add_key(&store, &org_id, &reader, "x", read), Err(Refusal::Denied(_))), "it manages nothing");
        assert_eq!(working_keys(&store, &org_id), ["reader"]);
    }

    fn a_role_that_is_given_while_it_is_deleted_is_one_or_the_other(store: TestStore) {
        for round in 0..10 {
            let org_id = workspace(&store, &format!("{round}"));
            let who = join(&store, &org_id, &format!("mo{round}"), "member");
            let (id, now) = (org_id.clone(), store.clock.now());
            let draft = RoleDraft::new("Spare", "", RolePermissions::default()).unwrap();
            decide(&store, move |tx| role::add(tx, &id, &Actor::Operator, &role_of(&id, "spare"), &draft, now)).unwrap();
            let barrier = Barrier::new(2);
            let (given, deleted) = std::thread::scope(|scope| {
                let given = scope.spawn(|| {
                    barrier.wait();
                    let to = Change { role_id: Some(role_of(&org_id, "spare")), ..Change::default() };
                    change(&store, &org_id, &Actor::Operator, &who, &to)
                });
                let deleted = scope.spawn(|| {
                    barrier.wait();
                    let id = org_id.clone();
                    decide(&store, move |tx| role::remove(tx, &id, &Actor::Operator, &role_of(&id, "spare"), now))
                });
                (given.join().unwrap(), deleted.join().unwrap())
            });
            assert_ne!(given.is_ok(), deleted.is_ok(), "{given:?} {deleted:?}");
        }
    }

    fn who_was_deactivated_stays_logged_out_when_they_come_back(store: TestStore) {
        let org_id = workspace(&store, "a");
        let mo = join(&store, &org_id, "mo", "member");
        assert!(log_in_to(&store, &org_id, &mo, "before") && is_in(&store, &org_id, "before"));
        let set = |active| Change { active: Some(active), ..Change::default() };
        change(&store, &org_id, &Actor::Operator, &mo, &set(false)).unwrap();
        assert!(!is_in(&store, &org_id, "before") && !log_in_to(&store, &org_id, &mo, "during"));
        change(&store, &org_id, &Actor::Operator, &mo, &set(true)).unwrap();
        assert!(!is_in(&store, &org_id, "before"));
        assert!(log_in_to(&store, &org_id, &mo, "after") && is_in(&store, &org_id, "after"));
    }

    fn all_sessions_of_a_person_end_in_every_workspace(store: TestStore) {
        let (a, b) = (workspace(&store, "a"), workspace(&store, "b"));
        let mo = join(&store, &a, "mo", "member");
        join(&store, &b, "mo", "member");
        assert!(log_in_to(&store, &a, &mo, "1") && log_in_to(&store, &b, &mo, "2"));
        let (who, now) = (mo.clone(), store.clock.now());
        assert_eq!(insist(&store, move |tx| session::end_all(tx, &who, now)), 2);
        assert!(!is_in(&store, &a, "1") && !is_in(&store, &b, "2"));
        assert_eq!(insist(&store, move |tx| session::end_all(tx, &mo, now)), 0);
    }

    fn without_a_workspace_the_first_joined_counts_and_the_others_are_named(store: TestStore) {
        let (b, a) = (workspace(&store, "b"), workspace(&store, "a"));
        let mo = join(&store, &b, "mo", "member");
        store.clock.advance(Duration::from_secs(1));
        join(&store, &a, "mo", "admin");
        let login = Login { org_id: None, jti: "1".to_owned(), now: store.clock.now() };
        let proven = Authentication::stored(mo, Methods::of(Method::Password), login.now);
        let entered = insist(&store, move |tx| login::begin(tx, &proven, &login)).logged_in().unwrap();
        assert_eq!(entered.workspace.org_id, b);
        assert_eq!(entered.others.iter().map(|other| other.org_id.clone()).collect::<Vec<_>>(), [a]);
    }

    fn a_retired_secret_verifies_for_25_hours(store: TestStore) {
        let org_id = workspace(&store, "a");
        let (id, now) = (org_id.clone(), store.clock.now());
        decide(&store, move |tx| secret::rotate(tx, &id, &Actor::Operator, "second", &[4], now)).unwrap();
        let kids = || {
            let (id, now) = (org_id.clone(), store.clock.now());
            let secrets = store.read_blocking(move |tx| secret::list(tx, &id, now)).unwrap();
            secrets.into_iter().map(|secret| secret.kid).collect::<Vec<_>>()
        };
        assert_eq!(kids(), ["second", "kid-a"]);
        store.clock.advance(Duration::from_hours(25));
        assert_eq!(kids(), ["second"]);
        store.sweep_once().unwrap();
        assert_eq!(kids(), ["second"]);
    }

    fn a_removed_workspace_is_nobodys_at_once_and_nothing_of_it_is_left_later(store: TestStore) {
        let (a, b) = (workspace(&store, "a"), workspace(&store, "b"));
        let mo = join(&store, &a, "mo", "admin");
        join(&store, &b, "mo", "member");
        add_key(&store, &a, &person("mo"), "k", KeyPermissions::ALL).unwrap();
        assert!(log_in_to(&store, &a, &mo, "1"));
        let (id, now) = (a.clone(), store.clock.now());
        invite(&store, &a, "invited@example.org", 1).unwrap();
        let (org_id, quota) = (a.clone(), QuotaChange::new([("members", Some(3))]).unwrap());
        insist(&store, move |tx| quotas::change(tx, &org_id, &quota, now));
        decide(&store, move |tx| org::remove(tx, &id, now)).unwrap();
        assert!(!log_in_to(&store, &a, &mo, "2"));
        assert_eq!(add_key(&store, &a, &person("mo"), "l", KeyPermissions::ALL), Err(Refusal::Unauthorized));
        assert!(store.read_blocking(|tx| api_key::find_by_hash(tx, &Digest::of("k"))).unwrap().is_none());
        assert!(store.read_blocking(|tx| job_queue::next_at(tx, removal::JOB)).unwrap().is_some());
        loop {
            let org_id = a.clone();
            if insist(&store, move |tx| removal::delete_batch(tx, &org_id)) == 0 {
                break;
            }
        }
        let left = store.read_blocking(move |tx| {
            let mut left = 0;
            for count in [
                "SELECT COUNT(*) FROM memberships WHERE org_id = $1",
                "SELECT COUNT(*) FROM roles WHERE org_id = $1",
                "SELECT COUNT(*) FROM api_keys WHERE org_id = $1",
                "SELECT COUNT(*) FROM org_sessions WHERE org_id = $1",
                "SELECT COUNT(*) FROM org_secrets WHERE org_id = $1",
                "SELECT COUNT(*) FROM org_quotas WHERE org_id = $1",
                "SELECT COUNT(*) FROM member_buckets WHERE org_id = $1",
                "SELECT COUNT(*) FROM orgs WHERE id = $1",
            ] {
                left += tx.query_opt(count, params![&a])?.unwrap().int(0)?;
            }
            Ok(left)
        });
        assert_eq!(left.unwrap(), 0);
        assert!(log_in_to(&store, &b, &mo, "3"), "the other workspace is as it was");
    }

    fn quotas_of_an_org_hold_where_things_are_counted(store: TestStore) {
        let (a, b) = (workspace(&store, "a"), workspace(&store, "b"));
        let set = |quota: &'static str, most: Option<u64>| {
            let (org_id, change, now) = (a.clone(), QuotaChange::new([(quota, most)]).unwrap(), store.clock.now());
            insist(&store, move |tx| quotas::change(tx, &org_id, &change, now))
        };
        join(&store, &a, "mo", "admin");
        set("members", Some(2));
        invite(&store, &a, "invited@example.org", 1).unwrap();
        let full = Refusal::Conflict(Reason::ManyMembers);
        assert_eq!(invite(&store, &a, "other@example.org", 2), Err(full.clone()));
        invite(&store, &b, "other@example.org", 3).unwrap();
        let (org_id, role_id, now) = (a.clone(), role_of(&a, "member"), store.clock.now());
        let new = NewMember { user_id: user("lee"), role_id, state: State::Active, quick_login: false };
        assert_eq!(decide(&store, move |tx| membership::add(tx, &org_id, &Actor::Operator, &new, now)), Err(full));
        set("api_keys", Some(1));
        add_key(&store, &a, &person("mo"), "k", KeyPermissions::ALL).unwrap();
        let full = Refusal::Conflict(Reason::ManyKeys);
        assert_eq!(add_key(&store, &a, &person("mo"), "l", KeyPermissions::ALL), Err(full));
        set("api_keys", None);
        add_key(&store, &a, &person("mo"), "l", KeyPermissions::ALL).unwrap();
        assert_eq!(set("members", Some(2)), OrgQuotas::from_iter([(OrgQuota::Members, 2)]));
        // What changes nothing leaves no event.
        let changed = "SELECT COUNT(*) FROM events WHERE org_id = $1 AND action = 'workspace.change'";
        let events = store.read_blocking(move |tx| tx.query_opt(changed, params![&a])?.unwrap().int(0)).unwrap();
        assert_eq!(events, 3);
    }

    fn a_slug_never_passes_to_another_org(store: TestStore) {
        let (a, b) = (workspace(&store, "a"), workspace(&store, "b"));
        let set = |id: &OrgId, slug: Option<&str>| {
            let (id, now) = (id.clone(), store.clock.now());
            let slug = slug.map(|slug| Slug::parse(slug).unwrap());
            let change = org::Change { slug: Some(slug), ..org::Change::default() };
            decide(&store, move |tx| org::change(tx, &id, &Actor::Operator, &change, now)).map(|changed| changed.slug)
        };
        let named = |slug: &str| {
            let wanted = OrgRef::parse(slug).unwrap();
            store.read_blocking(move |tx| sigma_store::org::resolve(tx, &wanted)).unwrap()
        };
        assert_eq!(set(&a, Some("bakery")).unwrap(), Slug::parse("bakery"));
        assert_eq!(named("bakery"), Some(a.clone()));
        assert!(matches!(set(&b, Some("bakery")), Err(Refusal::Conflict(_))));
        // It changes, and may change back.
        set(&a, Some("patisserie")).unwrap();
        assert_eq!((named("bakery"), named("patisserie")), (None, Some(a.clone())));
        assert!(matches!(set(&b, Some("bakery")), Err(Refusal::Conflict(_))), "old links would lead to another org");
        set(&a, Some("bakery")).unwrap();
        set(&a, None).unwrap();
        assert_eq!((named("bakery"), named("patisserie")), (None, None));
        set(&a, Some("bakery")).unwrap();
        let (id, now) = (a.clone(), store.clock.now());
        decide(&store, move |tx| org::remove(tx, &id, now)).unwrap();
        assert_eq!(named("bakery"), None);
        for slug in ["bakery", "patisserie"] {
            assert!(matches!(set(&b, Some(slug)), Err(Refusal::Conflict(_))), "{slug}");
        }
        let new = org::NewOrg {
            id: org("c"),
            slug: Slug::parse("bakery"),
            name: "c".to_owned(),
            admin_role: RoleId::from_text("role_x"),
            member_role: RoleId::from_text("role_y"),
            kid: "kid".to_owned(),
            secret: vec![1],
            now: store.clock.now(),
        };
        assert!(matches!(decide(&store, move |tx| org::add(tx, &new)), Err(Refusal::Conflict(_))));
    }

    fn keys_of_who_leaves_or_may_do_less_are_switched_off_unless_they_are_kept(store: TestStore) {
        for (round, keys) in [MadeKeys::Deactivate, MadeKeys::Keep].into_iter().enumerate() {
            let org_id = workspace(&store, &format!("{round}"));
            let boss = format!("boss{round}");
            join(&store, &org_id, &boss, "admin");
            let read = KeyPermissions::NONE.with(KeyPermission::Read);
            let key = |who: &str, what: &str| format!("{who}-{what}");
            for who in ["gone", "off", "less", "edited"] {
                let name = format!("{who}{round}");
                join(&store, &org_id, &name, "admin");
                add_key(&store, &org_id, &person(&name), &key(&name, "all"), KeyPermissions::ALL).unwrap();
                let maker = Actor::ApiKey(ApiKeyId::from_text(key(&name, "all")));
                add_key(&store, &org_id, &maker, &key(&name, "child"), read).unwrap();
                add_key(&store, &org_id, &person(&name), &key(&name, "read"), read).unwrap();
            }
            add_key(&store, &org_id, &person(&boss), &key(&boss, "all"), KeyPermissions::ALL).unwrap();
            let (id, now) = (org_id.clone(), store.clock.now());
            let who = user(&format!("gone{round}"));
            decide(&store, move |tx| membership::remove(tx, &id, &Actor::Operator, &who, keys, now)).unwrap();
            let off = Change { active: Some(false), keys, ..Change::default() };
            change(&store, &org_id, &Actor::Operator, &user(&format!("off{round}")), &off).unwrap();
            let less = Change { role_id: Some(role_of(&org_id, "member")), keys, ..Change::default() };
            change(&store, &org_id, &Actor::Operator, &user(&format!("less{round}")), &less).unwrap();
            // A role of its own, which is edited.
            let (id, strong) = (org_id.clone(), RoleDraft::new("Strong", "", RolePermissions::admin()).unwrap());
            decide(&store, move |tx| role::add(tx, &id, &Actor::Operator, &role_of(&id, "strong"), &strong, now)).unwrap();
            let to = Change { role_id: Some(role_of(&org_id, "strong")), ..Change::default() };
            change(&store, &org_id, &Actor::Operator, &user(&format!("edited{round}")), &to).unwrap();
            let (id, weak) = (org_id.clone(), RoleDraft::new("Strong", "", RolePermissions::default()).unwrap());
            decide::<_, Refusal>(&store, move |tx| {
                role::replace(tx, &id, &Actor::Operator, &role_of(&id, "strong"), &weak, keys, now)
            })
            .unwrap();
            let mut left = vec![key(&boss, "all"), key(&format!("edited{round}"), "read"), key(&format!("less{round}"), "read")];
            if keys == MadeKeys::Keep {
                let names = ["gone", "off", "less", "edited"].map(|who| format!("{who}{round}"));
                left = names.iter().flat_map(|name| ["all", "child", "read"].map(|what| key(name, what))).collect();
                left.push(key(&boss, "all"));
            }
            left.sort();
            assert_eq!(working_keys(&store, &org_id), left, "{keys:?}");
            let id = org_id.clone();
            let made_by: Vec<_> = store
                .read_blocking(move |tx| api_key::list(tx, &id))
                .unwrap()
                .into_iter()
                .map(|key| key.made_by.unwrap().name)
                .collect();
            assert!(made_by.contains(&format!("gone{round}")), "who left is still named: {made_by:?}");
        }
    }

    fn the_roles_of_a_workspace_have_room_for_a_mebibyte(store: TestStore) {
        let (a, b) = (workspace(&store, "a"), workspace(&store, "b"));
        let wide = |number: usize, attributes: usize| {
            let attributes = (0..attributes).map(|at| (format!("{at:0100}"), Level::Read)).collect();
            let schema = SchemaPermission { schema_id: "s".to_owned(), default: Level::Read, attributes };
            let permissions = RolePermissions { schemas: vec![schema], ..Default::default() };
            RoleDraft::new(&format!("Wide {number}"), "", permissions).unwrap()
        };
        let add = |org_id: &OrgId, number: usize| {
            let (id, draft, now) = (org_id.clone(), wide(number, 1_000), store.clock.now());
            decide::<_, Refusal>(&store, move |tx| {
                role::add(tx, &id, &Actor::Operator, &RoleId::from_text(format!("wide-{number}")), &draft, now)
            })
        };
        let made = (0..100).take_while(|number| add(&a, *number).is_ok()).count();
        assert!((9..=11).contains(&made), "{made}");
        assert!(matches!(add(&a, made), Err(Refusal::Conflict(_))));
        assert!(add(&b, 0).is_ok(), "another workspace has its own room");
        let replace = |attributes: usize| {
            let (id, draft, now) = (a.clone(), wide(0, attributes), store.clock.now());
            decide::<_, Refusal>(&store, move |tx| {
                let role_id = RoleId::from_text("wide-0");
                role::replace(tx, &id, &Actor::Operator, &role_id, &draft, MadeKeys::Deactivate, now)
            })
        };
        assert!(replace(10).is_ok());
        assert!(add(&a, made).is_ok(), "there is room again");
        assert!(matches!(replace(1_000), Err(Refusal::Conflict(_))), "a role does not grow into others' room");
        let id = a.clone();
        let page = store.read_blocking(move |tx| role::summaries(tx, &id, 2, 3)).unwrap();
        assert_eq!(page.total, u64::try_from(made + 3).unwrap());
        let lines: Vec<_> = page.items.iter().map(|role| (role.name.as_str(), role.schemas, role.catalogs)).collect();
        assert_eq!(lines, [("Wide 0", 1, 0), ("Wide 1", 1, 0), ("Wide 2", 1, 0)]);
    }
}
