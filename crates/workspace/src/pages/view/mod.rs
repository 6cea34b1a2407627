//! The pages of a workspace: the frame around each, and one file per page.

mod chooser;
mod invitation;
mod key;
mod keys;
mod people;
mod person;
mod role;
mod roles;
mod settings;

#[cfg(test)]
mod tests;

pub use chooser::{Chooser, WorkspaceLine};
pub use invitation::{AcceptInvitation, InvitationForm};
pub use key::{KeyForm, KeyMade, KeyPage, PermissionLine};
pub use keys::{KeyLine, KeyState, Keys};
pub use people::{MemberLine, MemberStatus, Paging, People};
pub use person::{InviteForm, MemberPage, QuickLoginSwitch, RoleOption};
pub use role::{AttributeRow, CatalogRow, Editing, RoleForm, SchemaRow, SwitchLine};
pub use roles::{RoleLine, Roles};
pub use settings::{QuickLoginsSetting, WorkspaceSettings};

/// The frame around the content of every page of a workspace.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The workspace.
    pub workspace: WorkspaceLink,
    /// Path of its logo.
    pub logo_url: Option<String>,
    /// The viewer's other workspaces, to switch to.
    pub others: Vec<WorkspaceLink>,
    /// The viewer's name.
    pub person: String,
    /// The name of the viewer's role.
    pub role: String,
    /// The sections that the viewer may open.
    pub tabs: Vec<Tab>,
    /// Whether the viewer may open the pages on which the workspace issues merits.
    pub issues_merits: bool,
    /// The section of the current page.
    pub current: Tab,
    /// The outcome of the last action.
    pub notice: Option<Notice>,
}

/// A workspace to switch to.
#[derive(Clone, Debug)]
pub struct WorkspaceLink {
    /// Its id.
    pub id: String,
    /// Display name.
    pub name: String,
}

/// One section of a workspace's pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Its members.
    People,
    /// Its roles.
    Roles,
    /// Its API keys.
    Keys,
    /// All else.
    Settings,
}

/// The outcome of an action.
#[derive(Clone, Debug)]
pub enum Notice {
    /// It is done.
    Done(String),
    /// It failed, with the reason.
    Refused(String),
}

impl Frame {
    fn initial(&self) -> String {
        sigma_platform::pages::view::initial(&self.workspace.name)
    }

    /// The path of this workspace's pages.
    fn base(&self) -> String {
        self.workspace.url()
    }
}

impl WorkspaceLink {
    fn url(&self) -> String {
        format!("/workspace/{}", self.id)
    }
}

impl Tab {
    /// Its path below that of the workspace.
    pub const fn path(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Roles => "roles",
            Self::Keys => "keys",
            Self::Settings => "settings",
        }
    }

    /// Its name: a key of the catalogue.
    const fn label(self) -> &'static str {
        match self {
            Self::People => "workspace-people",
            Self::Roles => "workspace-roles",
            Self::Keys => "workspace-keys",
            Self::Settings => "workspace-settings",
        }
    }
}
