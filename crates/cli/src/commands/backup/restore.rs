//! `sigma restore`.

use std::path::Path;

use serde::Serialize;
use sigma_core::time::Clock as _;
use sigma_store::transfer::{self, Revoked};

use super::{HeaderView, identities, open};
use crate::args::RestoreArgs;
use crate::commands::audit::moment;
use crate::config;
use crate::failure::Failure;
use crate::opened::{master_key, options};
use crate::output::{Output, fields};
use crate::progress::Bar;
use crate::signals::clear_when_stopped;
use crate::system::{SystemClock, SystemRng};

/// What a restore loses, for the operator to judge.
const LOST: &str = "\
What happened after that time is lost:
- accounts, apps, keys and settings that were made or changed since are as they were, or missing
- sessions, grants, API keys and apps that were ended or removed since are valid again
- links, invitations and codes that were used since can be used again until they expire, and so can signed messages and
  assertions of the last minutes before the failure
- access tokens that were issued since verify at APIs that check them alone until they expire; `sigma keys rotate --now` and `sigma keys revoke` end them
- mails and events that waited at that time are sent again";

/// The result as printed.
#[derive(Serialize)]
struct Answer {
    backup: HeaderView,
    revoked: Option<Revoked>,
}

fn told(revoked: &Revoked) -> String {
    let Revoked { sessions, workspace_sessions, grants, api_keys, links } = revoked;
    format!(
        "{sessions} sessions, {workspace_sessions} workspace sessions, {grants} grants, {api_keys} API keys, \
         {links} unused links and codes, and tokens that apps got for themselves"
    )
}

/// Restores a backup into the empty database of the settings.
pub fn restore(file: Option<&Path>, output: Output, args: &RestoreArgs) -> Result<(), Failure> {
    let now = SystemClock.now();
    let since = args.revoke_since.as_deref().map(|text| moment("--revoke-since", text, now)).transpose()?;
    let settings = config::load_checked(file)?;
    let (identities, key) = (identities(&args.backup)?, master_key(&settings, &SystemRng)?);
    let name = args.backup.file.as_path();
    let (file, options) = (open(name, output.json)?, options(&settings));
    let url = options.url.clone();
    clear_when_stopped(move || transfer::clear_unfinished(&url))?;
    let mut bar = Bar::new("Restoring", output.json);
    let restored = transfer::restore(
        &transfer::Order {
            file: &file,
            name,
            identities: &identities,
            master_key: Some(&key),
            revoke_since: since,
            now,
        },
        &options,
        &SystemRng,
        &mut |progress| bar.show(progress),
    );
    drop(bar);
    let restored = restored?;
    let answer = Answer { backup: HeaderView::of(&restored.backup.header), revoked: restored.revoked };
    output.answer(&answer, |answer| {
        let mut shown = vec![("restored", name.display().to_string())];
        shown.extend(answer.backup.fields());
        let nothing = "nothing; `--revoke-since TIME` ends what began at that time or later";
        shown.push(("revoked", answer.revoked.as_ref().map_or_else(|| nothing.to_owned(), told)));
        let (theirs, ours) = (&answer.backup.issuer, &settings.issuer);
        let other = if theirs == ours {
            String::new()
        } else {
            format!("\n\nThe backup is of {theirs}, and issuer is {ours}: passkeys are bound to the former.")
        };
        format!("{}\n\n{LOST}{other}", fields(&shown))
    })
}
