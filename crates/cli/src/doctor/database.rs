//! Whether a database server has room for the connections of the processes that use it.

use secrecy::ExposeSecret as _;
use sigma_server::settings::{Pooler, Settings};

use super::Finding;
use crate::opened::Opened;

/// What each process has beside those that read and those that write: one for the change feed.
const FURTHER: i64 = 1;

/// Compares what a process opens with what the server takes. Nothing for a database file.
pub fn connections(opened: &Opened, settings: &Settings) -> Option<Finding> {
    if settings.store.url.expose_secret().starts_with("sqlite:") {
        return None;
    }
    let check = "connections";
    let each = i64::try_from(settings.store.connections).unwrap_or(i64::MAX).saturating_mul(2).saturating_add(FURTHER);
    if settings.store.pooler != Pooler::None {
        let message = format!("each process opens {each} to the pooler");
        let mend = "Mind its max_client_conn; how many it opens to the server is its own affair.";
        return Some(Finding::note(check, message, mend));
    }
    let room = opened.read(|tx| {
        let sql = "SELECT CAST(sum(CASE WHEN name = 'max_connections' THEN 1 ELSE -1 END * CAST(setting AS BIGINT)) AS BIGINT)
             FROM pg_settings
             WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')";
        Ok(tx.query_opt(sql, &[])?.and_then(|row| row.opt_int(0).ok().flatten()))
    });
    let Ok(Some(room)) = room else {
        let mend = "Compare its max_connections with what the processes open.";
        return Some(Finding::note(check, "the database server did not tell how many it takes", mend));
    };
    let processes = room / each;
    let message = format!("each process opens {each}, the database server takes {room}: enough for {processes}");
    let mend =
        "Raise max_connections of the server, lower store.connections, or put a pooler between them (store.pooler).";
    Some(match processes {
        ..=0 => Finding::wrong(check, message, mend),
        1 => Finding::note(check, message, mend),
        _ => Finding::fine(check, message),
    })
}
