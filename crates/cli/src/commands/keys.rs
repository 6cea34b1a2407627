//! `sigma keys`: the keys that sign tokens.

use std::path::Path;

use serde::Serialize;
use sigma_core::jose::{Algorithm, KeyRecord, KeyState, Promptness, state_of};
use sigma_server::keys;
use sigma_store::signing_key::{self, Revoked, SealedKey};

use crate::args::AlgArg;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, table};

/// A signing key as printed, without its private key.
#[derive(Debug, Serialize)]
struct KeyView {
    kid: String,
    alg: &'static str,
    state: &'static str,
    created_at: String,
    active_from: String,
    retired_at: Option<String>,
    delete_after: Option<String>,
}

impl KeyView {
    fn of(key: &KeyRecord, state: KeyState) -> Self {
        Self {
            kid: key.kid.clone(),
            alg: key.algorithm.as_str(),
            state: state.as_str(),
            created_at: key.created_at.to_string(),
            active_from: key.active_from.to_string(),
            retired_at: key.retired_at.map(|at| at.to_string()),
            delete_after: key.delete_after.map(|at| at.to_string()),
        }
    }

    fn row(&self) -> [String; 5] {
        let until = self.delete_after.clone().unwrap_or_default();
        [self.kid.clone(), self.alg.to_owned(), self.state.to_owned(), self.active_from.clone(), until]
    }
}

/// Lists every key.
pub fn list(file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    print(&opened, output, &[])
}

/// Rotates keys early, and lists all keys.
pub fn rotate(file: Option<&Path>, output: Output, now: bool, algorithms: &[AlgArg]) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let master_key = opened.master_key()?;
    let algorithms: Vec<Algorithm> = match algorithms {
        [] => Algorithm::ALL.to_vec(),
        chosen => chosen.iter().map(|algorithm| (*algorithm).into()).collect(),
    };
    let promptness = if now { Promptness::Now } else { Promptness::AfterPublication };
    let policy = keys::policy(&opened.settings.tokens);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("cannot start a runtime: {error}")))?;
    let rotation =
        keys::rotate(opened.store(), &master_key, &algorithms, promptness, policy, opened.now(), opened.rng.as_ref());
    let fresh = runtime.block_on(rotation).map_err(|error| Failure::Store(error.to_string()))?;
    print(&opened, output, &fresh)
}

/// Deletes a key that no longer signs, and thereby its tokens, after confirmation.
pub fn revoke(file: Option<&Path>, output: Output, kid: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (wanted, now) = (kid.to_owned(), opened.now());
    let keys = records(&opened)?;
    if keys.iter().any(|key| key.kid == kid && state_of(key, &keys, now) != KeyState::Signs) {
        confirm(yes, &format!("every token signed with the key {kid} becomes invalid immediately"))?;
    }
    let revoked = opened.write(move |tx| signing_key::revoke(tx, &wanted, now))?;
    match revoked {
        Revoked::Done => print(&opened, output, &[]),
        Revoked::Unknown => Err(Failure::NotFound(format!("there is no signing key \"{kid}\""))),
        Revoked::Signs => Err(Failure::Refused(format!(
            "key \"{kid}\" is the current signing key: run `sigma keys rotate --now` first, then revoke it"
        ))),
    }
}

fn records(opened: &Opened) -> Result<Vec<KeyRecord>, Failure> {
    Ok(opened.read(signing_key::list)?.iter().map(SealedKey::record).collect())
}

/// The output of each command.
#[derive(Serialize)]
struct Answer<'a> {
    made: &'a [String],
    items: Vec<KeyView>,
}

fn print(opened: &Opened, output: Output, made: &[String]) -> Result<(), Failure> {
    let keys = records(opened)?;
    let now = opened.now();
    let items: Vec<KeyView> = keys.iter().map(|key| KeyView::of(key, state_of(key, &keys, now))).collect();
    output.answer(&Answer { made, items }, |answer| {
        if answer.items.is_empty() {
            return "There are no keys yet: the server creates them on first start.".to_owned();
        }
        let rows: Vec<[String; 5]> = answer.items.iter().map(KeyView::row).collect();
        let list = table(["KEY ID", "ALG", "STATE", "SIGNS FROM", "KEPT UNTIL"], &rows);
        match answer.made {
            [] => list,
            made => format!("{list}\n\nMade: {}", made.join(", ")),
        }
    })
}
