//! Encrypted backups: versions, owners, links.

use std::time::Duration;

use sigma_bitcoin::BapId;
use sigma_core::digest::Digest;
use sigma_core::event::Event;
use sigma_core::ids::{BackupId, MailId, UserId};
use sigma_core::person::{Identity, IdentityProof};
use sigma_core::provider::{ProviderId, Subject};
use sigma_core::time::Clock as _;
use sigma_store::backup::{self, MOST_PER_ACCOUNT, NewBackup, Retrieval, Retrieved, Storing, Version, Wanted};
use sigma_store::backup_link::{self, Linking, NewLink};
use sigma_store::event::{self, Place, Trail};
use sigma_store::outbox::{self, NewMail};
use sigma_store::provider_account::Vouched;
use sigma_store::replay_guard::Once;
use sigma_store::signed_request::{Rejected, SignedRequest};
use sigma_store::testing::{TestStore, identity_named, insist, key_named};
use sigma_store::{identity, on_both_engines, user};

const DAY: Duration = Duration::from_hours(24);

fn user_id(name: &str) -> UserId {
    UserId::from_text(format!("user_{name}"))
}

fn bap(name: &str) -> BapId {
    identity_named(name)
}

/// An account with a key of that name, and an identity of that name.
fn add_user(store: &TestStore, name: &'static str) {
    let now = store.clock.now();
    insist(store, move |tx| {
        user::add_with_pubkey(tx, &user_id(name), &key_named(name), name, now)?;
        let identity = Identity {
            bap_id: bap(name),
            user_id: user_id(name),
            pubkey: Some(key_named(name)),
            name: name.to_owned(),
            image: None,
            proof: IdentityProof::None,
            root_address: None,
            current_address: None,
            profile: None,
            resolved_at: None,
            is_primary: true,
        };
        identity::claim(tx, &identity, now)
    });
}

fn new_backup(store: &TestStore, name: &str, bap_id: &BapId, content: &str) -> NewBackup {
    let now = store.clock.now();
    NewBackup {
        id: BackupId::new(now, &*store.rng),
        user_id: user_id(name),
        bap_id: bap_id.clone(),
        hash: Digest::of(content),
        size: 1_000,
        sealed: content.as_bytes().to_vec(),
        signed: None,
        now,
    }
}

fn put(store: &TestStore, name: &str, content: &str) -> Storing {
    let new = new_backup(store, name, &bap(name), content);
    insist(store, move |tx| backup::store(tx, &new))
}

fn versions(store: &TestStore, name: &'static str) -> Vec<Version> {
    store.read_blocking(move |tx| backup::list_versions(tx, &user_id(name), &bap(name))).unwrap()
}

fn retrieval(store: &TestStore, name: &str, wanted: Wanted) -> Retrieval {
    let now = store.clock.now();
    let notice = NewMail { id: MailId::new(now, &*store.rng), sealed: vec![1], now, expires_at: now.plus(DAY) };
    Retrieval { user_id: user_id(name), wanted, method: "session", once: None, notices: vec![notice], now }
}

/// The content that is handed out.
fn take(store: &TestStore, retrieval: Retrieval) -> Option<String> {
    match insist(store, move |tx| backup::retrieve(tx, &retrieval)) {
        Retrieved::Backup(_, sealed) => Some(String::from_utf8(sealed).unwrap()),
        Retrieved::NotFound | Retrieved::Used => None,
    }
}

fn current(store: &TestStore, name: &str) -> Option<String> {
    take(store, retrieval(store, name, Wanted::Current(bap(name))))
}

fn trail(store: &TestStore, name: &str) -> Vec<Event> {
    let trail = Trail::User(user_id(name));
    let mut events = store.read_blocking(move |tx| event::list_before(tx, &trail, &Place::end(), 100)).unwrap();
    events.retain(|event| event.action.starts_with("backup."));
    events
}

fn mails(store: &TestStore) -> usize {
    let now = store.clock.now();
    insist(store, move |tx| outbox::take(tx, now, 100)).len()
}

fn once(store: &TestStore, message: &str) -> Once {
    let now = store.clock.now();
    Once::new(Digest::of(message), now.plus(Duration::from_mins(5)), now).unwrap()
}

/// Links the account `subject`, for which the provider has just vouched, by a signature of `name`'s key.
fn link(store: &TestStore, name: &str, bap_id: &BapId, subject: &str, message: &str) -> Linking {
    let github = Vouched {
        provider_id: ProviderId::parse("github").unwrap(),
        issuer: "https://github.com".to_owned(),
        subject: Subject::parse(subject).unwrap(),
        email: None,
    };
    let new = NewLink {
        provider_id: "github".to_owned(),
        vouched: Some((github, once(store, &format!("ticket {message}")))),
        user_id: user_id(name),
        bap_id: bap_id.clone(),
        backup: None,
        signed: SignedRequest { pubkey: key_named(name), once: once(store, message) },
        notices: Vec::new(),
        now: store.clock.now(),
    };
    insist(store, move |tx| backup_link::link(tx, &new))
}

