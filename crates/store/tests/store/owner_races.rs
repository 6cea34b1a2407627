//! Rules that rest on rows of one owner, raced by two processes on one database: whoever comes second sees what the first
//! did. On a database file both are one process, since a second one may not serve it.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::app::{App, ApplicationType, AuthMethod, GrantType};
use sigma_core::authentication::{Authentication, Method, Methods};
use sigma_core::authorize::Consent;
use sigma_core::code::{Authorization, Code, Redeemed, Redemption, SentVerifier};
use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::ids::{ApiKeyId, AppId, ClientId, GrantId, MailId, MembershipId, OrgId, RoleId, SessionId, UserId};
use sigma_core::jose::Algorithm;
use sigma_core::org::{KeyPermissions, Refusal, RoleDraft, RolePermissions};
use sigma_core::redirect::RegisteredRedirectUris;
use sigma_core::scope::Scopes;
use sigma_core::time::Clock as _;
use sigma_store::account_deletion::{self, Deletion, Requested};
use sigma_store::code::{self, Outcome, Redeem};
use sigma_store::email::EmailProof;
use sigma_store::grant::{self, Revocation};
use sigma_store::invitation::{self, Accept, Accepted, Invite};
use sigma_store::one_time_link::{NewLink, Purpose};
use sigma_store::org::api_key::{self, MadeKeys};
use sigma_store::org::membership::{self, NewMember, State};
use sigma_store::org::{self, role};
use sigma_store::outbox::{self, MailedLink, NewMail};
use sigma_store::password::{self, Attempt};
use sigma_store::password_change::{self, Change};
use sigma_store::refresh_token::{self, FirstRefreshToken, NewFamily, Refresh, Refreshed};
use sigma_store::replay_guard::{self, Once};
use sigma_store::session::{self, NewSession};
use sigma_store::testing::{Engine, TestStore, decide};
use sigma_store::{Store, StoreError, Tx, app, consent, on_both_engines, params, sign_in, user};

/// The store and, on PostgreSQL, another process beside it.
fn nodes(store: &TestStore) -> [Store; 2] {
    let first: Store = (**store).clone();
    let second = match store.engine {
        Engine::Sqlite => first.clone(),
        Engine::Postgres => store.beside(|_| {}).unwrap(),
    };
    [first, second]
}

/// Runs `attempt` in eight threads that begin together, by turns at either node; the outcomes in their order.
fn together<R: Send>(nodes: &[Store; 2], attempt: impl Fn(&Store, usize) -> R + Sync) -> Vec<R> {
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        let (attempt, barrier) = (&attempt, &barrier);
        let start = |number: usize| {
            scope.spawn(move || {
                barrier.wait();
                attempt(&nodes[number % 2], number)
            })
        };
        let threads: Vec<_> = (0..8).map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn write<R: Send + 'static>(
    store: &Store,
    operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Send + 'static,
) -> R {
    store.write_blocking(operation).unwrap()
}

fn rows(store: &Store, sql: &'static str) -> i64 {
    store.read_blocking(move |tx| tx.query_opt(sql, &[])).unwrap().unwrap().int(0).unwrap()
}

fn person(store: &TestStore, name: &str) -> UserId {
    let (id, now) = (UserId::from_text(format!("user_{name}")), store.clock.now());
    let (email, name, made) = (Email::parse(&format!("{name}@example.org")).unwrap(), name.to_owned(), id.clone());
    write(store, move |tx| user::add_with_email(tx, &made, &email, EmailProof::Verified, &name, now)).unwrap();
    id
}

fn workspace(store: &TestStore, name: &str) -> OrgId {
    let id = OrgId::from_text(format!("org_{name}"));
    let new = org::NewOrg {
        admin_role: RoleId::from_text(format!("admin_{name}")),
        member_role: RoleId::from_text(format!("member_{name}")),
        id: id.clone(),
        slug: None,
        name: name.to_owned(),
        kid: format!("kid-{name}"),
        secret: vec![1],
        now: store.clock.now(),
    };
    decide(store, move |tx| org::add(tx, &new)).unwrap();
    id
}

