//! Attachments, from the permission to upload to a merit that holds them.

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::ids::AttachmentId;
use sigma_core::merits::{
    AttachmentKind, ContentType, FieldType, FieldValue, MeritProblem, RequestFault, SettingChange,
};
use sigma_core::time::Clock as _;
use sigma_store::merits::attachment::{self, NewAttachment};
use sigma_store::on_both_engines;
use sigma_store::testing::{decide, insist};

use super::{Issuer, next_merit, text};

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
        store.advance(Duration::from_hours(25));
        let now = store.clock.now();
        let expired = store.read_blocking(move |tx| attachment::expired(tx, now, 10)).unwrap();
        let ids: Vec<_> = expired.into_iter().map(|attachment| attachment.id).collect();
        assert_eq!(ids, [document, foreign], "what no merit names goes");
        assert!(send(&id).is_ok(), "what a merit names stays");
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
