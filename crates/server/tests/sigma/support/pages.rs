//! At the pages of workspaces.

use http::StatusCode;
use sigma_core::ids::{OrgId, UserId};

use super::{Answer, Browser, PASSWORD, TestOrg, World};

impl World {
    /// A browser that signed in on the page of workspaces by [`PASSWORD`].
    pub async fn entered(&self, address: &str) -> Browser<'_> {
        let browser = self.browser();
        let answer = browser.log_in(address, PASSWORD).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/workspace"), "{}", answer.body);
        self.tick();
        browser
    }

    /// The admin `ada@example.org` of a workspace, at its pages.
    pub async fn admin_of<'w>(&'w self, team: &TestOrg<'w>) -> (UserId, Browser<'w>) {
        let (ada, _) = team.add("ada@example.org", &team.admin).await;
        (ada, self.entered("ada@example.org").await)
    }
}

impl Browser<'_> {
    /// The sign-in page that a page of ours leads to.
    pub async fn sign_in_page(&self, path: &str) -> Answer {
        let asked = self.get(path).await;
        assert!(asked.location().starts_with("/login?interaction="), "{path}: {}", asked.location());
        self.get(asked.location()).await
    }

    /// Where the form of a way to sign in goes, on the way to the pages of workspaces.
    async fn form_of(&self, method: &str) -> String {
        let asked = self.get("/workspace/login").await;
        asked.location().replace("/login?", &format!("/login/{method}?"))
    }

    /// Signs in on the page by a password, for the pages of workspaces.
    pub async fn log_in(&self, address: &str, password: &str) -> Answer {
        let form = self.form_of("password").await;
        self.post_form(&form, &[("email", address), ("password", password)]).await
    }

    /// Gets in by a click, for the pages of workspaces.
    pub async fn quick_login(&self, form: &[(&str, &str)]) -> Answer {
        let to = self.form_of("quick").await;
        self.post_form(&to, form).await
    }
}

impl Answer {
    /// What a page says of what was just refused.
    pub fn notice(&self) -> &str {
        let start = self.body.split(r#"role="alert">"#).nth(1).unwrap_or_default();
        start.split("</p>").next().unwrap_or_default()
    }
}

/// A path of a workspace's pages.
pub fn at(org: &OrgId, below: &str) -> String {
    format!("/workspace/{org}/{below}")
}

/// A page without the names of interactions in it, of which no two are alike.
pub fn without_interaction(page: &str) -> String {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    page.split("interaction=").map(|part| part.trim_start_matches(is_of_name)).collect::<Vec<_>>().join("interaction=")
}