fn join(store: &TestStore, org_id: &OrgId, user_id: &UserId, role: &str, state: State) {
    let new = NewMember { user_id: user_id.clone(), role_id: RoleId::from_text(role), state, quick_login: false };
    let (org_id, now) = (org_id.clone(), store.clock.now());
    decide(store, move |tx| membership::add(tx, &org_id, &Actor::Operator, &new, now)).unwrap();
}

/// Invites somebody to that address, by that link.
fn invite(store: &TestStore, org_id: &OrgId, role: &str, email: &str, link: &str) {
    let now = store.clock.now();
    let invite = Invite {
        org_id: org_id.clone(),
        actor: Actor::Operator,
        id: MembershipId::new(now, &*store.rng),
        email: Email::parse(email).unwrap(),
        name: "Ada".to_owned(),
        role_id: RoleId::from_text(role),
        counted_as: link.to_owned(),
        mail: MailedLink {
            link: NewLink {
                hash: Digest::of(link),
                purpose: Purpose::Invitation,
                email: email.to_owned(),
                now,
                expires_at: now.plus(Duration::from_hours(1)),
            },
            mail: notice(store, &format!("mail of {link}")),
        },
        mailed_to: email.to_owned(),
    };
    decide(store, move |tx| invitation::invite(tx, &invite)).unwrap();
}

/// Accepts the invitation of that link with a password.
fn accept(clock: &TestStore, store: &Store, link: &str, name: &str) -> Accepted {
    let accept = Accept {
        link: Digest::of(link),
        new_user: UserId::from_text(format!("user_{name}")),
        chosen: Some(("Ada".to_owned(), "hash".to_owned())),
        signed_in: None,
        network: "192.0.2.1".to_owned(),
        session: new_session(clock, link),
    };
    write(store, move |tx| invitation::accept(tx, &accept))
}

fn new_session(store: &TestStore, name: &str) -> NewSession {
    let now = store.clock.now();
    NewSession {
        id: SessionId::from_text(format!("ses_{name}")),
        secret: Digest::of(format!("secret of {name}")),
        continues: None,
        address: "192.0.2.1".to_owned(),
        user_agent: String::new(),
        device: sigma_store::session::Device::default(),
        now,
        expires_at: now.plus(Duration::from_hours(1)),
    }
}

fn notice(store: &TestStore, name: &str) -> NewMail {
    let now = store.clock.now();
    NewMail { id: MailId::from_text(name), sealed: vec![1], now, expires_at: now.plus(Duration::from_hours(1)) }
}

fn add_code(store: &TestStore, text: &str, user_id: &UserId) {
    let now = store.clock.now();
    let code = Code {
        hash: Digest::of(text),
        authorization: Authorization {
            app_id: AppId::from_text("shop"),
            user_id: user_id.clone(),
            session_id: SessionId::from_text("ses"),
            bap_id: None,
            scope: Scopes::parse("openid offline_access"),
            claims: Vec::new(),
            id_token_claims: Vec::new(),
            resources: Vec::new(),
            nonce: None,
            auth_time: now,
            acr: "1".to_owned(),
            amr: "pwd".to_owned(),
        },
        redirect_uri: "https://app.example.org/".to_owned(),
        code_challenge: None,
        expires_at: now.plus(Duration::from_mins(1)),
        redeemed_for: None,
        used: false,
    };
    write(store, move |tx| code::add(tx, &code, now));
}

/// The app that codes and refresh tokens are for.
fn shop() -> Arc<App> {
    Arc::new(App { id: AppId::from_text("shop"), ..App::sigma() })
}

fn redeem(clock: &TestStore, store: &Store, text: &str, grant_id: &str) -> Outcome {
    let now = clock.clock.now();
    let first = Digest::of(format!("first of {grant_id}"));
    let request = Redeem {
        hash: Digest::of(text),
        app: shop(),
        attempt: Redemption {
            app_id: AppId::from_text("shop"),
            redirect_uri: Some("https://app.example.org/".to_owned()),
            verifier: SentVerifier::Absent,
        },
        once: None,
        grant_id: GrantId::from_text(grant_id),
        refresh: NewFamily::new(now.plus(Duration::from_hours(1)), move || {
            Ok(FirstRefreshToken { hash: first, sealed_family_key: vec![1] })
        }),
        access_expires_at: now.plus(Duration::from_hours(1)),
        resources: Vec::new(),
        now,
    };
    write(store, move |tx| code::redeem(tx, &request))
}

