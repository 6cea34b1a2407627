//! The page for an interaction that cannot continue. It explains why, and links to the same request, restarted, or back
//! to the app.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sigma_core::interaction::Continuation;
use sigma_core::params::Params;

use crate::i18n::Language;
use crate::interaction::{Requested, Stopped, way_on};
use crate::pages::links::{front_page, home_page};
use crate::pages::view::{ErrorPage, Link};
use crate::paths::GATE_PATH;
use crate::state::AppState;

/// The page for an interaction that cannot continue here.
pub async fn stopped(sigma: &AppState, reason: Stopped) -> Response {
    let (title, description, continuation) = match reason {
        Stopped::Internal(error) => return error.into_response(),
        Stopped::Unknown | Stopped::OtherKind => {
            ("This sign-in has ended", "Return to the app or page where you started, and sign in again.", None)
        }
        Stopped::Lapsed(what) => ("This sign-in has ended", "It took too long. You can start it again.", Some(what)),
        Stopped::Finished(what) => {
            ("You have already answered", "This request was completed before, perhaps in another tab.", Some(what))
        }
        Stopped::OtherBrowser(what) => {
            ("This sign-in began in another browser", "You can continue it there, or start again here.", Some(what))
        }
    };
    let page = ErrorPage {
        status: StatusCode::BAD_REQUEST,
        title: title.to_owned(),
        code: None,
        description: description.to_owned(),
        request_id: None,
        links: match continuation {
            Some(continuation) => begin_again(sigma, &continuation).await,
            None => vec![front_page(Language::English)],
        },
    };
    page.render(&sigma.page())
}

/// The ways to restart for the same destination.
async fn begin_again(sigma: &AppState, continuation: &Continuation) -> Vec<Link> {
    match continuation {
        Continuation::Authorization { query } => match Requested::read(sigma, Params::parse(query)).await {
            // A pushed request starts at its app.
            Ok(requested) if requested.pushed.is_some() => std::iter::once(front_page(Language::English))
                .chain(home_page(sigma, Language::English, &requested.app))
                .collect(),
            Ok(requested) => {
                let app = &requested.app;
                let again = Link { href: format!("{GATE_PATH}?{query}"), label: format!("Continue to {}", app.name) };
                std::iter::once(again).chain(home_page(sigma, Language::English, app)).collect()
            }
            Err(_) => vec![front_page(Language::English)],
        },
        // The holder of such a link can open that again; nobody else may get it.
        Continuation::Invitation { .. }
        | Continuation::FirstOwner { .. }
        | Continuation::MeritLogin { .. }
        | Continuation::LinkApp { .. }
        | Continuation::Device { .. }
        | Continuation::Home => vec![front_page(Language::English)],
        Continuation::Workspace { .. }
        | Continuation::Account { .. }
        | Continuation::MeritOrg { .. }
        | Continuation::Console { .. }
        | Continuation::Restore => {
            vec![Link { href: way_on(continuation, ""), label: "Start again".to_owned() }]
        }
    }
}
