//! Checks before a password is hashed: in-memory counts of failures. Unlike a signature or a code, a password costs too
//! much to be checked first.

use sigma_store::password::Device;

use crate::http::{Exceeded, Key, RequestContext, Rule};

/// The counts that apply to one password: for an unknown browser, that of the account at this address, so that nobody
/// is held back by failures from elsewhere, and a generous one of the address; for a known browser, its own.
pub(super) struct Gate<'a> {
    pub context: &'a RequestContext,
    /// The account, folded.
    pub email: &'a str,
    pub device: Option<&'a Device>,
}

impl Gate<'_> {
    /// Counts a failure in advance, so that concurrent attempts all count.
    pub async fn enter(&self) -> Result<(), Exceeded> {
        if let Some(device) = self.device {
            return self.context.charge_shared(Rule::SignIn, device.name.as_str()).await;
        }
        let client = self.context.client();
        self.context.charge_shared(Rule::Password, client).await?;
        self.context.charge_shared(Rule::SignIn, Key::At(client, self.email)).await.inspect_err(|_| {
            // Repeated attempts at one account use up nothing of the other accounts at the address.
            self.context.refund(Rule::Password, client);
        })
    }

    /// Takes back a count that was no failure.
    pub fn let_in(&self) {
        if let Some(device) = self.device {
            return self.context.refund(Rule::SignIn, device.name.as_str());
        }
        let client = self.context.client();
        self.context.refund(Rule::Password, client);
        self.context.refund(Rule::SignIn, Key::At(client, self.email));
    }
}
