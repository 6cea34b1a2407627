//! Documents that describe apps: one app for each address, a bounded number, and no rows among the registered apps.

use std::time::Duration;

use serde_json::json;
use sigma_core::client_document::{ClientDocument, ClientIdUrl};
use sigma_core::ids::AppId;
use sigma_core::time::Clock as _;
use sigma_store::client_document::{self, Fetched, MOST, Remembered};
use sigma_store::testing::TestStore;
use sigma_store::{app, on_both_engines, params};

use crate::accounts::{count, together};

fn url(name: &str) -> ClientIdUrl {
    ClientIdUrl::parse(&format!("https://client.example.org/{name}.json")).unwrap()
}

fn document(name: &str, callback: &str) -> ClientDocument {
    let callback = format!("https://client.example.org/{callback}");
    let json = json!({"client_id": url(name).as_str(), "client_name": "Tools", "redirect_uris": [callback]});
    ClientDocument::read(&url(name), json.to_string().as_bytes()).unwrap()
}

fn fetched(store: &TestStore, name: &str, callback: &str) -> Fetched {
    let now = store.clock.now();
    Fetched {
        url: url(name),
        document: document(name, callback),
        new_id: AppId::new(now, &*store.rng),
        fresh_until: now.plus(Duration::from_hours(1)),
        delete_after: now.plus(Duration::from_hours(2)),
        now,
    }
}

fn record(store: &TestStore, name: &str, callback: &str) -> Option<Remembered> {
    let fetched = fetched(store, name, callback);
    store.write_blocking(move |tx| client_document::record(tx, &fetched)).unwrap()
}

on_both_engines! {
    fn an_address_has_one_app_however_many_fetch_it_at_once(store: TestStore) {
        let ids: std::collections::BTreeSet<AppId> =
            together(|_| record(&store, "tools", "callback").unwrap().app_id).into_iter().collect();
        assert_eq!((ids.len(), count(&store, "SELECT count(*) FROM client_documents")), (1, 1));
        assert_eq!(count(&store, "SELECT count(*) FROM events WHERE action = 'app.create'"), 1);
        let changed = record(&store, "tools", "elsewhere").unwrap();
        assert!(ids.contains(&changed.app_id));
        record(&store, "tools", "elsewhere").unwrap();
        assert_eq!(count(&store, "SELECT count(*) FROM events WHERE action = 'app.change'"), 1);
        let found = store.read_blocking(|tx| client_document::find_at(tx, &url("tools"))).unwrap().unwrap();
        assert_eq!(found, store.read_blocking(move |tx| client_document::find(tx, &changed.app_id)).unwrap().unwrap());
        assert_eq!(found.document, document("tools", "elsewhere"));
        assert!(store.read_blocking(|tx| app::list(tx, "", 10)).unwrap().is_empty(), "nobody registered it");
    }

    fn a_document_is_kept_for_as_long_as_it_is_used(store: TestStore) {
        let (unused, used) = (record(&store, "unused", "callback").unwrap(), record(&store, "used", "callback").unwrap());
        let until = store.clock.now().plus(Duration::from_hours(24 * 90));
        store.write_blocking(move |tx| client_document::keep(tx, &used.app_id, until)).unwrap();
        // It is fetched again: no reason to forget it earlier.
        record(&store, "used", "callback").unwrap();
        store.clock.advance(Duration::from_hours(3));
        assert_eq!(store.sweep_once().unwrap(), 1);
        assert!(store.read_blocking(move |tx| client_document::find(tx, &unused.app_id)).unwrap().is_none());
        store.clock.advance(Duration::from_hours(24 * 90));
        assert_eq!(store.sweep_once().unwrap(), 1);
    }

    fn documents_are_limited_and_those_that_nobody_let_in_go_first(store: TestStore) {
        let first = record(&store, "first", "callback").unwrap();
        let (now, text) = (store.clock.now(), serde_json::to_string(&document("first", "callback")).unwrap());
        let until = now.plus(Duration::from_hours(24));
        store
            .write_blocking(move |tx| {
                client_document::keep(tx, &first.app_id, until)?;
                for number in 1..MOST {
                    tx.execute(
                        "INSERT INTO client_documents (app_id, url, document, created_at, changed_at, fresh_until, used, delete_after)
                         VALUES ($1, $2, $3, $4, $4, $4, 0, $5)",
                        params![format!("app_{number:024}"), url(&number.to_string()).as_str(), text.as_str(), now, until],
                    )?;
                }
                Ok(())
            })
            .unwrap();
        assert!(record(&store, "new", "callback").is_some());
        assert_eq!(count(&store, "SELECT count(*) FROM client_documents"), MOST - 99);
        assert!(store.read_blocking(|tx| client_document::find_at(tx, &url("first"))).unwrap().is_some());
        store.write_blocking(|tx| tx.execute("UPDATE client_documents SET used = 1", &[])).unwrap();
        let left = MOST - count(&store, "SELECT count(*) FROM client_documents");
        for number in 0..left {
            assert!(record(&store, &format!("more-{number}"), "callback").is_some());
        }
        store.write_blocking(|tx| tx.execute("UPDATE client_documents SET used = 1", &[])).unwrap();
        assert!(record(&store, "beyond", "callback").is_none());
        assert!(record(&store, "first", "callback").is_some(), "a known one is still renewed");
    }
}
