//! The outbox as the console and the management API see it.

use sigma_core::event::{Action, Target};
use sigma_core::ids::MailId;
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require};
use crate::Tx;
use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail, Queued, Shown};
use crate::user::{self, User};

/// What is done with a queued mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It is sent again now.
    Resend,
    /// It is deleted unsent.
    Drop,
}

/// At most `limit` mails, newest first; before that id.
pub fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    shown: Shown,
    before: Option<&MailId>,
    now: Timestamp,
    limit: u32,
) -> Decision<Vec<Queued>> {
    require(tx, caller, OperatorRight::ReadMail)?;
    Ok(outbox::list(tx, shown, before, now, limit)?)
}

/// The account of whoever may send test mails; an app has none.
pub fn tester(tx: &mut dyn Tx, caller: &Caller) -> Decision<Option<User>> {
    require(tx, caller, OperatorRight::ManageMail)?;
    match caller {
        Caller::Person(user_id) => Ok(user::find(tx, user_id)?),
        Caller::App(_) => Ok(None),
    }
}

/// Queues a test mail, which goes to an address of the caller's own.
pub fn test(tx: &mut dyn Tx, caller: &Caller, mail: &NewMail) -> Decision<()> {
    require(tx, caller, OperatorRight::ManageMail)?;
    outbox::add(tx, mail)?;
    Ok(event::append(tx, NewEvent::new(Action::MailTest).to(Target::Mail(mail.id.clone())))?)
}

/// Does that with a queued mail, unless it is being sent at the moment: then it returns `false`.
pub fn act(tx: &mut dyn Tx, caller: &Caller, id: &MailId, act: Act, now: Timestamp) -> Decision<bool> {
    require(tx, caller, OperatorRight::ManageMail)?;
    let queued = outbox::find(tx, id, now)?.ok_or(OperatorRefusal::NotFound)?;
    let (done, action) = match act {
        Act::Resend => (outbox::resend(tx, id, now)?, Action::MailResend),
        Act::Drop => (outbox::discard(tx, id, now)?, Action::MailDrop),
    };
    if done {
        event::append(tx, NewEvent::new(action).to(Target::Mail(queued.id)))?;
    }
    Ok(done)
}
