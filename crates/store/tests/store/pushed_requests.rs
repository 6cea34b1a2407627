//! Pushed authorization requests: each app's own, until they expire or are answered, and answered with one code.

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::ids::AppId;
use sigma_core::time::Clock as _;
use sigma_store::on_both_engines;
use sigma_store::pushed_request::{self, PushedRequest};
use sigma_store::testing::TestStore;

use crate::accounts::count;

const QUERY: &str = "client_id=shop&scope=openid%20profile&state=%C3%A9";

fn push(store: &TestStore, uri: &str, app: &str) {
    let now = store.clock.now();
    let request = PushedRequest {
        hash: Digest::of(uri),
        app_id: AppId::from_text(app),
        query: QUERY.to_owned(),
        expires_at: now.plus(Duration::from_mins(1)),
        delete_after: now.plus(Duration::from_mins(31)),
    };
    store.write_blocking(move |tx| pushed_request::push(tx, &request)).unwrap();
}

fn find(store: &TestStore, uri: &str, app: &str) -> Option<String> {
    let (hash, app_id, now) = (Digest::of(uri), AppId::from_text(app), store.clock.now());
    store.read_blocking(move |tx| pushed_request::find(tx, &hash, &app_id, now)).unwrap()
}

on_both_engines! {
    fn a_pushed_request_is_found_by_its_app_alone_and_until_it_expires(store: TestStore) {
        push(&store, "urn:one", "app_shop");
        push(&store, "urn:two", "app_other");
        for _ in 0..2 {
            assert_eq!(find(&store, "urn:one", "app_shop").as_deref(), Some(QUERY), "looking at it changes nothing");
        }
        assert_eq!(find(&store, "urn:one", "app_other"), None);
        assert_eq!(find(&store, "urn:three", "app_shop"), None);
        store.clock.advance(Duration::from_secs(59));
        assert!(find(&store, "urn:one", "app_shop").is_some());
        store.clock.advance(Duration::from_secs(1));
        assert_eq!(find(&store, "urn:one", "app_shop"), None);
        // A person may still be answering it: the row is needed to give one code.
        assert_eq!(store.sweep_once().unwrap(), 0);
        store.clock.advance(Duration::from_mins(30));
        assert_eq!(store.sweep_once().unwrap(), 2);
        assert_eq!(count(&store, "SELECT count(*) FROM pushed_requests"), 0);
    }

    fn only_the_digest_of_a_request_uri_is_stored(store: TestStore) {
        push(&store, "urn:secret", "app_shop");
        assert_eq!(count(&store, "SELECT count(*) FROM pushed_requests WHERE length(hash) = 32 AND used_at IS NULL"), 1);
    }
}
