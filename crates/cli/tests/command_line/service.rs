//! The server as a service: what its manager is told, and how a container asks for its health.

use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Installation, Running, free_port};

#[test]
fn the_service_manager_is_told_and_health_asks() {
    let port = free_port();
    let sigma = Installation::with(&format!("issuer = 'http://localhost:{port}'\nlisten = '0.0.0.0:{port}'\n"));
    let health = sigma.run(&["health", "--json"]);
    assert_eq!(health.code, 1, "{health:?}");
    assert!(health.stdout.contains(&format!("http://127.0.0.1:{port}/readyz")), "{health:?}");

    let manager = UnixDatagram::bind(sigma.path().join("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut server = sigma.command(&["serve"]);
    server.env("NOTIFY_SOCKET", sigma.path().join("notify")).env("WATCHDOG_USEC", "200000");
    server.env("SIGMA__LOG__FILTER", "off").stdout(Stdio::piped());
    let server = Running::of(server);
    let told = |wanted: &str| {
        let mut buffer = [0; 500];
        loop {
            let length = manager.recv(&mut buffer).unwrap();
            let state = std::str::from_utf8(&buffer[..length]).unwrap().to_owned();
            if state.starts_with(wanted) {
                return state;
            }
            assert_eq!(state, "WATCHDOG=1", "while waiting for {wanted}");
        }
    };
    assert_eq!(told("READY=1"), format!("READY=1\nSTATUS=listens on 0.0.0.0:{port} for http://localhost:{port}"));
    told("WATCHDOG=1");
    for arguments in
        [["health"].as_slice(), &["health", "--live"], &["health", "--url", &format!("http://localhost:{port}/")]]
    {
        let health = sigma.run(arguments);
        assert_eq!(health.code, 0, "{health:?}");
        assert!(health.stdout.ends_with("answers well.\n"), "{health:?}");
    }
    let nowhere = sigma.run(&["health", "--url", &format!("http://localhost:{port}/nowhere")]);
    assert!(nowhere.code == 1 && nowhere.stdout.contains("answers 404"), "{nowhere:?}");
    let stopped = std::thread::spawn(|| server.stop());
    told("STOPPING=1");
    assert_eq!(stopped.join().unwrap(), Some(0));
}
