//! Bursts of sign-ins of different users on two servers that share one PostgreSQL: none is refused because of others.
//!
//! Five seconds of it, or `SIGMA_DRILL_SECONDS`.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sigma_store::testing::{Engine, engines};

use crate::whole::{Installation, Person, Server, text};

/// Users who exchange and refresh in a loop.
const LOOPS: usize = 32;
/// Writing connections, and as many reading ones, per server.
const CONNECTIONS: &str = "8";

fn length() -> Duration {
    let asked = std::env::var("SIGMA_DRILL_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(asked.unwrap_or(5))
}

fn serve(installation: &Installation) -> Server {
    installation.start_with(&[("SIGMA__STORE__CONNECTIONS", CONNECTIONS)]).listening()
}

#[test]
fn a_burst_of_exchanges_and_refreshes_of_different_people_is_never_refused() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let installation = Installation::on(Engine::Postgres);
    let servers = [serve(&installation), serve(&installation)];
    let people: Vec<_> = (0..LOOPS).map(|number| Person::named(&format!("person {number}"))).collect();
    for person in &people {
        person.sign_up(&servers[0]);
    }
    let counts: Mutex<BTreeMap<(&str, u16), u64>> = Mutex::default();
    let count = |what, status| *counts.lock().unwrap().entry((what, status)).or_default() += 1;
    #[expect(clippy::disallowed_methods, reason = "a load lasts for real time")]
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for (number, person) in people.iter().enumerate() {
            let (servers, count) = (&servers, &count);
            scope.spawn(move || {
                let mut turn = number;
                let mut next = || {
                    turn += 1;
                    &servers[turn % servers.len()]
                };
                while begun.elapsed() < length() {
                    let code = person.code(next(), next(), "openid offline_access");
                    let exchanged = next().redeem(&code);
                    count("exchange", exchanged.status);
                    if exchanged.status != 200 {
                        continue;
                    }
                    let mut refresh = text(&exchanged.json()["refresh_token"]);
                    for _ in 0..2 {
                        let form = [
                            ("grant_type", "refresh_token"),
                            ("refresh_token", refresh.as_str()),
                            ("client_id", "shop"),
                        ];
                        let refreshed = next().post_form("/token", &form, &[]);
                        count("refresh", refreshed.status);
                        if refreshed.status != 200 {
                            break;
                        }
                        refresh = text(&refreshed.json()["refresh_token"]);
                    }
                }
            });
        }
    });
    let counts = counts.into_inner().unwrap();
    assert!(counts.keys().all(|(_, status)| *status == 200), "{counts:?}\n{}\n{}", servers[0].log(), servers[1].log());
    assert!(counts.values().sum::<u64>() >= 2 * 3, "{counts:?}");
    if std::env::var_os("SIGMA_DRILL_SECONDS").is_some() {
        #[expect(clippy::print_stdout, reason = "what a drill came to")]
        {
            println!("{LOOPS} loops on two servers for {:?}: {counts:?}", length());
        }
    }
    for server in servers {
        assert_eq!(server.stop(), Some(0));
    }
}
