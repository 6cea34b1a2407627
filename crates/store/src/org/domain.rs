//! The domains of orgs: claimed, proven by a record in the DNS, and looked up again every day. Whoever proves a domain decides which
//! provider signs in the people with addresses at it.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::domain::{Domain, proves};
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::OrgId;
use sigma_core::org::{Reason, Refusal, Right};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::org::{Decision, authority};
use crate::{Row, StoreError, Tx, params};

/// Most domains of an org.
pub const MOST_DOMAINS: usize = 20;
/// How often the record of a proven domain is looked up.
const EVERY: Duration = Duration::from_hours(24);
/// How long the record may be missing before the domain is no longer proven.
const PATIENCE: Duration = Duration::from_hours(7 * 24);

/// Another org has proven the domain, and its record still stands.
pub const TAKEN: Refusal = Refusal::Conflict(Reason::DomainTaken);
/// The record is not there, or says something else.
pub const UNPROVEN: Refusal = Refusal::Conflict(Reason::DomainUnproven);

/// The org has as many domains as it may.
pub const MANY: Refusal = Refusal::Conflict(Reason::ManyDomains);

/// A domain as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgDomain {
    /// The org.
    pub org_id: OrgId,
    /// The domain.
    pub domain: Domain,
    /// What its record has to say.
    pub token: String,
    /// The provider that signs in its people, by its id.
    pub provider: Option<String>,
    /// Since when it is proven.
    pub proven_at: Option<Timestamp>,
    /// Since when the record has been missing that proved it.
    pub missing_since: Option<Timestamp>,
}

/// The columns of a domain, in the order of [`decode`].
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT d.org_id, d.domain, d.token, d.provider, d.proven_at, d.missing_since FROM org_domains d ",
            $rest
        )
    };
}

/// Claims a domain; what it has to publish is in the result. Claiming it again changes nothing.
pub fn add(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    domain: &Domain,
    token: &str,
    now: Timestamp,
) -> Decision<OrgDomain> {
    authority::lock(tx, org_id, actor, now)?.require(Right::Workspace)?;
    claim(tx, (org_id, actor), domain, token, now)
}

/// [`add`] for a caller who may. Callers hold the lock of the org.
pub(crate) fn claim(
    tx: &mut dyn Tx,
    (org_id, actor): (&OrgId, &Actor),
    domain: &Domain,
    token: &str,
    now: Timestamp,
) -> Decision<OrgDomain> {
    if let Some(known) = find(tx, org_id, domain)? {
        return Ok(known);
    }
    if list(tx, org_id)?.len() >= MOST_DOMAINS {
        return Err(MANY.into());
    }
    tx.execute(
        "INSERT INTO org_domains (org_id, domain, token, created_at) VALUES ($1, $2, $3, $4)",
        params![org_id, domain.as_str(), token, now],
    )?;
    event::append(tx, recorded(Action::DomainAdd, org_id, domain).by(actor.clone()))?;
    load(tx, org_id, domain)
}

/// Takes the texts that were found at the name of the record: if they prove the domain, it is the org's, and no longer that of another
/// org whose record is gone.
pub fn prove(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    (domain, texts): (&Domain, &[String]),
    now: Timestamp,
) -> Decision<OrgDomain> {
    authority::lock(tx, org_id, actor, now)?.require(Right::Workspace)?;
    take_texts(tx, (org_id, actor), (domain, texts), now)
}

/// [`prove`] for a caller who may. Callers hold the lock of the org.
pub(crate) fn take_texts(
    tx: &mut dyn Tx,
    (org_id, actor): (&OrgId, &Actor),
    (domain, texts): (&Domain, &[String]),
    now: Timestamp,
) -> Decision<OrgDomain> {
    let claimed = load(tx, org_id, domain)?;
    if !proves(texts, &claimed.token) {
        return Err(UNPROVEN.into());
    }
    if let Some(other) = proven(tx, domain)?.filter(|other| other.org_id != *org_id) {
        if proves(texts, &other.token) {
            return Err(TAKEN.into());
        }
        lose(tx, &other)?;
    }
    tx.execute(
        "UPDATE org_domains SET proven_at = COALESCE(proven_at, $3), missing_since = NULL, check_after = $4
         WHERE org_id = $1 AND domain = $2",
        params![org_id, domain.as_str(), now, now.plus(EVERY)],
    )?;
    if claimed.proven_at.is_none() {
        event::append(tx, recorded(Action::DomainProve, org_id, domain).by(actor.clone()))?;
    }
    load(tx, org_id, domain)
}

/// Takes what the daily look at the record of a proven domain found: whether it stands, and `None` without an answer, which changes
/// nothing.
pub fn recheck(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    domain: &Domain,
    stands: Option<bool>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(known) = find(tx, org_id, domain)?.filter(|known| known.proven_at.is_some()) else { return Ok(()) };
    let missing_since = match stands {
        Some(true) => None,
        Some(false) => Some(known.missing_since.unwrap_or(now)),
        None => known.missing_since,
    };
    if stands == Some(false) && missing_since.is_some_and(|since| now >= since.plus(PATIENCE)) {
        return lose(tx, &known);
    }
    tx.execute(
        "UPDATE org_domains SET missing_since = $3, check_after = $4 WHERE org_id = $1 AND domain = $2",
        params![org_id, domain.as_str(), missing_since, now.plus(EVERY)],
    )?;
    Ok(())
}

