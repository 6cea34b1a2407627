//! One run: starts every server, then runs each workload on all of them in turn, so that other load on the machine
//! affects all alike.

mod accounts;
mod bound;
mod console;
mod devices;
mod hooks;
mod imports;
mod merits;
mod peers;
mod workspaces;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use crate::findings::{Findings, Server};
use crate::flow::{self, path};
use crate::handler;
use crate::http::{Answer, Connection, get};
use crate::load::{Extent, Measured, in_turn, once_each, run, watched};
use crate::org::BenchOrg;
use crate::paced;
use crate::passkeys::Passkey;
use crate::peers::{Peer, PeerApp, Place, Program};
use crate::people::{Person, Timestamps, fresh_key};
use crate::prepare::{BARE_CLIENT_CREDENTIALS, log_everybody_in, make_codes, see_answers, see_checks};
use crate::process::Process;
use crate::sigma::{AccessLog, App, Installation};
use crate::starts;
use crate::strangers;
use crate::system::Failure;
use crate::{bare, work};

/// Users who sign in by turns.
const PEOPLE: usize = 100;
/// Access tokens used by turns.
const TOKENS: usize = 2_000;

/// The parameters of a run.
pub struct Plan {
    /// The server.
    pub binary: PathBuf,
    /// Where databases are created: on a disk, not in memory.
    pub directory: PathBuf,
    /// The peers to compare with.
    pub peers: Vec<Program>,
    /// Where they are.
    pub place: Place,
    /// Connections, and seconds per workload.
    pub extent: Extent,
    /// Codes per exchange.
    pub codes: usize,
    /// Users in the large database; 0 skips it.
    pub users: u32,
    /// People of the large installation whose console is looked at.
    pub crowd: u32,
    /// Members of the large workspace.
    pub members: u32,
    /// Workspaces beside it.
    pub workspaces: u32,
    /// Wrong passwords for known and for unknown addresses, each.
    pub wrong_passwords: u32,
    /// Only workloads whose name contains this.
    pub only: String,
    /// Where the installation with the large console is moved before it is looked at.
    pub postgres: Option<String>,
}

impl Plan {
    fn includes(&self, work: &str) -> bool {
        work.contains(&self.only)
    }

    fn warm_up(&self) -> Extent {
        Extent { time: self.extent.time / 8, ..self.extent }
    }
}

/// Does everything in `plan`.
pub async fn measure(plan: &Plan) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    if plan.only.is_empty() {
        println!("Bare work …");
        let directory = plan.directory.clone();
        let time = plan.extent.time / 4;
        findings.bare = Some(tokio::task::spawn_blocking(move || bare::measure(time, &directory)).await??);
        starts::measure(plan, &mut findings)?;
    }
    if plan.includes("many dynamic apps") {
        strangers::measure(plan, &mut findings).await?;
    }
    let mut bench = Bench::prepare(plan, findings).await?;
    println!("\n{}", crate::findings::heading());
    bench.reads().await?;
    bench.tokens().await?;
    bench.exchanges().await?;
    bench.exchanges_at_half_load().await?;
    bench.shown_tokens().await?;
    bench.other_peers().await;
    bench.bound_tokens().await?;
    bench.profiles().await?;
    bench.devices().await?;
    bench.sign_ins().await?;
    bench.workspaces().await?;
    bench.merits().await?;
    bench.hooks().await?;
    bench.imports().await?;
    bench.console().await?;
    bench.finish().await
}

/// The prepared servers.
struct Bench<'p> {
    plan: &'p Plan,
    findings: Findings,
    installation: Installation,
    sigma: Process,
    handler: Process,
    /// The peers that run.
    peers: Vec<Peer>,
    people: Rc<Vec<Person>>,
    passkeys: Vec<Passkey>,
    public: App,
    secret: Rc<App>,
    signing: App,
    rsa: App,
    timestamps: Timestamps,
    /// Access tokens of the app with a secret.
    tokens: Vec<String>,
    peer_tokens: Vec<String>,
    /// Access tokens that were used, to be used again.
    shown: Vec<String>,
    /// A workspace, and its members' tokens.
    org: BenchOrg,
    sessions: Vec<String>,
}

