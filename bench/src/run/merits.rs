//! Workloads of merits: sending, what an app reads of a member, and long lists.

use bytes::Bytes;

use crate::csv;
use crate::findings::Server;
use crate::handler::{self, Seen};
use crate::http::Connection;
use crate::load::{Measured, in_turn, once_each, run};
use crate::merits::{BenchIssuer, Holder};
use crate::process::Process;
use crate::run::Bench;
use crate::sigma::{AccessLog, Installation};
use crate::system::Failure;
use crate::work;

/// Merits of the member.
const HELD: u32 = 10_000;
/// Addresses that merits are sent to by turns: so few that they soon got all mails of a day. Mails are not measured here.
const ADDRESSES: usize = 20;
/// Lines of the list.
const LISTED: u32 = 10_000;
/// Where the bare handler exchanges tokens.
const MEMBER_ID_PATH: &str = "/v2/member_id";
/// Tokens that are exchanged for ids of members, each once: those of half a second, for what the first requests fill takes some of it.
const HANDLES: usize = 10_000;

impl Bench<'_> {
    /// All workloads of merits, on a server of their own.
    pub(super) async fn merits(&mut self) -> Result<(), Failure> {
        let all = [
            work::MERIT_SEND,
            work::MERITS_CSV,
            work::MEMBER_ID,
            work::MEMBER_MERITS,
            work::MEMBER_MERITS_START,
            work::MEMBER_MERITS_END,
            work::ORG_MERITS,
            work::ORG_MERITS_END,
        ];
        if !all.iter().any(|work| self.plan.includes(work)) {
            return Ok(());
        }
        let count = self.plan.members.saturating_mul(10).max(HELD * 2);
        println!("An org with {count} merits, and a member with {HELD} …");
        let mut installation = Installation::new(&self.plan.binary, &self.plan.directory, "merits")?;
        installation.set("SIGMA__MERITS__SENDS_PER_DAY", "1000000000".to_owned());
        let (first, _) = installation.serve(AccessLog::Off)?;
        let mut issuer = BenchIssuer::make(&installation)?;
        let mut connection = Connection::open(first.port()).await?;
        issuer.begin(&mut connection).await?;
        let holder = Holder::sign_up(&mut connection, &mut self.timestamps).await?;
        first.kill()?;
        issuer.fill(&installation.database(), &holder, HELD, count)?;
        let (server, _) = installation.serve(AccessLog::Off)?;
        let mut connection = Connection::open(server.port()).await?;
        issuer.begin(&mut connection).await?;
        self.member_ids(&server, &mut connection, &installation, &issuer, &holder).await?;
        self.member_pages(&server, &mut connection, &issuer, &holder).await?;
        let pages = [(work::ORG_MERITS, issuer.page_after(count - 10)), (work::ORG_MERITS_END, issuer.page_after(60))];
        for (work, request) in pages {
            self.repeat_on(&server, Server::Sigma, work, vec![request]).await?;
        }
        let sends = (0..ADDRESSES).map(|number| issuer.send(number)).collect();
        self.repeat_on(&server, Server::Sigma, work::MERIT_SEND, sends).await?;
        self.list(&server, &mut connection, &installation, &issuer).await
    }

    /// A list of recipients from a CSV file.
    async fn list(
        &mut self,
        server: &Process,
        connection: &mut Connection,
        installation: &Installation,
        issuer: &BenchIssuer,
    ) -> Result<(), Failure> {
        if !self.plan.includes(work::MERITS_CSV) {
            return Ok(());
        }
        let admin = Holder::sign_up(connection, &mut self.timestamps).await?;
        issuer.appoint(installation, &admin)?;
        let cpu_before = server.cpu()?;
        let elapsed = csv::send(connection, &installation.issuer(), issuer, &admin, LISTED).await?;
        let measured = Measured::of(LISTED, elapsed, server.cpu()?.saturating_sub(cpu_before));
        self.findings.add(Server::Sigma, work::MERITS_CSV, measured);
        Ok(())
    }

    /// Tokens of members, each exchanged once.
    async fn member_ids(
        &mut self,
        server: &Process,
        connection: &mut Connection,
        installation: &Installation,
        issuer: &BenchIssuer,
        holder: &Holder,
    ) -> Result<(), Failure> {
        let origin = installation.issuer();
        let mut handles = vec![issuer.agree(connection, &origin, holder).await?];
        if !self.plan.includes(work::MEMBER_ID) {
            return Ok(());
        }
        for _ in 0..HANDLES {
            handles.push(issuer.agree(connection, &origin, holder).await?);
        }
        let ask = |handle: String| issuer.get(&format!("{MEMBER_ID_PATH}?member_id_token={handle}"));
        let mut requests: Vec<Bytes> = handles.into_iter().map(ask).collect();
        let one = requests.pop().ok_or("no token")?;
        let bare = self.bare_handler(connection, MEMBER_ID_PATH, &one).await?;
        self.repeat_on(&bare, Server::Handler, work::MEMBER_ID, requests.clone()).await?;
        let measured = run(server, self.unlimited(), once_each(requests)).await?;
        self.findings.add(Server::Sigma, work::MEMBER_ID, measured);
        Ok(())
    }

    /// Pages of a member's merits, the first beside a bare handler.
    async fn member_pages(
        &mut self,
        server: &Process,
        connection: &mut Connection,
        issuer: &BenchIssuer,
        holder: &Holder,
    ) -> Result<(), Failure> {
        let path = format!("/v2/members/{}/merits", holder.id);
        let first = issuer.get(&path);
        let handler = self.bare_handler(connection, &path, &first).await?;
        self.repeat_on(&handler, Server::Handler, work::MEMBER_MERITS, vec![first.clone()]).await?;
        self.repeat_on(server, Server::Sigma, work::MEMBER_MERITS, vec![first]).await?;
        for (work, after) in [(work::MEMBER_MERITS_START, HELD - 10), (work::MEMBER_MERITS_END, 60)] {
            let page = vec![issuer.page_of_member_after(holder, after)];
            self.repeat_on(server, Server::Sigma, work, page).await?;
        }
        Ok(())
    }

    /// A bare handler that answers at `path` as the server answers `request`.
    async fn bare_handler(&self, connection: &mut Connection, path: &str, request: &Bytes) -> Result<Process, Failure> {
        let answer = connection.send(request).await?;
        if answer.status != 200 {
            return Err(format!("{path}: {} {}", answer.status, answer.text()).into());
        }
        handler::spawn(&[Seen::of(path, &answer)], &self.plan.directory)
    }

    async fn repeat_on(
        &mut self,
        process: &Process,
        server: Server,
        work: &str,
        requests: Vec<Bytes>,
    ) -> Result<(), Failure> {
        if !self.plan.includes(work) {
            return Ok(());
        }
        run(process, self.plan.warm_up(), in_turn(requests.clone())).await?;
        let measured = run(process, self.plan.extent, in_turn(requests)).await?;
        self.findings.add(server, work, measured);
        Ok(())
    }
}
