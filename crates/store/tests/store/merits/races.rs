//! Rules of merits, raced by two processes on one database.

use sigma_core::ids::MeritTemplateId;
use sigma_core::merits::{MeritProblem, Status};
use sigma_core::time::Clock as _;
use sigma_store::merits::access::{self, SendAccess};
use sigma_store::merits::send::To;
use sigma_store::merits::step;
use sigma_store::testing::{decide, insist};
use sigma_store::{Owner, on_both_engines, params};

use super::issuing::transferring;
use super::{Issuer, Often, address, next_merit, person, profile, try_send};
use crate::accounts::count;
use crate::nodes::{nodes, together_with};

on_both_engines! {
    fn concurrent_sends_of_a_template_that_is_sent_once_send_it_once(store: TestStore) {
        let mut issuer = Issuer::new(&store, "bakery");
        issuer.template = issuer.add_template("Master", Often::Once);
        let nodes = nodes(&store);
        let sendings = (0..8).map(|_| issuer.sending(vec![issuer.recipient("ada@example.org", Vec::new())])).collect();
        let sent = together_with(&nodes, sendings, try_send);
        assert_eq!(sent.iter().filter(|sent| sent.is_ok()).count(), 1);
        assert!(sent.iter().all(|sent| sent.is_ok() || *sent == Err(MeritProblem::TemplateAlreadySent)));
        assert_eq!(count(&store, "SELECT count(*) FROM merits"), 1);
    }

    fn of_a_revocation_and_a_transfer_at_once_one_wins(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let nodes = nodes(&store);
        for _ in 0..5 {
            let merit = issuer.send("ada@example.org");
            let transfers: Vec<_> = (0..8).map(|_| transferring(&issuer, &merit, "eve@example.org")).collect();
            let inputs: Vec<_> = transfers.into_iter().enumerate().collect();
            let (actor, now) = (issuer.actor(), store.clock.now());
            let outcomes = together_with(&nodes, inputs, |node, (number, transfer)| {
                let (org, id, actor) = (issuer.org.clone(), merit.id.clone(), actor.clone());
                if number % 2 == 0 {
                    decide(node, move |tx| step::revoke(tx, &org, &actor, &id, "", now)).map(|merit| merit.status)
                } else {
                    decide(node, move |tx| step::transfer(tx, &transfer)).map(|_| Status::Transferred)
                }
            });
            let won: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
            assert_eq!(won, [&issuer.status(&merit.id)]);
            assert!(outcomes.iter().all(|outcome| outcome.is_ok() || *outcome == Err(MeritProblem::InvalidStatusTransition)));
        }
    }

    fn of_agreements_at_once_one_is_accepted_in_the_end(store: TestStore) {
        let (issuer, ada) = (Issuer::new(&store, "bakery"), person(&store, "ada"));
        let nodes = nodes(&store);
        let agreements: Vec<_> = (0..8).map(|_| issuer.agreement(&ada, issuer.ask(&issuer.app, profile()))).collect();
        let agreed = together_with(&nodes, agreements, |node, agreement| decide(node, move |tx| access::agree(tx, &agreement)));
        assert!(agreed.iter().all(Result::is_ok), "{agreed:?}");
        assert_eq!(count(&store, "SELECT count(*) FROM merits WHERE status = 'Accepted' AND access = 1"), 1);
        assert_eq!(count(&store, "SELECT count(*) FROM merits WHERE status = 'Revoked' AND access = 1"), 7);
        let request = issuer.ask(&issuer.app, profile());
        let agreements: Vec<_> = (0..8).map(|_| issuer.agreement(&ada, request)).collect();
        let agreed = together_with(&nodes, agreements, |node, agreement| decide(node, move |tx| access::agree(tx, &agreement)));
        assert_eq!(agreed.iter().filter(|agreed| agreed.is_ok()).count(), 1, "a request is answered once");
    }

    fn a_grant_does_not_pass_on_with_the_address_of_its_member(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let nodes = nodes(&store);
        for round in 0..10 {
            let (ada, eve) = (person(&store, &format!("ada{round}")), person(&store, &format!("eve{round}")));
            issuer.agree(&ada, profile()).unwrap();
            let passed_on = format!("ada{round}@example.org");
            let wanted = |number: usize| SendAccess {
                org_id: issuer.org.clone(),
                app_id: issuer.app.clone(),
                to: To::Email(address(&passed_on)),
                permissions: profile(),
                merit_id: next_merit(&store),
                template_id: MeritTemplateId::from_text(format!("mtp_{round}_{number}")),
                daily_budget: 1_000,
                now: store.clock.now(),
            };
            let inputs: Vec<_> = (0..8).map(|number| (number, wanted(number))).collect();
            together_with(&nodes, inputs, |node, (number, wanted)| {
                let (from, to, folded) = (ada.clone(), eve.clone(), passed_on.clone());
                if number == 0 {
                    insist(node, move |tx| {
                        tx.lock(Owner::User(&from))?;
                        let sql = "UPDATE emails SET user_id = $2, is_primary = 0 WHERE folded = $1";
                        tx.execute(sql, params![&folded, &to])
                    });
                } else {
                    decide(node, move |tx| access::send(tx, &wanted)).unwrap();
                }
            });
            let (org, app) = (issuer.org.clone(), issuer.app.clone());
            let granted = store.read_blocking(move |tx| access::find(tx, &org, &app, &eve)).unwrap();
            assert_eq!(granted, None, "round {round}: only one's own agreement grants access");
        }
    }
}
