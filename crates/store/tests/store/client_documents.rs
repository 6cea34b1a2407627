//! Documents that describe apps: one app for each address, a bounded number, and no rows among the registered apps.

use std::time::Duration;

use serde_json::json;
use sigma_core::client_document::DocumentBlock;
use sigma_core::client_document::{ClientDocument, ClientIdUrl};
use sigma_core::ids::{AppId, JobId};
use sigma_core::time::Clock as _;
use sigma_store::client_document::{self, Fetched, MOST, Recorded, Remembered};
use sigma_store::testing::TestStore;
use sigma_store::{Tx, app, logo, on_both_engines, params, registration};

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
        logo_job: JobId::new(now, &*store.rng),
        fresh_until: now.plus(Duration::from_hours(1)),
        delete_after: now.plus(Duration::from_hours(2)),
        now,
    }
}

fn record(store: &TestStore, name: &str, callback: &str) -> Option<Remembered> {
    let fetched = fetched(store, name, callback);
    match store.write_blocking(move |tx| client_document::record(tx, &fetched)).unwrap() {
        Recorded::Remembered(remembered) => Some(*remembered),
        Recorded::Full | Recorded::Blocked => None,
    }
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
        store.write_blocking(move |tx| client_document::keep(tx, &first.app_id, until)).unwrap();
        for begin in (1..MOST).step_by(500) {
            let text = text.clone();
            let fill = move |tx: &mut dyn Tx| {
                for number in begin..(begin + 500).min(MOST) {
                    tx.execute(
                        "INSERT INTO client_documents
                            (app_id, url, host, document, created_at, changed_at, fresh_until, used, blocked, delete_after)
                         VALUES ($1, $2, 'client.example.org', $3, $4, $4, $4, 0, 0, $5)",
                        params![format!("app_{number:024}"), url(&number.to_string()).as_str(), text.as_str(), now, until],
                    )?;
                }
                Ok(())
            };
            store.write_blocking(fill).unwrap();
        }
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

    fn a_blocked_host_or_document_disables_its_apps_until_no_block_covers_them(store: TestStore) {
        let (one, two) = (record(&store, "one", "callback").unwrap(), record(&store, "two", "callback").unwrap());
        let host = DocumentBlock::parse("client.example.org").unwrap();
        let document = DocumentBlock::parse(one.url.as_str()).unwrap();
        assert_eq!(DocumentBlock::parse("Client.example.org"), None);
        assert_eq!(DocumentBlock::parse("http://client.example.org/one.json"), None);
        let blocked = |app: &Remembered| {
            let id = app.app_id.clone();
            store.read_blocking(move |tx| client_document::find(tx, &id)).unwrap().unwrap().app().disabled
        };
        let now = store.clock.now();
        let change = |subject: &DocumentBlock| {
            let subject = subject.clone();
            store.write_blocking(move |tx| client_document::block(tx, &subject, now)).unwrap()
        };
        let undo = |subject: &DocumentBlock| {
            let subject = subject.clone();
            store.write_blocking(move |tx| client_document::unblock(tx, &subject)).unwrap()
        };
        assert_eq!((change(&document), blocked(&one), blocked(&two)), (1, true, false));
        assert_eq!((change(&host), change(&host), blocked(&one), blocked(&two)), (1, 0, true, true));
        assert_eq!((record(&store, "one", "callback"), record(&store, "three", "callback")), (None, None));
        assert_eq!((undo(&host), blocked(&one), blocked(&two)), (Some(1), true, false));
        assert_eq!((undo(&host), undo(&document), blocked(&one)), (None, Some(1), false));
        assert_eq!(count(&store, "SELECT count(*) FROM events WHERE action = 'app.change'"), 4);
        // A block that is made while another is taken back holds.
        change(&host);
        assert_eq!(undo(&host), Some(2));
        change(&host);
        let rest = host.clone();
        assert_eq!(store.write_blocking(move |tx| client_document::let_in(tx, &rest)).unwrap(), 0);
        assert!(blocked(&one) && blocked(&two));
        change(&document);
        let page = |after: &'static str| {
            let found = store.read_blocking(move |tx| client_document::list_blocks(tx, after, 10)).unwrap();
            found.into_iter().map(|(subject, _)| subject).collect::<Vec<_>>()
        };
        assert_eq!(page(""), ["client.example.org", one.url.as_str()]);
        assert_eq!(page("client.example.org"), [one.url.as_str()]);
        let listed = |host: Option<&'static str>, after: String| {
            let found = store.read_blocking(move |tx| client_document::list(tx, host, &after, 10)).unwrap();
            found.into_iter().map(|found| found.app_id).collect::<Vec<_>>()
        };
        assert_eq!(listed(None, String::new()), listed(Some("client.example.org"), String::new()));
        // Ids of one instant are in any order.
        let (first, last) = (one.app_id.clone().min(two.app_id.clone()), one.app_id.clone().max(two.app_id.clone()));
        assert_eq!(listed(None, first.to_string()), [last]);
        assert!(listed(Some("other.example.org"), String::new()).is_empty());
    }

    fn a_logo_is_unused_once_neither_a_document_nor_a_branding_shows_it(store: TestStore) {
        let json = json!({
            "client_id": url("tools").as_str(), "redirect_uris": ["https://client.example.org/callback"],
            "logo_uri": "https://client.example.org/logo.png", "policy_uri": "javascript:alert(1)", "tos_uri": 7,
        });
        let document = ClientDocument::read(&url("tools"), json.to_string().as_bytes()).unwrap();
        let fetched = Fetched { document, ..fetched(&store, "tools", "callback") };
        let again = fetched.clone();
        let recorded = store.write_blocking(move |tx| client_document::record(tx, &fetched)).unwrap();
        let Recorded::Remembered(app) = recorded else { panic!("it is remembered") };
        assert_eq!(app.app().metadata.tos_uri, None, "what is no https address is not shown");
        assert_eq!(count(&store, "SELECT count(*) FROM jobs WHERE kind = 'app_logo'"), 1);
        let show = |uri: &'static str, object: &'static str| {
            let (id, now) = (app.app_id.clone(), store.clock.now());
            store.write_blocking(move |tx| registration::set_logo(tx, &id, uri, object, now)).unwrap();
        };
        show("https://client.example.org/logo.png", "shown.png");
        show("https://client.example.org/former.png", "late.png");
        let unused = || {
            let now = store.clock.now();
            store.write_blocking(move |tx| logo::list_unused(tx, now)).unwrap().0
        };
        assert_eq!(unused(), ["late.png"], "one that was fetched for a former address");
        store.write_blocking(|tx| logo::remove(tx, "late.png")).unwrap();
        store.clock.advance(Duration::from_hours(1));
        store.write_blocking(move |tx| client_document::record(tx, &again)).unwrap();
        assert_eq!(count(&store, "SELECT count(*) FROM jobs WHERE kind = 'app_logo'"), 1, "nothing changed");
        store.clock.advance(Duration::from_hours(24));
        let id = app.app_id.clone();
        let until = store.clock.now().plus(Duration::from_hours(24));
        store.write_blocking(move |tx| client_document::keep(tx, &id, until)).unwrap();
        assert!(unused().is_empty(), "it is shown");
        store.clock.advance(Duration::from_hours(25));
        store.sweep_once().unwrap();
        assert_eq!(unused(), ["shown.png"], "its document was forgotten");
    }
}
