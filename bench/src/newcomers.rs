//! People who come from another server, and both ways to import them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sigma_core::random::alphanumeric;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::flow::path;
use crate::http::{Connection, post_form};
use crate::sigma::Installation;
use crate::system::{Failure, SystemRng, instant};

/// Writes a file of people with verified addresses and bcrypt hashes, in no order of their addresses or names.
pub fn write(directory: &Path, name: &str, count: u32) -> Result<PathBuf, Failure> {
    let file = directory.join(name);
    let mut lines = Vec::new();
    for number in 0..count {
        // An odd factor gives every number another place.
        let place = number.wrapping_mul(2_654_435_761);
        let (salt, digest) = (alphanumeric(&SystemRng, 21), alphanumeric(&SystemRng, 30));
        writeln!(
            lines,
            r#"{{"email":"{name}.{place:08x}@bench.example.org","email_verified":true,"name":"Person {place:08x}","password_hash":"$2b$10${salt}u{digest}u"}}"#
        )?;
    }
    fs::write(&file, lines)?;
    Ok(file)
}

/// Adds them by `sigma people import`; the time from the start of the process to its end.
pub fn import_by_command(installation: &Installation, file: &Path, count: u32) -> Result<Duration, Failure> {
    let begun = instant();
    let report = installation.admin(&["people", "import", &file.display().to_string()])?;
    let elapsed = begun.elapsed();
    expect(&report, count)?;
    Ok(elapsed)
}

/// A token of an app that manages the installation, with everything that an admin may do.
pub async fn token_of_manager(connection: &mut Connection, installation: &Installation) -> Result<String, Failure> {
    let app = installation.admin(&[
        "app",
        "add",
        "--name",
        "Manager",
        "--auth",
        "client_secret",
        "--grant-type",
        "client_credentials",
        "--scope",
        "sigma:admin:write",
    ])?;
    let text = |name: &str| app.get(name).and_then(Value::as_str).ok_or_else(|| format!("an app without {name}"));
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", text("client_id")?, text("client_secret")?)));
    let form = [("grant_type", "client_credentials"), ("scope", "sigma:admin:write")];
    let answer = connection.send(&post_form(path::TOKEN, &[("Authorization", &basic)], &form)).await?;
    let token = answer.json_text("access_token").map(str::to_owned);
    token.ok_or_else(|| format!("no token: {} {}", answer.status, answer.text()).into())
}

/// Sends them to the management API; the time from the first byte to the last of the answer.
pub async fn import_by_api(port: u16, token: &str, file: &Path, count: u32) -> Result<Duration, Failure> {
    let body = fs::read(file)?;
    let head = format!(
        "POST /api/admin/v1/people/import HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
         Content-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut from, mut to) = stream.into_split();
    let begun = instant();
    // The answer is read while the body is sent: it says how far everything is committed.
    let sent = tokio::spawn(async move {
        to.write_all(head.as_bytes()).await?;
        to.write_all(&body).await?;
        Ok::<_, std::io::Error>(to)
    });
    let mut answer = String::new();
    from.read_to_string(&mut answer).await?;
    let elapsed = begun.elapsed();
    drop(sent.await??);
    let last = answer.lines().rfind(|line| line.starts_with(r#"{"through""#)).ok_or_else(|| answer.clone())?;
    expect(&serde_json::from_str(last)?, count)?;
    Ok(elapsed)
}

fn expect(report: &Value, count: u32) -> Result<(), Failure> {
    let added = report.get("added").and_then(Value::as_u64);
    if added == Some(count.into()) { Ok(()) } else { Err(format!("{count} were to be added, but {report}").into()) }
}
