//! Attachments: files in the fields of merits. The object is written between [`request`] and [`stored`]; what no merit names
//! within a day is deleted.

use std::collections::BTreeSet;
use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::ids::{AttachmentId, MeritId, OrgId, UserId};
use sigma_core::merits::{
    AttachmentKind, ContentType, FieldValue, FieldValues, MeritProblem, OrgPermission, RequestFault,
};
use sigma_core::org::OrgQuota;
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::send::DAY;
use super::{acting, send};
use crate::org::quotas;
use crate::{Row, StoreError, Tx, params, quota};

/// How long an upload may take to begin.
pub const UPLOAD_LIFETIME: Duration = Duration::from_hours(1);

/// An attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its org.
    pub org_id: OrgId,
    /// Its id.
    pub id: AttachmentId,
    /// Which fields hold it.
    pub kind: AttachmentKind,
    /// What it contains.
    pub content_type: ContentType,
    /// Its size in bytes.
    pub size: i64,
    /// Whether its content was uploaded.
    pub is_stored: bool,
    /// When its upload was requested.
    pub created_at: Timestamp,
}

impl Attachment {
    /// The name of its object.
    pub fn object(&self) -> String {
        object(&self.org_id, &self.id)
    }
}

/// The name of an attachment's object.
pub fn object(org_id: &OrgId, id: &AttachmentId) -> String {
    format!("attachments/{}/{}", org_id.digits(), id.digits())
}

/// An upload to be permitted.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    /// Its id.
    pub id: AttachmentId,
    /// Which fields hold it.
    pub kind: AttachmentKind,
    /// What it contains.
    pub content_type: ContentType,
    /// Its size in bytes, [permitted](ContentType::permit).
    pub size: i64,
    /// The digest of the secret in its upload URL.
    pub upload: Digest,
    /// Bytes that an org without a quota of its own may upload a day.
    pub daily_bytes: i64,
    /// The current time.
    pub now: Timestamp,
}

/// Permits an upload.
pub fn request(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, new: &NewAttachment) -> Decision<()> {
    acting::lock(tx, org_id, actor, OrgPermission::Propose, new.now)?;
    charge(tx, org_id, (new.size, new.daily_bytes), new.now)?;
    tx.execute(
        "INSERT INTO merit_attachments (org_id, id, kind, content_type, size, upload_hash, stored_at, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $8)",
        params![
            org_id,
            &new.id,
            new.kind.as_str(),
            new.content_type.as_str(),
            new.size,
            &new.upload,
            new.now,
            new.now.plus(DAY)
        ],
    )?;
    Ok(())
}

/// Begins to receive a file whose size is not known yet: the object may be written, and [`received`] says how large it is.
/// Without that the object is deleted like that of any other attachment which no merit names.
pub fn begin(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, new: &NewAttachment) -> Decision<()> {
    request(tx, org_id, actor, &NewAttachment { size: 1, ..new.clone() })
}

/// Records that a file was received, and counts its bytes.
pub fn received(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, new: &NewAttachment) -> Decision<()> {
    acting::lock(tx, org_id, actor, OrgPermission::Propose, new.now)?;
    charge(tx, org_id, (new.size - 1, new.daily_bytes), new.now)?;
    let stored = tx.execute(
        "UPDATE merit_attachments SET size = $3, stored_at = $4 WHERE org_id = $1 AND id = $2 AND stored_at IS NULL",
        params![org_id, &new.id, new.size, new.now],
    )?;
    // It took so long that the object is gone.
    if stored == 1 { Ok(()) } else { Err(MeritProblem::NotFound.into()) }
}

/// Takes bytes from those that an org may upload a day: `daily_bytes`, unless it has a quota of its own.
pub(super) fn charge(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (bytes, daily_bytes): (i64, i64),
    now: Timestamp,
) -> Decision<()> {
    let own = quotas::find_own(tx, org_id, OrgQuota::UploadMebibytesPerDay)?;
    let most = own.map_or(daily_bytes, |mebibytes| i64::from(mebibytes) << 20);
    let org = (quota::Purpose::AttachmentsOfOrg, org_id.as_str());
    let taken = quota::take(tx, org, (bytes, most), now, DAY)?;
    Ok(taken.map_err(|until| send::rate_limit(until, now))?)
}

/// Gives up a file that was not received as a whole, or was refused: its object is deleted.
pub fn give_up(tx: &mut dyn Tx, org_id: &OrgId, id: &AttachmentId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE merit_attachments SET expires_at = $3 WHERE org_id = $1 AND id = $2 AND expires_at IS NOT NULL";
    tx.execute(sql, params![org_id, id, now])?;
    Ok(())
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, id, kind, content_type, size, stored_at, created_at FROM merit_attachments WHERE ",
            $rest
        )
    };
}

/// The attachment that may be uploaded with that secret.
pub fn find_upload(tx: &mut dyn Tx, upload: &Digest, now: Timestamp) -> Result<Option<Attachment>, StoreError> {
    let since = now.minus(UPLOAD_LIFETIME);
    tx.query_opt(select!("upload_hash = $1 AND stored_at IS NULL AND created_at > $2"), params![upload, since])?
        .map(|row| decode(&row))
        .transpose()
}

