//! Checks a configuration, with messages that say how to fix it.

use std::fmt;
use std::net::IpAddr;

use secrecy::ExposeSecret as _;
use serde::Serialize;
use sigma_core::client_document::DocumentHosts;
use sigma_core::provider::is_endpoint;
use sigma_core::scope::{KNOWN, OF_ORGS};
use sigma_core::time::Timestamp;
use sigma_server::branding;
use sigma_server::http::certificate;
use sigma_server::mail::mailer;
use sigma_server::settings::{
    Authorization, Budgets, Content, Http, Languages, MasterKeySettings, Objects, Passwords, Pooler, RedisAddress,
    Registration, Settings, SignIn, SignInMethod, StoreSettings, Tokens, WorkloadIssuer,
};
use sigma_store::{MasterKey, SealError};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

mod providers;

/// The longest life of anything signed, in seconds: retired keys are kept no longer than that.
const LONGEST_TOKEN_SECONDS: u32 = 2_592_000;

/// A problem of the configuration.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The key, such as `tokens.code_seconds`.
    pub key: &'static str,
    /// The problem and the expected value. Never contains a secret.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// The most issuers of workloads.
const MOST_WORKLOADS: usize = 20;

fn workloads(issuers: &[WorkloadIssuer]) -> Result<(), String> {
    if issuers.len() > MOST_WORKLOADS {
        return Err(format!("there may be at most {MOST_WORKLOADS}"));
    }
    for (place, issuer) in issuers.iter().enumerate() {
        if issuers.iter().take(place).any(|other| other.issuer == issuer.issuer) {
            return Err(format!("two have the issuer \"{}\"", issuer.issuer));
        }
        issuer.check().map_err(|problem| format!("\"{}\": {problem}", issuer.issuer))?;
    }
    Ok(())
}

/// All problems of `settings`; empty if the server can start with them.
pub fn problems(settings: &Settings) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut check = |key: &'static str, verdict: Result<(), String>| {
        if let Err(message) = verdict {
            found.push(Problem { key, message });
        }
    };
    check("issuer", issuer(&settings.issuer));
    check("store.url", store_url(&settings.store));
    check("store.connections", within(settings.store.connections, 1, 64));
    check("store.pooler", pooler(&settings.store));
    check("store.wait", within(settings.store.wait, 0, 3_600));
    check("master_key.value", master_key(&settings.master_key));
    check("sign_in.methods", sign_in_methods(&settings.sign_in));
    check("sign_up.email", sign_up_by_email(settings));
    check("providers", providers::check(&settings.providers));
    check("registration.most_apps", within(settings.registration.most_apps, 1, 1_000_000));
    check("registration.unused_days", within(settings.registration.unused_days, 1, 3_650));
    check("registration.scopes", registration_scopes(&settings.registration));
    check("workloads", workloads(&settings.workloads));
    check("id_jag", settings.id_jag.check(&settings.issuer, &settings.providers));
    check("resolver.url", resolver(settings.resolver.url.as_deref()));
    check("resolver.timeout_seconds", within(settings.resolver.timeout_seconds, 1, 10));
    check("dns.timeout_seconds", within(settings.dns.timeout_seconds, 1, 30));
    check("resolver.cache_seconds", within(settings.resolver.cache_seconds, 60, 604_800));
    check("accounts.deletion_grace_days", within(settings.accounts.deletion_grace_days, 0, 365));
    check("sign_in.trusted_origins", trusted_origins(&settings.sign_in));
    check("workspaces.forward_audiences", forward_audiences(settings));
    check("sign_in.session_days", within(settings.sign_in.session_days, 1, 400));
    check("client_documents.hosts", document_hosts(&settings.client_documents.hosts));
    // Reverse proxies refuse long headers.
    check("signer.listed_origins", within(settings.signer.listed_origins, 0, 100));
    for (key, verdict) in passwords(&settings.passwords) {
        check(key, verdict);
    }
    check("mail", mailer::check(settings).map_err(|error| error.to_string()));
    check("links.invitation_days", within(settings.links.invitation_days, 1, 90));
    check("links.reset_minutes", within(settings.links.reset_minutes, 5, 1_440));
    check("links.sign_up_minutes", within(settings.links.sign_up_minutes, 5, 1_440));
    for (key, problem) in branding::problems(&settings.branding) {
        check(key, Err(problem));
    }
    check("security_txt", settings.security_txt.check());
    check("objects.s3", objects(&settings.objects));
    check("content.url", content(&settings.content));
    check("languages.offered", languages(&settings.languages));
    for (key, verdict) in tokens(&settings.tokens) {
        check(key, verdict);
    }
    for (key, verdict) in authorization(&settings.authorization) {
        check(key, verdict);
    }
    for (key, verdict) in http(&settings.http) {
        check(key, verdict);
    }
    check("limits.redis_certificate_authority", limits_authority(settings));
    check("limits.redis_wait_milliseconds", within(settings.limits.redis_wait_milliseconds, 1, 1_000));
    for (key, verdict) in budgets(&settings.budgets) {
        check(key, verdict);
    }
    if let Some(tls) = &settings.tls {
        check("tls", certificate::check(tls).map_err(|error| error.to_string()));
    }
    check(
        "metrics.listen",
        match settings.metrics.listen {
            Some(address) if address == settings.listen && address.port() != 0 => {
                Err("is the server's own address; metrics need a separate port".to_owned())
            }
            _ => Ok(()),
        },
    );
    for (key, problem) in settings.telemetry.problems() {
        check(key, Err(problem));
    }
    check("audit.keep_days", within(settings.audit.keep_days, 0, 36_500));
    check(
        "log.filter",
        EnvFilter::try_new(&settings.log.filter).map(|_| ()).map_err(|error| {
            format!(
                "\"{}\" is not a valid filter ({error}); for example \"info\" or \"sigma=debug,warn\"",
                settings.log.filter
            )
        }),
    );
    found
}

