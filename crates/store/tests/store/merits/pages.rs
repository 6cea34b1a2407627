//! Pages of a member's merits are kept as they were sent: whatever changes them is reported.

use sigma_core::ids::MeritEditId;
use sigma_core::merits::{FieldType, Move, SettingChange};
use sigma_core::time::Clock as _;
use sigma_store::email::EmailProof;
use sigma_store::merits::edit::{self, NewValue};
use sigma_store::merits::template::{self, TemplateChange};
use sigma_store::merits::{erasure, step, waiting};
use sigma_store::org::removal;
use sigma_store::testing::{decide, insist};
use sigma_store::{Watch, cached, on_both_engines, params};

use super::issuing::{revoke, transferring};
use super::waiting::{add, release};
use super::{Issuer, next_merit, person, text};

/// Runs a change that must be reported about each of these subjects.
fn reported(watch: &Watch, subjects: &[&str], what: &str, change: impl FnOnce()) {
    let before: Vec<_> = subjects.iter().map(|subject| watch.generation(subject).unwrap()).collect();
    change();
    for (subject, generation) in subjects.iter().zip(before) {
        assert!(!watch.are_current(&[generation]), "{what} is not reported about {subject}");
    }
}

on_both_engines! {
    fn whatever_changes_a_page_of_a_member_is_reported(store: TestStore) {
        let (issuer, ada, eve) = (Issuer::new(&store, "bakery"), person(&store, "ada"), person(&store, "eve"));
        let watch = Watch::new(&store, &[cached::MEMBER_MERITS, cached::ORG_MERITS]);
        let grade = issuer.add_field("Grade", FieldType::ShortText);
        issuer.set_field(&grade, SettingChange { enabled: true, required: false, value_for_all: None }).unwrap();
        let accepted = |email: &str| {
            let merit = issuer.send(email);
            issuer.answer(&ada, &merit.id, Move::Accept).unwrap()
        };
        let (member, now) = (ada.as_str(), store.clock.now());

        let merit = issuer.send("ada@example.org");
        reported(&watch, &[member], "acceptance", || drop(issuer.answer(&ada, &merit.id, Move::Accept).unwrap()));
        reported(&watch, &[member], "an edit", || {
            let (org, actor, id) = (issuer.org.clone(), issuer.actor(), merit.id.clone());
            let edit_id = MeritEditId::from_text(format!("med_{}", next_merit(&store).digits()));
            let change = NewValue { edit_id, field_id: grade.clone(), value: text("A") };
            decide(&store, move |tx| edit::set_values(tx, &org, &actor, &id, std::slice::from_ref(&change), now)).unwrap();
        });
        reported(&watch, &[member], "revocation", || {
            revoke(&issuer, &merit).unwrap();
        });
        let merit = accepted("ada@example.org");
        reported(&watch, &[member], "transfer", || {
            let transfer = transferring(&issuer, &merit, "eve@example.org");
            decide(&store, move |tx| step::transfer(tx, &transfer)).unwrap();
        });
        let merit = accepted("ada@example.org");
        reported(&watch, &[member], "forfeiture", || drop(issuer.answer(&ada, &merit.id, Move::Forfeit).unwrap()));

        add(&store, &ada, "work@example.org", EmailProof::Verified);
        accepted("work@example.org");
        release(&store, "work@example.org");
        add(&store, &eve, "work@example.org", EmailProof::Verified);
        reported(&watch, &[member, eve.as_str()], "handing over", || {
            let user = ada.clone();
            assert_eq!(insist(&store, move |tx| waiting::hand_over(tx, &user, "work@example.org", now)), 1);
        });
        accepted("ada@example.org");
        reported(&watch, &[member], "deletion of the account", || {
            let user = ada.clone();
            assert!(insist(&store, move |tx| erasure::erase(tx, &user, now)) > 0);
        });
        release(&store, "ada@example.org");
        issuer.send("ada@example.org");
        reported(&watch, &[eve.as_str()], "proving an address for which a merit waits", || {
            assert!(add(&store, &eve, "ada@example.org", EmailProof::Verified));
        });

        let org_id = issuer.org.as_str();
        reported(&watch, &[org_id], "another title", || {
            let (org, actor, id) = (issuer.org.clone(), issuer.actor(), issuer.template.clone());
            let change = TemplateChange { title: Some("Master".to_owned()), ..TemplateChange::default() };
            decide(&store, move |tx| template::change(tx, &org, &actor, &id, &change, now)).unwrap();
        });
        let org = issuer.org.clone();
        let remove = "UPDATE orgs SET removed_at = $2 WHERE id = $1";
        insist(&store, move |tx| tx.execute(remove, params![&org, now]));
        reported(&watch, &[org_id], "removal of the org", || {
            let org = issuer.org.clone();
            while insist(&store, { let org = org.clone(); move |tx| removal::delete_batch(tx, &org) }) > 0 {}
        });
    }
}
