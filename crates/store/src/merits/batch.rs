//! Lists of recipients that are sent step by step: each step sends some lines and records their outcome in one transaction, so
//! that it can stop anywhere and go on without a duplicate.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::ids::{FieldId, MeritBatchId, MeritId, MeritTemplateId, OrgId, UserId};
use sigma_core::merits::{MeritProblem, OrgPermission, PersonName, RequestFault};
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::send::{self, Manner, Recipient, Sending, To};
use super::{acting, template};
use crate::{Owner, Row, Stop, StoreError, Tx, params};

/// Most lines of a batch.
pub const MOST_LINES: i64 = 50_000;
/// Most batches of an org.
const MOST_BATCHES: i64 = 100;
/// Lines of one step.
pub const STEP: u32 = 500;
/// Most text of the values that one step writes, in bytes: other tenants wait meanwhile.
const STEP_BYTES: usize = 4 * 1024 * 1024;
/// How long a batch and its report are kept.
const KEPT: Duration = Duration::from_hours(24 * 30);

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Lines are still added.
    Draft,
    /// It is being sent.
    Running,
    /// An admin stopped it, or the budget of the org is used up.
    Stopped,
    /// Every line has an outcome.
    Finished,
}

impl BatchState {
    const ALL: [Self; 4] = [Self::Draft, Self::Running, Self::Stopped, Self::Finished];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Finished => "finished",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its org.
    pub org_id: OrgId,
    /// Its id.
    pub id: MeritBatchId,
    /// What is sent.
    pub template_id: MeritTemplateId,
    /// The name of the file.
    pub file_name: String,
    /// The admin on whose behalf it is sent.
    pub created_by: UserId,
    /// How far it is.
    pub state: BatchState,
    /// Whether merits are sent or proposed.
    pub manner: Manner,
    /// How many lines it has.
    pub lines: i64,
    /// How many of them have an outcome.
    pub done: i64,
    /// How many of these failed.
    pub failed: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last went on.
    pub updated_at: Timestamp,
}

/// A line of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub line: i64,
    /// The address, as it was written.
    pub email: String,
    /// The name.
    pub name: PersonName,
    /// The values, as they were written, by field.
    pub values: BTreeMap<FieldId, Json>,
}

/// A line with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The line.
    pub line: i64,
    /// The address.
    pub email: String,
    /// The merit that was sent.
    pub merit_id: Option<MeritId>,
    /// The code of the problem, if it could not be sent.
    pub error: Option<String>,
}

/// A new batch.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// Its id.
    pub id: MeritBatchId,
    /// What is sent.
    pub template_id: MeritTemplateId,
    /// The name of the file, cut to 100 characters.
    pub file_name: String,
    /// Whether merits are sent or proposed.
    pub manner: Manner,
    /// The current time.
    pub now: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, id, template_id, file_name, created_by, state, proposed, lines, done, failed, created_at, updated_at
             FROM merit_batches WHERE ",
            $rest
        )
    };
}

/// Creates a batch without lines, as an admin.
pub fn add(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId, new: &NewBatch) -> Decision<()> {
    acting::lock(tx, org_id, &Actor::User(user_id.clone()), needed(new.manner), new.now)?;
    let template = template::find(tx, org_id, &new.template_id)?.ok_or(MeritProblem::NotFound)?;
    if template.access {
        return Err(RequestFault::AccessTemplate.into());
    }
    if template.archived {
        return Err(RequestFault::Archived.into());
    }
    let count = tx.query_opt("SELECT count(*) FROM merit_batches WHERE org_id = $1", params![org_id])?;
    if count.map_or(Ok(0), |row| row.int(0))? >= MOST_BATCHES {
        return Err(RequestFault::TooMany.into());
    }
    let file_name: String = new.file_name.chars().filter(|letter| !letter.is_control()).take(100).collect();
    tx.execute(
        "INSERT INTO merit_batches (org_id, id, template_id, file_name, created_by, state, proposed, lines, done, failed,
            created_at, updated_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, 'draft', $6, 0, 0, 0, $7, $7, $8)",
        params![
            org_id,
            &new.id,
            &new.template_id,
            file_name,
            user_id,
            new.manner == Manner::Propose,
            new.now,
            new.now.plus(KEPT)
        ],
    )?;
    Ok(())
}

const fn needed(manner: Manner) -> OrgPermission {
    match manner {
        Manner::Send => OrgPermission::Send,
        Manner::Propose => OrgPermission::Propose,
    }
}

