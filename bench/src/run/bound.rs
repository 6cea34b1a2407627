//! Workloads of pushed requests and of tokens bound to a key.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use sigma_core::digest::Digest;
use sigma_core::jose::{Algorithm, SigningKey};

use crate::findings::Server;
use crate::flow::{self, code_of, path};
use crate::http::{Answer, Connection, get, post_body};
use crate::load::{once_each, run, watched};
use crate::run::{Bench, PEOPLE, collect_tokens};
use crate::system::Failure;
use crate::work;

/// A client's key, and the server's nonce: with one the clock of the client does not matter, so that proofs can be made beforehand.
struct Prover {
    key: SigningKey,
    header: String,
    issuer: String,
    nonce: String,
    number: Cell<u64>,
}

impl Prover {
    /// Learns the nonce from the refusal of a push.
    async fn new(connection: &mut Connection, issuer: String, query: &str) -> Result<Self, Failure> {
        let key = SigningKey::generate(Algorithm::ES256)?;
        let jwk = serde_json::to_value(key.public())?;
        let header = serde_json::json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}).to_string();
        let mut prover = Self { key, header, issuer, nonce: "none".to_owned(), number: Cell::new(0) };
        let proof = prover.proof("POST", path::PAR, None)?;
        let answer = connection.send(&post_body(path::PAR, &[("DPoP", &proof)], query)).await?;
        prover.nonce = answer.header("dpop-nonce").ok_or("no nonce")?.to_owned();
        Ok(prover)
    }

    /// A proof for one request, with the nonce of the server.
    fn proof(&self, method: &str, path: &str, token: Option<&str>) -> Result<String, Failure> {
        let number = self.number.get();
        self.number.set(number + 1);
        let mut claims = serde_json::json!({
            "jti": format!("proof-{number}"), "htm": method, "htu": format!("{}{path}", self.issuer), "iat": 0, "nonce": self.nonce,
        });
        if let (Some(token), Some(members)) = (token, claims.as_object_mut()) {
            members.insert("ath".to_owned(), Digest::of(token).base64url().into());
        }
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(&self.header), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.key.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl Bench<'_> {
    /// Pushes requests, lets people agree to them, exchanges the codes with a proof, and uses the tokens.
    pub(super) async fn bound_tokens(&mut self) -> Result<(), Failure> {
        let works = [work::PUSH, work::AUTHORIZE_PUSHED, work::EXCHANGE_BOUND, work::USERINFO_BOUND];
        if !works.iter().any(|work| self.plan.includes(work)) {
            return Ok(());
        }
        let authorize = flow::authorize_path(&self.public);
        let query = authorize.split_once('?').map_or("", |(_, query)| query).to_owned();
        let mut connection = Connection::open(self.sigma.port()).await?;
        let prover = Prover::new(&mut connection, self.installation.issuer(), &query).await?;
        let count = self.plan.codes.min(20_000);
        let pushes = (0..count).map(|_| -> Result<Bytes, Failure> {
            let proof = prover.proof("POST", path::PAR, None)?;
            Ok(post_body(path::PAR, &[("DPoP", &proof)], &query).into())
        });
        let pushes: Vec<Bytes> = pushes.collect::<Result<_, _>>()?;
        let uris = Rc::new(RefCell::new(Vec::with_capacity(count)));
        let found = Rc::clone(&uris);
        let see =
            move |answer: &Answer<'_>| found.borrow_mut().extend(answer.json_text("request_uri").map(str::to_owned));
        self.spend(Server::Sigma, work::PUSH, pushes, see).await?;

        let client_id = self.public.client_id.clone();
        let uris = uris.take();
        let people = self.people.iter().cycle().take(uris.len().max(PEOPLE));
        let visits: Vec<Bytes> = uris
            .iter()
            .zip(people)
            .map(|(uri, person)| {
                let path = format!("/oauth2/authorize?client_id={client_id}&request_uri={uri}");
                get(&path, &[("Cookie", &person.cookie)]).into()
            })
            .collect();
        let codes = Rc::new(RefCell::new(Vec::with_capacity(count)));
        let found = Rc::clone(&codes);
        let scripts = watched(once_each(visits), move |answer: &Answer<'_>| found.borrow_mut().extend(code_of(answer)));
        let measured = run(&self.sigma, self.unlimited(), scripts).await?;
        self.findings.add(Server::Sigma, work::AUTHORIZE_PUSHED, measured);

        let codes: Vec<String> = codes.take();
        let timestamps = &mut self.timestamps;
        let exchanges = codes.iter().map(|code| -> Result<Bytes, Failure> {
            let proof = prover.proof("POST", path::TOKEN, None)?;
            flow::exchange_with(&self.public, code, timestamps, &[("DPoP", &proof)])
        });
        let exchanges: Vec<Bytes> = exchanges.collect::<Result<_, _>>()?;
        let (tokens, see) = collect_tokens();
        self.spend(Server::Sigma, work::EXCHANGE_BOUND, exchanges, see).await?;

        let tokens: Vec<String> = tokens.take();
        let shown = tokens.iter().map(|token| -> Result<Bytes, Failure> {
            let proof = prover.proof("GET", path::USERINFO, Some(token))?;
            let headers = [("Authorization", format!("DPoP {token}")), ("DPoP", proof)];
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            Ok(get(path::USERINFO, &headers).into())
        });
        let shown: Vec<Bytes> = shown.collect::<Result<_, _>>()?;
        self.spend(Server::Sigma, work::USERINFO_BOUND, shown, |_| {}).await
    }

    /// Bearer tokens, each used once.
    pub(super) async fn new_tokens(&mut self, tokens: &[String]) -> Result<(), Failure> {
        let shown = tokens.iter().map(|token| flow::userinfo(path::USERINFO, token)).collect();
        self.spend(Server::Sigma, work::USERINFO_NEW, shown, |_| {}).await
    }
}
