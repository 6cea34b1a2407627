//! What the overview counts on both engines: the same numbers however often and however late they are counted.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::event::Action;
use sigma_core::ids::{AppId, UserId};
use sigma_core::operator::OperatorRole;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::event::{self, NewEvent};
use sigma_store::operator::Caller;
use sigma_store::operator::overview::{self, DAYS, Day, Overview};
use sigma_store::testing::TestStore;
use sigma_store::token_count::{self, TokenCount, day_of};
use sigma_store::{event_count, on_both_engines};

const HOUR: Duration = Duration::from_hours(1);

/// Records an action `times`, in one event.
fn happen(store: &TestStore, action: Action, times: usize) {
    let actor = Actor::User(UserId::from_text("user_ada"));
    store.write_blocking(move |tx| event::append(tx, NewEvent::new(action).by(actor.clone()).times(times))).unwrap();
}

/// Counts what is due, as the job does; returns how many hours were looked at and how many numbers written.
fn count(store: &TestStore) -> (usize, usize) {
    let now = store.clock.now();
    let hours = store.read_blocking(move |tx| event_count::due(tx, now)).unwrap();
    let mut written = 0;
    for hour in &hours {
        let hour = *hour;
        let counts = store.read_blocking(move |tx| event_count::count(tx, hour)).unwrap();
        written += counts.len();
        store.write_blocking(move |tx| event_count::keep(tx, &counts)).unwrap();
    }
    (hours.len(), written)
}

fn seen(store: &TestStore) -> Overview {
    let (caller, now) = (Caller::App(OperatorRole::Auditor), store.clock.now());
    store.look_up_blocking(move |tx| overview::read(tx, &caller, now)).unwrap()
}

fn add_tokens(store: &TestStore, app: &str, minute: Timestamp, tokens: u64) {
    let count = TokenCount { app_id: AppId::from_text(app), grant_type: "refresh_token", minute, tokens };
    store.write_blocking(move |tx| token_count::add(tx, std::slice::from_ref(&count))).unwrap();
}

on_both_engines! {
    fn events_are_counted_by_day_whenever_the_job_runs(store: TestStore) {
        happen(&store, Action::UserSignIn, 1);
        happen(&store, Action::UserSignInFailed, 40);
        happen(&store, Action::SessionEnd, 1);
        assert_eq!(count(&store).0, 30 * 24 + 1, "the first time looks a month back");
        happen(&store, Action::UserSignIn, 2);
        assert_eq!(count(&store), (2, 1), "then only the hours that may have changed, and writes what did");
        assert_eq!(count(&store), (2, 0));
        // The server was away for two days.
        store.advance(HOUR * 48);
        happen(&store, Action::UserSignUp, 1);
        happen(&store, Action::UserCreate, 5);
        assert_eq!(count(&store).0, 50);
        let days = seen(&store).days;
        let today = day_of(store.clock.now());
        let day = |ago: u64| days[usize::try_from(DAYS - 1 - ago).unwrap()];
        let nothing = Day { day: today, sign_ins: 0, failures: 0, people: 0, tokens: 0 };
        assert_eq!(days.len(), 30);
        assert_eq!(day(0), Day { people: 6, ..nothing });
        assert_eq!(day(2), Day { day: today.minus(HOUR * 48), sign_ins: 3, failures: 40, ..nothing });
        assert_eq!(day(1), Day { day: today.minus(HOUR * 24), ..nothing });
        store.advance(HOUR * 24 * 60);
        assert!(seen(&store).days.iter().all(|day| day.sign_ins + day.failures + day.people == 0));
        store.advance(HOUR * 24 * 320);
        store.sweep_once().unwrap();
        assert_eq!(count(&store).0, 30 * 24 + 1, "old counts are deleted with the events");
    }

    fn the_last_day_is_counted_at_once_and_by_hours_once_it_is_hundreds(store: TestStore) {
        happen(&store, Action::UserSignInFailed, 5);
        store.advance(HOUR * 23);
        happen(&store, Action::UserSignInFailed, 40);
        happen(&store, Action::UserSignUp, 1);
        happen(&store, Action::UserCreate, 2);
        let now = seen(&store);
        assert_eq!((now.failures, now.sign_ins, now.new_people), (45, 0, 3));
        store.advance(HOUR * 2);
        assert_eq!(seen(&store).failures, 40);
        let happened = |tx: &mut dyn sigma_store::Tx| {
            for _ in 0..300 {
                event::append(tx, NewEvent::new(Action::UserSignIn).times(2))?;
            }
            Ok(())
        };
        store.write_blocking(happened).unwrap();
        assert_eq!(seen(&store).sign_ins, 402, "until the job has counted");
        count(&store);
        assert_eq!(seen(&store).sign_ins, 600);
        store.advance(HOUR * 25);
        assert_eq!(seen(&store).sign_ins, 0);
    }

    fn tokens_are_counted_by_day_and_the_busiest_apps_are_found_among_many(store: TestStore) {
        let now = store.clock.now();
        for number in 0..40 {
            add_tokens(&store, &format!("app_{number:02}"), now, 100 + number);
        }
        add_tokens(&store, "app_03", now.minus(HOUR * 24 * 3), 500);
        add_tokens(&store, "app_03", now.minus(HOUR * 24 * 8), 9_000);
        add_tokens(&store, "app_39", now, 1);
        let seen = seen(&store);
        let tokens: Vec<_> = seen.days.iter().rev().map(|day| day.tokens).take(9).collect();
        assert_eq!(tokens, [40 * 100 + 39 * 20 + 1, 0, 0, 500, 0, 0, 0, 0, 9_000]);
        let busiest: Vec<_> = seen.busiest.iter().map(|app| (app.app_id.as_str(), app.tokens)).collect();
        assert_eq!(busiest.len(), 10);
        assert_eq!(busiest[..3], [("app_03", 603), ("app_39", 140), ("app_38", 138)]);
    }
}
