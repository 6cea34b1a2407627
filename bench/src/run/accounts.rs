//! Workloads of accounts: profiles, backups, and the ways to sign in.

use std::cell::Cell;
use std::rc::Rc;

use bytes::Bytes;

use crate::findings::Server;
use crate::flow::{self, path};
use crate::http::{Answer, Connection, get};
use crate::load::{once_each, run, watched};
use crate::mix;
use crate::prepare::{make_codes, sign_in_requests};
use crate::run::{Bench, PEOPLE, collect_tokens};
use crate::system::Failure;
use crate::upstream::Pair;
use crate::work;

impl Bench<'_> {
    /// Userinfo of people who filled in a profile, the profile itself, and whether there is a backup.
    pub(super) async fn profiles(&mut self) -> Result<(), Failure> {
        let mut connection = Connection::open(self.sigma.port()).await?;
        for person in self.people.iter() {
            person.fill_profile(&mut connection, &self.installation.issuer()).await?;
        }
        let userinfo: Vec<Bytes> = self.shown.iter().map(|token| flow::userinfo(path::USERINFO, token)).collect();
        self.repeat(Server::Sigma, work::USERINFO_PROFILE, userinfo).await?;
        let profile: Vec<Bytes> = self.shown.iter().map(|token| flow::userinfo(path::PROFILE, token)).collect();
        self.repeat(Server::Sigma, work::PROFILE, profile).await?;
        for (work, path) in [(work::PROFILE_SESSION, path::PROFILE), (work::BACKUP_STATUS, path::BACKUP_STATUS)] {
            let ask = |person: &crate::people::Person| get(path, &[("Cookie", &person.cookie)]).into();
            let requests: Vec<Bytes> = self.people.iter().map(ask).collect();
            self.repeat(Server::Sigma, work, requests).await?;
        }
        Ok(())
    }

    /// Sign-ins, and the mix.
    pub(super) async fn sign_ins(&mut self) -> Result<(), Failure> {
        if self.plan.includes(work::SIGN_IN) {
            let requests = sign_in_requests(&self.people, self.plan.codes, &mut self.timestamps)?;
            self.spend(Server::Sigma, work::SIGN_IN, requests, |_| {}).await?;
        }
        if self.plan.includes(work::PASSKEY) {
            let requests = self.passkey_requests().await?;
            self.spend(Server::Sigma, work::PASSKEY, requests, |_| {}).await?;
        }
        self.callbacks().await?;
        if self.plan.includes(work::MIX) {
            let requests = sign_in_requests(&self.people, self.plan.codes, &mut self.timestamps)?;
            let measured = run(&self.sigma, self.plan.extent, mix::scripts(requests, &self.secret)).await?;
            self.findings.add(Server::Sigma, work::MIX, measured);
        }
        Ok(())
    }

    /// Signs everybody in anew, and gets tokens of those sessions: so many sign-ins ended the former ones.
    pub(super) async fn sign_in_anew(&mut self) -> Result<(), Failure> {
        if self.shown.is_empty() {
            return Ok(());
        }
        let mut connection = Connection::open(self.sigma.port()).await?;
        let people = Rc::get_mut(&mut self.people).ok_or("the people are still in use")?;
        for person in people {
            person.sign_in_anew(&mut connection, &mut self.timestamps).await?;
        }
        let (codes, _) = make_codes(&self.sigma, self.plan, &self.secret, &self.people).await?;
        let exchange = |code: &String| flow::exchange(&self.secret, code, &mut self.timestamps);
        let requests: Result<Vec<Bytes>, Failure> = codes.iter().take(self.shown.len()).map(exchange).collect();
        let (tokens, see) = collect_tokens();
        run(&self.sigma, self.unlimited(), watched(once_each(requests?), see)).await?;
        self.shown = tokens.take();
        Ok(())
    }

    /// Requests that sign in with a passkey: their challenges live for five minutes.
    async fn passkey_requests(&self) -> Result<Vec<Bytes>, Failure> {
        let mut connection = Connection::open(self.sigma.port()).await?;
        let (mut requests, origin) = (Vec::with_capacity(self.plan.codes), self.installation.issuer());
        for passkey in self.passkeys.iter().cycle().take(self.plan.codes) {
            requests.push(passkey.sign_in(&mut connection, &origin).await?);
        }
        Ok(requests)
    }

    /// Browsers that return from a provider. Its server is another, since a server with providers holds a second TLS client.
    async fn callbacks(&mut self) -> Result<(), Failure> {
        if !self.plan.includes(work::CALLBACK) {
            return Ok(());
        }
        let pair = Pair::start(&self.plan.binary, &self.plan.directory)?;
        let mut requests = pair.callbacks(self.plan.codes, PEOPLE).await?;
        let rest = requests.split_off(requests.len() / 8);
        run(&pair.sigma, self.unlimited(), once_each(requests)).await?;
        let (refused, before, count) = (Rc::new(Cell::new(0)), pair.requests().await?, rest.len());
        let seen = Rc::clone(&refused);
        let see = move |answer: &Answer<'_>| {
            if answer.header("location").is_none_or(|location| location.contains("error=")) {
                seen.set(seen.get() + 1);
            }
        };
        let measured = run(&pair.sigma, self.unlimited(), watched(once_each(rest), see)).await?;
        if refused.get() > 0 {
            return Err(format!("{} of {count} returns from the provider signed nobody in", refused.get()).into());
        }
        let outgoing = f64::from(pair.requests().await? - before) / f64::from(u32::try_from(count)?);
        self.findings.outgoing = Some(outgoing);
        self.findings.add(Server::Sigma, work::CALLBACK, measured);
        Ok(())
    }
}
