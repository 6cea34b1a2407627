//! `sigma app`.

use clap::{Args, Subcommand};

use super::{AlgArg, AuthArg, BrandingFields, ClientFields, GrantArg, InviteApps, Page, SecurityFields, Sure, TypeArg};

/// `sigma app`.
#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// Register an app. If it gets a secret, it is shown only once.
    #[command(after_help = "\
Examples:
  sigma app add --name Shop --client-id shop --redirect-uri https://shop.example.org/callback
  sigma app add --name 'Single page' --auth none --redirect-uri https://spa.example.org/callback
  sigma app add --name Phone --type native --auth none --redirect-uri org.example.phone:/callback
  sigma app add --name Plugin --pubkey 02ab… --redirect-uri https://app.example.org/auth/sigma/callback
  sigma app add --name Job --grant-type client_credentials
  sigma app add --name TV --type native --auth none --grant-type device_code --grant-type refresh_token
  sigma app add --name Badges --org bakery --site-url https://badges.example.org")]
    Add(AddApp),
    /// List the apps that you registered or approved.
    #[command(after_help = "\
Examples:
  sigma app list --limit 10
  sigma app list --json | jq -r '.items[].client_id'
  sigma app list --unverified          apps that registered themselves or that people made")]
    List(ListApps),
    /// Show an app.
    #[command(after_help = "Examples:\n  sigma app show shop")]
    Show {
        /// Client id or id.
        #[arg(value_name = "APP")]
        id: String,
    },
    /// Change an app. List options replace the whole list.
    #[command(after_help = "\
Examples:
  sigma app set shop --name 'The shop' --redirect-uri https://shop.example.org/callback
  sigma app set shop --auth private_key_jwt --jwks @keys.json
  sigma app set shop --resource https://api.example.org
  sigma app set bank --profile fapi2
  sigma app set shop --backchannel-logout-uri https://shop.example.org/backchannel-logout
  sigma app set shop --signer-origin https://shop.example.org
  sigma app set shop --logo shop.png --accent '#0a7d4b' --terms-url https://shop.example.org/terms
  sigma app set shop --disable
  sigma app set app_019a… --approve")]
    Set(SetApp),
    /// Generate a new secret, shown only once. The old one stops working immediately, or after --overlap.
    #[command(after_help = "\
