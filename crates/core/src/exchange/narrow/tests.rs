use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

use super::*;
use crate::dpop::{Confirmation, Thumbprint};
use crate::ids::{AppId, ClientId, GrantId, OrgId};
use crate::jose::base64url;
use crate::resource::ResourceScope;
use crate::scope::KNOWN;
use crate::time::Timestamp;

const ISSUER: &str = "https://id.example.org";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const APIS: [&str; 4] = ["https://a.example.org/", "https://b.example.org/", "https://c.example.org/", "urn:d"];
const SCOPES: [&str; 11] = [
    "openid",
    "profile",
    "email",
    "offline_access",
    "roles",
    "sigma:wallet",
    "merits",
    "read",
    "write",
    "delete",
    "other",
];

/// The app called `name`; `client` is the one that the source was issued to.
fn app(name: &str) -> App {
    let id = AppId::from_text(format!("app_{name}"));
    App { id, client_id: ClientId::from_text(name), scopes: Scopes::parse(&KNOWN.join(" ")), ..App::sigma() }
}

fn resource(uri: &str, scopes: &[&str], servers: &[&str], open: bool) -> Resource {
    let scope = |name: &&str| ResourceScope { name: (*name).to_owned(), description: "Do it".to_owned() };
    Resource {
        uri: uri.to_owned(),
        org_id: OrgId::from_text("org"),
        name: uri.to_owned(),
        scopes: scopes.iter().map(scope).collect(),
        open,
        servers: servers.iter().map(|name| AppId::from_text(format!("app_{name}"))).collect(),
        created_at: Timestamp::default(),
    }
}

fn key(number: u8) -> Thumbprint {
    Thumbprint::parse(&base64url::encode([number; 32])).unwrap()
}

fn source(scope: &str, aud: &[&str]) -> AccessClaims {
    AccessClaims {
        iss: ISSUER.to_owned(),
        sub: "user_1".to_owned(),
        aud: Audience::of(ISSUER, aud),
        exp: NOW.seconds() + 3_600,
        iat: NOW.seconds() - 60,
        jti: "tok_source".to_owned(),
        client_id: "client".to_owned(),
        scope: scope.to_owned(),
        gid: Some(GrantId::from_text("gr_1")),
        sid: Some("ses_1".to_owned()),
        auth_time: Some(NOW.seconds() - 600),
        acr: Some("2".to_owned()),
        name: Some("Ada".to_owned()),
        pubkey: None,
        bap_id: None,
        bap: None,
        org_id: None,
        email: Some("ada@example.org".to_owned()),
        cnf: None,
        act: None,
        sources: Vec::new(),
        workspace: None,
        impersonation: false,
    }
}

/// An exchange by `app` of a token for any of `resources`.
fn wanted<'a>(app: &'a App, resources: &'a [Resource], id: &'a TokenId) -> Narrowing<'a> {
    let issuance = Issuance { issuer: ISSUER, client_id: &app.client_id, now: NOW, seconds: 600, jkt: None };
    Narrowing { issuance, app, scope: None, audiences: &[], resources, names_actor: false, id }
}

fn id() -> TokenId {
    TokenId::from_text("tok_new")
}

#[test]
fn another_app_acts_and_the_same_app_does_not() {
    let apis = [resource(APIS[0], &["read"], &["server"], false)];
    let (source, id) = (source("openid read", &[APIS[0], ISSUER]), id());
    let (client, server) = (App { resources: vec![APIS[0].to_owned()], ..app("client") }, app("server"));
    let own = narrow(&source, &wanted(&client, &apis, &id)).unwrap();
    assert_eq!((own.act, own.sources), (None, Vec::new()));
    let delegated = narrow(&source, &wanted(&server, &apis, &id)).unwrap();
    assert_eq!(serde_json::to_value(&delegated.act).unwrap(), json!({"sub": "server"}));
    assert_eq!((delegated.client_id.as_str(), delegated.gid), ("server", source.gid.clone()));
    assert_eq!(delegated.sources, Vec::<String>::new(), "it ends with its grant");
}

#[test]
fn scopes_of_which_the_api_defines_none_are_refused_and_not_dropped() {
    let apis = [resource(APIS[0], &["read"], &["server"], false), resource(APIS[1], &["write"], &["server"], false)];
    let (source, id, server) = (source("openid read write", &[APIS[0], APIS[1]]), id(), app("server"));
    let audiences = [APIS[0].to_owned()];
    let ask = |scope: &str| {
        let scope = Scopes::parse(scope);
        let wanted = Narrowing { scope: Some(&scope), audiences: &audiences, ..wanted(&server, &apis[..1], &id) };
        narrow(&source, &wanted).map(|claims| claims.scope)
    };
    assert_eq!(ask("read write"), Ok("read".to_owned()));
    assert_eq!(ask("write"), Err(ExchangeProblem::Scope));
}

