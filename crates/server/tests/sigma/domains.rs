//! Domains of orgs: proven by a record that a name server of the test publishes, and what they are good for.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use http::StatusCode;
use sigma_server::settings::{ProviderKind, ProviderSignUp};
use sigma_store::event::Trail;
use tokio::net::UdpSocket;

use crate::support::upstream::{Asked, Upstream};
use crate::support::{Browser, PASSWORD, TestOrg, World};

/// A name server that answers each question with the same texts, or that there is no such name.
pub struct NameServer {
    pub address: SocketAddr,
    texts: Arc<Mutex<Vec<String>>>,
}

impl NameServer {
    pub async fn serve() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let texts: Arc<Mutex<Vec<String>>> = Arc::default();
        let published = Arc::clone(&texts);
        tokio::spawn(async move {
            let mut query = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut query).await {
                let answer = answer(&query[..length], &published.lock().unwrap());
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        Self { address, texts }
    }

    pub fn publish(&self, texts: &[&str]) {
        *self.texts.lock().unwrap() = texts.iter().map(|text| (*text).to_owned()).collect();
    }
}

/// The answer to a query (RFC 1035 §4.1): its id and question, and a TXT record for each text.
fn answer(query: &[u8], texts: &[String]) -> Vec<u8> {
    let question = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    let code = if texts.is_empty() { 0x83 } else { 0x80 };
    let mut answer = [&query[..2], &[0x85, code, 0, 1, 0, u8::try_from(texts.len()).unwrap(), 0, 0, 0, 0]].concat();
    answer.extend_from_slice(&query[12..question]);
    for text in texts {
        let length = u8::try_from(text.len()).unwrap();
        // The name of the question, TXT, IN, a minute.
        answer.extend_from_slice(&[0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, length + 1, length]);
        answer.extend_from_slice(text.as_bytes());
    }
    answer
}

/// What the page wants to be published.
fn wanted(body: &str) -> String {
    let rest = body.split("sigma-domain-verification=").nth(1).unwrap_or_else(|| panic!("{body}"));
    format!("sigma-domain-verification={}", rest.split('<').next().unwrap())
}

/// The browser of an admin of the org, who claimed `example.org`, and what has to be published.
async fn claim<'w>(world: &'w World, org: &TestOrg<'w>, admin: &str) -> (Browser<'w>, String) {
    org.add(admin, &org.admin).await;
    let browser = world.browser();
    browser.log_in(admin, PASSWORD).await;
    let path = format!("/org/{}/domains", org.org);
    assert_eq!(browser.post_form(&path, &[("domain", "Example.ORG.")]).await.status, StatusCode::SEE_OTHER);
    let page = browser.get(&path).await;
    assert!(page.body.contains("_sigma-challenge.example.org"), "{}", page.body);
    (browser, wanted(&page.body))
}

async fn check(browser: &Browser<'_>, org: &TestOrg<'_>) -> (u16, String) {
    let answer = browser.post_form(&format!("/org/{}/domains/example.org/check", org.org), &[]).await;
    (answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn a_proven_domain_leads_its_people_to_the_provider_of_their_org() {
    let (names, upstream) = (NameServer::serve().await, Upstream::serve().await);
    let world = World::with(|settings| {
        settings.dns.servers = vec![names.address];
        settings.passwords.memory_kib = 64;
        settings.sign_up.provider = ProviderSignUp::On;
        settings.providers = vec![upstream.settings("op", ProviderKind::OpenId)];
    })
    .await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let (ada, record) = claim(&world, &acme, "ada@acme.test").await;
    let (bob, other) = claim(&world, &beta, "bob@beta.test").await;
    assert_ne!(record, other);
    let path = format!("/org/{}/domains/example.org", acme.org);
    assert_eq!(ada.post_form(&path, &[("provider", "op")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(ada.post_form(&path, &[("provider", "none of these")]).await.status, StatusCode::NOT_FOUND);

    // Without a record, or with that of somebody else, nothing is proven, and nobody is led anywhere.
    let login = |password: &'static str| {
        let browser = world.browser();
        async move { browser.log_in("eve@example.org", password).await }
    };
    for published in [&[][..], &["v=spf1 -all"], &[other.as_str()]] {
        names.publish(published);
        let (status, body) = check(&ada, &acme).await;
        assert!(status == 409 && body.contains("was not found"), "{status} {body}");
    }
    assert_eq!(login("wrong").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(login("").await.status, StatusCode::UNAUTHORIZED);

    names.publish(&["v=spf1 -all", &record]);
    assert_eq!(check(&ada, &acme).await.0, 303);
    let led = login("").await;
    let asked = Asked::of(led.location());
    assert_eq!(asked.endpoint, format!("{}/authorize", upstream.origin));
    assert_eq!(asked.get("login_hint"), "eve@example.org");
    assert_eq!(world.browser().log_in("eve@other.org", "wrong").await.status, StatusCode::UNAUTHORIZED);
    // An app that names the address leads there at once.
    let browser = world.browser();
    let at_app = browser.authorize(&[("login_hint", "eve@example.org")]).await;
    assert!(browser.get(at_app.location()).await.location().starts_with(&upstream.origin));

    // Another org gets the domain only once this one's record is gone.
    names.publish(&[&record, &other]);
    let (status, body) = check(&bob, &beta).await;
    assert!(status == 409 && body.contains("Another organization"), "{status} {body}");
    names.publish(&[&other]);
    assert_eq!(check(&bob, &beta).await.0, 303);
    assert_eq!(login("wrong").await.status, StatusCode::UNAUTHORIZED, "this org chose no provider");

    // A record that is gone for a week no longer proves anything.
    names.publish(&[]);
    let page = format!("/org/{}/domains", beta.org);
    for (days, state) in [(1, "record missing"), (8, "not proven")] {
        world.advance(days * 86_400);
        world.run_job("domains").await;
        let shown = bob.get(&page).await;
        assert!(shown.body.contains(state), "{state}: {}", shown.body);
    }
    assert_eq!(bob.post_form(&format!("{page}/example.org/remove"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(bob.post_form(&format!("{page}/acme.test/remove"), &[]).await.status, StatusCode::NOT_FOUND);
    let actions: Vec<_> = world.trail(Trail::All).await.into_iter().map(|event| event.action).collect();
    for (action, times) in
        [("domain.add", 2), ("domain.change", 1), ("domain.prove", 2), ("domain.lose", 2), ("domain.remove", 1)]
    {
        assert_eq!(actions.iter().filter(|left| *left == action).count(), times, "{action}: {actions:?}");
    }
}
