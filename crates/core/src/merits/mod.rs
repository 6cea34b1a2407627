//! Merits: digital credentials that orgs issue to members, and what members let apps see of them (`docs/spec/merits.md`).

mod attachment;
mod cursor;
pub mod did_web;
mod field;
mod name;
mod permission;
mod problem;
pub mod proof;
mod return_url;
mod setting;
mod status;
mod text;
mod value;

pub use attachment::{AttachmentKind, ContentType, LARGEST_ATTACHMENT};
pub use cursor::{Cursor, Direction, PageRequest, Scope};
pub use field::{FieldType, GLOBAL_FIELDS, GlobalField, global_field};
pub use name::{NAME_PART_LENGTH, PersonName};
pub use permission::{MOST_ORGS, MemberPermissions, OrgPermission, OrgPermissions, RequestedPermission};
pub use problem::{AttachmentFault, MeritProblem, RequestFault};
pub use return_url::{ReturnUrl, SiteUrl, SiteUrlProblem};
pub use setting::{FieldSetting, MOST_FIELDS, SettingChange};
pub use status::{Move, Standing, Status};
pub use text::{
    DESCRIPTION_LENGTH, FIELD_DESCRIPTION_LENGTH, FIELD_NAME_LENGTH, REASON_LENGTH, TITLE_LENGTH, field_description,
    field_name, reason, template_description, template_title,
};
pub use value::{FieldValue, FieldValues, LONG_TEXT_LENGTH, MOST_ATTACHMENTS, SHORT_TEXT_LENGTH};
