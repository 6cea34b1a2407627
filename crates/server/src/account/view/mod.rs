//! What the pages of an account show.

mod activity;
mod agents;
mod apps;
mod authenticator;
mod deletion;
mod identities;
mod key;
mod merge;
mod own_account;
mod password;
mod profile;
mod recovery_codes;
mod welcome;

pub use activity::{Activity, ActivityLine, Names};
pub use agents::{ActingLine, AgentLine, AgentScope, AgentsPage, NewSecret};
pub use apps::{AccountApps, AppLine};
pub use authenticator::AddAuthenticator;
pub use deletion::{AccountDeletion, Refused};
pub use identities::{AccountIdentities, IdentityLine, KeyLine};
pub use key::AddKey;
pub use merge::{AccountMerge, MergeStage, MergedAccount};
pub use own_account::{CredentialLine, EmailLine, LanguageChoice, OwnAccount, OwnPasskeys, WaitingAddress};
pub use password::{AccountPassword, ForgotPassword, PasswordState, ResetPassword};
pub use profile::{AccountProfile, ProfileChoice, ProfileField};
pub use recovery_codes::RecoveryCodesPage;
pub use welcome::{SessionLine, Welcome};
