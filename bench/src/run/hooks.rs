//! Sign-ins while the receiver of a webhook hangs.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use crate::findings::Server;
use crate::http::{Connection, post_json};
use crate::load::{Extent, Measured, once_each, run};
use crate::newcomers;
use crate::people::Person;
use crate::prepare::sign_in_requests;
use crate::process::Process;
use crate::run::Bench;
use crate::sigma::{AccessLog, Installation};
use crate::system::Failure;
use crate::work;

/// Rounds, in each of which both servers do the same by turns.
const ROUNDS: usize = 6;
/// Users who sign in.
const PEOPLE: usize = 20;
/// Connections: fewer than would keep both cores busy, or what waits for them hides everything else.
const CONNECTIONS: u32 = 4;

impl Bench<'_> {
    /// Two servers, of which one has a webhook for everything whose receiver takes connections and never answers.
    pub(super) async fn hooks(&mut self) -> Result<(), Failure> {
        if ![work::SIGN_IN_ALONE, work::SIGN_IN_HANGING].iter().any(|work| self.plan.includes(work)) {
            return Ok(());
        }
        let receiver = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = receiver.local_addr()?.port();
        // The connections are kept open for as long as the bench runs.
        thread::spawn(move || receiver.incoming().collect::<Vec<_>>());
        let (alone, people_alone) = self.server("alone", None).await?;
        let (hanging, people_hanging) = self.server("hanging", Some(port)).await?;
        let mut measured = [Measured::default(), Measured::default()];
        let servers = [(&alone, &people_alone), (&hanging, &people_hanging)];
        for round in 0..=ROUNDS {
            for ((server, people), measured) in servers.into_iter().zip(&mut measured) {
                let requests = sign_in_requests(people, self.plan.codes / ROUNDS, &mut self.timestamps)?;
                let extent = Extent { connections: CONNECTIONS, ..self.unlimited() };
                let one = run(server, extent, once_each(requests)).await?;
                // The first round warms up.
                if round > 0 {
                    let (elapsed, cpu) = (measured.elapsed + one.elapsed, measured.server_cpu + one.server_cpu);
                    measured.merge(one);
                    *measured = std::mem::take(measured).finished(elapsed, cpu);
                }
            }
        }
        let [alone, hanging] = measured;
        self.findings.hanging = Some(hanging.latency(990) / alone.latency(990));
        self.findings.add(Server::Sigma, work::SIGN_IN_ALONE, alone);
        self.findings.add(Server::Sigma, work::SIGN_IN_HANGING, hanging);
        Ok(())
    }

    /// A server with people, and with a webhook at `port` if there is one.
    async fn server(&mut self, name: &str, port: Option<u16>) -> Result<(Process, Vec<Person>), Failure> {
        let mut installation = Installation::new(&self.plan.binary, &self.plan.directory, name)?;
        installation.set("SIGMA__OUTBOUND__ALLOW", r#"["127.0.0.0/8"]"#.to_owned());
        let (server, _) = installation.serve(AccessLog::Off)?;
        let mut connection = Connection::open(server.port()).await?;
        let token = newcomers::token_of_manager(&mut connection, &installation).await?;
        if let Some(port) = port {
            let authorization = format!("Bearer {token}");
            let body = format!(r#"{{"url":"http://127.0.0.1:{port}/"}}"#);
            let headers = [("Authorization", authorization.as_str())];
            let answer = connection.send(&post_json("/api/admin/v1/webhooks", &headers, &body)).await?;
            if answer.status != 201 {
                return Err(format!("no webhook: {} {}", answer.status, answer.text()).into());
            }
        }
        let mut people = Vec::new();
        for _ in 0..PEOPLE {
            people.push(Person::sign_up(&mut connection, &mut self.timestamps).await?);
        }
        Ok((server, people))
    }
}
