//! The apps that the demo registers, one for each authentication method.

use serde::Serialize;
use sigma_bitcoin::PrivateKey;
use sigma_core::app::{App, ApplicationType, AuthMethod, GrantType, new_secret};
use sigma_core::client_metadata::ClientMetadata;
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, AppRef, ClientId, OrgId};
use sigma_core::jose::Algorithm;
use sigma_core::random::bytes;
use sigma_core::redirect::RegisteredRedirectUris;
use sigma_core::resource::{Resource, ResourceScope};
use sigma_core::scope::Scopes;
use sigma_core::security::AppSecurity;
use sigma_store::{app, org, resource};

use crate::failure::Failure;
use crate::opened::Opened;

/// An API for which tokens can be requested.
const RESOURCE: &str = "https://api.example.org";

/// An app as described to the Playground. Its credentials were generated for this demo.
#[derive(Clone, Debug, Serialize)]
pub struct DemoApp {
    name: &'static str,
    about: &'static str,
    client_id: &'static str,
    auth: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// Registers the apps, or gives those of an earlier demo new secrets and addresses.
pub fn register(opened: &Opened, origin: &str) -> Result<Vec<DemoApp>, Failure> {
    let now = opened.now();
    let key = PrivateKey::from_bytes(bytes(opened.rng.as_ref())).map_err(|error| Failure::Failed(error.to_string()))?;
    let secret = new_secret(opened.rng.as_ref());
    let org_id = opened.write(move |tx| org::load_operator(tx, now))?;

    let base = |client_id, name| base(opened, client_id, name, &org_id, origin);
    let spa = App { auth_method: AuthMethod::None, ..base("playground", "Playground")? };
    let server = App {
        auth_method: AuthMethod::ClientSecretBasic,
        secret: Some(Digest::of(&secret)),
        grant_types: GrantType::ALL.to_vec(),
        ..base("playground-server", "Playground with a server")?
    };
    let bitcoin = App {
        auth_method: AuthMethod::SigmaBitcoinAuth,
        pubkey: Some(key.public_key()),
        id_token_alg: Algorithm::ES256,
        ..base("playground-bitcoin", "Playground with a Bitcoin key")?
    };
    let scope =
        |name: &str, description: &str| ResourceScope { name: name.to_owned(), description: description.to_owned() };
    let api = Resource {
        uri: RESOURCE.to_owned(),
        org_id: org_id.clone(),
        name: "Example API".to_owned(),
        scopes: vec![scope("notes:read", "Read your notes"), scope("notes:write", "Change your notes")],
        open: false,
        servers: vec![server.id.clone()],
        created_at: now,
    };
    opened.write(move |tx| {
        for wanted in [&spa, &server, &bitcoin] {
            match app::find(tx, &wanted.id)? {
                Some(_) => app::update(tx, wanted).map(drop)?,
                None => app::add(tx, wanted).map(drop)?,
            }
        }
        resource::add(tx, &api)
    })?;
    Ok(vec![
        DemoApp {
            name: "Single-page app",
            about: "Public: runs in the browser, protected by PKCE.",
            client_id: "playground",
            auth: AuthMethod::None.as_str(),
            secret: None,
        },
        DemoApp {
            name: "App with a server",
            about: "Confidential: its server keeps a secret.",
            client_id: "playground-server",
            auth: AuthMethod::ClientSecretBasic.as_str(),
            secret: Some(secret),
        },
        DemoApp {
            name: "App with a Bitcoin key",
            about: "Confidential: signs each request to the token endpoint.",
            client_id: "playground-bitcoin",
            auth: AuthMethod::SigmaBitcoinAuth.as_str(),
            secret: Some(key.to_wif().to_string()),
        },
    ])
}

/// An app with the id that an earlier demo gave it, if one did.
pub(super) fn base(opened: &Opened, client_id: &str, name: &str, org_id: &OrgId, origin: &str) -> Result<App, Failure> {
    let (now, wanted) = (opened.now(), AppRef::parse(client_id));
    let earlier = opened.read(move |tx| match &wanted {
        Some(wanted) => app::find_named(tx, wanted),
        None => Ok(None),
    })?;
    Ok(App {
        id: earlier.map_or_else(|| AppId::new(now, opened.rng.as_ref()), |app| app.id),
        client_id: ClientId::from_text(client_id),
        org_id: org_id.clone(),
        name: name.to_owned(),
        application_type: ApplicationType::Web,
        auth_method: AuthMethod::None,
        secret: None,
        pubkey: None,
        jwks: None,
        jwks_uri: None,
        redirect_uris: RegisteredRedirectUris::from_stored([format!("{origin}/callback")]),
        post_logout_redirect_uris: RegisteredRedirectUris::from_stored([format!("{origin}/signed-out")]),
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scopes: Scopes::parse(&sigma_core::scope::KNOWN.join(" ")),
        resources: vec![RESOURCE.to_owned()],
        require_pkce: false,
        id_token_alg: Algorithm::RS256,
        access_seconds: None,
        placeholder_email: false,
        id_token_claims: false,
        security: AppSecurity::default(),
        require_second_factor: false,
        dynamic: false,
        disabled: false,
        client_uri: Some(format!("{origin}/")),
        site_url: None,
        metadata: ClientMetadata::default(),
        former_secret: None,
        backchannel_logout: None,
        created_at: now,
        updated_at: now,
    })
}
