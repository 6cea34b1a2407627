//! The demo's workspaces: two teams with members of each role, who use quick login; one of them is in both.

use std::collections::BTreeMap;

use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::event::{Action, Target};
use sigma_core::ids::{OrgId, RoleId, UserId};
use sigma_core::time::Timestamp;
use sigma_core::workspace::{Level, RoleDraft, RolePermissions, SchemaPermission, Switch};
use sigma_store::account;
use sigma_store::email::EmailProof;
use sigma_store::event::{self, NewEvent};
use sigma_store::workspace::membership::{self, NewMember, State};
use sigma_store::workspace::tenant::{self, Change, NewWorkspace};
use sigma_store::workspace::{Decision, role};
use sigma_store::{StoreError, Tx};

use crate::commands::workspace::decided;
use crate::failure::Failure;
use crate::opened::Opened;

/// A workspace as described to the Playground: what its API does not reveal to strangers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoWorkspace {
    workspace_id: &'static str,
    /// Role names by user id.
    roles: BTreeMap<&'static str, &'static str>,
    /// Names of the product's schemas, to query a role with.
    schema_id: &'static str,
    attributes: Vec<&'static str>,
}

/// A workspace to create.
struct Team {
    id: &'static str,
    name: &'static str,
    /// The admin, and a member who manages nothing.
    admin: Person,
    member: Person,
    /// The team's own role, and its member.
    role: OwnRole,
    specialist: Person,
    /// The product's schemas and their attributes, with the levels of the team's own role.
    schema: &'static str,
    attributes: &'static [(&'static str, Level)],
}

#[derive(Clone, Copy)]
struct Person {
    id: &'static str,
    name: &'static str,
    email: &'static str,
}

#[derive(Clone, Copy)]
struct OwnRole {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    switches: &'static [Switch],
}

const ADA: Person = Person { id: "user_demo_ada", name: "Ada Weaver", email: "ada@example.org" };

static TEAMS: [Team; 2] = [
    Team {
        id: "org_demo_bakery",
        name: "Harbour Bakery",
        admin: ADA,
        member: Person { id: "user_demo_cleo", name: "Cleo Marsh", email: "cleo@bakery.example" },
        role: OwnRole {
            id: "role_demo_baker",
            name: "Baker",
            description: "Writes recipes, sees what things cost, and not who delivers them",
            switches: &[Switch::Export, Switch::Import],
        },
        specialist: Person { id: "user_demo_ben", name: "Ben Okafor", email: "ben@bakery.example" },
        schema: "recipe",
        attributes: &[("name", Level::Write), ("cost", Level::Read), ("supplier", Level::Hidden)],
    },
    Team {
        id: "org_demo_library",
        name: "Night Library",
        admin: Person { id: "user_demo_dora", name: "Dora Lind", email: "dora@library.example" },
        member: ADA,
        role: OwnRole {
            id: "role_demo_librarian",
            name: "Librarian",
            description: "Lends books, manages members, and does not see what somebody read",
            switches: &[Switch::ManageUsers],
        },
        specialist: Person { id: "user_demo_eli", name: "Eli Santos", email: "eli@library.example" },
        schema: "loan",
        attributes: &[("book", Level::Write), ("due", Level::Write), ("history", Level::Hidden)],
    },
];

/// Creates the workspaces, unless an earlier demo did, and describes them to the Playground.
pub fn register(opened: &Opened) -> Result<Vec<DemoWorkspace>, Failure> {
    let master_key = opened.new_master_key()?;
    for team in &TEAMS {
        let now = opened.now();
        let id = OrgId::from_text(team.id);
        let new = NewWorkspace::new(id, team.name.to_owned(), &master_key, now, opened.rng.as_ref())
            .map_err(|error| Failure::Failed(error.to_string()))?;
        decided(opened.write(move |tx| make(tx, team, &new))?)?;
    }
    Ok(TEAMS.iter().map(told).collect())
}

fn told(team: &Team) -> DemoWorkspace {
    let attributes = team.attributes.iter().map(|(name, _)| *name).collect();
    let roles = [(team.admin.id, "Admin"), (team.specialist.id, team.role.name), (team.member.id, "Member")];
    DemoWorkspace { workspace_id: team.id, roles: roles.into(), schema_id: team.schema, attributes }
}

/// An existing one is left alone: it may have been changed since.
fn make(tx: &mut dyn Tx, team: &Team, new: &NewWorkspace) -> Decision<()> {
    if tenant::find(tx, &new.id)?.is_some() {
        return Ok(Ok(()));
    }
    let made = tenant::add(tx, new).and_then(|added| match added {
        Ok(_) => fill(tx, team, new),
        Err(refusal) => Ok(Err(refusal)),
    });
    match made? {
        // The transaction fails as a whole.
        Err(refusal) => Err(StoreError::Failed(format!("the demo's workspace {}: {refusal}", team.id))),
        Ok(()) => Ok(Ok(())),
    }
}

fn fill(tx: &mut dyn Tx, team: &Team, new: &NewWorkspace) -> Decision<()> {
    let (org_id, now) = (&new.id, new.now);
    let own_role = RoleId::from_text(team.role.id);
    let draft = draft(team).map_err(StoreError::Failed)?;
    if let Err(refusal) = role::add(tx, org_id, &Actor::Operator, &own_role, &draft, now)? {
        return Ok(Err(refusal));
    }
    let people = [(team.admin, &new.admin_role), (team.specialist, &own_role), (team.member, &new.member_role)];
    for (person, role_id) in people {
        if let Err(refusal) = join(tx, org_id, person, role_id, now)? {
            return Ok(Err(refusal));
        }
    }
    let change = Change { name: None, quick_logins: Some(true) };
    Ok(tenant::change(tx, org_id, &Actor::Operator, &change, now)?.map(drop))
}

/// Creates an account, unless another team did, and adds the membership.
fn join(tx: &mut dyn Tx, org_id: &OrgId, person: Person, role_id: &RoleId, now: Timestamp) -> Decision<()> {
    let user_id = UserId::from_text(person.id);
    if account::find_user(tx, &user_id)?.is_none() {
        let email = Email::parse(person.email).map_err(|error| StoreError::Failed(error.to_string()))?;
        account::add_with_email(tx, &user_id, &email, EmailProof::Verified, person.name, now)?;
        event::append(tx, NewEvent::new(Action::UserCreate).about(&user_id).to(Target::User(user_id.clone())))?;
    }
    let member = NewMember { user_id, role_id: role_id.clone(), state: State::Active, quick_login: true };
    Ok(membership::add(tx, org_id, &Actor::Operator, &member, now)?.map(drop))
}

fn draft(team: &Team) -> Result<RoleDraft, String> {
    let attributes = team.attributes.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect();
    let schema = SchemaPermission { schema_id: team.schema.to_owned(), default: Level::Read, attributes };
    let permissions = RolePermissions {
        switches: team.role.switches.iter().copied().collect(),
        schemas: vec![schema],
        ..RolePermissions::default()
    };
    RoleDraft::new(team.role.name, team.role.description, permissions).map_err(|problem| problem.to_string())
}
