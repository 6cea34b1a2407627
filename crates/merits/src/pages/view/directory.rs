//! What the pages about directories show.

use secrecy::{ExposeSecret as _, SecretString};
use sigma_core::time::Timestamp;
use sigma_platform::pages::view::moment;
use sigma_store::scim::connection::OldToken;
use sigma_store::scim::maker::Maker;

use super::{Choice, Notice};

/// The connections of an org, and the form for a new one.
#[derive(Clone, Debug)]
pub struct DirectoriesPage {
    /// The address of the service.
    pub url: String,
    /// The connections.
    pub connections: Vec<ConnectionLine>,
    /// The name that was entered.
    pub name: String,
    /// The roles.
    pub roles: Vec<Choice>,
    /// Whether groups shall give roles.
    pub maps_roles: bool,
    /// Where the admin proves again who they are before they connect one, if they have to.
    pub confirm_url: Option<String>,
}

/// A connection.
#[derive(Clone, Debug)]
pub struct ConnectionLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The role that it gives.
    pub role: String,
    /// Whether groups give roles.
    pub maps_roles: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Who made it, if that was a person.
    pub maker: Option<Maker>,
}

impl ConnectionLine {
    /// Whether whoever made it could not do so any more.
    pub fn maker_left(&self) -> bool {
        self.maker.as_ref().is_some_and(|maker| !maker.may_still)
    }

    /// When it was last used, in words.
    pub fn used(&self) -> String {
        self.last_used_at.map(moment::minute).unwrap_or_default()
    }

    /// When it was made, in words.
    pub fn made(&self) -> String {
        moment::day(self.created_at)
    }
}

/// A connection and its log.
#[derive(Clone, Debug)]
pub struct DirectoryPage {
    /// The address of the service.
    pub url: String,
    /// The connection.
    pub connection: ConnectionLine,
    /// Its last requests.
    pub requests: Vec<RequestLine>,
    /// Those before.
    pub older_url: Option<String>,
    /// Those after.
    pub newer_url: Option<String>,
    /// Where the admin proves again who they are before they create a token, if they have to.
    pub confirm_url: Option<String>,
}

/// A request.
#[derive(Clone, Debug)]
pub struct RequestLine {
    /// When.
    pub at: Timestamp,
    /// Method and address.
    pub request: String,
    /// The status of the answer.
    pub status: u16,
    /// Why it was refused.
    pub scim_type: Option<String>,
    /// How long it took, in milliseconds.
    pub millis: String,
}

impl RequestLine {
    /// Whether it was refused.
    pub fn is_refused(&self) -> bool {
        self.status >= 400
    }

    /// When, in words.
    pub fn time(&self) -> String {
        moment::minute(self.at)
    }
}

/// The token of a connection, once.
#[derive(Clone, Debug)]
pub struct TokenPage {
    /// The address of the service.
    pub url: String,
    /// The name of the connection.
    pub name: String,
    /// The token.
    pub token: SecretString,
    /// What became of the one before, if there was one.
    pub old: Option<OldToken>,
}

impl TokenPage {
    /// Whether the one before works for a while.
    pub fn overlaps(&self) -> bool {
        self.old == Some(OldToken::Overlaps)
    }

    /// Whether the one before ended.
    pub fn ended(&self) -> bool {
        self.old == Some(OldToken::Ends)
    }

    /// The token, for its holder to copy.
    pub fn text(&self) -> &str {
        self.token.expose_secret()
    }
}

framed! {
    DirectoriesPage as DirectoriesTemplate, "org/directories.html";
    DirectoryPage as DirectoryTemplate, "org/directory.html";
    TokenPage as TokenTemplate, "org/directory-token.html";
}
