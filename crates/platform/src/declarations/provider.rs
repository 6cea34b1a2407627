//! Providers: what a section `[[providers]]` of the settings says, with the secret elsewhere.

use serde_json::Value;
use sigma_core::provider::ProviderId;
use sigma_store::provider::{self, DeclaredProvider, MOST};
use sigma_store::{Stop, StoreError, Tx};

use super::document::ProviderEntry;
use super::plan::{FreshProvider, Item, Plan};
use super::step::{Judged, Kind, Members, Step};
use crate::settings::{ELSEWHERE, Provider};

/// Makes a provider as declared.
pub fn bring(tx: &mut dyn Tx, plan: &Plan, item: &Item<ProviderEntry, FreshProvider>) -> Judged<Option<Step>> {
    let (entry, fresh) = (&item.value, &item.fresh);
    let id = ProviderId::parse(&entry.id).map_err(|problem| Stop::Refused(problem.to_string()))?;
    let found = provider::find(tx, &id)?;
    let before: Option<Members> = match &found {
        Some(found) => {
            Some(serde_json::from_str(&found.settings).map_err(|error| StoreError::Failed(error.to_string()))?)
        }
        None => None,
    };
    if found.is_none() && !provider::has_room(tx)? {
        return Err(Stop::Refused(format!("there may be at most {MOST} providers")));
    }
    let kept = found.as_ref().and_then(|found| found.secret.clone()).filter(|_| fresh.sealed.is_none());
    let keeps = kept.is_some();
    let secret = fresh.sealed.clone().or(kept);
    let after = settings(&id, entry, before.clone().unwrap_or_default(), secret.is_some()).map_err(Stop::Refused)?;
    if keeps && let Some(before) = &before {
        let before =
            Provider::from_stored(&id, before.clone()).map_err(|error| StoreError::Failed(error.to_string()))?;
        if !after.has_issuer_of(&before) {
            let words =
                "client_secret: the issuer changes, and no secret goes to another server: declare the one for it";
            return Err(Stop::Refused(words.to_owned()));
        }
    }
    let mut after = after.to_stored();
    let new = DeclaredProvider { id, settings: Value::Object(after.clone()).to_string(), secret };
    if found.as_ref() != Some(&new) {
        provider::set(tx, &new, plan.now)?;
    }
    if let Some(from) = &fresh.from {
        after.insert("client_secret".to_owned(), Value::from(from.as_str()));
    }
    Ok(Step::between(Kind::Provider, &entry.id, before, after))
}

/// The members of a provider as declared, from what they are now: checked as those of the settings are.
fn settings(
    id: &ProviderId,
    entry: &ProviderEntry,
    mut members: Members,
    has_secret: bool,
) -> Result<Provider, String> {
    if let Some(member) = ELSEWHERE.iter().find(|member| entry.members.contains_key(**member)) {
        return Err(format!("{member} cannot be declared"));
    }
    members.extend(entry.members.clone());
    let mut provider = Provider::from_stored(id, members).map_err(|error| error.to_string())?;
    // Only whether there is one matters here.
    provider.client_secret = has_secret.then(|| "declared".into());
    provider.check().map_err(|problem| problem.to_string())?;
    Ok(provider)
}
