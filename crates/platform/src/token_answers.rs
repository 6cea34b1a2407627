//! Answers about access tokens, given again for as long as they would turn out the same.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use sigma_core::digest::Digest;
use sigma_core::ids::AppId;
use sigma_core::person::Identity;
use sigma_core::time::Timestamp;
use sigma_store::{Generation, Memory, Moment, Store, Watch, cached};

use crate::extract::LiveAccess;

/// How many answers of each kind are kept.
const MOST: usize = 4_096;
/// What an answer may rest on: everything that decides whether a token is active and whom it describes.
const KINDS: [&str; 11] = [
    cached::ACCOUNT,
    cached::APP,
    cached::CLIENT_DOCUMENT,
    cached::GRANT,
    cached::MEMBERSHIP,
    cached::ORG,
    cached::ORG_GROUPS,
    cached::RESOURCE,
    cached::ROLE,
    cached::SESSION,
    cached::SIGNING_KEYS,
];

/// The answers of the endpoints that are asked about one token again and again.
pub struct TokenAnswers {
    /// Claims about a user.
    pub userinfo: Answers<UserinfoAnswer>,
    /// Introspections.
    pub introspection: Answers<IntrospectionAnswer>,
    watch: Watch,
}

/// Claims about a user, and what is done whenever they are given.
pub struct UserinfoAnswer {
    /// The claims, as JSON.
    pub body: Bytes,
    /// By whom the request is counted.
    pub counted_for: String,
    /// Whose published record may have to be renewed.
    pub identity: Option<Identity>,
}

/// The state of a token.
pub struct IntrospectionAnswer {
    /// The app that was told: others may see less.
    pub told: AppId,
    /// The state, as JSON.
    pub body: Bytes,
}

/// Answers of one kind: the last one for each token, by its digest.
pub struct Answers<A>(Memory<Digest, Arc<Kept<A>>>);

struct Kept<A> {
    /// Nothing that it rests on changed while these are current.
    made_of: Vec<Generation>,
    /// When the token is accepted, in seconds.
    accepted_in: Range<i64>,
    answer: Arc<A>,
}

impl TokenAnswers {
    /// None yet.
    pub fn new(store: &Store) -> Self {
        Self { userinfo: Answers::new(), introspection: Answers::new(), watch: Watch::new(store, &KINDS) }
    }

    /// The last answer about a token, if it would be given again.
    pub fn find<A: Send + Sync + 'static>(
        &self,
        answers: &Answers<A>,
        token: &Digest,
        now: Timestamp,
    ) -> Option<Arc<A>> {
        let kept = answers.0.get(token).filter(|kept| kept.accepted_in.contains(&now.seconds()))?;
        self.watch.are_current(&kept.made_of).then(|| Arc::clone(&kept.answer))
    }

    /// To be called before anything is read for an answer.
    pub fn begin(&self) -> Option<Moment> {
        self.watch.moment()
    }

    /// Keeps an answer about a token that rests on `live` and on `others`, subjects of [`Watch`]. Everything was read after `begun`.
    pub fn keep<'a, A: Send + Sync + 'static>(
        &self,
        answers: &Answers<A>,
        token: Digest,
        begun: Option<Moment>,
        live: &'a LiveAccess,
        others: impl IntoIterator<Item = &'a str>,
        answer: A,
    ) {
        let (Some(begun), Some(subjects)) = (begun, live.rests_on()) else { return };
        let subjects = subjects.into_iter().chain(others);
        let made_of: Option<Vec<_>> = subjects.map(|subject| self.watch.generation_at(begun, subject)).collect();
        if let Some(made_of) = made_of {
            let (accepted_in, answer) = (live.access.accepted_in(), Arc::new(answer));
            answers.0.insert(token, Arc::new(Kept { made_of, accepted_in, answer }));
        }
    }
}

impl<A: Send + Sync + 'static> Answers<A> {
    fn new() -> Self {
        Self(Memory::new(MOST))
    }
}