/// Host names, possibly with `*.` before them, or `*`.
fn document_hosts(hosts: &DocumentHosts) -> Result<(), String> {
    match hosts.malformed() {
        None => Ok(()),
        Some(host) => Err(format!("\"{host}\" is no host; use a name like claude.ai, *.example.org, or * for all")),
    }
}

/// The issuer is a bare origin in canonical form, because `iss` is compared byte for byte.
fn issuer(issuer: &str) -> Result<(), String> {
    let url = Url::parse(issuer).map_err(|error| {
        format!("\"{issuer}\" is not a URL ({error}); use the public origin, like https://id.example.org")
    })?;
    let origin = url.origin().ascii_serialization();
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(format!("\"{issuer}\" must be https; plain http is allowed for localhost only")),
        other => return Err(format!("\"{issuer}\" must be https, not {other}")),
    }
    if issuer == origin {
        return Ok(());
    }
    if issuer.strip_suffix('/').is_some_and(|bare| bare == origin) {
        return Err(format!("\"{issuer}\" ends with a slash; use {origin}"));
    }
    Err(format!("\"{issuer}\" must be an origin without path, query or user name, in canonical form: {origin}"))
}

/// Whether `url` can only mean this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

/// A pooler makes no sense for a file.
fn pooler(store: &StoreSettings) -> Result<(), String> {
    let is_file = store.url.expose_secret().starts_with("sqlite:");
    if is_file && store.pooler != Pooler::None {
        return Err("applies to PostgreSQL, but store.url names a file: remove it".to_owned());
    }
    Ok(())
}

fn store_url(store: &StoreSettings) -> Result<(), String> {
    let url = store.url.expose_secret();
    let plain = "must be sqlite:PATH or postgres://user:password@host/database";
    if let Some(path) = url.strip_prefix("sqlite:") {
        return if path.is_empty() { Err(format!("names no file; it {plain}")) } else { Ok(()) };
    }
    let known = url.starts_with("postgres://") || url.starts_with("postgresql://");
    // libpq allows several hosts, which no URL parser does: check the first alone.
    let (first, rest) = url.split_once(',').unwrap_or((url, ""));
    let hosts = rest.is_empty() || !rest.starts_with(['/', ',']);
    if known && hosts && Url::parse(first).is_ok() { Ok(()) } else { Err(plain.to_owned()) }
}

fn master_key(settings: &MasterKeySettings) -> Result<(), String> {
    let Some(value) = &settings.value else { return Ok(()) };
    if !settings.command.is_empty() {
        return Err("and master_key.command are both set: leave one of them out".to_owned());
    }
    MasterKey::from_base64(value.expose_secret()).map(|_| ()).map_err(|error| match error {
        SealError::NotAKey(fault) => format!("{fault}; `openssl rand -base64 32` makes a new one"),
        error => error.to_string(),
    })
}

/// Audiences have no white space and are not the issuer: a backend's token is for nobody else.
fn forward_audiences(settings: &Settings) -> Result<(), String> {
    for audience in &settings.workspaces.forward_audiences {
        if audience.is_empty() || audience.len() > 200 || !audience.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("{audience:?} must be 1 to 200 characters of ASCII without white space"));
        }
        if *audience == settings.issuer {
            return Err(format!("{audience:?} is this server; name the backend instead"));
        }
    }
    Ok(())
}

