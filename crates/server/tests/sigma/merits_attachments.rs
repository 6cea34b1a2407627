//! Attachments: uploaded exactly as announced, served as downloads that can do nothing.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::ids::MeritTemplateId;
use sigma_store::merits::Decision;
use sigma_store::merits::template::{self, NewTemplate};

use crate::support::merits::Issuer;
use crate::support::{Answer, World, text};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and then the picture";

async fn world() -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let world = World::with(move |settings| {
        settings.passwords.memory_kib = 64;
        settings.objects.folder = path;
        settings.merits.upload_mebibytes_per_day = 30;
    });
    (world.await, folder)
}

async fn request(issuer: &Issuer<'_>, kind: &str, content_type: &str, size: usize) -> Answer {
    let body = json!({"attachmentType": kind, "contentType": content_type, "fileSize": size});
    issuer.post("/v2/request_upload_url", &body).await
}

async fn put(world: &World, url: &str, body: &[u8]) -> Answer {
    let path = url.strip_prefix("https://id.example.org").unwrap();
    let length = body.len().to_string();
    world.send(Request::put(path).header("content-length", length).body(Body::from(body.to_vec())).unwrap()).await
}

#[tokio::test]
async fn an_attachment_is_uploaded_once_with_exactly_the_announced_size_and_type() {
    let (world, _folder) = world().await;
    let bakery = world.issuer("bakery").await;
    for (kind, content_type, size) in [
        ("Sounds", "audio/mpeg", 10),
        ("Photos", "image/svg+xml", 10),
        ("Photos", "application/pdf", 10),
        ("Documents", "video/mp4", 10),
        ("Photos", "image/png", 0),
        ("Videos", "video/mp4", 200 << 20),
    ] {
        let refused = request(&bakery, kind, content_type, size).await;
        assert_eq!(refused.merits_error(), "400 invalid_attachment", "{kind} {content_type} {size}");
    }
    let permitted = request(&bakery, "Photo", "image/png", PNG.len()).await.json();
    let url = text(&permitted, "uploadUrl");
    let script = b"<script>alert(document.domain)</script>";
    assert_eq!(put(&world, url, &PNG[1..]).await.merits_error(), "400 invalid_attachment", "too short");
    assert_eq!(put(&world, url, &[PNG, b"x"].concat()).await.merits_error(), "400 invalid_attachment", "too long");
    let mut same_size = script.to_vec();
    same_size.resize(PNG.len(), b' ');
    assert_eq!(put(&world, url, &same_size).await.merits_error(), "400 invalid_attachment", "a PNG that is a script");
    // Without a declared length it is counted.
    let path = url.strip_prefix("https://id.example.org").unwrap();
    let pieces: Vec<Result<&[u8], std::io::Error>> = vec![Ok(&PNG[..4]), Ok(&PNG[4..]), Ok(b"more")];
    let streamed = Request::put(path).body(Body::from_stream(futures_util::stream::iter(pieces))).unwrap();
    assert_eq!(world.send(streamed).await.merits_error(), "400 invalid_attachment");
    assert_eq!(put(&world, url, PNG).await.status, 200);
    assert_eq!(put(&world, url, PNG).await.merits_error(), "404 NotFound", "used");
    assert_eq!(put(&world, "https://id.example.org/attachments/uploads/x", PNG).await.merits_error(), "404 NotFound");
    let late = request(&bakery, "Photo", "image/png", PNG.len()).await.json();
    world.advance(3_601);
    assert_eq!(put(&world, text(&late, "uploadUrl"), PNG).await.merits_error(), "404 NotFound", "expired");
}

