//! Passkeys and codes, as far as the sign-in page and the account page share them: challenges, what browsers answer, and
//! what of a code is checked without the store.

pub mod challenge;
pub mod codes;
pub mod passkeys;
