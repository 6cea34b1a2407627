//! One new person, as the page and the management API create them.

use sigma_core::email::Email;
use sigma_core::ids::{OrgRef, UserId};
use sigma_core::operator::OperatorRefusal;
use sigma_core::org::text;
use sigma_core::time::Timestamp;
use sigma_platform::http::ApiError;
use sigma_platform::mail::Link;
use sigma_platform::settings::SignInMethod;
use sigma_platform::state::AppState;
use sigma_store::new_account::{FirstPassword, NewAccount};
use sigma_store::one_time_link::Purpose;
use sigma_store::operator::Caller;
use sigma_store::operator::new_person::{self, Joined, NewPlace};
use sigma_store::user::User;
use sigma_store::{Stop, Store};

/// How a new person gets a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordBy {
    /// By a link that is mailed to them.
    #[default]
    Mail,
    /// By a link that is shown to whoever creates the account.
    Shown,
    /// Not at all.
    Nothing,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The address.
    pub email: &'a str,
    /// The name; the part of the address before the @ without one.
    pub name: Option<&'a str>,
    /// The id or slug of an org to join.
    pub org: Option<&'a str>,
    /// The name or id of the role there.
    pub role: Option<&'a str>,
    /// How the person gets a password.
    pub by: PasswordBy,
}

/// What was made.
#[derive(Debug)]
pub struct Made {
    /// The account.
    pub user: User,
    /// The membership.
    pub joined: Option<Joined>,
    /// The link to show, and until when it works.
    pub link: Option<(String, Timestamp)>,
}

/// What is wrong with what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The address.
    Email,
    /// The name.
    Name,
    /// A role without an org.
    Role,
    /// Nobody signs in by a password here.
    Passwords,
}

impl Problem {
    /// The field that is wrong.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Name => "name",
            Self::Role => "role",
            Self::Passwords => "link",
        }
    }

    /// What is wrong with it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Email => "is not a valid e-mail address",
            Self::Name => "must have between 1 and 100 visible characters",
            Self::Role => "needs an org",
            Self::Passwords => "nobody signs in by a password here",
        }
    }
}

/// Why nobody was created.
#[derive(Debug)]
pub enum NewPersonError {
    /// What was asked for is malformed.
    Wrong(Problem),
    /// It is refused, because of that field.
    Refused(OperatorRefusal, &'static str),
    /// The role of the caller, or the store.
    Stopped(Stop<OperatorRefusal>),
    /// A mail could not be sealed.
    Failed(ApiError),
}

/// Whether somebody who has a password can sign in with it.
pub fn takes_passwords(sigma: &AppState) -> bool {
    sigma.settings.sign_in.methods.contains(&SignInMethod::Password)
}

/// Creates the account by `store`, which acts for the caller.
pub async fn create(
    sigma: &AppState,
    store: &Store,
    caller: &Caller,
    asked: &Asked<'_>,
) -> Result<Made, NewPersonError> {
    use NewPersonError::{Failed, Wrong};
    let email = Email::parse(asked.email.trim()).map_err(|_| Wrong(Problem::Email))?;
    let local = email.address().split('@').next().unwrap_or_default();
    let name = text::name(asked.name.unwrap_or(local)).map_err(|_| Wrong(Problem::Name))?;
    if asked.role.is_some() && asked.org.is_none() {
        return Err(Wrong(Problem::Role));
    }
    let place = match asked.org {
        Some(org) => {
            let org = OrgRef::parse(org).ok_or(NewPersonError::Refused(OperatorRefusal::NoOrg, "org"))?;
            Some(NewPlace { org, role: asked.role.map(str::to_owned) })
        }
        None => None,
    };
    if asked.by != PasswordBy::Nothing && !takes_passwords(sigma) {
        return Err(Wrong(Problem::Passwords));
    }
    let now = sigma.now();
    let (password, link) = match asked.by {
        PasswordBy::Nothing => (FirstPassword::Never, None),
        PasswordBy::Mail => {
            let mail = sigma.composer().created(email.address());
            (FirstPassword::Mail(mail.map_err(|error| Failed(ApiError::internal(error)))?), None)
        }
        PasswordBy::Shown => {
            let (address, links) = (email.address(), &sigma.settings.links);
            let Link { link, url } = Link::new(sigma.issuer(), links, Purpose::Reset, address, now, &*sigma.rng);
            let until = link.expires_at;
            (FirstPassword::Link(link), Some((url, until)))
        }
    };
    let new = NewAccount { id: UserId::new(now, &*sigma.rng), email, name, password };
    let caller = caller.clone();
    let added = store.decide(move |tx| new_person::add(tx, &caller, &new, place.as_ref(), now)).await;
    let (user, joined) = added.map_err(|stop| match stop {
        Stop::Refused(refusal) => match field_of(refusal) {
            Some(field) => NewPersonError::Refused(refusal, field),
            None => NewPersonError::Stopped(Stop::Refused(refusal)),
        },
        Stop::Failed(error) => NewPersonError::Stopped(Stop::Failed(error)),
    })?;
    if asked.by == PasswordBy::Mail {
        sigma.mail_was_promised();
    }
    Ok(Made { user, joined, link })
}

/// The field that a refusal is about, if it is about one.
const fn field_of(refusal: OperatorRefusal) -> Option<&'static str> {
    match refusal {
        OperatorRefusal::AddressTaken | OperatorRefusal::Invited => Some("email"),
        OperatorRefusal::NoOrg | OperatorRefusal::OwnOrg | OperatorRefusal::ManyMembers => Some("org"),
        OperatorRefusal::NoRole => Some("role"),
        _ => None,
    }
}
