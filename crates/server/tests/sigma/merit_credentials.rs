//! Merits as portable credentials, and the public pages beside them.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::ids::{FieldId, MeritId, MeritTemplateId, OrgId, UserId};
use sigma_core::jose::{Algorithm, PublicJwk, SigningKey, TokenKind, UnverifiedJws, sign_credential};
use sigma_core::merits::proof::{issuer_did, verification_url};
use sigma_core::merits::{FieldType, Move, PersonName, SettingChange, Standing};
use sigma_store::merits::credential::{self, IssuerKey};
use sigma_store::merits::field::{self, NewField};
use sigma_store::merits::send::{self, Manner, Recipient, Sending, To};
use sigma_store::merits::template::{self, NewTemplate};
use sigma_store::merits::{issuer, member, step};

use crate::support::{Answer, Browser, World};

/// An org that has issued a merit.
struct Issued {
    org: OrgId,
    merit: MeritId,
}

async fn issue(world: &World, name: &str, address: &str) -> Issued {
    let (sigma, now) = (&world.sigma, world.now());
    let org = world.org(name).await.org;
    let template_id = MeritTemplateId::new(now, &*sigma.rng);
    let (grade, merit) = (FieldId::new(now, &*sigma.rng), MeritId::new(now, &*sigma.rng));
    let (org_id, id, template, field) = (org.clone(), merit.clone(), template_id, grade);
    let email = Email::parse(address).unwrap();
    sigma
        .store
        .decide(move |tx| {
            let operator = Actor::Operator;
            issuer::set_standing(tx, &org_id, Standing::Verified, now)?;
            let new = NewTemplate {
                id: template.clone(),
                title: "Baker <of> the year".to_owned(),
                description: "Bakes bread".to_owned(),
                once: false,
                cover: None,
            };
            template::add(tx, &org_id, &operator, &new, now)?;
            let new = NewField {
                id: field.clone(),
                name: "Grade".to_owned(),
                description: String::new(),
                kind: FieldType::ShortText,
            };
            field::add(tx, &org_id, &operator, &new, now)?;
            let enabled = |_| Ok(SettingChange { enabled: true, required: false, value_for_all: None });
            template::set_field(tx, &org_id, &operator, (&template, &field), enabled, now)?;
            let recipient = Recipient {
                merit_id: id.clone(),
                to: To::Email(email.clone()),
                name: PersonName::of_text("Ada Lovelace").unwrap(),
                values: vec![(field.clone(), Value::from("A <script>"))],
            };
            let sending = Sending {
                org_id: org_id.clone(),
                actor: operator,
                template_id: template.clone(),
                manner: Manner::Send,
                recipients: vec![recipient],
                daily_budget: 1_000,
                now,
            };
            send::one(tx, &sending).map(drop)
        })
        .await
        .unwrap();
    Issued { org, merit }
}

async fn answer(world: &World, user: &UserId, issued: &Issued, step: Move) {
    let (user, org, id, now) = (user.clone(), issued.org.clone(), issued.merit.clone(), world.now());
    world.sigma.store.decide(move |tx| member::answer(tx, &user, (&org, &id), step, now)).await.unwrap();
}

async fn revoke(world: &World, issued: &Issued) {
    let (org, id, now) = (issued.org.clone(), issued.merit.clone(), world.now());
    let revoked = world.sigma.store.decide(move |tx| step::revoke(tx, &org, &Actor::Operator, &id, "late", now));
    revoked.await.unwrap();
}

impl Issued {
    fn page(&self) -> String {
        format!("/merits/{}/{}", self.org.digits(), self.merit.digits())
    }

    async fn download(&self, browser: &Browser<'_>) -> Answer {
        let path = format!("/account/merits/{}/{}/credential", self.org.digits(), self.merit.digits());
        browser.get(&path).await
    }
}

