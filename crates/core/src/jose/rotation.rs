//! When keys are created, published, used, retired and deleted. Pure: times are parameters, the steps are executed by
//! the store.

use std::time::Duration;

use super::Algorithm;
use crate::time::Timestamp;

/// What rotation knows about a stored key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its id.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// When it was created and published.
    pub created_at: Timestamp,
    /// When it starts signing.
    pub active_from: Timestamp,
    /// When it stopped signing; it still verifies.
    pub retired_at: Option<Timestamp>,
    /// When the last token that it signed has expired.
    pub delete_after: Option<Timestamp>,
}

/// How long keys live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationPolicy {
    /// How long a key signs: 90 days.
    pub rotation_age: Duration,
    /// How long a key is published before it signs, so that everyone who caches the JWKS has it: 24 hours.
    pub publication: Duration,
    /// The longest life of any token that is signed: 30 days.
    pub longest_token_life: Duration,
    /// How long a process may use outdated keys, and how far clocks may differ: 1 hour.
    pub slack: Duration,
}

impl Default for RotationPolicy {
    fn default() -> Self {
        let day = Duration::from_hours(24);
        Self { rotation_age: day * 90, publication: day, longest_token_life: day * 30, slack: Duration::from_hours(1) }
    }
}

/// One change of the stored keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RotationStep {
    /// Create and store a key.
    Make {
        /// For this algorithm.
        algorithm: Algorithm,
        /// Signing from then.
        active_from: Timestamp,
    },
    /// Record that a key stopped signing.
    Retire {
        /// The key.
        kid: String,
        /// Since now.
        retired_at: Timestamp,
        /// When it may be deleted.
        delete_after: Timestamp,
    },
    /// Delete a key, both private and public.
    Delete {
        /// The key.
        kid: String,
    },
}

/// When the key of a forced rotation starts signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promptness {
    /// Immediately, for a key that may have leaked. Anyone who caches the JWKS must fetch it again.
    Now,
    /// After it has been published long enough.
    AfterPublication,
}

/// The signing key of `algorithm` at `now`: of those not retired the last one to become active, or the first one if
/// none has yet. There is always exactly one unless there are no keys, even on a clock that is behind the planner's.
pub(super) fn signer<'a>(
    records: impl IntoIterator<Item = &'a KeyRecord>,
    algorithm: Algorithm,
    now: Timestamp,
) -> Option<&'a KeyRecord> {
    let line = line(records, algorithm);
    line.iter().rev().find(|key| key.active_from <= now).or(line.first()).copied()
}

/// The keys of `algorithm` that are not retired, in signing order.
pub(super) fn line<'a>(records: impl IntoIterator<Item = &'a KeyRecord>, algorithm: Algorithm) -> Vec<&'a KeyRecord> {
    let ours = |key: &&KeyRecord| key.algorithm == algorithm && key.retired_at.is_none();
    let mut line: Vec<_> = records.into_iter().filter(ours).collect();
    line.sort_by_key(|key| (key.active_from, key.created_at, key.kid.as_str()));
    line
}

/// What a stored key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is published, and signs later.
    Published,
    /// It signs.
    Signs,
    /// It only verifies.
    Retired,
}

impl KeyState {
    /// The name in commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Signs => "signs",
            Self::Retired => "retired",
        }
    }
}

/// What `key`, one of `records`, is for at `now`.
pub fn state_of(key: &KeyRecord, records: &[KeyRecord], now: Timestamp) -> KeyState {
    if key.retired_at.is_some() {
        return KeyState::Retired;
    }
    let signs = signer(records, key.algorithm, now).is_some_and(|signer| signer.kid == key.kid);
    if signs { KeyState::Signs } else { KeyState::Published }
}

/// The steps that are due at `now`. Run this at every start and every few minutes, in one transaction with the steps;
/// two processes that do so concurrently create a key too many, which is harmless.
pub fn plan(records: &[KeyRecord], now: Timestamp, policy: &RotationPolicy) -> Vec<RotationStep> {
    let mut steps = Vec::new();
    for algorithm in Algorithm::ALL {
        let line = line(records, algorithm);
        let Some(signer) = signer(records, algorithm, now) else {
            // The very first keys, or all keys were lost: do not wait.
            steps.push(RotationStep::Make { algorithm, active_from: now });
            continue;
        };
        let superseded = line.iter().take_while(|key| key.kid != signer.kid);
        steps.extend(superseded.map(|key| retire(key, now, policy)));
        let successor = line.iter().any(|key| key.active_from > now && key.kid != signer.kid);
        let due = signer.active_from.plus(policy.rotation_age);
        if !successor && now >= due.minus(policy.publication) {
            steps.push(RotationStep::Make { algorithm, active_from: due.max(now.plus(policy.publication)) });
        }
    }
    let expired = records.iter().filter(|key| key.delete_after.is_some_and(|moment| moment < now));
    steps.extend(expired.map(|key| RotationStep::Delete { kid: key.kid.clone() }));
    steps
}

/// A requested rotation (`sigma keys rotate`). With [`Promptness::Now`] every key of the algorithm is retired,
/// including the published successor, which may have leaked as well. Otherwise nothing is created if a successor is
/// already published.
pub fn force_rotation(
    records: &[KeyRecord],
    algorithm: Algorithm,
    promptness: Promptness,
    now: Timestamp,
    policy: &RotationPolicy,
) -> Vec<RotationStep> {
    let line = line(records, algorithm);
    match promptness {
        Promptness::Now => {
            let mut steps = vec![RotationStep::Make { algorithm, active_from: now }];
            steps.extend(line.into_iter().map(|key| retire(key, now, policy)));
            steps
        }
        Promptness::AfterPublication => {
            let active_from = now.plus(policy.publication);
            let published = line.iter().any(|key| key.active_from > now && key.active_from <= active_from);
            if published { Vec::new() } else { vec![RotationStep::Make { algorithm, active_from }] }
        }
    }
}

fn retire(key: &KeyRecord, now: Timestamp, policy: &RotationPolicy) -> RotationStep {
    let delete_after = now.plus(policy.longest_token_life).plus(policy.slack);
    RotationStep::Retire { kid: key.kid.clone(), retired_at: now, delete_after }
}

#[cfg(test)]
mod tests;
