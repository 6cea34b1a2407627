//! The results of a run, and how they are printed.

use std::collections::BTreeMap;

use crate::bare::Bare;
use crate::budget;
use crate::load::Measured;
use crate::org::hashing_threads;
use crate::ratios;
use crate::system::Failure;
use crate::timing::Timing;

/// The server that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// This one.
    Sigma,
    /// This one, with a log line per request.
    SigmaLogging,
    /// node-oidc-provider with opaque access tokens.
    Peer,
    /// node-oidc-provider with JWT access tokens.
    PeerJwt,
    /// better-auth with its OAuth provider.
    BetterAuth,
    /// Keycloak.
    Keycloak,
    /// Ory Hydra with opaque access tokens.
    Hydra,
    /// Ory Hydra with JWT access tokens.
    HydraJwt,
    /// An axum handler that sends the same bytes.
    Handler,
}

impl Server {
    /// Those that this one is compared with.
    pub const PEERS: [Self; 6] =
        [Self::Peer, Self::PeerJwt, Self::BetterAuth, Self::Keycloak, Self::Hydra, Self::HydraJwt];

    /// What it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sigma => "sigma",
            Self::SigmaLogging => "sigma, access log on",
            Self::Peer => "node-oidc-provider",
            Self::PeerJwt => "node-oidc-provider, JWT",
            Self::BetterAuth => "better-auth",
            Self::Keycloak => "Keycloak",
            Self::Hydra => "Ory Hydra",
            Self::HydraJwt => "Ory Hydra, JWT",
            Self::Handler => "bare handler",
        }
    }
}

/// What apps cost that nobody registered here.
#[derive(Clone, Copy, Debug)]
pub struct Strangers {
    /// How many registered themselves, and how many documents describe others.
    pub each: u32,
    /// MiB more than without them, each used once.
    pub memory: f64,
    /// Milliseconds to the first answer.
    pub start: f64,
    /// A page of the list of apps, as a multiple of one without them.
    pub list: f64,
}

/// The process of a peer.
#[derive(Clone, Copy, Debug)]
pub struct PeerProcess {
    /// Milliseconds to the first answer, where that can be told.
    pub start: Option<f64>,
    /// MiB, a second after the start.
    pub idle: f64,
    /// MiB, after the work.
    pub loaded: f64,
}

/// The results of a run.
#[derive(Default)]
pub struct Findings {
    measured: BTreeMap<(String, Server), Measured>,
    order: Vec<String>,
    /// The bare work.
    pub bare: Option<Bare>,
    /// MiB, a second after the start.
    pub memory_idle: Option<f64>,
    /// MiB, after all the work.
    pub memory_loaded: Option<f64>,
    /// MiB, after password logins: each hashing thread has held 19.
    pub memory_hashing: Option<f64>,
    /// argon2id hashes per second on as many threads as the server uses for them.
    pub hash_rate: Option<f64>,
    /// Wrong passwords for known and unknown addresses.
    pub timing: Option<Timing>,
    /// Requests to the provider for each browser that returns from it.
    pub outgoing: Option<f64>,
    /// Milliseconds to the first answer, with a small database.
    pub start: Option<f64>,
    /// Milliseconds of the very first start, which creates the database and its keys.
    pub first_start: Option<f64>,
    /// The processes of peers.
    pub peers: BTreeMap<Server, PeerProcess>,
    /// Peers that were not measured, and why.
    pub left_out: Vec<String>,
    /// With that many users in the database.
    pub start_with_users: Option<(u32, f64)>,
    /// The 99th percentile of sign-ins beside a webhook that hangs, as a multiple of that without.
    pub hanging: Option<f64>,
    /// Each page and list of the console, and its median in milliseconds.
    pub pages: Vec<(String, f64)>,
    /// Those that search for people.
    pub searches: Vec<(String, f64)>,
    /// Last pages of long lists, as multiples of the first ones.
    pub last_pages: Vec<(String, f64)>,
    /// With apps that nobody registered here.
    pub strangers: Option<Strangers>,
}

impl Findings {
    /// Records the result of `server` at `work`.
    pub fn add(&mut self, server: Server, work: &str, measured: Measured) {
        if !self.order.iter().any(|known| known == work) {
            self.order.push(work.to_owned());
        }
        println!("{}", row(work, server, &measured));
        if let Some(failure) = &measured.first_failure {
            println!("    {} answers were errors, the first: {failure}", measured.failures);
        }
        self.measured.insert((work.to_owned(), server), measured);
    }

    /// The result of `server` at `work`, if measured.
    pub fn get(&self, server: Server, work: &str) -> Option<&Measured> {
        self.measured.get(&(work.to_owned(), server))
    }

    /// Names a peer that is not measured, or not to the end.
    pub fn leave_out(&mut self, server: Server, why: &Failure) {
        let line = format!("Left out: {}: {why}", server.name());
        println!("{line}");
        self.left_out.push(line);
    }

