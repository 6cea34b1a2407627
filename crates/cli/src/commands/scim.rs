//! `sigma scim`: the connections of directories.

use std::path::Path;

use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::ids::{OrgId, RoleId, ScimConnectionId};
use sigma_core::org::{Refusal, text};
use sigma_core::scim::ScimToken;
use sigma_core::time::Timestamp;
use sigma_store::org;
use sigma_store::org::role;
use sigma_store::scim::connection::{self, Connection, NewConnection, OldToken};

use super::{Listed, named};
use crate::args::AddScim;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields, table};

/// A connection as printed. `token` is set only for a new one.
#[derive(Debug, Serialize)]
struct ConnectionView {
    id: String,
    name: String,
    role_id: String,
    groups_give_roles: bool,
    created_at: String,
    rotated_at: Option<String>,
    last_used_at: Option<String>,
    /// The path of the service, below the address of the server.
    path: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl ConnectionView {
    fn of(connection: &Connection) -> Self {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            id: connection.id.to_string(),
            name: connection.name.clone(),
            role_id: connection.role_id.to_string(),
            groups_give_roles: connection.maps_roles,
            created_at: connection.created_at.to_string(),
            rotated_at: time(connection.rotated_at),
            last_used_at: time(connection.last_used_at),
            path: sigma_server::paths::SCIM_PATH,
            token: None,
        }
    }

    fn text(&self) -> String {
        fields(&[
            ("token", self.token.as_ref().map(|token| format!("{token}\nshown only once")).unwrap_or_default()),
            ("path", self.path.to_owned()),
            ("id", self.id.clone()),
            ("name", self.name.clone()),
            ("role", self.role_id.clone()),
            ("groups give roles", if self.groups_give_roles { "yes".to_owned() } else { String::new() }),
            ("created", self.created_at.clone()),
            ("rotated", self.rotated_at.clone().unwrap_or_default()),
            ("last used", self.last_used_at.clone().unwrap_or_default()),
        ])
    }

    fn row(&self) -> [String; 4] {
        let used = self.last_used_at.clone().unwrap_or_else(|| "never".to_owned());
        [self.id.clone(), self.name.clone(), self.created_at.clone(), used]
    }
}

/// Makes a connection and prints its token, only this once.
pub fn add(file: Option<&Path>, output: Output, args: &AddScim) -> Result<(), Failure> {
    let name = text::name(&args.name).map_err(|problem| Failure::Usage(format!("the name {problem}")))?;
    let opened = Opened::open(file)?;
    let (org_id, now) = (named::org_id(&opened, &args.workspace)?, opened.now());
    let role_id = role_called(&opened, &org_id, &args.role)?;
    let token = ScimToken::generate(opened.rng.as_ref());
    let new = NewConnection {
        id: ScimConnectionId::new(now, opened.rng.as_ref()),
        name,
        role_id,
        maps_roles: args.groups_give_roles,
        hash: token.digest(),
    };
    let made = opened.decide(move |tx| connection::add(tx, &org_id, &Actor::Operator, &new, now))?;
    let view = ConnectionView { token: Some(token.expose().to_owned()), ..ConnectionView::of(&made) };
    output.answer(&view, ConnectionView::text)
}

fn role_called(opened: &Opened, org_id: &OrgId, name: &str) -> Result<RoleId, Failure> {
    let (org_id, wanted) = (org_id.clone(), name.to_owned());
    let found = opened.read(move |tx| role::find_by_name(tx, &org_id, &wanted))?;
    let found = found.ok_or_else(|| Failure::NotFound(format!("the workspace has no role {name}")))?;
    Ok(found.id)
}

/// Lists the connections of a workspace.
pub fn list(file: Option<&Path>, output: Output, workspace: &str) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let org_id = named::org_id(&opened, workspace)?;
    let found = opened.read(move |tx| match org::find(tx, &org_id)? {
        Some(_) => connection::list(tx, &org_id).map(Some),
        None => Ok(None),
    })?;
    let found = found.ok_or_else(|| Refusal::not_found("Workspace", workspace))?;
    let views: Vec<ConnectionView> = found.iter().map(ConnectionView::of).collect();
    let limit = u32::try_from(views.len()).unwrap_or(u32::MAX);
    Listed::new(views, limit, |view: &ConnectionView| view.id.clone()).print(
        output,
        "sigma scim list",
        "No directory provisions the workspace yet. `sigma scim add --help` shows how to connect one.",
        |views| {
            let rows: Vec<_> = views.iter().map(ConnectionView::row).collect();
            table(["ID", "NAME", "CREATED", "LAST USED"], &rows)
        },
    )
}

/// Gives a connection another token and prints it, only this once.
pub fn rotate(
    file: Option<&Path>,
    output: Output,
    (workspace, id): (&str, &str),
    end_old: bool,
    yes: bool,
) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (org_id, now) = (named::org_id(&opened, workspace)?, opened.now());
    let (wanted, token) = (ScimConnectionId::from_text(id), ScimToken::generate(opened.rng.as_ref()));
    let hash = token.digest();
    if end_old {
        confirm(yes, &format!("the present tokens of {id} stop working immediately"))?;
    }
    let old = if end_old { OldToken::Ends } else { OldToken::Overlaps };
    let rotated =
        opened.decide(move |tx| connection::rotate(tx, &org_id, &Actor::Operator, &wanted, (hash, old), now))?;
    let view = ConnectionView { token: Some(token.expose().to_owned()), ..ConnectionView::of(&rotated) };
    output.answer(&view, ConnectionView::text)
}

/// Removes a connection after confirmation.
pub fn remove(file: Option<&Path>, output: Output, workspace: &str, id: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (org_id, now) = (named::org_id(&opened, workspace)?, opened.now());
    let wanted = ScimConnectionId::from_text(id);
    let (org, connection) = (org_id.clone(), wanted.clone());
    if let Some(found) = opened.read(move |tx| connection::find(tx, &org, &connection))? {
        confirm(yes, &format!("the connection {} ({}) stops working immediately", found.id, found.name))?;
    }
    opened.decide(move |tx| connection::remove(tx, &org_id, &Actor::Operator, &wanted, now))?;
    output.answer(&serde_json::json!({ "removed": id }), |_| format!("{id} was removed."))
}
