//! The settings of an app as a form, and back.

use std::collections::BTreeMap;

use sigma_core::app::{App, AppSettings, AuthMethod, GrantType, OrgClaimsSettings};
use sigma_core::ids::OrgId;
use sigma_core::jose::Algorithm;
use sigma_core::params::Params;
use sigma_platform::i18n::Language;

use crate::view::{Choice, FieldGroup, FieldKind, FormField};

/// Characters of a field at most; lists and key sets have more.
const LONGEST: usize = 2_048;
const LONGEST_LIST: usize = 65_536;

/// The form for these settings, with the field marked that is wrong.
pub fn groups(settings: &AppSettings, app: Option<&App>, wrong: Option<&str>, language: Language) -> Vec<FieldGroup> {
    let fields = Fields { settings, app, language };
    let mut groups = vec![
        FieldGroup { label: "console-app-group-general", fields: fields.general() },
        FieldGroup { label: "console-app-group-redirects", fields: fields.redirects() },
        FieldGroup { label: "console-app-group-auth", fields: fields.authentication() },
        FieldGroup { label: "console-app-group-access", fields: fields.access() },
        FieldGroup { label: "console-app-group-tokens", fields: fields.tokens() },
        FieldGroup { label: "console-app-group-claims", fields: fields.claims() },
        FieldGroup { label: "console-app-group-pages", fields: fields.pages() },
    ];
    for field in groups.iter_mut().flat_map(|group| &mut group.fields) {
        let is_claim = wrong == Some("org_claims") && field.name.starts_with("claims_");
        field.is_wrong = wrong == Some(field.name) || is_claim;
    }
    groups
}

struct Fields<'s> {
    settings: &'s AppSettings,
    app: Option<&'s App>,
    language: Language,
}

fn text(value: Option<&String>) -> FieldKind {
    FieldKind::Text(value.cloned().unwrap_or_default())
}

fn lines(values: Option<&Vec<String>>) -> FieldKind {
    FieldKind::Lines(values.map(|values| values.join("\n")).unwrap_or_default())
}

fn number(value: Option<u32>) -> FieldKind {
    FieldKind::Number(value.filter(|value| *value > 0).map(|value| value.to_string()).unwrap_or_default())
}

fn check(value: Option<bool>) -> FieldKind {
    FieldKind::Check(value.unwrap_or(false))
}

