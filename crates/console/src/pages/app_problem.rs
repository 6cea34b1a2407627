//! What is wrong with the settings of an app, in the words of the catalogue.

use sigma_core::app::{AppProblem, AppReason, GrantType};
use sigma_core::redirect::{Difference, RedirectProblem};
use sigma_core::slug::SlugProblem;
use sigma_platform::i18n::{Language, Phrase};

use crate::view::FieldGroup;

/// What is wrong, with the label of the field.
pub fn told(problem: &AppProblem, form: &[FieldGroup], language: Language) -> String {
    let words = reason(&problem.reason, language).to_string();
    match label(problem.field, form) {
        Some(label) => format!("{}: {words}", language.text(label)),
        None => words,
    }
}

/// That a field holds no number.
pub fn no_number(field: &str, form: &[FieldGroup], language: Language) -> String {
    let words = language.text("console-app-wrong-number").to_string();
    label(field, form).map_or_else(|| words.clone(), |label| format!("{}: {words}", language.text(label)))
}

fn label(field: &str, form: &[FieldGroup]) -> Option<&'static str> {
    let name = if field == "org_claims" { "claims_roles" } else { field };
    form.iter().flat_map(|group| &group.fields).find(|known| known.name == name).map(|known| known.label)
}

fn reason(reason: &AppReason, language: Language) -> Phrase<'_> {
    let text = |key| language.text(key);
    match reason {
        AppReason::NoApp => text("console-app-wrong-gone"),
        AppReason::NoName | AppReason::Name => text("console-problem-name"),
        AppReason::ClientId(_, SlugProblem::Reserved) => text("console-app-wrong-reserved"),
        AppReason::ClientId(..) => text("console-problem-slug"),
        AppReason::ClientIdTaken(_) => text("console-app-wrong-taken"),
        AppReason::ClientIdFixed => text("console-app-wrong-fixed"),
        AppReason::Unknown(value, _) => text("console-app-wrong-unknown").with("value", value.as_str()),
        AppReason::PublicKey(_) => text("console-app-wrong-key"),
        AppReason::KeySet(_) | AppReason::NoUsableKey => text("console-app-wrong-key-set"),
        AppReason::TwoKeySets => text("console-app-wrong-two-key-sets"),
        AppReason::NotHttps(value) => text("console-app-wrong-https").with("value", value.as_str()),
        AppReason::SiteUrl(value, _) => text("console-app-wrong-site").with("value", value.as_str()),
        AppReason::Redirect(uri, problem) => {
            text("console-app-wrong-redirect").with("value", uri.as_str()).with("reason", redirect(*problem, language))
        }
        AppReason::LogoutUri(value, _) => text("console-app-wrong-logout-uri").with("value", value.as_str()),
        AppReason::NoLogoutUri => text("console-app-wrong-no-logout-uri"),
        AppReason::OrgClaims(_) => text("console-app-wrong-claims"),
        AppReason::Origin(value, _) => text("console-app-wrong-origin").with("value", value.as_str()),
        AppReason::TooManyOrigins => text("console-app-wrong-origins"),
        AppReason::Lifetime(_, most) => text("console-app-wrong-lifetime").with("most", u64::from(*most)),
        AppReason::NeedsKey => text("console-app-wrong-needs-key"),
        AppReason::NeedsKeySet => text("console-app-wrong-needs-key-set"),
        AppReason::NeedsAuthentication(grant) => text("console-app-wrong-needs-auth").with("grant", short(*grant)),
        AppReason::NeedsRedirect => text("console-app-wrong-needs-redirect"),
        AppReason::ProfileAuth => text("console-app-wrong-profile-auth"),
        AppReason::ProfileAlgorithm => text("console-app-wrong-profile-algorithm"),
        AppReason::ProfileDevice => text("console-app-wrong-profile-device"),
        AppReason::ProfileRedirect(uri) => text("console-app-wrong-profile-redirect").with("value", uri.as_str()),
        AppReason::NoResource(uri) => text("console-app-wrong-resource").with("value", uri.as_str()),
        AppReason::NoOrg(name) => text("console-app-wrong-org").with("value", name.as_str()),
        AppReason::NoSecret(_) => text("console-app-wrong-no-secret"),
        AppReason::NoFormerSecret => text("console-app-wrong-no-former"),
        AppReason::Stale => text("console-app-wrong-stale"),
    }
}

fn short(grant: GrantType) -> &'static str {
    grant.as_str().rsplit(':').next().unwrap_or_default()
}

/// Why a URI cannot be registered.
pub fn redirect(problem: RedirectProblem, language: Language) -> String {
    let key = match problem {
        RedirectProblem::TooLong => "console-redirect-long",
        RedirectProblem::Character => "console-redirect-character",
        RedirectProblem::Fragment => "console-redirect-fragment",
        RedirectProblem::NotAbsolute => "console-redirect-absolute",
        RedirectProblem::Userinfo => "console-redirect-userinfo",
        RedirectProblem::NotNormal => "console-redirect-normal",
        RedirectProblem::Host => "console-redirect-host",
        RedirectProblem::PlainHttp => "console-redirect-http",
        RedirectProblem::Loopback | RedirectProblem::Scheme => "console-redirect-scheme",
    };
    language.text(key).to_string()
}

/// What differs between two URIs, in words.
pub const fn difference(difference: Difference) -> &'static str {
    match difference {
        Difference::Scheme => "console-differs-scheme",
        Difference::Host => "console-differs-host",
        Difference::HostCase => "console-differs-host-case",
        Difference::Port => "console-differs-port",
        Difference::Path => "console-differs-path",
        Difference::PathCase => "console-differs-path-case",
        Difference::TrailingSlash => "console-differs-slash",
        Difference::Query => "console-differs-query",
        Difference::Fragment => "console-differs-fragment",
        Difference::NoUri => "console-differs-no-uri",
    }
}