impl<'p> Bench<'p> {
    async fn prepare(plan: &'p Plan, mut findings: Findings) -> Result<Self, Failure> {
        println!("Starting the servers, signing {PEOPLE} people up …");
        let installation = Installation::new(&plan.binary, &plan.directory, "load")?;
        let (sigma, _) = installation.serve(AccessLog::Off)?;
        let peers = peers::start(plan, &mut findings).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        findings.memory_idle = Some(sigma.memory()?);
        peers::note_memory(&peers, &mut findings)?;
        let (public, secret) = (installation.add_public()?, installation.add_with_secret()?);
        let (signing, rsa) = (installation.add_signing(fresh_key()?)?, installation.add_rsa()?);
        let mut connection = Connection::open(sigma.port()).await?;
        let (mut people, mut passkeys, mut timestamps) = (Vec::new(), Vec::new(), Timestamps::default());
        for _ in 0..PEOPLE {
            let mut person = Person::sign_up(&mut connection, &mut timestamps).await?;
            passkeys.push(Passkey::add(&mut connection, &installation.issuer(), &mut person).await?);
            for app in [&public, &secret, &signing, &rsa] {
                person.consent(&mut connection, app).await?;
            }
            people.push(person);
        }
        let org = BenchOrg::make(&installation, "Bench", workspaces::PEOPLE)?;
        let sessions = log_everybody_in(&mut connection, &org).await?;
        let mut answers =
            see_answers(&mut connection, people.first().ok_or("nobody")?, &secret, &mut timestamps).await?;
        answers.extend(see_checks(&mut connection, &org, sessions.first().ok_or("no session")?).await?);
        let handler = handler::spawn(&answers, &plan.directory)?;
        Ok(Self {
            plan,
            findings,
            installation,
            sigma,
            handler,
            peers,
            people: Rc::new(people),
            passkeys,
            public,
            secret: Rc::new(secret),
            signing,
            rsa,
            timestamps,
            tokens: Vec::new(),
            peer_tokens: Vec::new(),
            shown: Vec::new(),
            org,
            sessions,
        })
    }

    fn process(&self, server: Server) -> Option<&Process> {
        match server {
            Server::Sigma | Server::SigmaLogging => Some(&self.sigma),
            Server::Handler => Some(&self.handler),
            _ => self.peer(server).map(|peer| &peer.process),
        }
    }

    /// The same requests repeatedly.
    async fn repeat(&mut self, server: Server, work: &str, requests: Vec<Bytes>) -> Result<(), Failure> {
        if requests.is_empty() || !self.plan.includes(work) {
            return Ok(());
        }
        let Some(process) = self.process(server) else { return Ok(()) };
        run(process, self.warm_up(server), in_turn(requests.clone())).await?;
        let measured = run(process, self.plan.extent, in_turn(requests)).await?;
        self.findings.add(server, work, measured);
        Ok(())
    }

