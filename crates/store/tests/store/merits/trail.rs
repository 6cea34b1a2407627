//! What is done with merits is recorded, without names and addresses.

use std::collections::BTreeSet;

use sigma_core::actor::Actor;
use sigma_core::ids::MeritEditId;
use sigma_core::merits::{FieldType, Move, OrgPermission, SettingChange};
use sigma_core::time::Clock as _;
use sigma_store::event::{self, Place, Trail};
use sigma_store::merits::edit::{self, NewValue};
use sigma_store::merits::send::{Manner, Sending};
use sigma_store::merits::{link, step};
use sigma_store::on_both_engines;
use sigma_store::testing::decide;

use super::issuing::{revoke, transferring};
use super::{Issuer, next_merit, person, profile, text};

on_both_engines! {
    fn what_is_done_with_merits_is_recorded(store: TestStore) {
        let (issuer, other) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"));
        let ada = person(&store, "ada");
        let grade = issuer.add_field("Grade", FieldType::ShortText);
        issuer.set_field(&grade, SettingChange { enabled: true, required: false, value_for_all: None }).unwrap();
        let recipient = issuer.recipient("ada@example.org", Vec::new());
        let merit = issuer.try_send(Sending { manner: Manner::Propose, ..issuer.sending(vec![recipient]) }).unwrap();
        let (org, actor, id, now) = (issuer.org.clone(), issuer.actor(), merit.id.clone(), store.clock.now());
        decide(&store, move |tx| step::approve(tx, &org, &actor, &id, now)).unwrap();
        let (org, actor, id) = (issuer.org.clone(), issuer.actor(), merit.id.clone());
        let edit_id = MeritEditId::from_text(format!("med_{}", next_merit(&store).digits()));
        let change = NewValue { edit_id, field_id: grade, value: text("A") };
        decide(&store, move |tx| edit::set_values(tx, &org, &actor, &id, std::slice::from_ref(&change), now)).unwrap();
        issuer.answer(&ada, &merit.id, Move::Accept).unwrap();
        let transfer = transferring(&issuer, &merit, "eve@example.org");
        let new = decide(&store, move |tx| step::transfer(tx, &transfer)).unwrap();
        revoke(&issuer, &new).unwrap();
        issuer.link(&other.app, OrgPermission::Send);
        let (org, app, admin) = (issuer.org.clone(), other.app.clone(), Actor::User(issuer.admin.clone()));
        decide(&store, move |tx| link::remove(tx, &org, &app, &admin, now)).unwrap();
        let access = issuer.agree(&ada, profile()).unwrap();
        issuer.answer(&ada, &access.id, Move::Forfeit).unwrap();

        let trail = Trail::Org(issuer.org.clone());
        let events = store.read_blocking(move |tx| event::list_before(tx, &trail, &Place::end(), 100)).unwrap();
        let actions: BTreeSet<_> = events.iter().map(|event| event.action.as_str()).collect();
        for action in [
            "merit.template_change",
            "merit.send",
            "merit.approve",
            "merit.edit",
            "merit.answer",
            "merit.transfer",
            "merit.revoke",
            "merit.app_link",
            "merit.app_unlink",
            "merit.access_give",
            "merit.access_end",
        ] {
            assert!(actions.contains(action), "{action}: {actions:?}");
        }
        let all = format!("{events:?}");
        assert!(!all.contains("@example.org") && !all.contains("Lovelace"), "{all}");
        let own = Trail::User(ada.clone());
        let own = store.read_blocking(move |tx| event::list_before(tx, &own, &Place::end(), 100)).unwrap();
        assert_eq!(own.len(), 3, "what she did: {own:?}");
    }

    fn many_sends_of_a_minute_are_one_event_with_a_count(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        for _ in 0..5 {
            issuer.send("ada@example.org");
        }
        let trail = Trail::Org(issuer.org.clone());
        let events = store.read_blocking(move |tx| event::list_before(tx, &trail, &Place::end(), 100)).unwrap();
        let counts: Vec<_> = events.iter().filter(|event| event.action == "merit.send").map(|event| event.count).collect();
        assert_eq!(counts, [5]);
    }
}
