//! A server on a database of its own, with a clock that stands still.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use sigma_core::app::{App, ApplicationType, AuthMethod, GrantType};
use sigma_core::client_metadata::ClientMetadata;
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, AppRef, ClientId, OrgId};
use sigma_core::jose::{Algorithm, SigningKey};
use sigma_core::random::SeededRng;
use sigma_core::redirect::RegisteredRedirectUris;
use sigma_core::resource::Resource;
use sigma_core::scope::Scopes;
use sigma_core::security::AppSecurity;
use sigma_core::time::{Clock, ManualClock, Timestamp};
use sigma_server::branding::ShownLook;
use sigma_server::http::{Edge, Peer};
use sigma_server::keys;
use sigma_server::routes::Mounted;
use sigma_server::settings::Settings;
use sigma_server::state::AppState;
use sigma_server::workspace::WorkspaceState;
use sigma_store::resource;
use sigma_store::testing::{Engine, TestStore};
use sigma_store::{MasterKey, Store, app, signing_key};

use tokio::net::TcpListener;

use super::{Answer, Browser, openapi};

/// The public app that every world has.
pub const APP: &str = "playground";
/// Where it is returned to.
pub const REDIRECT: &str = "https://app.example.org/callback";
/// A PKCE pair (RFC 7636 appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An RSA key takes longer to make than most tests to run, so the first keys of all worlds are the same.
static SIGNING_KEYS: LazyLock<Vec<SigningKey>> =
    LazyLock::new(|| Algorithm::ALL.into_iter().map(|algorithm| SigningKey::generate(algorithm).unwrap()).collect());

/// Mounting some hundreds of endpoints takes longer than most tests to run, too.
static MOUNTED: LazyLock<Mounted> = LazyLock::new(|| Mounted::all().unwrap());

