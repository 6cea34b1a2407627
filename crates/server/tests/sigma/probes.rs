//! Liveness and readiness.

use std::time::Duration;

use http::Request;
use sigma_store::testing::eventually;

use crate::support::World;

async fn status(world: &World, path: &str) -> u16 {
    world.send(Request::get(path).body(axum::body::Body::empty()).unwrap()).await.status.as_u16()
}

#[tokio::test]
async fn a_server_that_can_serve_is_alive_and_ready_by_every_name() {
    let world = World::new().await;
    for path in ["/livez", "/readyz", "/healthz", "/health"] {
        let answer = world.send(Request::get(path).body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, r#"{"status":"ok"}"#), "{path}");
    }
}

#[tokio::test]
async fn a_server_that_is_stopping_is_alive_and_not_ready() {
    let world = World::new().await;
    world.sigma.drain();
    for path in ["/readyz", "/healthz", "/health"] {
        let answer = world.send(Request::get(path).body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 503, "{path}");
        assert_eq!(answer.json()["error"], "temporarily_unavailable");
        assert!(!answer.body.contains("stopping"), "the cause is for the log");
    }
    assert_eq!(status(&world, "/livez").await, 200);
}

#[tokio::test]
async fn a_server_whose_store_is_closed_is_alive_and_not_ready() {
    let world = World::new().await;
    let store = world.sigma.store.clone();
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
    assert_eq!(status(&world, "/readyz").await, 503);
    assert_eq!(status(&world, "/livez").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_are_answered_while_every_reader_is_busy() {
    let world = World::new().await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Arc::new(std::sync::Mutex::new(held));
    let begun = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    for _ in 0..2 {
        let (store, held, begun) = (world.sigma.store.clone(), held.clone(), begun.clone());
        tokio::task::spawn_blocking(move || {
            store.read_blocking(move |_| {
                begun.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let _ = held.lock().unwrap().recv();
                Ok(())
            })
        });
    }
    // However many readers there are, two at most: each holds one of these, or one holds the reader that the other waits for.
    let taken = || begun.load(std::sync::atomic::Ordering::SeqCst);
    tokio::task::block_in_place(|| eventually(|| taken() > 0 && taken() + world.sigma.store.waiting_reads() == 2));
    for path in ["/livez", "/readyz", "/healthz"] {
        let answer = tokio::time::timeout(Duration::from_secs(3), status(&world, path)).await;
        assert_eq!(answer, Ok(200), "{path}");
    }
    drop(release);
}
