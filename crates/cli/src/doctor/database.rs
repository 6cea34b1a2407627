//! Checks whether the database server has room for the connections of all instances.

use secrecy::ExposeSecret as _;
use sigma_server::settings::{Pooler, Settings};

use super::Finding;
use crate::opened::Opened;

/// Connections of each instance beyond those for reads and writes: one for the change feed.
const FURTHER: i64 = 1;

/// Compares an instance's connections with the server's limit. Not applicable to a database file.
pub fn connections(opened: &Opened, settings: &Settings) -> Option<Finding> {
    if settings.store.url.expose_secret().starts_with("sqlite:") {
        return None;
    }
    let check = "connections";
    let each = i64::try_from(settings.store.connections).unwrap_or(i64::MAX).saturating_mul(2).saturating_add(FURTHER);
    if settings.store.pooler != Pooler::None {
        let message = format!("each instance opens {each} connections to the pooler");
        let mend = "Check its max_client_conn; how many connections it opens to the server is up to the pooler.";
        return Some(Finding::note(check, message, mend));
    }
    let room = opened.read(|tx| {
        let sql = "SELECT CAST(sum(CASE WHEN name = 'max_connections' THEN 1 ELSE -1 END * CAST(setting AS BIGINT)) AS BIGINT)
             FROM pg_settings
             WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')";
        Ok(tx.query_opt(sql, &[])?.and_then(|row| row.opt_int(0).ok().flatten()))
    });
    let Ok(Some(room)) = room else {
        let mend = "Compare its max_connections with what the instances open.";
        return Some(Finding::note(check, "the database server did not report its connection limit", mend));
    };
    let processes = room / each;
    let message = format!("each instance opens {each}, the database server accepts {room}: enough for {processes}");
    let mend = "Raise the server's max_connections, lower store.connections, or use a pooler (store.pooler).";
    Some(match processes {
        ..=0 => Finding::wrong(check, message, mend),
        1 => Finding::note(check, message, mend),
        _ => Finding::fine(check, message),
    })
}