/// Apps that nobody vouches for get no role of a member.
fn registration_scopes(registration: &Registration) -> Result<(), String> {
    let is_known = |scope: &String| KNOWN.contains(&scope.as_str()) && !OF_ORGS.contains(&scope.as_str());
    match registration.scopes.iter().find(|scope| !is_known(scope)) {
        Some(unknown) => {
            let known: Vec<_> = KNOWN.into_iter().filter(|scope| !OF_ORGS.contains(scope)).collect();
            Err(format!("names \"{unknown}\"; possible are {}", known.join(", ")))
        }
        None => Ok(()),
    }
}

/// Each at most once, and one at least: nobody could sign in otherwise.
fn sign_in_methods(sign_in: &SignIn) -> Result<(), String> {
    let methods = &sign_in.methods;
    if methods.is_empty() {
        return Err("must name at least one way to sign in: \"key\", \"password\"".to_owned());
    }
    let repeated = methods.iter().enumerate().find(|(place, method)| methods.iter().take(*place).any(|m| m == *method));
    match repeated {
        Some((_, method)) => Err(format!("names \"{}\" twice", method.as_str())),
        None => Ok(()),
    }
}

/// Its accounts have a password and nothing else.
fn sign_up_by_email(settings: &Settings) -> Result<(), String> {
    if settings.sign_up.email && !settings.sign_in.methods.contains(&SignInMethod::Password) {
        return Err(
            "makes accounts that sign in by password: add \"password\" to sign_in.methods, or turn it off".to_owned()
        );
    }
    Ok(())
}

/// The settings of a bucket, without asking it.
fn objects(settings: &Objects) -> Result<(), String> {
    if let Some(s3) = &settings.s3 {
        if s3.bucket.is_empty() {
            return Err("names no bucket".to_owned());
        }
        let is_http =
            |endpoint: &String| Url::parse(endpoint).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if let Some(endpoint) = s3.endpoint.as_ref().filter(|endpoint| !is_http(endpoint)) {
            return Err(format!("the endpoint \"{endpoint}\" is not an http or https URL"));
        }
    }
    sigma_server::objects::Objects::new(settings).map(drop).map_err(|error| error.to_string())
}

/// The origin of files: nothing but scheme, host and port.
fn content(settings: &Content) -> Result<(), String> {
    let Some(text) = &settings.url else { return Ok(()) };
    let url = Url::parse(text).map_err(|error| format!("\"{text}\" is not a URL: {error}"))?;
    let is_origin = matches!(url.scheme(), "https" | "http") && url.origin().ascii_serialization() == *text;
    if is_origin { Ok(()) } else { Err(format!("\"{text}\" must be an origin, such as https://files.example.org")) }
}

/// What mails are written in must be a language that pages are offered in, or links would lead to another.
fn languages(languages: &Languages) -> Result<(), String> {
    if languages.offered.contains(&languages.default) {
        return Ok(());
    }
    Err(format!("lacks the default: add \"{}\"", languages.default.tag()))
}

fn trusted_origins(sign_in: &SignIn) -> Result<(), String> {
    let is_origin = |text: &str| Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text);
    match sign_in.trusted_origins.iter().find(|origin| !is_origin(origin)) {
        Some(origin) => Err(format!("\"{origin}\" is not an origin; use a form like https://app.example.org")),
        None => Ok(()),
    }
}

