//! What stands before a password is hashed: counts of failures in memory. A hash costs too much to look first, as is done
//! where only a signature or a code is checked.

use sigma_store::password::Device;

use crate::http::{Exceeded, Key, RequestContext, Rule};

/// The counts that one password meets: for a stranger those of the account at the address, so that nobody is held back for
/// the failures of somebody else beside them, and a generous one of the address; for a browser that is known its own.
pub(super) struct Gate<'a> {
    pub context: &'a RequestContext,
    /// The account, folded.
    pub email: &'a str,
    pub device: Option<&'a Device>,
}

impl Gate<'_> {
    /// Counts a failure before it happens, so that many at once count as many.
    pub fn enter(&self) -> Result<(), Exceeded> {
        if let Some(device) = self.device {
            return self.context.charge(Rule::SignIn, device.name.as_str());
        }
        let client = self.context.client();
        self.context.charge(Rule::Password, client)?;
        self.context.charge(Rule::SignIn, Key::At(client, self.email)).inspect_err(|_| {
            // Who asks for one account again and again takes nothing from the others at the address.
            self.context.refund(Rule::Password, client);
        })
    }

    /// Takes back what was no failure.
    pub fn let_in(&self) {
        if let Some(device) = self.device {
            return self.context.refund(Rule::SignIn, device.name.as_str());
        }
        let client = self.context.client();
        self.context.refund(Rule::Password, client);
        self.context.refund(Rule::SignIn, Key::At(client, self.email));
    }
}
