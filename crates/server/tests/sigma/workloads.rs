//! Workload identity: tokens of trusted issuers, exchanged for those of an app by rules on their claims.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use sigma_core::app::AuthMethod;
use sigma_core::ids::ClientId;
use sigma_core::jose::{Algorithm, SigningKey, TokenKind, sign};
use sigma_core::resource::ResourceScope;
use sigma_server::settings::{WorkloadIssuer, WorkloadRule};

use crate::support::client::{INTROSPECT, ISSUER, TOKEN, basic, changed};
use crate::support::forge::{claims, jws, with};
use crate::support::upstream::{Mood, Upstream};
use crate::support::{Answer, World, text};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const DEPLOYS: &str = "https://deploys.example.org/";

fn rule(app: &str, scope: Option<&str>, claims: &[(&str, &str)]) -> WorkloadRule {
    let claims: BTreeMap<String, String> =
        claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    WorkloadRule { app: app.to_owned(), scope: scope.map(str::to_owned), claims }
}

struct Ci {
    upstream: Upstream,
    world: World,
}

impl Ci {
    /// `deploy` is public: a job proves itself by its token alone. `release` has a secret besides.
    async fn new(change: impl FnOnce(&mut WorkloadIssuer)) -> Self {
        let upstream = Upstream::serve().await;
        let mut issuer = WorkloadIssuer {
            issuer: upstream.origin.clone(),
            rules: vec![
                rule("deploy", Some("deploys:write"), &[("repository", "acme/web"), ("ref", "refs/heads/main")]),
                rule("deploy", Some("deploys:read"), &[("repository", "acme/web")]),
                rule("release", None, &[("sub", "repo:acme/web:environment:release")]),
            ],
            timeout_seconds: 1,
            ..WorkloadIssuer::default()
        };
        change(&mut issuer);
        let world = World::with(|settings| settings.workloads = vec![issuer]).await;
        let scope = |name: &str| ResourceScope { name: name.to_owned(), description: "Do it".to_owned() };
        let scopes = vec![scope("deploys:read"), scope("deploys:write"), scope("deploys:delete")];
        world.add_resource_with(DEPLOYS, |resource| resource.scopes = scopes).await;
        world.add_app(|app| app.client_id = ClientId::from_text("deploy")).await;
        world.add_confidential_app("release", AuthMethod::ClientSecret, "secret").await;
        for app in ["deploy", "release"] {
            world.allow(app, DEPLOYS).await;
        }
        Self { upstream, world }
    }

    /// What GitHub says of a job on the main branch.
    fn job(&self, jti: &str) -> Value {
        let now = self.world.now().seconds();
        json!({
            "iss": self.upstream.origin, "aud": ISSUER, "sub": "repo:acme/web:ref:refs/heads/main", "jti": jti,
            "iat": now, "nbf": now - 300, "exp": now + 300, "repository": "acme/web", "ref": "refs/heads/main",
            "repository_owner": "acme", "event_name": "push",
        })
    }

    fn token(&self, claims: &Value) -> String {
        sign(&self.upstream.key, TokenKind::Id, claims).unwrap()
    }

    async fn exchange(&self, token: &str, change: &[(&str, &str)]) -> Answer {
        let form = [
            ("grant_type", GRANT),
            ("client_id", "deploy"),
            ("subject_token", token),
            ("subject_token_type", ID),
            ("resource", DEPLOYS),
        ];
        self.world.post_form(TOKEN, &changed(&form, change), &[]).await
    }
}

