//! What the pages of this surface show.

mod consent;
mod device;
mod form_post;
mod logout;
mod select_account;
mod select_org;

pub use consent::{Consent, IdentityChoice, ScopeLine};
pub use device::{ApproveDevice, DeviceDecided, EnterUserCode};
pub use form_post::FormPost;
pub use logout::{LogOutConfirm, SignedOut};
pub use select_account::SelectAccount;
pub use select_org::{OrgChoice, SelectOrg};