    /// Every workload, in order.
    pub fn works(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(String::as_str)
    }

    /// Prints everything as Markdown tables.
    pub fn print(&self) {
        println!("\n## Figures\n");
        println!("{}", heading());
        for work in &self.order {
            for ((_, server), measured) in self.measured.iter().filter(|((known, _), _)| known == work) {
                println!("{}", row(work, *server, measured));
            }
        }
        self.print_bare();
        self.print_passwords();
        self.print_machine();
        ratios::print(self);
        for line in &self.left_out {
            println!("\n{line}");
        }
        let lines = budget::lines(self);
        println!("\n## Budget\n\n| | what | measured | target |\n|---|---|---|---|");
        for line in &lines {
            let mark = if line.met { '✓' } else { '✗' };
            println!("| {mark} | {} | {} | {} |", line.what, line.measured, line.target);
        }
        let missed: Vec<_> = lines.iter().filter(|line| !line.met).collect();
        println!("\n{} of {} lines are met.", lines.len() - missed.len(), lines.len());
        for line in missed {
            println!("Missed: {}: {} (target {})", line.what, line.measured, line.target);
        }
    }

    fn print_bare(&self) {
        let Some(bare) = &self.bare else { return };
        println!("\n## Bare work, µs of one core\n\n| what | µs |\n|---|---|");
        for (what, micros) in [
            ("ES256 sign", bare.es256_sign),
            ("ES256 verify", bare.es256_verify),
            ("RS256 sign, 2,048 bits", bare.rs256_sign),
            ("secp256k1 verify", bare.secp256k1_verify),
            ("curve work of a BRC-77 token (derived key and verify)", bare.brc77),
            ("one durable row in SQLite, 32 callers", bare.durable_write),
        ] {
            println!("| {what} | {micros:.1} |");
        }
        println!("\nDurable rows a second: {:.0}.", bare.durable_rate);
        println!(
            "An ES256 signature takes {:.1} × the 16 µs of the machine that the recorded figures come from.",
            bare.es256_sign / 16.0
        );
    }

    fn print_passwords(&self) {
        if let Some(rate) = self.hash_rate {
            println!("\nBare argon2id hashes a second, {} threads: {rate:.1}.", hashing_threads());
        }
        if let Some(timing) = &self.timing {
            println!(
                "\nWrong passwords, {} each: median {:.3} ms for known addresses, {:.3} ms for unknown ones, difference \
                 {:+.3} ms; Mann-Whitney z = {:+.2}; the answers are {}.",
                timing.each,
                timing.known,
                timing.unknown,
                timing.known - timing.unknown,
                timing.z,
                if timing.same_answer { "the same" } else { "NOT the same" },
            );
        }
    }

    fn print_machine(&self) {
        let names: Vec<&str> = [Server::Sigma].iter().chain(self.peers.keys()).map(|server| server.name()).collect();
        println!("\n## Process\n\n| what | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
        let peers = |figure: fn(&PeerProcess) -> Option<f64>| self.peers.values().map(figure).collect::<Vec<_>>();
        let none = || peers(|_| None);
        for (what, ours, theirs, unit) in [
            ("memory after start", self.memory_idle, peers(|peer| Some(peer.idle)), "MiB"),
            ("memory under load", self.memory_loaded, peers(|peer| Some(peer.loaded)), "MiB"),
            ("memory after password logins", self.memory_hashing, none(), "MiB"),
            ("start to first answer", self.start, peers(|peer| peer.start), "ms"),
            ("the very first start, making keys", self.first_start, none(), "ms"),
            ("start with many users", self.start_with_users.map(|(_, start)| start), none(), "ms"),
            ("start with many dynamic apps", self.strangers.map(|strangers| strangers.start), none(), "ms"),
            ("memory of many dynamic apps", self.strangers.map(|strangers| strangers.memory), none(), "MiB"),
        ] {
            let cell = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.1} {unit}"));
            let cells: Vec<String> = [ours].into_iter().chain(theirs).map(cell).collect();
            println!("| {what} | {} |", cells.join(" | "));
        }
    }
}

/// The header of the table of figures.
pub fn heading() -> &'static str {
    "| work | server | answers/s | p50 ms | p99 ms | server CPU µs |\n|---|---|---|---|---|---|"
}

fn row(work: &str, server: Server, measured: &Measured) -> String {
    // With other work running, the CPU share cannot be attributed.
    let cpu = if measured.server_cpu.is_zero() { String::new() } else { format!("{:.1}", measured.cpu()) };
    format!(
        "| {work} | {} | {:.0} | {:.2} | {:.2} | {cpu} |",
        server.name(),
        measured.rate(),
        measured.latency(500) / 1_000.0,
        measured.latency(990) / 1_000.0,
    )
}
