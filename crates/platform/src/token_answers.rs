//! Answers about access tokens, given again for as long as they would turn out the same.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use sigma_bitcoin::BapId;
use sigma_core::digest::Digest;
use sigma_core::ids::AppId;
use sigma_core::time::Timestamp;
use sigma_store::{Generation, Memory, Moment, Store, Watch, cached};

use crate::extract::LiveAccess;
use crate::state::AppState;

/// About how many answers of each kind are kept.
const MOST: usize = 4_096;
/// The bytes that those of each kind may take.
const MOST_BYTES: usize = 4 * 1_024 * 1_024;
/// What an answer takes besides its body.
const OVERHEAD: usize = 600;
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
    /// States of tokens, each with the app that was told: others may see less.
    pub introspection: Answers<AppId>,
}

/// What is done whenever claims about a user are given.
pub struct UserinfoAnswer {
    /// By whom the request is counted.
    pub counted_for: String,
    /// The identity whose published record may have to be renewed, and when that was looked up.
    pub record: Option<(BapId, Option<Timestamp>)>,
}

/// Answers of one kind: the last one for each token, by its digest.
pub struct Answers<A> {
    known: Memory<Digest, Arc<Answer<A>>>,
    watch: Watch,
}

/// One of them.
pub struct Answer<A> {
    /// JSON.
    pub body: Bytes,
    /// What belongs to it.
    pub with: A,
    /// Nothing that it rests on changed while these are current.
    made_of: Vec<Generation>,
    /// When the token is accepted, in seconds.
    accepted_in: Range<i64>,
}

/// A token about which an answer is being worked out.
#[derive(Clone, Copy)]
pub struct Question {
    token: Digest,
    /// When that began.
    begun: Option<Moment>,
}

impl TokenAnswers {
    /// None yet.
    pub fn new(store: &Store) -> Self {
        let watch = Watch::new(store, &KINDS);
        Self { userinfo: Answers::new(watch.clone()), introspection: Answers::new(watch) }
    }
}

impl<A: Send + Sync + 'static> Answers<A> {
    fn new(watch: Watch) -> Self {
        Self { known: Memory::weighed_for(MOST, MOST_BYTES), watch }
    }

    /// The last answer about a token, if it would be given again.
    pub fn find(&self, token: &Digest, now: Timestamp) -> Option<Arc<Answer<A>>> {
        let answer = self.known.get(token).filter(|answer| answer.accepted_in.contains(&now.seconds()))?;
        self.watch.are_current(&answer.made_of).then_some(answer)
    }

    /// To be called before anything is read for an answer.
    pub fn begin(&self, token: Digest) -> Question {
        Question { token, begun: self.watch.moment() }
    }
}

impl AppState {
    /// Keeps an answer that rests on `live` and on `others`, subjects of [`Watch`], all of which was read since the question.
    pub fn keep_answer<'a, A: Send + Sync + 'static>(
        &self,
        answers: &Answers<A>,
        question: Question,
        live: &'a LiveAccess,
        others: impl IntoIterator<Item = &'a str>,
        body: &Bytes,
        with: A,
    ) {
        let (Some(begun), Some(subjects)) = (question.begun, live.rests_on()) else { return };
        // A keyring stays in use while the store is away; what it alone vouches for is asked again.
        if !self.keys.are_known_to_have(&live.access.kid) {
            return;
        }
        let subjects = subjects.into_iter().chain(others);
        let made_of: Option<Vec<_>> = subjects.map(|subject| answers.watch.generation_at(begun, subject)).collect();
        let Some(made_of) = made_of else { return };
        let answer = Answer { body: body.clone(), with, made_of, accepted_in: live.access.accepted_in() };
        answers.known.insert_weighed(question.token, Arc::new(answer), body.len() + OVERHEAD);
    }
}
