//! What members see and control: public or hidden, credentials, mails, and the end of their account.

use sigma_core::ids::MailId;
use sigma_core::merits::{MeritProblem, Move, Status};
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::merits::credential::{self, IssuerKey};
use sigma_store::merits::notice::{self, Notice};
use sigma_store::merits::send::{Recipient, To};
use sigma_store::merits::{access as grants, erasure, member};
use sigma_store::outbox::NewMail;
use sigma_store::testing::{decide, insist};
use sigma_store::{account_data, on_both_engines, outbox, params};

use super::issuing::revoke;
use super::{Issuer, person, profile};

fn key(kid: &str) -> IssuerKey {
    IssuerKey {
        kid: kid.to_owned(),
        sealed_private: vec![1],
        public_jwk: "{}".to_owned(),
        created_at: Timestamp::from_seconds(1),
        retired_at: None,
    }
}

on_both_engines! {
    fn a_credential_keeps_its_place_and_is_revoked_with_its_merit(store: TestStore) {
        let (issuer, ada) = (Issuer::new(&store, "bakery"), person(&store, "ada"));
        let merit = issuer.send("ada@example.org");
        let hand_out = |merit: &sigma_store::merits::Merit| {
            let (org, user, id) = (issuer.org.clone(), ada.clone(), merit.id.clone());
            decide(&store, move |tx| credential::hand_out(tx, &user, &org, &id)).map(|(_, index)| index)
        };
        assert_eq!(hand_out(&merit), Err(MeritProblem::InvalidStatusTransition), "only what was accepted");
        issuer.answer(&ada, &merit.id, Move::Accept).unwrap();
        let second = issuer.send("ada@example.org");
        issuer.answer(&ada, &second.id, Move::Accept).unwrap();
        assert_eq!((hand_out(&merit), hand_out(&second), hand_out(&merit)), (Ok(0), Ok(1), Ok(0)));
        let revoked = || {
            let org = issuer.org.clone();
            store.read_blocking(move |tx| credential::revoked(tx, &org, 0)).unwrap()
        };
        assert!(revoked().is_empty());
        revoke(&issuer, &second).unwrap();
        assert_eq!(revoked(), [1]);
        let org = issuer.org.clone();
        assert_eq!(store.read_blocking(move |tx| credential::places(tx, &org)).unwrap(), 2);
    }

    fn an_org_has_one_key_that_signs(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        for fresh in ["one", "two"] {
            let (org, fresh) = (issuer.org.clone(), key(fresh));
            let found = decide(&store, move |tx| credential::load_or_add_key(tx, &org, &fresh)).unwrap();
            assert_eq!(found.kid, "one");
        }
    }

    fn merits_are_public_until_they_are_hidden(store: TestStore) {
        let (issuer, ada, eve) = (Issuer::new(&store, "bakery"), person(&store, "ada"), person(&store, "eve"));
        let merit = issuer.send("ada@example.org");
        issuer.answer(&ada, &merit.id, Move::Accept).unwrap();
        let hide = |user: &sigma_core::ids::UserId| {
            let (org, user, id, now) = (issuer.org.clone(), user.clone(), merit.id.clone(), store.clock.now());
            decide(&store, move |tx| member::set_public(tx, &user, (&org, &id), false, now)).map(|merit| merit.is_public)
        };
        assert!(issuer.find(&merit.id).unwrap().is_public);
        assert_eq!(hide(&eve), Err(MeritProblem::NotFound));
        assert_eq!(hide(&ada), Ok(false));
    }

    fn a_recipient_is_told_once_unless_they_unsubscribed(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let (told, silent) = (issuer.send("ada@example.org"), issuer.send("eve@example.org"));
        let now = store.clock.now();
        let org = issuer.org.clone();
        insist(&store, move |tx| notice::unsubscribe(tx, &org, b"eve", now));
        let due = || store.read_blocking(move |tx| notice::due(tx, now, 10)).unwrap().len();
        assert_eq!(due(), 2);
        let tell = |merit: &sigma_store::merits::Merit, mac: &[u8]| {
            let mail = NewMail { id: MailId::new(now, &*store.rng), sealed: vec![1], now, expires_at: now };
            let notice = Notice {
                org_id: issuer.org.clone(),
                merit_id: merit.id.clone(),
                mail: Some(mail),
                address_mac: mac.to_vec(),
                counted_as: String::from_utf8(mac.to_vec()).unwrap(),
            };
            insist(&store, move |tx| notice::send(tx, &notice, now))
        };
        assert!(tell(&told, b"ada"));
        assert!(!tell(&told, b"ada"), "once");
        assert!(!tell(&silent, b"eve"));
        assert_eq!(due(), 0);
        assert!(!store.read_blocking(move |tx| outbox::is_due(tx, now)).unwrap(), "the mails expire at once in this test");
    }

    fn a_deleted_account_holds_nothing_and_shows_nothing(store: TestStore) {
        let (issuer, ada) = (Issuer::new(&store, "bakery"), person(&store, "ada"));
        let merit = issuer.send("ada@example.org");
        issuer.answer(&ada, &merit.id, Move::Accept).unwrap();
        let recipient = Recipient { to: To::Member(ada.clone()), ..issuer.recipient("ada@example.org", Vec::new()) };
        let direct = issuer.try_send(issuer.sending(vec![recipient])).unwrap();
        let access = issuer.agree(&ada, profile()).unwrap();
        let now = store.clock.now();
        let erased: Vec<_> = (0..4)
            .map(|_| {
                let user = ada.clone();
                insist(&store, move |tx| erasure::erase(tx, &user, now))
            })
            .collect();
        assert_eq!(erased, [1, 1, 1, 0]);
        let left = issuer.find(&merit.id).unwrap();
        assert_eq!((left.email.as_str(), left.user_id, left.is_public), ("ada@example.org", None, false));
        let direct = issuer.find(&direct.id).unwrap();
        assert!(direct.name.is_empty() && direct.status == Status::Forfeited, "nobody can claim it");
        assert_eq!(issuer.find(&access.id), None);
        let (org, app, user) = (issuer.org.clone(), issuer.app.clone(), ada);
        assert_eq!(store.read_blocking(move |tx| grants::find(tx, &org, &app, &user)).unwrap(), None);
    }

    fn a_copy_of_ones_data_leaves_out_merits_that_are_too_much(store: TestStore) {
        let (issuer, ada) = (Issuer::new(&store, "bakery"), person(&store, "ada"));
        for _ in 0..3 {
            issuer.send("ada@example.org");
        }
        let copy = || {
            let user = ada.clone();
            let copy = store.read_blocking(move |tx| account_data::collect(tx, &user)).unwrap().unwrap();
            (copy["merits"].as_array().unwrap().len(), copy["cut_off"].as_array().unwrap().clone())
        };
        assert_eq!(copy(), (3, Vec::new()));
        let values = format!(r#"{{"fld_1":"{}"}}"#, "x".repeat(1_500_000));
        insist(&store, move |tx| tx.execute("UPDATE merits SET field_values = $1", params![&values]));
        assert_eq!(copy(), (2, vec!["merits".into()]));
    }
}
