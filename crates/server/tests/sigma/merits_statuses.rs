//! The status machine of merits, as apps and members move it: nothing but the drawn moves is possible.

use serde_json::{Value, json};
use sigma_core::ids::UserId;
use sigma_core::merits::{Move, Standing, Status};

use crate::support::merits::Issuer;
use crate::support::{World, text};

/// Every move of a caller; verifying an org is its operator's.
const MOVES: [Move; 7] =
    [Move::Approve, Move::Accept, Move::Reject, Move::Report, Move::Revoke, Move::Transfer, Move::Forfeit];

struct Table<'w> {
    issuer: Issuer<'w>,
    template: String,
    user: UserId,
}

impl Table<'_> {
    /// A merit in that status, by the calls that lead there.
    async fn merit_in(&self, status: Status) -> String {
        let standing = match status {
            Status::Unverified | Status::UnapprovedUnverified | Status::TransferredUnverified => Standing::Unverified,
            _ => Standing::Verified,
        };
        self.issuer.stand(standing).await;
        let proposed = [Status::Unapproved, Status::UnapprovedUnverified].contains(&status);
        let body =
            json!({"recipientEmail": "ada@example.org", "meritTemplateId": self.template, "recipientName": "Ada"});
        let path = if proposed { "/v2/merits/propose" } else { "/v2/merits/send" };
        let merit = self.issuer.post(path, &body).await.json();
        let merit = text(&merit, "id").to_owned();
        let by = match status {
            Status::Accepted => vec![Move::Accept],
            Status::Rejected => vec![Move::Reject],
            Status::Reported => vec![Move::Report],
            Status::Revoked => vec![Move::Revoke],
            Status::Forfeited => vec![Move::Accept, Move::Forfeit],
            Status::Transferred | Status::TransferredUnverified => vec![Move::Transfer],
            Status::Unapproved | Status::Pending | Status::Unverified | Status::UnapprovedUnverified => Vec::new(),
        };
        for step in by {
            assert_eq!(self.step(&merit, step).await, "done", "{status} {step:?}");
        }
        assert_eq!(self.status(&merit).await, status.as_str());
        merit
    }

    async fn status(&self, merit: &str) -> String {
        let path = format!("/v2/orgs/{}/merits/{merit}", self.issuer.org.digits());
        text(&self.issuer.get(&path).await.json(), "status").to_owned()
    }

    /// What comes of a move: `done`, or the code.
    async fn step(&self, merit: &str, step: Move) -> String {
        let by_org = async |path: &str, body: Value| {
            let answer = self.issuer.post(&format!("/v2/merits/{merit}/{path}"), &body).await;
            if answer.status == 200 { "done".to_owned() } else { answer.merits_error() }
        };
        match step {
            Move::Approve => by_org("approve", Value::Null).await,
            Move::Revoke => by_org("revoke", json!({"revocationReason": "A mistake"})).await,
            Move::Transfer => by_org("transfer", json!({"newRecipientEmail": "bob@example.org"})).await,
            step => match self.issuer.world.answer(&self.user, &self.issuer.org, merit, step).await {
                Ok(()) => "done".to_owned(),
                Err(_) => "400 invalid_status_transition".to_owned(),
            },
        }
    }
}

#[tokio::test]
async fn every_status_allows_the_drawn_moves_and_no_others() {
    let world = World::with_orgs().await;
    let issuer = world.issuer("bakery").await;
    let template = issuer.template("Baker", false).await;
    let table = Table { template, user: world.person("ada@example.org").await, issuer };
    for status in Status::ALL {
        for step in MOVES {
            let merit = table.merit_in(*status).await;
            let standing = match status {
                Status::Unverified | Status::UnapprovedUnverified | Status::TransferredUnverified => {
                    Standing::Unverified
                }
                _ => Standing::Verified,
            };
            let expected = status.after(step, standing);
            let outcome = table.step(&merit, step).await;
            let after = table.status(&merit).await;
            let due = expected.map_or(("400 invalid_status_transition", *status), |next| ("done", next));
            assert_eq!((outcome.as_str(), after.as_str()), (due.0, due.1.as_str()), "{status} {step:?}");
        }
    }
}

#[tokio::test]
async fn only_merits_that_wait_or_are_held_can_be_edited() {
    let world = World::with_orgs().await;
    let issuer = world.issuer("bakery").await;
    let (template, field) = (issuer.template("Baker", false).await, issuer.field("Level", "ShortText").await);
    let path = format!("/v2/merittemplates/{template}/fields/{field}");
    let set = issuer.post(&path, &json!({"newEnabled": true, "newRequired": false})).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let table = Table { template, user: world.person("ada@example.org").await, issuer };
    for status in Status::ALL {
        let merit = table.merit_in(*status).await;
        let path = format!("/v2/merits/{merit}/fields/{field}");
        let edited = table.issuer.post(&path, &json!({"newValue": "Master"})).await;
        if status.is_editable() {
            assert_eq!(edited.status, 200, "{status}: {}", edited.body);
            assert_eq!(edited.json()["fieldValues"][0]["value"], "Master", "{status}");
        } else {
            assert_eq!(edited.merits_error(), "400 merit_not_editable", "{status}");
        }
        let read = table.issuer.get(&format!("/v2/orgs/{}/merits/{merit}", table.issuer.org.digits())).await.json();
        assert_eq!(read["editable"], status.is_editable(), "{status}");
        assert_eq!(read["active"], *status == Status::Accepted, "{status}");
    }
    let edits = table.issuer.get(&format!("/v2/orgs/{}/meritedits", table.issuer.org.digits())).await.json();
    assert_eq!(edits["meritEdits"].as_array().unwrap().len(), 3);
    assert_eq!(edits["meritEdits"][0]["newValue"], "Master");
}

#[tokio::test]
async fn a_transferred_merit_continues_as_a_new_one_with_the_same_values() {
    let world = World::with_orgs().await;
    let issuer = world.issuer("bakery").await;
    let template = issuer.template("Baker", true).await;
    let merit = issuer.sent(&template, "ada@example.org").await;
    let to = json!({"newRecipientEmail": "bob@example.org"});
    let new = issuer.post(&format!("/v2/merits/{merit}/transfer"), &to).await.json()["newMerit"].clone();
    assert_ne!(new["id"], merit);
    assert_eq!((&new["email"], &new["status"]), (&json!("bob@example.org"), &json!("Pending")));
    assert_eq!(new["name"], json!({"firstName": "Ada", "lastName": "Lovelace"}));
}
