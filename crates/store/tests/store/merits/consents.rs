//! What members let apps see.

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::ids::{MeritTemplateId, OrgId, UserId};
use sigma_core::merits::{MemberPermissions, MeritProblem, Move, OrgPermission, PageRequest, Status};
use sigma_core::time::Clock as _;
use sigma_store::merits::access::{self, Access, SendAccess};
use sigma_store::merits::list;
use sigma_store::merits::request::{self, Validity};
use sigma_store::merits::send::To;
use sigma_store::testing::{TestStore, block_on, decide, insist};
use sigma_store::{Cache, cached, on_both_engines, user};

use super::issuing::revoke;
use super::{Issuer, address, next_merit, person, profile};

fn all() -> MemberPermissions {
    MemberPermissions { profile: true, all_merits: true, ..MemberPermissions::default() }
}

fn found(issuer: &Issuer<'_>, user: &UserId) -> Option<Access> {
    let (org, app, user) = (issuer.org.clone(), issuer.app.clone(), user.clone());
    issuer.store.read_blocking(move |tx| access::find(tx, &org, &app, &user)).unwrap()
}

fn validity(store: &TestStore, hash: Digest) -> Option<Validity> {
    let now = store.clock.now();
    store.read_blocking(move |tx| request::find(tx, &hash, now)).unwrap().map(|found| found.validity)
}

