//! Every endpoint, surface by surface, and what is made from them: the router, the middleware's lookup, and the OpenAPI
//! document.

use std::sync::{Arc, LazyLock};

use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use sigma_core::random::Rng;
use sigma_core::time::Clock;
use utoipa::OpenApi;

use crate::branding::ShownLook;
use crate::error::API;
use crate::http::policy::Caching;
use crate::http::{
    self, Declarations, Edge, EdgeError, Endpoint, FailedRequest, Policy, Routes, Shared, Surface, written_json,
};
use crate::merits::MeritsState;
use crate::pages::policy::PAGE;
use crate::settings::Settings;
use crate::state::AppState;
use crate::workspace::WorkspaceState;
use crate::{
    account, backup, branding, developers, document, front_door, identity, merits, oauth, pages, profile, registration,
    signer, wallet, wellknown, workspace,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sigma",
        description = "Self-hosted identity server: OpenID Connect for apps, sign-in with keys that never leave the browser.",
        license(name = "Apache-2.0 OR MIT")
    ),
    tags(
        (name = "OpenID Connect", description = "Apps sign users in"),
        (name = "Sign-in", description = "Users sign in with a key and manage their sessions"),
        (name = "Identities", description = "The identities of a person"),
        (name = "Backups", description = "Encrypted backups of keys, which the server cannot open"),
        (name = "Profile", description = "What a person says about themselves"),
        (name = "Wallets", description = "Wallets that a person connected"),
        (name = "Workspaces", description = "Tenants of a product's own API: sessions, roles, people and API keys"),
        (name = "Credentials", description = "Merits as Open Badges 3.0 credentials: the keys of issuers, and what was revoked"),
        (name = "Merits", description = "Orgs issue merits to people, and apps see those that their holders let them see"),
        (name = "Management", description = "Apps and people of the operator look after this server"),
        (name = "Provisioning", description = "Directories provision the people of an org by SCIM 2.0"),
        (name = "Server", description = "The server responds")
    )
)]
struct Document;

/// The surfaces that need no state of their own.
fn surfaces() -> [Surface<AppState>; 19] {
    [
        wellknown::surface(),
        oauth::surface(),
        registration::surface(),
        developers::surface(),
        identity::surface(),
        front_door::surface(),
        pages::surface(),
        workspace::pages::surface(),
        merits::pages(),
        sigma_console::pages(),
        sigma_console::api(),
        sigma_scim::surface(),
        account::surface(),
        branding::surface(),
        backup::surface(),
        profile::surface(),
        wallet::surface(),
        signer::surface(),
        Surface::new().with(Endpoint::get(OPENAPI, "/openapi.json", openapi_json)).below("/api", API),
    ]
}

/// What all endpoints say of themselves.
pub fn declarations() -> Declarations {
    let mut all: Declarations = surfaces().into_iter().collect();
    all.extend([workspace::surface()]);
    all.extend([merits::surface()]);
    all
}

/// The router of every surface, without the states that they work on, and what the middleware knows of each endpoint.
#[derive(Clone)]
pub struct Mounted {
    shared: Router<AppState>,
    workspaces: Router<WorkspaceState>,
    merits: Router<MeritsState>,
    routes: Arc<Routes>,
}

impl Mounted {
    /// All endpoints. Unknown addresses outside of the surfaces' prefixes are those of pages.
    ///
    /// # Errors
    /// Two endpoints collide.
    pub fn all() -> Result<Self, EdgeError> {
        Ok(Self {
            shared: surfaces().into_iter().fold(Router::new(), |router, surface| surface.mount(router)),
            workspaces: workspace::surface().mount(Router::new()),
            merits: merits::surface().mount(Router::new()),
            routes: Arc::new(Routes::new(PAGE, &declarations())?),
        })
    }

    /// The middleware, which finds every endpoint's policy.
    ///
    /// # Errors
    /// The issuer or a trusted origin is no URL.
    pub fn edge(
        &self,
        settings: &Settings,
        shown: &ShownLook,
        clock: &Arc<dyn Clock>,
        rng: &dyn Rng,
    ) -> Result<Edge, EdgeError> {
        let issuer = settings.issuer.clone();
        let (shown, languages) = (shown.clone(), settings.languages.clone());
        let (routes, clock) = (Arc::clone(&self.routes), Arc::clone(clock));
        let pages = move |failed: &FailedRequest<'_>| pages::refused(&issuer, &shown.look(), &languages, failed);
        Edge::new(&settings.edge(), routes, pages, clock, rng)
    }

    /// The router.
    pub fn router(self, sigma: AppState, workspaces: WorkspaceState) -> Router {
        let merits = self.merits.with_state(MeritsState::new(sigma.clone()));
        let workspaces = self.workspaces.with_state(workspaces);
        http::complete(self.shared.with_state(sigma).merge(workspaces).merge(merits))
    }
}

/// The OpenAPI document, JSON; the same whatever the settings are.
pub fn openapi() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        let mut document = Document::openapi();
        declarations().describe(&mut document);
        document::add_security_schemes(&mut document);
        document.to_pretty_json().unwrap_or_default()
    });
    &JSON
}

const OPENAPI: Policy = Policy { caching: Caching::Allowed("public, max-age=60"), ..wellknown::POLICY };

async fn openapi_json() -> Response {
    (Extension(Shared), written_json(openapi())).into_response()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// The source of every file of a room, without its tests.
    fn sources(directory: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                let source = std::fs::read_to_string(&path).unwrap();
                let source = source.split("#[cfg(test)]").next().unwrap().to_owned();
                found.push((path.display().to_string(), source));
            }
        }
    }

    #[test]
    fn surfaces_do_not_know_each_other() {
        const SURFACES: [&str; 11] = [
            "account",
            "backup",
            "developers",
            "front_door",
            "identity",
            "oauth",
            "profile",
            "registration",
            "signer",
            "wallet",
            "wellknown",
        ];
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for room in &SURFACES {
            let mut found = Vec::new();
            sources(&root.join(room), &mut found);
            assert!(!found.is_empty(), "{room}");
            for other in
                SURFACES.iter().chain([&"workspace", &"merits", &"console", &"scim"]).filter(|other| *other != room)
            {
                let named = format!("crate::{other}");
                for (path, source) in &found {
                    let uses = source.match_indices(&named).any(|(at, _)| {
                        !source[at + named.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
                    });
                    assert!(!uses, "{path} names {named}");
                }
            }
        }
    }
}
