//! Everything that is stored about a user, for their own copy. Secrets and the digests of secrets are left out.

use serde_json::{Map, Value, json};
use sigma_core::actor::Actor;
use sigma_core::event::{Action, Event, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent, Place};
use crate::{Row, StoreError, Tx, params};

/// A part of the copy: the rows of one statement, whose only parameter is the user's id. Columns that end in `_at`, and
/// `auth_time`, are times.
struct Section {
    name: &'static str,
    columns: &'static [&'static str],
    rows: &'static str,
}

/// The sections, in their order. What stores more about users adds a section here.
const SECTIONS: &[Section] = &[
    Section {
        name: "emails",
        columns: &["address", "proven_at", "primary", "created_at"],
        rows: "SELECT address, proven_at, is_primary, created_at FROM emails WHERE user_id = $1 ORDER BY created_at LIMIT 500",
    },
    Section {
        name: "credentials",
        columns: &["kind", "id", "created_at", "last_used_at", "retired_at"],
        rows: "SELECT kind, id, created_at, last_used_at, retired_at FROM credentials WHERE user_id = $1
            ORDER BY created_at, id LIMIT 500",
    },
    Section {
        name: "identities",
        columns: &[
            "bapId",
            "pubkey",
            "name",
            "image",
            "proof",
            "rootAddress",
            "currentAddress",
            "profile",
            "primary",
            "created_at",
            "updated_at",
        ],
        rows:
            "SELECT bap_id, pubkey, name, image, proof, root_address, current_address, profile, is_primary, created_at,
                updated_at
            FROM identities WHERE user_id = $1 ORDER BY created_at, bap_id LIMIT 500",
    },
    Section {
        name: "agents",
        columns: &["id", "name", "scope", "created_at", "expires_at"],
        rows: "SELECT a.app_id, p.name, a.scope, a.created_at, a.expires_at
            FROM agents a LEFT JOIN apps p ON p.id = a.app_id WHERE a.user_id = $1 ORDER BY a.app_id LIMIT 500",
    },
    Section {
        name: "impersonations",
        columns: &["app", "created_at", "expires_at"],
        rows: "SELECT app_id, created_at, expires_at FROM impersonations WHERE user_id = $1 ORDER BY grant_id LIMIT 500",
    },
    Section {
        name: "may_impersonate",
        columns: &["workspace", "created_at"],
        rows: "SELECT org_id, created_at FROM impersonators WHERE user_id = $1 ORDER BY org_id LIMIT 500",
    },
    Section {
        name: "identity_keys",
        columns: &["bapId", "pubkey", "added_at"],
        rows: "SELECT bap_id, pubkey, added_at FROM identity_keys WHERE user_id = $1 ORDER BY added_at, pubkey LIMIT 500",
    },
    Section {
        name: "pictures",
        columns: &["id", "created_at"],
        rows: "SELECT id, created_at FROM pictures WHERE user_id = $1 ORDER BY created_at, id LIMIT 500",
    },
    Section {
        name: "profiles",
        columns: &["bapId", "fields", "created_at", "updated_at"],
        rows: "SELECT bap_id, fields, created_at, updated_at FROM profiles WHERE user_id = $1 ORDER BY bap_id LIMIT 500",
    },
    Section {
        name: "wallets",
        columns: &["bapId", "address", "provider", "primary", "connected_at"],
        rows: "SELECT bap_id, address, provider, is_primary, connected_at FROM wallets WHERE user_id = $1
            ORDER BY connected_at, address LIMIT 500",
    },
    Section {
        name: "passkeys",
        columns: &["id", "name", "created_at"],
        rows: "SELECT id, name, created_at FROM passkeys WHERE user_id = $1 ORDER BY created_at, id LIMIT 500",
    },
    Section {
        name: "provider_accounts",
        columns: &["provider", "issuer", "subject", "email", "bapId", "created_at", "updated_at"],
        rows: "SELECT provider_id, issuer, subject, email, bap_id, created_at, updated_at FROM provider_accounts
            WHERE user_id = $1 ORDER BY created_at LIMIT 500",
    },
    Section {
        name: "backups",
        columns: &["id", "bapId", "size", "first_stored_at", "stored_at"],
        rows: "SELECT id, bap_id, size, first_stored_at, stored_at FROM backups WHERE user_id = $1
            ORDER BY bap_id, stored_at DESC LIMIT 500",
    },
    Section {
        name: "known_devices",
        columns: &["created_at", "seen_at"],
        rows: "SELECT created_at, seen_at FROM known_devices WHERE user_id = $1 ORDER BY created_at, name LIMIT 500",
    },
    Section {
        name: "sessions",
        columns: &["id", "auth_time", "methods", "address", "user_agent", "created_at", "expires_at", "ended_at"],
        rows: "SELECT id, auth_time, methods, address, user_agent, created_at, expires_at, ended_at FROM sessions
            WHERE user_id = $1 AND ended_at IS NULL ORDER BY created_at LIMIT 500",
    },
    Section {
        name: "consents",
        columns: &["app", "bapId", "resource", "scope", "created_at", "updated_at", "last_used_at"],
        rows: "SELECT app_id, bap_id, resource, scope, created_at, updated_at, last_used_at FROM consents
            WHERE user_id = $1 ORDER BY app_id, resource, bap_id LIMIT 500",
    },
    Section {
        name: "apps",
        columns: &["id", "clientId", "name", "madeAs", "created_at"],
        rows: "SELECT a.id, a.client_id, a.name, r.made_as, a.created_at FROM registrations r JOIN apps a ON a.id = r.app_id
            WHERE r.made_by = $1 ORDER BY a.id LIMIT 500",
    },
    Section {
        name: "grants",
        columns: &["app", "bapId", "scope", "resources", "created_at", "last_used_at", "expires_at"],
        rows: "SELECT app_id, bap_id, scope, resources, created_at, last_used_at, expires_at FROM grants
            WHERE user_id = $1 AND offline = 1 AND revoked_at IS NULL ORDER BY created_at, id LIMIT 500",
    },
    Section {
        name: "memberships",
        columns: &["workspace", "name", "role", "state", "created_at", "updated_at"],
        rows: "SELECT m.org_id, o.name, r.name, m.state, m.created_at, m.updated_at
            FROM memberships m JOIN orgs o ON o.id = m.org_id
                LEFT JOIN roles r ON r.org_id = m.org_id AND r.id = m.role_id
            WHERE m.user_id = $1 AND o.removed_at IS NULL ORDER BY m.created_at, m.org_id LIMIT 500",
    },
    Section {
        name: "workspace_sessions",
        columns: &["workspace", "created_at", "expires_at"],
        rows: "SELECT org_id, created_at, expires_at FROM org_sessions WHERE user_id = $1 AND ended_at IS NULL
            ORDER BY created_at, jti LIMIT 500",
    },
    Section {
        name: "waiting_emails",
        columns: &["address", "created_at", "expires_at"],
        rows: "SELECT address, created_at, expires_at FROM email_additions WHERE user_id = $1",
    },
    Section {
        name: "merged_accounts",
        columns: &["id", "merged_at"],
        rows: "SELECT id, merged_at FROM merged_accounts WHERE kept_id = $1 ORDER BY merged_at, id LIMIT 500",
    },
    Section {
        name: "deletion",
        columns: &["requested_at", "due_at"],
        rows: "SELECT requested_at, due_at FROM account_deletions WHERE user_id = $1",
    },
];