fn names(names: Option<&BTreeMap<String, String>>) -> FieldKind {
    let line = |(held, told): (&String, &String)| {
        if held == told { held.clone() } else { format!("{held}={told}") }
    };
    FieldKind::Lines(names.map(|names| names.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap_or_default())
}

impl Fields<'_> {
    fn field(name: &'static str, label: &'static str, hint: &'static str, kind: FieldKind) -> FormField {
        FormField { name, label, hint: Some(hint).filter(|hint| !hint.is_empty()), kind, is_wrong: false }
    }

    fn choice(&self, values: &[&'static str], chosen: Option<&String>, default: &'static str) -> FieldKind {
        let chosen = chosen.map_or(default, String::as_str);
        let choice = |&value: &&'static str| Choice {
            value,
            label: match value {
                "" => self.language.text("console-app-userinfo-json").to_string(),
                "none" => self.language.text("console-none").to_string(),
                "web" => self.language.text("console-app-type-web").to_string(),
                "native" => self.language.text("console-app-type-native").to_string(),
                name => name.to_owned(),
            },
            is_chosen: value == chosen,
        };
        FieldKind::Choice(values.iter().map(choice).collect())
    }

    fn general(&self) -> Vec<FormField> {
        let settings = self.settings;
        let mut fields = Vec::new();
        if self.app.is_none() {
            let kind = text(settings.client_id.as_ref());
            fields.push(Self::field("client_id", "console-app-client-id", "console-app-client-id-hint", kind));
        }
        fields.push(Self::field("client_name", "console-name", "", text(settings.client_name.as_ref())));
        fields.push(Self::field("org", "console-app-org", "console-app-org-hint", text(settings.org.as_ref())));
        if self.app.is_some() {
            let kind = check(settings.disabled);
            fields.push(Self::field("disabled", "console-app-disabled", "console-app-disabled-hint", kind));
        }
        if self.app.is_some_and(|app| app.dynamic) {
            let kind = check(settings.unverified);
            fields.push(Self::field("unverified", "console-app-is-unverified", "console-app-is-unverified-hint", kind));
        }
        fields
    }

    fn redirects(&self) -> Vec<FormField> {
        let settings = self.settings;
        let kind = self.choice(&["web", "native"], settings.application_type.as_ref(), "web");
        vec![
            Self::field("application_type", "console-app-type", "console-app-type-hint", kind),
            Self::field(
                "redirect_uris",
                "console-app-redirects",
                "console-app-redirects-hint",
                lines(settings.redirect_uris.as_ref()),
            ),
            Self::field(
                "post_logout_redirect_uris",
                "console-app-logouts",
                "",
                lines(settings.post_logout_redirect_uris.as_ref()),
            ),
            Self::field(
                "backchannel_logout_uri",
                "console-app-logout-uri",
                "console-app-logout-uri-hint",
                text(settings.backchannel_logout_uri.as_ref()),
            ),
            Self::field(
                "backchannel_logout_session_required",
                "console-app-logout-session",
                "",
                check(settings.backchannel_logout_session_required),
            ),
        ]
    }

    fn authentication(&self) -> Vec<FormField> {
        let settings = self.settings;
        let methods = [
            AuthMethod::ClientSecret,
            AuthMethod::ClientSecretBasic,
            AuthMethod::ClientSecretPost,
            AuthMethod::PrivateKeyJwt,
            AuthMethod::SigmaBitcoinAuth,
            AuthMethod::None,
        ];
        let chosen = settings.token_endpoint_auth_method.as_ref();
        let kind = self.choice(&methods.map(AuthMethod::as_str), chosen, "client_secret");
        let key_set = settings.jwks.as_ref().map(|jwks| match jwks {
            serde_json::Value::String(text) => text.clone(),
            jwks => jwks.to_string(),
        });
        vec![
            Self::field("token_endpoint_auth_method", "console-app-auth", "console-app-auth-hint", kind),
            Self::field("pubkey", "console-app-pubkey", "console-app-pubkey-hint", text(settings.pubkey.as_ref())),
            Self::field(
                "jwks",
                "console-app-jwks",
                "console-app-jwks-hint",
                FieldKind::Lines(key_set.unwrap_or_default()),
            ),
            Self::field("jwks_uri", "console-app-jwks-uri", "", text(settings.jwks_uri.as_ref())),
        ]
    }

    fn access(&self) -> Vec<FormField> {
        let settings = self.settings;
        let default = [GrantType::AuthorizationCode, GrantType::RefreshToken].map(GrantType::as_str);
        let is_on = |grant: GrantType| match &settings.grant_types {
            Some(grants) => grants.iter().any(|name| name == grant.as_str()),
            None => default.contains(&grant.as_str()),
        };
        let grants = GrantType::ALL.map(|grant| Choice {
            value: grant.as_str(),
            label: grant.as_str().rsplit(':').next().unwrap_or_default().to_owned(),
            is_chosen: is_on(grant),
        });
        let scope = settings.scope.clone().unwrap_or_else(|| "openid profile email offline_access".to_owned());
        let resources = lines(settings.resources.as_ref());
        vec![
            Self::field("grant_types", "console-app-grants", "", FieldKind::Checks(grants.to_vec())),
            Self::field("scope", "console-app-scopes", "console-app-scopes-hint", FieldKind::Text(scope)),
            Self::field("resources", "console-app-resources", "console-app-resources-hint", resources),
            Self::field(
                "require_second_factor",
                "console-app-second-factor",
                "",
                check(settings.require_second_factor),
            ),
            Self::field(
                "placeholder_email",
                "console-app-placeholder",
                "console-app-placeholder-hint",
                check(settings.placeholder_email),
            ),
        ]
    }

    fn tokens(&self) -> Vec<FormField> {
        let settings = self.settings;
        let algorithms = Algorithm::ALL.map(Algorithm::as_str);
        let id_token = self.choice(&algorithms, settings.id_token_signed_response_alg.as_ref(), "RS256");
        let [first, second, third] = algorithms;
        let userinfo = self.choice(&["", first, second, third], settings.userinfo_signed_response_alg.as_ref(), "");
        let profile = self.choice(&["none", "fapi2"], settings.security_profile.as_ref(), "none");
        let rotates = FieldKind::Check(settings.refresh_rotation.unwrap_or(true));
        let seconds = "console-app-seconds-hint";
        vec![
            Self::field("security_profile", "console-app-profile", "console-app-profile-hint", profile),
            Self::field("require_pkce", "console-app-pkce", "", check(settings.require_pkce)),
            Self::field(
                "require_pushed_authorization_requests",
                "console-app-par",
                "",
                check(settings.require_pushed_authorization_requests),
            ),
            Self::field("dpop_bound_access_tokens", "console-app-dpop", "", check(settings.dpop_bound_access_tokens)),
            Self::field("id_token_signed_response_alg", "console-app-algorithm", "", id_token),
            Self::field("userinfo_signed_response_alg", "console-app-userinfo", "", userinfo),
            Self::field("id_token_claims", "console-app-id-token-claims", "", check(settings.id_token_claims)),
            Self::field("access_seconds", "console-app-access-seconds", seconds, number(settings.access_seconds)),
            Self::field("refresh_rotation", "console-app-rotation", "", rotates),
            Self::field("refresh_life", "console-app-refresh-life", seconds, number(settings.refresh_life)),
            Self::field("refresh_idle", "console-app-refresh-idle", seconds, number(settings.refresh_idle)),
            Self::field("default_max_age", "console-app-max-age", seconds, number(settings.default_max_age)),
        ]
    }

    fn claims(&self) -> Vec<FormField> {
        let none = OrgClaimsSettings::default();
        let claims = self.settings.org_claims.as_ref().unwrap_or(&none);
        vec![
            Self::field(
                "claims_roles",
                "console-app-roles-claim",
                "console-app-claim-hint",
                text(claims.roles.as_ref()),
            ),
            Self::field("claims_groups", "console-app-groups-claim", "", text(claims.groups.as_ref())),
            Self::field(
                "claims_role_names",
                "console-app-told-roles",
                "console-app-told-hint",
                names(claims.role_names.as_ref()),
            ),
            Self::field("claims_group_names", "console-app-told-groups", "", names(claims.group_names.as_ref())),
            Self::field("claims_in_access_token", "console-app-claims-access", "", check(claims.in_access_token)),
        ]
    }

    fn pages(&self) -> Vec<FormField> {
        let settings = self.settings;
        let origins = lines(settings.signer_origins.as_ref());
        vec![
            Self::field("client_uri", "console-app-home", "", text(settings.client_uri.as_ref())),
            Self::field("site_url", "console-app-site", "console-app-site-hint", text(settings.site_url.as_ref())),
            Self::field(
                "initiate_login_uri",
                "console-app-login-uri",
                "console-app-login-uri-hint",
                text(settings.initiate_login_uri.as_ref()),
            ),
            Self::field("signer_origins", "console-app-origins", "console-app-origins-hint", origins),
        ]
    }
}

