//! Who may do what: every endpoint with every kind of caller, and its answer, as one table. A new endpoint, or a new kind of
//! credential, changes the table, so that nobody forgets to ask who may use it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use http::{Method, Request};
use serde_json::json;
use sigma_core::app::AuthMethod;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::jose::{Algorithm, TokenKind};
use sigma_core::operator::OperatorRole;
use sigma_core::org::KeyPermission;
use sigma_core::resource::ResourceScope;
use sigma_server::routes::declarations;
use sigma_server::settings::RegistrationMode;
use sigma_store::impersonation;

use crate::console::operator;
use crate::support::client::{TOKEN, basic, changed};
use crate::support::dpop::Prover;
use crate::support::forge::{claims, with};
use crate::support::{As, Browser, Key, REDIRECT, TestOrg, VERIFIER, World, query, text};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const USER: &str = "urn:sigma:params:oauth:token-type:user-id";
const SCOPE: &str = "openid profile email sigma:profile sigma:wallet sigma:backup merits offline_access";

/// A caller, by the headers that it sends.
struct Caller {
    kind: String,
    headers: Vec<(&'static str, String)>,
}

impl Caller {
    fn bearer(kind: impl Into<String>, token: &str) -> Self {
        Self { kind: kind.into(), headers: vec![("authorization", format!("Bearer {token}"))] }
    }
}

/// What callers show for as long as the test runs.
struct Standing {
    callers: Vec<Caller>,
}

async fn exchanged(world: &World, app: &str, secret: &str, form: &[(&str, &str)]) -> String {
    let form = [&[("grant_type", GRANT)][..], form].concat();
    let answer = world.post_form(TOKEN, &form, &[("authorization", &basic(app, secret))]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    text(&answer.json(), "access_token").to_owned()
}

/// The tokens of `service` about whoever uses `browser`.
async fn tokens(world: &World, browser: &Browser<'_>) -> serde_json::Value {
    let query = Browser::request(&[("client_id", "service"), ("scope", SCOPE), ("prompt", "consent")]);
    let code = browser.agree(browser.get(&query).await).await.param("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await.json()
}

async fn id_of(browser: &Browser<'_>) -> String {
    text(&browser.get("/api/auth/get-session").await.json()["user"], "id").to_owned()
}

impl Standing {
    async fn of(world: &World, team: &TestOrg<'_>) -> Self {
        world.add_confidential_app("service", AuthMethod::ClientSecret, "secret").await;
        world.change_app("service", |app| app.scopes = sigma_core::scope::Scopes::parse(SCOPE)).await;
        let (ada, owl) = (world.browser(), world.browser());
        ada.sign_up(&Key::named("ada")).await;
        owl.sign_up(&Key::named("owl")).await;
        let (ada_id, owl_id) = (id_of(&ada).await, id_of(&owl).await);
        let (of_ada, of_owl) = (tokens(world, &ada).await, tokens(world, &owl).await);
        let access = text(&of_ada, "access_token");
        let mut callers = vec![
            Caller { kind: "nobody".to_owned(), headers: Vec::new() },
            Caller { kind: "app".to_owned(), headers: vec![("authorization", basic("service", "secret"))] },
            Caller::bearer("access token", access),
            Caller::bearer("refresh token", text(&of_ada, "refresh_token")),
            Caller::bearer("nonsense", "nonsense"),
        ];
        let own = [("grant_type", "client_credentials")];
        let own = world.post_form(TOKEN, &own, &[("authorization", &basic("service", "secret"))]).await.json();
        let own = text(&own, "access_token");
        callers.push(Caller::bearer("client credentials", own));
        // Exchanged, in the name of the app itself.
        let form = [
            ("subject_token", access),
            ("subject_token_type", ACCESS),
            ("actor_token", own),
            ("actor_token_type", ACCESS),
        ];
        callers.push(Caller::bearer("delegated", &exchanged(world, "service", "secret", &form).await));
        let form = changed(&form, &[("scope", "openid")]);
        callers.push(Caller::bearer("delegated openid", &exchanged(world, "service", "secret", &form).await));
        let actor = UserId::from_text(&owl_id);
        let now = world.now();
        world.sigma.store.write(move |tx| impersonation::allow(tx, &OrgId::operator(), &actor, now)).await.unwrap();
        let form = [
            ("subject_token", ada_id.as_str()),
            ("subject_token_type", USER),
            ("actor_token", text(&of_owl, "access_token")),
            ("actor_token_type", ACCESS),
            ("scope", "openid profile email"),
        ];
        callers.push(Caller::bearer("impersonator", &exchanged(world, "service", "secret", &form).await));
        let form: Vec<(&str, &str)> = [("name", "Helper")]
            .into_iter()
            .chain(["profile", "email", "merits", "sigma:profile", "sigma:wallet"].map(|scope| ("scope", scope)))
            .collect();
        let page = ada.post_form("/account/agents/create", &form).await.body;
        let shown = |id: &str| {
            let rest = page.split(&format!("id=\"{id}\">")).nth(1).unwrap_or_else(|| panic!("{page}"));
            rest.split('<').next().unwrap().to_owned()
        };
        let form = [("subject_token", ada_id.as_str()), ("subject_token_type", USER)];
        let agent = exchanged(world, &shown("client-id"), &shown("client-secret"), &form).await;
        callers.push(Caller::bearer("agent", &agent));
        callers.push(Caller::bearer("workspace caller", &of_workspace(world, team).await));
        // Every kind of JWT with the claims of an access token: only the kind distinguishes them.
        for kind in TokenKind::ALL.into_iter().filter(|kind| *kind != TokenKind::Access) {
            let said =
                with(&claims(access), &json!({"acr": "1", "amr": ["pop"], "jti": format!("tok_{}", kind.typ())}));
            let forged = world.forge(kind, Algorithm::ES256, &said).await;
            callers.push(Caller::bearer(kind.typ(), &forged));
        }
        callers.extend(of_apps_and_directories(world, team, &ada).await);
        for permission in KeyPermission::ALL {
            let (_, key) = team.key(&[permission]).await;
            callers.push(Caller { kind: format!("key {permission}"), headers: vec![("x-sigma-apikey", key)] });
        }
        callers.push(Caller { kind: "key all".to_owned(), headers: vec![("x-sigma-apikey", team.admin_key().await)] });
        Self { callers }
    }
}

/// Tokens that only one kind of endpoint takes, and one that needs a proof.
async fn of_apps_and_directories(world: &World, team: &TestOrg<'_>, ada: &Browser<'_>) -> [Caller; 4] {
    world.invite("invited", 1_000, 86_400).await;
    let told = world.register_with(&json!({"redirect_uris": [REDIRECT]}), Some("invited")).await.json();
    let prover = Prover::new();
    let bound = world.redeem_with(&ada.code(&[]).await, &prover.for_token(world)).await.json();
    [
        Caller::bearer("initial access token", "invited"),
        Caller::bearer("registration access token", text(&told, "registration_access_token")),
        Caller::bearer("SCIM token", &team.connect(world).await.token),
        Caller::bearer("bound token", text(&bound, "access_token")),
    ]
}

/// A token for an API of the workspace, exchanged for an API key.
async fn of_workspace(world: &World, team: &TestOrg<'_>) -> String {
    const NOTES: &str = "https://notes.example.org/";
    world.add_confidential_app("server", AuthMethod::ClientSecret, "secret").await;
    let (org, scope) = (team.org.clone(), ResourceScope { name: "read".to_owned(), description: "Read".to_owned() });
    world.change_app("server", |app| app.org_id = org.clone()).await;
    world.add_resource_with(NOTES, |resource| (resource.org_id, resource.scopes) = (org, vec![scope])).await;
    world.allow("server", NOTES).await;
    let key = team.admin_key().await;
    let kind = "urn:sigma:params:oauth:token-type:api-key";
    let form = [("subject_token", key.as_str()), ("subject_token_type", kind), ("resource", NOTES), ("scope", "read")];
    exchanged(world, "server", "secret", &form).await
}

/// Somebody who signs this request.
fn signing(world: &World, method: &Method, path: &str, body: &str) -> Caller {
    world.tick();
    let signed = Key::named("sue").token(path, world.now(), if *method == Method::GET { "" } else { body });
    Caller { kind: "signature".to_owned(), headers: vec![("x-auth-token", signed)] }
}

/// Callers whose credential an endpoint may end.
async fn fresh(world: &World, team: &TestOrg<'_>, quick: &UserId) -> Vec<Caller> {
    let browser = world.browser();
    browser.sign_in(&Key::named("per")).await;
    let cookies = browser.cookies();
    let session = browser.get("/api/auth/token").await.json();
    let owner = world.browser();
    owner.sign_in(&Key::named("owner")).await;
    let mut callers = vec![
        Caller { kind: "person".to_owned(), headers: vec![("cookie", cookies)] },
        Caller::bearer("session token", text(&session, "token")),
        Caller { kind: "owner of the server".to_owned(), headers: vec![("cookie", owner.cookies())] },
    ];
    for (kind, address) in [("workspace admin", "admin@example.org"), ("workspace member", "member@example.org")] {
        callers.push(Caller::bearer(kind, &team.token(address).await));
    }
    let click = json!({"workspaceId": team.org, "userId": quick}).to_string();
    let click = world.post_body("/api/v1/auth/quick-login", "application/json", click).await;
    assert_eq!(click.status, 200, "{}", click.body);
    callers.push(Caller::bearer("quick login", text(&click.json(), "token")));
    callers
}

async fn status(world: &World, method: &Method, path: &str, body: &str, caller: &Caller) -> u16 {
    let is_api = path.starts_with("/api") || path.starts_with("/v2");
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("accept", if is_api { "application/json" } else { "text/html" })
        .header("origin", world.sigma.issuer());
    if *method != Method::GET {
        let kind = if is_api { "application/json" } else { "application/x-www-form-urlencoded" };
        request = request.header("content-type", kind);
    }
    for (name, value) in &caller.headers {
        request = request.header(*name, value);
    }
    let body = if *method == Method::GET { Body::empty() } else { Body::from(body.to_owned()) };
    let answer = world.open_from(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)), request.body(body).unwrap()).await;
    answer.status().as_u16()
}

#[tokio::test]
async fn every_endpoint_answers_every_kind_of_caller_as_the_table_says() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.enabled = false;
        settings.registration.mode = RegistrationMode::Token;
        settings.workspaces.allow_quick_logins = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
    })
    .await;
    // So that it knows which proofs were used.
    world.advance(60);
    let team = world.org("Acme").await;
    let (_, admin) = team.add("admin@example.org", &team.admin).await;
    team.add("member@example.org", &team.member).await;
    let (quick, _) = team.add("quick@example.org", &team.member).await;
    let quick_path = format!("/api/v1/users/{quick}");
    for (path, change) in
        [("/api/v1/workspace", json!({"quickLogins": true})), (&quick_path, json!({"quickLogin": true}))]
    {
        assert_eq!(world.call(As::Token(&admin), "PATCH", path, &change).await.status, 200, "{path}");
    }
    for name in ["per", "sue"] {
        world.browser().sign_up(&Key::named(name)).await;
    }
    operator(&world, "owner", OperatorRole::Owner).await;
    let standing = Standing::of(&world, &team).await;
    let mut endpoints = Vec::new();
    for endpoint in declarations().endpoints() {
        for method in endpoint.methods().iter().filter(|method| **method != Method::HEAD) {
            endpoints.push((endpoint.paths().next().unwrap().to_owned(), method.clone()));
        }
    }
    endpoints.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| one.1.as_str().cmp(other.1.as_str())));
    let mut table = String::new();
    let mut changing: Vec<Caller> = Vec::new();
    for (declared, method) in endpoints {
        let path = declared.replace(['{', '}', '*'], "x");
        let is_api = path.starts_with("/api") || path.starts_with("/v2");
        let body = if is_api { "{}".to_owned() } else { query(&[]) };
        if changing.is_empty() {
            changing = fresh(&world, &team, &quick).await;
        }
        let signing = signing(&world, &method, &path, &body);
        let (people, others) = changing.split_at(3);
        let callers = || standing.callers.iter().chain(people).chain([&signing]).chain(others);
        if table.is_empty() {
            let kinds: Vec<&str> = callers().map(|caller| caller.kind.as_str()).collect();
            writeln!(table, "Callers: {}", kinds.join(", ")).unwrap();
        }
        let mut verdicts: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for caller in callers() {
            let status = status(&world, &method, &path, &body, caller).await;
            assert_ne!(status, 500, "{method} {path} {}", caller.kind);
            verdicts.entry(status).or_default().push(&caller.kind);
        }
        writeln!(table, "{method} {declared}").unwrap();
        // The verdict of most callers is not spelt out.
        let most = verdicts.iter().rev().max_by_key(|(_, kinds)| kinds.len()).map(|(status, _)| *status);
        for (status, kinds) in &verdicts {
            let kinds = match most {
                _ if verdicts.len() == 1 => "all".to_owned(),
                Some(most) if most == *status => "others".to_owned(),
                _ => kinds.join(", "),
            };
            writeln!(table, "    {status} {kinds}").unwrap();
        }
        // What reads ends nothing.
        if method != Method::GET {
            changing.clear();
        }
    }
    insta::assert_snapshot!(table);
}
