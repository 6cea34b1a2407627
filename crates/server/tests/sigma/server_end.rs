//! The end of a server that would only seem to work.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use sigma_core::random::SeededRng;
use sigma_core::time::{ManualClock, Timestamp};
use sigma_server::settings::Settings;
use sigma_server::{Server, StartError};
use sigma_store::testing::{Victim, kill};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_ends_when_a_thread_of_its_store_has_died() {
    for (victim, name) in
        [(Victim::Writer, "sigma-writer"), (Victim::Reader, "sigma-reader"), (Victim::Feed, "sigma-feed")]
    {
        let directory = tempfile::tempdir().unwrap();
        let mut settings = Settings { listen: ([127, 0, 0, 1], 0).into(), ..Settings::default() };
        settings.store.url = SecretString::from(format!("sqlite:{}", directory.path().join("sigma.sqlite").display()));
        settings.master_key.file = directory.path().join("sigma.key");
        settings.mail.folder = directory.path().join("mails");
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_772_366_400)));
        let server = Server::start(settings, clock, Arc::new(SeededRng::new(1))).await.unwrap();
        let store = server.state().store.clone();
        tokio::task::spawn_blocking(move || kill(&store, victim)).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_mins(1), server.run(std::future::pending())).await.unwrap();
        assert!(matches!(ended, Err(StartError::Died(thread)) if thread == name), "{name}");
    }
}
