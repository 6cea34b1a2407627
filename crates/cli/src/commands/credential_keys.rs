//! `sigma workspace credential-keys`: the keys that sign the portable merits of a workspace.

use std::path::Path;

use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::merits::{MeritProblem, RequestFault};
use sigma_core::time::Timestamp;
use sigma_store::merits::credential::{self, IssuerKey, MOST_KEYS, seal_context};
use sigma_store::{Stop, org};

use super::named;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, table};

/// The keys of a workspace.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeysView {
    workspace_id: String,
    keys: Vec<KeyView>,
}

/// A key as printed, without its private key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyView {
    kid: String,
    state: &'static str,
    created_at: String,
    retired_at: Option<String>,
}

impl KeyView {
    fn of(key: &IssuerKey, signing: Option<&str>, now: Timestamp) -> Self {
        let state = match key.retired_at {
            _ if signing == Some(key.kid.as_str()) => "signs",
            Some(at) if at <= now => "verifies",
            _ => "published",
        };
        Self {
            kid: key.kid.clone(),
            state,
            created_at: key.created_at.to_string(),
            retired_at: key.retired_at.map(|at| at.to_string()),
        }
    }
}

/// Lists the keys, newest first, optionally after a rotation.
pub fn run(file: Option<&Path>, output: Output, id: &str, rotate: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (org_id, now) = (named::org_id(&opened, id)?, opened.now());
    let wanted = org_id.clone();
    let keys = move |tx: &mut dyn sigma_store::Tx| match org::find(tx, &wanted)? {
        Some(_) => credential::keys(tx, &wanted).map(Some),
        None => Ok(None),
    };
    let mut found = opened.read(keys.clone())?.ok_or_else(|| named::unknown_workspace(id))?;
    if rotate {
        let master_key = opened.master_key()?;
        // One that was sealed under another key could never sign.
        if let Some(key) = found.first() {
            master_key.open(&seal_context(&org_id, &key.kid), &key.sealed_private).map_err(|_| {
                Failure::Config("the keys of this database were sealed with another master key".to_owned())
            })?;
        }
        let fresh = IssuerKey::make(&org_id, &master_key, opened.rng.as_ref(), now);
        let fresh = fresh.map_err(|error| Failure::Failed(error.to_string()))?;
        let rotated = org_id.clone();
        opened.decide::<_, Refused>(move |tx| {
            credential::rotate_key(tx, &rotated, &Actor::Operator, &fresh).map_err(|stop| match stop {
                Stop::Refused(problem) => Stop::Refused(Refused(problem)),
                Stop::Failed(error) => Stop::Failed(error),
            })
        })?;
        found = opened.read(keys)?.unwrap_or_default();
    }
    let signing = credential::signing(found.clone(), now).map(|key| key.kid);
    let keys = found.iter().map(|key| KeyView::of(key, signing.as_deref(), now)).collect();
    output.answer(&KeysView { workspace_id: org_id.to_string(), keys }, |view| {
        if view.keys.is_empty() {
            return "There are no keys yet: the first credential that a member downloads makes one.".to_owned();
        }
        let until = |key: &KeyView| key.retired_at.clone().unwrap_or_default();
        let row = |key: &KeyView| [key.kid.clone(), key.state.to_owned(), key.created_at.clone(), until(key)];
        table(["KEY ID", "STATE", "SINCE", "SIGNS UNTIL"], &view.keys.iter().map(row).collect::<Vec<_>>())
    })
}

/// Why the key was not replaced.
struct Refused(MeritProblem);

impl From<Refused> for Failure {
    fn from(Refused(problem): Refused) -> Self {
        match problem {
            MeritProblem::NotFound => Self::Refused(
                "the workspace has no key to replace: the first credential that a member downloads makes one"
                    .to_owned(),
            ),
            MeritProblem::Request(RequestFault::TooMany) => {
                Self::Refused(format!("the workspace has {MOST_KEYS} keys already, and none of them is ever removed"))
            }
            problem => problem.into(),
        }
    }
}
