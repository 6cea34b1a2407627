//! Workloads of workspaces: sessions, checks of tokens and keys, member lists.

use bytes::Bytes;

use crate::crowd;
use crate::findings::Server;
use crate::flow;
use crate::load::{in_turn, run};
use crate::org::{BenchOrg, bare_hash_rate};
use crate::paced;
use crate::process::Process;
use crate::run::Bench;
use crate::sigma::{AccessLog, Installation};
use crate::system::Failure;
use crate::timing;
use crate::work;
use crate::workspace_flow::{self as ask, handler_path, path};

/// Members of the busiest workspace, and of the one among many.
pub const PEOPLE: usize = 100;
/// Userinfo requests per second during logins.
const BESIDE_LOGINS: u32 = 200;

impl Bench<'_> {
    /// All workloads of workspaces.
    pub(super) async fn workspaces(&mut self) -> Result<(), Failure> {
        self.checks().await?;
        let refreshes = self.sessions.iter().map(|token| ask::refresh(token)).collect();
        self.repeat(Server::Sigma, work::REFRESH, refreshes).await?;
        let page = vec![ask::people_page(&self.org.service_key, 10)];
        self.repeat(Server::Sigma, work::PAGE_ALONE, page).await?;
        self.findings.memory_loaded = Some(self.sigma.memory()?);
        self.logins().await?;
        self.crowds().await
    }

    /// Tokens and keys, each compared with the bare handler.
    async fn checks(&mut self) -> Result<(), Failure> {
        for server in [Server::Sigma, Server::Handler] {
            for (work, requests) in self.check_requests(server) {
                self.repeat(server, work, requests).await?;
            }
        }
        Ok(())
    }

    /// The workloads measured again with the log on.
    pub(super) async fn checks_logged(&mut self) -> Result<(), Failure> {
        for (work, requests) in self.check_requests(Server::SigmaLogging) {
            self.repeat(Server::SigmaLogging, work, requests).await?;
        }
        Ok(())
    }

    fn check_requests(&self, server: Server) -> [(&'static str, Vec<Bytes>); 4] {
        let (service_key, tokens, keys) = (&self.org.service_key, &self.sessions, &self.org.keys);
        let [verify_token, verify_key, forward_token, forward_key] = if server == Server::Handler {
            use handler_path::{FORWARD_KEY, FORWARD_TOKEN, VERIFY_KEY, VERIFY_TOKEN};
            [VERIFY_TOKEN, VERIFY_KEY, FORWARD_TOKEN, FORWARD_KEY]
        } else {
            [path::VERIFY, path::VERIFY, path::FORWARD, path::FORWARD]
        };
        [
            (
                work::VERIFY_TOKEN,
                tokens.iter().map(|token| ask::verify_token(verify_token, service_key, token)).collect(),
            ),
            (work::VERIFY_KEY, keys.iter().map(|key| ask::verify_key(verify_key, service_key, key)).collect()),
            (work::FORWARD_TOKEN, tokens.iter().map(|token| ask::forward_token(forward_token, token)).collect()),
            (work::FORWARD_KEY, keys.iter().map(|key| ask::forward_key(forward_key, key)).collect()),
        ]
    }

    /// Passwords: compared with the bare hash, with userinfo running, and whether timing reveals accounts.
    async fn logins(&mut self) -> Result<(), Failure> {
        if !self.plan.includes(work::LOGIN) {
            return Ok(());
        }
        let time = self.plan.extent.time;
        self.findings.hash_rate = Some(tokio::task::spawn_blocking(move || bare_hash_rate(time)).await??);
        let logins: Vec<Bytes> = self.org.emails.iter().map(|email| ask::login(email)).collect();
        self.repeat(Server::Sigma, work::LOGIN, logins.clone()).await?;
        self.sign_in_anew().await?;
        let userinfo: Vec<Bytes> = self.shown.iter().map(|token| flow::userinfo(flow::path::USERINFO, token)).collect();
        if !userinfo.is_empty() {
            let (logged_in, shown) = tokio::try_join!(
                run(&self.sigma, self.plan.extent, in_turn(logins)),
                paced::run(&self.sigma, BESIDE_LOGINS, time, &userinfo),
            )?;
            self.findings.add(Server::Sigma, work::LOGIN_BESIDE, logged_in.beside_other_work());
            self.findings.add(Server::Sigma, work::USERINFO_BESIDE, shown);
        }
        self.findings.memory_hashing = Some(self.sigma.memory()?);
        println!("Wrong passwords for known and unknown addresses …");
        self.findings.timing = Some(timing::measure(&self.sigma, &self.org.emails, self.plan.wrong_passwords).await?);
        Ok(())
    }

    /// A server with many workspaces, one of them large.
    async fn crowds(&mut self) -> Result<(), Failure> {
        if ![work::PAGE_AMONG, work::PAGE_START, work::PAGE_END].iter().any(|work| self.plan.includes(work)) {
            return Ok(());
        }
        let (members, workspaces) = (self.plan.members, self.plan.workspaces);
        println!("{workspaces} workspaces, one of them with {members} people …");
        let installation = Installation::new(&self.plan.binary, &self.plan.directory, "crowd")?;
        let (first, _) = installation.serve(AccessLog::Off)?;
        let small = BenchOrg::make(&installation, "Small", PEOPLE)?;
        let large = BenchOrg::make(&installation, "Large", 1)?;
        first.kill()?;
        crowd::add_workspaces(&installation.database(), workspaces)?;
        crowd::add_members(&installation.database(), &large, members)?;
        let (server, _) = installation.serve(AccessLog::Off)?;
        for (work, org, offset) in [
            (work::PAGE_AMONG, &small, 10),
            (work::PAGE_START, &large, 10),
            (work::PAGE_END, &large, members.saturating_sub(60)),
        ] {
            self.page(&server, work, org, offset).await?;
        }
        Ok(())
    }

    async fn page(&mut self, server: &Process, work: &str, org: &BenchOrg, offset: u32) -> Result<(), Failure> {
        if self.plan.includes(work) {
            let requests = vec![ask::people_page(&org.service_key, offset)];
            run(server, self.plan.warm_up(), in_turn(requests.clone())).await?;
            let measured = run(server, self.plan.extent, in_turn(requests)).await?;
            self.findings.add(Server::Sigma, work, measured);
        }
        Ok(())
    }
}