Examples:
  sigma app rotate-secret shop --yes
  sigma app rotate-secret shop --overlap 24     the old one stays valid for a day")]
    RotateSecret(RotateSecret),
    /// End the secret that was replaced with --overlap, before its time.
    #[command(after_help = "Examples:\n  sigma app end-secret shop --yes")]
    EndSecret {
        /// Client id or id.
        #[arg(value_name = "APP")]
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Make an initial access token, with which apps register themselves (RFC 7591). It is shown only once.
    #[command(after_help = "\
The token goes into the Authorization header of the registration. The server accepts it if registration.mode is \"token\" or \
\"open\".

Examples:
  sigma app invite --name 'Bakery, build server'
  sigma app invite --uses 20 --days 30 --json | jq -r .token")]
    Invite(InviteApps),
    /// List initial access tokens, without the tokens.
    #[command(after_help = "Examples:\n  sigma app invitations")]
    Invitations(Page),
    /// Remove an initial access token. Apps that were registered with it stay.
    #[command(after_help = "Examples:\n  sigma app uninvite ainv_019a… --yes")]
    Uninvite {
        /// Id, as shown by `sigma app invitations`.
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// List the apps that documents elsewhere describe (their client id is the document's address).
    #[command(after_help = "\
Examples:
  sigma app documents
  sigma app documents --host claude.ai --json | jq -r '.items[].client_id'")]
    Documents(ListDocuments),
    /// Block apps that documents describe: one document, or all of a host. Their tokens stop working, and nothing is fetched.
    #[command(after_help = "\
Examples:
  sigma app block tools.example.net --yes
  sigma app block https://tools.example.net/oauth/client.json --yes")]
    Block {
        /// Name of the host, or address of the document.
        #[arg(value_name = "HOST|URL")]
        subject: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Take a block back.
    #[command(after_help = "Examples:\n  sigma app unblock tools.example.net")]
    Unblock {
        /// Host or address, as shown by `sigma app blocks`.
        #[arg(value_name = "HOST|URL")]
        subject: String,
    },
    /// List the hosts and documents that you blocked.
    #[command(after_help = "Examples:\n  sigma app blocks")]
    Blocks(Page),
    /// Remove an app. This revokes its tokens; its client id is never reused.
    #[command(after_help = "Examples:\n  sigma app remove shop --yes")]
    Remove {
        /// Client id or id.
        #[arg(value_name = "APP")]
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma app rotate-secret`.
#[derive(Args, Debug)]
pub struct RotateSecret {
    /// Client id or id.
    #[arg(value_name = "APP")]
    pub id: String,
    /// Hours for which the old secret stays valid beside the new one, at most 720.
    #[arg(long, value_name = "HOURS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=720))]
    pub overlap: u32,
    /// Whether it is confirmed.
    #[command(flatten)]
    pub sure: Sure,
}

/// `sigma app list`.
#[derive(Args, Debug)]
pub struct ListApps {
    /// Only apps that nobody vouches for: they registered themselves, or people made them.
    #[arg(long)]
    pub unverified: bool,
    /// The page.
    #[command(flatten)]
    pub page: Page,
}

/// `sigma app documents`.
#[derive(Args, Debug)]
pub struct ListDocuments {
    /// Only documents of this host.
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// The page.
    #[command(flatten)]
    pub page: Page,
}

/// `sigma app add`.
#[derive(Args, Debug)]
pub struct AddApp {
    /// Client id of your choice, 3 to 64 characters of a-z, 0-9 and hyphen. It cannot be changed later [default: generated]
    #[arg(long, value_name = "NAME")]
    pub client_id: Option<String>,
    /// Its properties.
    #[command(flatten)]
    pub fields: AppFields,
}

/// `sigma app set`.
#[derive(Args, Debug)]
pub struct SetApp {
    /// Client id or id.
    #[arg(value_name = "APP")]
    pub id: String,
    /// The properties to change.
    #[command(flatten)]
    pub fields: AppFields,
    /// How it looks.
    #[command(flatten)]
    pub branding: BrandingFields,
    /// Disable the app: nothing works until it is enabled again.
    #[arg(long, conflicts_with = "enable")]
    pub disable: bool,
    /// Enable the app.
    #[arg(long)]
    pub enable: bool,
    /// Vouch for an app that registered itself or that a person made: it is no longer shown as unverified, and stays when
    /// unused.
    #[arg(long)]
    pub approve: bool,
}

/// The properties of an app.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct AppFields {
    /// Display name.
    #[arg(long)]
    pub name: Option<String>,
    /// Where the app runs: on a server or in a browser (web), or installed on a device (native).
    #[arg(long = "type", value_enum)]
    pub application_type: Option<TypeArg>,
    /// Client authentication method.
    #[arg(
        long = "auth",
        alias = "auth-method",
        value_enum,
        value_name = "METHOD",
        help = "Client authentication method [default: implied by its keys, else client_secret]"
    )]
    pub auth_method: Option<AuthArg>,
    /// The Bitcoin public key of the app.
    #[arg(long, value_name = "HEX", help = "Bitcoin public key, 66 hex digits, for sigma_bitcoin_auth")]
    pub pubkey: Option<String>,
    /// The public keys of the app.
    #[arg(
        long,
        value_name = "JSON",
        conflicts_with = "jwks_uri",
        help = "Public keys for private_key_jwt: a JWK set, or @FILE"
    )]
    pub jwks: Option<String>,
    #[arg(long, value_name = "URL", help = "URL of the public keys for private_key_jwt")]
    pub jwks_uri: Option<String>,
    /// Redirect URI, compared byte for byte. Repeatable.
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub redirect_uris: Vec<String>,
    /// Redirect URI after sign-out. Repeatable.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    pub post_logout_redirect_uris: Vec<String>,
    /// URL that is told, server to server, when a session of one of the app's users ends; '' for none.
    #[arg(long, value_name = "URL")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether the app needs the session id when it is told; every logout token has it.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub backchannel_logout_session_required: Option<bool>,
    #[arg(
        long = "grant-type",
        value_enum,
        value_name = "GRANT",
        help = "Grant type [default: authorization_code and refresh_token]. Repeatable"
    )]
    pub grant_types: Vec<GrantArg>,
    /// Scopes that the app may request.
    #[arg(
        long,
        value_name = "SCOPES",
        help = "Scopes that the app may request, space-separated [default: \"openid profile email offline_access\"]"
    )]
    pub scope: Option<String>,
    /// Resource that the app may request; '' for none. Repeatable.
    #[arg(long = "resource", value_name = "URI")]
    pub resources: Vec<String>,
    /// Origin whose pages may embed the signer and ask for signatures; '' for none. Repeatable.
    #[arg(long = "signer-origin", value_name = "ORIGIN")]
    pub signer_origins: Vec<String>,
    /// Signing algorithm of ID tokens [default: RS256; ES256 with a Bitcoin key]
    #[arg(long, value_enum, value_name = "ALG")]
    pub id_token_alg: Option<AlgArg>,
    /// Lifetime of access tokens in seconds; 0 for the server's default.
    #[arg(long, value_name = "SECONDS")]
    pub access_seconds: Option<u32>,
    /// Require PKCE even with client authentication.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub require_pkce: Option<bool>,
    /// Give users without a verified e-mail address a placeholder.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub placeholder_email: Option<bool>,
    /// Include the claims of the granted scopes in ID tokens, for software that does not call userinfo.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub id_token_claims: Option<bool>,
    /// Require a second factor of users who sign in to the app.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub require_second_factor: Option<bool>,
    /// What its requests and tokens must satisfy.
    #[command(flatten)]
    pub security: SecurityFields,
    /// Refresh tokens and answers.
    #[command(flatten)]
    pub client: ClientFields,
    /// Workspace that owns the app, by id or slug; with the scope `roles` the app sees its members' roles there.
    #[arg(long, visible_alias = "org", value_name = "WORKSPACE")]
    pub workspace: Option<String>,
    /// Site of the app, to which "Login with Sigma" returns; '' for none.
    #[arg(long, value_name = "URL")]
    pub site_url: Option<String>,
    /// Home page of the app, linked when a sign-in cannot continue.
    #[arg(long, value_name = "URL")]
    pub home_page: Option<String>,
}
