//! Actors, and where their requests come from.

use std::net::IpAddr;

use crate::ids::{ApiKeyId, AppId, ScimConnectionId, UserId};

/// An actor, as identified by its credential. Its rights are read again in the transaction that makes the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user with an account.
    User(UserId),
    /// A server, by an API key of a workspace.
    ApiKey(ApiKeyId),
    /// An app, on its own behalf.
    App(AppId),
    /// A directory, by a connection of an org.
    ScimConnection(ScimConnectionId),
    /// The operator of this installation, on the command line.
    Operator,
    /// The server itself, in the background.
    System,
    /// An unauthenticated caller.
    Anonymous,
}

impl Actor {
    /// The names of the kinds, as the audit trail stores and filters them.
    pub const KINDS: [&str; 7] = ["user", "api_key", "app", "scim_connection", "operator", "system", "anonymous"];

    /// The kind, as stored.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::ApiKey(_) => "api_key",
            Self::App(_) => "app",
            Self::ScimConnection(_) => "scim_connection",
            Self::Operator => "operator",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }

    /// The id, for kinds that have one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::User(id) => Some(id.as_str()),
            Self::ApiKey(id) => Some(id.as_str()),
            Self::App(id) => Some(id.as_str()),
            Self::ScimConnection(id) => Some(id.as_str()),
            Self::Operator | Self::System | Self::Anonymous => None,
        }
    }

    /// The actor stored as [`kind`](Self::kind) and [`id`](Self::id).
    pub fn from_stored(kind: &str, id: Option<String>) -> Option<Self> {
        match (kind, id) {
            ("user", Some(id)) => Some(Self::User(UserId::from_text(id))),
            ("api_key", Some(id)) => Some(Self::ApiKey(ApiKeyId::from_text(id))),
            ("app", Some(id)) => Some(Self::App(AppId::from_text(id))),
            ("scim_connection", Some(id)) => Some(Self::ScimConnection(ScimConnectionId::from_text(id))),
            ("operator", None) => Some(Self::Operator),
            ("system", None) => Some(Self::System),
            ("anonymous", None) => Some(Self::Anonymous),
            _ => None,
        }
    }

    /// The user, if it is one.
    pub fn user(&self) -> Option<&UserId> {
        if let Self::User(id) = self { Some(id) } else { None }
    }
}

/// The initiator of a transaction: the actor, their address, and the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initiator {
    /// Who.
    pub actor: Actor,
    /// The network address.
    pub address: Option<String>,
    /// The `User-Agent`, truncated to [`USER_AGENT_LENGTH`].
    pub user_agent: Option<String>,
    /// The request id, as in responses and logs.
    pub request_id: Option<String>,
}

/// Most characters of a `User-Agent` that are stored.
pub const USER_AGENT_LENGTH: usize = 300;

/// The server itself.
pub static SYSTEM: Initiator = Initiator { actor: Actor::System, address: None, user_agent: None, request_id: None };

impl Initiator {
    /// `actor` without a request, such as the operator on the command line.
    pub const fn new(actor: Actor) -> Self {
        Self { actor, address: None, user_agent: None, request_id: None }
    }

    /// The [`network`] of the address.
    pub fn network(&self) -> Option<String> {
        self.address.as_ref()?.parse().ok().map(network)
    }
}

/// The part of an address that identifies one customer: IPv6 by its /64, the usual assignment.
pub fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actors_round_trip() {
        let actors = [
            Actor::User(UserId::from_text("user_1")),
            Actor::ApiKey(ApiKeyId::from_text("key_1")),
            Actor::App(AppId::from_text("shop")),
            Actor::ScimConnection(ScimConnectionId::from_text("scim_1")),
            Actor::Operator,
            Actor::System,
            Actor::Anonymous,
        ];
        assert_eq!(actors.each_ref().map(Actor::kind), Actor::KINDS);
        for actor in actors {
            assert_eq!(Actor::from_stored(actor.kind(), actor.id().map(str::to_owned)), Some(actor));
        }
        assert_eq!(Actor::from_stored("user", None), None);
        assert_eq!(Actor::from_stored("robot", Some("r".to_owned())), None);
    }
}
