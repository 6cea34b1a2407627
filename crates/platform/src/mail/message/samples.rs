//! Each mail as it could be: for previews, and for tests of its words.

use std::time::Duration;

use sigma_core::time::Timestamp;

use super::{AccountChange, DirectoryNotice, Draft, MeritNotice, WebhookNotice, Writer};

/// Every mail, by name, with what it could say. Its links lead to `url`.
pub(in crate::mail) fn samples(writer: &Writer<'_>, url: &str) -> [(&'static str, Draft); 18] {
    let at = Timestamp::from_seconds(1_772_366_400);
    let (week, hour) = (Duration::from_hours(7 * 24), Duration::from_hours(1));
    let about = |title| MeritNotice {
        org: "Harbour Bakery",
        title,
        unsubscribe_url: "https://id.example.org/merits/unsubscribe?token=abc".to_owned(),
    };
    let directory = DirectoryNotice {
        org: "Harbour Bakery",
        directory: "Entra ID",
        maker: "Grace",
        path: "/org/org_1/directories/scim_1",
    };
    let webhook = WebhookNotice { org: "Harbour Bakery", path: "/org/org_1/webhooks/wh_1", is_gone: true };
    [
        ("invitation", writer.invitation("Acme", Some("Grace"), None, url, week)),
        ("invitation_by_a_key", writer.invitation("Acme", None, None, url, week)),
        ("reset", writer.reset(url, hour)),
        ("confirm_address", writer.confirm_address(url, "1234 5678", hour)),
        ("account_exists", writer.account_exists()),
        ("changed", writer.password_changed(at)),
        ("confirm_new_address", writer.confirm_new_address("1234 5678", hour)),
        ("address_taken", writer.address_taken()),
        ("account_changed", writer.account_changed(AccountChange::AddressAdded, at)),
        ("new_device", writer.new_device("Firefox on Linux", "192.0.2.7", at)),
        ("single_key", writer.single_key()),
        ("merit", writer.merit_sent(&about(Some("Baker of the month")))),
        ("merit_access", writer.merit_sent(&about(None))),
        ("webhook_failed", writer.webhook_disabled(&WebhookNotice { is_gone: false, ..webhook }, at)),
        ("webhook_gone", writer.webhook_disabled(&webhook, at)),
        ("directory_left", writer.directory_left(&directory)),
        ("test", writer.test(at)),
        ("created", writer.created(url, hour)),
    ]
}