#[tokio::test]
async fn of_two_uploads_at_once_the_second_does_not_replace_what_the_first_has_stored() {
    let (world, _folder) = world().await;
    let bakery = world.issuer("bakery").await;
    let permitted = request(&bakery, "Photo", "image/png", PNG.len()).await.json();
    let url = text(&permitted, "uploadUrl");
    let path = url.strip_prefix("https://id.example.org").unwrap();
    let (send, receive) = tokio::sync::mpsc::unbounded_channel::<Vec<u8>>();
    let pieces = futures_util::stream::unfold(receive, |mut receive| async move {
        receive.recv().await.map(|piece| (Ok::<_, std::io::Error>(piece), receive))
    });
    send.send(PNG[..4].to_vec()).unwrap();
    let slow = world.send(Request::put(path).body(Body::from_stream(pieces)).unwrap());
    let meanwhile = async {
        // The slow one was found to be permitted by now, and waits for the rest.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(put(&world, url, PNG).await.status, 200);
        let mut other = PNG.to_vec();
        *other.last_mut().unwrap() = b'!';
        send.send(other[4..].to_vec()).unwrap();
        drop(send);
    };
    let (slow, ()) = futures_util::future::join(slow, meanwhile).await;
    assert_eq!(slow.merits_error(), "404 NotFound");
    let (template, field) = (bakery.template("Baker", false).await, bakery.field("Cake", "Photos").await);
    let path = format!("/v2/merittemplates/{template}/fields/{field}");
    assert_eq!(bakery.post(&path, &json!({"newEnabled": true})).await.status, 200);
    let body = json!({
        "recipientEmail": "ada@example.org", "meritTemplateId": template, "recipientName": "Ada",
        "fieldValues": [{"fieldId": field, "value": [permitted["attachmentId"]]}],
    });
    let merit = bakery.post("/v2/merits/send", &body).await.json();
    let url = text(&merit["fieldValues"][0]["attachments"][0], "url")
        .strip_prefix("https://id.example.org")
        .unwrap()
        .to_owned();
    let served = world.send(Request::get(url).body(Body::empty()).unwrap()).await;
    assert!(served.body.ends_with("picture"), "{}", served.body);
}

/// How many files are in a folder, at any depth.
fn files(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn a_template_that_is_refused_leaves_no_picture_behind() {
    let (world, folder) = world().await;
    let bakery = world.issuer("bakery").await;
    let mut photo = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(64, 64).write_to(&mut photo, image::ImageFormat::Png).unwrap();
    let photo = photo.into_inner();
    let permitted = request(&bakery, "Photo", "image/png", photo.len()).await.json();
    assert_eq!(put(&world, text(&permitted, "uploadUrl"), &photo).await.status, 200);
    let (org, now, rng) = (bakery.org.clone(), world.now(), std::sync::Arc::clone(&world.sigma.rng));
    let fill = move |tx: &mut dyn sigma_store::Tx| -> Decision<()> {
        for _ in 0..template::MOST_TEMPLATES {
            let id = MeritTemplateId::new(now, &*rng);
            let (title, description) = ("Full".to_owned(), "Full".to_owned());
            let new = NewTemplate { id, title, description, once: false, cover: None };
            template::add(tx, &org, &Actor::Operator, &new, now)?;
        }
        Ok(())
    };
    world.sigma.store.decide(fill).await.unwrap();
    let before = files(folder.path());
    let body = json!({
        "orgId": bakery.org.digits(), "title": "One more", "description": "A badge",
        "coverPhoto": permitted["attachmentId"],
    });
    assert_eq!(bakery.post("/v2/merittemplates", &body).await.merits_error(), "400 invalid_request");
    assert_eq!(files(folder.path()), before);
}

/// A merit with an uploaded picture.
async fn merit_with_picture(issuer: &Issuer<'_>) -> Value {
    let (template, field) = (issuer.template("Baker", false).await, issuer.field("Cake", "Photos").await);
    let path = format!("/v2/merittemplates/{template}/fields/{field}");
    assert_eq!(issuer.post(&path, &json!({"newEnabled": true, "newRequired": false})).await.status, 200);
    let permitted = request(issuer, "Photos", "image/png", PNG.len()).await.json();
    let body = |id: &str| {
        json!({
            "recipientEmail": "ada@example.org", "meritTemplateId": template, "recipientName": "Ada",
            "fieldValues": [{"fieldId": field, "value": [id]}],
        })
    };
    let id = text(&permitted, "attachmentId");
    let early = issuer.post("/v2/merits/send", &body(id)).await;
    assert_eq!(early.merits_error(), "400 invalid_request", "before it was uploaded");
    assert_eq!(put(issuer.world, text(&permitted, "uploadUrl"), PNG).await.status, 200);
    let unknown = issuer.post("/v2/merits/send", &body("000000000000000000000009")).await;
    assert_eq!(unknown.merits_error(), "404 NotFound");
    let sent = issuer.post("/v2/merits/send", &body(id)).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    sent.json()
}

#[tokio::test]
async fn an_attachment_is_served_by_a_signed_address_for_five_minutes_as_a_sandboxed_download() {
    let (world, _folder) = world().await;
    let bakery = world.issuer("bakery").await;
    let merit = merit_with_picture(&bakery).await;
    let file = &merit["fieldValues"][0]["attachments"][0];
    assert_eq!(file["id"], merit["fieldValues"][0]["value"][0]);
    let url = text(file, "url").strip_prefix("https://id.example.org").unwrap().to_owned();
    let get = async |path: &str| world.send(Request::get(path).body(Body::empty()).unwrap()).await;
    let answer = get(&url).await;
    assert_eq!((answer.status.as_u16(), answer.body.len() >= PNG.len()), (200, true));
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.header("content-disposition").starts_with("attachment; filename="));
    let (path, query) = url.split_once('?').unwrap();
    for bad in [
        path.to_owned(),
        format!("{path}?{}", query.replace("expires=", "expires=9")),
        format!("{path}?{query}x"),
        format!("{path}?{query}&expires=1"),
        url.replace(bakery.org.digits(), "000000000000000000000009"),
    ] {
        assert!([400, 404].contains(&get(&bad).await.status.as_u16()), "{bad}");
    }
    world.advance(361);
    assert_eq!(get(&url).await.status, 404, "expired");
}