on_both_engines! {
    fn agreeing_again_replaces_the_former_grant(store: TestStore) {
        let (issuer, ada) = (Issuer::new(&store, "bakery"), person(&store, "ada"));
        assert_eq!(found(&issuer, &ada), None);
        let first = issuer.agree(&ada, all()).unwrap();
        assert_eq!((first.status, first.access), (Status::Accepted, true));
        let second = issuer.agree(&ada, profile()).unwrap();
        assert_eq!(issuer.status(&first.id), Status::Revoked);
        let access = found(&issuer, &ada).unwrap();
        assert_eq!(access, Access { merit_id: second.id.clone(), permissions: profile() }, "exactly what was agreed now");
        issuer.answer(&ada, &second.id, Move::Forfeit).unwrap();
        assert_eq!(found(&issuer, &ada), None);
        let third = issuer.agree(&ada, profile()).unwrap();
        revoke(&issuer, &third).unwrap();
        assert_eq!(found(&issuer, &ada), None, "the org can end it too");
    }

    fn a_request_is_answered_once_and_remembered_for_a_day(store: TestStore) {
        let (issuer, ada) = (Issuer::new(&store, "bakery"), person(&store, "ada"));
        let hash = issuer.ask(&issuer.app, profile());
        assert_eq!(validity(&store, hash), Some(Validity::Open));
        let agreement = issuer.agreement(&ada, hash);
        let again = issuer.agreement(&ada, hash);
        decide(&store, move |tx| access::agree(tx, &agreement)).unwrap();
        assert_eq!(decide(&store, move |tx| access::agree(tx, &again)), Err(MeritProblem::NotFound));
        assert_eq!(validity(&store, hash), Some(Validity::Used));
        let late = issuer.ask(&issuer.app, profile());
        store.advance(Duration::from_mins(10));
        assert_eq!(validity(&store, late), Some(Validity::Expired));
        let agreement = issuer.agreement(&ada, late);
        assert_eq!(decide(&store, move |tx| access::agree(tx, &agreement)), Err(MeritProblem::NotFound));
        store.sweep_once().unwrap();
        assert_eq!(validity(&store, late), Some(Validity::Expired));
        store.advance(Duration::from_hours(24));
        store.sweep_once().unwrap();
        assert_eq!(validity(&store, late), None);
        assert_eq!(validity(&store, Digest::of("unknown")), None);
    }

    fn an_app_that_was_unlinked_in_between_gets_nothing(store: TestStore) {
        let (issuer, other) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"));
        let ada = person(&store, "ada");
        issuer.link(&other.app, OrgPermission::Send);
        let linked = issuer.ask(&other.app, profile());
        let agreement = issuer.agreement(&ada, linked);
        let granted = decide(&store, move |tx| access::agree(tx, &agreement)).unwrap();
        assert_eq!((granted.org_id, granted.app_id), (issuer.org.clone(), Some(other.app.clone())));
        let hash = issuer.ask(&other.app, profile());
        let (org, app, admin, now) = (issuer.org.clone(), other.app.clone(), issuer.admin.clone(), store.clock.now());
        let actor = sigma_core::actor::Actor::User(admin);
        decide(&store, move |tx| sigma_store::merits::link::remove(tx, &org, &app, &actor, now)).unwrap();
        let agreement = issuer.agreement(&ada, hash);
        assert_eq!(decide(&store, move |tx| access::agree(tx, &agreement)), Err(MeritProblem::Forbidden));
        assert_eq!(validity(&store, hash), Some(Validity::Open), "nothing was used up");
    }

    fn a_disabled_account_agrees_to_nothing(store: TestStore) {
        let (issuer, ada) = (Issuer::new(&store, "bakery"), person(&store, "ada"));
        let (user, now) = (ada.clone(), store.clock.now());
        insist(&store, move |tx| user::set_disabled(tx, &user, true, now));
        assert_eq!(issuer.agree(&ada, profile()), Err(MeritProblem::Forbidden));
    }

    fn send_access_never_widens_a_grant_by_itself(store: TestStore) {
        let (issuer, ada) = (Issuer::new(&store, "bakery"), person(&store, "ada"));
        let ask = |to: To, permissions: MemberPermissions| {
            let new = SendAccess {
                org_id: issuer.org.clone(),
                app_id: issuer.app.clone(),
                to,
                permissions,
                merit_id: next_merit(&store),
                template_id: MeritTemplateId::new(store.clock.now(), &*store.rng),
                daily_budget: 1_000,
                now: store.clock.now(),
            };
            decide(&store, move |tx| access::send(tx, &new))
        };
        let by_id = || To::Member(ada.clone());
        assert_eq!(ask(by_id(), profile()), Err(MeritProblem::NotFound), "ids of strangers are not confirmed");
        let asked = ask(To::Email(address("ada@example.org")), profile()).unwrap();
        assert_eq!((asked.status, found(&issuer, &ada)), (Status::Pending, None));
        issuer.answer(&ada, &asked.id, Move::Accept).unwrap();
        assert_eq!(found(&issuer, &ada).unwrap().permissions, profile());
        let wider = ask(by_id(), all()).unwrap();
        assert_eq!((wider.status, found(&issuer, &ada).unwrap().permissions), (Status::Pending, profile()));
        let again = ask(by_id(), all()).unwrap();
        assert_eq!((issuer.status(&wider.id), again.status), (Status::Revoked, Status::Pending), "the last question counts");
        issuer.answer(&ada, &again.id, Move::Accept).unwrap();
        assert_eq!(found(&issuer, &ada).unwrap().permissions, all());
        let narrower = ask(by_id(), profile()).unwrap();
        assert_eq!((narrower.status, found(&issuer, &ada).unwrap().permissions), (Status::Accepted, profile()));
        let user = ada.clone();
        let seen = store.read_blocking(move |tx| list::accesses_of_member(tx, &user, &PageRequest::default())).unwrap();
        assert_eq!(seen.items.len(), 1, "the apps that see merits");
    }

    fn a_withdrawn_consent_is_known_at_once(store: TestStore) {
        let (issuer, ada) = (Issuer::new(&store, "bakery"), person(&store, "ada"));
        let merit = issuer.agree(&ada, profile()).unwrap();
        let cache: Cache<Access> = Cache::new(&store, cached::MERIT_ACCESS, 100);
        let key = cached::access_key(&issuer.org, &issuer.app, &ada);
        let read = || {
            let (org, app, user) = (issuer.org.clone(), issuer.app.clone(), ada.clone());
            block_on(cache.get_or_load(&key, || move |tx: &mut dyn sigma_store::Tx| access::find(tx, &org, &app, &user))).unwrap()
        };
        assert!(read().is_some() && cache.get(&key).is_some());
        issuer.answer(&ada, &merit.id, Move::Forfeit).unwrap();
        assert!(cache.get(&key).is_none() && read().is_none());
        issuer.agree(&ada, all()).unwrap();
        assert_eq!(read().unwrap().permissions, all());
    }

    fn a_grant_shows_what_it_covers_and_nothing_else_exists(store: TestStore) {
        let (issuer, other, third) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"), Issuer::new(&store, "dairy"));
        let ada = person(&store, "ada");
        for org in [&issuer, &other, &third] {
            for _ in 0..3 {
                let merit = org.send("ada@example.org");
                org.answer(&ada, &merit.id, Move::Accept).unwrap();
            }
            org.send("ada@example.org");
        }
        issuer.agree(&ada, all()).unwrap();
        let shown = |permissions: &MemberPermissions, template: Option<&MeritTemplateId>, page: PageRequest| {
            let (user, org, permissions) = (ada.clone(), issuer.org.clone(), permissions.clone());
            let template = template.cloned();
            store.read_blocking(move |tx| {
                list::shown(tx, &user, &permissions, [&org, &org], template.as_ref(), &page)
            }).unwrap()
        };
        let orgs = |permissions: &MemberPermissions| -> Vec<OrgId> {
            let mut orgs: Vec<_> = shown(permissions, None, PageRequest::first(100)).items.into_iter().map(|merit| {
                assert!(merit.status == Status::Accepted && !merit.access);
                merit.org_id
            }).collect();
            orgs.dedup();
            orgs
        };
        assert_eq!(orgs(&MemberPermissions::default()), std::slice::from_ref(&issuer.org));
        let named = MemberPermissions { orgs: [other.org.clone()].into(), ..MemberPermissions::default() };
        assert_eq!(orgs(&named), [other.org.clone(), issuer.org.clone()]);
        assert_eq!(orgs(&all()), [third.org.clone(), other.org.clone(), issuer.org.clone()]);
        let page = shown(&named, None, PageRequest::first(4));
        assert!(page.has_next && page.items.len() == 4);
        let from = Some(sigma_core::merits::Cursor::of(page.items[3].id.digits()));
        let rest = shown(&named, None, PageRequest { from, ..PageRequest::first(4) });
        assert_eq!((rest.items.len(), rest.has_next, rest.has_previous), (2, false, true), "what is not shown is not counted");
        assert_eq!(shown(&named, Some(&third.template), PageRequest::first(4)).items.len(), 0);
        assert_eq!(shown(&named, Some(&other.template), PageRequest::first(4)).items.len(), 3);
    }
}
