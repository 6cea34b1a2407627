//! Attachments: uploaded exactly as announced, served as downloads that can do nothing.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::ids::{MeritTemplateId, UserId};
use sigma_core::merits::{Move, OrgPermission, OrgPermissions};
use sigma_core::scope::Scopes;
use sigma_store::email::EmailProof;
use sigma_store::merits::template::{self, NewTemplate};
use sigma_store::merits::{Decision, link};

use crate::support::merits::Issuer;
use crate::support::{Answer, World, ada, text};

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

/// Takes the link of `issuer`'s app with `org` back.
async fn unlink(world: &World, issuer: &Issuer<'_>) {
    let (org, app, now) = (issuer.org.clone(), issuer.app.id.clone(), world.now());
    let remove = move |tx: &mut dyn sigma_store::Tx| link::remove(tx, &org, &app, &Actor::Operator, now);
    world.sigma.store.decide(remove).await.unwrap();
    world.tick();
}

async fn remove_org(world: &World, issuer: &Issuer<'_>) {
    let org = issuer.org.clone();
    let remove = move |tx: &mut dyn sigma_store::Tx| {
        let sql = "UPDATE orgs SET removed_at = created_at WHERE id = $1";
        tx.execute(sql, sigma_store::params![&org])
    };
    world.sigma.store.write(remove).await.unwrap();
}

const EVERYTHING: OrgPermissions = OrgPermissions::NONE.with(OrgPermission::ManageOrg);

#[tokio::test]
async fn an_address_for_uploads_ends_with_the_right_of_its_app() {
    let (world, _folder) = world().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let address = async |issuer: &Issuer<'_>| {
        let permitted = request(issuer, "Photo", "image/png", PNG.len()).await;
        text(&permitted.json(), "uploadUrl").to_owned()
    };
    let linked = async || {
        world.link(&bakery.app, &harbour.org, EVERYTHING).await;
        harbour.through(&bakery.app).await
    };
    let through = linked().await;
    assert_eq!(put(&world, &address(&through).await, PNG).await.status, 200);

    let url = address(&through).await;
    unlink(&world, &through).await;
    assert_eq!(put(&world, &url, PNG).await.merits_error(), "404 NotFound", "unlinked");
    let through = linked().await;
    assert_eq!(put(&world, &url, PNG).await.merits_error(), "404 NotFound", "linked anew, with a right that is new");

    let url = address(&through).await;
    world.link(&bakery.app, &harbour.org, OrgPermissions::NONE.with(OrgPermission::EditOrg)).await;
    assert_eq!(put(&world, &url, PNG).await.merits_error(), "404 NotFound", "it may do less");

    let url = address(&bakery).await;
    let other = url.replace(bakery.app.id.digits(), harbour.app.id.digits());
    assert_eq!(put(&world, &other, PNG).await.merits_error(), "404 NotFound", "another app's name");
    let later = url.replace(".0.", ".1.");
    assert_ne!(later, url);
    assert_eq!(put(&world, &later, PNG).await.merits_error(), "404 NotFound", "another link");
    world.change_app("bakery", |app| app.secret = Some(Digest::of("another"))).await;
    assert_eq!(put(&world, &url, PNG).await.merits_error(), "404 NotFound", "its secret was replaced");
    world.change_app("bakery", |app| app.secret = bakery.app.secret).await;
    world.change_app("bakery", |app| app.disabled = true).await;
    assert_eq!(put(&world, &url, PNG).await.merits_error(), "404 NotFound", "it is switched off");
    world.change_app("bakery", |app| app.disabled = false).await;
    assert_eq!(put(&world, &url, PNG).await.status, 200, "nothing of it is used up by what was refused");

    let url = address(&harbour).await;
    remove_org(&world, &harbour).await;
    assert_eq!(put(&world, &url, PNG).await.merits_error(), "404 NotFound", "the org was removed");
}

#[tokio::test]
async fn an_upload_in_progress_is_refused_when_its_app_is_unlinked() {
    let (world, folder) = world().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    world.link(&bakery.app, &harbour.org, EVERYTHING).await;
    let through = harbour.through(&bakery.app).await;
    let asked = request(&through, "Photo", "image/png", PNG.len()).await.json();
    let path = text(&asked, "uploadUrl").strip_prefix("https://id.example.org").unwrap().to_owned();
    let (permitted, is_read) = tokio::sync::oneshot::channel();
    let (go_on, rest) = tokio::sync::oneshot::channel();
    let pieces = futures_util::stream::once(async {
        // Nothing is read before the upload was found to be permitted.
        permitted.send(()).unwrap();
        rest.await.unwrap();
        Ok::<_, std::io::Error>(PNG)
    });
    let slow = world.send(Request::put(path).body(Body::from_stream(pieces)).unwrap());
    let meanwhile = async {
        is_read.await.unwrap();
        unlink(&world, &through).await;
        go_on.send(()).unwrap();
    };
    let (slow, ()) = futures_util::future::join(slow, meanwhile).await;
    assert_eq!(slow.merits_error(), "404 NotFound");
    assert_eq!(files(folder.path()), 0, "nothing of it is kept");
}

