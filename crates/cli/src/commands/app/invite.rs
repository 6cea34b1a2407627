//! `sigma app invite`: initial access tokens, with which apps register themselves.

use std::path::Path;

use serde::Serialize;
use sigma_core::digest::Digest;
use sigma_core::ids::AppInvitationId;
use sigma_core::random::alphanumeric;
use sigma_server::paths::REGISTER_PATH;
use sigma_store::app_invitation::{self, AppInvitation, TOKEN_LENGTH};

use crate::args::{InviteApps, Page};
use crate::commands::{Listed, one_more};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields, table};

/// An invitation as printed.
#[derive(Debug, Serialize)]
struct InvitationView {
    id: String,
    name: String,
    uses: u32,
    uses_left: u32,
    created_at: String,
    expires_at: String,
    /// Printed once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
}

impl InvitationView {
    fn of(invitation: &AppInvitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            name: invitation.name.clone(),
            uses: invitation.uses,
            uses_left: invitation.uses_left,
            created_at: invitation.created_at.to_string(),
            expires_at: invitation.expires_at.to_string(),
            token: None,
            registration_endpoint: None,
        }
    }

    fn text(&self) -> String {
        let mut lines = vec![("id", self.id.clone())];
        if !self.name.is_empty() {
            lines.push(("for", self.name.clone()));
        }
        lines.push(("apps", self.uses.to_string()));
        lines.push(("expires", self.expires_at.clone()));
        if let (Some(token), Some(endpoint)) = (&self.token, &self.registration_endpoint) {
            lines.push(("initial access token", format!("{token}   (shown only now)")));
            lines.push(("registration endpoint", endpoint.clone()));
        }
        fields(&lines)
    }

    fn row(&self) -> [String; 4] {
        let left = format!("{} of {}", self.uses_left, self.uses);
        [self.id.clone(), self.name.clone(), left, self.expires_at.clone()]
    }
}

/// Makes an initial access token and prints it.
pub fn invite(file: Option<&Path>, output: Output, args: &InviteApps) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let now = opened.now();
    let token = alphanumeric(opened.rng.as_ref(), TOKEN_LENGTH);
    let id = AppInvitationId::new(now, opened.rng.as_ref());
    let invitation = AppInvitation::new(id, &args.name, args.uses, args.days, now)
        .map_err(|problem| Failure::Usage(format!("--{}: {}", problem.field(), problem.words())))?;
    let (stored, digest) = (invitation.clone(), Digest::of(&token));
    opened.write(move |tx| app_invitation::add(tx, &stored, &digest))?;
    let view = InvitationView {
        token: Some(token),
        registration_endpoint: Some(format!("{}{REGISTER_PATH}", opened.settings.issuer)),
        ..InvitationView::of(&invitation)
    };
    let hint = if opened.settings.registration.is_on() {
        String::new()
    } else {
        "\n\nRegistration is off: set registration.mode to \"token\" and restart the server.".to_owned()
    };
    output.answer(&view, |view| format!("{}{hint}", view.text()))
}

/// Lists a page of invitations, oldest first.
pub fn list(file: Option<&Path>, output: Output, page: &Page) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (after, limit) = (page.after.clone(), one_more(page.limit));
    let invitations = opened.read(move |tx| app_invitation::list(tx, &after, limit))?;
    let views = invitations.iter().map(InvitationView::of).collect();
    Listed::new(views, page.limit, |view: &InvitationView| view.id.clone()).print(
        output,
        "sigma app invitations",
        "There are no invitations. `sigma app invite` makes one.",
        |views| {
            table(["ID", "FOR", "APPS LEFT", "EXPIRES"], &views.iter().map(InvitationView::row).collect::<Vec<_>>())
        },
    )
}

/// Removes an invitation after confirmation.
pub fn remove(file: Option<&Path>, output: Output, id: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    confirm(yes, &format!("no further app can register with {id}; those that did stay"))?;
    let wanted = AppInvitationId::from_text(id);
    if !opened.write(move |tx| app_invitation::remove(tx, &wanted))? {
        return Err(Failure::NotFound(format!("there is no invitation {id}; see `sigma app invitations`")));
    }
    output.answer(&serde_json::json!({ "removed": id }), |_| format!("{id} was removed."))
}
