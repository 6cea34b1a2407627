//! JWTs of workspaces that are not what they say (`docs/spec/workspaces.md#session-tokens`).

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use sigma_core::jose::{Algorithm, SigningKey};
use sigma_core::org::{MemberTokenClaims, SessionKey};
use sigma_store::org::secret::{self, seal_context};

use crate::support::forge::{claims, header, jws, with};
use crate::support::{As, TestOrg, World};

const ME: &str = "/api/v1/auth/me";

/// The secret that signs a workspace's tokens, as somebody has it who was handed it to verify offline.
async fn secret_of(world: &World, team: &TestOrg<'_>) -> (String, Vec<u8>) {
    let (org, now) = (team.org.clone(), world.now());
    let stored = world.sigma.store.read(move |tx| secret::list(tx, &org, now)).await.unwrap().remove(0);
    let context = seal_context(&team.org, &stored.kid);
    let plain = world.sigma.master_key.open(&context, &stored.sealed).unwrap();
    (stored.kid, plain.to_vec())
}

fn hs256(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    move |signed| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed).as_ref().to_vec()
}

async fn is_taken(world: &World, token: &str) -> bool {
    let answer = world.call(As::Token(token), "GET", ME, &Value::Null).await;
    if answer.status != 200 {
        assert_eq!(answer.code(), "401 UNAUTHORIZED");
    }
    answer.status == 200
}

#[tokio::test]
async fn only_hs256_with_the_workspaces_own_secret_is_taken() {
    let world = World::with_orgs().await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let (_, other) = beta.add("bob@example.org", &beta.admin).await;
    let (kid, secret) = secret_of(&world, &acme).await;
    let (beta_kid, beta_secret) = secret_of(&world, &beta).await;
    let (good, said) = (header(&token), claims(&token));
    assert!(is_taken(&world, &jws(&good, &said, hs256(&secret))).await, "the forger works as it should");

    let none = |_: &[u8]| Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        assert!(!is_taken(&world, &jws(&with(&good, &json!({"alg": alg})), &said, none)).await, "{alg}");
    }
    assert!(!is_taken(&world, &jws(&good, &said, none)).await, "no signature");
    for alg in ["RS256", "ES256", "HS384", "HS512", "EdDSA", "hs256"] {
        let confused = with(&good, &json!({"alg": alg}));
        assert!(!is_taken(&world, &jws(&confused, &said, hs256(&secret))).await, "{alg}");
    }
    // A key that everybody knows, in the place of the secret.
    let es256 = SigningKey::generate(Algorithm::ES256).unwrap();
    let public = serde_json::to_vec(&es256.public()).unwrap();
    assert!(!is_taken(&world, &jws(&good, &said, hs256(&public))).await);
    let by_es256 = jws(&with(&good, &json!({"alg": "ES256"})), &said, |signed| es256.sign(signed).unwrap());
    assert!(!is_taken(&world, &by_es256).await);
    // Whoever chooses the key is not its owner.
    let jwk = with(&good, &json!({"jwk": {"kty": "oct", "k": "AAAA"}, "kid": null}));
    assert!(!is_taken(&world, &jws(&jwk, &said, hs256(&[0, 0, 0]))).await);

    let kids = json!(["unknown", beta_kid, "", "../../dev/null", "' OR 1=1 --", format!("{kid}\0"), 5, null]);
    for kid in kids.as_array().unwrap() {
        let named = with(&good, &json!({"kid": kid}));
        for secret in [&secret, &beta_secret] {
            assert!(!is_taken(&world, &jws(&named, &said, hs256(secret))).await, "{kid}");
        }
    }
    // The secret of one workspace, a token for another.
    let theirs = claims(&other);
    assert!(!is_taken(&world, &jws(&good, &theirs, hs256(&secret))).await);
    assert!(
        !is_taken(&world, &jws(&good, &with(&said, &json!({"workspaceId": beta.org.as_str()})), hs256(&secret))).await
    );
    for extension in [json!({"crit": ["exp"]}), json!({"b64": false})] {
        assert!(!is_taken(&world, &jws(&with(&good, &extension), &said, hs256(&secret))).await);
    }
    assert!(is_taken(&world, &token).await);
}