#[tokio::test]
async fn an_address_of_an_attachment_ends_with_the_right_of_its_reader() {
    let (world, _folder) = world().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let browser = ada(&world).await;
    let session = browser.get("/api/auth/get-session").await.json();
    let user = UserId::from_text(text(&session["user"], "id"));
    world.db_set_email(&user, "ada@example.org", EmailProof::Verified).await;
    let merit = merit_with_picture(&harbour).await;
    let merit = text(&merit, "id").to_owned();
    world.answer(&user, &harbour.org, &merit, Move::Accept).await.unwrap();
    let path_of = |merit: &Value| {
        let url = text(&merit["fieldValues"][0]["attachments"][0], "url");
        url.strip_prefix("https://id.example.org").unwrap().to_owned()
    };
    let get = async |path: &str| world.send(Request::get(path).body(Body::empty()).unwrap()).await.status.as_u16();
    let ask = json!([{"permissionType": "CanViewAllStandardMerits"}]);
    let members = format!("/v2/members/{}/merits", user.digits());

    // An app that acts for the issuer.
    world.link(&bakery.app, &harbour.org, EVERYTHING).await;
    let through = harbour.through(&bakery.app).await;
    let shown = format!("/v2/orgs/{}/merits/{merit}", harbour.org.digits());
    let by_link = path_of(&through.get(&shown).await.json());
    assert_eq!(get(&by_link).await, 200);
    for (from, to) in [(bakery.app.id.digits(), harbour.app.id.digits()), ("&for=", "&by="), ("&for=", "&for=x.y.z")] {
        assert!([400, 404].contains(&get(&by_link.replacen(from, to, 1)).await), "{from} {to}");
    }

    // One that the member lets see it.
    bakery.agreed(&user, &ask).await;
    let by_consent = path_of(&bakery.get(&members).await.json()["merits"][0]);
    assert_eq!((get(&by_consent).await, get(&by_link).await), (200, 200));
    let consent = bakery.get(&format!("/v2/members/{}/access_merit", user.digits())).await.json();
    world.answer(&user, &bakery.org, text(&consent, "id"), Move::Forfeit).await.unwrap();
    assert_eq!((get(&by_consent).await, get(&by_link).await), (404, 200), "the consent was withdrawn");
    unlink(&world, &through).await;
    assert_eq!(get(&by_link).await, 404, "unlinked");

    // The pages that are kept never show an address that has ended.
    bakery.agreed(&user, &ask).await;
    let before = path_of(&bakery.get(&members).await.json()["merits"][0]);
    world.change_app("bakery", |app| app.secret = Some(Digest::of("another"))).await;
    assert_eq!(get(&before).await, 404, "the app's secret was replaced");
    world.change_app("bakery", |app| app.secret = bakery.app.secret).await;
    let again = path_of(&bakery.get(&members).await.json()["merits"][0]);
    assert_eq!(get(&again).await, 200);

    // An app with an access token, and the member.
    world.change_app("playground", |app| app.scopes = Scopes::parse("openid merits")).await;
    let tokens = browser.tokens("openid merits").await;
    let page = world.get_with_token("/api/merits", text(&tokens, "access_token")).await.json();
    let (by_grant, own) = (path_of(&page["merits"][0]), path_of(&browser.get("/api/merits").await.json()["merits"][0]));
    assert_eq!((get(&by_grant).await, get(&own).await), (200, 200));
    world.change_app("playground", |app| app.disabled = true).await;
    assert_eq!((get(&by_grant).await, get(&own).await), (404, 200));

    // What the issuer takes back is not for those who were let see it.
    assert_eq!(harbour.post(&format!("/v2/merits/{merit}/revoke"), &json!({})).await.status, 200);
    assert_eq!(get(&again).await, 404, "the merit was revoked");
    assert_eq!(get(&path_of(&harbour.get(&shown).await.json())).await, 200, "its issuer still reads it");
}

#[tokio::test]
async fn a_file_that_was_taken_out_of_its_merit_is_served_no_more() {
    let (world, _folder) = world().await;
    let bakery = world.issuer("bakery").await;
    let merit = merit_with_picture(&bakery).await;
    let url = text(&merit["fieldValues"][0]["attachments"][0], "url").strip_prefix("https://id.example.org").unwrap();
    let get = async || world.send(Request::get(url).body(Body::empty()).unwrap()).await.status.as_u16();
    assert_eq!(get().await, 200);
    let path = format!("/v2/merits/{}", text(&merit, "id"));
    let taken = json!({"fieldValues": [{"fieldId": merit["fieldValues"][0]["fieldId"], "value": null}]});
    let answer = bakery.post(&path, &taken).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(get().await, 404);
}
