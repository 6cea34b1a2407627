//! `sigma user add` and `reset`: people who sign in by e-mail address and password.

use std::path::Path;

use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::ids::{OrgId, RoleId, UserId};
use sigma_core::org::{Refusal, text};
use sigma_core::time::Timestamp;
use sigma_server::mail::Link;
use sigma_store::new_account::{self, FirstPassword, NewAccount};
use sigma_store::one_time_link::{self, Purpose};
use sigma_store::org::membership::{self, NewMember, State};
use sigma_store::org::{self, role};
use sigma_store::user::{self, User};
use sigma_store::{Owner, StoreError, Tx};

use super::super::named;
use super::secret::{Source, hash};
use crate::args::AddUser;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields};

/// The default role of new members.
const ROLE: &str = "Member";

/// What was made.
#[derive(Debug, Serialize)]
struct Added {
    id: String,
    email: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// Where the user sets their password.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_expires_at: Option<String>,
}

/// Creates an account with an address that the operator vouches for, and a membership if a workspace is named. An
/// existing account can be added to a workspace.
pub fn add(file: Option<&Path>, output: Output, args: &AddUser) -> Result<(), Failure> {
    if args.remote.mail || args.remote.no_password {
        return Err(Failure::Usage("--mail and --no-password need --server".to_owned()));
    }
    let email = Email::parse(&args.email)
        .map_err(|_| Failure::Usage(format!("{} is not a valid e-mail address", args.email)))?;
    let local = email.address().split('@').next().unwrap_or_default();
    let name = text::name(args.name.as_deref().unwrap_or(local));
    let name = name.map_err(|problem| Failure::Usage(format!("the name {problem}")))?;
    let opened = Opened::open(file)?;
    let folded = email.folded().to_owned();
    let known = opened.read(move |tx| user::find_by_email(tx, &folded))?;
    let place = args.workspace.as_deref().map(|id| find_place(&opened, id, args.role.as_deref())).transpose()?;
    let (user, link) = match (known, &place) {
        (Some(user), None) => {
            return Err(Failure::Refused(format!("{email} already has an account: {}", user.id)));
        }
        (Some(user), Some(_)) => (Person::Known(user), None),
        (None, _) => {
            let password = Source::of(args.password_stdin, args.link).read()?;
            let hash = password.map(|password| hash(&opened, password)).transpose()?;
            let link = hash.is_none().then(|| link(&opened, email.address()));
            let id = UserId::new(opened.now(), opened.rng.as_ref());
            (
                Person::New(NewAccount {
                    id,
                    email: email.clone(),
                    name,
                    password: match (hash, &link) {
                        (Some(hash), _) => FirstPassword::Hash(hash),
                        (None, Some(link)) => FirstPassword::Link(link.link.clone()),
                        (None, None) => FirstPassword::Never,
                    },
                }),
                link,
            )
        }
    };
    let (now, joins) = (opened.now(), place.clone());
    let user = opened.decide::<_, Refusal>(move |tx| {
        if let Some(place) = &joins {
            tx.lock(Owner::Org(&place.org_id))?;
        }
        let user = user.make(tx, now)?;
        if let Some(place) = &joins {
            let new = NewMember {
                user_id: user.id.clone(),
                role_id: place.role_id.clone(),
                state: State::Active,
                quick_login: false,
            };
            membership::add(tx, &place.org_id, &Actor::Operator, &new, now)?;
        }
        Ok(user)
    })?;
    let added = Added {
        id: user.id.to_string(),
        email: user.email.unwrap_or_default(),
        name: user.name,
        workspace: place.as_ref().map(|place| place.org_id.to_string()),
        role: place.map(|place| place.role),
        link_expires_at: link.as_ref().map(|link| link.link.expires_at.to_string()),
        link: link.map(|link| link.url),
    };
    output.answer(&added, Added::text)
}

/// Creates a link to set a new password, for users who cannot be reached by mail.
pub fn reset(file: Option<&Path>, output: Output, user: &str) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let user = super::find(&opened, user)?.user;
    let Some(email) = user.email else {
        return Err(Failure::Refused(format!("{} has no e-mail address, which a password sign-in needs", user.id)));
    };
    let link = link(&opened, &email);
    let (new, id) = (link.link.clone(), user.id.clone());
    opened.write(move |tx| one_time_link::add(tx, &new, &id, None))?;
    let added = Added {
        id: user.id.to_string(),
        email,
        name: user.name,
        workspace: None,
        role: None,
        link_expires_at: Some(link.link.expires_at.to_string()),
        link: Some(link.url),
    };
    output.answer(&added, Added::text)
}

impl Added {
    fn text(&self) -> String {
        let about = fields(&[
            ("id", self.id.clone()),
            ("name", self.name.clone()),
            ("address", self.email.clone()),
            ("workspace", self.workspace.clone().unwrap_or_default()),
            ("role", self.role.clone().unwrap_or_default()),
        ]);
        match (&self.link, &self.link_expires_at) {
            (Some(link), Some(until)) => format!(
                "{about}\n\nAnyone with this link can set the password, once, until {until}. Give it only to the \
                 user:\n{link}"
            ),
            _ => about,
        }
    }
}

/// The workspace and role of a new member.
#[derive(Clone, Debug)]
struct Place {
    org_id: OrgId,
    role_id: RoleId,
    role: String,
}

/// An existing account or a new one.
enum Person {
    Known(User),
    New(NewAccount),
}

impl Person {
    fn make(&self, tx: &mut dyn Tx, now: Timestamp) -> Result<User, StoreError> {
        let new = match self {
            Self::Known(user) => return Ok(user.clone()),
            Self::New(new) => new,
        };
        let added = new_account::add(tx, new, now)?;
        added.ok_or_else(|| StoreError::Failed("the address was taken in the meantime".to_owned()))
    }
}

fn find_place(opened: &Opened, workspace: &str, role: Option<&str>) -> Result<Place, Failure> {
    let (org_id, wanted) = (named::org_id(opened, workspace)?, role.unwrap_or(ROLE).to_owned());
    let (org, named) = (org_id.clone(), wanted.clone());
    let (found, role) = opened.read(move |tx| {
        let role = role::find_named(tx, &org, &named)?;
        Ok((org::find(tx, &org)?, role))
    })?;
    if found.is_none() {
        return Err(named::unknown_workspace(workspace));
    }
    let role = role.ok_or_else(|| {
        Failure::NotFound(format!("{workspace} has no role {wanted}; see `sigma workspace show {workspace}`"))
    })?;
    Ok(Place { org_id, role_id: role.id, role: role.name })
}

fn link(opened: &Opened, email: &str) -> Link {
    let settings = &opened.settings;
    Link::new(&settings.issuer, &settings.links, Purpose::Reset, email, opened.now(), opened.rng.as_ref())
}
