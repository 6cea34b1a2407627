//! Mails that whoever connected a directory administers its org no more, and may still have its token.

use sigma_store::scim::connection::Connection;
use sigma_store::scim::maker;
use sigma_store::{org, outbox};

use crate::jobs::JobError;
use crate::mail::DirectoryNotice;
use crate::state::AppState;

/// Connections that are looked at together.
const TOGETHER: u32 = 100;

/// Tells the admins of the orgs, once for each connection and each time that its maker leaves.
///
/// # Errors
/// The store does not answer, or a mail cannot be written.
pub async fn tell_of_makers(sigma: AppState) -> Result<(), JobError> {
    if sigma.store.read(|tx| maker::is_any_told(tx)).await? {
        sigma.store.write(|tx| maker::note_returned(tx)).await?;
    }
    loop {
        let left = sigma.store.read(|tx| maker::left(tx, TOGETHER)).await?;
        if left.is_empty() {
            return Ok(());
        }
        for connection in left {
            tell(&sigma, connection).await?;
        }
        sigma.mail_was_promised();
    }
}

async fn tell(sigma: &AppState, connection: Connection) -> Result<(), JobError> {
    let asked = connection.clone();
    let found = sigma.store.read(move |tx| {
        let name = org::find(tx, &asked.org_id)?.map(|org| org.name).unwrap_or_default();
        Ok((maker::find(tx, &asked)?, name, org::admins::list(tx, &asked.org_id)?))
    });
    let (maker, org, admins) = found.await?;
    // Somebody who administers it again is found no more, until they leave again.
    let Some(maker) = maker.filter(|maker| !maker.may_still) else { return Ok(()) };
    let path = format!("/org/{}/directories/{}", connection.org_id, connection.id);
    let about = DirectoryNotice { org: &org, directory: &connection.name, maker: &maker.name, path: &path };
    let mut mails = Vec::with_capacity(admins.len());
    for admin in &admins {
        let Some(address) = admin.proven_email() else { continue };
        mails.push(sigma.composer_for(admin).directory_left(address, &about)?);
    }
    let now = sigma.now();
    let add = move |tx: &mut dyn sigma_store::Tx| {
        if maker::told(tx, &connection, now)? {
            mails.iter().try_for_each(|mail| outbox::add(tx, mail))
        } else {
            Ok(())
        }
    };
    Ok(sigma.store.write(add).await?)
}