/// What was entered, and the name of a number that is none.
pub fn entered(form: &Params, app: Option<&App>) -> (AppSettings, Option<&'static str>) {
    let text = |name: &str| {
        let text: String = form.raw(name).unwrap_or_default().trim().chars().take(LONGEST).collect();
        text.replace('\0', "\u{fffd}")
    };
    let long = |name: &str| form.raw(name).unwrap_or_default().chars().take(LONGEST_LIST).collect::<String>();
    let list = |name: &str| {
        let lines = long(name).replace('\0', "\u{fffd}");
        lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let is_on = |name: &str| Some(form.raw(name).is_some_and(|value| !value.is_empty()));
    let given = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let names = |name: &str| {
        let pair = |line: &String| {
            let (held, told) = line.split_once('=').unwrap_or((line, line));
            (held.trim().to_owned(), told.trim().to_owned())
        };
        Some(list(name).iter().map(pair).collect::<BTreeMap<_, _>>())
    };
    let mut wrong = None;
    let mut number = |name: &'static str| {
        let text = text(name);
        if text.is_empty() {
            return Some(0);
        }
        let number = text.parse().ok();
        if number.is_none() {
            wrong = wrong.or(Some(name));
        }
        number
    };
    let (access_seconds, default_max_age) = (number("access_seconds"), number("default_max_age"));
    let (refresh_life, refresh_idle) = (number("refresh_life"), number("refresh_idle"));
    // What was never set follows the server's default.
    let rotation = is_on("refresh_rotation").unwrap_or(true);
    let before = app.and_then(|app| app.metadata.refresh.rotate).unwrap_or(true);
    let jwks = long("jwks");
    let logout = text("backchannel_logout_uri");
    let settings = AppSettings {
        client_id: given("client_id").filter(|_| app.is_none()),
        client_name: Some(text("client_name")),
        // An empty field is the operator's own org, as its hint says.
        org: given("org").or_else(|| form.raw("org").and(app).map(|_| OrgId::operator().to_string())),
        disabled: is_on("disabled").filter(|_| app.is_some()),
        unverified: is_on("unverified").filter(|_| app.is_some_and(|app| app.dynamic)),
        application_type: given("application_type"),
        token_endpoint_auth_method: given("token_endpoint_auth_method"),
        pubkey: given("pubkey"),
        jwks: Some(jwks.trim())
            .filter(|jwks| !jwks.is_empty())
            .map(|jwks| serde_json::from_str(jwks).unwrap_or_else(|_| jwks.into())),
        jwks_uri: given("jwks_uri"),
        redirect_uris: Some(list("redirect_uris")),
        post_logout_redirect_uris: Some(list("post_logout_redirect_uris")),
        backchannel_logout_session_required: is_on("backchannel_logout_session_required")
            .filter(|_| !logout.is_empty()),
        backchannel_logout_uri: Some(logout),
        grant_types: Some(form.all("grant_types").take(20).map(str::to_owned).collect()),
        scope: Some(text("scope")),
        resources: Some(list("resources")),
        signer_origins: Some(list("signer_origins")),
        id_token_signed_response_alg: given("id_token_signed_response_alg"),
        userinfo_signed_response_alg: Some(text("userinfo_signed_response_alg")),
        access_seconds,
        require_pkce: is_on("require_pkce"),
        security_profile: given("security_profile"),
        require_pushed_authorization_requests: is_on("require_pushed_authorization_requests"),
        dpop_bound_access_tokens: is_on("dpop_bound_access_tokens"),
        placeholder_email: is_on("placeholder_email"),
        id_token_claims: is_on("id_token_claims"),
        require_second_factor: is_on("require_second_factor"),
        refresh_rotation: (rotation != before).then_some(rotation),
        refresh_life,
        refresh_idle,
        default_max_age,
        initiate_login_uri: Some(text("initiate_login_uri")),
        org_claims: Some(OrgClaimsSettings {
            roles: Some(text("claims_roles")),
            groups: Some(text("claims_groups")),
            role_names: names("claims_role_names"),
            group_names: names("claims_group_names"),
            in_access_token: is_on("claims_in_access_token"),
        }),
        client_uri: Some(text("client_uri")),
        site_url: Some(text("site_url")),
    };
    (settings, wrong)
}
