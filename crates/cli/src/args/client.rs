//! Arguments about the answers and the refresh tokens of an app.

use clap::Args;

use super::AlgArg;

/// How an app uses refresh tokens, and in which form it gets answers.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct ClientFields {
    /// Replace a refresh token at each use and end the former one [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub refresh_rotation: Option<bool>,
    /// Seconds after the consent at which all refresh tokens end; 0 for no such limit.
    #[arg(long, value_name = "SECONDS")]
    pub refresh_life: Option<u32>,
    /// Seconds without use after which a refresh token ends; 0 for the server's default.
    #[arg(long, value_name = "SECONDS")]
    pub refresh_idle: Option<u32>,
    /// Sign userinfo with this algorithm; it is JSON without one.
    #[arg(long, value_enum, value_name = "ALG")]
    pub userinfo_alg: Option<AlgArg>,
    /// Oldest sign-in in seconds that requests without `max_age` accept; 0 for any.
    #[arg(long, value_name = "SECONDS")]
    pub default_max_age: Option<u32>,
    /// Address at which a sign-in to the app begins (OpenID Connect Core §4): people open it from /account/apps. Empty for none.
    #[arg(long, value_name = "URL")]
    pub initiate_login_uri: Option<String>,
    /// Name of the claim with roles; empty for `roles`.
    #[arg(long, value_name = "NAME")]
    pub roles_claim: Option<String>,
    /// Name of the claim with groups; empty for `groups`.
    #[arg(long, value_name = "NAME")]
    pub groups_claim: Option<String>,
    /// Role that the app is told, by its name or as ROLE=NAME; '' for all. Repeatable.
    #[arg(long = "told-role", value_name = "ROLE[=NAME]")]
    pub told_roles: Vec<String>,
    /// Group that the app is told, by its name or as GROUP=NAME; '' for all. Repeatable.
    #[arg(long = "told-group", value_name = "GROUP[=NAME]")]
    pub told_groups: Vec<String>,
    /// Include roles and groups in access tokens too.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub roles_in_access_token: Option<bool>,
}
