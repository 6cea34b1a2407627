//! Where users continue: the only place that builds such addresses, all of them our own.

use sigma_core::interaction::{AccountPage, Continuation, WorkspacePage};

use crate::oauth::resume_url;

/// Where a signed-in user continues. `interaction` names the interaction of `continuation`.
pub fn way_on(continuation: &Continuation, interaction: &str) -> String {
    match continuation {
        Continuation::Authorization { .. } => resume_url(interaction),
        Continuation::Workspace { workspace: None, .. } => "/workspace".to_owned(),
        Continuation::Workspace { workspace: Some(name), page: WorkspacePage::Start } => {
            format!("/workspace/{}", name.as_str())
        }
        Continuation::Workspace { workspace: Some(name), page } => {
            format!("/workspace/{}/{}", name.as_str(), page.segment())
        }
        Continuation::Invitation { token } => {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("token", token.expose()).finish();
            format!("/invitation?{query}")
        }
        Continuation::Account { page: AccountPage::Activity } => "/account/activity".to_owned(),
        Continuation::Account { page: AccountPage::Overview | AccountPage::Change } => "/account".to_owned(),
        Continuation::Account { .. } => "/account/password".to_owned(),
        Continuation::Home => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sigma_core::interaction::LinkSecret;

    use super::*;

    proptest! {
        #[test]
        fn every_continuation_is_a_path_of_ours(id in "\\PC{0,40}", secret in "\\PC{0,60}", name in "[A-Za-z0-9_-]{1,40}") {
            for continuation in [
                Continuation::Authorization { query: secret.clone() },
                Continuation::workspace(&id, WorkspacePage::People),
                Continuation::workspace(&id, WorkspacePage::Start),
                Continuation::Invitation { token: LinkSecret::new(secret.clone()) },
                Continuation::Home,
            ] {
                let way = way_on(&continuation, &name);
                let base = url::Url::parse("https://id.example.org").unwrap();
                prop_assert_eq!(base.join(&way).unwrap().origin(), base.origin());
                prop_assert!(way.starts_with('/') && !way.starts_with("//"));
                prop_assert!(way.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