#[tokio::test]
async fn a_job_in_ci_gets_a_token_without_a_secret() {
    let ci = Ci::new(|_| {}).await;
    let answer = ci.exchange(&ci.token(&ci.job("1")), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    let token = text(&answer, "access_token");
    let issued = claims(token);
    assert_eq!((&issued["sub"], &issued["client_id"]), (&json!("deploy"), &json!("deploy")));
    assert_eq!(issued["act"], json!({"iss": ci.upstream.origin, "sub": "repo:acme/web:ref:refs/heads/main"}));
    assert_eq!((&issued["aud"], &issued["scope"]), (&json!(DEPLOYS), &json!("deploys:write deploys:read")));
    assert_eq!(issued["exp"], ci.job("1")["exp"], "it does not outlive the token of the job");
    assert!(issued.get("gid").is_none() && answer.get("refresh_token").is_none());
    // It is a token of an app, which no endpoint takes for a user, and the app's own.
    assert_eq!(ci.world.userinfo_status(token).await, 401);
    let active = async || {
        let form = [("token", token)];
        ci.world.post_form(INTROSPECT, &form, &[("authorization", &basic("release", "secret"))]).await.json()["active"]
            == true
    };
    assert!(!active().await);
    // Less on request, as either type, and never more.
    let less = ci.exchange(&ci.token(&ci.job("2")), &[("scope", "deploys:read"), ("subject_token_type", JWT)]).await;
    assert_eq!(claims(text(&less.json(), "access_token"))["scope"], "deploys:read");
    let more = ci.exchange(&ci.token(&ci.job("3")), &[("scope", "deploys:delete")]).await;
    assert_eq!(more.error(), "400 invalid_scope: the subject token does not have this scope");
    // A job elsewhere in the repository gets what the rule that holds for it says.
    let branch = with(&ci.job("4"), &json!({"ref": "refs/heads/x", "sub": "repo:acme/web:ref:refs/heads/x"}));
    let branch = ci.exchange(&ci.token(&branch), &[]).await.json();
    assert_eq!(claims(text(&branch, "access_token"))["scope"], "deploys:read");
}

#[tokio::test]
async fn an_app_with_a_credential_needs_it_besides_the_token_of_the_workload() {
    let ci = Ci::new(|_| {}).await;
    let job = |jti: &str| with(&ci.job(jti), &json!({"sub": "repo:acme/web:environment:release"}));
    let refused = ci.exchange(&ci.token(&job("1")), &[("client_id", "release")]).await;
    assert_eq!(refused.status, 401);
    let token = ci.token(&job("1"));
    let form = [
        ("grant_type", GRANT),
        ("subject_token", token.as_str()),
        ("subject_token_type", ID),
        ("resource", DEPLOYS),
        ("scope", "deploys:delete"),
    ];
    let answer = ci.world.post_form(TOKEN, &form, &[("authorization", &basic("release", "secret"))]).await;
    assert_eq!(claims(text(&answer.json(), "access_token"))["scope"], "deploys:delete");
}

#[tokio::test]
async fn a_token_of_another_repository_a_fork_or_another_server_is_refused() {
    let ci = Ci::new(|_| {}).await;
    let no_rule = "400 invalid_request: no rule of this server lets the subject of this token act as this client";
    let invalid = "400 invalid_request: the subject token is not valid";
    let now = ci.world.now().seconds();
    for (change, error) in [
        (json!({"repository": "acme/other", "sub": "repo:acme/other:ref:refs/heads/main"}), no_rule),
        (json!({"repository": "mallory/web", "sub": "repo:mallory/web:pull_request"}), no_rule),
        (json!({"repository": null}), no_rule),
        (json!({"aud": "https://github.com/acme"}), invalid),
        (json!({"aud": [ISSUER, "https://other.example.org"]}), invalid),
        (json!({"aud": null}), invalid),
        (json!({"iss": "https://token.actions.githubusercontent.com"}), invalid),
        (json!({"exp": now}), invalid),
        (json!({"exp": now + 100_000}), invalid),
        (json!({"nbf": now + 120}), invalid),
        (json!({"jti": null}), invalid),
        (json!({"sub": null}), invalid),
    ] {
        let token = ci.token(&with(&ci.job("x"), &change));
        assert_eq!(ci.exchange(&token, &[]).await.error(), error, "{change}");
    }
    let other = SigningKey::generate(Algorithm::ES256).unwrap();
    let forged = sign(&other, TokenKind::Id, &ci.job("x")).unwrap();
    assert_eq!(ci.exchange(&forged, &[]).await.error(), invalid);
    // Without a signature, with a MAC whose key everybody knows, and of another kind.
    let public = json!(ci.upstream.key.public()).to_string();
    let mac = |text: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes()), text).as_ref().to_vec();
    for bad in [
        jws(&json!({"alg": "none", "typ": "JWT"}), &ci.job("x"), |_| Vec::new()),
        jws(&json!({"alg": "HS256", "typ": "JWT"}), &ci.job("x"), mac),
        sign(&ci.upstream.key, TokenKind::Access, &ci.job("x")).unwrap(),
        "a.b.c".to_owned(),
    ] {
        assert_eq!(ci.exchange(&bad, &[]).await.error(), invalid, "{bad}");
    }
    // Another app than the rule's, and a server that trusts nobody.
    let refused = ci.exchange(&ci.token(&ci.job("x")), &[("client_id", "playground")]).await;
    assert_eq!(refused.error(), no_rule);
    let elsewhere = ci.exchange(&ci.token(&ci.job("x")), &[("resource", "https://unknown.example.org/")]).await;
    assert_eq!(elsewhere.error(), "400 invalid_target: the resource was not granted");
    // None of this used the token up.
    assert_eq!(ci.exchange(&ci.token(&ci.job("x")), &[]).await.status, 200);
    let replayed = ci.exchange(&ci.token(&ci.job("x")), &[]).await;
    assert_eq!(replayed.error(), "400 invalid_request: the subject token was used before");
    let world = World::new().await;
    world.add_app(|app| app.client_id = ClientId::from_text("deploy")).await;
    let form = [("grant_type", GRANT), ("client_id", "deploy"), ("subject_token", &forged), ("subject_token_type", ID)];
    assert_eq!(world.post_form(TOKEN, &form, &[]).await.error(), invalid);
}