#[tokio::test]
async fn a_forged_token_convinces_services_and_not_sigma() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (ada, _) = acme.add("ada@example.org", &acme.admin).await;
    let (bob, token) = acme.add("bob@example.org", &acme.member).await;
    let (kid, secret) = secret_of(&world, &acme).await;
    let key = SessionKey::new(kid, &secret);
    let said: MemberTokenClaims = serde_json::from_value(claims(&token)).unwrap();
    // Bob's own session does not make him Ada, nor an admin.
    let as_ada = MemberTokenClaims { user_id: ada, ..said.clone() };
    assert!(!is_taken(&world, &key.sign(&as_ada).unwrap()).await);
    let as_admin = MemberTokenClaims { role_id: acme.admin.clone(), ..said.clone() };
    let answer = world.call(As::Token(&key.sign(&as_admin).unwrap()), "GET", ME, &Value::Null).await.json();
    assert_eq!((&answer["user"]["id"], &answer["role"]["id"]), (&json!(bob.as_str()), &json!(acme.member.as_str())));
    let sessionless = MemberTokenClaims { jti: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(), ..said.clone() };
    assert!(!is_taken(&world, &key.sign(&sessionless).unwrap()).await);
    let longer = MemberTokenClaims { exp: said.exp + 1, ..said };
    assert!(!is_taken(&world, &key.sign(&longer).unwrap()).await, "no token lives longer than a day");
}

#[tokio::test]
async fn a_token_from_the_future_or_with_odd_claims_is_refused() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let (_, secret) = secret_of(&world, &acme).await;
    let (good, said, now) = (header(&token), claims(&token), world.now().seconds());
    let odd = [
        json!({"iat": now + 61, "exp": now + 600}),
        json!({"iat": now - 100, "exp": now}),
        json!({"iat": now - 100, "exp": now - 1}),
        json!({"exp": null}),
        json!({"iat": null}),
        json!({"exp": "9999999999"}),
        json!({"exp": i64::MAX}),
        json!({"exp": 1.5}),
        json!({"iat": i64::MIN, "exp": i64::MAX}),
        json!({"jti": null}),
        json!({"jti": ""}),
        json!({"jti": "a\0b"}),
        json!({"userId": "a\0b"}),
        json!({"userId": null}),
        json!({"workspaceId": "a\0b"}),
        json!({"workspaceId": null}),
        json!({"userId": ["a"]}),
    ];
    for change in odd {
        assert!(!is_taken(&world, &jws(&good, &with(&said, &change), hs256(&secret))).await, "{change}");
    }
    assert!(
        is_taken(&world, &jws(&good, &with(&said, &json!({"iat": now + 59})), hs256(&secret))).await,
        "a fast clock"
    );
    for text in ["", ".", "..", "a.b.c", "e30.e30.e30", "\u{ff}", &"a".repeat(20_000), &format!("{token}.x")] {
        let request = http::Request::get(ME).header("authorization", format!("Bearer {text}").as_bytes());
        let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.code(), "401 UNAUTHORIZED", "{text}");
    }
}

#[tokio::test]
async fn one_credential_is_sent_once() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let key = acme.admin_key().await;
    let send = async |headers: &[(&str, &str)]| {
        let mut request = http::Request::get(ME);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
        if answer.status == 200 { "200".to_owned() } else { answer.code() }
    };
    let bearer = format!("Bearer {token}");
    let (bearer, key) = (bearer.as_str(), key.as_str());
    let swapped = format!("Bearer {key}");
    assert_eq!(send(&[]).await, "401 UNAUTHORIZED");
    assert_eq!(send(&[("authorization", "Basic dTpw")]).await, "401 UNAUTHORIZED");
    assert_eq!(send(&[("authorization", bearer)]).await, "200");
    assert_eq!(send(&[("authorization", &bearer.replace("Bearer", "bEARER"))]).await, "200");
    assert_eq!(send(&[("x-sigma-apikey", key)]).await, "200");
    assert_eq!(send(&[("x-sigma-apikey", key), ("authorization", "Basic dTpw")]).await, "200");
    let both = send(&[("authorization", bearer), ("x-sigma-apikey", key)]).await;
    assert_eq!(both, "400 VALIDATION_ERROR");
    for twice in [[("authorization", bearer); 2], [("x-sigma-apikey", key); 2]] {
        assert_eq!(send(&twice).await, "400 VALIDATION_ERROR");
    }
    // A credential in the other one's place, also after it was seen in its own.
    assert_eq!(send(&[("authorization", &swapped)]).await, "401 UNAUTHORIZED");
    assert_eq!(send(&[("x-sigma-apikey", &token)]).await, "401 UNAUTHORIZED");
}
