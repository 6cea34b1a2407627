//! `sigma app` on a server elsewhere.

use serde_json::{Value, json};
use sigma_core::app::AppSettings;

use super::client::Client;
use super::people::MOST;
use super::{Members as _, look, one, print_list, text};
use crate::args::{AddApp, AppFields, ListApps, RotateSecret, SetApp};
use crate::commands::app::{consequence, draft};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, fields, table};

/// Lists a page of apps, oldest first.
pub fn list(client: &Client, output: Output, list: &ListApps) -> Result<(), Failure> {
    let limit = list.page.limit.min(MOST).to_string();
    let verified = if list.unverified { "false" } else { "true" };
    let found = client.get("apps", &[("verified", verified), ("limit", &limit), ("after", &list.page.after)])?;
    print_list(output, &found, "sigma app list", "There are no apps.", |apps| {
        let row = |app: &Value| {
            ["id", "client_id", "client_name", "token_endpoint_auth_method", "disabled"].map(|name| text(app.at(name)))
        };
        table(["ID", "CLIENT ID", "NAME", "AUTHENTICATION", "DISABLED"], &apps.iter().map(row).collect::<Vec<_>>())
    })
}

/// Shows the app of that id or client id.
pub fn show(client: &Client, output: Output, name: &str) -> Result<(), Failure> {
    print(output, &client.get(&one("apps", name), &[])?)
}

/// Registers an app.
pub fn add(client: &Client, output: Output, args: &AddApp) -> Result<(), Failure> {
    let settings = AppSettings { client_id: args.client_id.clone(), ..draft::settings(&args.fields)? };
    print(output, &client.post("apps", &body(&settings)?)?)
}

/// Changes an app.
pub fn set(client: &Client, output: Output, args: &SetApp) -> Result<(), Failure> {
    let path = one("apps", &args.id);
    let look = look::changes(client, &path, &args.branding)?;
    let is_changed = args.disable || args.enable || args.approve || args.fields != AppFields::default();
    if !is_changed && look.is_empty() {
        return Err(Failure::Usage("nothing to change; see `sigma app set --help`".to_owned()));
    }
    if is_changed {
        client.patch(&path, &body(&draft::changes(args)?)?)?;
    }
    look::send(client, &path, look)?;
    print(output, &client.get(&path, &[])?)
}

/// Replaces the secret of an app.
pub fn rotate_secret(client: &Client, output: Output, args: &RotateSecret) -> Result<(), Failure> {
    confirm(args.sure.yes, &consequence(args))?;
    let overlap = json!({"overlap_seconds": args.overlap.saturating_mul(3_600)});
    print(output, &client.post(&format!("{}/secrets", one("apps", &args.id)), &overlap)?)
}

/// Ends the secret that was replaced.
pub fn end_secret(client: &Client, output: Output, id: &str, yes: bool) -> Result<(), Failure> {
    confirm(yes, &format!("the earlier secret of {id} stops working immediately"))?;
    client.delete(&format!("{}/secrets/former", one("apps", id)))?;
    output.answer(&json!({"ended": id}), |_| format!("The earlier secret of {id} has ended."))
}

/// Removes an app.
pub fn remove(client: &Client, output: Output, id: &str, yes: bool) -> Result<(), Failure> {
    confirm(yes, &format!("removing {id} revokes all its tokens, and its client id is never reused"))?;
    client.delete(&one("apps", id))?;
    output.answer(&json!({"removed": id}), |_| format!("{id} was removed."))
}

fn body(settings: &AppSettings) -> Result<Value, Failure> {
    serde_json::to_value(settings).map_err(|error| Failure::Failed(error.to_string()))
}

/// What is printed of an app, in the words of `sigma app show`.
const SHOWN: [(&str, &str); 36] = [
    ("client id", "client_id"),
    ("id", "id"),
    ("secret", "client_secret"),
    ("earlier secret until", "former_secret_ends_at"),
    ("name", "client_name"),
    ("owner", "org"),
    ("type", "application_type"),
    ("authentication", "token_endpoint_auth_method"),
    ("public key", "pubkey"),
    ("key set", "jwks"),
    ("key set URL", "jwks_uri"),
    ("redirect URIs", "redirect_uris"),
    ("post-logout URIs", "post_logout_redirect_uris"),
    ("back-channel logout", "backchannel_logout_uri"),
    ("needs session id", "backchannel_logout_session_required"),
    ("grant types", "grant_types"),
    ("scope", "scope"),
    ("resources", "resources"),
    ("signer origins", "signer_origins"),
    ("ID token alg", "id_token_signed_response_alg"),
    ("userinfo alg", "userinfo_signed_response_alg"),
    ("access lifetime", "access_seconds"),
    ("PKCE required", "require_pkce"),
    ("profile", "security_profile"),
    ("PAR required", "require_pushed_authorization_requests"),
    ("DPoP required", "dpop_bound_access_tokens"),
    ("placeholder e-mail", "placeholder_email"),
    ("ID token claims", "id_token_claims"),
    ("second factor required", "require_second_factor"),
    ("site", "site_url"),
    ("home page", "client_uri"),
    ("begins sign-ins at", "initiate_login_uri"),
    ("unverified", "unverified"),
    ("disabled", "disabled"),
    ("registered", "created_at"),
    ("changed", "updated_at"),
];

fn print(output: Output, app: &Value) -> Result<(), Failure> {
    output.answer(app, |app| {
        let shown = fields(&SHOWN.map(|(label, member)| (label, text(app.at(member)))));
        match app.at("client_secret").as_str() {
            Some(_) => format!("{shown}\n\nKeep the secret: it is not shown again."),
            None => shown,
        }
    })
}
