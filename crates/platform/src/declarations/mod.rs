//! Declarations: apps, resources, workspaces, roles, providers and the look of the server, brought to the state that a document
//! declares (`docs/guides/apply.md`). Commands and the management API bring about the same.
//!
//! The changes are made in one transaction, which is rolled back the first time: so what is shown is what the rules of the store
//! say, and not a guess. Only if the second time does the same are they kept.

mod app;
mod app_settings;
mod document;
mod export;
mod look;
mod org;
mod place;
mod plan;
mod provider;
mod resource;
mod role;
mod run;
mod step;

pub use document::{
    AppEntry, BRANDING, BrandingEntry, Declarations, OrgEntry, ProviderEntry, ResourceEntry, RoleEntry, ScopeEntry,
    SecretSource, pointer, role_pointer,
};
pub use export::{NAMES, export};
pub use look::{Logos, from_data_url, to_data_url};
pub use place::{Place, Problem};

pub use plan::{Known, LONGEST_SECRET, Means, Plan, Unplanned};
pub use run::{Report, Run, bring_about};
pub use step::{Kind, Members, Step};
