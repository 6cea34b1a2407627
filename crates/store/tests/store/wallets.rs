//! Connected wallets: one row each, one primary one per identity, and none of anybody else.

use sigma_core::person::{Identity, IdentityProof};
use sigma_core::time::Clock as _;
use sigma_store::signed_request::{Rejected, SignedRequest};
use sigma_store::testing::{TestStore, decide, identity_named, insist, key_named};
use sigma_store::wallet::{self, Connection, MOST_WALLETS, Wallet, WalletRefusal};
use sigma_store::{identity, on_both_engines};

use crate::accounts::{add_person, count, events, once, together, user_id};

fn connection(store: &TestStore, name: &str, wallet: &str, message: &str) -> Connection {
    Connection {
        user_id: user_id(name),
        bap_id: None,
        pubkey: key_named(wallet),
        provider: "yours".to_owned(),
        once: once(store, message),
        signed: None,
        now: store.clock.now(),
    }
}

fn connect(store: &TestStore, new: Connection) -> Result<Wallet, WalletRefusal> {
    decide(store, move |tx| wallet::connect(tx, &new))
}

fn disconnect(store: &TestStore, name: &'static str, wallet: &str) -> Result<(), WalletRefusal> {
    let (address, now) = (key_named(wallet).address(), store.clock.now());
    decide(store, move |tx| wallet::disconnect(tx, &user_id(name), None, &address, now))
}

fn make_primary(store: &TestStore, name: &'static str, wallet: &str) -> Result<(), WalletRefusal> {
    let address = key_named(wallet).address();
    decide(store, move |tx| wallet::make_primary(tx, &user_id(name), None, &address, None))
}

fn primary(store: &TestStore, name: &'static str) -> Vec<String> {
    let wallets = store.read_blocking(move |tx| wallet::list(tx, &user_id(name))).unwrap();
    wallets.into_iter().filter(|wallet| wallet.is_primary).map(|wallet| wallet.address).collect()
}

on_both_engines! {
    fn a_message_of_a_wallet_connects_it_once(store: TestStore) {
        add_person(&store, "ada");
        let outcomes = together(|_| connect(&store, connection(&store, "ada", "wallet", "same")));
        let replayed = outcomes.iter().filter(|outcome| matches!(outcome, Err(WalletRefusal::Replayed))).count();
        assert_eq!((outcomes.len() - replayed, replayed), (1, 7), "{outcomes:?}");
        let again = together(|number| connect(&store, connection(&store, "ada", "wallet", &number.to_string())));
        assert!(again.iter().all(Result::is_ok), "{again:?}");
        assert_eq!(count(&store, "SELECT count(*) FROM wallets"), 1);
        assert_eq!(events(&store, "ada", "wallet.connect").len(), 1);
    }

    fn of_many_wallets_connected_at_once_one_is_primary(store: TestStore) {
        add_person(&store, "ada");
        together(|number| {
            connect(&store, connection(&store, "ada", &format!("wallet {number}"), &number.to_string())).unwrap()
        });
        assert_eq!(primary(&store, "ada").len(), 1);
        together(|number| make_primary(&store, "ada", &format!("wallet {number}")).unwrap());
        assert_eq!(primary(&store, "ada").len(), 1);
        // Each passes the role on to one that is left.
        together(|number| {
            if number < 7 {
                disconnect(&store, "ada", &format!("wallet {number}")).unwrap();
            }
        });
        assert_eq!(primary(&store, "ada"), [key_named("wallet 7").address()]);
    }

    fn wallets_of_an_account_are_limited(store: TestStore) {
        add_person(&store, "ada");
        for number in 0..MOST_WALLETS - 1 {
            let early = format!("early {number}");
            connect(&store, connection(&store, "ada", &early, &early)).unwrap();
        }
        let outcomes = together(|number| {
            let late = format!("late {number}");
            connect(&store, connection(&store, "ada", &late, &late))
        });
        let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(WalletRefusal::TooMany))).count();
        assert_eq!((outcomes.len() - refused, refused), (1, 7), "{outcomes:?}");
    }

    fn wallets_and_identities_of_others_are_out_of_reach(store: TestStore) {
        add_person(&store, "ada");
        add_person(&store, "eve");
        let now = store.clock.now();
        let hers = Identity {
            bap_id: identity_named("ada"),
            user_id: user_id("ada"),
            pubkey: Some(key_named("ada")),
            name: "Ada".to_owned(),
            image: None,
            proof: IdentityProof::None,
            root_address: None,
            current_address: None,
            profile: None,
            resolved_at: None,
            is_primary: true,
        };
        insist(&store, move |tx| identity::claim(tx, &hers, now));
        connect(&store, connection(&store, "ada", "wallet", "1")).unwrap();
        let foreign = Connection { bap_id: Some(identity_named("ada")), ..connection(&store, "eve", "hers", "2") };
        assert_eq!(connect(&store, foreign).err(), Some(WalletRefusal::NotTheirs));
        assert_eq!(disconnect(&store, "eve", "wallet"), Err(WalletRefusal::NotFound));
        assert_eq!(make_primary(&store, "eve", "wallet"), Err(WalletRefusal::NotFound));
        assert_eq!(primary(&store, "ada"), [key_named("wallet").address()]);
    }

    fn a_signed_request_connects_once_and_only_by_a_key_of_the_account(store: TestStore) {
        add_person(&store, "ada");
        add_person(&store, "eve");
        let attempt = |key: &str, message: &str, wallet: &str| {
            let signed = Some(SignedRequest { pubkey: key_named(key), once: once(&store, message) });
            connect(&store, Connection { signed, ..connection(&store, "ada", wallet, &format!("wallet {wallet}")) })
        };
        assert!(attempt("ada", "1", "a").is_ok());
        assert_eq!(attempt("ada", "1", "b").err(), Some(WalletRefusal::Rejected(Rejected::Replayed)));
        assert_eq!(attempt("eve", "2", "c").err(), Some(WalletRefusal::Rejected(Rejected::NotTheirs)));
        assert_eq!(count(&store, "SELECT count(*) FROM wallets"), 1);
    }
}