#[tokio::test]
async fn a_service_account_of_a_cluster_uses_its_token_until_it_expires() {
    let ci = Ci::new(|issuer| {
        issuer.reusable = true;
        issuer.audience = Some("sigma".to_owned());
        issuer.jwks_uri = Some(format!("{}/jwks", issuer.issuer));
        let claims = [("/kubernetes.io/namespace", "ci"), ("/kubernetes.io/serviceaccount/name", "deploy")];
        issuer.rules = vec![rule("deploy", Some("deploys:write"), &claims)];
    })
    .await;
    let now = ci.world.now().seconds();
    let pod = json!({
        "iss": ci.upstream.origin, "aud": ["sigma"], "sub": "system:serviceaccount:ci:deploy", "iat": now, "exp": now + 3_600,
        "kubernetes.io": {"namespace": "ci", "serviceaccount": {"name": "deploy", "uid": "1"}},
    });
    let token = ci.token(&pod);
    for _ in 0..2 {
        assert_eq!(ci.exchange(&token, &[]).await.status, 200);
    }
    let other = with(&pod, &json!({"kubernetes.io": {"namespace": "ci", "serviceaccount": {"name": "default"}}}));
    let refused = ci.exchange(&ci.token(&other), &[]).await;
    let no_rule = "400 invalid_request: no rule of this server lets the subject of this token act as this client";
    assert_eq!(refused.error(), no_rule);
    ci.world.advance(3_600);
    assert_eq!(ci.exchange(&token, &[]).await.error(), "400 invalid_request: the subject token is not valid");
}

#[tokio::test]
async fn keys_that_are_slow_huge_or_broken_refuse_the_token_and_no_more() {
    let invalid = "400 invalid_request: the subject token is not valid";
    for mood in [
        Mood::Silent,
        Mood::Endless,
        Mood::Says(500, String::new()),
        Mood::Says(200, "<html>".to_owned()),
        Mood::Says(302, String::new()),
    ] {
        let ci = Ci::new(|_| {}).await;
        ci.upstream.be_with_keys(mood.clone());
        assert_eq!(ci.exchange(&ci.token(&ci.job("1")), &[]).await.error(), invalid, "{mood:?}");
        // Once it answers again, it is asked again after a minute, and the token was not used up.
        ci.upstream.be_with_keys(Mood::Fine);
        ci.upstream.requests();
        for _ in 0..3 {
            assert_eq!(ci.exchange(&ci.token(&ci.job("1")), &[]).await.error(), invalid, "{mood:?}");
        }
        assert_eq!(ci.upstream.requests(), Vec::<String>::new(), "{mood:?}");
        ci.world.advance(60);
        assert_eq!(ci.exchange(&ci.token(&ci.job("1")), &[]).await.status, 200, "{mood:?}");
    }
}

#[tokio::test]
async fn a_token_of_a_workload_is_used_once_on_all_nodes() {
    let ci = Ci::new(|_| {}).await;
    let beside = ci.world.beside().await;
    let token = ci.token(&ci.job("1"));
    let form = [
        ("grant_type", GRANT),
        ("client_id", "deploy"),
        ("subject_token", token.as_str()),
        ("subject_token_type", ID),
        ("resource", DEPLOYS),
    ];
    assert_eq!(ci.exchange(&token, &[]).await.status, 200);
    let again = beside.post_form(TOKEN, &form, &[]).await;
    assert_eq!(again.error(), "400 invalid_request: the subject token was used before");
}
