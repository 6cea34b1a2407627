//! Lists of recipients, sent step by step.

use std::collections::BTreeMap;

use sigma_core::ids::{MeritBatchId, MeritId, UserId};
use sigma_core::merits::{FieldType, FieldValue, MeritProblem, PersonName, RequestFault, SettingChange};
use sigma_core::time::Clock as _;
use sigma_store::merits::batch::{self, Batch, BatchState, Failed, Line, NewBatch};
use sigma_store::merits::send::Manner;
use sigma_store::on_both_engines;
use sigma_store::testing::{TestStore, decide, insist};

use super::{Issuer, next_merit, person};

fn count(store: &TestStore) -> i64 {
    store.read_blocking(|tx| tx.query_opt("SELECT count(*) FROM merits", &[])).unwrap().unwrap().int(0).unwrap()
}

fn draft(issuer: &Issuer<'_>, addresses: &[String]) -> MeritBatchId {
    let (store, now) = (issuer.store, issuer.store.clock.now());
    let id = MeritBatchId::new(now, &*store.rng);
    let new = NewBatch {
        id: id.clone(),
        template_id: issuer.template.clone(),
        file_name: "people.csv".to_owned(),
        manner: Manner::Send,
        now,
    };
    let (org, admin) = (issuer.org.clone(), issuer.admin.clone());
    decide(store, move |tx| batch::add(tx, &org, &admin, &new)).unwrap();
    for (number, chunk) in addresses.chunks(500).enumerate() {
        let lines: Vec<_> = chunk
            .iter()
            .enumerate()
            .map(|(offset, email)| Line {
                line: i64::try_from(number * 500 + offset + 1).unwrap(),
                email: email.clone(),
                name: PersonName::of_text("Ada Lovelace").unwrap(),
                values: BTreeMap::new(),
            })
            .collect();
        let (org, admin, id) = (issuer.org.clone(), issuer.admin.clone(), id.clone());
        decide(store, move |tx| batch::add_lines(tx, &org, &admin, &id, &lines, now)).unwrap();
    }
    id
}

fn start(issuer: &Issuer<'_>, id: &MeritBatchId) -> Result<Batch, MeritProblem> {
    let (org, admin, id, now) = (issuer.org.clone(), issuer.admin.clone(), id.clone(), issuer.store.clock.now());
    decide(issuer.store, move |tx| batch::start(tx, &org, &admin, &id, now))
}

fn stop(issuer: &Issuer<'_>, id: &MeritBatchId) -> Result<Batch, MeritProblem> {
    let (org, admin, id, now) = (issuer.org.clone(), issuer.admin.clone(), id.clone(), issuer.store.clock.now());
    decide(issuer.store, move |tx| batch::stop(tx, &org, &admin, &id, now))
}

fn advance(issuer: &Issuer<'_>, store: &sigma_store::Store, id: &MeritBatchId, ids: Vec<MeritId>) -> Batch {
    let (org, id, now) = (issuer.org.clone(), id.clone(), issuer.store.clock.now());
    decide(store, move |tx| batch::advance(tx, &org, &id, &ids, 100_000, now)).unwrap()
}

fn ids(store: &TestStore, count: usize) -> Vec<MeritId> {
    (0..count).map(|_| next_merit(store)).collect()
}

fn addresses(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("n{number}@example.org")).collect()
}