#[test]
fn a_token_of_an_exchange_ends_with_each_token_that_it_came_of() {
    let apis = [resource(APIS[0], &[], &["one", "two"], false)];
    let (source, id) = (source("openid", &[APIS[0]]), id());
    let (one, two) = (app("one"), app("two"));
    let first = AccessClaims { jti: "tok_1".to_owned(), ..narrow(&source, &wanted(&one, &apis, &id)).unwrap() };
    let second = AccessClaims { jti: "tok_2".to_owned(), ..narrow(&first, &wanted(&two, &apis, &id)).unwrap() };
    let third = narrow(&second, &wanted(&two, &apis, &id)).unwrap();
    assert_eq!(second.sources, ["tok_1"]);
    assert_eq!(third.sources, ["tok_1", "tok_2"]);
    assert_eq!(serde_json::to_value(&third.act).unwrap(), json!({"sub": "two", "act": {"sub": "one"}}));
}

#[test]
fn an_app_that_exchanges_its_own_tokens_in_a_circle_comes_to_an_end() {
    let (client, id) = (app("client"), id());
    // A token of the app itself, which stands alone: each exchange adds it to what the next one ends with.
    let mut token = AccessClaims { gid: None, ..source("openid", &[ISSUER]) };
    let made = (0..100).map_while(|_| {
        token = narrow(&token, &wanted(&client, &[], &id)).ok()?;
        Some(token.sources.len())
    });
    assert_eq!(made.last(), Some(16));
    assert_eq!(narrow(&token, &wanted(&client, &[], &id)), Err(ExchangeProblem::TooOften));
}

#[test]
fn a_token_that_was_not_issued_to_the_app_and_is_not_for_it_is_refused() {
    let (other, id) = (App { resources: vec![APIS[0].to_owned()], ..app("other") }, id());
    for aud in [[APIS[0]], [ISSUER]] {
        let apis = [resource(APIS[0], &[], &["server"], false)];
        assert_eq!(narrow(&source("openid", &aud), &wanted(&other, &apis, &id)), Err(ExchangeProblem::NotForApp));
    }
}

#[test]
fn a_bound_token_needs_the_proof_of_its_key_and_stays_bound() {
    let (client, id) = (app("client"), id());
    let (first, other) = (key(1), key(2));
    let bound = AccessClaims { cnf: Some(Confirmation { jkt: first.clone() }), ..source("openid", &[ISSUER]) };
    let with = |jkt| {
        let asked = wanted(&client, &[], &id);
        Narrowing { issuance: Issuance { jkt, ..asked.issuance }, ..asked }
    };
    for proven in [None, Some(&other)] {
        assert_eq!(narrow(&bound, &with(proven)), Err(ExchangeProblem::Unproven));
    }
    assert_eq!(narrow(&bound, &with(Some(&first))).unwrap().cnf, bound.cnf);
    // What was not bound becomes so.
    let plain = source("openid", &[ISSUER]);
    assert_eq!(narrow(&plain, &with(Some(&first))).unwrap().cnf, bound.cnf);
}

#[test]
fn a_role_is_not_passed_on() {
    let apis = [resource(APIS[0], &[], &["server"], false)];
    let (server, id) = (app("server"), id());
    let token = source("openid roles", &[APIS[0], ISSUER]);
    assert_eq!(narrow(&token, &wanted(&server, &apis, &id)).unwrap().scope, "openid");
    let roles = Scopes::parse("roles");
    let refused = narrow(&token, &Narrowing { scope: Some(&roles), ..wanted(&server, &apis, &id) });
    assert_eq!(refused, Err(ExchangeProblem::Scope));
}

#[test]
fn a_chain_of_actors_has_an_end() {
    let apis = [resource(APIS[0], &[], &["server"], false)];
    let (server, id) = (app("server"), id());
    let mut token = source("openid", &[APIS[0]]);
    for _ in 0..MOST_ACTORS {
        token = narrow(&token, &wanted(&server, &apis, &id)).unwrap();
        token.client_id = "another".to_owned();
    }
    assert_eq!(token.act.as_ref().unwrap().chain().count(), MOST_ACTORS);
    assert_eq!(narrow(&token, &wanted(&server, &apis, &id)), Err(ExchangeProblem::TooOften));
}

/// A registered resource with any of the scopes, served and listed at random.
fn any_resource() -> impl Strategy<Value = Resource> {
    let scopes = subsequence(SCOPES[7..].to_vec(), 0..=4);
    let servers = subsequence(vec!["client", "server"], 0..=2);
    (select(APIS.to_vec()), scopes, servers, any::<bool>())
        .prop_map(|(uri, scopes, servers, open)| resource(uri, &scopes, &servers, open))
}

