//! What peers do. node-oidc-provider takes turns with this server at each workload; the others, which take more memory, run
//! one after another when this server has done the same.

use std::time::Duration;

use bytes::Bytes;

use crate::findings::{Findings, PeerProcess, Server};
use crate::http::{Connection, get};
use crate::load::{Extent, in_turn, run_at};
use crate::peers::{self, Peer, PeerApp, Program};
use crate::run::{Bench, PEOPLE, Plan, collect_tokens};
use crate::starts::millis;
use crate::system::Failure;
use crate::work;

/// The workloads that peers have too.
const SHARED: [&str; 7] = [
    work::DISCOVERY,
    work::JWKS,
    work::CLIENT_CREDENTIALS,
    work::EXCHANGE_PUBLIC,
    work::EXCHANGE_BASIC,
    work::USERINFO,
    work::INTROSPECTION,
];

/// Starts what takes turns with this server. Whoever does not start is left out, and named.
pub(super) async fn start(plan: &Plan, findings: &mut Findings) -> Vec<Peer> {
    let mut started = Vec::new();
    if !plan.peers.contains(&Program::Node) || !SHARED.iter().any(|work| plan.includes(work)) {
        return started;
    }
    for server in Program::Node.servers() {
        match peers::start(*server, &plan.place, &plan.directory, PEOPLE).await {
            Ok(peer) => started.push(peer),
            Err(failure) => findings.leave_out(*server, &failure),
        }
    }
    started
}

/// Notes the memory of the peers that run, after the start or after the work.
pub(super) fn note_memory(peers: &[Peer], findings: &mut Findings) -> Result<(), Failure> {
    for peer in peers {
        let memory = peer.process.memory()?;
        let noted = PeerProcess { start: peer.start.map(millis), idle: memory, loaded: memory };
        findings.peers.entry(peer.server).and_modify(|process| process.loaded = memory).or_insert(noted);
    }
    Ok(())
}

impl Bench<'_> {
    pub(super) fn peer(&self, server: Server) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.server == server)
    }

    /// For how long a workload of `server` is repeated before it is measured.
    pub(super) fn warm_up(&self, server: Server) -> Extent {
        let least = self.peer(server).map_or(Duration::ZERO, |peer| peer.pace.warm_up);
        let usual = self.plan.warm_up();
        Extent { time: usual.time.max(least), ..usual }
    }

    /// One of so many codes is exchanged before the others are measured.
    pub(super) fn warm_up_codes(&self, server: Server) -> usize {
        self.peer(server).map_or(8, |peer| peer.pace.warm_up_codes)
    }

    pub(super) fn note_memory(&mut self) -> Result<(), Failure> {
        note_memory(&self.peers, &mut self.findings)
    }

    /// Everything that those do which take no turns.
    pub(super) async fn other_peers(&mut self) {
        let plan = self.plan;
        if !SHARED.iter().any(|work| plan.includes(work)) {
            return;
        }
        for program in plan.peers.iter().filter(|program| **program != Program::Node) {
            for server in program.servers() {
                if let Err(failure) = self.visit(*server).await {
                    self.findings.leave_out(*server, &failure);
                }
                self.peers.retain(|peer| peer.server != *server);
            }
        }
    }

    async fn visit(&mut self, server: Server) -> Result<(), Failure> {
        let peer = peers::start(server, &self.plan.place, &self.plan.directory, PEOPLE).await?;
        self.peers.push(peer);
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.note_memory()?;
        self.documents_of_peer(server).await?;
        self.client_credentials_of_peer(server).await?;
        let mut tokens = Vec::new();
        let shows = self.plan.includes(work::USERINFO) || self.plan.includes(work::INTROSPECTION);
        for (work, app) in [(work::EXCHANGE_PUBLIC, PeerApp::Public), (work::EXCHANGE_BASIC, PeerApp::Secret)] {
            if self.plan.includes(work) || (shows && app == PeerApp::Secret) {
                tokens = self.exchange_of_peer(work, server, app).await?;
            }
        }
        self.userinfo_of_peer(server, &tokens).await?;
        self.introspection_of_peer(server, &tokens).await?;
        self.note_memory()
    }

    pub(super) async fn documents_of_peer(&mut self, server: Server) -> Result<(), Failure> {
        let Some(peer) = self.peer(server) else { return Ok(()) };
        let paths = [(work::DISCOVERY, peer.paths.discovery), (work::JWKS, peer.paths.jwks)];
        for (work, path) in paths {
            self.repeat(server, work, vec![get(path, &[]).into()]).await?;
        }
        Ok(())
    }

    pub(super) async fn client_credentials_of_peer(&mut self, server: Server) -> Result<(), Failure> {
        let request = self.peer(server).map(Peer::client_credentials);
        self.repeat(server, work::CLIENT_CREDENTIALS, request.into_iter().collect()).await
    }

    /// Codes of a peer, and their exchange. Returns as many access tokens as needed.
    pub(super) async fn exchange_of_peer(
        &mut self,
        work: &str,
        server: Server,
        app: PeerApp,
    ) -> Result<Vec<String>, Failure> {
        let Some(peer) = self.peer(server) else { return Ok(Vec::new()) };
        let codes = peer.codes(app, self.plan.codes, self.plan.extent.connections).await?;
        if codes.is_empty() {
            return Err(format!("{work}: it issues no codes").into());
        }
        let requests = codes.iter().map(|code| peer.exchange(app, code)).collect();
        let (tokens, see) = collect_tokens();
        self.spend(server, work, requests, see).await?;
        Ok(tokens.take())
    }

    pub(super) async fn userinfo_of_peer(&mut self, server: Server, tokens: &[String]) -> Result<(), Failure> {
        let Some(peer) = self.peer(server) else { return Ok(()) };
        let requests = tokens.iter().map(|token| peer.userinfo(token)).collect();
        self.repeat(server, work::USERINFO, requests).await
    }

    pub(super) async fn introspection_of_peer(&mut self, server: Server, tokens: &[String]) -> Result<(), Failure> {
        let Some(peer) = self.peer(server) else { return Ok(()) };
        let requests: Vec<Bytes> = tokens.iter().map(|token| peer.introspect(token)).collect();
        let Some(first) = requests.first().filter(|_| self.plan.includes(work::INTROSPECTION)) else { return Ok(()) };
        let mut connection = Connection::open(peer.private_port.unwrap_or(peer.process.port())).await?;
        let answer = connection.send(first).await?;
        // An answer that knows nothing of the token would be cheap.
        if !answer.text().contains("\"active\":true") {
            return Err(format!("introspection: {} {}", answer.status, answer.text()).into());
        }
        let Some(port) = peer.private_port else {
            return self.repeat(server, work::INTROSPECTION, requests).await;
        };
        run_at(&peer.process, port, self.warm_up(server), in_turn(requests.clone())).await?;
        let measured = run_at(&peer.process, port, self.plan.extent, in_turn(requests)).await?;
        self.findings.add(server, work::INTROSPECTION, measured);
        Ok(())
    }
}