async fn verdict(browser: &Browser<'_>, credential: &str) -> String {
    let answer = browser.post_form("/merits/verify", &[("credential", credential)]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = answer.body.clone();
    text.split("data-verdict=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_accepted_merit_downloads_as_a_credential_that_others_can_verify() {
    let world = World::with_orgs().await;
    let ada = world.person("ada@example.org").await;
    let issued = issue(&world, "Bakery", "ada@example.org").await;
    let did_path = format!("/orgs/{}/did.json", issued.org.digits());
    let browser = world.entered("ada@example.org").await;
    assert_eq!(issued.download(&browser).await.status, StatusCode::CONFLICT, "it was not accepted");
    assert_eq!(world.browser().get(&did_path).await.status, StatusCode::NOT_FOUND);
    answer(&world, &ada, &issued, Move::Accept).await;
    assert_eq!(issued.download(&world.browser()).await.status, StatusCode::UNAUTHORIZED);
    world.person("eve@example.org").await;
    let eve = world.entered("eve@example.org").await;
    assert_eq!(issued.download(&eve).await.status, StatusCode::NOT_FOUND, "it is not hers");

    let downloaded = issued.download(&browser).await;
    assert_eq!((downloaded.status, downloaded.header("content-type")), (StatusCode::OK, "application/vc+jwt"));
    assert!(downloaded.header("content-disposition").starts_with("attachment"));
    let credential = downloaded.body;

    let document = world.browser().get(&did_path).await.json();
    let did = issuer_did("https://id.example.org", &issued.org);
    assert_eq!(document["id"], did.as_str());
    let method = &document["verificationMethod"][0];
    let key = PublicJwk::parse(&method["publicKeyJwk"].to_string()).unwrap();
    let jws = UnverifiedJws::parse_credential(&credential).unwrap();
    assert_eq!(jws.header().kid.as_deref(), method["id"].as_str());
    let claims: Value = serde_json::from_slice(jws.verify_as(TokenKind::Credential, &key).unwrap()).unwrap();
    assert_eq!(claims["iss"], did.as_str());
    assert_eq!(claims["id"], verification_url("https://id.example.org", &issued.org, &issued.merit));
    assert!(!credential.contains("ada@example.org") && !claims.to_string().contains("ada@example.org"));
    let list = claims["credentialStatus"]["statusListCredential"].as_str().unwrap();
    let list = world.browser().get(list.strip_prefix("https://id.example.org").unwrap()).await;
    assert_eq!((list.status, list.header("content-type")), (StatusCode::OK, "application/vc+jwt"));
    let list_text = list.body;
    let jws = UnverifiedJws::parse_credential(&list_text).unwrap();
    let claims: Value = serde_json::from_slice(jws.verify_as(TokenKind::Credential, &key).unwrap()).unwrap();
    assert_eq!(claims["credentialSubject"]["type"], "BitstringStatusList");
    for none in ["/orgs/x/status/0", &format!("/orgs/{}/status/1", issued.org.digits())] {
        assert_eq!(world.browser().get(none).await.status, StatusCode::NOT_FOUND, "{none}");
    }

    let anyone = world.browser();
    assert_eq!(anyone.get("/merits/verify").await.status, StatusCode::OK);
    assert_eq!(verdict(&anyone, &credential).await, "valid");
    let mut altered: Vec<&str> = credential.split('.').collect();
    let other = issue(&world, "Mill", "ada@example.org").await;
    answer(&world, &ada, &other, Move::Accept).await;
    let other = other.download(&browser).await.body;
    altered[1] = other.split('.').nth(1).unwrap();
    assert_eq!(verdict(&anyone, &altered.join(".")).await, "invalid", "claims of another credential");
    for bad in ["", "x", "a.b.c", &"a".repeat(60_000)] {
        assert_eq!(verdict(&anyone, bad).await, "invalid");
    }
    revoke(&world, &issued).await;
    assert_eq!(verdict(&anyone, &credential).await, "ended");
}

#[tokio::test]
async fn an_uploaded_credential_is_verified() {
    let world = World::with_orgs().await;
    let ada = world.person("ada@example.org").await;
    let issued = issue(&world, "Bakery", "ada@example.org").await;
    answer(&world, &ada, &issued, Move::Accept).await;
    let credential = issued.download(&world.entered("ada@example.org").await).await.body;
    let anyone = world.browser();
    for (pasted, file, expected) in
        [("", credential.as_str(), "valid"), (credential.as_str(), "", "valid"), ("", "\u{0}", "invalid")]
    {
        let answer =
            anyone.upload("/merits/verify", &[("credential", pasted)], ("file", "merit.jwt", file.as_bytes())).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains(&format!("data-verdict=\"{expected}\"")), "{expected}");
    }
}

#[tokio::test]
async fn a_verification_page_shows_only_what_the_member_left_public() {
    let world = World::with_orgs().await;
    let ada = world.person("ada@example.org").await;
    let issued = issue(&world, "Bakery", "ada@example.org").await;
    let anyone = world.browser();
    assert_eq!(anyone.get(&issued.page()).await.status, StatusCode::NOT_FOUND, "it was not accepted");
    answer(&world, &ada, &issued, Move::Accept).await;
    let page = anyone.get(&issued.page()).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.body;
    assert!(text.contains("Ada Lovelace") && text.contains("Bakery") && text.contains("<svg"));
    assert!(!text.contains("<script>") && !text.contains("<of>") && !text.contains("ada@example.org"));
    let (user, org, id, now) = (ada.clone(), issued.org.clone(), issued.merit.clone(), world.now());
    let hide = move |tx: &mut dyn sigma_store::Tx| member::set_public(tx, &user, (&org, &id), false, now);
    world.sigma.store.decide(hide).await.unwrap();
    assert_eq!(anyone.get(&issued.page()).await.status, StatusCode::NOT_FOUND);
    let ended = issue(&world, "Mill", "ada@example.org").await;
    answer(&world, &ada, &ended, Move::Accept).await;
    revoke(&world, &ended).await;
    let page = anyone.get(&ended.page()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("Ada Lovelace"), "of what no longer counts only that is told");
    for unknown in ["/merits/x/y", &format!("/merits/{}/{}", issued.org.digits(), "0".repeat(24))] {
        assert_eq!(anyone.get(unknown).await.status, StatusCode::NOT_FOUND, "{unknown}");
    }
}

#[tokio::test]
async fn merits_of_a_disabled_account_have_no_public_page() {
    let world = World::with_orgs().await;
    let ada = world.person("ada@example.org").await;
    let (issued, revoked) =
        (issue(&world, "Bakery", "ada@example.org").await, issue(&world, "Mill", "ada@example.org").await);
    for merit in [&issued, &revoked] {
        answer(&world, &ada, merit, Move::Accept).await;
    }
    revoke(&world, &revoked).await;
    let anyone = world.browser();
    for (disabled, status) in [(false, StatusCode::OK), (true, StatusCode::NOT_FOUND), (false, StatusCode::OK)] {
        let (id, now) = (ada.clone(), world.now());
        let set = move |tx: &mut dyn sigma_store::Tx| sigma_store::user::set_disabled(tx, &id, disabled, now);
        world.sigma.store.write(set).await.unwrap();
        for merit in [&issued, &revoked] {
            assert_eq!(anyone.get(&merit.page()).await.status, status, "disabled: {disabled}");
        }
    }
}

#[tokio::test]
async fn a_merit_whose_last_day_has_passed_is_no_longer_valid() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let ada = world.person("ada@example.org").await;
    let template = bakery.template("Baker", false).await;
    let last_day = "000000000000000000000002";
    let path = format!("/v2/merittemplates/{template}/fields/{last_day}");
    assert_eq!(bakery.post(&path, &json!({"newEnabled": true})).await.status, StatusCode::OK);
    let today = world.now().iso8601()[..10].to_owned();
    let body = json!({
        "recipientEmail": "ada@example.org", "meritTemplateId": template, "recipientName": "Ada",
        "fieldValues": [{"fieldId": last_day, "value": today}],
    });
    let merit = bakery.post("/v2/merits/send", &body).await.json()["id"].as_str().unwrap().to_owned();
    world.answer(&ada, &bakery.org, &merit, Move::Accept).await.unwrap();
    let page = format!("/merits/{}/{merit}", bakery.org.digits());
    assert!(world.browser().get(&page).await.body.contains("This merit is valid."));
    world.advance(24 * 3_600);
    assert!(world.browser().get(&page).await.body.contains("This merit is no longer valid."));
}

