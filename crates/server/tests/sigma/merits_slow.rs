//! Clients that send slowly, stall or go away, on real connections: nothing of theirs is kept, and nobody else waits.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::merits_org_pages::{at, bakery, merits, template};
use crate::support::merits::Issuer;
use crate::support::{World, text};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and then the picture";
/// How long to wait for what must come: a busy machine is slow, a broken one never gets there.
const PATIENCE: Duration = Duration::from_mins(1);

async fn world() -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let world = World::with(move |settings| {
        settings.passwords.memory_kib = 64;
        settings.objects.folder = path;
        settings.http.body_seconds = 1;
        // All connections come from one address.
        settings.budgets.address_requests = 100;
        settings.budgets.org_requests = 8;
    });
    (world.await, folder)
}

/// How many files there are below a folder.
fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

/// A request whose body has `length` bytes, of which `sent` come.
struct Slow<'a> {
    method: &'a str,
    path: &'a str,
    headers: String,
    length: usize,
    sent: &'a [u8],
}

impl Slow<'_> {
    async fn begin(&self, server: SocketAddr) -> TcpStream {
        let Self { method, path, headers, length, sent } = self;
        let mut stream = TcpStream::connect(server).await.unwrap();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: id.example.org\r\n{headers}content-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(sent).await.unwrap();
        stream
    }

    /// Sends what there is and waits; the status of the answer, and all of it.
    async fn stall(&self, server: SocketAddr) -> (u16, String) {
        answer(self.begin(server).await).await
    }
}

async fn answer(mut stream: TcpStream) -> (u16, String) {
    let (mut answer, mut piece) = (Vec::new(), [0; 4_096]);
    loop {
        match tokio::time::timeout(PATIENCE, stream.read(&mut piece)).await.expect("an answer") {
            Ok(0) | Err(_) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
        }
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer: {text}")), text)
}

async fn permitted(issuer: &Issuer<'_>, size: usize) -> String {
    let body = json!({"attachmentType": "Photos", "contentType": "image/png", "fileSize": size});
    let permitted = issuer.post("/v2/request_upload_url", &body).await.json();
    text(&permitted, "uploadUrl").strip_prefix("https://id.example.org").unwrap().to_owned()
}

fn put<'a>(path: &'a str, length: usize, sent: &'a [u8]) -> Slow<'a> {
    Slow { method: "PUT", path, headers: "connection: close\r\n".to_owned(), length, sent }
}

/// Sends the beginning of a file, and then a byte at a time, forever within the time of a piece.
async fn trickle(request: Slow<'_>, server: SocketAddr) -> String {
    let mut stream = request.begin(server).await;
    let (mut reader, mut writer) = stream.split();
    let trickling = async {
        loop {
            tokio::time::sleep(Duration::from_millis(400)).await;
            if writer.write_all(b".").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let mut answer = vec![0; 4_096];
    let read = tokio::select! {
        read = tokio::time::timeout(PATIENCE, reader.read(&mut answer)) => read.expect("an answer").unwrap(),
        () = trickling => unreachable!(),
    };
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test]
async fn an_upload_that_stalls_trickles_or_breaks_off_is_not_kept_and_its_place_is_free_again() {
    let (world, folder) = world().await;
    let server = world.listen().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let mut large = PNG.to_vec();
    large.resize(100_000, b'.');
    let (size, small) = (large.len(), permitted(&bakery, PNG.len()).await);
    let path = permitted(&bakery, size).await;

    // One goes away in the middle, others stall: before the first byte, within the first, and before the last one.
    drop(put(&path, size, &large[..50_000]).begin(server).await);
    let short = put(&small, PNG.len(), &PNG[..10]);
    let [nothing, head, most] = [0, 10, size - 1].map(|sent| put(&path, size, &large[..sent]));
    let others = async {
        // Meanwhile another org is served: it has places of its own.
        let path = permitted(&harbour, PNG.len()).await;
        let (status, body) = put(&path, PNG.len(), PNG).stall(server).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(harbour.get(&format!("/v2/orgs/{}", harbour.org.digits())).await.status, StatusCode::OK);
    };
    let (short, nothing, head, most, trickled, ()) = tokio::join!(
        short.stall(server),
        nothing.stall(server),
        head.stall(server),
        most.stall(server),
        trickle(put(&path, size, &large[..20]), server),
        others
    );
    assert_eq!(short.0, 408, "a small body is waited for as any other: {}", short.1);
    for (status, body) in [nothing, head, most] {
        assert_eq!(status, 400, "{body}");
        assert!(body.contains("invalid_attachment"), "{body}");
    }
    assert!(trickled.starts_with("HTTP/1.1 400 ") && trickled.contains("invalid_attachment"), "{trickled}");
    assert_eq!(files(folder.path()), 1, "the one of the other org");
    for (path, content) in [(&path, large.as_slice()), (&small, PNG)] {
        let (status, body) = put(path, content.len(), content).stall(server).await;
        assert_eq!(status, 200, "the places of the org are free, and the address is still good: {body}");
    }
}

#[tokio::test]
async fn a_form_a_list_and_a_call_that_come_too_slowly_send_and_keep_nothing() {
    let (world, folder) = world().await;
    let server = world.listen().await;
    let (org, ada) = bakery(&world).await;
    let id = template(&world, &ada, &org, "Baker", false).await;
    let cookies = ada.cookies();
    let page = |content_type: &str| {
        format!(
            "cookie: {cookies}\r\norigin: https://id.example.org\r\nsec-fetch-site: same-origin\r\n\
             content-type: {content_type}\r\nconnection: close\r\n"
        )
    };
    let multipart = page("multipart/form-data; boundary=x");
    let field =
        |name: &str, value: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let sent = [field("template", &id), field("email", "ben@example.org"), field("first_name", "Ben")].concat();
    let list = format!(
        "{}--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\r\nemail,name\r\n",
        field("template", &id)
    );
    let issuer = world.issuer("harbour").await;
    let other = issuer.template("Captain", false).await;
    let call = format!(r#"{{"recipientEmail":"ada@example.org","recipientName":"Ada","meritTemplateId":"{other}""#);
    let api =
        format!("authorization: Bearer {}\r\ncontent-type: application/json\r\nconnection: close\r\n", issuer.token);
    let (files_path, import_path) = (at(&org, "send/files"), at(&org, "import"));
    let requests = [
        (
            Slow {
                method: "POST",
                path: &files_path,
                headers: multipart.clone(),
                length: 100_000,
                sent: sent.as_bytes(),
            },
            400,
        ),
        (Slow { method: "POST", path: &import_path, headers: multipart, length: 100_000, sent: list.as_bytes() }, 408),
        (Slow { method: "POST", path: "/v2/merits/send", headers: api, length: 1_000, sent: call.as_bytes() }, 408),
    ];
    let [form, csv, json] = &requests;
    let answers = tokio::join!(form.0.stall(server), csv.0.stall(server), json.0.stall(server));
    for ((status, body), (request, expected)) in [answers.0, answers.1, answers.2].iter().zip(&requests) {
        assert_eq!(status, expected, "{}: {body}", request.path);
    }
    assert!(merits(&ada.get(&at(&org, "sent")).await).is_empty());
    let listed = issuer.get(&format!("/v2/orgs/{}/merits", issuer.org.digits())).await.json();
    assert_eq!(listed["merits"], Value::Array(Vec::new()));
    assert_eq!(files(folder.path()), 0);
}
