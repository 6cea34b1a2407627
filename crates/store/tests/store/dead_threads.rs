//! A dead thread is detected, whatever its job: its work is no longer done.

use sigma_store::testing::{Victim, eventually, kill};

sigma_store::on_both_engines! {
    fn a_store_whose_threads_live_names_no_dead_one(store: TestStore) {
        store.write_blocking(|tx| tx.query_opt("SELECT 1", &[]).map(drop)).unwrap();
        store.read_blocking(|_| -> Result<(), _> { panic!("what is run cannot end a thread") }).unwrap_err();
        store.write_blocking(|_| -> Result<(), _> { panic!("what is run cannot end a thread") }).unwrap_err();
        assert_eq!(store.dead_thread(), None);
        store.close();
        assert_eq!(store.dead_thread(), None, "the end of the store ends its threads");
    }

    fn a_writer_that_died_is_named(store: TestStore) {
        kill(&store, Victim::Writer);
        eventually(|| store.dead_thread().as_deref() == Some("sigma-writer"));
    }

    fn a_reader_that_died_is_named(store: TestStore) {
        kill(&store, Victim::Reader);
        eventually(|| store.dead_thread().as_deref() == Some("sigma-reader"));
    }

    fn a_dead_reading_of_the_change_feed_is_named(store: TestStore) {
        kill(&store, Victim::Feed);
        eventually(|| store.dead_thread().as_deref() == Some("sigma-feed"));
    }
}
