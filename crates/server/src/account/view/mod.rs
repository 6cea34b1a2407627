//! What the pages of an account show.

mod activity;
mod authenticator;
mod key;
mod own_account;
mod password;
mod recovery_codes;
mod welcome;

pub use activity::{Activity, ActivityLine, Names};
pub use authenticator::AddAuthenticator;
pub use key::AddKey;
pub use own_account::{CredentialLine, EmailLine, OwnAccount, OwnPasskeys, WaitingAddress};
pub use password::{AccountPassword, ForgotPassword, PasswordState, ResetPassword};
pub use recovery_codes::RecoveryCodesPage;
pub use welcome::{SessionLine, Welcome};