#[tokio::test]
async fn only_verified_orgs_have_a_public_page() {
    let world = World::with_orgs().await;
    let issued = issue(&world, "Bakery", "ada@example.org").await;
    let anyone = world.browser();
    let path = format!("/orgs/{}", issued.org.digits());
    let page = anyone.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Baker &#60;of&#62; the year"));
    let (org, now) = (issued.org.clone(), world.now().plus(Duration::from_secs(1)));
    let unverify = move |tx: &mut dyn sigma_store::Tx| issuer::set_standing(tx, &org, Standing::Unverified, now);
    world.sigma.store.decide(unverify).await.unwrap();
    for none in [path.as_str(), "/orgs/unknown-org", "/orgs/%00"] {
        assert_eq!(anyone.get(none).await.status, StatusCode::NOT_FOUND, "{none}");
    }
}

/// The key that a token names.
fn kid(token: &str) -> String {
    UnverifiedJws::parse_credential(token).unwrap().header().kid.clone().unwrap()
}

#[tokio::test]
async fn credentials_of_earlier_keys_verify_after_a_rotation_and_the_status_list_has_the_current_one() {
    let world = World::with_orgs().await;
    let ada = world.person("ada@example.org").await;
    let issued = issue(&world, "Bakery", "ada@example.org").await;
    answer(&world, &ada, &issued, Move::Accept).await;
    let browser = world.entered("ada@example.org").await;
    let before = issued.download(&browser).await.body;
    let (org, now) = (issued.org.clone(), world.now());
    let fresh = IssuerKey::make(&org, &world.sigma.master_key, &*world.sigma.rng, now).unwrap();
    let new = format!("{}#{}", issuer_did("https://id.example.org", &org), fresh.kid);
    let rotate = move |tx: &mut dyn sigma_store::Tx| credential::rotate_key(tx, &org, &Actor::Operator, &fresh);
    world.sigma.store.decide(rotate).await.unwrap();
    let trail = world.trail(sigma_store::event::Trail::All).await;
    assert!(trail.iter().any(|event| event.action == "merit.rotate_key"));

    let anyone = world.browser();
    let did = anyone.get(&format!("/orgs/{}/did.json", issued.org.digits())).await.json();
    let ids: Vec<_> =
        did["assertionMethod"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    assert!(ids.len() == 2 && ids.contains(&new) && ids.contains(&kid(&before)), "{ids:?}");
    let list = format!("/orgs/{}/status/0", issued.org.digits());
    assert_eq!(kid(&anyone.get(&list).await.body), kid(&before), "the new key is published first");
    world.advance(121);
    let browser = world.entered("ada@example.org").await;
    let after = issued.download(&browser).await.body;
    assert_eq!((kid(&after), kid(&anyone.get(&list).await.body)), (new.clone(), new));
    for credential in [&before, &after] {
        assert_eq!(verdict(&anyone, credential).await, "valid");
    }
    revoke(&world, &issued).await;
    for credential in [&before, &after] {
        assert_eq!(verdict(&anyone, credential).await, "ended");
    }
}

#[tokio::test]
async fn credentials_of_others_get_an_honest_answer_and_each_fetch_counts() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.enabled = true;
        settings.limits.foreign_credentials = 3;
    })
    .await;
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let signed = |did: &str| sign_credential(&key, did, &serde_json::json!({"issuer": did})).unwrap();
    let anyone = world.browser();
    // Not of the web, no name of a host, or an org that this server does not have.
    for (did, expected) in [
        ("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "unsupported"),
        ("did:web:127.0.0.1", "unsupported"),
        ("did:web:localhost%3A8080", "unsupported"),
        ("did:web:id.example.org:orgs:nobody", "invalid"),
        ("did:web:id.example.org:somewhere", "invalid"),
    ] {
        assert_eq!(verdict(&anyone, &signed(did)).await, expected, "{did}");
    }
    let header =
        base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, br#"{"alg":"HS256","kid":"x"}"#);
    assert_eq!(verdict(&anyone, &format!("{header}.e30.AAAA")).await, "unsupported");
    // A name that leads nowhere (RFC 6761 §6.4).
    let foreign = signed("did:web:badges.invalid");
    for _ in 0..3 {
        assert_eq!(verdict(&anyone, &foreign).await, "foreign-unreachable");
    }
    let refused = anyone.post_form("/merits/verify", &[("credential", &foreign)]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}