/// The user whose backup the account `subject` restores.
fn restored(store: &TestStore, subject: &'static str) -> Option<UserId> {
    let found = store
        .read_blocking(move |tx| backup_link::restores(tx, "github", subject, Some("https://github.com")))
        .unwrap();
    found.map(|(user_id, _)| user_id)
}

on_both_engines! {
    fn the_latest_versions_and_an_old_one_are_kept(store: TestStore) {
        add_user(&store, "ada");
        assert_eq!(put(&store, "ada", "first"), Storing::Stored);
        store.advance(40 * DAY);
        for content in ["1", "2", "3", "4", "5", "6", "7"] {
            assert_eq!(put(&store, "ada", content), Storing::Stored);
        }
        let kept: Vec<_> = versions(&store, "ada").into_iter().map(|version| version.hash).collect();
        assert_eq!(kept, ["7", "6", "5", "4", "3", "first"].map(Digest::of));
        assert_eq!(current(&store, "ada").as_deref(), Some("7"));
    }

    fn a_bad_overwrite_can_be_undone(store: TestStore) {
        add_user(&store, "ada");
        put(&store, "ada", "good");
        put(&store, "ada", "bad");
        let good = versions(&store, "ada")[1].clone();
        let wanted = Wanted::Version(bap("ada"), good.id.clone());
        assert_eq!(take(&store, retrieval(&store, "ada", wanted)).as_deref(), Some("good"));
        let (id, now) = (good.id.clone(), store.clock.now());
        assert!(insist(&store, move |tx| backup::restore_version(tx, &user_id("ada"), &id, &[], now)));
        assert_eq!(current(&store, "ada").as_deref(), Some("good"));
        assert_eq!(versions(&store, "ada").len(), 2);
        // The same by sending it again.
        put(&store, "ada", "bad");
        put(&store, "ada", "good");
        assert_eq!(current(&store, "ada").as_deref(), Some("good"));
        assert_eq!(versions(&store, "ada")[0].id, good.id);
    }

    fn storing_the_current_version_again_changes_nothing(store: TestStore) {
        add_user(&store, "ada");
        put(&store, "ada", "same");
        let before = versions(&store, "ada");
        store.advance(DAY);
        assert_eq!(put(&store, "ada", "same"), Storing::Stored);
        assert_eq!(versions(&store, "ada"), before);
        assert_eq!(trail(&store, "ada").len(), 1);
    }

    fn backups_of_foreign_identities_are_neither_stored_nor_found(store: TestStore) {
        add_user(&store, "ada");
        add_user(&store, "eve");
        put(&store, "ada", "hers");
        let foreign = new_backup(&store, "eve", &bap("ada"), "evil");
        assert_eq!(insist(&store, move |tx| backup::store(tx, &foreign)), Storing::NotTheirs);
        let unclaimed = new_backup(&store, "eve", &bap("nobody"), "evil");
        assert_eq!(insist(&store, move |tx| backup::store(tx, &unclaimed)), Storing::NotTheirs);
        let hers = versions(&store, "ada")[0].id.clone();
        for wanted in [
            Wanted::Current(bap("ada")),
            Wanted::Version(bap("ada"), hers.clone()),
            Wanted::Version(bap("eve"), hers.clone()),
            Wanted::Latest,
        ] {
            assert_eq!(take(&store, retrieval(&store, "eve", wanted)), None);
        }
        let now = store.clock.now();
        assert!(!insist(&store, move |tx| backup::restore_version(tx, &user_id("eve"), &hers, &[], now)));
        assert!(!insist(&store, |tx| backup::remove(tx, &user_id("eve"), &bap("ada"), &[])));
        assert_eq!(current(&store, "ada").as_deref(), Some("hers"));
    }

    fn a_backup_stays_with_who_stored_it_when_the_identity_passes_on(store: TestStore) {
        add_user(&store, "ada");
        add_user(&store, "bob");
        put(&store, "ada", "hers");
        let now = store.clock.now();
        insist(&store, move |tx| {
            let held = identity::find(tx, &bap("ada"))?.unwrap();
            let proven = Identity { user_id: user_id("bob"), proof: IdentityProof::Address, ..held };
            identity::claim(tx, &proven, now)
        });
        assert_eq!(take(&store, retrieval(&store, "bob", Wanted::Current(bap("ada")))), None);
        assert_eq!(current(&store, "ada").as_deref(), Some("hers"));
        assert_eq!(put(&store, "ada", "more"), Storing::NotTheirs);
    }

    fn the_size_of_all_backups_of_an_account_is_limited(store: TestStore) {
        add_user(&store, "ada");
        let big = |content: &str| NewBackup { size: MOST_PER_ACCOUNT / 3, ..new_backup(&store, "ada", &bap("ada"), content) };
        for content in ["1", "2", "3"] {
            let new = big(content);
            assert_eq!(insist(&store, move |tx| backup::store(tx, &new)), Storing::Stored);
        }
        let fourth = big("4");
        assert_eq!(insist(&store, move |tx| backup::store(tx, &fourth)), Storing::TooMuch);
        assert_eq!(current(&store, "ada").as_deref(), Some("3"));
    }

    fn a_signed_message_stores_one_backup(store: TestStore) {
        add_user(&store, "ada");
        add_user(&store, "eve");
        let signed = |name: &str, message: &str| {
            Some(SignedRequest { pubkey: key_named(name), once: once(&store, message) })
        };
        let send = |content: &str, signed: Option<SignedRequest>| {
            let new = NewBackup { signed, ..new_backup(&store, "ada", &bap("ada"), content) };
            insist(&store, move |tx| backup::store(tx, &new))
        };
        assert_eq!(send("1", signed("ada", "a")), Storing::Stored);
        assert_eq!(send("2", signed("ada", "a")), Storing::Rejected(Rejected::Replayed));
        assert_eq!(send("3", signed("eve", "b")), Storing::Rejected(Rejected::NotTheirs));
        assert_eq!(current(&store, "ada").as_deref(), Some("1"));
    }

    fn what_entitles_to_one_retrieval_is_used_up_by_it(store: TestStore) {
        add_user(&store, "ada");
        let ticket = once(&store, "ticket");
        let with_ticket =
            || Retrieval { once: Some(ticket.clone()), method: "provider", ..retrieval(&store, "ada", Wanted::Latest) };
        assert_eq!(take(&store, with_ticket()), None, "there is no backup yet");
        put(&store, "ada", "content");
        assert_eq!(take(&store, with_ticket()).as_deref(), Some("content"), "finding nothing did not use it up");
        assert_eq!(take(&store, with_ticket()), None);
    }

    fn every_retrieval_is_recorded_and_announced(store: TestStore) {
        add_user(&store, "ada");
        put(&store, "ada", "content");
        assert!(current(&store, "ada").is_some());
        let events = trail(&store, "ada");
        assert_eq!([events[0].action.as_str(), events[1].action.as_str()], ["backup.retrieve", "backup.store"]);
        assert_eq!(events[0].target, Some(("identity".to_owned(), bap("ada").to_string())));
        assert_eq!(events[0].details.method.as_deref(), Some("session"));
        assert_eq!(mails(&store), 1);
    }

    fn a_removed_backup_is_gone_with_its_versions(store: TestStore) {
        add_user(&store, "ada");
        put(&store, "ada", "1");
        put(&store, "ada", "2");
        assert!(insist(&store, |tx| backup::remove(tx, &user_id("ada"), &bap("ada"), &[])));
        assert!(!insist(&store, |tx| backup::remove(tx, &user_id("ada"), &bap("ada"), &[])));
        assert_eq!(current(&store, "ada"), None);
        let actions: Vec<_> = trail(&store, "ada").into_iter().map(|event| event.action).collect();
        assert_eq!(actions.iter().filter(|action| *action == "backup.remove").count(), 1);
    }

    fn a_provider_account_restores_one_identity(store: TestStore) {
        add_user(&store, "ada");
        add_user(&store, "eve");
        assert_eq!(link(&store, "ada", &bap("ada"), "1", "a"), Linking::Linked);
        assert_eq!(link(&store, "ada", &bap("ada"), "1", "b"), Linking::Linked, "again");
        assert_eq!(link(&store, "eve", &bap("eve"), "1", "c"), Linking::Taken);
        assert_eq!(link(&store, "eve", &bap("ada"), "2", "d"), Linking::NotTheirs);
        assert_eq!(link(&store, "ada", &bap("ada"), "3", "a"), Linking::Rejected(Rejected::Replayed));
        assert_eq!(restored(&store, "1"), Some(user_id("ada")));
        assert_eq!(["2", "3"].map(|subject| restored(&store, subject)), [None, None]);
        assert_eq!(trail(&store, "ada").iter().filter(|event| event.action == "backup.link").count(), 1);
    }

    fn backups_of_accounts_that_nobody_uses_are_deleted_after_the_retention(store: TestStore) {
        add_user(&store, "ada");
        add_user(&store, "bob");
        put(&store, "ada", "content");
        put(&store, "bob", "content");
        store.advance(400 * DAY);
        let now = store.clock.now();
        insist(&store, move |tx| {
            tx.execute("UPDATE credentials SET last_used_at = $1 WHERE id = $2", sigma_store::params![now, key_named("bob")])
        });
        let before = now.minus(300 * DAY);
        assert_eq!(insist(&store, move |tx| backup::delete_abandoned(tx, before)), 1);
        assert_eq!(insist(&store, move |tx| backup::delete_abandoned(tx, before)), 0);
        assert!(versions(&store, "ada").is_empty());
        assert_eq!(versions(&store, "bob").len(), 1);
    }
}
