//! The jobs of the server.

use std::time::Duration;

use sigma_core::domain::proves;
use sigma_core::ids::{AppId, SessionId};
use sigma_core::people_search::SEGMENT;
use sigma_core::time::Timestamp;
use sigma_store::account_deletion::{self, Deletion};
use sigma_store::merits::{attachment, picture as template_picture};
use sigma_store::org::{domain, removal};
use sigma_store::webhook::delivery;
use sigma_store::{
    Store, StoreError, Swept, backup, credential, event_count, known_device, logo, outbox, people_index, picture,
    registration, session, user,
};

use super::{JobError, JobKind};
use crate::directories;
use crate::objects::PictureError;
use crate::pages::view::device;
use crate::state::AppState;
use crate::webhooks;

/// Attempts to renew the index of people at a moment at which nothing is written into it, and the pause between them.
const RENEWALS: u32 = 12;
const RENEW_AGAIN: Duration = Duration::from_secs(10);

/// Every job that a node knows.
pub fn kinds(sigma: &AppState) -> Vec<JobKind> {
    vec![
        recurring(sigma, "sweep", Duration::from_mins(1), |sigma| sweep(sigma, Swept::Expired)),
        recurring(sigma, "audit_retention", Duration::from_hours(1), |sigma| sweep(sigma, Swept::Audit)),
        recurring(sigma, "backup_retention", Duration::from_hours(24), delete_abandoned_backups),
        recurring(sigma, "account_deletion", Duration::from_mins(15), delete_accounts),
        recurring(sigma, "signing_keys", Duration::from_mins(5), rotate_keys),
        recurring(sigma, "pictures", Duration::from_hours(1), remove_pictures),
        recurring(sigma, "key_reminders", Duration::from_hours(6), remind_of_keys),
        recurring(sigma, "people_index", Duration::from_mins(1), index_people),
        recurring(sigma, "people_index_renewal", Duration::from_hours(24), renew_people_index),
        recurring(sigma, "event_counts", Duration::from_mins(1), count_events),
        recurring(sigma, "domains", Duration::from_hours(1), check_domains),
        recurring(sigma, "directory_makers", Duration::from_mins(5), directories::tell_of_makers),
        JobKind::queued(known_device::JOB, {
            let sigma = sigma.clone();
            move |job| mail_sign_in(sigma.clone(), job)
        }),
        JobKind::queued(delivery::DISABLED_JOB, {
            let sigma = sigma.clone();
            move |job| webhooks::mail_disabled(sigma.clone(), job)
        }),
        recurring(sigma, "unused_apps", Duration::from_hours(1), remove_unused_apps),
        recurring(sigma, "unused_logos", Duration::from_hours(1), remove_logos),
        recurring(sigma, "attachments", Duration::from_hours(1), remove_attachments),
        JobKind {
            attempts: 3,
            ..JobKind::queued(logo::JOB, {
                let sigma = sigma.clone();
                move |job| fetch_logo(sigma.clone(), job)
            })
        },
        recurring(sigma, "template_pictures", Duration::from_hours(1), remove_template_pictures),
        JobKind::queued(removal::JOB, {
            let sigma = sigma.clone();
            move |job| remove_workspace(sigma.clone(), job)
        }),
    ]
}

