//! The request objects that apps publish (`request_uri`, RFC 9101 §5.2), fetched and cached. Whoever opens an address at the
//! authorization endpoint can make the server fetch one, so fetches are counted, by their causes and by their targets.

use std::sync::Arc;
use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::time::Timestamp;
use sigma_store::Memory;

use super::{Attempts, FetchError, Fetcher, Outgoing, lifetime};

/// The bytes that cached objects may take.
const IN_MEMORY: usize = 4 * 1_024 * 1_024;
/// What one takes besides its address and its text.
const OVERHEAD: usize = 200;
/// The longest object, in bytes. Its parameters may take 4 KiB.
const LONGEST: usize = 16 * 1_024;
/// Addresses whose fetches are remembered.
const ADDRESSES: usize = 2_000;

/// Fetches and caches request objects.
pub struct RequestObjects {
    fetcher: Arc<Fetcher>,
    kept: Memory<String, Kept>,
    attempts: Attempts,
}

#[derive(Clone)]
struct Kept {
    object: Arc<str>,
    /// The base64url form of its SHA-256.
    hash: Arc<str>,
    /// The fragment for which it was fetched.
    fragment: Option<Arc<str>>,
    fresh_until: Timestamp,
}

impl Kept {
    /// Whether it is what `fragment` stands for: its hash, or any text that changes with the object (OpenID Connect Core §6.2).
    fn answers(&self, fragment: Option<&str>) -> bool {
        fragment.is_none_or(|fragment| fragment == &*self.hash || Some(fragment) == self.fragment.as_deref())
    }
}

/// Why there is no object.
#[derive(Debug, PartialEq, Eq)]
pub enum Missing<R> {
    /// It cannot be fetched, or could not be a moment ago.
    Unreachable,
    /// It may not be fetched now.
    Refused(R),
}

impl RequestObjects {
    /// An empty cache.
    pub fn new(fetcher: Arc<Fetcher>) -> Self {
        Self { fetcher, kept: Memory::weighed(IN_MEMORY), attempts: Attempts::new(ADDRESSES) }
    }

    /// The object at `uri`, as old as its host lets it be; `admit` is asked before it is fetched. One that is too old still counts
    /// while it may not be fetched again, so that nobody who uses up what is admitted keeps an app's users out.
    ///
    /// # Errors
    /// [`Missing`]
    pub async fn find<R>(
        &self,
        uri: &str,
        now: Timestamp,
        admit: impl FnOnce() -> Result<(), R>,
    ) -> Result<Arc<str>, Missing<R>> {
        let (address, fragment) =
            uri.split_once('#').map_or((uri, None), |(address, fragment)| (address, Some(fragment)));
        let known = || self.kept.get(address).filter(|kept| kept.answers(fragment));
        if let Some(kept) = known().filter(|kept| now < kept.fresh_until) {
            return Ok(kept.object);
        }
        let mut attempt = self.attempts.turn(address).await;
        // Another request may have fetched it while this one waited.
        if let Some(kept) = known().filter(|kept| now < kept.fresh_until) {
            return Ok(kept.object);
        }
        if attempt.failed_recently(now) {
            return Err(Missing::Unreachable);
        }
        if let Err(refusal) = admit() {
            return known().map(|kept| kept.object).ok_or(Missing::Refused(refusal));
        }
        let fetched = self.fetch(address).await;
        attempt.note(&fetched, now);
        let (object, lifetime) = fetched.map_err(|error| {
            tracing::info!(uri, %error, "a request object could not be fetched");
            Missing::Unreachable
        })?;
        let kept = Kept {
            object: object.trim().into(),
            hash: Digest::of(&object).base64url().into(),
            fragment: fragment.map(Into::into),
            fresh_until: now.plus(lifetime),
        };
        let weight = address.len() + kept.object.len() + OVERHEAD;
        self.kept.insert_weighed(address.to_owned(), kept.clone(), weight);
        Ok(kept.object)
    }

    async fn fetch(&self, address: &str) -> Result<(String, Duration), FetchError> {
        let answer = self.fetcher.ask(Outgoing::get(address)).await?;
        if answer.status != 200 {
            return Err(FetchError::Status(answer.status));
        }
        if answer.body.len() > LONGEST {
            return Err(FetchError::TooLarge);
        }
        // What is no text is no object either.
        let object = String::from_utf8_lossy(&answer.body).into_owned();
        Ok((object, lifetime::of(&answer.headers)))
    }
}
