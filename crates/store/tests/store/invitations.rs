//! Invitations to orgs: what they make, whom they tell and how many there may be.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::ids::{MailId, MembershipId, OrgId};
use sigma_core::org::Refusal;
use sigma_core::time::Clock as _;
use sigma_store::invitation::{self, Invite, Invitee};
use sigma_store::on_both_engines;
use sigma_store::one_time_link::{NewLink, Purpose};
use sigma_store::org::api_key::MadeKeys;
use sigma_store::org::membership::{self, Member, NewMember, State};
use sigma_store::outbox::{MailedLink, NewMail};
use sigma_store::testing::{TestStore, decide};
use sigma_store::user as users;

use crate::workspaces::{join, role_of, user, workspace};

/// Invites an address.
pub(super) fn invite(store: &TestStore, org_id: &OrgId, address: &str, number: usize) -> Result<Member, Refusal> {
    let now = store.clock.now();
    let link = NewLink {
        hash: Digest::of(format!("{org_id} {number}")),
        purpose: Purpose::Invitation,
        email: address.to_lowercase(),
        now,
        expires_at: now.plus(Duration::from_hours(1)),
    };
    let id = MailId::from_text(format!("mail_{org_id}_{number}"));
    let mail = NewMail { id, sealed: vec![1], now, expires_at: now.plus(Duration::from_hours(1)) };
    let folded = address.to_lowercase();
    let own = store.read_blocking(move |tx| sigma_store::email::find_spelling(tx, &folded)).unwrap();
    let invite = Invite {
        org_id: org_id.clone(),
        actor: Actor::Operator,
        id: MembershipId::from_text(format!("mem_{number}")),
        email: Email::parse(address).unwrap(),
        name: "As Invited".to_owned(),
        role_id: role_of(org_id, "member"),
        app_id: None,
        counted_as: address.to_lowercase(),
        mail: MailedLink { link, mail },
        mailed_to: own.unwrap_or_else(|| address.to_owned()),
    };
    match decide(store, move |tx| invitation::invite(tx, &invite))? {
        Invitee::Invited(member) => Ok(*member),
        Invitee::Misaddressed(other) => panic!("the mail would have to go to {other}"),
    }
}

on_both_engines! {
    fn inviting_makes_no_account_and_looks_the_same_for_every_address(store: TestStore) {
        let (a, b) = (workspace(&store, "a"), workspace(&store, "b"));
        join(&store, &b, "known", "member");
        let known = invite(&store, &a, "Known@example.org", 1).unwrap();
        let unknown = invite(&store, &a, "Unknown@example.org", 2).unwrap();
        for (member, address, id) in [(&known, "Known@example.org", "mem_1"), (&unknown, "Unknown@example.org", "mem_2")] {
            assert_eq!((member.user_id.as_str(), member.email.as_deref()), (id, Some(address)));
            assert_eq!((member.name.as_str(), member.state, member.disabled), ("As Invited", State::Invited, false));
            assert_eq!((member.created_at, &member.role_id), (store.clock.now(), &role_of(&a, "member")));
        }
        let none = store.read_blocking(|tx| users::find_by_email(tx, "unknown@example.org")).unwrap();
        assert_eq!(none, None);
        for address in ["KNOWN@example.org", "unknown@EXAMPLE.org"] {
            assert!(matches!(invite(&store, &a, address, 3), Err(Refusal::Conflict(_))), "invited already");
        }
        // The operator adds nobody who is invited already: there would be two memberships of one person.
        let (id, now) = (a.clone(), store.clock.now());
        let new = NewMember {
            user_id: user("known"),
            role_id: role_of(&a, "member"),
            state: State::Active,
            quick_login: false,
        };
        let added = decide(&store, move |tx| membership::add(tx, &id, &Actor::Operator, &new, now));
        assert!(matches!(added, Err(Refusal::Conflict(_))));
    }

    fn mails_to_an_address_are_counted_also_when_invitations_are_taken_back(store: TestStore) {
        let (a, b) = (workspace(&store, "a"), workspace(&store, "b"));
        for number in 0..10 {
            let org_id = if number % 2 == 0 { &a } else { &b };
            let member = invite(&store, org_id, "stranger@example.org", number).unwrap();
            let (id, now) = (org_id.clone(), store.clock.now());
            let who = member.user_id;
            decide::<_, Refusal>(&store, move |tx| {
                membership::remove(tx, &id, &Actor::Operator, &who, MadeKeys::Deactivate, now)
            })
            .unwrap();
        }
        assert!(matches!(invite(&store, &a, "stranger@example.org", 11), Err(Refusal::Conflict(_))));
        assert!(invite(&store, &a, "another@example.org", 12).is_ok());
        store.clock.advance(Duration::from_hours(1));
        assert!(invite(&store, &a, "stranger@example.org", 13).is_ok());
    }
}
