//! A merit as clients see it.

use serde::Serialize;
use sigma_core::email;
use sigma_core::ids::{AttachmentId, FieldId, OrgId};
use sigma_core::merits::{FieldValue, MemberPermissions, PersonName};
use sigma_platform::state::AppState;
use sigma_store::merits::Merit;
use sigma_store::merits::edit::MeritEdit;
use utoipa::ToSchema;

use crate::attachments::{Reader, attachment_url};

use super::permission::{Permission, granted};

/// A merit.
#[derive(Serialize, ToSchema)]
#[schema(as = Merit)]
#[serde(rename_all = "camelCase")]
pub struct MeritView {
    id: String,
    /// The issuer.
    org_id: String,
    /// ISO 8601.
    send_date_time: String,
    /// Whether its member has it: its status is `Accepted`.
    active: bool,
    status: &'static str,
    merit_template_id: String,
    merit_template_title: String,
    /// The address that it was sent to. Empty for one that was sent to a member, and to apps that may not see the address.
    email: String,
    name: PersonName,
    field_values: Vec<ValueView>,
    /// Who has it; null until it is accepted.
    recipient_member: Option<MemberView>,
    /// Whether its values may be changed.
    editable: bool,
    /// Of an Access Merit: what its app may see.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_granted_to_sender: Option<Vec<Permission>>,
}

/// A value of a field.
#[derive(Serialize, ToSchema)]
#[schema(as = MeritFieldValue)]
#[serde(rename_all = "camelCase")]
struct ValueView {
    field_id: String,
    value: FieldValue,
    /// Of attachments: where to download each, for five minutes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<AttachmentView>,
}

/// A file.
#[derive(Serialize, ToSchema)]
#[schema(as = MeritAttachment)]
struct AttachmentView {
    id: String,
    url: String,
}

/// A member.
#[derive(Serialize, ToSchema)]
#[schema(as = MeritMember)]
struct MemberView {
    id: String,
    name: PersonName,
}

impl MeritView {
    /// For the org that issued it.
    pub fn for_issuer(sigma: &AppState, reader: &Reader, merit: Merit) -> Self {
        let name = merit.shown_name();
        let recipient_member = merit.user_id.as_ref().filter(|_| merit.status.is_active());
        let recipient_member =
            recipient_member.map(|user| MemberView { id: user.digits().to_owned(), name: name.clone() });
        Self {
            id: merit.id.digits().to_owned(),
            org_id: merit.org_id.digits().to_owned(),
            send_date_time: merit.sent_at.iso8601(),
            active: merit.status.is_active(),
            status: merit.status.as_str(),
            merit_template_id: merit.template_id.digits().to_owned(),
            merit_template_title: merit.template_title,
            email: merit.email,
            name,
            field_values: merit
                .values
                .into_iter()
                .map(|value| ValueView::of(sigma, reader, &merit.org_id, value))
                .collect(),
            recipient_member,
            editable: merit.status.is_editable() && !merit.access,
            permissions_granted_to_sender: merit.permissions.as_ref().map(granted),
        }
    }

    /// Just sent: whoever gets it has not answered yet.
    pub fn sent(sigma: &AppState, reader: &Reader, merit: Merit) -> Self {
        Self { recipient_member: None, ..Self::for_issuer(sigma, reader, merit) }
    }

    /// For an app that its member lets see it. Of addresses it sees the primary one, if that is part of the profile that it sees,
    /// and those that merits of `org_id` were sent to, which the org knows. `primary` is folded.
    pub fn for_viewer(sigma: &AppState, reader: &Reader, merit: Merit, org_id: &OrgId, primary: Option<&str>) -> Self {
        let is_primary = || primary.is_some_and(|primary| primary == email::fold(&merit.email));
        if merit.org_id == *org_id || is_primary() {
            Self::for_issuer(sigma, reader, merit)
        } else {
            Self::without_address(sigma, reader, merit)
        }
    }

    /// The consent by which its app sees its member. Their name and address are part of the profile.
    pub fn for_access(sigma: &AppState, reader: &Reader, merit: Merit, permissions: &MemberPermissions) -> Self {
        let view = Self::for_issuer(sigma, reader, merit);
        if permissions.profile {
            return view;
        }
        Self { email: String::new(), ..view }
    }

    /// For an app that may not see addresses.
    pub fn without_address(sigma: &AppState, reader: &Reader, merit: Merit) -> Self {
        Self { email: String::new(), ..Self::for_issuer(sigma, reader, merit) }
    }

    /// For its member.
    pub fn for_member(sigma: &AppState, reader: &Reader, merit: Merit) -> Self {
        Self::for_issuer(sigma, reader, merit)
    }
}

impl ValueView {
    fn of(sigma: &AppState, reader: &Reader, org_id: &OrgId, (field, value): (FieldId, FieldValue)) -> Self {
        let file = |id: AttachmentId| AttachmentView {
            url: attachment_url(sigma, reader, org_id, &id),
            id: id.digits().to_owned(),
        };
        Self { field_id: field.digits().to_owned(), attachments: value.attachments().map(file).collect(), value }
    }
}

/// A merit that was just proposed: under both sets of names that clients read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProposedMerit {
    #[serde(flatten)]
    merit: MeritView,
    recipient_email: String,
    recipient_name: PersonName,
    recipient: Option<MemberView>,
}

impl ProposedMerit {
    /// Of that merit.
    pub fn of(sigma: &AppState, reader: &Reader, merit: Merit) -> Self {
        let (recipient_email, recipient_name) = (merit.email.clone(), merit.shown_name());
        Self { merit: MeritView::sent(sigma, reader, merit), recipient_email, recipient_name, recipient: None }
    }
}

/// A change to a value.
#[derive(Serialize, ToSchema)]
#[schema(as = MeritEdit)]
#[serde(rename_all = "camelCase")]
pub struct EditView {
    id: String,
    merit_id: String,
    field_id: String,
    old_value: Option<FieldValue>,
    new_value: Option<FieldValue>,
    edit_date_time: String,
}

impl From<MeritEdit> for EditView {
    fn from(edit: MeritEdit) -> Self {
        Self {
            id: edit.id.digits().to_owned(),
            merit_id: edit.merit_id.digits().to_owned(),
            field_id: edit.field_id.digits().to_owned(),
            old_value: edit.old_value,
            new_value: edit.new_value,
            edit_date_time: edit.edited_at.iso8601(),
        }
    }
}
