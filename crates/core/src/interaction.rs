//! What a user is in the middle of on our pages: where they continue after sign-in, and whether they must sign in
//! first.

mod pages;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::authentication::{AccountCredentials, Acr, CredentialKind, Progress, Requirement, progress};
use crate::authorize::{AuthorizationRequest, ErrorResponse, NextStep, PromptValue, SessionFacts};
use crate::ids::OrgRef;
use crate::time::Timestamp;

pub use pages::{AccountPage, BrandingOf, ConsolePage, OrgAccess, OrgSection, WorkspacePage};

/// A user's destination, where they continue after sign-in. It never holds an address: each variant names a page of
/// ours, or a request that is validated again when resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuation {
    /// An app's authorization request. Its failures go to the app.
    Authorization {
        /// The parameters, form-encoded.
        query: String,
    },
    /// The pages of a workspace, or the choice among the user's workspaces.
    Workspace {
        /// The workspace, as its address named it; `None` for the choice. Whether it exists is not yet known: that is
        /// told to its members alone.
        workspace: Option<OrgRef>,
        /// The page.
        page: WorkspacePage,
    },
    /// An invitation to a workspace. It is never stored: of a link the database has only the digest.
    Invitation {
        /// The secret of the link.
        token: LinkSecret,
    },
    /// A page of the user's account.
    Account {
        /// Which one.
        page: AccountPage,
    },
    /// An app's request to sign the user in and see their merits ("Login with Sigma"). Its row is found by the digest of
    /// the token, which is never stored.
    MeritLogin {
        /// The token of its address.
        token: LinkSecret,
    },
    /// An app's request to act for an org ("Link App"). Its row is found likewise.
    LinkApp {
        /// The token of its address.
        token: LinkSecret,
    },
    /// The merits pages of an org, or the choice among the orgs that the user administers. Whether it exists is not yet
    /// known: that is told to its admins alone.
    MeritOrg {
        /// The org, as its address named it; `None` for the choice.
        org: Option<OrgRef>,
    },
    /// Changing what an org shows or gives away, on its pages: the user signs in again first. Whether it exists is not yet known.
    OrgChange {
        /// The org.
        org: OrgRef,
        /// The pages.
        section: OrgSection,
    },
    /// Becoming the first owner of the installation, by the link that the server printed. It is never stored.
    FirstOwner {
        /// The secret of the link.
        token: LinkSecret,
    },
    /// A page of the console. Whether the user may see it is not yet known.
    Console {
        /// Which one.
        page: ConsolePage,
    },
    /// Letting a device in that shows this user code (RFC 8628 §3.3).
    Device {
        /// The code, as the person typed it.
        user_code: LinkSecret,
        /// Whether the app of the device requires a second factor.
        second_factor: bool,
    },
    /// Restoring a key on a new device: the provider says who the person is, and nothing else begins.
    Restore,
    /// The front page.
    Home,
}

/// The secret of a mailed link. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkSecret(String);

impl LinkSecret {
    /// The secret as the link holds it.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret, for the page that accepts it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(…)")
    }
}

/// What the sign-in page has to do for a visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// Nothing: they continue.
    GoOn,
    /// Sign in, as any account.
    SignIn,
    /// Re-authenticate: they are signed in and must prove it again.
    Reauthenticate,
    /// Prove one of these as well: they are signed in, and lack a factor.
    StepUp(Vec<CredentialKind>),
    /// Add one of these: they are signed in, and have no second factor, which is required.
    Enrol(Vec<CredentialKind>),
}

/// How recent the last authentication must be for changing a credential, an address or a second factor: an abandoned or
/// stolen session does not suffice.
pub const RECENT: Duration = Duration::from_mins(15);

/// Whether a session may change credentials, addresses and second factors of its account, which has these credentials: it
/// was authenticated a short time ago, at the strongest class that the account can reach.
pub fn may_change_credentials(session: &SessionFacts, credentials: &[CredentialKind], now: Timestamp) -> bool {
    now.since(session.auth_time) <= RECENT && is_strongest(session, credentials)
}

/// Whether the session reached the strongest class that its account can reach.
pub fn is_strongest(session: &SessionFacts, credentials: &[CredentialKind]) -> bool {
    session.methods.acr() >= Acr::strongest_of(credentials)
}

/// A signed-in browser, before the sign-in page.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    /// The session.
    pub session: &'a SessionFacts,
    /// The kinds of credentials that the account has.
    pub credentials: &'a [CredentialKind],
    /// Whether the destination requires a second factor of everybody.
    pub requires_second_factor: bool,
}

impl Continuation {
    /// A page of the workspace that an address calls `name`; the choice among workspaces if that is no name of one.
    pub fn workspace(name: &str, page: WorkspacePage) -> Self {
        match OrgRef::parse(name) {
            Some(workspace) => Self::Workspace { workspace: Some(workspace), page },
            None => Self::workspaces(),
        }
    }

