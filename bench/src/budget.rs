//! The performance budget: targets, and which of them are missed. Nothing here fails a run.

use crate::bare::Bare;
use crate::findings::{Findings, Server};
use crate::org::hashing_threads;
use crate::work;

/// Peers that are not run here: answers per second recorded on a comparable machine.
mod recorded {
    /// Rauthy 0.36: userinfo.
    pub const RAUTHY_USERINFO: f64 = 10_430.0;
    /// Rauthy 0.36: client credentials.
    pub const RAUTHY_CLIENT_CREDENTIALS: f64 = 3_260.0;
}

/// One line of the budget.
pub struct Line {
    /// What was measured.
    pub what: String,
    /// The result.
    pub measured: String,
    /// The target.
    pub target: String,
    /// Whether it does.
    pub met: bool,
}

/// The lines collected so far.
struct Lines<'f> {
    findings: &'f Findings,
    lines: Vec<Line>,
}

impl Lines<'_> {
    fn at_least(&mut self, what: String, value: Option<f64>, target: f64, unit: &str) {
        let Some(value) = value else { return };
        let (measured, target_text) = (format!("{}{unit}", short(value)), format!("≥ {}{unit}", short(target)));
        self.lines.push(Line { what, measured, target: target_text, met: value >= target });
    }

    fn at_most(&mut self, what: String, value: Option<f64>, target: f64, unit: &str) {
        let Some(value) = value else { return };
        let (measured, target_text) = (format!("{}{unit}", short(value)), format!("≤ {}{unit}", short(target)));
        self.lines.push(Line { what, measured, target: target_text, met: value <= target });
    }

    fn rate(&self, server: Server, work: &str) -> Option<f64> {
        self.findings.get(server, work).map(crate::load::Measured::rate)
    }

    fn cpu(&self, server: Server, work: &str) -> Option<f64> {
        self.findings.get(server, work).map(crate::load::Measured::cpu)
    }

    /// This server's rate as a multiple of that of `other`.
    fn times(&self, work: &str, other: Server, of: &str) -> Option<f64> {
        Some(self.rate(Server::Sigma, work)? / self.rate(other, of)?)
    }

    /// This server's rate as a multiple of a recorded one.
    fn times_recorded(&self, work: &str, recorded: f64) -> Option<f64> {
        self.rate(Server::Sigma, work).map(|rate| rate / recorded)
    }

    /// This server's rate as a percentage of the bare handler's.
    fn share(&self, server: Server, work: &str) -> Option<f64> {
        Some(100.0 * self.rate(server, work)? / self.rate(Server::Handler, work)?)
    }

    /// What the server does for each exchange beyond what no server of this kind can do without.
    fn exchanges(&mut self, bare: Option<&Bare>) {
        for work in [work::EXCHANGE_PUBLIC, work::EXCHANGE_BASIC] {
            let jwt = self.times(work, Server::PeerJwt, work);
            self.at_least(format!("{work}: node-oidc-provider, JWT"), jwt, 6.0, " ×");
            let better_auth = self.times(work, Server::BetterAuth, work);
            self.at_least(format!("{work}: better-auth"), better_auth, 40.0, " ×");
            let keycloak = self.times(work, Server::Keycloak, work);
            self.at_least(format!("{work}: Keycloak"), keycloak, 25.0, " ×");
            let least = bare.zip(self.cpu(Server::Handler, work));
            let least = least.map(|(bare, handler)| 2.0 * bare.es256_sign + bare.durable_write + handler);
            let share = self.cpu(Server::Sigma, work).zip(least).map(|(cpu, least)| cpu / least);
            let what = "of two signatures, a durable row and the bare handler, in CPU";
            self.at_most(format!("{work}: {what}"), share, 1.35, " ×");
        }
        let cpu = |work| self.cpu(Server::Sigma, work);
        let (plain, signed, rsa) = (cpu(work::EXCHANGE_PUBLIC), cpu(work::EXCHANGE_BITCOIN), cpu(work::EXCHANGE_RSA));
        let half = self.findings.get(Server::Sigma, work::EXCHANGE_HALF);
        let half = half.map(|half| (half.latency(990) / 1_000.0, half.longest() / 1_000.0));
        if let (Some(plain), Some(bare)) = (plain, bare) {
            let added = signed.map(|signed| (signed - plain) / bare.brc77);
            self.at_most("a Bitcoin signature adds, of its bare curve work".to_owned(), added, 1.3, " ×");
            let most = bare.rs256_sign + 1.1 * plain;
            let what = "of an RSA signature and 1.1 × the exchange with ES256, in CPU";
            self.at_most(format!("{}: {what}", work::EXCHANGE_RSA), rsa.map(|rsa| rsa / most), 1.0, " ×");
        }
        self.at_most(format!("{}: p99", work::EXCHANGE_HALF), half.map(|half| half.0), 5.0, " ms");
        self.at_most(format!("{}: the longest pause", work::EXCHANGE_HALF), half.map(|half| half.1), 20.0, " ms");
    }

    fn client_credentials(&mut self, bare: Option<&Bare>) {
        let work = work::CLIENT_CREDENTIALS;
        let peer = self.times(work, Server::PeerJwt, work);
        self.at_least(format!("{work}: node-oidc-provider, JWT"), peer, 12.0, " ×");
        let rauthy = self.times_recorded(work, recorded::RAUTHY_CLIENT_CREDENTIALS);
        self.at_least(format!("{work}: Rauthy (recorded)"), rauthy, 9.0, " ×");
        let least = bare.zip(self.cpu(Server::Handler, work)).map(|(bare, handler)| bare.es256_sign + handler);
        let share = self.cpu(Server::Sigma, work).zip(least).map(|(cpu, least)| cpu / least);
        self.at_most(format!("{work}: of a signature and the bare handler, in CPU"), share, 1.5, " ×");
        if let (Some(exchange), Some(plain)) =
            (self.cpu(Server::Sigma, work::TOKEN_EXCHANGE), self.cpu(Server::Sigma, work))
        {
            let what = "token exchange: of client credentials, in CPU".to_owned();
            self.at_most(what, Some(exchange / plain), 1.3, " ×");
        }
    }

    fn reads(&mut self) {
        for work in [work::USERINFO, work::INTROSPECTION] {
            let peer = self.times(work, Server::Peer, work::USERINFO);
            self.at_least(format!("{work}: node-oidc-provider's userinfo"), peer, 8.0, " ×");
            let rauthy = self.times_recorded(work, recorded::RAUTHY_USERINFO);
            self.at_least(format!("{work}: Rauthy's userinfo (recorded)"), rauthy, 8.0, " ×");
            let share = self.share(Server::Sigma, work);
            self.at_least(format!("{work}: of the bare handler"), share, 85.0, " %");
        }
        for work in [work::DISCOVERY, work::JWKS] {
            let share = self.share(Server::Sigma, work);
            self.at_least(format!("{work}: of the bare handler"), share, 80.0, " %");
            let logged = self.share(Server::SigmaLogging, work);
            self.at_least(format!("{work}: of the bare handler, access log on"), logged, 50.0, " %");
        }
    }

    /// What a token that is bound to a key costs beyond one that is not.
    fn bound(&mut self) {
        let cpu = |work| self.cpu(Server::Sigma, work);
        let userinfo = cpu(work::USERINFO_BOUND).zip(cpu(work::USERINFO_NEW)).map(|(bound, plain)| bound / plain);
        let steps = [work::PUSH, work::AUTHORIZE_PUSHED, work::EXCHANGE_BOUND].map(cpu);
        let bound: Option<f64> = steps.into_iter().sum();
        let plain: Option<f64> = [work::AUTHORIZE, work::EXCHANGE_PUBLIC].map(cpu).into_iter().sum();
        let flow = bound.zip(plain).map(|(bound, plain)| bound / plain);
        self.at_most(format!("{}: of bearer tokens, in CPU", work::USERINFO_BOUND), userinfo, 1.6, " ×");
        let what = "push, authorization and exchange with DPoP: of plain authorization and exchange, in CPU";
        self.at_most(what.to_owned(), flow, 2.0, " ×");
    }

    fn sign_in(&mut self, bare: Option<&Bare>) {
        let least = bare.map(|bare| bare.brc77 + bare.durable_write);
        let share = self.cpu(Server::Sigma, work::SIGN_IN).zip(least).map(|(cpu, least)| cpu / least);
        let what = "of the bare curve work and one durable row, in CPU";
        self.at_most(format!("{}: {what}", work::SIGN_IN), share, 2.0, " ×");
    }

    fn passkey(&mut self) {
        let what = "passkey sign-in: microseconds of CPU".to_owned();
        self.at_most(what, self.cpu(Server::Sigma, work::PASSKEY), 400.0, " µs");
    }

    /// What is read about an account costs what userinfo costs without a profile.
    fn accounts(&mut self) {
        for work in [work::USERINFO_PROFILE, work::PROFILE, work::PROFILE_SESSION, work::BACKUP_STATUS] {
            let costs = self.cpu(Server::Sigma, work).zip(self.cpu(Server::Sigma, work::USERINFO));
            self.at_most(format!("{work}: of userinfo, in CPU"), costs.map(|(one, other)| one / other), 1.1, " ×");
        }
        let outgoing = self.findings.outgoing;
        self.at_most(format!("{}: requests to the provider", work::CALLBACK), outgoing, 1.0, "");
    }

    /// A thousand devices that poll every five seconds are 200 polls a second: 100 µs each are 2 % of a core.
    fn devices(&mut self) {
        let share = self.cpu(Server::Sigma, work::DEVICE_POLL).map(|micros| micros * 200.0 / 10_000.0);
        self.at_most("1,000 devices polling every 5 s: of a core".to_owned(), share, 2.0, " %");
    }

    fn workspaces(&mut self) {
        for work in [work::VERIFY_TOKEN, work::VERIFY_KEY, work::FORWARD_TOKEN, work::FORWARD_KEY] {
            let share = self.share(Server::Sigma, work);
            self.at_least(format!("{work}: of the bare handler"), share, 85.0, " %");
        }
        for work in [work::VERIFY_TOKEN, work::FORWARD_TOKEN, work::FORWARD_KEY] {
            let logged = self.share(Server::SigmaLogging, work);
            self.at_least(format!("{work}: of the bare handler, access log on"), logged, 50.0, " %");
        }
        let work = work::VERIFY_KEY;
        let peer = self.times(work, Server::Peer, work::USERINFO);
        self.at_least(format!("{work}: node-oidc-provider's userinfo"), peer, 8.0, " ×");
        let rauthy = self.times_recorded(work, recorded::RAUTHY_USERINFO);
        self.at_least(format!("{work}: Rauthy's userinfo (recorded)"), rauthy, 8.0, " ×");
    }

    fn merits(&mut self) {
        self.at_most("merit sent: server CPU".to_owned(), self.cpu(Server::Sigma, work::MERIT_SEND), 150.0, " µs");
        let list = self.rate(Server::Sigma, work::MERITS_CSV).map(|rate| 10_000.0 / rate);
        self.at_most("10,000 merits by CSV, from the upload to the last".to_owned(), list, 5.0, " s");
        for work in [work::MEMBER_ID, work::MEMBER_MERITS] {
            let share = self.share(Server::Sigma, work);
            self.at_least(format!("{work}: of the bare handler"), share, 50.0, " %");
        }
    }

    fn hooks(&mut self) {
        let what = "sign-ins beside a webhook that hangs: p99, of that without".to_owned();
        self.at_most(what, self.findings.hanging, 1.1, " ×");
    }

    fn imports(&mut self) {
        for work in [work::IMPORT_API, work::IMPORT_COMMAND] {
            self.at_least(format!("{work}: people a second"), self.rate(Server::Sigma, work), 20_000.0, "");
        }
    }

    /// The slowest page of each kind stands for all.
    fn console(&mut self) {
        let findings = self.findings;
        let slowest = |pages: &[(String, f64)]| pages.iter().max_by(|one, other| one.1.total_cmp(&other.1)).cloned();
        for (what, pages, most, unit) in [
            ("slowest page or list of the console", &findings.pages, 20.0, " ms"),
            ("slowest search for people", &findings.searches, 50.0, " ms"),
            ("slowest last page of a list, of its first", &findings.last_pages, 1.1, " ×"),
        ] {
            if let Some((page, value)) = slowest(pages) {
                self.at_most(format!("{what}: {page}"), Some(value), most, unit);
            }
        }
    }

    fn passwords(&mut self) {
        let findings = self.findings;
        let share =
            self.rate(Server::Sigma, work::LOGIN).zip(findings.hash_rate).map(|(rate, bare)| 100.0 * rate / bare);
        self.at_least(format!("{}: of the bare hash rate of its threads", work::LOGIN), share, 95.0, " %");
        let beside = findings.get(Server::Sigma, work::USERINFO_BESIDE).map(|measured| measured.latency(990) / 1_000.0);
        self.at_most(format!("{}: p99", work::USERINFO_BESIDE), beside, 5.0, " ms");
        let timing = findings.timing.as_ref().map(|timing| timing.z.abs());
        self.at_most(
            "wrong passwords for known and unknown addresses: Mann-Whitney's z, without its sign".to_owned(),
            timing,
            3.0,
            "",
        );
    }

    /// A page costs the same wherever it is. Measurements of the same work vary by a few per cent.
    fn pages(&mut self) {
        for (work, like, what) in [
            (work::PAGE_END, work::PAGE_START, "a page near the end of a long list, of one at row 10"),
            (
                work::MEMBER_MERITS_END,
                work::MEMBER_MERITS_START,
                "a page near the end of a member's merits, of one at row 10",
            ),
            (work::ORG_MERITS_END, work::ORG_MERITS, "a page near the end of an org's merits, of one at row 10"),
            (work::PAGE_AMONG, work::PAGE_ALONE, "a page among many workspaces, of one of a single workspace"),
        ] {
            let costs = self.cpu(Server::Sigma, work).zip(self.cpu(Server::Sigma, like));
            self.at_most(format!("{what}, in CPU"), costs.map(|(one, other)| one / other), 1.1, " ×");
        }
    }

    fn machine(&mut self) {
        let findings = self.findings;
        self.at_most("resident memory after start".to_owned(), findings.memory_idle, 28.0, " MiB");
        self.at_most("resident memory under load".to_owned(), findings.memory_loaded, 44.0, " MiB");
        let hashing = u32::try_from(hashing_threads()).map_or(64.0, |threads| 64.0 + 19.0 * f64::from(threads));
        self.at_most("resident memory after password logins".to_owned(), findings.memory_hashing, hashing, " MiB");
        self.at_most("cold start to the first answer".to_owned(), findings.start, 30.0, " ms");
        if let Some((users, start)) = findings.start_with_users {
            self.at_most(format!("cold start with {users} users"), Some(start), 200.0, " ms");
        }
        if let Some(strangers) = findings.strangers {
            let what = |what: &str| format!("{what} {} dynamic apps and client documents each", strangers.each);
            self.at_most(what("memory of"), Some(strangers.memory), 16.0, " MiB");
            self.at_most(what("cold start with"), Some(strangers.start), 50.0, " ms");
            self.at_most(what("a page of apps beside"), Some(strangers.list), 1.5, " ×");
        }
    }
}

/// Every line of the budget that was measured.
pub fn lines(findings: &Findings) -> Vec<Line> {
    let mut lines = Lines { findings, lines: Vec::new() };
    let bare = findings.bare.as_ref();
    lines.exchanges(bare);
    lines.client_credentials(bare);
    lines.reads();
    lines.bound();
    lines.sign_in(bare);
    lines.passkey();
    lines.accounts();
    lines.devices();
    lines.workspaces();
    lines.merits();
    lines.hooks();
    lines.imports();
    lines.console();
    lines.passwords();
    lines.pages();
    lines.machine();
    lines.lines
}

/// Three significant digits.
fn short(value: f64) -> String {
    match value.abs() {
        small if small < 10.0 => format!("{value:.2}"),
        medium if medium < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
