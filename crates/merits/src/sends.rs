//! Merits that an app sends one by one while others of the same kind are being written: these are written after them, together. What
//! concerns all of them, such as the permission of the app, is then judged once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sigma_core::actor::{Actor, Initiator};
use sigma_core::fault::Fault as _;
use sigma_core::ids::{AppId, MeritTemplateId, OrgId};
use sigma_core::merits::MeritProblem;
use sigma_platform::http::RequestContext;
use sigma_store::merits::Merit;
use sigma_store::merits::send::{self, Manner, Recipient, Sending};
use sigma_store::{Stop, StoreError};
use tokio::sync::oneshot;

use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;

/// Most merits of one operation: others wait for it to end.
const MOST: usize = 64;
/// Most of a kind that wait.
const MOST_WAITING: usize = 1_024;

type Outcome = Result<Merit, Stop<MeritProblem>>;

/// What sends have in common that are written together. Those from other places are not, because the audit trail tells them apart.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Kind {
    org_id: OrgId,
    app_id: AppId,
    template_id: MeritTemplateId,
    manner: Manner,
    address: Option<String>,
    user_agent: Option<String>,
}

/// A send that was asked for.
struct Asked {
    recipient: Recipient,
    initiator: Initiator,
    answer: oneshot::Sender<Outcome>,
}

impl Asked {
    /// Whether somebody still waits for the answer.
    fn is_awaited(&self) -> bool {
        !self.answer.is_closed()
    }
}

/// Sends that wait. A kind has an entry for as long as one of it is being written.
#[derive(Default)]
pub struct Sends(Mutex<HashMap<Kind, Vec<Asked>>>);

impl Sends {
    /// Lets `asked` wait behind others of its kind, or gives it back if it is the first. What callers who went away left behind is dropped:
    /// it would take memory that no turn of a caller bounds.
    ///
    /// # Errors
    /// Too many wait already.
    fn join(&self, kind: &Kind, asked: Asked) -> Result<Option<Asked>, StoreError> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(others) = waiting.get_mut(kind) else {
            waiting.insert(kind.clone(), Vec::new());
            return Ok(Some(asked));
        };
        others.retain(Asked::is_awaited);
        if others.len() >= MOST_WAITING {
            return Err(StoreError::Busy);
        }
        others.push(asked);
        Ok(None)
    }

    /// The next that somebody waits for, in their order. Without any, the kind is forgotten.
    fn next(&self, kind: &Kind) -> Vec<Asked> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(others) = waiting.get_mut(kind) else { return Vec::new() };
        others.retain(Asked::is_awaited);
        let later = others.split_off(others.len().min(MOST));
        let next = std::mem::replace(others, later);
        if next.is_empty() {
            waiting.remove(kind);
        }
        next
    }
}

/// Sends or proposes a merit of `template_id`.
///
/// # Errors
/// It was refused, or the store does not answer.
pub async fn send(
    sigma: &MeritsState,
    context: &RequestContext,
    caller: &OrgCaller,
    (template_id, manner): (MeritTemplateId, Manner),
    recipient: Recipient,
) -> Result<Merit, MeritsError> {
    let initiator = context.initiator(caller.actor());
    let kind = Kind {
        org_id: caller.org_id.clone(),
        app_id: caller.app.id.clone(),
        template_id,
        manner,
        address: initiator.address.clone(),
        user_agent: initiator.user_agent.clone(),
    };
    let (answer, outcome) = oneshot::channel();
    if let Some(first) = sigma.sends().join(&kind, Asked { recipient, initiator, answer })? {
        // Those behind it must not wait for ever if its caller goes away.
        tokio::spawn(write_all(sigma.clone(), kind, first));
    }
    let lost = || MeritsError::Internal("a merit was not written".to_owned());
    Ok(outcome.await.map_err(|_| lost())??)
}

/// Writes the first of a kind, and then what came meanwhile until nothing did.
async fn write_all(sigma: MeritsState, kind: Kind, first: Asked) {
    let mut writing = Writing { sends: sigma.sends(), kind: &kind, is_over: false };
    let mut together = vec![first];
    while !together.is_empty() {
        write(&sigma, &kind, together).await;
        together = sigma.sends().next(&kind);
    }
    writing.is_over = true;
}

/// Sends of a kind being written. If that breaks off, those that wait are refused, and later ones do not wait for it.
struct Writing<'a> {
    sends: &'a Sends,
    kind: &'a Kind,
    is_over: bool,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.sends.0.lock().unwrap_or_else(PoisonError::into_inner).remove(self.kind);
        }
    }
}

async fn write(sigma: &MeritsState, kind: &Kind, together: Vec<Asked>) {
    let recipients: Vec<Recipient> = together.iter().map(|asked| asked.recipient.clone()).collect();
    let Some(initiator) = together.first().map(|asked| asked.initiator.clone()) else { return };
    match deliver(sigma, kind, initiator, recipients).await {
        Ok(sent) => {
            for (asked, outcome) in together.into_iter().zip(sent) {
                answer(asked, outcome.map_err(Stop::Refused));
            }
        }
        // What refuses all of them, such as the budget, may leave room for some; and what one of them breaks must not fail the others.
        Err(stop) if together.len() > 1 && !is_outage(&stop) => {
            for asked in together {
                let outcome = deliver(sigma, kind, asked.initiator.clone(), vec![asked.recipient.clone()]).await;
                answer(asked, outcome.and_then(|mut sent| only(sent.pop())));
            }
        }
        Err(stop) => together.into_iter().for_each(|asked| answer(asked, Err(stop.clone()))),
    }
}

