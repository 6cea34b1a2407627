//! Apps that nobody registered here, and that a document describes whose https address is their `client_id`
//! (`docs/spec/clients.md#client-id-metadata-documents`): when documents are fetched, and for how long they count.

use std::sync::Arc;
use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::client_document::{ClientDocument, ClientIdUrl, DocumentProblem};
use sigma_core::ids::{AppId, JobId, UserId};
use sigma_core::time::Timestamp;
use sigma_store::client_document::{self, Fetched, Recorded, Remembered};
use sigma_store::{Cache, Memory, Store, StoreError, Tx, cached};

use crate::http::{Admission, Exceeded, RequestContext, Rule};
use crate::outbound::{Answer, Attempts, FetchError, Fetcher, Outgoing, lifetime};
use crate::state::AppState;

/// Documents in memory. A document is at most 16 KiB, and most are less than one.
const IN_MEMORY: usize = 500;
/// Addresses whose ids, and whose fetches, are remembered.
const ADDRESSES: usize = 2_000;
/// Documents that are fetched at once.
const MOST_AT_ONCE: usize = 32;
/// How long a document is remembered that nobody has let in.
const UNUSED: Duration = Duration::from_hours(2);
/// How much longer than its last token the document of an app is remembered.
const SPARE: Duration = Duration::from_hours(48);

/// The documents that this process knows.
pub struct ClientDocuments {
    fetcher: Fetcher,
    /// By the app's id.
    known: Cache<Arc<Known>>,
    /// The id of the app at an address, which is another one once the document was forgotten.
    ids: Memory<String, AppId>,
    attempts: Attempts,
}

struct Known {
    app: Arc<App>,
    logo: Option<String>,
    fresh_until: Timestamp,
}

impl Known {
    fn of(found: &Remembered) -> Arc<Self> {
        Arc::new(Self { app: Arc::new(found.app()), logo: found.logo.clone(), fresh_until: found.fresh_until })
    }
}

/// Why a document cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unreadable {
    /// It cannot be fetched.
    #[error("the client metadata document cannot be fetched: {0}")]
    Fetch(Arc<FetchError>),
    /// The response is something else than JSON.
    #[error("the client metadata document is not served as application/json")]
    NotJson,
    /// It describes no app.
    #[error("{0}")]
    Problem(DocumentProblem),
    /// The user has made too many documents be fetched.
    #[error("too many client metadata documents were fetched")]
    TooMany(Exceeded),
    /// The operator blocked it, or its host.
    #[error("this server does not let in apps of that host")]
    Blocked,
    /// As many documents are in use as are remembered.
    #[error("too many client metadata documents are in use")]
    Full,
    /// The store did not answer.
    #[error("{0}")]
    Store(StoreError),
}

impl From<StoreError> for Unreadable {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Unreadable {
    /// Whether the host answered that there is no such document, or with one that describes no app: not an outage.
    fn is_final(&self) -> bool {
        match self {
            Self::Fetch(error) => matches!(**error, FetchError::Status(404 | 410) | FetchError::TooLarge),
            Self::NotJson | Self::Problem(_) | Self::Blocked => true,
            Self::TooMany(_) | Self::Full | Self::Store(_) => false,
        }
    }
}

impl ClientDocuments {
    /// An empty memory.
    pub fn new(fetcher: &Fetcher, store: &Store) -> Self {
        Self {
            fetcher: fetcher.lane(MOST_AT_ONCE),
            known: Cache::new(store, cached::CLIENT_DOCUMENT, IN_MEMORY),
            ids: Memory::new(ADDRESSES),
            attempts: Attempts::new(ADDRESSES),
        }
    }

    async fn find(&self, id: &AppId) -> Result<Option<Arc<Known>>, StoreError> {
        let prepare = || {
            let wanted = id.clone();
            move |tx: &mut dyn Tx| Ok(client_document::find(tx, &wanted)?.as_ref().map(Known::of))
        };
        self.known.get_or_load(id.as_str(), prepare).await
    }

    async fn find_at(&self, store: &Store, url: &ClientIdUrl) -> Result<Option<Arc<Known>>, StoreError> {
        if let Some(id) = self.ids.get(url.as_str())
            && let Some(known) = self.find(&id).await?
        {
            return Ok(Some(known));
        }
        let wanted = url.clone();
        let found = store.read(move |tx| client_document::find_at(tx, &wanted)).await?;
        Ok(found.as_ref().map(|found| {
            self.ids.insert(url.as_str().to_owned(), found.app_id.clone());
            Known::of(found)
        }))
    }

    /// Fetches the document. It is not remembered before it was read.
    async fn fetch(&self, url: &ClientIdUrl) -> Result<(ClientDocument, Duration), Unreadable> {
        let answer = self.fetcher.ask(Outgoing::get(url.as_str())).await;
        let Answer { status, headers, body } = answer.map_err(|error| Unreadable::Fetch(Arc::new(error)))?;
        if status != 200 {
            return Err(Unreadable::Fetch(Arc::new(FetchError::Status(status))));
        }
        if !lifetime::is_json(&headers) {
            return Err(Unreadable::NotJson);
        }
        let document = ClientDocument::read(url, &body).map_err(Unreadable::Problem)?;
        Ok((document, lifetime::of(&headers)))
    }
}

impl AppState {
    /// The client id that `text` is, if this server reads documents of its host.
    pub fn document_url(&self, text: &str) -> Option<ClientIdUrl> {
        ClientIdUrl::parse(text).filter(|url| self.settings.client_documents.hosts.permit(url))
    }

