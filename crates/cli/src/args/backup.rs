//! The arguments of `sigma backup`, `restore` and `verify-backup`.

use std::path::PathBuf;

use clap::Args;

use super::Sure;

/// `sigma backup`.
#[derive(Args, Debug)]
pub struct BackupArgs {
    /// Where the backups are.
    #[arg(
        long,
        value_name = "DIR|S3",
        help = "Folder of the backups, which must exist; or s3://BUCKET/PREFIX, with AWS_ACCESS_KEY_ID and \
                AWS_SECRET_ACCESS_KEY in the environment"
    )]
    pub to: PathBuf,
    /// Encrypt for this age recipient (age1…). Repeatable: each of them can decrypt it.
    #[arg(long, value_name = "RECIPIENT")]
    pub age: Vec<String>,
    /// Afterwards delete all but the newest N backups there.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep: Option<u32>,
}

/// A backup file, and how to decrypt it.
#[derive(Args, Debug)]
pub struct BackupFile {
    /// The backup.
    #[arg(value_name = "FILE", help = "The backup: a file, or s3://BUCKET/PREFIX/NAME")]
    pub file: PathBuf,
    /// File with the age identity that decrypts it, as age-keygen writes it.
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
}

/// `sigma migrate`.
#[derive(Args, Debug)]
pub struct MigrateArgs {
    /// The database to move to: postgres://… or sqlite:PATH. It is empty, or what an interrupted move left.
    #[arg(long, value_name = "URL", required_unless_present = "cancel")]
    pub to: Option<String>,
    /// Cancel the move, and accept writes in the configured database again.
    #[arg(long, conflicts_with = "to")]
    pub cancel: bool,
    #[command(flatten)]
    pub sure: Sure,
}

/// `sigma restore`.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// The backup.
    #[command(flatten)]
    pub backup: BackupFile,
    /// End what began at this time or later: 2026-11-26, 2026-11-26T06:00:00Z, or a duration ago such as 90m, 24h or 7d.
    #[arg(long, value_name = "TIME")]
    pub revoke_since: Option<String>,
}