    /// Each request once, the first eighth for warming up; `see` is called with every answer.
    async fn spend(
        &mut self,
        server: Server,
        work: &str,
        mut requests: Vec<Bytes>,
        see: impl Fn(&Answer<'_>) + Clone + 'static,
    ) -> Result<(), Failure> {
        let Some(process) = self.process(server) else { return Ok(()) };
        let rest = requests.split_off(requests.len() / self.warm_up_codes(server));
        run(process, self.unlimited(), watched(once_each(requests), see.clone())).await?;
        let measured = run(process, self.unlimited(), watched(once_each(rest), see)).await?;
        self.findings.add(server, work, measured);
        Ok(())
    }

    /// Until there is nothing left to send.
    fn unlimited(&self) -> Extent {
        Extent { time: Duration::from_mins(5), ..self.plan.extent }
    }

    /// Documents that are the same for everybody.
    async fn reads(&mut self) -> Result<(), Failure> {
        for (work, path) in [(work::DISCOVERY, path::DISCOVERY), (work::JWKS, path::JWKS)] {
            for server in [Server::Sigma, Server::Handler] {
                self.repeat(server, work, vec![get(path, &[]).into()]).await?;
            }
        }
        self.documents_of_peer(Server::Peer).await
    }

    /// Tokens that an app gets for itself.
    async fn tokens(&mut self) -> Result<(), Failure> {
        let work = work::CLIENT_CREDENTIALS;
        let request = flow::client_credentials(path::TOKEN, self.secret.basic());
        self.repeat(Server::Sigma, work, vec![request]).await?;
        let request = flow::client_credentials(BARE_CLIENT_CREDENTIALS, self.secret.basic());
        self.repeat(Server::Handler, work, vec![request]).await?;
        for server in [Server::Peer, Server::PeerJwt] {
            self.client_credentials_of_peer(server).await?;
        }
        Ok(())
    }

    /// Codes, and their exchange.
    async fn exchanges(&mut self) -> Result<(), Failure> {
        for (work, app, theirs) in [
            (work::EXCHANGE_PUBLIC, WhichApp::Public, Some(PeerApp::Public)),
            (work::EXCHANGE_BASIC, WhichApp::Secret, Some(PeerApp::Secret)),
            (work::EXCHANGE_BITCOIN, WhichApp::Signing, None),
            (work::EXCHANGE_RSA, WhichApp::Rsa, None),
        ] {
            let gives_tokens = app == WhichApp::Secret;
            let gives_new_tokens = app == WhichApp::Public && self.plan.includes(work::USERINFO_NEW);
            if self.plan.includes(work) || gives_tokens || gives_new_tokens {
                let tokens = self.exchange(work, app).await?;
                if gives_tokens {
                    self.tokens = tokens;
                } else if gives_new_tokens {
                    self.new_tokens(&tokens).await?;
                }
            }
            for server in [Server::Peer, Server::PeerJwt] {
                let Some(theirs) = theirs.filter(|_| self.plan.includes(work) || gives_tokens) else { continue };
                let tokens = self.exchange_of_peer(work, server, theirs).await?;
                if gives_tokens && server == Server::Peer {
                    self.peer_tokens = tokens;
                }
            }
        }
        Ok(())
    }

    /// Issues codes and exchanges them. Returns as many access tokens as needed.
    async fn exchange(&mut self, work: &str, which: WhichApp) -> Result<Vec<String>, Failure> {
        let app = match which {
            WhichApp::Public => &self.public,
            WhichApp::Secret => &*self.secret,
            WhichApp::Signing => &self.signing,
            WhichApp::Rsa => &self.rsa,
        };
        let (codes, authorized) = make_codes(&self.sigma, self.plan, app, &self.people).await?;
        let timestamps = &mut self.timestamps;
        let requests: Result<Vec<Bytes>, Failure> =
            codes.iter().map(|code| flow::exchange(app, code, timestamps)).collect();
        if which == WhichApp::Public {
            self.findings.add(Server::Sigma, work::AUTHORIZE, authorized);
        }
        let requests = requests?;
        let sample = requests.iter().take(TOKENS).cloned().collect();
        let (tokens, see) = collect_tokens();
        self.spend(Server::Sigma, work, requests, see).await?;
        self.repeat(Server::Handler, work, sample).await?;
        Ok(tokens.take())
    }

    /// Codes that arrive at half the rate at which they were exchanged before, whatever the server does.
    async fn exchanges_at_half_load(&mut self) -> Result<(), Failure> {
        let full = self.findings.get(Server::Sigma, work::EXCHANGE_PUBLIC).map(Measured::rate);
        let Some(full) = full.filter(|_| self.plan.includes(work::EXCHANGE_HALF)) else { return Ok(()) };
        let (codes, _) = make_codes(&self.sigma, self.plan, &self.public, &self.people).await?;
        let timestamps = &mut self.timestamps;
        let requests: Result<Vec<Bytes>, Failure> =
            codes.iter().map(|code| flow::exchange(&self.public, code, timestamps)).collect();
        let measured = paced::each_once(&self.sigma, full / 2.0, &requests?).await?;
        self.findings.add(Server::Sigma, work::EXCHANGE_HALF, measured);
        Ok(())
    }

    /// What apps and APIs do with access tokens.
    async fn shown_tokens(&mut self) -> Result<(), Failure> {
        let (tokens, theirs) = (std::mem::take(&mut self.tokens), std::mem::take(&mut self.peer_tokens));
        let ours: Vec<Bytes> = tokens.iter().map(|token| flow::userinfo(path::USERINFO, token)).collect();
        self.repeat(Server::Sigma, work::USERINFO, ours.clone()).await?;
        self.repeat(Server::Handler, work::USERINFO, ours).await?;
        self.userinfo_of_peer(Server::Peer, &theirs).await?;
        let secret = self.secret.basic().to_owned();
        let ask = |token: &String| flow::introspect(path::INTROSPECT, &secret, token);
        let ours: Vec<Bytes> = tokens.iter().map(ask).collect();
        self.repeat(Server::Sigma, work::INTROSPECTION, ours.clone()).await?;
        self.repeat(Server::Handler, work::INTROSPECTION, ours).await?;
        let ours = tokens.iter().map(|token| flow::exchange_token(path::TOKEN, &secret, token)).collect();
        self.repeat(Server::Sigma, work::TOKEN_EXCHANGE, ours).await?;
        self.introspection_of_peer(Server::Peer, &theirs).await?;
        self.shown = tokens;
        Ok(())
    }

    /// Reads memory, and restarts with the log on.
    async fn finish(mut self) -> Result<Findings, Failure> {
        self.note_memory()?;
        let logged = [work::DISCOVERY, work::JWKS, work::VERIFY_TOKEN, work::FORWARD_TOKEN, work::FORWARD_KEY];
        if logged.iter().any(|work| self.plan.includes(work)) {
            let (logging, _) = self.installation.serve_again(self.sigma)?;
            self.sigma = logging;
            for (work, path) in [(work::DISCOVERY, path::DISCOVERY), (work::JWKS, path::JWKS)] {
                self.repeat(Server::SigmaLogging, work, vec![get(path, &[]).into()]).await?;
            }
            self.checks_logged().await?;
        }
        Ok(self.findings)
    }
}

/// Which of the three apps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WhichApp {
    Public,
    Secret,
    Signing,
    Rsa,
}

/// Where access tokens are kept, and what collects them.
fn collect_tokens() -> (Rc<RefCell<Vec<String>>>, impl Fn(&Answer<'_>) + Clone + 'static) {
    let tokens = Rc::new(RefCell::new(Vec::new()));
    let found = Rc::clone(&tokens);
    let see = move |answer: &Answer<'_>| {
        let mut found = found.borrow_mut();
        if found.len() < TOKENS {
            found.extend(answer.json_text("access_token").map(str::to_owned));
        }
    };
    (tokens, see)
}