/// The range of argon2, with OWASP's smallest recommendation as the minimum (RFC 9106 §4).
fn passwords(passwords: &Passwords) -> [(&'static str, Result<(), String>); 5] {
    [
        ("passwords.memory_kib", within(passwords.memory_kib, 7_168, 4_194_304)),
        ("passwords.iterations", within(passwords.iterations, 1, 100)),
        ("passwords.parallelism", within(passwords.parallelism, 1, 64)),
        ("passwords.threads", within(passwords.threads, 0, 256)),
        ("passwords.queue", within(passwords.queue, 1, 10_000)),
    ]
}

fn tokens(tokens: &Tokens) -> [(&'static str, Result<(), String>); 7] {
    [
        ("tokens.access_seconds", within(tokens.access_seconds, 60, LONGEST_TOKEN_SECONDS)),
        ("tokens.id_seconds", within(tokens.id_seconds, 60, LONGEST_TOKEN_SECONDS)),
        ("tokens.refresh_seconds", within(tokens.refresh_seconds, 60, 63_072_000)),
        ("tokens.code_seconds", within(tokens.code_seconds, 1, 600)),
        ("tokens.device_code_seconds", within(tokens.device_code_seconds, 60, 1_800)),
        ("tokens.interaction_seconds", within(tokens.interaction_seconds, 60, 86_400)),
        ("tokens.key_rotation_days", within(tokens.key_rotation_days, 2, 3_650)),
    ]
}

fn authorization(authorization: &Authorization) -> [(&'static str, Result<(), String>); 1] {
    [("authorization.pushed_request_seconds", within(authorization.pushed_request_seconds, 5, 600))]
}

fn http(http: &Http) -> [(&'static str, Result<(), String>); 10] {
    [
        ("http.connections", within(http.connections, 1, 1_000_000)),
        ("http.connections_per_address", within(http.connections_per_address, 1, 1_000_000)),
        ("http.connections_per_ipv6_site", within(http.connections_per_ipv6_site, 1, 1_000_000)),
        ("http.header_seconds", within(http.header_seconds, 1, 300)),
        ("http.idle_seconds", within(http.idle_seconds, 1, 3_600)),
        ("http.send_seconds", within(http.send_seconds, 1, 600)),
        ("http.body_seconds", within(http.body_seconds, 1, 300)),
        ("http.body_bytes", within(http.body_bytes, 4_096, 16_777_216)),
        ("http.drain_seconds", within(http.drain_seconds, 0, 600)),
        ("http.shutdown_seconds", within(http.shutdown_seconds, 0, 600)),
    ]
}

fn limits_authority(settings: &Settings) -> Result<(), String> {
    let is_used = settings.limits.redis.as_ref().is_some_and(RedisAddress::is_tls);
    if settings.limits.redis_certificate_authority.is_none() || is_used {
        return Ok(());
    }
    Err("is only for a limits.redis that begins with rediss://".to_owned())
}

fn budgets(budgets: &Budgets) -> [(&'static str, Result<(), String>); 8] {
    /// No single body or response exceeds this, so each one fits.
    const LEAST: usize = 1024 * 1024;
    const MOST: usize = 1 << 40;
    let shared = |own: usize, all: usize| {
        within(own, LEAST, MOST)
            .and_then(|()| if own <= all { Ok(()) } else { Err(format!("is {own}, more than the global {all}")) })
    };
    [
        ("budgets.body_bytes", within(budgets.body_bytes, LEAST, MOST)),
        ("budgets.answer_bytes", within(budgets.answer_bytes, LEAST, MOST)),
        ("budgets.address_requests", within(budgets.address_requests, 1, 1_000_000)),
        ("budgets.address_body_bytes", shared(budgets.address_body_bytes, budgets.body_bytes)),
        ("budgets.address_answer_bytes", shared(budgets.address_answer_bytes, budgets.answer_bytes)),
        ("budgets.org_requests", within(budgets.org_requests, 1, 10_000)),
        ("budgets.org_waiting", within(budgets.org_waiting, 0, 1_000_000)),
        ("budgets.org_answer_bytes", shared(budgets.org_answer_bytes, budgets.answer_bytes)),
    ]
}

/// Problems of a certificate that a listener can use but clients reject at `now`. A proxy that connects by TLS may use
/// another name.
pub fn refused_certificate(settings: &Settings, now: Timestamp) -> Option<Problem> {
    let tls = settings.tls.as_ref()?;
    let at_host =
        if settings.http.trusted_proxies.is_empty() { certificate::names_host(tls, &settings.issuer) } else { Ok(()) };
    let verdict = certificate::validity(tls, now).map(|_| ()).and(at_host);
    verdict.err().map(|error| Problem { key: "tls.certificate", message: error.to_string() })
}

/// Plain http is for a resolver on this machine.
fn resolver(url: Option<&str>) -> Result<(), String> {
    match url {
        Some(url) if !is_endpoint(url, url) || url.contains('?') => {
            Err(format!("\"{url}\" must be an https URL without query; plain http is allowed for localhost only"))
        }
        _ => Ok(()),
    }
}

fn within<N: Copy + PartialOrd + fmt::Display>(value: N, least: N, most: N) -> Result<(), String> {
    if value >= least && value <= most { Ok(()) } else { Err(format!("is {value}, but must be {least} to {most}")) }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn only(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::default();
        change(&mut settings);
        let found = problems(&settings);
        assert_eq!(found.len(), 1, "{found:?}");
        found.first().unwrap().to_string()
    }

    #[test]
    fn the_defaults_are_usable() {
        assert_eq!(problems(&Settings::default()), []);
    }

    #[test]
    fn an_issuer_is_a_bare_origin() {
        for good in [
            "https://id.example.org",
            "https://id.example.org:8443",
            "http://localhost:8080",
            "http://127.0.0.1",
            "http://[::1]:80",
        ] {
            let verdict = issuer(good);
            // Default ports are omitted.
            assert_eq!(verdict.is_ok(), good != "http://[::1]:80", "{good}: {verdict:?}");
        }
        for bad in [
            "https://id.example.org/",
            "https://id.example.org/auth",
            "http://id.example.org",
            "id.example.org",
            "",
            "https://ID.example.org",
            "https://user@id.example.org",
            "https://id.example.org?x",
            "ftp://localhost",
            "https://id.example.org:443",
            "http://localhost.example.org",
        ] {
            assert!(issuer(bad).is_err(), "{bad}");
        }
        assert_eq!(
            only(|settings| settings.issuer = "https://id.example.org/".to_owned()),
            "issuer: \"https://id.example.org/\" ends with a slash; use https://id.example.org"
        );
    }

    #[test]
    fn numbers_out_of_range_are_reported_with_their_range() {
        assert_eq!(
            only(|settings| settings.tokens.code_seconds = 601),
            "tokens.code_seconds: is 601, but must be 1 to 600"
        );
        let pooled = only(|settings| settings.store.pooler = Pooler::Transaction);
        assert_eq!(pooled, "store.pooler: applies to PostgreSQL, but store.url names a file: remove it");
        assert_eq!(only(|settings| settings.store.wait = 3_601), "store.wait: is 3601, but must be 0 to 3600");
        assert_eq!(only(|settings| settings.store.connections = 0), "store.connections: is 0, but must be 1 to 64");
        assert_eq!(only(|settings| settings.http.idle_seconds = 0), "http.idle_seconds: is 0, but must be 1 to 3600");
        assert_eq!(
            only(|settings| settings.http.connections_per_address = 0),
            "http.connections_per_address: is 0, but must be 1 to 1000000"
        );
    }

    #[test]
    fn no_individual_budget_exceeds_the_global_one() {
        assert_eq!(
            only(|settings| settings.budgets.org_answer_bytes = 1 << 30),
            "budgets.org_answer_bytes: is 1073741824, more than the global 268435456"
        );
        assert_eq!(
            only(|settings| settings.budgets.org_requests = 0),
            "budgets.org_requests: is 0, but must be 1 to 10000"
        );
    }

    #[test]
    fn secrets_are_not_repeated_in_problems() {
        let reported = only(|settings| settings.master_key.value = Some(SecretString::from("c2VjcmV0")));
        assert!(!reported.contains("c2VjcmV0"), "{reported}");
        let reported = only(|settings| settings.store.url = SecretString::from("mysql://root:hunter2@db/sigma"));
        assert!(!reported.contains("hunter2"), "{reported}");
    }

    #[test]
    fn metrics_do_not_share_the_servers_port() {
        assert!(only(|settings| settings.metrics.listen = Some(settings.listen)).contains("a separate port"));
    }

    #[test]
    fn the_audience_of_a_backend_is_a_plain_name_and_never_this_server() {
        let audience =
            |audience: &str| only(|settings| settings.workspaces.forward_audiences = vec![audience.to_owned()]);
        for bad in ["", "a b", "a\n", "b\u{fc}cher", &"x".repeat(201)] {
            assert!(audience(bad).contains("must be 1 to 200 characters"), "{bad}");
        }
        assert!(audience(&Settings::default().issuer).contains("is this server;"));
        let mut settings = Settings::default();
        settings.workspaces.forward_audiences = vec!["https://api.example.org".to_owned(), "reports".to_owned()];
        assert!(problems(&settings).is_empty());
    }

    #[test]
    fn sign_up_by_email_requires_sign_in_by_password() {
        let reported = only(|settings| {
            settings.sign_up.email = true;
            settings.sign_in.methods = vec![SignInMethod::Key];
        });
        assert!(
            reported.starts_with("sign_up.email: ") && reported.contains("add \"password\" to sign_in.methods"),
            "{reported}"
        );
        let mut settings = Settings::default();
        settings.sign_up.email = true;
        assert_eq!(problems(&settings), []);
    }

    #[test]
    fn a_trusted_origin_has_no_path() {
        assert!(
            only(|settings| settings.sign_in.trusted_origins = vec!["https://app.example.org/x".to_owned()])
                .contains("is not an origin")
        );
    }
}