fn any_chain() -> impl Strategy<Value = Option<ActClaim>> {
    prop::collection::vec(select(vec!["client", "server", "x", "y"]), 0..=MOST_ACTORS).prop_map(|names| {
        names.into_iter().fold(None, |earlier: Option<ActClaim>, name| Some(ActClaim::after(earlier.as_ref(), name)))
    })
}

proptest! {
    #[test]
    fn no_exchange_widens_anything_and_no_chain_of_actors_shortens(
        held in subsequence(SCOPES.to_vec(), 0..=SCOPES.len()),
        aud in subsequence([APIS.as_slice(), &[ISSUER]].concat(), 1..=5),
        chain in any_chain(),
        bound in any::<bool>(),
        apis in prop::collection::vec(any_resource(), 0..4),
        name in select(vec!["client", "server", "other"]),
        listed in subsequence(APIS.to_vec(), 0..=4),
        askable in subsequence(SCOPES[..7].to_vec(), 0..=7),
        scope in prop::option::of(subsequence(SCOPES.to_vec(), 0..=4)),
        audiences in subsequence([APIS.as_slice(), &[ISSUER]].concat(), 0..=3),
        seconds in 1_u32..10_000,
        names_actor in any::<bool>(),
        impersonation in any::<bool>(),
    ) {
        let jkt = key(1);
        let cnf = bound.then(|| Confirmation { jkt: jkt.clone() });
        let token = AccessClaims { act: chain, cnf, impersonation, ..source(&held.join(" "), &aud) };
        let resources: Vec<Resource> = apis.into_iter().filter(|api| aud.contains(&api.uri.as_str())).collect();
        let app = App {
            scopes: Scopes::parse(&askable.join(" ")),
            resources: listed.iter().map(|uri| (*uri).to_owned()).collect(),
            ..app(name)
        };
        let (id, scope) = (id(), scope.map(|scope| Scopes::parse(&scope.join(" "))));
        let audiences: Vec<String> = audiences.into_iter().map(str::to_owned).collect();
        let asked = Narrowing { scope: scope.as_ref(), audiences: &audiences, ..wanted(&app, &resources, &id) };
        let issuance = Issuance { seconds, jkt: bound.then_some(&jkt), ..asked.issuance };
        let asked = Narrowing { issuance, names_actor, ..asked };
        let Ok(new) = narrow(&token, &asked) else { return Ok(()) };

        // Scope, audience, life and key.
        let granted = Scopes::parse(&new.scope);
        prop_assert!(Scopes::parse(&token.scope).covers(&granted));
        prop_assert!(app.still_granted(&granted) == granted && !granted.contains("offline_access"));
        prop_assert!(new.aud.iter().all(|uri| token.aud.includes(uri)));
        prop_assert!(audiences.is_empty() || audiences.iter().all(|uri| new.aud.includes(uri)));
        prop_assert!(new.exp <= token.exp && new.exp <= NOW.seconds() + i64::from(seconds));
        prop_assert_eq!(&new.cnf, &token.cnf);
        for scope in granted.iter().filter(|scope| !KNOWN.contains(scope)) {
            let mut defined = resources.iter().filter(|api| new.aud.includes(&api.uri));
            prop_assert!(defined.any(|api| api.has_scope(scope)), "{} is of no audience", scope);
        }
        // Whose it is, and what it ends with.
        prop_assert_eq!((&new.sub, &new.gid, &new.sid, &new.workspace), (&token.sub, &token.gid, &token.sid, &token.workspace));
        prop_assert_eq!((new.auth_time, &new.acr), (token.auth_time, &token.acr));
        prop_assert_eq!(new.impersonation, token.impersonation);
        prop_assert!(!token.stands_alone() || new.sources.contains(&token.jti));
        prop_assert!(token.sources.iter().all(|jti| new.sources.contains(jti)));
        // Who acts: the earlier actors are the end of the chain, and whoever is not the holder of the source is named.
        let (before, after): (Vec<_>, Vec<_>) = (
            token.act.iter().flat_map(ActClaim::chain).map(|act| act.sub.clone()).collect(),
            new.act.iter().flat_map(ActClaim::chain).map(|act| act.sub.clone()).collect(),
        );
        prop_assert!(after.ends_with(&before));
        prop_assert_eq!(after.len(), before.len() + usize::from(name != "client" || names_actor));
        prop_assert!((name == "client" && !names_actor) || after[0] == name);
        // Who may.
        prop_assert!(name == "client" || resources.iter().any(|api| api.is_served_by(&app.id)));
    }
}
