//! Workload of devices that wait to be let in.

use crate::findings::Server;
use crate::flow;
use crate::http::Connection;
use crate::run::Bench;
use crate::system::Failure;
use crate::work;

/// Devices that poll by turns.
const DEVICES: usize = 1_000;

impl Bench<'_> {
    /// Polls of devices that nobody lets in. Most come too fast, which costs the server the same.
    pub(super) async fn devices(&mut self) -> Result<(), Failure> {
        if !self.plan.includes(work::DEVICE_POLL) {
            return Ok(());
        }
        let client_id = self.installation.add_on_device()?;
        let mut connection = Connection::open(self.sigma.port()).await?;
        let mut polls = Vec::with_capacity(DEVICES);
        for _ in 0..DEVICES {
            let answer = connection.send(&flow::device_code(&client_id)).await?;
            let code = answer.json_text("device_code").ok_or_else(|| format!("no device code: {}", answer.text()))?;
            polls.push(flow::device_poll(&client_id, code));
        }
        self.repeat(Server::Sigma, work::DEVICE_POLL, polls).await
    }
}