/// Records that the content is there; returns whether it was expected.
pub fn stored(tx: &mut dyn Tx, org_id: &OrgId, id: &AttachmentId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE merit_attachments SET stored_at = $3 WHERE org_id = $1 AND id = $2 AND stored_at IS NULL";
    Ok(tx.execute(sql, params![org_id, id, now])? == 1)
}

/// Takes that back: the content could not be written, and may be uploaded again.
pub fn not_stored(tx: &mut dyn Tx, org_id: &OrgId, id: &AttachmentId) -> Result<(), StoreError> {
    let sql = "UPDATE merit_attachments SET stored_at = NULL WHERE org_id = $1 AND id = $2 AND expires_at IS NOT NULL";
    tx.execute(sql, params![org_id, id])?;
    Ok(())
}

/// Whether the member has a merit that names the attachment.
pub fn is_held_by(tx: &mut dyn Tx, org_id: &OrgId, id: &AttachmentId, user_id: &UserId) -> Result<bool, StoreError> {
    let held = tx.query_opt(
        "SELECT 1 FROM merit_attachment_uses u CROSS JOIN merits m
         WHERE u.org_id = $1 AND u.attachment_id = $2 AND m.org_id = u.org_id AND m.id = u.merit_id
            AND m.user_id = $3 AND m.status = 'Accepted' LIMIT 1",
        params![org_id, id, user_id],
    )?;
    Ok(held.is_some())
}

/// The attachment of that org and id, unless it was given up.
pub fn find_kept(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &AttachmentId,
    now: Timestamp,
) -> Result<Option<Attachment>, StoreError> {
    let sql = select!("org_id = $1 AND id = $2 AND (expires_at IS NULL OR expires_at > $3)");
    tx.query_opt(sql, params![org_id, id, now])?.map(|row| decode(&row)).transpose()
}

/// The attachment of that org and id.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, id: &AttachmentId) -> Result<Option<Attachment>, StoreError> {
    tx.query_opt(select!("org_id = $1 AND id = $2"), params![org_id, id])?.map(|row| decode(&row)).transpose()
}

/// Checks that a value names uploaded attachments of that kind, of this org. One that has expired may have lost its object.
pub(super) fn check(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    kind: AttachmentKind,
    value: &FieldValue,
    now: Timestamp,
) -> Decision<()> {
    for id in value.attachments() {
        let found = find_kept(tx, org_id, &id, now)?.ok_or(MeritProblem::NotFound)?;
        if found.kind != kind || !found.is_stored {
            return Err(RequestFault::Value.into());
        }
    }
    Ok(())
}

/// Keeps the attachments that a merit names.
pub(super) fn keep(tx: &mut dyn Tx, org_id: &OrgId, merit: &MeritId, values: &FieldValues) -> Result<(), StoreError> {
    for id in values.values().flat_map(FieldValue::attachments) {
        let sql = "UPDATE merit_attachments SET expires_at = NULL WHERE org_id = $1 AND id = $2";
        tx.execute(sql, params![org_id, &id])?;
        tx.execute(
            "INSERT INTO merit_attachment_uses (org_id, attachment_id, merit_id) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            params![org_id, &id, merit],
        )?;
    }
    Ok(())
}

/// Gives up what a merit named before and names no more. The object is deleted, unless another merit names it, as the one that
/// it was transferred to.
pub(super) fn release(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    merit: &MeritId,
    before: &FieldValues,
    after: &FieldValues,
    now: Timestamp,
) -> Result<(), StoreError> {
    let kept: BTreeSet<AttachmentId> = after.values().flat_map(FieldValue::attachments).collect();
    for id in before.values().flat_map(FieldValue::attachments).filter(|id| !kept.contains(id)) {
        let sql = "DELETE FROM merit_attachment_uses WHERE org_id = $1 AND attachment_id = $2 AND merit_id = $3";
        tx.execute(sql, params![org_id, &id, merit])?;
        tx.execute(
            "UPDATE merit_attachments SET expires_at = $3 WHERE org_id = $1 AND id = $2
                AND NOT EXISTS (SELECT 1 FROM merit_attachment_uses u WHERE u.org_id = $1 AND u.attachment_id = $2)",
            params![org_id, &id, now],
        )?;
    }
    Ok(())
}

/// At most `limit` attachments that nothing names: their objects are deleted, then [`remove`]d.
pub fn expired(tx: &mut dyn Tx, now: Timestamp, limit: u32) -> Result<Vec<Attachment>, StoreError> {
    tx.query_all(
        select!("expires_at IS NOT NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2"),
        params![now, limit],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Removes an attachment whose object is gone, unless a merit names it by now.
pub fn remove(tx: &mut dyn Tx, org_id: &OrgId, id: &AttachmentId) -> Result<(), StoreError> {
    let sql = "DELETE FROM merit_attachments WHERE org_id = $1 AND id = $2 AND expires_at IS NOT NULL";
    tx.execute(sql, params![org_id, id])?;
    Ok(())
}

fn decode(row: &Row) -> Result<Attachment, StoreError> {
    Ok(Attachment {
        org_id: OrgId::from_text(row.text(0)?),
        id: AttachmentId::from_text(row.text(1)?),
        kind: row.parsed(2, "the kind of an attachment", |text| AttachmentKind::parse(text).ok())?,
        content_type: row.parsed(3, "a content type", ContentType::parse)?,
        size: row.int(4)?,
        is_stored: row.opt_timestamp(5)?.is_some(),
        created_at: row.timestamp(6)?,
    })
}
