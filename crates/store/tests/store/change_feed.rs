//! Cached values are invalidated in time, on both engines.

use std::sync::mpsc;
use std::time::Duration;

use sigma_store::testing::{Engine, TestStore, block_on, engines, eventually, within_a_second};
use sigma_store::{Cache, Store, StoreError, Tx, Watch, on_both_engines, params};

/// Sets `name` in the table `meta` to `value`, by the id of the `thing` that the caches know.
fn set(store: &Store, name: &'static str, value: &'static str) {
    store
        .write_blocking(move |tx| {
            let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) \
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            tx.execute(sql, params![name, value.as_bytes()])?;
            tx.changed("thing", name)
        })
        .unwrap();
}

fn find(name: &'static str) -> impl Fn(&mut dyn Tx) -> Result<Option<String>, StoreError> {
    move |tx| {
        let row = tx.query_opt("SELECT value FROM meta WHERE name = $1", params![name])?;
        row.map(|row| Ok(String::from_utf8(row.bytes(0)?).unwrap())).transpose()
    }
}

fn load(cache: &Cache<String>, name: &'static str) -> Option<String> {
    block_on(cache.get_or_load(name, || find(name))).unwrap()
}

on_both_engines! {
    fn a_change_is_forgotten_before_it_is_answered(store: TestStore) {
        let cache = Cache::new(&store, "thing", 10);
        set(&store, "a", "1");
        assert_eq!(load(&cache, "a").as_deref(), Some("1"));
        assert_eq!(cache.get("a").as_deref(), Some("1"));
        set(&store, "a", "2");
        assert_eq!(cache.get("a"), None);
        assert_eq!(load(&cache, "a").as_deref(), Some("2"));
    }

    fn absence_is_not_remembered(store: TestStore) {
        let cache = Cache::new(&store, "thing", 10);
        assert_eq!(load(&cache, "a"), None);
        set(&store, "a", "1");
        assert_eq!(load(&cache, "a").as_deref(), Some("1"));
    }

    fn a_change_of_another_kind_or_key_forgets_nothing(store: TestStore) {
        let cache = Cache::new(&store, "thing", 10);
        set(&store, "a", "1");
        load(&cache, "a");
        set(&store, "b", "1");
        store.write_blocking(|tx| tx.changed("other", "a")).unwrap();
        assert_eq!(cache.get("a").as_deref(), Some("1"));
    }

    fn a_refused_operation_changes_nothing(store: TestStore) {
        let cache = Cache::new(&store, "thing", 10);
        set(&store, "a", "1");
        load(&cache, "a");
        let refused = store.write_blocking(|tx| {
            tx.changed("thing", "a")?;
            Err::<(), _>(StoreError::Failed("refused".to_owned()))
        });
        assert!(refused.is_err());
        assert_eq!(cache.get("a").as_deref(), Some("1"));
    }

    fn a_value_that_changed_while_it_was_read_is_not_remembered(store: TestStore) {
        let cache = Cache::new(&store, "thing", 10);
        set(&store, "a", "1");
        let (has_read, reading) = mpsc::channel();
        let (go_on, changed) = mpsc::channel::<()>();
        let changed = std::sync::Mutex::new(changed);
        let slow = cache.clone();
        let reader = std::thread::spawn(move || block_on(slow.get_or_load("a", || move |tx: &mut dyn sigma_store::Tx| {
            let found = find("a")(tx)?;
            has_read.send(()).unwrap();
            changed.lock().unwrap().recv().unwrap();
            Ok(found)
        })));
        reading.recv().unwrap();
        set(&store, "a", "2");
        go_on.send(()).unwrap();
        assert_eq!(reader.join().unwrap().unwrap().as_deref(), Some("1"));
        assert_eq!(cache.get("a"), None);
        assert_eq!(load(&cache, "a").as_deref(), Some("2"));
    }

    fn an_admin_command_is_noticed_within_a_second(store: TestStore) {
        let cache = Cache::new(&store, "thing", 10);
        set(&store, "a", "1");
        load(&cache, "a");
        let admin = store.beside(|options| options.exclusive = false).unwrap();
        set(&admin, "a", "2");
        admin.close();
        within_a_second("the change", || cache.get("a").is_none());
        assert_eq!(load(&cache, "a").as_deref(), Some("2"));
    }

    fn a_watch_counts_the_changes_of_its_kinds(store: TestStore) {
        let watch = Watch::new(&store, &["thing", "another"]);
        let first = watch.generation("a").unwrap();
        assert!(watch.are_current(&[first]));
        set(&store, "a", "1");
        assert!(!watch.are_current(&[first]));
        let second = watch.generation("a").unwrap();
        store.write_blocking(|tx| tx.changed("other", "a")).unwrap();
        assert!(watch.are_current(&[second]));
        store.write_blocking(|tx| tx.changed("another", "a/b")).unwrap();
        assert!(!watch.are_current(&[second]), "what stands behind the slash is about the same subject");
    }

    fn a_change_about_one_subject_leaves_others_as_they_were(store: TestStore) {
        let watch = Watch::new(&store, &["thing"]);
        let subjects = ["b", "c", "d"].map(|subject| watch.generation(subject).unwrap());
        for change in ["a", "a/b", "a/c/d"] {
            store.write_blocking(move |tx| tx.changed("thing", change)).unwrap();
        }
        // Two subjects share a counter once in 65,536 times.
        let current = subjects.iter().filter(|generation| watch.are_current(&[**generation])).count();
        assert!(current >= 2, "{current}");
    }

    fn a_generation_of_an_earlier_moment_exists_until_something_changes(store: TestStore) {
        let watch = Watch::new(&store, &["thing"]);
        set(&store, "a", "1");
        let moment = watch.moment().unwrap();
        let generation = watch.generation_at(moment, "a").unwrap();
        assert!(watch.are_current(&[generation]));
        set(&store, "a", "2");
        assert!(!watch.are_current(&[generation]));
        assert_eq!(watch.generation_at(moment, "a"), None, "what was read since may be older or newer than the change");
        assert!(watch.generation_at(moment, "b").is_some(), "nothing changed about this subject");
        assert!(watch.generation_at(watch.moment().unwrap(), "a").is_some());
    }

    fn a_watch_notices_an_admin_command_within_a_second(store: TestStore) {
        let watch = Watch::new(&store, &["thing"]);
        let first = watch.generation("a").unwrap();
        let admin = store.beside(|options| options.exclusive = false).unwrap();
        assert_eq!(Watch::new(&admin, &["thing"]).generation("a"), None, "nobody tells it");
        set(&admin, "a", "2");
        admin.close();
        within_a_second("the change", || !watch.are_current(&[first]));
    }

    fn an_admin_command_uses_no_cache(store: TestStore) {
        let admin = store.beside(|options| options.exclusive = false).unwrap();
        let cache = Cache::new(&admin, "thing", 10);
        set(&store, "a", "1");
        assert_eq!(load(&cache, "a").as_deref(), Some("1"));
        assert_eq!(cache.get("a"), None);
        admin.close();
    }
}

