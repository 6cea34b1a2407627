//! At the pages of workspaces.

use http::StatusCode;
use sigma_core::ids::{OrgId, UserId};

use super::{Answer, Browser, PASSWORD, Tenant, World};

impl World {
    /// A browser that signed in on the page of workspaces by [`PASSWORD`].
    pub async fn entered(&self, address: &str) -> Browser<'_> {
        let browser = self.browser();
        let answer = browser.post_form("/workspace/login", &[("email", address), ("password", PASSWORD)]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/workspace"), "{}", answer.body);
        self.tick();
        browser
    }

    /// The admin `ada@example.org` of a workspace, at its pages.
    pub async fn admin_of<'w>(&'w self, tenant: &Tenant<'w>) -> (UserId, Browser<'w>) {
        let (ada, _) = tenant.add("ada@example.org", &tenant.admin).await;
        (ada, self.entered("ada@example.org").await)
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