/// Refreshes the family of `grant_id`.
fn refresh(clock: &TestStore, store: &Store, grant_id: &str, token: &str, successor: &str) -> Refreshed {
    let now = clock.clock.now();
    let request = Refresh {
        token: Digest::of(token),
        family: GrantId::from_text(grant_id),
        successor: Digest::of(successor),
        app: shop(),
        once: None,
        scope: None,
        resources: Vec::new(),
        refresh_expires_at: now.plus(Duration::from_hours(2)),
        access_expires_at: now.plus(Duration::from_hours(1)),
        now,
    };
    write(store, move |tx| refresh_token::refresh(tx, &request))
}

on_both_engines! {
    fn a_code_at_two_nodes_gives_one_grant(store: TestStore) {
        let (nodes, ada) = (nodes(&store), person(&store, "ada"));
        for round in 0..10 {
            let text = format!("code {round}");
            add_code(&store, &text, &ada);
            let outcomes = together(&nodes, |node, number| redeem(&store, node, &text, &format!("gr_{round}_{number}")));
            let granted = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Granted(..))).count();
            let used = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused(Redeemed::UsedBefore)));
            assert_eq!((granted, used.count()), (1, 7), "round {round}: {outcomes:?}");
        }
        assert_eq!(rows(&store, "SELECT count(*) FROM grants WHERE revoked_at IS NOT NULL"), 10);
    }

    fn a_refresh_token_at_two_nodes_has_one_successor(store: TestStore) {
        let (nodes, ada) = (nodes(&store), person(&store, "ada"));
        for round in 0..10 {
            let (text, grant_id) = (format!("code {round}"), format!("gr_{round}"));
            add_code(&store, &text, &ada);
            redeem(&store, &store, &text, &grant_id);
            let (token, next) = (format!("first of {grant_id}"), format!("second of {grant_id}"));
            let outcomes = together(&nodes, |node, _| refresh(&store, node, &grant_id, &token, &next));
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Refreshed::Granted(..))), "{outcomes:?}");
        }
        assert_eq!(rows(&store, "SELECT count(*) FROM refresh_tokens"), 20);
    }

    fn a_grant_revoked_while_it_is_refreshed_is_revoked(store: TestStore) {
        let (nodes, ada) = (nodes(&store), person(&store, "ada"));
        for round in 0..10 {
            let (text, grant_id) = (format!("code {round}"), format!("gr_{round}"));
            add_code(&store, &text, &ada);
            redeem(&store, &store, &text, &grant_id);
            let now = store.clock.now();
            together(&nodes, |node, number| {
                if number == 7 {
                    let id = GrantId::from_text(grant_id.as_str());
                    write(node, move |tx| grant::revoke(tx, &id, Revocation::Requested, now));
                } else {
                    refresh(&store, node, &grant_id, &format!("first of {grant_id}"), &format!("second of {grant_id}"));
                }
            });
            let after = refresh(&store, &store, &grant_id, &format!("second of {grant_id}"), "third");
            assert!(matches!(after, Refreshed::Invalid | Refreshed::Reuse), "{after:?}");
        }
    }

    fn an_account_disabled_at_one_node_gets_nothing_more_at_the_other(store: TestStore) {
        let nodes = nodes(&store);
        for round in 0..10 {
            let ada = person(&store, &format!("ada{round}"));
            let (first, second, third) = (format!("a{round}"), format!("b{round}"), format!("c{round}"));
            for text in [&first, &second, &third] {
                add_code(&store, text, &ada);
            }
            redeem(&store, &store, &first, &format!("gr_{first}"));
            let now = store.clock.now();
            together(&nodes, |node, number| match number {
                0 => {
                    let id = ada.clone();
                    assert!(write(node, move |tx| user::set_disabled(tx, &id, true, now)));
                    // From now on, at this node and at the other.
                    let refreshed = refresh(&store, &nodes[1], &format!("gr_{first}"), &format!("first of gr_{first}"), &format!("second of {first}"));
                    assert!(matches!(refreshed, Refreshed::Disabled), "{refreshed:?}");
                }
                1 => drop(redeem(&store, node, &second, &format!("gr_{second}"))),
                _ => drop(refresh(&store, node, &format!("gr_{first}"), &format!("first of gr_{first}"), &format!("second of {first}"))),
            });
            let outcome = redeem(&store, &nodes[1], &third, &format!("gr_{third}"));
            assert!(matches!(outcome, Outcome::SessionEnded), "{outcome:?}");
        }
    }

    fn an_account_deleted_while_its_app_refreshes_leaves_no_access(store: TestStore) {
        let nodes = nodes(&store);
        for round in 0..10 {
            let ada = person(&store, &format!("ada{round}"));
            let (first, second) = (format!("a{round}"), format!("b{round}"));
            add_code(&store, &first, &ada);
            add_code(&store, &second, &ada);
            redeem(&store, &store, &first, &format!("gr_{first}"));
            let (token, next) = (format!("first of gr_{first}"), format!("second of {first}"));
            let (pseudonym, now) = (UserId::from_text(format!("user_nobody{round}")), store.clock.now());
            let deletion = Deletion { user_id: ada.clone(), pseudonym, requested_at: now, due_at: now };
            together(&nodes, |node, number| match number {
                0 => {
                    let new = deletion.clone();
                    assert_eq!(write(node, move |tx| account_deletion::request(tx, &new, None, &[])), Requested::Scheduled);
                    while write(node, { let due = deletion.clone(); move |tx| account_deletion::delete_batch(tx, &due, now) }) > 0 {}
                    let due = deletion.clone();
                    write(node, move |tx| account_deletion::finish(tx, &due, now));
                }
                1 => drop(redeem(&store, node, &second, &format!("gr_{second}"))),
                _ => drop(refresh(&store, node, &format!("gr_{first}"), &token, &next)),
            });
            for (grant, token) in [(&first, &token), (&first, &next), (&second, &format!("first of gr_{second}"))] {
                let after = refresh(&store, &nodes[1], &format!("gr_{grant}"), token, &format!("successor of {token}"));
                assert!(matches!(after, Refreshed::Invalid | Refreshed::Disabled | Refreshed::Reuse), "{token}: {after:?}");
            }
            let (gone, email) = (ada.clone(), format!("ada{round}@example.org"));
            assert!(store.read_blocking(move |tx| user::find(tx, &gone)).unwrap().is_none());
            assert!(store.read_blocking(move |tx| user::find_by_email(tx, &email)).unwrap().is_none());
        }
    }

    fn of_scopes_agreed_to_at_once_none_is_forgotten(store: TestStore) {
        let (nodes, ada) = (nodes(&store), person(&store, "ada"));
        for round in 0..10 {
            let (app_id, now) = (AppId::from_text(format!("app {round}")), store.clock.now());
            together(&nodes, |node, number| {
                let (user_id, app_id, scopes) = (ada.clone(), app_id.clone(), Scopes::parse(&format!("scope{number}")));
                let agreed = Consent { resources: [("urn:api".to_owned(), scopes.clone())].into(), scope: scopes };
                write(node, move |tx| consent::remember(tx, &user_id, &app_id, None, &agreed, now));
            });
            let user_id = ada.clone();
            let consents = store.read_blocking(move |tx| consent::find(tx, &user_id, &app_id)).unwrap();
            let agreed = consents.of(None).unwrap();
            for scopes in [&agreed.scope, &agreed.resources["urn:api"]] {
                assert!((0..8).all(|number| scopes.contains(&format!("scope{number}"))), "{scopes}");
            }
        }
    }

    fn a_message_counts_once_at_two_nodes(store: TestStore) {
        let nodes = nodes(&store);
        for round in 0..20 {
            let now = store.clock.now();
            let once = Once::new(Digest::of(format!("{round}")), now.plus(Duration::from_mins(5)), now).unwrap();
            let first = together(&nodes, |node, _| {
                let once = once.clone();
                write(node, move |tx| replay_guard::spend(tx, &once))
            });
            assert_eq!(first.iter().filter(|first| **first).count(), 1, "round {round}");
        }
    }

    fn a_workspace_never_has_more_keys_or_roles_than_it_may(store: TestStore) {
        let (nodes, org_id, now) = (nodes(&store), workspace(&store, "a"), store.clock.now());
        let fill = org_id.clone();
        decide::<_, Refusal>(&store, move |tx| {
            for number in 0..api_key::MOST_KEYS - 4 {
                tx.execute(
                    "INSERT INTO api_keys (org_id, id, name, hash, permissions, active, created_at) VALUES ($1, $2, 'key', $3, 1, 1, 1)",
                    params![&fill, format!("key {number}"), Digest::of(format!("{number}"))],
                )?;
            }
            for number in 0..role::list(tx, &fill)?.len().abs_diff(sigma_core::org::role::MOST_ROLES - 4) {
                let draft = RoleDraft::new(&format!("role {number}"), "", RolePermissions::default()).unwrap();
                role::add(tx, &fill, &Actor::Operator, &RoleId::from_text(format!("role_{number}")), &draft, now)?;
            }
            Ok(())
        }).unwrap();
        let outcomes = together(&nodes, |node, number| {
            let new = api_key::NewApiKey {
                id: ApiKeyId::from_text(format!("new {number}")),
                name: "key".to_owned(),
                hash: Digest::of(format!("new {number}")),
                permissions: KeyPermissions::from_bits(1).unwrap(),
                expires_at: None,
            };
            let draft = RoleDraft::new(&format!("new {number}"), "", RolePermissions::default()).unwrap();
            let (org_id, role_id) = (org_id.clone(), RoleId::from_text(format!("new_{number}")));
            let key = { let org_id = org_id.clone(); decide(node, move |tx| api_key::add(tx, &org_id, &Actor::Operator, &new, now)) };
            let role = decide(node, move |tx| role::add(tx, &org_id, &Actor::Operator, &role_id, &draft, now));
            (key.is_ok(), role.is_ok())
        });
        assert_eq!(outcomes.iter().filter(|(key, _)| *key).count(), 4, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|(_, role)| *role).count(), 4, "{outcomes:?}");
    }

    fn the_last_administrator_neither_leaves_nor_loses_the_role(store: TestStore) {
        let (nodes, now) = (nodes(&store), store.clock.now());
        for round in 0..10 {
            let org_id = workspace(&store, &format!("{round}"));
            let (ada, bob) = (person(&store, &format!("ada{round}")), person(&store, &format!("bob{round}")));
            let chief = RoleId::from_text(format!("chief_{round}"));
            let (id, role_id) = (org_id.clone(), chief.clone());
            decide::<_, Refusal>(&store, move |tx| {
                let draft = RoleDraft::new("Chief", "", RolePermissions::admin()).unwrap();
                role::add(tx, &id, &Actor::Operator, &role_id, &draft, now)
            }).unwrap();
            join(&store, &org_id, &ada, &format!("admin_{round}"), State::Active);
            join(&store, &org_id, &bob, chief.as_str(), State::Active);
            let outcomes = together(&nodes, |node, number| {
                let (org_id, ada, chief) = (org_id.clone(), ada.clone(), chief.clone());
                match number {
                    // Ada leaves while the role of Bob is weakened.
                    0 => decide(node, move |tx| membership::remove(tx, &org_id, &Actor::Operator, &ada, MadeKeys::Keep, now)),
                    1 => decide::<_, Refusal>(node, move |tx| {
                        let weak = RoleDraft::new("Chief", "", RolePermissions::default()).unwrap();
                        role::replace(tx, &org_id, &Actor::Operator, &chief, &weak, MadeKeys::Keep, now).map(drop)
                    }),
                    _ => Ok(()),
                }
            });
            let refused: Vec<_> = outcomes[..2].iter().filter(|outcome| **outcome == Err(Refusal::LAST_ADMIN)).collect();
            assert_eq!(refused.len(), 1, "round {round}: {outcomes:?}");
        }
    }

    fn a_role_is_removed_or_given_but_not_both(store: TestStore) {
        let (nodes, org_id, now) = (nodes(&store), workspace(&store, "a"), store.clock.now());
        for round in 0..10 {
            let (user_id, role_id) = (person(&store, &format!("p{round}")), RoleId::from_text(format!("role_{round}")));
            let (id, made) = (org_id.clone(), role_id.clone());
            decide::<_, Refusal>(&store, move |tx| {
                let draft = RoleDraft::new(&format!("Role {round}"), "", RolePermissions::default()).unwrap();
                role::add(tx, &id, &Actor::Operator, &made, &draft, now)
            }).unwrap();
            let outcomes = together(&nodes, |node, number| {
                let (org_id, role_id, user_id) = (org_id.clone(), role_id.clone(), user_id.clone());
                match number {
                    0 => decide(node, move |tx| role::remove(tx, &org_id, &Actor::Operator, &role_id, now)).is_ok(),
                    1 => decide::<_, Refusal>(node, move |tx| {
                        let new = NewMember { user_id: user_id.clone(), role_id: role_id.clone(), state: State::Active, quick_login: false };
                        membership::add(tx, &org_id, &Actor::Operator, &new, now)
                    }).is_ok(),
                    _ => false,
                }
            });
            assert_eq!(outcomes.iter().filter(|done| **done).count(), 1, "round {round}: {outcomes:?}");
        }
        let orphans = "SELECT count(*) FROM memberships m LEFT JOIN roles r ON r.org_id = m.org_id AND r.id = m.role_id WHERE r.id IS NULL";
        assert_eq!(rows(&store, orphans), 0);
    }

    fn an_invitation_is_accepted_once(store: TestStore) {
        let (nodes, org_id) = (nodes(&store), workspace(&store, "a"));
        for round in 0..10 {
            invite(&store, &org_id, "member_a", &format!("p{round}@example.org"), &format!("link {round}"));
            let outcomes = together(&nodes, |node, number| accept(&store, node, &format!("link {round}"), &format!("{round}_{number}")));
            let accepted = outcomes.iter().filter(|outcome| matches!(outcome, Accepted::Accepted { .. })).count();
            let gone = outcomes.iter().filter(|outcome| matches!(outcome, Accepted::Gone)).count();
            assert_eq!((accepted, gone), (1, 7), "round {round}: {outcomes:?}");
        }
        assert_eq!(rows(&store, "SELECT count(*) FROM memberships WHERE state = 'active'"), 10);
        assert_eq!(rows(&store, "SELECT count(*) FROM users"), 10);
    }

    fn whoever_accepts_two_invitations_at_once_gets_one_account(store: TestStore) {
        let nodes = nodes(&store);
        let workspaces: Vec<_> = (0..8).map(|number| workspace(&store, &format!("{number}"))).collect();
        for round in 0..5 {
            for (number, org_id) in workspaces.iter().enumerate() {
                let (role, link) = (format!("member_{number}"), format!("link {round} {number}"));
                invite(&store, org_id, &role, &format!("p{round}@example.org"), &link);
            }
            let outcomes = together(&nodes, |node, number| accept(&store, node, &format!("link {round} {number}"), &format!("{round}_{number}")));
            // The first sets the password; the others find it and accept with it.
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Accepted::Accepted { .. })), "{outcomes:?}");
        }
        assert_eq!(rows(&store, "SELECT count(*) FROM users"), 5);
        assert_eq!(rows(&store, "SELECT count(*) FROM passwords"), 5);
        assert_eq!(rows(&store, "SELECT count(*) FROM memberships WHERE state = 'active'"), 40);
    }

    fn a_sign_in_by_the_old_password_does_not_outlive_its_change(store: TestStore) {
        let nodes = nodes(&store);
        for round in 0..10 {
            let (name, now) = (format!("p{round}"), store.clock.now());
            let user_id = person(&store, &name);
            let owner = user_id.clone();
            write(&store, move |tx| password::set(tx, &owner, "old", "192.0.2.1", now));
            let attempt = Attempt {
                email: format!("{name}@example.org"),
                bucket: 1,
                network: "192.0.2.1".to_owned(),
                device: None,
                delays: true,
            };
            let looked_up = store.read_blocking(move |tx| password::look_up(tx, &attempt, now)).unwrap();
            let proof = looked_up.proof().unwrap();
            together(&nodes, |node, number| {
                let (proof, owner) = (proof.clone(), user_id.clone());
                if number == 0 {
                    let change = Change {
                        user_id: owner,
                        proof: Some(proof),
                        hash: "new".to_owned(),
                        kept: SessionId::from_text("none"),
                        network: "192.0.2.1".to_owned(),
                        notice: notice(&store, &format!("mail {round}")),
                    };
                    assert!(write(node, move |tx| password_change::change(tx, &change)));
                } else {
                    let new = new_session(&store, &format!("{round}_{number}"));
                    write(node, move |tx| password::sign_in(tx, &proof, &new));
                }
            });
            let live = store.read_blocking(move |tx| session::list_live(tx, &user_id, now)).unwrap();
            assert!(live.is_empty(), "round {round}: {live:?}");
        }
    }

    fn a_session_that_ends_while_it_is_continued_stays_ended(store: TestStore) {
        let (nodes, ada) = (nodes(&store), person(&store, "ada"));
        for round in 0..10 {
            let (old, now) = (new_session(&store, &format!("{round}")), store.clock.now());
            let proven = Authentication::stored(ada.clone(), Methods::of(Method::Password), now);
            let again = proven.clone();
            let (id, secret) = (old.id.clone(), old.secret);
            write(&store, move |tx| sign_in::begin(tx, &proven, None, &old));
            together(&nodes, |node, number| {
                let (owner, id, again) = (ada.clone(), id.clone(), again.clone());
                match number {
                    0 => drop(write(node, move |tx| session::end(tx, &owner, &id, now))),
                    1 => {
                        let new = NewSession { continues: Some(secret), ..new_session(&store, &format!("{round} again")) };
                        let cookie = new.secret;
                        write(node, move |tx| sign_in::begin(tx, &again, None, &new));
                        let begun = node.read_blocking(move |tx| session::find_by_secret(tx, &cookie)).unwrap();
                        assert!(begun.is_some(), "the cookie that was given is that of a session");
                    }
                    _ => {}
                }
            });
            let ended = store.read_blocking(move |tx| session::find(tx, &id)).unwrap().unwrap();
            assert!(ended.ended_at.is_some(), "round {round}");
        }
    }

    fn a_mail_is_taken_by_one(store: TestStore) {
        let (nodes, now) = (nodes(&store), store.clock.now());
        for round in 0..10 {
            for number in 0..20 {
                let mail = notice(&store, &format!("mail {round} {number}"));
                write(&store, move |tx| outbox::add(tx, &mail));
            }
            let taken = together(&nodes, |node, _| write(node, move |tx| outbox::take(tx, now, 20)).len());
            let rest = write(&store, move |tx| outbox::take(tx, now, 100)).len();
            assert_eq!(taken.iter().sum::<usize>() + rest, 20, "round {round}: {taken:?}");
        }
    }

    fn a_client_id_is_not_given_out_again_in_the_moment_of_its_removal(store: TestStore) {
        let (nodes, now) = (nodes(&store), store.clock.now());
        let org_id = workspace(&store, "a");
        let shop = |name: &str| App {
            id: AppId::new(now, &*store.rng),
            client_id: ClientId::from_text(name),
            org_id: org_id.clone(),
            name: name.to_owned(),
            application_type: ApplicationType::Web,
            auth_method: AuthMethod::None,
            secret: None,
            pubkey: None,
            jwks: None,
            jwks_uri: None,
            redirect_uris: RegisteredRedirectUris::from_stored(["https://app.example.org/".to_owned()]),
            post_logout_redirect_uris: RegisteredRedirectUris::default(),
            grant_types: vec![GrantType::AuthorizationCode],
            scopes: Scopes::parse("openid"),
            resources: Vec::new(),
            require_pkce: true,
            id_token_alg: Algorithm::ES256,
            access_seconds: None,
            placeholder_email: false,
            require_second_factor: false,
            id_token_claims: false,
            dynamic: false,
            disabled: false,
            client_uri: None,
            site_url: None,
            created_at: now,
            updated_at: now,
        };
        for round in 0..10 {
            let wanted = shop(&format!("shop{round}"));
            let first = wanted.clone();
            assert_eq!(write(&store, move |tx| app::add(tx, &first)), app::Added::Added);
            let outcomes = together(&nodes, |node, number| {
                let wanted = wanted.clone();
                if number == 0 {
                    write(node, move |tx| app::remove(tx, &wanted.id, now))
                } else {
                    let again = App { id: AppId::new(now, &*store.rng), ..wanted };
                    write(node, move |tx| app::add(tx, &again)) == app::Added::Added
                }
            });
            assert!(outcomes[0] && !outcomes[1..].contains(&true), "round {round}: {outcomes:?}");
        }
    }
}
