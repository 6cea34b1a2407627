//! Attachments, from the permission to upload to a merit that holds them.

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::ids::{AttachmentId, MeritEditId};
use sigma_core::merits::{
    AttachmentKind, ContentType, FieldType, FieldValue, MeritProblem, Move, RequestFault, SettingChange,
};
use sigma_core::org::QuotaChange;
use sigma_core::time::Clock as _;
use sigma_store::merits::attachment::{self, NewAttachment};
use sigma_store::merits::edit::{self, NewValue};
use sigma_store::merits::send::{Recipient, To};
use sigma_store::merits::{Merit, erasure, step};
use sigma_store::on_both_engines;
use sigma_store::org::quotas;
use sigma_store::testing::{decide, insist};

use super::issuing::transferring;
use super::{Issuer, next_merit, person, text};

fn request(issuer: &Issuer<'_>, kind: AttachmentKind, content_type: ContentType) -> Result<AttachmentId, MeritProblem> {
    let id = AttachmentId::from_text(format!("att_{}", next_merit(issuer.store).digits()));
    let new = NewAttachment {
        id: id.clone(),
        kind,
        content_type,
        size: 400,
        upload: Digest::of(id.as_str()),
        daily_bytes: 1_000,
        now: issuer.store.clock.now(),
    };
    let (org, actor) = (issuer.org.clone(), issuer.actor());
    decide(issuer.store, move |tx| attachment::request(tx, &org, &actor, &new)).map(|()| id)
}

fn upload(issuer: &Issuer<'_>, id: &AttachmentId) -> bool {
    let (hash, now) = (Digest::of(id.as_str()), issuer.store.clock.now());
    insist(issuer.store, move |tx| match attachment::find_upload(tx, &hash, now)? {
        Some(found) => attachment::stored(tx, &found.org_id, &found.id, now),
        None => Ok(false),
    })
}

