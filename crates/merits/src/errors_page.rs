//! `GET /v2/errors`: what each error code means. `doc_url` of every error leads to its place on this page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use sigma_core::merits::MeritProblem;
use sigma_platform::extract::Browser;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};
use sigma_platform::state::AppState;

/// The path of the page.
pub const PATH: &str = "/v2/errors";

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, PATH, errors)
}

#[derive(Template)]
#[template(path = "errors.html")]
struct ErrorsPage<'a> {
    context: &'a PageContext<'a>,
    codes: Vec<Explained>,
}

/// A code on the page, in English as the messages of the API are.
struct Explained {
    code: &'static str,
    status: u16,
    message: String,
    explanation: &'static str,
}

async fn errors(State(sigma): State<AppState>, browser: Browser) -> Response {
    let context = &sigma.page_in(sigma.language_for(&browser, None));
    page(StatusCode::OK, &ErrorsPage { context, codes: all() }, ContentSecurityPolicy::Strict)
}

fn all() -> Vec<Explained> {
    let of_problem = |(problem, code): &(MeritProblem, &'static str)| Explained {
        code,
        status: problem.status(),
        message: match problem {
            MeritProblem::Request(_) => "The request is malformed; the message says what is wrong".to_owned(),
            MeritProblem::Attachment(_) => "The file is not accepted; the message says why".to_owned(),
            problem => problem.to_string(),
        },
        explanation: explanation(code).unwrap_or_default(),
    };
    let ours = [
        ("server_error", 500, "Something went wrong here"),
        ("temporarily_unavailable", 503, "The server cannot answer just now"),
    ]
    .map(|(code, status, message)| Explained {
        code,
        status,
        message: message.to_owned(),
        explanation: explanation(code).unwrap_or_default(),
    });
    MeritProblem::CODES.iter().map(of_problem).chain(ours).collect()
}

/// What a developer does about a code, if its message does not say so.
fn explanation(code: &str) -> Option<&'static str> {
    Some(match code {
        "invalid_request" => {
            "A parameter is missing, repeated or of the wrong type, both or none of two alternatives are given, or a token is \
             not one of this server."
        }
        "Unauthorized" => {
            "Send the app's id and secret as HTTP Basic to get an org access token, and that token as Bearer everywhere else. \
             A token is valid for an hour, and ends at once when the org unlinks the app or the app's secret is replaced."
        }
        "Forbidden" => {
            "The org did not link the app, or not with the permission that the endpoint needs, or the object belongs to another org."
        }
        "NotFound" => {
            "The id is unknown, or belongs to an org that the caller does not act for. Tokens that were used, have expired, or were \
             issued to another app are not found either."
        }
        "AppRateLimit" => {
            "Wait for as many seconds as the header Retry-After says. The limits are those of the app and of the org that it acts for."
        }
        "access_not_granted" => {
            "The member never agreed, took the agreement back on their account page, or the org revoked it. Ask them again by \
             \"Login with Sigma\"."
        }
        "invalid_id" => "Ids are 24 lower-case hexadecimal digits.",
        "invalid_url" => {
            "successUrl and failureUrl are paths, resolved against the site URL that the app is registered with, or URLs of the same \
             origin."
        }
        "invalid_status_transition" => {
            "A merit moves from one status to the next as its org and its member act; the specification lists the moves that exist."
        }
        "merit_not_editable" => {
            "Only merits that are Pending, Unverified or Accepted can be edited, and Access Merits never. The member of editable says so."
        }
        "merittemplate_already_sent" => {
            "The template has canOnlyBeSentOnce. Revoke the recipient's merit first, or use another template."
        }
        "field_name_in_use_by_global_field" => "Use the global field, or choose another name.",
        "field_name_in_use_by_org" => "Use that field, or choose another name.",
        "field_empty_error" => "Send a value for every field that the template requires.",
        "field_max_length_exceeded" => {
            "A short text has at most 255 characters, a long one 5,000, a description 160, and a field at most 20 attachments."
        }
        "invalid_fullname_value" => "Send a text, or an object with firstName and lastName.",
        "invalid_attachment" => {
            "Documents are PDF files or pictures, photos PNG, JPEG or GIF, videos MP4 or QuickTime. The content decides, not the name."
        }
        "cannot_edit_access_merittemplate" => "It belongs to \"Login with Sigma\".",
        "cannot_make_optional_field_required" => {
            "A field becomes required only while no merit of the template has a value."
        }
        "cannot_use_field_value_for_all_merits" => "One value for all can be set only while no merit has another one.",
        "server_error" => "The message names the request; ask the operator of the server about it.",
        "temporarily_unavailable" => "Wait for as many seconds as the header Retry-After says.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_one_place_on_the_page() {
        let all = all();
        let codes: HashSet<_> = all.iter().map(|one| one.code).collect();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|one| !one.message.is_empty() && one.status >= 400));
    }
}
