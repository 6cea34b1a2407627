//! Workloads of the console: every page and list, of a large installation.

use bytes::Bytes;
use sigma_core::people_search::SEGMENT;
use sigma_store::people_index;

use crate::console::{self, Crowd};
use crate::crowd;
use crate::findings::Server;
use crate::http::{Connection, get};
use crate::load::{Extent, in_turn, run};
use crate::newcomers;
use crate::people::Person;
use crate::process::Process;
use crate::run::Bench;
use crate::sigma::{AccessLog, Installation};
use crate::system::Failure;
use crate::work;

/// What a search for people looks for: a part of few names, of many, of none, of none though its letters are frequent, of all addresses, of one;
/// a whole address.
const SEARCHES: [&str; 8] =
    ["velace+1177", "Ada", "Nobody", "Hopper+Grace", "example", "-77123@exam", "a", "crowd-77@example.org"];

impl Bench<'_> {
    /// Walks the console of an installation with a million people, unless told otherwise. Writing it takes minutes, so it is done only
    /// when asked for.
    pub(super) async fn console(&mut self) -> Result<(), Failure> {
        if !self.plan.only.starts_with(work::CONSOLE) {
            return Ok(());
        }
        let (people, workspaces) = (self.plan.crowd, self.plan.workspaces);
        println!("{people} people, {workspaces} workspaces, ten events for each person …");
        let mut installation = Installation::new(&self.plan.binary, &self.plan.directory, "console")?;
        let (first, _) = installation.serve(AccessLog::Off)?;
        let mut connection = Connection::open(first.port()).await?;
        let token = newcomers::token_of_manager(&mut connection, &installation).await?;
        let owner = Person::sign_up(&mut connection, &mut self.timestamps).await?;
        owner.own(&mut connection, &installation).await?;
        first.kill()?;
        crowd::add_workspaces(&installation.database(), workspaces)?;
        let crowd = Crowd::write(&installation.database(), people)?;
        let store = installation.open_store()?;
        people_index::index(&store, SEGMENT).await?;
        tokio::task::spawn_blocking(move || store.close()).await?;
        if let Some(url) = &self.plan.postgres {
            installation.admin(&["migrate", "--to", url, "--yes"])?;
            installation.set("SIGMA__STORE__URL", url.clone());
        }
        let (server, _) = installation.serve(AccessLog::Off)?;
        let mut connection = Connection::open(server.port()).await?;

        let mut pages = console::pages(&mut connection, &owner.cookie, "/console").await?;
        pages.push(format!("/console/people/{}", crowd.somebody()));
        pages.push(format!("/console/audit?person={}", crowd.somebody()));
        pages.push("/console/audit?action=user.sign_up&since=2020-01-01".to_owned());
        pages.push("/console/audit?action=user.sign_in_failed".to_owned());
        for page in pages {
            self.look(&server, &page, ("Cookie", &owner.cookie)).await?;
        }
        for (first, last) in [
            ("/console/people".to_owned(), format!("/console/people?after={}", Crowd::near_the_end())),
            ("/console/audit".to_owned(), format!("/console/audit?before={}", crowd.first_events())),
        ] {
            let costs = [
                self.look(&server, &first, ("Cookie", &owner.cookie)).await?,
                self.look(&server, &last, ("Cookie", &owner.cookie)).await?,
            ];
            let [first, last] = costs;
            self.findings.last_pages.push((last.0, last.1 / first.1));
        }
        for text in SEARCHES {
            let (page, millis) =
                self.look(&server, &format!("/console/people?q={text}"), ("Cookie", &owner.cookie)).await?;
            self.findings.searches.push((page, millis));
        }
        let bearer = format!("Bearer {token}");
        for list in console::lists(&mut connection).await? {
            self.look(&server, &list.path, ("Authorization", &bearer)).await?;
            if list.has_limit {
                self.look(&server, &format!("{}?limit=200", list.path), ("Authorization", &bearer)).await?;
            }
        }
        Ok(())
    }

    /// Reads a page again and again by one connection; its address, and its median in milliseconds.
    async fn look(&mut self, server: &Process, page: &str, header: (&str, &str)) -> Result<(String, f64), Failure> {
        let request: Bytes = get(page, &[header]).into();
        let extent = Extent { connections: 1, time: self.plan.extent.time / 10 };
        run(server, Extent { time: extent.time / 4, ..extent }, in_turn(vec![request.clone()])).await?;
        let measured = run(server, extent, in_turn(vec![request])).await?;
        let millis = measured.latency(500) / 1_000.0;
        self.findings.add(Server::Sigma, &format!("{}: {page}", work::CONSOLE), measured);
        self.findings.pages.push((page.to_owned(), millis));
        Ok((page.to_owned(), millis))
    }
}
