//! `sigma app invite`, `invitations` and `uninvite` on a server elsewhere.

use serde_json::{Value, json};

use super::client::Client;
use super::people::MOST;
use super::{Members as _, one, print_list, text};
use crate::args::{InviteApps, Page};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, fields, table};

/// Where initial access tokens are.
const LIST: &str = "initial-access-tokens";

/// Issues an initial access token and prints it.
pub fn invite(client: &Client, output: Output, args: &InviteApps) -> Result<(), Failure> {
    let issued = client.post(LIST, &json!({ "name": args.name, "uses": args.uses, "days": args.days }))?;
    output.answer(&issued, |issued| {
        let about = fields(&[
            ("id", text(issued.at("id"))),
            ("for", text(issued.at("name"))),
            ("apps", text(issued.at("uses"))),
            ("expires", text(issued.at("expires_at"))),
            ("initial access token", format!("{}   (shown only now)", text(issued.at("token")))),
            ("registration endpoint", text(issued.at("registration_endpoint"))),
        ]);
        if issued.at("registration_is_on").as_bool() == Some(true) {
            about
        } else {
            format!("{about}\n\nRegistration is off: set registration.mode to \"token\" and restart the server.")
        }
    })
}

/// Lists a page of them, oldest first.
pub fn list(client: &Client, output: Output, page: &Page) -> Result<(), Failure> {
    let limit = page.limit.min(MOST).to_string();
    let found = client.get(LIST, &[("limit", &limit), ("after", &page.after)])?;
    print_list(output, &found, "sigma app invitations", "There are no invitations.", |tokens| {
        let row = |token: &Value| {
            let left = format!("{} of {}", text(token.at("uses_left")), text(token.at("uses")));
            [text(token.at("id")), text(token.at("name")), left, text(token.at("expires_at"))]
        };
        table(["ID", "FOR", "APPS LEFT", "EXPIRES"], &tokens.iter().map(row).collect::<Vec<_>>())
    })
}

/// Revokes one after confirmation.
pub fn remove(client: &Client, output: Output, id: &str, yes: bool) -> Result<(), Failure> {
    confirm(yes, &format!("no further app can register with {id}; those that did stay"))?;
    client.delete(&one(LIST, id)).map_err(|failure| match failure {
        Failure::NotFound(_) => Failure::NotFound(format!("there is no invitation {id}; see `sigma app invitations`")),
        failure => failure,
    })?;
    output.answer(&json!({ "removed": id }), |_| format!("{id} was removed."))
}