/// A domain is no longer proven. It stays claimed, and its record proves it again.
fn lose(tx: &mut dyn Tx, known: &OrgDomain) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE org_domains SET proven_at = NULL, missing_since = NULL, check_after = NULL WHERE org_id = $1 AND domain = $2",
        params![&known.org_id, known.domain.as_str()],
    )?;
    event::append(tx, recorded(Action::DomainLose, &known.org_id, &known.domain).by(Actor::System))?;
    Ok(())
}

/// Says which provider signs in the people of a domain; `None` leaves the choice to them. It counts once the domain is proven.
pub fn set_provider(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    (domain, provider): (&Domain, Option<&str>),
    now: Timestamp,
) -> Decision<()> {
    authority::lock(tx, org_id, actor, now)?.require(Right::Workspace)?;
    route(tx, (org_id, actor), domain, provider)
}

/// [`set_provider`] for a caller who may. Callers hold the lock of the org.
pub(crate) fn route(
    tx: &mut dyn Tx,
    (org_id, actor): (&OrgId, &Actor),
    domain: &Domain,
    provider: Option<&str>,
) -> Decision<()> {
    if load(tx, org_id, domain)?.provider.as_deref() == provider {
        return Ok(());
    }
    tx.execute(
        "UPDATE org_domains SET provider = $3 WHERE org_id = $1 AND domain = $2",
        params![org_id, domain.as_str(), provider],
    )?;
    let details = Details { provider: provider.map(str::to_owned), ..Details::default() };
    event::append(tx, recorded(Action::DomainChange, org_id, domain).by(actor.clone()).with(details))?;
    Ok(())
}

/// Gives up a domain.
pub fn remove(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, domain: &Domain, now: Timestamp) -> Decision<()> {
    authority::lock(tx, org_id, actor, now)?.require(Right::Workspace)?;
    give_up(tx, (org_id, actor), domain)
}

/// [`remove`] for a caller who may. Callers hold the lock of the org.
pub(crate) fn give_up(tx: &mut dyn Tx, (org_id, actor): (&OrgId, &Actor), domain: &Domain) -> Decision<()> {
    load(tx, org_id, domain)?;
    tx.execute("DELETE FROM org_domains WHERE org_id = $1 AND domain = $2", params![org_id, domain.as_str()])?;
    event::append(tx, recorded(Action::DomainRemove, org_id, domain).by(actor.clone()))?;
    Ok(())
}

fn recorded(action: Action, org_id: &OrgId, domain: &Domain) -> NewEvent {
    NewEvent::new(action).within(org_id).to(Target::Domain(domain.clone()))
}

/// The domains of an org, by name.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<OrgDomain>, StoreError> {
    tx.query_all(select!("WHERE d.org_id = $1 ORDER BY d.domain LIMIT 100"), params![org_id])?
        .iter()
        .map(decode)
        .collect()
}

/// A domain of an org.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, domain: &Domain) -> Result<Option<OrgDomain>, StoreError> {
    let row = tx.query_opt(select!("WHERE d.org_id = $1 AND d.domain = $2"), params![org_id, domain.as_str()])?;
    row.map(|row| decode(&row)).transpose()
}

/// Like [`find`], as a refusal.
pub fn load(tx: &mut dyn Tx, org_id: &OrgId, domain: &Domain) -> Decision<OrgDomain> {
    Ok(find(tx, org_id, domain)?.ok_or_else(|| Refusal::not_found("Domain", domain.as_str()))?)
}

/// The proven domain, whosever it is. That of a removed org counts no more.
pub fn proven(tx: &mut dyn Tx, domain: &Domain) -> Result<Option<OrgDomain>, StoreError> {
    let row = tx.query_opt(
        select!(
            "JOIN orgs o ON o.id = d.org_id AND o.removed_at IS NULL WHERE d.domain = $1 AND d.proven_at IS NOT NULL"
        ),
        params![domain.as_str()],
    )?;
    row.map(|row| decode(&row)).transpose()
}

/// Proven domains whose records are to be looked up again.
pub fn due(tx: &mut dyn Tx, now: Timestamp) -> Result<Vec<OrgDomain>, StoreError> {
    let due = select!("WHERE d.check_after <= $1 ORDER BY d.check_after LIMIT 100");
    tx.query_all(due, params![now])?.iter().map(decode).collect()
}

fn decode(row: &Row) -> Result<OrgDomain, StoreError> {
    Ok(OrgDomain {
        org_id: OrgId::from_text(row.text(0)?),
        domain: Domain::from_text(row.text(1)?),
        token: row.text(2)?,
        provider: row.opt_text(3)?,
        proven_at: row.opt_timestamp(4)?,
        missing_since: row.opt_timestamp(5)?,
    })
}
