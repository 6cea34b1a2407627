//! What this server does for each answer of a peer, at every workload that both have.

use crate::findings::{Findings, Server};
use crate::load::Measured;

/// Prints this server's rates and CPU as multiples and shares of every peer's.
pub fn print(findings: &Findings) {
    let works = findings.works();
    let pairs: Vec<_> = works.flat_map(|work| Server::PEERS.map(|peer| (work, peer))).collect();
    let rows: Vec<String> = pairs.into_iter().filter_map(|(work, peer)| row(findings, work, peer)).collect();
    if rows.is_empty() {
        return;
    }
    println!("\n## Beside peers\n\n| work | peer | answers/s | server CPU |\n|---|---|---|---|");
    for row in rows {
        println!("{row}");
    }
}

fn row(findings: &Findings, work: &str, peer: Server) -> Option<String> {
    let (ours, theirs) = (findings.get(Server::Sigma, work)?, findings.get(peer, work)?);
    let rate = ours.rate() / theirs.rate().max(1e-9);
    let cpu = |measured: &Measured| Some(measured.cpu()).filter(|cpu| *cpu > 0.0);
    let cpu = cpu(ours).zip(cpu(theirs)).map(|(ours, theirs)| format!("1/{:.1}", theirs / ours));
    Some(format!("| {work} | {} | {rate:.1} × | {} |", peer.name(), cpu.unwrap_or_default()))
}