/// Whether the store does not answer: asking it once for each would only make that worse.
fn is_outage(stop: &Stop<MeritProblem>) -> bool {
    matches!(stop, Stop::Failed(error) if error.is_transient())
}

async fn deliver(
    sigma: &MeritsState,
    kind: &Kind,
    initiator: Initiator,
    recipients: Vec<Recipient>,
) -> Result<Vec<Result<Merit, MeritProblem>>, Stop<MeritProblem>> {
    let sending = Sending {
        org_id: kind.org_id.clone(),
        actor: Actor::App(kind.app_id.clone()),
        template_id: kind.template_id.clone(),
        manner: kind.manner,
        recipients,
        daily_budget: sigma.settings.merits.sends_per_day,
        now: sigma.now(),
    };
    sigma.store.on_behalf_of(initiator).decide(move |tx| send::many(tx, &sending)).await
}

fn only(sent: Option<Result<Merit, MeritProblem>>) -> Outcome {
    sent.unwrap_or(Err(MeritProblem::NotFound)).map_err(Stop::Refused)
}

/// A caller who went away needs no answer.
fn answer(asked: Asked, outcome: Outcome) {
    let _ = asked.answer.send(outcome);
}

#[cfg(test)]
mod tests {
    use sigma_core::email::Email;
    use sigma_core::ids::MeritId;
    use sigma_core::merits::PersonName;
    use sigma_store::merits::send::To;

    use super::*;

    fn kind(template: &str) -> Kind {
        Kind {
            org_id: OrgId::from_text("org_1"),
            app_id: AppId::from_text("app_1"),
            template_id: MeritTemplateId::from_text(template),
            manner: Manner::Send,
            address: None,
            user_agent: None,
        }
    }

    /// A send to `ada+NUMBER@example.org`, and the caller who waits for it.
    fn asked(number: usize) -> (Asked, oneshot::Receiver<Outcome>) {
        let (answer, caller) = oneshot::channel();
        let recipient = Recipient {
            merit_id: MeritId::from_text("merit_1"),
            to: To::Email(Email::parse(&format!("ada+{number}@example.org")).unwrap()),
            name: PersonName::new("Ada", "").unwrap(),
            values: Vec::new(),
        };
        (Asked { recipient, initiator: Initiator::new(Actor::Operator), answer }, caller)
    }

    /// A queue in which one is being written, and `count` wait, with their callers.
    fn waiting(count: usize) -> (Sends, Vec<oneshot::Receiver<Outcome>>) {
        let sends = Sends::default();
        assert!(sends.join(&kind("a"), asked(0).0).unwrap().is_some(), "the first is written at once");
        let mut callers = Vec::new();
        for number in 1..=count {
            let (next, caller) = asked(number);
            assert!(sends.join(&kind("a"), next).unwrap().is_none());
            callers.push(caller);
        }
        (sends, callers)
    }

    fn addresses(asked: &[Asked]) -> Vec<String> {
        let address = |asked: &Asked| match &asked.recipient.to {
            To::Email(email) => email.address().to_owned(),
            To::Member(_) => String::new(),
        };
        asked.iter().map(address).collect()
    }

    #[test]
    fn so_many_of_a_kind_wait_and_more_are_refused_until_some_were_written() {
        let (sends, _callers) = waiting(1_024);
        assert_eq!(sends.join(&kind("a"), asked(0).0).err(), Some(StoreError::Busy));
        let (other, _caller) = asked(0);
        assert!(sends.join(&kind("b"), other).unwrap().is_some(), "another kind does not notice");
        assert_eq!(sends.next(&kind("a")).len(), MOST);
        let (next, _caller) = asked(0);
        assert!(sends.join(&kind("a"), next).unwrap().is_none());
    }

    #[test]
    fn what_callers_who_went_away_left_behind_takes_no_room_and_is_not_written() {
        let (sends, mut callers) = waiting(1_024);
        callers.drain(3..);
        callers.remove(1);
        let (next, _caller) = asked(5_000);
        assert!(sends.join(&kind("a"), next).unwrap().is_none());
        assert_eq!(sends.0.lock().unwrap()[&kind("a")].len(), 3);
        callers.remove(0);
        assert_eq!(addresses(&sends.next(&kind("a"))), ["ada+3@example.org", "ada+5000@example.org"]);
        assert!(sends.next(&kind("a")).is_empty());
        assert!(sends.0.lock().unwrap().is_empty(), "the kind is forgotten");
    }

    #[test]
    fn when_writing_breaks_off_those_that_wait_are_told_and_later_ones_begin_anew() {
        let (sends, mut callers) = waiting(2);
        drop(Writing { sends: &sends, kind: &kind("a"), is_over: false });
        for caller in &mut callers {
            assert_eq!(caller.try_recv().err(), Some(oneshot::error::TryRecvError::Closed));
        }
        assert!(sends.join(&kind("a"), asked(0).0).unwrap().is_some());
    }
}