#[tokio::test]
async fn attachments_of_another_org_are_not_found_and_an_orgs_uploads_are_limited() {
    let (world, _folder) = world().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let merit = merit_with_picture(&bakery).await;
    let id = merit["fieldValues"][0]["value"][0].clone();
    let (template, field) = (harbour.template("Sailor", false).await, harbour.field("Boat", "Photos").await);
    let path = format!("/v2/merittemplates/{template}/fields/{field}");
    assert_eq!(harbour.post(&path, &json!({"newEnabled": true, "newRequired": false})).await.status, 200);
    let body = json!({
        "recipientEmail": "ada@example.org", "meritTemplateId": template, "recipientName": "Ada",
        "fieldValues": [{"fieldId": field, "value": [id]}],
    });
    assert_eq!(harbour.post("/v2/merits/send", &body).await.merits_error(), "404 NotFound");
    assert_eq!(request(&bakery, "Photos", "image/png", 20 << 20).await.status, 200);
    let refused = request(&bakery, "Photos", "image/png", 20 << 20).await;
    assert_eq!(refused.merits_error(), "429 AppRateLimit");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(request(&harbour, "Photos", "image/png", 20 << 20).await.status, 200);
}

#[tokio::test]
async fn a_large_attachment_is_stored_piece_by_piece() {
    let (world, _folder) = world().await;
    let bakery = world.issuer("bakery").await;
    let size = 12 << 20;
    let permitted = request(&bakery, "Videos", "video/mp4", size).await.json();
    let mut film = b"\0\0\0\x18ftypmp42".to_vec();
    film.resize(size, 7);
    let url = text(&permitted, "uploadUrl").to_owned();
    let path = url.strip_prefix("https://id.example.org").unwrap();
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> = film.chunks(100_000).map(|piece| Ok(piece.to_vec())).collect();
    let upload = Request::put(path)
        .header("content-length", size.to_string())
        .body(Body::from_stream(futures_util::stream::iter(pieces)))
        .unwrap();
    assert_eq!(world.send(upload).await.status, 200);
    let id = text(&permitted, "attachmentId");
    let name = format!("attachments/{}/{id}", bakery.org.digits());
    let stored = world.sigma.brands.objects.open(&name).await.unwrap().unwrap();
    assert_eq!(stored.size, u64::try_from(size).unwrap());
}

#[tokio::test]
async fn the_cover_of_a_template_is_an_uploaded_photo_encoded_anew() {
    let (world, _folder) = world().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let mut photo = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(600, 400).write_to(&mut photo, image::ImageFormat::Png).unwrap();
    let photo = photo.into_inner();
    let upload = async |bytes: &[u8]| {
        let permitted = request(&bakery, "Photos", "image/png", bytes.len()).await.json();
        assert_eq!(put(&world, text(&permitted, "uploadUrl"), bytes).await.status, 200);
        text(&permitted, "attachmentId").to_owned()
    };
    let body = |org: &Issuer<'_>, photo: &str| json!({"orgId": org.org.digits(), "title": "Baker", "description": "D", "coverPhoto": photo});
    let (good, damaged) = (upload(&photo).await, upload(PNG).await);
    let made = bakery.post("/v2/merittemplates", &body(&bakery, &good)).await.json();
    let url = text(&made, "coverPhotoUrl").strip_prefix("https://id.example.org").unwrap().to_owned();
    let shown = world.send(Request::get(url).body(Body::empty()).unwrap()).await;
    assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, "image/jpeg"));
    for (org, photo, error) in [
        (&bakery, damaged.as_str(), "400 invalid_attachment"),
        (&bakery, "000000000000000000000009", "404 NotFound"),
        (&bakery, "x", "400 invalid_id"),
        (&harbour, good.as_str(), "404 NotFound"),
    ] {
        assert_eq!(org.post("/v2/merittemplates", &body(org, photo)).await.merits_error(), error, "{photo}");
    }
}
