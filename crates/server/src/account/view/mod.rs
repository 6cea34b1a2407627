//! What the pages of an account show.

mod activity;
mod own_account;
mod password;
mod welcome;

pub use activity::{Activity, ActivityLine, Names};
pub use own_account::{CredentialLine, EmailLine, OwnAccount, WaitingAddress};
pub use password::{AccountPassword, ForgotPassword, PasswordState, ResetPassword};
pub use welcome::{SessionLine, Welcome};
