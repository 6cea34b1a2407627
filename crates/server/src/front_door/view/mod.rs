//! What the pages of the front door show.

mod email_sign_up;
mod provider;
mod sign_in;

pub use email_sign_up::{ConfirmEmail, ConfirmState, EmailSignUpCheck, EmailSignUpForm};
pub use provider::LinkQuestion;
pub use sign_in::{Aim, KeyHints, QuickLoginGroup, QuickLoginLine, SignInPage, SignUp};