    /// The choice among the user's workspaces.
    pub const fn workspaces() -> Self {
        Self::Workspace { workspace: None, page: WorkspacePage::Start }
    }

    /// Whether a browser that it is not bound to may restart it. Anybody may begin an app's request, so nothing is lost
    /// by that; everything else belongs to the browser in which it began.
    pub const fn restarts_in_any_browser(&self) -> bool {
        matches!(self, Self::Authorization { .. })
    }

    /// Whether it requires a recent sign-in, even of signed-in users: what it gives away cannot be seen from this browser
    /// any more.
    const fn needs_recent_sign_in(&self) -> bool {
        matches!(self, Self::Device { .. }) || self.changes_credentials()
    }

    /// Whether it requires a recent sign-in by the strongest means, even of signed-in users.
    const fn changes_credentials(&self) -> bool {
        use AccountPage::{
            AgentsChange, BackupChange, Change, DeletionRequest, DevelopersChange, FirstPassword, MergeChange, Restore,
        };
        matches!(
            self,
            Self::OrgChange { .. }
                | Self::Account {
                    page: FirstPassword
                        | Change
                        | AgentsChange
                        | DevelopersChange
                        | DeletionRequest
                        | MergeChange
                        | BackupChange
                        | Restore
                }
                | Self::Console {
                    page: ConsolePage::PeopleChange
                        | ConsolePage::PeopleTransfer
                        | ConsolePage::PersonChange(_)
                        | ConsolePage::AppChange(_)
                        | ConsolePage::RegistrationChange
                        | ConsolePage::DocumentsChange
                        | ConsolePage::ResourcesChange
                        | ConsolePage::OrgsChange
                        | ConsolePage::OrgChange(_)
                        | ConsolePage::OrgDomainsChange(_)
                        | ConsolePage::OrgAccessChange(..)
                        | ConsolePage::WebhooksChange(_)
                        | ConsolePage::KeysChange
                        | ConsolePage::MailChange
                        | ConsolePage::SessionsChange
                        | ConsolePage::BrandingChange(_)
                        | ConsolePage::ProvidersChange
                }
        )
    }

    /// What the sign-in page has to do before a page of ours, opened at `started_at`. An authorization request has
    /// further requirements: see [`Entrance::before`].
    pub fn entrance(&self, guest: Option<Guest<'_>>, started_at: Timestamp) -> Entrance {
        let Some(Guest { session, credentials, requires_second_factor }) = guest else { return Entrance::SignIn };
        let requires_second_factor = requires_second_factor || matches!(self, Self::Device { second_factor: true, .. });
        let mut requirement = Requirement { required: Acr::demanded_by(credentials), ..Requirement::ONE_FACTOR };
        if self.needs_recent_sign_in() {
            requirement.since = Some(started_at.minus(RECENT));
        }
        if self.changes_credentials() {
            requirement.wanted = Acr::strongest_of(credentials);
        }
        let mut enrollable: &[CredentialKind] = &[];
        if requires_second_factor {
            (requirement.required, enrollable) = (Acr::Two, &CredentialKind::SECOND_FACTORS);
        }
        let authentication = session.authentication();
        if !requirement.accepts_time_of(&authentication) {
            return Entrance::Reauthenticate;
        }
        match progress(Some(&authentication), AccountCredentials { held: credentials, enrollable }, requirement) {
            Progress::Done => Entrance::GoOn,
            Progress::NeedsFactor(factors) => Entrance::StepUp(factors),
            Progress::NeedsEnrolment(kinds) => Entrance::Enrol(kinds),
            // Nothing was proven: a session of a quick login is none of these pages'.
            Progress::OutOfReach => Entrance::Reauthenticate,
        }
    }
}

impl Entrance {
    /// What the sign-in page has to do for `request`, whose next step is `step`. Anything unrelated to signing in,
    /// refusals included, is left to the request itself.
    pub fn before(
        request: &AuthorizationRequest,
        step: &Result<NextStep, ErrorResponse>,
        session: Option<&SessionFacts>,
    ) -> Self {
        let asks_again = request.prompt.asks(PromptValue::Login) || request.max_age.is_some();
        match step {
            Ok(NextStep::SignIn) if session.is_some() && asks_again => Self::Reauthenticate,
            Ok(NextStep::SignIn | NextStep::SignUp) => Self::SignIn,
            Ok(NextStep::StepUp(factors)) => Self::StepUp(factors.clone()),
            Ok(NextStep::Enrol(kinds)) => Self::Enrol(kinds.clone()),
            _ => Self::GoOn,
        }
    }
}

#[cfg(test)]
mod tests;
