//! A workspace as the bench uses it, created while the server runs: members with a password, and API keys.

use std::thread;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::ids::{ApiKeyId, OrgId, RoleId, UserId};
use sigma_core::org::{ApiKeySecret, KeyPermission, KeyPermissions, Refusal};
use sigma_core::random::{Rng as _, alphanumeric, bytes};
use sigma_core::time::Clock as _;
use sigma_store::email::EmailProof;
use sigma_store::org::api_key::{self, NewApiKey};
use sigma_store::org::membership::{self, NewMember, State};
use sigma_store::org::secret::seal_context;
use sigma_store::org::{self, NewOrg};
use sigma_store::user;
use sigma_store::{MasterKey, Owner, Store, password};

use crate::sigma::Installation;
use crate::system::{Failure, SystemClock, SystemRng, instant};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// A workspace.
pub struct BenchOrg {
    /// Its id.
    pub id: OrgId,
    /// Its role without permissions.
    pub member_role: RoleId,
    /// The addresses of its members. The first manages it.
    pub emails: Vec<String>,
    /// A key with all five permissions.
    pub service_key: String,
    /// Keys that read.
    pub keys: Vec<String>,
}

impl BenchOrg {
    /// Creates a workspace with that many members and as many reading keys.
    pub fn make(installation: &Installation, name: &str, people: usize) -> Result<Self, Failure> {
        let store = installation.open_store()?;
        let master_key = MasterKey::load_or_create(&installation.master_key(), &SystemRng)?.key;
        let made = Self::make_in(&store, &master_key, name, people);
        store.close();
        made
    }

    fn make_in(store: &Store, master_key: &MasterKey, name: &str, people: usize) -> Result<Self, Failure> {
        let now = SystemClock.now();
        let id = OrgId::new(now, &SystemRng);
        let (admin_role, member_role) = (RoleId::new(now, &SystemRng), RoleId::new(now, &SystemRng));
        let kid = alphanumeric(&SystemRng, 16);
        let secret = master_key.seal(&seal_context(&id, &kid), &bytes::<32>(&SystemRng), &SystemRng)?;
        let new = NewOrg {
            id: id.clone(),
            slug: None,
            name: name.to_owned(),
            admin_role: admin_role.clone(),
            member_role: member_role.clone(),
            kid,
            secret,
            now,
        };
        store.decide_blocking(move |tx| org::add(tx, &new))?;
        let hash = phc()?;
        let mut emails = Vec::with_capacity(people);
        for number in 0..people {
            let email = Email::parse(&format!("person-{number}@{}.example.org", name.to_lowercase()))?;
            emails.push(email.address().to_owned());
            let role_id = if number == 0 { admin_role.clone() } else { member_role.clone() };
            let user_id = UserId::new(now, &SystemRng);
            let member = NewMember { user_id, role_id, state: State::Active, quick_login: false };
            let (org_id, hash) = (id.clone(), hash.clone());
            store.decide_blocking::<_, Refusal>(move |tx| {
                // Whoever changes both an org and a person locks the org first.
                tx.lock(Owner::Org(&org_id))?;
                let name = format!("Person {number}");
                user::add_with_email(tx, &member.user_id, &email, EmailProof::Verified, &name, now)?;
                password::set(tx, &member.user_id, &hash, "127.0.0.1", now)?;
                membership::add(tx, &org_id, &Actor::Operator, &member, now)
            })?;
        }
        let service_key = add_key(store, &id, KeyPermissions::ALL)?;
        let read = KeyPermissions::NONE.with(KeyPermission::Read);
        let keys = (0..people).map(|_| add_key(store, &id, read)).collect::<Result<_, _>>()?;
        Ok(Self { id, member_role, emails, service_key, keys })
    }
}

fn add_key(store: &Store, org_id: &OrgId, permissions: KeyPermissions) -> Result<String, Failure> {
    let (now, secret) = (SystemClock.now(), ApiKeySecret::generate(&SystemRng));
    let new = NewApiKey {
        id: ApiKeyId::new(now, &SystemRng),
        name: "Bench".to_owned(),
        hash: secret.digest(),
        permissions,
        expires_at: None,
    };
    let org_id = org_id.clone();
    store.decide_blocking(move |tx| api_key::add(tx, &org_id, &Actor::Operator, &new, now))?;
    Ok(secret.expose().to_owned())
}

/// The server's default cost.
fn params() -> Result<Params, Failure> {
    Ok(Params::new(19_456, 2, 1, Some(32))?)
}

fn argon2() -> Result<Argon2<'static>, Failure> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params()?))
}

/// The hash of [`PASSWORD`], as stored. One salt for all: it makes no difference to the server.
fn phc() -> Result<String, Failure> {
    let mut salt = [0; 16];
    SystemRng.fill(&mut salt);
    let mut hash = [0; 32];
    let mut memory = vec![Block::default(); params()?.block_count()];
    argon2()?.hash_password_into_with_memory(PASSWORD.as_bytes(), &salt, &mut hash, &mut memory)?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${hash}"))
}

/// Hashing threads of the server: one per core.
pub fn hashing_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Hashes per second on as many threads as the server uses, each with memory of its own that it keeps.
pub fn bare_hash_rate(time: Duration) -> Result<f64, Failure> {
    let begun = instant();
    let hash_until_then = || -> Result<u32, Failure> {
        let argon2 = argon2()?;
        let mut memory = vec![Block::default(); params()?.block_count()];
        let (mut hash, mut hashes) = ([0; 32], 0_u32);
        while begun.elapsed() < time {
            argon2.hash_password_into_with_memory(PASSWORD.as_bytes(), &[7; 16], &mut hash, &mut memory)?;
            hashes += 1;
        }
        Ok(hashes)
    };
    let hashes = thread::scope(|scope| -> Result<u32, Failure> {
        let threads: Vec<_> = (0..hashing_threads()).map(|_| scope.spawn(hash_until_then)).collect();
        let mut hashes = 0;
        for thread in threads {
            hashes += thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok(hashes)
    })?;
    Ok(f64::from(hashes) / begun.elapsed().as_secs_f64())
}