on_both_engines! {
    fn an_attachment_is_uploaded_once_and_kept_by_a_merit(store: TestStore) {
        let (issuer, other) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"));
        let photo = issuer.add_field("Photo", FieldType::Photos);
        issuer.set_field(&photo, SettingChange { enabled: true, required: false, value_for_all: None }).unwrap();
        let id = request(&issuer, AttachmentKind::Photos, ContentType::Png).unwrap();
        let send = |id: &AttachmentId| {
            let recipient = issuer.recipient("ada@example.org", vec![(photo.clone(), text(id.digits()))]);
            issuer.try_send(issuer.sending(vec![recipient]))
        };
        assert_eq!(send(&id), Err(RequestFault::Value.into()), "it was not uploaded");
        assert!(upload(&issuer, &id));
        assert!(!upload(&issuer, &id), "an upload URL works once");
        let merit = send(&id).unwrap();
        assert_eq!(merit.values.get(&photo), Some(&FieldValue::Attachments(vec![id.digits().to_owned()])));
        let document = request(&issuer, AttachmentKind::Documents, ContentType::Pdf).unwrap();
        upload(&issuer, &document);
        assert_eq!(send(&document), Err(RequestFault::Value.into()), "another kind than the field's");
        let foreign = request(&other, AttachmentKind::Photos, ContentType::Png).unwrap();
        upload(&other, &foreign);
        assert_eq!(send(&foreign), Err(MeritProblem::NotFound), "another org's");
        let full = request(&issuer, AttachmentKind::Photos, ContentType::Png);
        assert!(matches!(full, Err(MeritProblem::RateLimit(_))), "{full:?}");
        let (org, quotas) = (issuer.org.clone(), QuotaChange::new([("upload_mebibytes_per_day", Some(1))]).unwrap());
        let now = store.clock.now();
        insist(&store, move |tx| quotas::change(tx, &org, &quotas, now));
        let more = request(&issuer, AttachmentKind::Photos, ContentType::Png).unwrap();
        store.advance(Duration::from_hours(25));
        let now = store.clock.now();
        let expired = store.read_blocking(move |tx| attachment::expired(tx, now, 10)).unwrap();
        let ids: Vec<_> = expired.into_iter().map(|attachment| attachment.id).collect();
        assert_eq!(ids, [document, foreign, more], "what no merit names goes");
        assert!(send(&id).is_ok(), "what a merit names stays");
    }

    fn an_attachment_that_was_taken_out_is_given_up_once_no_merit_names_it(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let photo = issuer.add_field("Photo", FieldType::Photos);
        issuer.set_field(&photo, SettingChange { enabled: true, required: false, value_for_all: None }).unwrap();
        let [one, two] = [(); 2].map(|()| request(&issuer, AttachmentKind::Photos, ContentType::Png).unwrap());
        for id in [&one, &two] {
            upload(&issuer, id);
        }
        let send = |ids: &[&AttachmentId]| {
            let ids: Vec<_> = ids.iter().map(|id| id.digits()).collect();
            let recipient = issuer.recipient("ada@example.org", vec![(photo.clone(), serde_json::json!(ids))]);
            issuer.try_send(issuer.sending(vec![recipient])).unwrap()
        };
        let change = |merit: &Merit, ids: &[&AttachmentId]| {
            let edit_id = MeritEditId::from_text(format!("med_{}", next_merit(&store).digits()));
            let value = serde_json::json!(ids.iter().map(|id| id.digits()).collect::<Vec<_>>());
            let new = NewValue { edit_id, field_id: photo.clone(), value };
            let (org, actor, id, now) = (issuer.org.clone(), issuer.actor(), merit.id.clone(), store.clock.now());
            decide(&store, move |tx| edit::set_values(tx, &org, &actor, &id, std::slice::from_ref(&new), now)).unwrap()
        };
        let given_up = || {
            let now = store.clock.now();
            let expired = store.read_blocking(move |tx| attachment::expired(tx, now, 10)).unwrap();
            expired.into_iter().map(|attachment| attachment.id).collect::<Vec<_>>()
        };
        let (first, second) = (send(&[&one, &two]), send(&[&one]));
        change(&first, &[]);
        assert_eq!(given_up(), std::slice::from_ref(&two), "the other merit names one");
        // The merit that it is transferred to names it as well.
        let transfer = transferring(&issuer, &second, "eve@example.org");
        let third = decide(&store, move |tx| step::transfer(tx, &transfer)).unwrap();
        change(&third, &[]);
        assert_eq!(given_up(), std::slice::from_ref(&two));

        // What a deleted account loses goes.
        store.advance(Duration::from_hours(24));
        let own = request(&issuer, AttachmentKind::Photos, ContentType::Png).unwrap();
        upload(&issuer, &own);
        let ada = person(&store, "ada");
        issuer.answer(&ada, &send(&[&own]).id, Move::Accept).unwrap();
        let known = Recipient {
            to: To::Member(ada.clone()),
            ..issuer.recipient("ada@example.org", vec![(photo.clone(), text(own.digits()))])
        };
        let direct = issuer.try_send(issuer.sending(vec![known])).unwrap();
        let now = store.clock.now();
        while insist(&store, { let ada = ada.clone(); move |tx| erasure::erase(tx, &ada, now) }) > 0 {}
        assert!(!given_up().contains(&own), "the merit that was sent to the address is a record of the org");
        assert!(issuer.find(&direct.id).unwrap().values.is_empty());
    }

    fn an_attachment_whose_object_may_be_gone_is_not_sent(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let photo = issuer.add_field("Photo", FieldType::Photos);
        issuer.set_field(&photo, SettingChange { enabled: true, required: false, value_for_all: None }).unwrap();
        let id = request(&issuer, AttachmentKind::Photos, ContentType::Png).unwrap();
        upload(&issuer, &id);
        store.advance(Duration::from_hours(24));
        let recipient = issuer.recipient("ada@example.org", vec![(photo, text(id.digits()))]);
        assert_eq!(issuer.try_send(issuer.sending(vec![recipient])), Err(MeritProblem::NotFound));
    }

    fn an_upload_url_expires(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let id = request(&issuer, AttachmentKind::Photos, ContentType::Png).unwrap();
        store.advance(attachment::UPLOAD_LIFETIME);
        assert!(!upload(&issuer, &id));
    }
}
