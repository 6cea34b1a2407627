//! Rules that rest on the rows of one workspace, raced by two processes on one database: whoever comes second sees what the first
//! did.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::app::{App, ApplicationType, AuthMethod, GrantType};
use sigma_core::client_metadata::ClientMetadata;
use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::ids::{ApiKeyId, AppId, ClientId, MembershipId, OrgId, RoleId, UserId};
use sigma_core::jose::Algorithm;
use sigma_core::org::{KeyPermissions, Refusal, RoleDraft, RolePermissions};
use sigma_core::redirect::RegisteredRedirectUris;
use sigma_core::scope::Scopes;
use sigma_core::security::AppSecurity;
use sigma_core::time::Clock as _;
use sigma_store::invitation::{self, Accept, Accepted, Invite};
use sigma_store::one_time_link::{NewLink, Purpose};
use sigma_store::org::api_key::{self, MadeKeys};
use sigma_store::org::membership::{self, NewMember, State};
use sigma_store::org::{self, role};
use sigma_store::outbox::MailedLink;
use sigma_store::testing::{TestStore, decide};
use sigma_store::{Store, app, on_both_engines, params};

use crate::accounts::{count, new_session, notice};
use crate::nodes::{nodes, person, together, write};

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
        app_id: None,
        counted_as: link.to_owned(),
        mail: MailedLink {
            link: NewLink {
                hash: Digest::of(link),
                purpose: Purpose::Invitation,
                email: email.to_owned(),
                now,
                expires_at: now.plus(Duration::from_hours(1)),
            },
            mail: notice(store),
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

on_both_engines! {
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
        assert_eq!(count(&store, orphans), 0);
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
        assert_eq!(count(&store, "SELECT count(*) FROM memberships WHERE state = 'active'"), 10);
        assert_eq!(count(&store, "SELECT count(*) FROM users"), 10);
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
            // The first sets the password; the others find an account, whose user has to be signed in.
            let accepted = outcomes.iter().filter(|outcome| matches!(outcome, Accepted::Accepted { .. })).count();
            let waiting = Accepted::Incomplete(invitation::Acceptance::SignInFirst);
            let waits = outcomes.iter().filter(|outcome| format!("{outcome:?}") == format!("{waiting:?}")).count();
            assert_eq!((accepted, waits), (1, 7), "{outcomes:?}");
        }
        assert_eq!(count(&store, "SELECT count(*) FROM users"), 5);
        assert_eq!(count(&store, "SELECT count(*) FROM passwords"), 5);
        assert_eq!(count(&store, "SELECT count(*) FROM memberships WHERE state = 'active'"), 5);
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
            security: AppSecurity::default(),
            dynamic: false,
            disabled: false,
            client_uri: None,
            site_url: None,
            metadata: ClientMetadata::default(),
            former_secret: None,
            backchannel_logout: None,
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