/// Most rows of a section, as its statement says.
const MOST_ROWS: usize = 500;

/// Most characters of the values of merits in a copy: orgs decide how much each holds.
const MOST_CHARACTERS: i64 = 4_000_000;

/// Most events in a copy: the latest.
const MOST_EVENTS: u32 = 5_000;

/// Like [`collect`], for the operator: recorded, and shown to the user.
pub fn hand_to_operator(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<Map<String, Value>>, StoreError> {
    let data = collect(tx, user_id)?;
    if data.is_some() {
        let export = NewEvent::new(Action::UserExport).about(user_id).shown_to(user_id);
        event::append(tx, export.to(Target::User(user_id.clone())))?;
    }
    Ok(data)
}

/// The account, its sections, and its latest events; `cut_off` names sections that may have more. `None` if there is no such
/// account.
pub fn collect(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<Map<String, Value>>, StoreError> {
    const ACCOUNT: [&str; 7] = ["id", "name", "image", "pubkey", "language", "created_at", "updated_at"];
    let account = tx.query_opt(
        "SELECT id, name, image, pubkey, language, created_at, updated_at FROM users WHERE id = $1",
        params![user_id],
    )?;
    let Some(account) = account else { return Ok(None) };
    let mut data = Map::new();
    data.insert("account".to_owned(), object(&ACCOUNT, &account)?);
    let mut cut_off = Vec::new();
    for section in SECTIONS {
        let rows = tx.query_all(section.rows, params![user_id])?;
        if rows.len() >= MOST_ROWS {
            cut_off.push(Value::from(section.name));
        }
        let rows = rows.iter().map(|row| object(section.columns, row)).collect::<Result<Vec<_>, _>>()?;
        data.insert(section.name.to_owned(), Value::Array(rows));
    }
    let (merits, are_all) = merits(tx, user_id)?;
    if !are_all {
        cut_off.push(Value::from("merits"));
    }
    data.insert("merits".to_owned(), Value::Array(merits));
    data.insert("cut_off".to_owned(), Value::Array(cut_off));
    let events = event::list_with_merged(tx, user_id, &Place::end(), MOST_EVENTS)?;
    data.insert("events".to_owned(), Value::Array(events.iter().map(|event| of_event(event, user_id)).collect()));
    Ok(Some(data))
}

/// The merits of a user, oldest first, and whether these are all.
fn merits(tx: &mut dyn Tx, user_id: &UserId) -> Result<(Vec<Value>, bool), StoreError> {
    const COLUMNS: [&str; 8] = ["id", "workspace", "name", "app", "status", "values", "sent_at", "updated_at"];
    let lengths = tx.query_all(
        "SELECT CAST(length(field_values) AS BIGINT) FROM merits WHERE user_id = $1 ORDER BY sent_at, id LIMIT 500",
        params![user_id],
    )?;
    let (mut fitting, mut characters) = (0_usize, 0_i64);
    for row in &lengths {
        characters += row.int(0)?;
        if characters > MOST_CHARACTERS {
            break;
        }
        fitting += 1;
    }
    let rows = tx.query_all(
        "SELECT m.id, m.org_id, o.name, m.app_id, m.status, m.field_values, m.sent_at, m.updated_at
         FROM merits m LEFT JOIN orgs o ON o.id = m.org_id WHERE m.user_id = $1 ORDER BY m.sent_at, m.id LIMIT $2",
        params![user_id, i64::try_from(fitting).unwrap_or(i64::MAX)],
    )?;
    let found = rows.iter().map(|row| object(&COLUMNS, row)).collect::<Result<Vec<_>, _>>()?;
    Ok((found, fitting == lengths.len() && fitting < MOST_ROWS))
}

/// An event, with the account that it is of if that was merged into this one. Where other actors are is not the user's to know.
fn of_event(event: &Event, user_id: &UserId) -> Value {
    let account = event.user_id.as_ref();
    let is_theirs = event.actor == Actor::Anonymous || event.actor.user().is_some_and(|actor| Some(actor) == account);
    json!({
        "merged_account": account.filter(|account| *account != user_id),
        "at": event.at.iso8601(),
        "action": event.action,
        "actor": event.actor.kind(),
        "workspace": event.org_id,
        "target": event.target.as_ref().map(|(kind, id)| json!({"kind": kind, "id": id})),
        "address": event.address.as_ref().filter(|_| is_theirs),
        "user_agent": event.user_agent.as_ref().filter(|_| is_theirs),
        "count": event.count,
        "details": event.details,
    })
}

fn object(columns: &[&str], row: &Row) -> Result<Value, StoreError> {
    let mut object = Map::new();
    for (at, column) in columns.iter().enumerate() {
        let value = match row.value(at)? {
            crate::Value::Text(text) => Value::from(text.as_str()),
            crate::Value::Int(micros) if column.ends_with("_at") || *column == "auth_time" => {
                Value::from(Timestamp::from_micros(*micros).iso8601())
            }
            crate::Value::Int(number) if *column == "primary" => Value::from(*number == 1),
            crate::Value::Int(number) => Value::from(*number),
            crate::Value::Real(number) => Value::from(*number),
            crate::Value::Null | crate::Value::Bytes(_) => Value::Null,
        };
        object.insert((*column).to_owned(), value);
    }
    Ok(Value::Object(object))
}
