//! The demo's workspaces: two teams with members of each role, who use quick login; one of them is in both.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::event::{Action, Target};
use sigma_core::ids::{OrgId, OrgRef, RoleId, UserId};
use sigma_core::org::{Level, RoleDraft, RolePermissions, SchemaPermission, Switch};
use sigma_core::slug::Slug;
use sigma_core::time::Timestamp;
use sigma_store::email::EmailProof;
use sigma_store::event::{self, NewEvent};
use sigma_store::org::membership::{self, NewMember, State};
use sigma_store::org::{self, Change, Decision, NewOrg, role};
use sigma_store::{Stop, StoreError, Tx, user};

use crate::failure::Failure;
use crate::opened::Opened;

/// A workspace as described to the Playground: what its API does not reveal to strangers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoWorkspace {
    workspace_id: String,
    /// Role names by user id.
    roles: BTreeMap<String, &'static str>,
    /// Names of the product's schemas, to query a role with.
    schema_id: &'static str,
    attributes: Vec<&'static str>,
}

/// A workspace to create.
struct Team {
    slug: &'static str,
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

const ADA: Person = Person { name: "Ada Weaver", email: "ada@example.org" };

static TEAMS: [Team; 2] = [
    Team {
        slug: "harbour-bakery",
        name: "Harbour Bakery",
        admin: ADA,
        member: Person { name: "Cleo Marsh", email: "cleo@bakery.example" },
        role: OwnRole {
            id: "role_demo_baker",
            name: "Baker",
            description: "Writes recipes, sees what things cost, and not who delivers them",
            switches: &[Switch::Export, Switch::Import],
        },
        specialist: Person { name: "Ben Okafor", email: "ben@bakery.example" },
        schema: "recipe",
        attributes: &[("name", Level::Write), ("cost", Level::Read), ("supplier", Level::Hidden)],
    },
    Team {
        slug: "night-library",
        name: "Night Library",
        admin: Person { name: "Dora Lind", email: "dora@library.example" },
        member: ADA,
        role: OwnRole {
            id: "role_demo_librarian",
            name: "Librarian",
            description: "Lends books, manages members, and does not see what somebody read",
            switches: &[Switch::ManageUsers],
        },
        specialist: Person { name: "Eli Santos", email: "eli@library.example" },
        schema: "loan",
        attributes: &[("book", Level::Write), ("due", Level::Write), ("history", Level::Hidden)],
    },
];

/// Creates the workspaces, unless an earlier demo did, and describes them to the Playground.
pub fn register(opened: &Opened) -> Result<Vec<DemoWorkspace>, Failure> {
    let master_key = opened.new_master_key()?;
    for (number, team) in (0_u64..).zip(&TEAMS) {
        // Teams and their people are listed in this order.
        let later = |millis: u64| opened.now().plus(Duration::from_millis(100 * number + millis));
        let (now, slug) = (later(0), Slug::parse(team.slug));
        let new = NewOrg::new(
            OrgId::new(now, opened.rng.as_ref()),
            team.name.to_owned(),
            &master_key,
            now,
            opened.rng.as_ref(),
        );
        let new = NewOrg { slug, ..new.map_err(|error| Failure::Failed(error.to_string()))? };
        // An account that another team created keeps its id.
        let ids = [0, 1, 2].map(|place| UserId::new(later(place), opened.rng.as_ref()));
        opened.write(move |tx| make(tx, team, &new, &ids))?;
    }
    opened.read(|tx| TEAMS.iter().map(|team| reported(tx, team)).collect())
}

fn reported(tx: &mut dyn Tx, team: &Team) -> Result<DemoWorkspace, StoreError> {
    let mut roles = BTreeMap::new();
    for (person, role) in [(team.admin, "Admin"), (team.specialist, team.role.name), (team.member, "Member")] {
        roles.extend(user::find_by_email(tx, person.email)?.map(|user| (user.id.to_string(), role)));
    }
    Ok(DemoWorkspace {
        workspace_id: find(tx, team)?.map(|id| id.to_string()).unwrap_or_default(),
        roles,
        schema_id: team.schema,
        attributes: team.attributes.iter().map(|(name, _)| *name).collect(),
    })
}

fn find(tx: &mut dyn Tx, team: &Team) -> Result<Option<OrgId>, StoreError> {
    OrgRef::parse(team.slug).map_or(Ok(None), |wanted| org::resolve(tx, &wanted))
}

/// An existing one is left alone: it may have been changed since.
fn make(tx: &mut dyn Tx, team: &Team, new: &NewOrg, ids: &[UserId; 3]) -> Result<(), StoreError> {
    if find(tx, team)?.is_some() {
        return Ok(());
    }
    org::add(tx, new).and_then(|_| fill(tx, team, new, ids)).map_err(|stop| match stop {
        // A refusal would keep what was written before it.
        Stop::Refused(refusal) => StoreError::Failed(format!("the demo's workspace {}: {refusal}", team.slug)),
        Stop::Failed(error) => error,
    })
}

fn fill(tx: &mut dyn Tx, team: &Team, new: &NewOrg, ids: &[UserId; 3]) -> Decision<()> {
    let (org_id, now) = (&new.id, new.now);
    let own_role = RoleId::from_text(team.role.id);
    let draft = draft(team).map_err(StoreError::Failed)?;
    role::add(tx, org_id, &Actor::Operator, &own_role, &draft, now)?;
    let people = [(team.admin, &new.admin_role), (team.specialist, &own_role), (team.member, &new.member_role)];
    for ((person, role_id), id) in people.into_iter().zip(ids) {
        join(tx, org_id, (person, id), role_id, now)?;
    }
    let change = Change { quick_logins: Some(true), ..Change::default() };
    org::change(tx, org_id, &Actor::Operator, &change, now).map(drop)
}

/// Creates an account, unless another team did, and adds the membership.
fn join(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (person, new_id): (Person, &UserId),
    role_id: &RoleId,
    now: Timestamp,
) -> Decision<()> {
    let user_id = if let Some(user) = user::find_by_email(tx, person.email)? {
        user.id
    } else {
        let email = Email::parse(person.email).map_err(|error| StoreError::Failed(error.to_string()))?;
        user::add_with_email(tx, new_id, &email, EmailProof::Verified, person.name, now)?;
        event::append(tx, NewEvent::new(Action::UserCreate).about(new_id).to(Target::User(new_id.clone())))?;
        new_id.clone()
    };
    let member = NewMember { user_id, role_id: role_id.clone(), state: State::Active, quick_login: true };
    membership::add(tx, org_id, &Actor::Operator, &member, now).map(drop)
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
