//! Orgs as issuers: their profile, and whether the operator verified them.

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{OrgId, OrgRef};
use sigma_core::merits::{MeritProblem, OrgPermission, Standing};
use sigma_core::org::text;
use sigma_core::time::Timestamp;

use super::acting;
use super::decision::Decision;
use crate::event::{self, NewEvent};
use crate::{Owner, Row, StoreError, Tx, cached, org, params};

/// The public profile of an org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its id.
    pub id: OrgId,
    /// Its slug.
    pub slug: Option<String>,
    /// Its name: `title` on the wire.
    pub name: String,
    /// What it is and does.
    pub description: String,
    /// Its website.
    pub website: String,
    /// Where it is.
    pub address: String,
    /// Its telephone number.
    pub phone: String,
    /// Its address for enquiries.
    pub email: String,
    /// The object of its logo.
    pub logo: Option<String>,
    /// When the operator verified it.
    pub verified_at: Option<Timestamp>,
}

impl Issuer {
    /// Its standing.
    pub const fn standing(&self) -> Standing {
        if self.verified_at.is_some() { Standing::Verified } else { Standing::Unverified }
    }
}

/// A change to the profile, checked; `None` leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// Its name.
    pub name: Option<String>,
    /// What it is and does.
    pub description: Option<String>,
    /// Its website.
    pub website: Option<String>,
    /// Where it is.
    pub address: Option<String>,
    /// Its telephone number.
    pub phone: Option<String>,
    /// Its address for enquiries.
    pub email: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.slug, o.name, o.description, o.website, o.address, o.phone, o.contact_email, b.logo, o.verified_at
             FROM orgs o LEFT JOIN brandings b ON b.owner_kind = 'org' AND b.owner_id = o.id
             WHERE o.removed_at IS NULL AND ",
            $rest
        )
    };
}

/// The org of that id.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Option<Issuer>, StoreError> {
    tx.query_opt(select!("o.id = $1"), params![org_id])?.map(|row| decode(&row)).transpose()
}

/// The org that a caller named.
pub fn find_named(tx: &mut dyn Tx, org: &OrgRef) -> Result<Option<Issuer>, StoreError> {
    match org::resolve(tx, org)? {
        Some(org_id) => find(tx, &org_id),
        None => Ok(None),
    }
}

/// At most `limit` verified orgs whose name contains `text`, by name.
pub fn search(tx: &mut dyn Tx, wanted: &str, limit: u32) -> Result<Vec<Issuer>, StoreError> {
    let folded = text::folded(wanted.trim());
    let escaped = folded.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    tx.query_all(
        select!(
            "o.verified_at IS NOT NULL AND o.name_folded LIKE $1 ESCAPE '\\' ORDER BY o.name_folded, o.id LIMIT $2"
        ),
        params![format!("%{escaped}%"), limit],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Changes the profile of an org.
pub fn change(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    change: &ProfileChange,
    now: Timestamp,
) -> Decision<Issuer> {
    acting::lock(tx, org_id, actor, OrgPermission::EditOrg, now)?;
    let before = find(tx, org_id)?.ok_or(MeritProblem::NotFound)?;
    let new = |wanted: &Option<String>, before: &String| wanted.clone().unwrap_or_else(|| before.clone());
    let after = Issuer {
        name: new(&change.name, &before.name),
        description: new(&change.description, &before.description),
        website: new(&change.website, &before.website),
        address: new(&change.address, &before.address),
        phone: new(&change.phone, &before.phone),
        email: new(&change.email, &before.email),
        ..before.clone()
    };
    tx.execute(
        "UPDATE orgs SET name = $2, name_folded = $3, description = $4, website = $5, address = $6, phone = $7,
            contact_email = $8, updated_at = $9
         WHERE id = $1",
        params![
            org_id,
            &after.name,
            text::folded(&after.name),
            &after.description,
            &after.website,
            &after.address,
            &after.phone,
            &after.email,
            now
        ],
    )?;
    tx.changed(cached::ORG, org_id.as_str())?;
    let details = Details::changed([
        ("name", before.name != after.name),
        ("description", before.description != after.description),
        ("website", before.website != after.website),
        ("address", before.address != after.address),
        ("phone", before.phone != after.phone),
        ("contact_email", before.email != after.email),
    ]);
    let event = NewEvent::new(Action::WorkspaceChange).within(org_id).to(Target::Workspace(org_id.clone()));
    event::append(tx, event.by(actor.clone()).with(details))?;
    Ok(after)
}

/// Verifies an org, as the operator, or takes that back. What it sent before becomes Pending, and its recipients are told.
pub fn set_standing(tx: &mut dyn Tx, org_id: &OrgId, standing: Standing, now: Timestamp) -> Decision<()> {
    tx.lock(Owner::Org(org_id))?;
    let before = acting::standing(tx, org_id)?.ok_or(MeritProblem::NotFound)?;
    if before == standing {
        return Ok(());
    }
    let verified_at = (standing == Standing::Verified).then_some(now);
    tx.execute("UPDATE orgs SET verified_at = $2, updated_at = $3 WHERE id = $1", params![org_id, verified_at, now])?;
    if standing == Standing::Verified {
        // At most as many as `send` lets such an org have.
        tx.execute(
            "UPDATE merits SET status = 'Pending', notify_at = $2, updated_at = $2
             WHERE org_id = $1 AND status = 'Unverified'",
            params![org_id, now],
        )?;
        tx.execute(
            "UPDATE merits SET status = 'Unapproved', updated_at = $2
             WHERE org_id = $1 AND status = 'UnapprovedUnverified'",
            params![org_id, now],
        )?;
    }
    tx.changed(cached::ORG, org_id.as_str())?;
    let event = NewEvent::new(Action::WorkspaceChange).within(org_id).to(Target::Workspace(org_id.clone()));
    event::append(tx, event.with(Details::changed([("verified", true)])))?;
    Ok(())
}

fn decode(row: &Row) -> Result<Issuer, StoreError> {
    Ok(Issuer {
        id: OrgId::from_text(row.text(0)?),
        slug: row.opt_text(1)?,
        name: row.text(2)?,
        description: row.text(3)?,
        website: row.text(4)?,
        address: row.text(5)?,
        phone: row.text(6)?,
        email: row.text(7)?,
        logo: row.opt_text(8)?,
        verified_at: row.opt_timestamp(9)?,
    })
}