    /// The app that the document at `url` described when it was last read here, however long ago.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_described_app_at(&self, url: &ClientIdUrl) -> Result<Option<Arc<App>>, StoreError> {
        let known = self.client_documents.find_at(&self.store, url).await?;
        Ok(known.map(|known| Arc::clone(&known.app)))
    }

    /// The same by the app's id. Nothing if documents of its host are no longer read.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_described_app(&self, id: &AppId) -> Result<Option<Arc<App>>, StoreError> {
        if !self.settings.client_documents.hosts.any() {
            return Ok(None);
        }
        let known = self.client_documents.find(id).await?;
        let known = known.filter(|known| self.document_url(known.app.client_id.as_str()).is_some());
        Ok(known.map(|known| Arc::clone(&known.app)))
    }

    /// The object of the logo of the app of that id, if a document describes it.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn described_logo(&self, id: &AppId) -> Result<Option<String>, StoreError> {
        Ok(self.client_documents.find(id).await?.and_then(|known| known.logo.clone()))
    }

    /// Whether the app's document may be used without being fetched again.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn is_document_fresh(&self, url: &ClientIdUrl) -> Result<bool, StoreError> {
        let known = self.client_documents.find_at(&self.store, url).await?;
        Ok(known.is_some_and(|known| self.now() < known.fresh_until))
    }

    /// The app that the document at `url` describes now, for a user who is signed in: fetched unless it is fresh.
    ///
    /// # Errors
    /// [`Unreadable`]
    pub async fn read_document(
        &self,
        context: &RequestContext,
        url: &ClientIdUrl,
        user_id: &UserId,
    ) -> Result<Arc<App>, Unreadable> {
        let store = self.store_for(context, Actor::User(user_id.clone()));
        let mut attempt = self.client_documents.attempts.turn(url.as_str()).await;
        if let Some(app) = self.fresh(url).await? {
            return Ok(app);
        }
        context.charge(Rule::ClientDocument, user_id.as_str()).map_err(Unreadable::TooMany)?;
        let read = self.fetch_and_record(&store, url).await;
        attempt.note(&read, self.now());
        read
    }

    /// The app `app`, which asks for tokens: as its document describes it now, if it is one that a document describes. Its host
    /// need not be there for that, at most once a minute it is asked.
    ///
    /// # Errors
    /// [`Unreadable`] if the document is gone or describes no app any more.
    pub async fn renew_described(&self, app: Arc<App>) -> Result<Arc<App>, Unreadable> {
        let Some(url) = app.document() else { return Ok(app) };
        if let Some(app) = self.fresh(&url).await? {
            return Ok(app);
        }
        let mut attempt = self.client_documents.attempts.turn(url.as_str()).await;
        if let Some(app) = self.fresh(&url).await? {
            return Ok(app);
        }
        let admission: Admission = self.limiter.charge(Rule::ClientDocument, app.id.as_str());
        if attempt.failed_recently(self.now()) || admission.is_err() {
            return Ok(app);
        }
        let read = self.fetch_and_record(&self.store, &url).await;
        attempt.note(&read, self.now());
        match read {
            Err(error) if error.is_final() => Err(error),
            Err(error) => {
                tracing::info!(client_id = %url, %error, "a client metadata document could not be renewed");
                Ok(app)
            }
            Ok(renewed) => {
                let (id, until) = (renewed.id.clone(), self.kept_until());
                self.store.write(move |tx| client_document::keep(tx, &id, until)).await?;
                Ok(renewed)
            }
        }
    }

    /// Until when the document of an app is remembered that gets a code or a token now.
    pub fn kept_until(&self) -> Timestamp {
        let tokens = &self.settings.tokens;
        Self::in_seconds(self.now(), tokens.refresh_seconds.max(tokens.access_seconds)).plus(SPARE)
    }

    async fn fresh(&self, url: &ClientIdUrl) -> Result<Option<Arc<App>>, StoreError> {
        let known = self.client_documents.find_at(&self.store, url).await?;
        Ok(known.filter(|known| self.now() < known.fresh_until).map(|known| Arc::clone(&known.app)))
    }

    async fn fetch_and_record(&self, store: &Store, url: &ClientIdUrl) -> Result<Arc<App>, Unreadable> {
        let wanted = url.clone();
        if store.read(move |tx| client_document::is_blocked(tx, &wanted)).await? {
            return Err(Unreadable::Blocked);
        }
        let (document, lifetime) = self.client_documents.fetch(url).await?;
        let now = self.now();
        let fetched = Fetched {
            url: url.clone(),
            document,
            new_id: AppId::new(now, &*self.rng),
            logo_job: JobId::new(now, &*self.rng),
            fresh_until: now.plus(lifetime),
            delete_after: now.plus(UNUSED),
            now,
        };
        let recorded = store.write(move |tx| client_document::record(tx, &fetched)).await?;
        let recorded = match recorded {
            Recorded::Remembered(recorded) => recorded,
            Recorded::Full => return Err(Unreadable::Full),
            Recorded::Blocked => return Err(Unreadable::Blocked),
        };
        self.client_documents.ids.insert(url.as_str().to_owned(), recorded.app_id.clone());
        Ok(Arc::new(recorded.app()))
    }
}