/// Adds at most [`STEP`] lines to a draft. A line that is there already is left alone.
pub fn add_lines(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    user_id: &UserId,
    id: &MeritBatchId,
    lines: &[Line],
    now: Timestamp,
) -> Decision<()> {
    let batch = load(tx, org_id, user_id, id, now)?;
    if batch.state != BatchState::Draft {
        return Err(RequestFault::Batch.into());
    }
    let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    if count > i64::from(STEP) || batch.lines.saturating_add(count) > MOST_LINES {
        return Err(RequestFault::TooMany.into());
    }
    let mut added = 0;
    for line in lines {
        let values = serde_json::to_string(&line.values).map_err(|error| StoreError::Failed(error.to_string()))?;
        added += i64::try_from(tx.execute(
            "INSERT INTO merit_batch_lines (org_id, batch_id, line, email, first_name, last_name, field_values, merit_id,
                error, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, $8) ON CONFLICT DO NOTHING",
            params![
                org_id,
                id,
                line.line,
                &line.email,
                &line.name.first_name,
                &line.name.last_name,
                values,
                batch.created_at.plus(KEPT)
            ],
        )?)
        .unwrap_or(0);
    }
    tx.execute(
        "UPDATE merit_batches SET lines = lines + $3, updated_at = $4 WHERE org_id = $1 AND id = $2",
        params![org_id, id, added, now],
    )?;
    Ok(())
}

/// Starts a draft, or lets a stopped batch go on, on behalf of the admin who asks: whoever began it may have lost their rights.
pub fn start(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId, id: &MeritBatchId, now: Timestamp) -> Decision<Batch> {
    let batch = load(tx, org_id, user_id, id, now)?;
    if batch.lines == 0 || !matches!(batch.state, BatchState::Draft | BatchState::Stopped) {
        return Err(RequestFault::Batch.into());
    }
    tx.execute("UPDATE merit_batches SET created_by = $3 WHERE org_id = $1 AND id = $2", params![org_id, id, user_id])?;
    set_state(tx, Batch { created_by: user_id.clone(), ..batch }, BatchState::Running, now)
}

/// Stops a running batch after its current step.
pub fn stop(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId, id: &MeritBatchId, now: Timestamp) -> Decision<Batch> {
    let batch = load(tx, org_id, user_id, id, now)?;
    if batch.state != BatchState::Running {
        return Err(RequestFault::Batch.into());
    }
    set_state(tx, batch, BatchState::Stopped, now)
}

fn load(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId, id: &MeritBatchId, now: Timestamp) -> Decision<Batch> {
    acting::lock(tx, org_id, &Actor::User(user_id.clone()), OrgPermission::Propose, now)?;
    Ok(find(tx, org_id, id)?.ok_or(MeritProblem::NotFound)?)
}

fn set_state(tx: &mut dyn Tx, batch: Batch, state: BatchState, now: Timestamp) -> Decision<Batch> {
    tx.execute(
        "UPDATE merit_batches SET state = $3, updated_at = $4 WHERE org_id = $1 AND id = $2",
        params![&batch.org_id, &batch.id, state.as_str(), now],
    )?;
    Ok(Batch { state, updated_at: now, ..batch })
}

/// Sends at most [`STEP`] lines of a running batch, with these ids for their merits; returns the batch after it. A batch whose
/// admin may no longer send, or whose org has no budget left, stops.
pub fn advance(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &MeritBatchId,
    merit_ids: &[MeritId],
    daily_budget: u32,
    now: Timestamp,
) -> Decision<Batch> {
    tx.lock(Owner::Org(org_id))?;
    let batch = find(tx, org_id, id)?.ok_or(MeritProblem::NotFound)?;
    if batch.state != BatchState::Running {
        return Ok(batch);
    }
    let mut lines = waiting_lines(tx, org_id, id, u32::try_from(merit_ids.len()).unwrap_or(STEP).min(STEP))?;
    if lines.is_empty() {
        return set_state(tx, batch, BatchState::Finished, now);
    }
    lines.truncate(count_of_step(tx, &batch, &lines)?);
    let (mut recipients, mut outcomes) = (Vec::new(), Vec::with_capacity(lines.len()));
    for (line, merit_id) in lines.iter().zip(merit_ids) {
        match Email::parse(&line.email) {
            Ok(email) => {
                outcomes.push(None);
                recipients.push(Recipient {
                    merit_id: merit_id.clone(),
                    to: To::Email(email),
                    name: line.name.clone(),
                    values: line.values.clone().into_iter().collect(),
                });
            }
            Err(_) => outcomes.push(Some(MeritProblem::from(RequestFault::Email))),
        }
    }
    let mut sent = Vec::new();
    if !recipients.is_empty() {
        let sending = Sending {
            org_id: org_id.clone(),
            actor: Actor::User(batch.created_by.clone()),
            template_id: batch.template_id.clone(),
            manner: batch.manner,
            recipients,
            daily_budget,
            now,
        };
        sent = match send::many(tx, &sending) {
            Ok(sent) => sent,
            // Nothing was sent: what refused the whole step is not the fault of a line.
            Err(Stop::Refused(_)) => return set_state(tx, batch, BatchState::Stopped, now),
            Err(Stop::Failed(error)) => return Err(Stop::Failed(error)),
        };
    }
    let (mut sent, mut failed) = (sent.into_iter(), 0_i64);
    let done = i64::try_from(outcomes.len()).unwrap_or(0);
    for (line, outcome) in lines.iter().zip(outcomes) {
        let outcome = outcome.map_or_else(|| sent.next().unwrap_or(Err(MeritProblem::NotFound)), Err);
        let (merit_id, error) = match &outcome {
            Ok(merit) => (Some(&merit.id), None),
            Err(problem) => (None, Some(problem.code())),
        };
        failed += i64::from(error.is_some());
        tx.execute(
            "UPDATE merit_batch_lines SET merit_id = $4, error = $5 WHERE org_id = $1 AND batch_id = $2 AND line = $3",
            params![org_id, id, line.line, merit_id, error],
        )?;
    }
    let (done, failed) = (batch.done + done, batch.failed + failed);
    let state = if done >= batch.lines { BatchState::Finished } else { BatchState::Running };
    tx.execute(
        "UPDATE merit_batches SET state = $3, done = $4, failed = $5, updated_at = $6 WHERE org_id = $1 AND id = $2",
        params![org_id, id, state.as_str(), done, failed, now],
    )?;
    Ok(Batch { state, done, failed, updated_at: now, ..batch })
}

