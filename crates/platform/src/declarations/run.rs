//! One run through everything that is declared, in one transaction.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sigma_store::operator::Decision;
use sigma_store::operator::declarations::By;
use sigma_store::{Owner, Stop, StoreError, Tx};
use utoipa::ToSchema;

use super::place::{Place, Problem};
use super::plan::Plan;
use super::step::{Judged, Step};
use super::{app, look, org, provider, resource, role};

/// What was or would be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Whether it was done.
    pub applied: bool,
    /// What changes, in the order in which it is done.
    pub changes: Vec<Step>,
    /// Entries that are as declared.
    pub unchanged: usize,
    /// The generated secrets of new apps, by client id: shown this once.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub client_secrets: BTreeMap<String, String>,
}

/// What a transaction has done so far.
#[derive(Debug, Default)]
pub struct Run {
    /// What changes, in the order in which it is done.
    pub steps: Vec<Step>,
    /// Entries that were as declared.
    pub unchanged: usize,
    /// Why entries cannot be brought about.
    pub problems: Vec<Problem>,
    /// Secrets that were generated, by client id.
    pub secrets: BTreeMap<String, String>,
}

impl Run {
    /// What would be done. Secrets that nobody has yet are not in it.
    pub fn planned(self) -> Report {
        let Self { steps, unchanged, .. } = self;
        Report { applied: false, changes: steps, unchanged, client_secrets: BTreeMap::new() }
    }

    /// What was done.
    pub fn applied(self) -> Report {
        let client_secrets = self.secrets.clone();
        Report { applied: true, client_secrets, ..self.planned() }
    }

    /// Notes what became of an entry.
    fn note(&mut self, at: &Place, judged: Judged<Option<Step>>) -> Result<(), StoreError> {
        match judged {
            Ok(Some(step)) => self.steps.push(step),
            Ok(None) => self.unchanged += 1,
            Err(Stop::Refused(words)) => self.problems.push(at.tell(words)),
            Err(Stop::Failed(error)) => return Err(error),
        }
        Ok(())
    }
}

/// Brings everything about that is declared: workspaces and their roles first, then apps, which belong to them, and then the APIs,
/// which name the apps that serve them.
///
/// # Errors
/// Whoever asks for it may not change one of them. What is wrong with entries is in [`Run::problems`], and then nothing is to be kept.
pub fn bring_about(tx: &mut dyn Tx, plan: &Plan, by: &By) -> Decision<Run> {
    // In the order of locks: the installation before any org.
    tx.lock(Owner::Installation)?;
    sigma_store::org::load_operator(tx, plan.now)?;
    by.require_changing(tx)?;
    let mut run = Run::default();
    if let Some((at, look)) = &plan.branding {
        run.note(at, look::bring_server(tx, look, plan.now))?;
    }
    for item in &plan.orgs {
        let may = by.require_org(tx, &item.value.org);
        let made = org::bring(tx, plan, item);
        run.note(&item.at, allowed(may, made)?)?;
    }
    for item in &plan.roles {
        let may = by.require_org(tx, &item.value.org);
        let made = role::bring(tx, plan, item);
        run.note(&item.at, allowed(may, made)?)?;
    }
    for item in &plan.apps {
        let may = by.require_app(tx, &item.value.client_id, item.value.scope.as_deref());
        let made = app::bring(tx, plan, item).map(|brought| {
            run.secrets.extend(brought.secret);
            brought.step
        });
        run.note(&item.at, allowed(may, made)?)?;
    }
    for item in &plan.resources {
        run.note(&item.at, resource::bring(tx, plan, item))?;
    }
    for item in &plan.providers {
        let may = by.require_providers(tx);
        let made = provider::bring(tx, plan, item);
        // Whether a secret is the right one is not for others to find out.
        let made = if item.value.client_secret.is_some() { may.map(|()| made)? } else { allowed(may, made)? };
        run.note(&item.at, made)?;
    }
    Ok(run)
}

/// What became of an entry, for somebody who may bring it about. What is as declared needs nobody who may.
fn allowed(may: Decision<()>, made: Judged<Option<Step>>) -> Decision<Judged<Option<Step>>> {
    match (may, &made) {
        (Err(Stop::Refused(_)), Ok(None)) | (Ok(()), _) => Ok(made),
        (Err(stop), _) => Err(stop),
    }
}
