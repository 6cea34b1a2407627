//! Who has a turn when many webhooks are due, on both engines.

use std::collections::BTreeMap;

use sigma_core::ids::OrgId;
use sigma_core::time::Clock as _;
use sigma_store::webhook::delivery::{self, Most};
use sigma_store::{on_both_engines, params};

on_both_engines! {
    fn an_org_whose_webhooks_are_all_due_leaves_turns_to_others(store: TestStore) {
        let now = store.clock.now();
        let due = ["org_a/whk_1", "org_a/whk_2", "org_a/whk_3", "org_a/whk_4", "org_b/whk_5"];
        store
            .write_blocking(move |tx| {
                for webhook in due {
                    let sql = "INSERT INTO webhook_queues (webhook, due_at, failures) VALUES ($1, $2, 0)";
                    tx.execute(sql, params![webhook, now])?;
                }
                Ok(())
            })
            .unwrap();
        let take = |turns, held: &[(&str, usize)]| -> Vec<String> {
            let held: BTreeMap<OrgId, usize> = held.iter().map(|(org, turns)| (OrgId::from_text(*org), *turns)).collect();
            let most = Most { turns, of_org: 2 };
            let taken = store.write_blocking(move |tx| delivery::take(tx, now, most, &held)).unwrap();
            taken.into_iter().map(|turn| turn.id.to_string()).collect()
        };
        assert_eq!(take(2, &[("org_a", 1)]), ["whk_1", "whk_5"], "one of the org that has a turn already");
        assert_eq!(take(3, &[("org_a", 2), ("org_b", 1)]), [""; 0]);
        assert_eq!(take(3, &[]), ["whk_2", "whk_3"], "although there is room for three");
        assert_eq!(take(3, &[]), ["whk_4"]);
    }
}
