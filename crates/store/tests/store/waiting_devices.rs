//! Device codes: how many devices of an app wait at once.

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::ids::AppId;
use sigma_core::scope::Scopes;
use sigma_core::time::Clock as _;
use sigma_store::device_code::{self, Added, MOST_WAITING, NewDeviceCode, Polled};
use sigma_store::on_both_engines;
use sigma_store::testing::TestStore;

use crate::accounts::count;
use crate::nodes::write;

fn new(store: &TestStore, number: i64) -> NewDeviceCode {
    let now = store.clock.now();
    NewDeviceCode {
        hash: Digest::of(format!("device {number}")),
        user_code: Digest::of(format!("user {number}")),
        app_id: AppId::from_text("app_tv"),
        once: None,
        scope: Scopes::parse("openid"),
        resources: Vec::new(),
        address: "203.0.113.7".to_owned(),
        user_agent: String::new(),
        now,
        expires_at: now.plus(Duration::from_mins(15)),
    }
}

fn ask(store: &TestStore, number: i64) -> Added {
    let new = new(store, number);
    write(store, move |tx| device_code::add(tx, &new))
}

on_both_engines! {
    fn whoever_asks_for_codes_without_end_keeps_no_device_out(store: TestStore) {
        assert_eq!(ask(&store, 0), Added::Added);
        // The rest of them around `add`, which counts them each time.
        let now = store.clock.now();
        for numbers in (1..MOST_WAITING).collect::<Vec<_>>().chunks(500) {
            let numbers = numbers.to_vec();
            write(&store, move |tx| {
                for number in &numbers {
                    tx.execute(
                        "INSERT INTO device_codes (hash, user_code, app_id, scope, resources, address, user_agent, created_at,
                            expires_at, delete_after) VALUES ($1, $2, 'app_tv', 'openid', '[]', '', '', $3, $4, $5)",
                        sigma_store::params![
                            Digest::of(format!("device {number}")),
                            Digest::of(format!("user {number}")),
                            now,
                            now.plus(Duration::from_mins(16)),
                            now.plus(Duration::from_mins(31)),
                        ],
                    )?;
                }
                Ok(())
            });
        }
        assert_eq!(count(&store, "SELECT count(*) FROM device_codes"), MOST_WAITING);
        assert_eq!(ask(&store, -1), Added::TooMany, "all of them came just now");
        store.clock.advance(Duration::from_mins(1));
        assert_eq!(ask(&store, -1), Added::Added);
        assert_eq!(count(&store, "SELECT count(*) FROM device_codes"), MOST_WAITING);
        let (first, app_id, now) = (Digest::of("device 0"), AppId::from_text("app_tv"), store.clock.now());
        let polled = store.read_blocking(move |tx| device_code::poll(tx, &first, &app_id, now)).unwrap();
        assert_eq!(polled, Polled::Unknown, "the one that waited longest gave way");
    }
}
