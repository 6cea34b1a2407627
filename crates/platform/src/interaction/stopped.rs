//! The page for an interaction that cannot continue. It explains why, and links to the same request, restarted, or back
//! to the app.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sigma_core::interaction::Continuation;
use sigma_core::params::Params;

use crate::extract::Browser;
use crate::i18n::Language;
use crate::interaction::{Requested, Stopped, way_on};
use crate::pages::links::{front_page, home_page};
use crate::pages::view::{ErrorPage, Link};
use crate::paths::GATE_PATH;
use crate::state::AppState;

/// The page for an interaction that cannot continue here.
pub async fn stopped(sigma: &AppState, browser: &Browser, reason: Stopped) -> Response {
    let (title, description, continuation) = match reason {
        Stopped::Internal(error) => return error.into_response(),
        Stopped::Unknown | Stopped::OtherKind => ("stopped-ended", "stopped-unknown-text", None),
        Stopped::Lapsed(what) => ("stopped-ended", "stopped-lapsed-text", Some(what)),
        Stopped::Finished(what) => ("stopped-finished", "stopped-finished-text", Some(what)),
        Stopped::OtherBrowser(what) => ("stopped-other-browser", "stopped-other-browser-text", Some(what)),
    };
    let language = sigma.language_for(browser, continuation.as_ref().and_then(ui_locales).as_deref());
    let page = ErrorPage {
        status: StatusCode::BAD_REQUEST,
        title: language.text(title).to_string(),
        code: None,
        description: language.text(description).to_string(),
        request_id: None,
        links: match continuation {
            Some(continuation) => begin_again(sigma, language, &continuation).await,
            None => vec![front_page(language)],
        },
    };
    page.render(&sigma.page_in(language))
}

/// The languages that the app asked for.
fn ui_locales(continuation: &Continuation) -> Option<String> {
    let Continuation::Authorization { query } = continuation else { return None };
    Params::parse(query).get("ui_locales").map(str::to_owned)
}

/// The ways to restart for the same destination.
async fn begin_again(sigma: &AppState, language: Language, continuation: &Continuation) -> Vec<Link> {
    match continuation {
        Continuation::Authorization { query } => match Requested::read(sigma, Params::parse(query)).await {
            // A pushed request starts at its app.
            Ok(requested) if requested.pushed.is_some() => {
                std::iter::once(front_page(language)).chain(home_page(sigma, language, &requested.app)).collect()
            }
            Ok(requested) => {
                let app = &requested.app;
                let label = language.text("stopped-continue").with("app", app.name.as_str()).to_string();
                let again = Link { href: format!("{GATE_PATH}?{query}"), label };
                std::iter::once(again).chain(home_page(sigma, language, app)).collect()
            }
            Err(_) => vec![front_page(language)],
        },
        // The holder of such a link can open that again; nobody else may get it.
        Continuation::Invitation { .. }
        | Continuation::FirstOwner { .. }
        | Continuation::MeritLogin { .. }
        | Continuation::LinkApp { .. }
        | Continuation::Device { .. }
        | Continuation::Home => vec![front_page(language)],
        Continuation::Workspace { .. }
        | Continuation::Account { .. }
        | Continuation::MeritOrg { .. }
        | Continuation::OrgChange { .. }
        | Continuation::Console { .. }
        | Continuation::Restore => {
            vec![Link { href: way_on(continuation, ""), label: language.text("stopped-again").to_string() }]
        }
    }
}
