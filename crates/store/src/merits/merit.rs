//! A merit as stored.

use sigma_core::ids::{AppId, MeritId, MeritTemplateId, OrgId, UserId};
use sigma_core::merits::{FieldValues, MemberPermissions, PersonName, Status};
use sigma_core::time::Timestamp;

use crate::{Row, StoreError, Tx, cached, params};

/// A merit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merit {
    /// The issuer.
    pub org_id: OrgId,
    /// Its id.
    pub id: MeritId,
    /// Its template.
    pub template_id: MeritTemplateId,
    /// The title of its template.
    pub template_title: String,
    /// Whether it is a consent.
    pub access: bool,
    /// Its status.
    pub status: Status,
    /// The recipient's address; empty if it was sent to a member.
    pub email: String,
    /// The account that holds it; without one it waits for whoever proves the address.
    pub user_id: Option<UserId>,
    /// The recipient's name.
    pub name: PersonName,
    /// The values of its fields.
    pub values: FieldValues,
    /// Of an Access Merit: the app.
    pub app_id: Option<AppId>,
    /// Of an Access Merit: what the app may see.
    pub permissions: Option<MemberPermissions>,
    /// Whether its verification page shows it.
    pub is_public: bool,
    /// The reason of its revocation.
    pub reason: Option<String>,
    /// The merit that was sent instead.
    pub successor_id: Option<MeritId>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Merit {
    /// The name that the issuer and its apps see. That of a consent is the member's own, and part of their profile: it is
    /// empty until they agree to show that.
    pub fn shown_name(&self) -> PersonName {
        let grants_profile = self.permissions.as_ref().is_some_and(|permissions| permissions.profile);
        if self.access && !(grants_profile && self.status == Status::Accepted) {
            return PersonName::default();
        }
        self.name.clone()
    }
}

/// The columns of a merit `m` with its template `t`, in the order of [`decode`].
macro_rules! select {
    () => {
        "SELECT m.org_id, m.id, m.template_id, t.title, m.access, m.status, m.email, m.user_id, m.first_name, m.last_name,
            m.field_values, m.app_id, m.permissions, m.is_public, m.reason, m.successor_id, m.sent_at, m.updated_at
         FROM merits m LEFT JOIN merit_templates t ON t.org_id = m.org_id AND t.id = m.template_id"
    };
}
pub(super) use select;

pub(super) const ID_PREFIX: &str = "mrt_";

pub(super) fn decode(row: &Row) -> Result<Merit, StoreError> {
    Ok(Merit {
        org_id: OrgId::from_text(row.text(0)?),
        id: MeritId::from_text(row.text(1)?),
        template_id: MeritTemplateId::from_text(row.text(2)?),
        template_title: row.opt_text(3)?.unwrap_or_default(),
        access: row.bool(4)?,
        status: row.parsed(5, "the status of a merit", Status::parse)?,
        email: row.text(6)?,
        user_id: row.opt_text(7)?.map(UserId::from_text),
        name: PersonName { first_name: row.text(8)?, last_name: row.text(9)? },
        values: row.parsed(10, "the values of a merit", |text| serde_json::from_str(text).ok())?,
        app_id: row.opt_text(11)?.map(AppId::from_text),
        permissions: match row.opt_text(12)? {
            None => None,
            Some(_) => Some(row.parsed(12, "the permissions of a merit", MemberPermissions::from_stored)?),
        },
        is_public: row.bool(13)?,
        reason: row.opt_text(14)?,
        successor_id: row.opt_text(15)?.map(MeritId::from_text),
        sent_at: row.timestamp(16)?,
        updated_at: row.timestamp(17)?,
    })
}

/// The merit of that org and id.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, id: &MeritId) -> Result<Option<Merit>, StoreError> {
    tx.query_opt(concat!(select!(), " WHERE m.org_id = $1 AND m.id = $2"), params![org_id, id])?
        .map(|row| decode(&row))
        .transpose()
}

/// Reports that a merit, which was or is now accepted, no longer looks as it did.
pub(super) fn changed(tx: &mut dyn Tx, merit: &Merit) -> Result<(), StoreError> {
    match &merit.user_id {
        Some(user_id) if !merit.access => tx.changed(cached::MEMBER_MERITS, user_id.as_str()),
        _ => Ok(()),
    }
}

pub(super) fn values_to_text(values: &FieldValues) -> Result<String, StoreError> {
    serde_json::to_string(values).map_err(|error| StoreError::Failed(error.to_string()))
}
