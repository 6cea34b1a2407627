//! When keys are made, published, used, retired and deleted. Pure: the times are parameters, the steps are the store's.

use std::time::Duration;

use super::Algorithm;
use crate::time::Timestamp;

/// What rotation knows of a stored key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its id.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// When it was made, and so published.
    pub created_at: Timestamp,
    /// From when it signs.
    pub active_from: Timestamp,
    /// Since when it signs no more, but still verifies.
    pub retired_at: Option<Timestamp>,
    /// When the last token it signed has expired.
    pub delete_after: Option<Timestamp>,
}

/// How long keys live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationPolicy {
    /// How long a key signs: 90 days.
    pub rotation_age: Duration,
    /// How long a key is published before it signs, so that whoever caches the JWKS has it in time: 24 hours.
    pub publication: Duration,
    /// The longest life of any token that is signed: 30 days.
    pub longest_token_life: Duration,
    /// How long a process may go on with keys it read before, and how far clocks may differ: 1 hour.
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
    /// Make and store a key.
    Make {
        /// For this algorithm.
        algorithm: Algorithm,
        /// Signing from then.
        active_from: Timestamp,
    },
    /// Note that a key signs no more.
    Retire {
        /// The key.
        kid: String,
        /// Since now.
        retired_at: Timestamp,
        /// When it may be deleted.
        delete_after: Timestamp,
    },
    /// Delete a key, private and public half.
    Delete {
        /// The key.
        kid: String,
    },
}

/// When the key of a forced rotation begins to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promptness {
    /// At once, for a key that may have leaked. Whoever caches the JWKS must fetch it again.
    Now,
    /// When it has been published long enough.
    AfterPublication,
}

/// The key that signs with `algorithm` at `now`: of those not retired the last to become active, and before any has, the
/// first. There is exactly one unless there is no key at all, on a clock that runs behind the one that planned, too.
pub(super) fn signer<'a>(
    records: impl IntoIterator<Item = &'a KeyRecord>,
    algorithm: Algorithm,
    now: Timestamp,
) -> Option<&'a KeyRecord> {
    let line = line(records, algorithm);
    line.iter().rev().find(|key| key.active_from <= now).or(line.first()).copied()
}

/// The keys of `algorithm` that are not retired, in the order in which they sign.
pub(super) fn line<'a>(records: impl IntoIterator<Item = &'a KeyRecord>, algorithm: Algorithm) -> Vec<&'a KeyRecord> {
    let ours = |key: &&KeyRecord| key.algorithm == algorithm && key.retired_at.is_none();
    let mut line: Vec<_> = records.into_iter().filter(ours).collect();
    line.sort_by_key(|key| (key.active_from, key.created_at, key.kid.as_str()));
    line
}

/// What is due at `now`. Run it at every start and every few minutes, in one transaction with its steps; two processes
/// that both do so make a key too many, which is harmless.
pub fn plan(records: &[KeyRecord], now: Timestamp, policy: &RotationPolicy) -> Vec<RotationStep> {
    let mut steps = Vec::new();
    for algorithm in Algorithm::ALL {
        let line = line(records, algorithm);
        let Some(signer) = signer(records, algorithm, now) else {
            // The very first set, or every key was lost: nothing to wait for.
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

/// A rotation that is asked for (`sigma keys rotate`). With [`Promptness::Now`] every present key of the algorithm is
/// retired, the published successor too: it may have leaked with the others. Otherwise nothing is made when a
/// successor is already published.
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