#[test]
fn while_the_feed_is_not_read_the_store_is_asked() {
    for engine in engines() {
        let store = TestStore::with(engine, |options| {
            options.feed_interval = Duration::from_hours(1);
            options.feed_stale_after = Duration::from_millis(300);
        });
        let cache = Cache::new(&store, "thing", 10);
        let watch = Watch::new(&store, &["thing"]);
        set(&store, "a", "1");
        assert_eq!(load(&cache, "a").as_deref(), Some("1"));
        eventually(|| !store.is_fresh());
        assert_eq!((watch.generation("a"), watch.moment()), (None, None));
        assert_eq!(cache.get("a"), None);
        assert_eq!(load(&cache, "a").as_deref(), Some("1"));
        assert_eq!(cache.get("a"), None);
    }
}

#[test]
fn what_one_server_revokes_another_knows_within_a_second() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let one = TestStore::new(Engine::Postgres);
    let other = one.beside(|_| {}).unwrap();
    let caches = [Cache::new(&one, "thing", 10), Cache::new(&other, "thing", 10)];
    for round in 0..3 {
        let (writer, value) = if round % 2 == 0 { (&*one, "even") } else { (&other, "odd") };
        set(writer, "a", value);
        for cache in &caches {
            eventually(|| load(cache, "a").as_deref() == Some(value));
        }
    }
    other.close();
}
