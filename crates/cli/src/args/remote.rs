//! Which server a command is for, if not the one whose database is here.

use std::path::PathBuf;

use clap::Args;

/// `--server`, and what authenticates there. Secrets come from the environment or files: others on the machine can read command lines.
#[derive(Args, Debug)]
pub struct RemoteArgs {
    /// Do it on this server, by its management API, instead of on the database.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// With --server: a file with an access token [default: the variable `SIGMA_TOKEN`]
    #[arg(long, value_name = "FILE", env = "SIGMA_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// With --server: an app that gets a token by client credentials; its secret is in the variable `SIGMA_CLIENT_SECRET`.
    #[arg(long, value_name = "ID", env = "SIGMA_CLIENT_ID")]
    pub client: Option<String>,
}
