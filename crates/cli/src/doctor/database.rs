//! Checks whether the database server has room for the connections of all instances.

use sigma_server::doctor::Connections;
use sigma_server::settings::Settings;

use super::Finding;
use crate::opened::Opened;

/// Compares an instance's connections with the server's limit. Not applicable to a database file.
pub fn connections(opened: &Opened, settings: &Settings) -> Option<Finding> {
    // A database file has no such limit, and a pooler hides it.
    Connections::of(settings, None)?;
    let judged = Connections::of(settings, opened.read(Connections::room).ok().flatten())?;
    let (message, mend) = match judged {
        Connections::Pooled(each) => (
            format!("each instance opens {each} connections to the pooler"),
            "Check its max_client_conn; how many connections it opens to the server is up to the pooler.",
        ),
        Connections::Unknown => (
            "the database server did not report its connection limit".to_owned(),
            "Compare its max_connections with what the instances open.",
        ),
        Connections::Counted { each, room } => (
            format!(
                "each instance opens {each}, the database server accepts {room}: enough for {}",
                judged.instances().unwrap_or_default()
            ),
            "Raise the server's max_connections, lower store.connections, or use a pooler (store.pooler).",
        ),
    };
    Some(Finding::judged("connections", judged.status(), message, mend))
}
