//! Workloads of imports.

use std::time::Duration;

use crate::findings::Server;
use crate::http::Connection;
use crate::load::Measured;
use crate::newcomers;
use crate::run::Bench;
use crate::sigma::{AccessLog, Installation};
use crate::system::Failure;
use crate::work;

impl Bench<'_> {
    /// People from another server, by the command and by the management API, into a database of their own.
    pub(super) async fn imports(&mut self) -> Result<(), Failure> {
        if ![work::IMPORT_COMMAND, work::IMPORT_API].iter().any(|work| self.plan.includes(work)) {
            return Ok(());
        }
        let count = u32::try_from(self.plan.codes.saturating_mul(5))?;
        let installation = Installation::new(&self.plan.binary, &self.plan.directory, "imports")?;
        let (server, _) = installation.serve(AccessLog::Off)?;
        let mut connection = Connection::open(server.port()).await?;
        let token = newcomers::token_of_manager(&mut connection, &installation).await?;
        if self.plan.includes(work::IMPORT_API) {
            let file = newcomers::write(&installation.directory, "api", count)?;
            let cpu_before = server.cpu()?;
            let elapsed = newcomers::import_by_api(server.port(), &token, &file, count).await?;
            let measured = Measured::of(count, elapsed, server.cpu()?.saturating_sub(cpu_before));
            self.findings.add(Server::Sigma, work::IMPORT_API, measured);
        }
        if self.plan.includes(work::IMPORT_COMMAND) {
            let file = newcomers::write(&installation.directory, "command", count)?;
            let elapsed = newcomers::import_by_command(&installation, &file, count)?;
            self.findings.add(Server::Sigma, work::IMPORT_COMMAND, Measured::of(count, elapsed, Duration::ZERO));
        }
        Ok(())
    }
}