/// How many of these lines make one step: at least one, and no more than fit into [`STEP_BYTES`]. Every merit repeats the values
/// that the template has for all.
fn count_of_step(tx: &mut dyn Tx, batch: &Batch, lines: &[Line]) -> Result<usize, StoreError> {
    let fields = template::stored_fields(tx, &batch.org_id, &batch.template_id)?;
    let for_all = fields.iter().filter_map(|field| field.setting.value_for_all.as_ref());
    let repeated: usize = for_all.map(|value| value.to_text().len()).sum();
    let mut bytes = 0_usize;
    let fits = |line: &&Line| {
        bytes += repeated + line.values.values().map(|value| value.to_string().len()).sum::<usize>();
        bytes <= STEP_BYTES
    };
    Ok(lines.iter().take_while(fits).count().max(1))
}

fn waiting_lines(tx: &mut dyn Tx, org_id: &OrgId, id: &MeritBatchId, limit: u32) -> Result<Vec<Line>, StoreError> {
    tx.query_all(
        "SELECT line, email, first_name, last_name, field_values FROM merit_batch_lines
         WHERE org_id = $1 AND batch_id = $2 AND merit_id IS NULL AND error IS NULL ORDER BY line LIMIT $3",
        params![org_id, id, limit],
    )?
    .iter()
    .map(|row| {
        Ok(Line {
            line: row.int(0)?,
            email: row.text(1)?,
            name: PersonName { first_name: row.text(2)?, last_name: row.text(3)? },
            values: row.parsed(4, "the values of a line", |text| serde_json::from_str(text).ok())?,
        })
    })
    .collect()
}

/// The batch of that org and id.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, id: &MeritBatchId) -> Result<Option<Batch>, StoreError> {
    tx.query_opt(select!("org_id = $1 AND id = $2"), params![org_id, id])?.map(|row| decode(&row)).transpose()
}

/// The batches of an org, newest first.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<Batch>, StoreError> {
    tx.query_all(select!("org_id = $1 ORDER BY id DESC LIMIT 100"), params![org_id])?.iter().map(decode).collect()
}

/// At most `limit` lines with their outcomes after the line `after`, or only those that failed.
pub fn report(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &MeritBatchId,
    only: Option<Failed>,
    after: i64,
    limit: u32,
) -> Result<Vec<Reported>, StoreError> {
    let sql = match only {
        None => {
            "SELECT line, email, merit_id, error FROM merit_batch_lines
             WHERE org_id = $1 AND batch_id = $2 AND line > $3 ORDER BY line LIMIT $4"
        }
        Some(Failed) => {
            "SELECT line, email, merit_id, error FROM merit_batch_lines
             WHERE org_id = $1 AND batch_id = $2 AND line > $3 AND error IS NOT NULL ORDER BY line LIMIT $4"
        }
    };
    tx.query_all(sql, params![org_id, id, after, limit])?
        .iter()
        .map(|row| {
            Ok(Reported {
                line: row.int(0)?,
                email: row.text(1)?,
                merit_id: row.opt_text(2)?.map(MeritId::from_text),
                error: row.opt_text(3)?,
            })
        })
        .collect()
}

/// Only lines that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

fn decode(row: &Row) -> Result<Batch, StoreError> {
    Ok(Batch {
        org_id: OrgId::from_text(row.text(0)?),
        id: MeritBatchId::from_text(row.text(1)?),
        template_id: MeritTemplateId::from_text(row.text(2)?),
        file_name: row.text(3)?,
        created_by: UserId::from_text(row.text(4)?),
        state: row.parsed(5, "the state of a batch", BatchState::parse)?,
        manner: if row.bool(6)? { Manner::Propose } else { Manner::Send },
        lines: row.int(7)?,
        done: row.int(8)?,
        failed: row.int(9)?,
        created_at: row.timestamp(10)?,
        updated_at: row.timestamp(11)?,
    })
}
