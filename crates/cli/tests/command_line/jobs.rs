//! `sigma jobs`: what runs in the background.

use crate::support::Installation;
use sigma_core::ids::JobId;
use sigma_core::time::Timestamp;
use sigma_store::job_queue::{self, Ended, NewJob};

#[test]
fn a_new_installation_has_no_jobs() {
    let sigma = Installation::new();
    assert_eq!(sigma.json(&["jobs"])["items"].as_array().unwrap().len(), 0);
    assert!(sigma.run(&["jobs"]).stdout.contains("no jobs yet"));
}

#[test]
fn jobs_are_listed_with_their_failures_and_reported_by_the_doctor() {
    let sigma = Installation::with("issuer = 'http://localhost:9'\n");
    let store = sigma.store();
    let now = Timestamp::from_seconds(1_900_000_000);
    store.write_blocking(move |tx| job_queue::ensure_recurring(tx, "sweep", now, now)).unwrap();
    let import = NewJob {
        id: JobId::from_text("job_1"),
        kind: "import",
        org_id: None,
        payload: "{}".to_owned(),
        run_at: None,
        now,
    };
    store.write_blocking(move |tx| job_queue::enqueue(tx, &import)).unwrap();
    for _ in 0..3 {
        store
            .write_blocking(move |tx| {
                let job = job_queue::take(tx, "import", "node", now, std::time::Duration::from_mins(1))?.unwrap();
                job_queue::end(tx, &job, &Ended::Failed { error: "no such file".to_owned(), retry_at: now }, now)
            })
            .unwrap();
    }
    store.close();
    let items = sigma.json(&["jobs"])["items"].as_array().unwrap().clone();
    assert_eq!((items[0]["id"].as_str(), items[0]["state"].as_str()), (Some("sweep"), Some("waiting")));
    assert_eq!((items[1]["state"].as_str(), items[1]["error"].as_str()), (Some("failing"), Some("no such file")));
    let doctor = sigma.run(&["doctor"]);
    assert!(doctor.stdout.contains("WRONG  jobs") && doctor.stdout.contains("no such file"), "{doctor:?}");
}