on_both_engines! {
    fn a_batch_is_sent_step_by_step_with_a_report_of_each_line(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let mut addresses = addresses(700);
        "not an address".clone_into(&mut addresses[3]);
        let id = draft(&issuer, &addresses);
        assert_eq!(advance(&issuer, &store, &id, ids(&store, 5)).state, BatchState::Draft, "a draft sends nothing");
        assert_eq!((start(&issuer, &id).unwrap().state, count(&store)), (BatchState::Running, 0));
        assert_eq!(start(&issuer, &id), Err(RequestFault::Batch.into()));
        let first = advance(&issuer, &store, &id, ids(&store, 500));
        assert_eq!((first.done, first.failed, first.state), (500, 1, BatchState::Running));
        assert_eq!(stop(&issuer, &id).unwrap().state, BatchState::Stopped);
        assert_eq!(advance(&issuer, &store, &id, ids(&store, 500)).done, 500, "a stopped one sends nothing");
        start(&issuer, &id).unwrap();
        let last = advance(&issuer, &store, &id, ids(&store, 500));
        assert_eq!((last.done, last.failed, last.state), (700, 1, BatchState::Finished));
        assert_eq!(count(&store), 699);
        let (org, batch) = (issuer.org.clone(), id.clone());
        let failed = store.read_blocking(move |tx| batch::report(tx, &org, &batch, Some(Failed), 0, 100)).unwrap();
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].line, failed[0].error.as_deref()), (4, Some("invalid_request")));
        let (org, batch) = (issuer.org.clone(), id.clone());
        let lines = store.read_blocking(move |tx| batch::report(tx, &org, &batch, None, 698, 100)).unwrap();
        assert_eq!(lines.iter().map(|line| (line.line, line.merit_id.is_some())).collect::<Vec<_>>(), [(699, true), (700, true)]);
    }

    fn two_that_send_a_batch_at_once_leave_no_duplicate(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let id = draft(&issuer, &addresses(400));
        start(&issuer, &id).unwrap();
        let chunks: Vec<Vec<MeritId>> = (0..8).map(|_| ids(&store, 50)).collect();
        std::thread::scope(|scope| {
            for chunk in chunks {
                let (issuer, id, store) = (&issuer, &id, (*store).clone());
                scope.spawn(move || advance(issuer, &store, id, chunk));
            }
        });
        let last = advance(&issuer, &store, &id, ids(&store, 1));
        assert_eq!((last.done, last.state, count(&store)), (400, BatchState::Finished, 400));
        let distinct = store.read_blocking(|tx| tx.query_opt("SELECT count(DISTINCT email_folded) FROM merits", &[]));
        assert_eq!(distinct.unwrap().unwrap().int(0).unwrap(), 400);
    }

    fn a_step_writes_few_lines_if_the_template_has_much_text(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        for number in 0..10 {
            let field = issuer.add_field(&format!("Field {number}"), FieldType::LongText);
            let text = FieldValue::Text("é".repeat(5_000));
            issuer.set_field(&field, SettingChange { enabled: true, required: false, value_for_all: Some(text) }).unwrap();
        }
        let id = draft(&issuer, &addresses(50));
        start(&issuer, &id).unwrap();
        let first = advance(&issuer, &store, &id, ids(&store, 500));
        assert_eq!((first.done, first.state), (41, BatchState::Running));
        let last = advance(&issuer, &store, &id, ids(&store, 500));
        assert_eq!((last.done, last.failed, last.state), (50, 0, BatchState::Finished));
    }

    fn a_batch_stops_when_its_admin_may_no_longer_send(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let eve: UserId = person(&store, "eve");
        let id = draft(&issuer, &addresses(2));
        start(&issuer, &id).unwrap();
        insist(&store, move |tx| tx.execute("UPDATE merit_batches SET created_by = $1", sigma_store::params![&eve]));
        let stopped = advance(&issuer, &store, &id, ids(&store, 2));
        assert_eq!((stopped.state, stopped.done, count(&store)), (BatchState::Stopped, 0, 0));
    }

    fn another_admin_resumes_a_batch_whose_admin_lost_their_rights(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        let eve: UserId = person(&store, "eve");
        let id = draft(&issuer, &addresses(3));
        start(&issuer, &id).unwrap();
        assert_eq!(advance(&issuer, &store, &id, ids(&store, 1)).done, 1);
        let former = eve.clone();
        insist(&store, move |tx| tx.execute("UPDATE merit_batches SET created_by = $1", sigma_store::params![&former]));
        assert_eq!(advance(&issuer, &store, &id, ids(&store, 1)).state, BatchState::Stopped);

        let (org, batch, now) = (issuer.org.clone(), id.clone(), store.clock.now());
        let refused = decide(&store, move |tx| batch::start(tx, &org, &eve, &batch, now));
        assert_eq!(refused, Err(MeritProblem::Forbidden), "not the one who lost them");
        let resumed = start(&issuer, &id).unwrap();
        assert_eq!((&resumed.created_by, resumed.state), (&issuer.admin, BatchState::Running));
        let last = advance(&issuer, &store, &id, ids(&store, 3));
        assert_eq!((last.done, last.failed, last.state, count(&store)), (3, 0, BatchState::Finished, 3));
    }

    fn batches_are_of_their_org_alone_and_expire(store: TestStore) {
        let (issuer, other) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"));
        let id = draft(&issuer, &addresses(2));
        assert_eq!(start(&other, &id), Err(MeritProblem::NotFound));
        store.advance(std::time::Duration::from_hours(24 * 30));
        store.sweep_once().unwrap();
        let rows = store.read_blocking(|tx| tx.query_opt("SELECT count(*) FROM merit_batch_lines", &[]));
        assert_eq!(rows.unwrap().unwrap().int(0).unwrap(), 0);
    }
}
