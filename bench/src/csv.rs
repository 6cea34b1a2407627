//! A list of recipients, sent as an admin does it: a CSV file is uploaded, its columns are chosen, the list is started, and its
//! page is read until all of it is sent.

use std::fmt::Write as _;
use std::time::Duration;

use crate::http::{Answer, Connection, get, post_form, post_multipart};
use crate::merits::{BenchIssuer, Holder};
use crate::system::{Failure, instant};

/// How often the page is read: as often as a person might look.
const LOOKS: Duration = Duration::from_millis(100);
/// Of a list that makes no progress.
const PATIENCE: Duration = Duration::from_mins(5);

/// Sends a merit to that many new addresses; returns how long it took, from the upload to the last merit.
pub async fn send(
    connection: &mut Connection,
    origin: &str,
    issuer: &BenchIssuer,
    admin: &Holder,
    count: u32,
) -> Result<Duration, Failure> {
    let text = list(count)?;
    let begun = instant();
    let headers = [("Cookie", admin.cookie()), ("Origin", origin)];
    let import = format!("/org/org_{}/import", issuer.org);
    let template = issuer.template();
    let parts = [("template", None, template.as_str()), ("file", Some("people.csv"), &text)];
    let answer = connection.send(&post_multipart(&format!("{import}/read"), &headers, &parts)).await?;
    expect(&answer, 200, "the choice of columns")?;
    let columns = [("column_email", None, "0"), ("column_name", None, "1")];
    let parts = [("template", None, template.as_str()), ("file_name", None, "people.csv"), ("text", None, &text)];
    let parts: Vec<_> = parts.into_iter().chain(columns).collect();
    let answer = connection.send(&post_multipart(&import, &headers, &parts)).await?;
    expect(&answer, 303, "the page of the list")?;
    let page = answer.header("location").unwrap_or_default().to_owned();
    let answer = connection.send(&post_form(&format!("{page}/start"), &headers, &[])).await?;
    expect(&answer, 303, "a list that was started")?;
    loop {
        let answer = connection.send(&get(&page, &headers)).await?;
        expect(&answer, 200, "the page of the list")?;
        let shown = answer.text();
        // While it is sent it can be stopped, and afterwards it can only be resumed if it was.
        if !shown.contains("/stop\"") {
            if shown.contains("/start\"") || shown.contains("?failed=1") {
                return Err("the list stopped, or some of its lines failed".into());
            }
            return Ok(begun.elapsed());
        }
        if begun.elapsed() > PATIENCE {
            return Err("the list does not end".into());
        }
        tokio::time::sleep(LOOKS).await;
    }
}

/// The file.
fn list(count: u32) -> Result<String, Failure> {
    let mut text = "email,name\r\n".to_owned();
    for number in 0..count {
        write!(text, "listed-{number}@example.org,Ada Lovelace\r\n")?;
    }
    Ok(text)
}

fn expect(answer: &Answer<'_>, status: u16, what: &str) -> Result<(), Failure> {
    if answer.status == status {
        return Ok(());
    }
    Err(format!("not {what} but {} {}", answer.status, answer.text()).into())
}
