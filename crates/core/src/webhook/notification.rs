//! What a webhook says of an event.

use serde::Serialize;

use crate::event::{Details, Event};

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The operator, who sees everything that the audit trail holds.
    Operator,
    /// An org, which learns nothing of the networks and browsers of its people.
    Org,
}

/// The body of a request: what happened, when, and the facts. Like the audit trail it names people, apps and keys by id alone.
#[derive(Clone, Debug, Serialize)]
pub struct Notification<'a> {
    /// The name of the action.
    pub r#type: &'a str,
    /// When it happened, as RFC 3339 writes it.
    pub timestamp: String,
    /// The facts.
    data: Facts<'a>,
}

#[derive(Clone, Debug, Serialize)]
struct Facts<'a> {
    id: &'a str,
    count: u64,
    actor: Party<'a>,
    user_id: Option<&'a str>,
    org_id: Option<&'a str>,
    target: Option<Party<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    request_id: Option<&'a str>,
    details: &'a Details,
}

#[derive(Clone, Debug, Serialize)]
struct Party<'a> {
    kind: &'a str,
    id: Option<&'a str>,
}

impl<'a> Notification<'a> {
    /// Of that event.
    pub fn of(event: &'a Event, reader: Reader) -> Self {
        let is_operator = reader == Reader::Operator;
        Self {
            r#type: &event.action,
            timestamp: event.at.iso8601(),
            data: Facts {
                id: event.id.as_str(),
                count: event.count,
                actor: Party { kind: event.actor.kind(), id: event.actor.id() },
                user_id: event.user_id.as_ref().map(crate::ids::UserId::as_str),
                org_id: event.org_id.as_ref().map(crate::ids::OrgId::as_str),
                target: event.target.as_ref().map(|(kind, id)| Party { kind, id: Some(id) }),
                address: event.address.as_deref().filter(|_| is_operator),
                user_agent: event.user_agent.as_deref().filter(|_| is_operator),
                request_id: event.request_id.as_deref(),
                details: &event.details,
            },
        }
    }

    /// The body as it is signed and sent.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::actor::Actor;
    use crate::ids::{EventId, OrgId, UserId};
    use crate::time::Timestamp;

    #[test]
    fn an_org_is_told_what_happened_but_not_from_where() {
        let event = Event {
            id: EventId::from_text("evt_1"),
            at: Timestamp::from_seconds(1_800_000_000),
            action: "member.add".to_owned(),
            actor: Actor::User(UserId::from_text("user_1")),
            user_id: Some(UserId::from_text("user_1")),
            org_id: Some(OrgId::from_text("org_1")),
            target: Some(("user".to_owned(), "user_2".to_owned())),
            address: Some("192.0.2.1".to_owned()),
            user_agent: Some("Firefox".to_owned()),
            request_id: Some("req".to_owned()),
            count: 1,
            details: Details { method: Some("invitation".to_owned()), ..Details::default() },
        };
        let mut expected = json!({
            "type": "member.add",
            "timestamp": "2027-01-15T08:00:00.000Z",
            "data": {
                "id": "evt_1", "count": 1, "actor": {"kind": "user", "id": "user_1"}, "user_id": "user_1", "org_id": "org_1",
                "target": {"kind": "user", "id": "user_2"}, "request_id": "req", "details": {"method": "invitation"},
            },
        });
        let said = |reader| {
            let body = Notification::of(&event, reader).to_json().unwrap();
            serde_json::from_str::<serde_json::Value>(&body).unwrap()
        };
        assert_eq!(said(Reader::Org), expected);
        expected["data"]["address"] = json!("192.0.2.1");
        expected["data"]["user_agent"] = json!("Firefox");
        assert_eq!(said(Reader::Operator), expected);
    }
}