fn recurring<F>(sigma: &AppState, name: &'static str, every: Duration, work: fn(AppState) -> F) -> JobKind
where
    F: Future<Output = Result<(), JobError>> + Send + 'static,
{
    let sigma = sigma.clone();
    JobKind::recurring(name, every, move || work(sigma.clone()))
}

async fn sweep(sigma: AppState, what: Swept) -> Result<(), JobError> {
    let rows = sigma.store.sweep(what).await?;
    tracing::debug!(rows, ?what, "expired rows were deleted");
    Ok(())
}

/// Deletes encrypted backups of accounts that nobody has used for as long as they are kept.
async fn delete_abandoned_backups(sigma: AppState) -> Result<(), JobError> {
    let Some(kept) = sigma.settings.backups.keep() else { return Ok(()) };
    let before = sigma.store.database_now().minus(kept);
    while sigma.store.write(move |tx| backup::delete_abandoned(tx, before)).await? > 0 {}
    Ok(())
}

/// Deletes the accounts whose users requested it, and did not change their mind within the grace period.
///
/// # Errors
/// The store does not answer.
pub async fn delete_accounts(sigma: AppState) -> Result<(), JobError> {
    let now = sigma.now();
    while let Some(deletion) = sigma.store.read(move |tx| account_deletion::find_due(tx, now)).await? {
        delete_account(&sigma.store, &deletion, now).await?;
    }
    Ok(())
}

/// Deletes the account of a deletion that is due.
///
/// # Errors
/// The store does not answer.
pub async fn delete_account(store: &Store, deletion: &Deletion, now: Timestamp) -> Result<(), StoreError> {
    loop {
        let due = deletion.clone();
        if store.write(move |tx| account_deletion::delete_batch(tx, &due, now)).await? == 0 {
            break;
        }
    }
    let due = deletion.clone();
    store.write(move |tx| account_deletion::finish(tx, &due, now)).await
}

/// Puts people into the index by which they are searched, once there are enough of them.
async fn index_people(sigma: AppState) -> Result<(), JobError> {
    let made = people_index::index(&sigma.store, SEGMENT).await?;
    tracing::debug!(made, "segments of the index of people");
    Ok(())
}

/// Takes out of that index what people were called before, and people who are gone.
async fn renew_people_index(sigma: AppState) -> Result<(), JobError> {
    for _ in 0..RENEWALS {
        if people_index::renew(&sigma.store).await? {
            break;
        }
        // What is being written at this moment is in the way, and soon whole.
        tokio::time::sleep(RENEW_AGAIN).await;
    }
    Ok(())
}

/// Counts the events of the hours that are not over, for the overview of the console. What is read holds up no writer, and only
/// what has changed is written.
///
/// # Errors
/// The store does not answer.
pub async fn count_events(sigma: AppState) -> Result<(), JobError> {
    let now = sigma.store.database_now();
    for hour in sigma.store.read(move |tx| event_count::due(tx, now)).await? {
        let counts = sigma.store.read(move |tx| event_count::count(tx, hour)).await?;
        if !counts.is_empty() {
            sigma.store.write(move |tx| event_count::keep(tx, &counts)).await?;
        }
    }
    Ok(())
}

/// Looks up again the records that proved domains. A DNS that does not answer says nothing about them, and holds up no other domain.
///
/// # Errors
/// The store does not answer.
pub async fn check_domains(sigma: AppState) -> Result<(), JobError> {
    let now = sigma.now();
    loop {
        let due = sigma.store.read(move |tx| domain::due(tx, now)).await?;
        if due.is_empty() {
            return Ok(());
        }
        for proven in due {
            let found = sigma.dns.texts(&proven.domain.record_name()).await;
            let stands = found.ok().map(|texts| proves(&texts, &proven.token));
            sigma.store.write(move |tx| domain::recheck(tx, &proven.org_id, &proven.domain, stands, now)).await?;
        }
    }
}

/// Mails users whose account depends on a single key, every month until they add another way in.
///
/// # Errors
/// The store does not answer, or a mail cannot be written.
pub async fn remind_of_keys(sigma: AppState) -> Result<(), JobError> {
    loop {
        let now = sigma.now();
        let due = sigma.store.read(move |tx| user::list_to_remind(tx, now, 100)).await?;
        if due.is_empty() {
            return Ok(());
        }
        for (user_id, due_at) in due {
            let wanted = user_id.clone();
            let found = sigma
                .store
                .read(move |tx| {
                    let depends = credential::depends_on_one_key(tx, &wanted)?;
                    // Whoever wants the account to be deleted needs no second way in.
                    let stays = account_deletion::find(tx, &wanted)?.is_none();
                    Ok((user::find(tx, &wanted)?, depends && stays))
                })
                .await?;
            let reminded = match found {
                (Some(user), true) if !user.disabled => Some(user),
                _ => None,
            };
            let address = reminded.as_ref().and_then(|user| Some((user, user.proven_email()?)));
            let mail = address.map(|(user, address)| sigma.composer_for(user).single_key(address)).transpose()?;
            sigma.store.write(move |tx| user::remind(tx, &user_id, due_at, mail.as_ref(), now)).await?;
        }
        sigma.mail_was_promised();
    }
}

/// Mails the sign-in that began a session, from a device that the account was not used from before.
async fn mail_sign_in(sigma: AppState, job: sigma_store::job_queue::Leased) -> Result<(), JobError> {
    let id = SessionId::from_text(job.payload);
    let found = sigma.store.read(move |tx| {
        let Some(session) = session::find(tx, &id)? else { return Ok(None) };
        let user = user::find(tx, &session.user_id)?;
        Ok(user.map(|user| (session, user)))
    });
    let Some((session, user)) = found.await? else { return Ok(()) };
    let Some(address) = user.proven_email() else { return Ok(()) };
    let device = device::name_in(sigma.mail_language(&user), &session.user_agent);
    let mail = sigma.composer_for(&user).new_device(address, &device, &session.address, session.created_at)?;
    sigma.store.write(move |tx| outbox::add(tx, &mail)).await?;
    sigma.mail_was_promised();
    Ok(())
}

/// Rotates the signing keys when due. The other nodes learn of it by the change feed.
async fn rotate_keys(sigma: AppState) -> Result<(), JobError> {
    Ok(sigma.keys.rotate_if_due(&sigma.store, &sigma.master_key, sigma.now(), &*sigma.rng).await?)
}

/// Removes apps that registered themselves and were not used for as long as they are kept.
async fn remove_unused_apps(sigma: AppState) -> Result<(), JobError> {
    let now = sigma.now();
    while sigma.store.write(move |tx| registration::remove_unused(tx, now)).await? {}
    Ok(())
}

/// Fetches the logo that an app named when it registered, and keeps a copy, encoded anew. An app whose logo cannot be fetched has
/// none.
async fn fetch_logo(sigma: AppState, job: sigma_store::job_queue::Leased) -> Result<(), JobError> {
    let app_id = AppId::from_text(job.payload);
    let Some(app) = sigma.find_app(&app_id).await? else { return Ok(()) };
    let Some(logo_uri) = app.metadata.logo_uri.clone() else { return Ok(()) };
    // What describes itself is not trusted with private networks, whatever others may be.
    let fetcher = if app.document().is_some() { &*sigma.fetcher } else { &sigma.addresses_of(&app).fetcher };
    let file = fetcher.get(&logo_uri).await?;
    let name = match sigma.brands.objects.add_logo(file).await {
        Ok(name) => name,
        Err(PictureError::Image(error)) => {
            tracing::info!(%error, logo_uri, "a logo is no picture");
            return Ok(());
        }
        Err(failed) => return Err(JobError::new(failed.to_string())),
    };
    let now = sigma.now();
    Ok(sigma.store.write(move |tx| registration::set_logo(tx, &app_id, &logo_uri, &name, now)).await?)
}

/// Deletes logos that nothing shows any more.
async fn remove_logos(sigma: AppState) -> Result<(), JobError> {
    loop {
        let now = sigma.now();
        let (unused, may_be_more) = sigma.store.write(move |tx| logo::list_unused(tx, now)).await?;
        for name in unused {
            sigma.brands.objects.remove(&name).await.map_err(|error| JobError::new(error.to_string()))?;
            sigma.store.write(move |tx| logo::remove(tx, &name)).await?;
        }
        if !may_be_more {
            return Ok(());
        }
    }
}

/// Deletes pictures that no profile shows any more.
async fn remove_pictures(sigma: AppState) -> Result<(), JobError> {
    loop {
        let now = sigma.store.database_now();
        let unused = sigma.store.read(move |tx| picture::list_unused(tx, now)).await?;
        if unused.is_empty() {
            return Ok(());
        }
        for id in unused {
            sigma.brands.objects.remove_picture(&id).await.map_err(|error| JobError::new(error.to_string()))?;
            sigma.store.write(move |tx| picture::remove(tx, &id)).await?;
        }
    }
}

/// Deletes pictures that no template shows any more.
async fn remove_template_pictures(sigma: AppState) -> Result<(), JobError> {
    loop {
        let now = sigma.store.database_now();
        let unused = sigma.store.read(move |tx| template_picture::list_unused(tx, now, 100)).await?;
        if unused.is_empty() {
            return Ok(());
        }
        for one in unused {
            let removed = sigma.brands.objects.remove_picture(&one.id).await;
            removed.map_err(|error| JobError::new(error.to_string()))?;
            sigma.store.write(move |tx| template_picture::remove(tx, &one)).await?;
        }
    }
}

/// Deletes attachments that no merit has named for a day.
async fn remove_attachments(sigma: AppState) -> Result<(), JobError> {
    loop {
        let now = sigma.store.database_now();
        let unused = sigma.store.read(move |tx| attachment::expired(tx, now, 100)).await?;
        if unused.is_empty() {
            return Ok(());
        }
        for one in unused {
            let removed = sigma.brands.objects.remove(&one.object()).await;
            removed.map_err(|error| JobError::new(error.to_string()))?;
            sigma.store.write(move |tx| attachment::remove(tx, &one.org_id, &one.id)).await?;
        }
    }
}

async fn remove_workspace(sigma: AppState, job: sigma_store::job_queue::Leased) -> Result<(), JobError> {
    let org_id = job.org_id.ok_or_else(|| JobError::new("the job names no workspace"))?;
    loop {
        let org_id = org_id.clone();
        if sigma.store.write(move |tx| removal::delete_batch(tx, &org_id)).await? == 0 {
            return Ok(());
        }
    }
}