pub struct World {
    pub sigma: AppState,
    pub workspaces: WorkspaceState,
    pub clock: Arc<ManualClock>,
    edge: Edge,
    router: Router,
    /// The database; a process beside the first one has only a way to it.
    store: Option<TestStore>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A world with other settings than these: issuer `https://id.example.org`, no limits, sign-up by `sign-up/sigma`.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let engine = match std::env::var("SIGMA_TEST_STORE").as_deref() {
            Ok("postgres") => Engine::Postgres,
            _ => Engine::Sqlite,
        };
        let store = TestStore::with(engine, |options| {
            // A connection to PostgreSQL costs more than most tests ask of it.
            (options.writers, options.readers) = (2, 1);
        });
        let mut settings = Settings { issuer: "https://id.example.org".to_owned(), ..Settings::default() };
        settings.limits.enabled = false;
        settings.log.access = false;
        change(&mut settings);
        let (clock, rng) = (Arc::clone(&store.clock), Arc::clone(&store.rng));
        add_signing_keys(&store, clock.now(), &rng).await;
        let mut world = Self::start(settings, (*store).clone(), clock, rng).await;
        world.store = Some(store);
        world.add_app(|_| {}).await;
        world
    }

    /// Another process on the same database, with caches of its own. A database file has one server: there it is as an
    /// admin command, which has no caches.
    pub async fn beside(&self) -> Self {
        self.beside_with(|_| {}).await
    }

    /// As [`World::beside`], with other settings.
    pub async fn beside_with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let database = self.store.as_ref().unwrap();
        let store = database.beside(|options| options.exclusive = database.engine == Engine::Postgres).unwrap();
        let mut settings = self.sigma.settings.clone();
        change(&mut settings);
        Self::start(settings, store, Arc::clone(&self.clock), Arc::clone(&database.rng)).await
    }

    /// Another process on the same database, on a machine whose clock is `clock`.
    pub async fn beside_at(&self, clock: Arc<ManualClock>) -> Self {
        let database = self.store.as_ref().unwrap();
        let on_server = database.engine == Engine::Postgres;
        let store = database.database.beside_at(clock.clone(), |options| options.exclusive = on_server).unwrap();
        Self::start(self.sigma.settings.clone(), store, clock, Arc::clone(&database.rng)).await
    }

    async fn start(settings: Settings, store: Store, clock: Arc<ManualClock>, rng: Arc<SeededRng>) -> Self {
        let time: Arc<dyn Clock> = clock.clone();
        let shown = ShownLook::of(&settings.branding);
        let edge = MOUNTED.edge(&settings, &shown, &time, &*rng).unwrap();
        let key = master_key();
        let limiter = Arc::clone(edge.limiter());
        let sigma = AppState::load(settings, store, key, limiter, shown, clock.clone(), rng).await.unwrap();
        let workspaces = WorkspaceState::new(sigma.clone());
        let router = MOUNTED.clone().router(sigma.clone(), workspaces.clone());
        Self { sigma, workspaces, clock, edge, router, store: None }
    }

    /// Serves this world on a port of its own, with everything that connections go through.
    pub async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (router, edge, settings) = (self.router.clone(), self.edge.clone(), self.sigma.settings.edge());
        tokio::spawn(async move {
            sigma_server::http::serve(listener, router, edge, &settings, std::future::pending()).await.unwrap();
        });
        address
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Registers an app: the public `playground` as `change` leaves it.
    pub async fn add_app(&self, change: impl FnOnce(&mut App)) -> App {
        let mut app = App {
            id: AppId::new(self.now(), &*self.sigma.rng),
            client_id: ClientId::from_text(APP),
            org_id: OrgId::operator(),
            name: "Playground".to_owned(),
            application_type: ApplicationType::Web,
            auth_method: AuthMethod::None,
            secret: None,
            pubkey: None,
            jwks: None,
            jwks_uri: None,
            redirect_uris: RegisteredRedirectUris::from_stored([REDIRECT.to_owned()]),
            post_logout_redirect_uris: RegisteredRedirectUris::from_stored(["https://app.example.org/bye".to_owned()]),
            grant_types: GrantType::ALL.to_vec(),
            scopes: Scopes::parse("openid profile email offline_access"),
            resources: Vec::new(),
            require_pkce: false,
            id_token_alg: Algorithm::RS256,
            access_seconds: None,
            placeholder_email: false,
            require_second_factor: false,
            id_token_claims: false,
            security: AppSecurity::default(),
            dynamic: false,
            disabled: false,
            client_uri: None,
            site_url: None,
            metadata: ClientMetadata::default(),
            former_secret: None,
            backchannel_logout: None,
            created_at: self.now(),
            updated_at: self.now(),
        };
        change(&mut app);
        let row = app.clone();
        let added = self.sigma.store.write(move |tx| app::add(tx, &row)).await.unwrap();
        assert_eq!(added, app::Added::Added);
        app
    }

    /// Registers an app with a secret, called `id`.
    pub async fn add_confidential_app(&self, id: &str, method: AuthMethod, secret: &str) -> App {
        self.add_app(|app| {
            app.client_id = ClientId::from_text(id);
            app.auth_method = method;
            app.secret = Some(Digest::of(secret));
        })
        .await
    }

    /// The app called `name`, as the store has it.
    pub async fn app(&self, name: &str) -> App {
        let wanted = AppRef::parse(name).unwrap();
        self.sigma.store.read(move |tx| app::find_named(tx, &wanted)).await.unwrap().unwrap()
    }

    /// Changes a registered app.
    pub async fn change_app(&self, id: &str, change: impl FnOnce(&mut App)) {
        let mut app = self.app(id).await;
        change(&mut app);
        assert!(self.sigma.store.write(move |tx| app::update(tx, &app)).await.unwrap());
    }

    /// Registers an API that `playground` may ask for.
    pub async fn add_resource(&self, uri: &str) {
        self.add_resource_with(uri, |_| {}).await;
        self.allow(APP, uri).await;
    }

    /// Lets the app called `id` ask for a resource.
    pub async fn allow(&self, id: &str, uri: &str) {
        self.change_app(id, |app| app.resources.push(uri.to_owned())).await;
    }

    /// Registers an API as `change` leaves it: without scopes, for nobody.
    pub async fn add_resource_with(&self, uri: &str, change: impl FnOnce(&mut Resource)) {
        let mut resource = Resource {
            uri: uri.to_owned(),
            org_id: OrgId::operator(),
            name: "API".to_owned(),
            scopes: Vec::new(),
            open: false,
            servers: Vec::new(),
            created_at: self.now(),
        };
        change(&mut resource);
        assert!(self.sigma.store.write(move |tx| resource::add(tx, &resource)).await.unwrap());
    }

    /// A browser that has never been here.
    pub fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// Sends a request from `address`, and leaves its answer unread.
    pub async fn open_from(&self, address: IpAddr, request: Request<Body>) -> Response<Body> {
        let peer = Peer { address, tls: true };
        self.edge.answer(self.router.clone(), peer, request).await
    }

    /// Bytes of bodies, and of answers that are not read, which the server holds.
    pub fn held(&self) -> (usize, usize) {
        self.edge.budgets().held()
    }

    /// Sends a request from `address`.
    pub async fn send_from(&self, address: IpAddr, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.open_from(address, request).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        openapi::check(&method, &path, parts.status);
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)), request).await
    }

    /// Posts a form, as an app's server does.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded(form);
        let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Asks for something with an access token.
    pub async fn get_with_token(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

fn master_key() -> MasterKey {
    MasterKey::from_base64("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap()
}

/// Gives a fresh database the keys that a server would make at its first start.
async fn add_signing_keys(store: &Store, now: Timestamp, rng: &SeededRng) {
    let key = master_key();
    let sealed: Vec<_> = SIGNING_KEYS.iter().map(|made| keys::seal(made, now, &key, now, rng).unwrap()).collect();
    store.write(move |tx| sealed.iter().try_for_each(|key| signing_key::add(tx, key))).await.unwrap();
}

/// A form, encoded as browsers do.
pub fn form_urlencoded(form: &[(&str, &str)]) -> String {
    sigma_core::params::Params::from_pairs(
        form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    )
    .to_query()
}
