//! What the pages of the front door show.

mod email_sign_up;
mod provider;
mod second_factor;
mod sign_in;

pub use email_sign_up::{ConfirmEmail, ConfirmState, EmailSignUpCheck, EmailSignUpForm};
pub use provider::LinkQuestion;
pub use second_factor::{AddSecondFactor, PasskeyHints, SecondFactorPage};
pub use sign_in::{Aim, KeyHints, QuickLoginGroup, QuickLoginLine, SignInPage, SignUp};
