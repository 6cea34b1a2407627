//! Files on the pages of an org: attachments of a merit that an admin sends, and pictures of templates; and their end.

use std::path::Path;

use http::StatusCode;
use sigma_core::ids::OrgId;
use sigma_store::merits::template;

use crate::merits_org_pages::{at, bakery, merits, template};
use crate::support::{Answer, Browser, TestOrg, World};

const PDF: &[u8] = b"%PDF-1.7 and then the document";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and then the picture";

async fn world_with_folder() -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let world = World::with(move |settings| {
        settings.passwords.memory_kib = 64;
        settings.objects.folder = path;
        settings.merits.upload_mebibytes_per_day = 30;
    });
    (world.await, folder)
}

/// How many files there are below a folder.
fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

fn picture(side: u32) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::from_pixel(side, side, image::Rgba([200, 80, 20, 255]))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    png.into_inner()
}

/// Adds a field to a template; the name of its input.
async fn field(browser: &Browser<'_>, org: &TestOrg<'_>, template: &str, name: &str, kind: &str) -> String {
    let page = at(org, &format!("templates/{template}"));
    let before = own_fields(&browser.get(&page).await);
    let added = browser.post_form(&format!("{page}/fields"), &[("name", name), ("kind", kind)]).await;
    assert_eq!(added.location(), format!("{page}?done=field"), "{}", added.body);
    let added = own_fields(&browser.get(&page).await).into_iter().find(|field| !before.contains(field)).unwrap();
    format!("field_{}", added.trim_start_matches("fld_"))
}

fn own_fields(page: &Answer) -> Vec<String> {
    let ids = page.body.split("/fields/").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    ids.filter(|id| !id.contains("00000000000000000000")).collect()
}

async fn covers(world: &World, org: &OrgId, id: &str) -> Option<String> {
    let (org, id) = (org.clone(), sigma_core::ids::MeritTemplateId::parse(id).unwrap());
    world.sigma.store.read(move |tx| template::find(tx, &org, &id)).await.unwrap().unwrap().cover
}

#[tokio::test]
async fn an_admin_sends_a_merit_with_files_which_recipient_and_org_can_download() {
    let (world, folder) = world_with_folder().await;
    let (bakery, ada) = bakery(&world).await;
    let id = template(&world, &ada, &bakery, "Baker", false).await;
    let document = field(&ada, &bakery, &id, "Diploma", "Documents").await;
    let photo = field(&ada, &bakery, &id, "Cake", "Photos").await;
    let page = ada.get(&at(&bakery, &format!("send?template={id}"))).await;
    for part in ["multipart/form-data", "/send/files\"", &document, &photo, "type=\"file\""] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let path = at(&bakery, "send/files");
    let form = [("template", id.as_str()), ("email", "ben@example.org"), ("first_name", "Ben"), ("how", "send")];

    // What is no document, no photo, too much for a field, or for no field, is refused, and nothing is sent.
    let script = b"<script>alert(document.domain)</script>";
    let many: Vec<_> = (0..21).map(|_| (photo.as_str(), "cake.png", PNG)).collect();
    for wrong in [
        vec![(document.as_str(), "diploma.pdf", &script[..])],
        vec![(photo.as_str(), "cake.png", PDF)],
        vec![(photo.as_str(), "cake.png", &b"\x89PNG"[..])],
        vec![("field_000000000000000000000009", "cake.png", PNG)],
        vec![("first_name", "cake.png", PNG)],
        many,
    ] {
        world.tick();
        let refused = ada.upload_all(&path, &form, &wrong).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
        assert!(refused.notice().starts_with("Not done"), "{}", refused.body);
        assert!(refused.body.contains("ben@example.org"), "what was entered stays");
    }
    for broken in ["/send/files", "/send/files?x"] {
        let plain = ada.post_form(&format!("/org/{}{broken}", bakery.org), &form).await;
        assert_eq!(plain.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    assert!(merits(&ada.get(&at(&bakery, "sent")).await).is_empty());

    // A file that came with a form which was refused need not be chosen again.
    world.tick();
    let bad = [form[0], ("email", "nobody"), form[2], form[3]];
    let refused =
        ada.upload_all(&path, &bad, &[(document.as_str(), "diploma.pdf", PDF), (photo.as_str(), "", &b""[..])]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("1 file was uploaded already"), "{}", refused.body);
    let kept = document.replace("field_", "kept_");
    let value = refused.body.split(&format!("name=\"{kept}\" value=\"")).nth(1).unwrap().split('"').next().unwrap();
    let good = [&form[..], &[(kept.as_str(), value)]].concat();
    world.tick();
    let sent = ada.upload_all(&path, &good, &[(photo.as_str(), "a.png", PNG), (photo.as_str(), "b.png", PNG)]).await;
    assert_eq!(sent.location(), at(&bakery, "sent?done=sent"), "{}", sent.body);

    let merit = merits(&ada.get(&at(&bakery, "sent")).await).remove(0);
    world.person("ben@example.org").await;
    let ben = world.entered("ben@example.org").await;
    for (browser, path) in [(&ada, merit.as_str()), (&ben, "/account/merits")] {
        let page = browser.get(path).await;
        let links: Vec<_> = page.body.split("href=\"https://id.example.org/attachments/").skip(1).collect();
        assert_eq!(links.len(), 3, "{path}: {}", page.body);
        let link = links[0].split('"').next().unwrap().replace("&#38;", "&");
        let file = world.browser().get(&format!("/attachments/{link}")).await;
        assert_eq!(file.status, StatusCode::OK, "{link}");
        assert!(file.header("content-disposition").starts_with("attachment"));
    }
    // Editing leaves them as they are.
    world.tick();
    assert_eq!(ada.post_form(&merit, &[]).await.location(), format!("{merit}?done=saved"));
    assert_eq!(ada.get(&merit).await.body.matches("/attachments/").count(), 3);
    world.advance(25 * 3_600);
    world.run_job("attachments").await;
    assert_eq!(files(folder.path()), 3, "what a merit names stays");
}

#[tokio::test]
async fn files_of_a_page_count_against_what_the_org_may_upload_a_day() {
    let (world, folder) = world_with_folder().await;
    let (bakery, ada) = bakery(&world).await;
    let id = template(&world, &ada, &bakery, "Baker", false).await;
    let film = field(&ada, &bakery, &id, "Film", "Videos").await;
    let photo = field(&ada, &bakery, &id, "Cake", "Photos").await;
    let form = [("template", id.as_str()), ("email", "ben@example.org"), ("first_name", "Ben"), ("how", "send")];
    let path = at(&bakery, "send/files");
    let mut large = b"\0\0\0\x18ftypmp42\0\0\0\0".to_vec();
    large.resize(20 << 20, 7);
    let mut too_large = PNG.to_vec();
    too_large.resize((20 << 20) + 1, 7);
    let refused = ada.upload_all(&path, &form, &[(photo.as_str(), "cake.png", too_large.as_slice())]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
    assert!(refused.notice().contains("too large"), "{}", refused.notice());
    let sent = ada.upload_all(&path, &form, &[(film.as_str(), "film.mp4", large.as_slice())]).await;
    assert_eq!(sent.location(), at(&bakery, "sent?done=sent"), "{}", sent.body);
    world.tick();
    let refused = ada.upload_all(&path, &form, &[(film.as_str(), "film.mp4", large.as_slice())]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
    assert_eq!(merits(&ada.get(&at(&bakery, "sent")).await).len(), 1);
    world.run_job("attachments").await;
    assert_eq!(files(folder.path()), 1, "what was refused is deleted");
}

#[tokio::test]
async fn a_template_has_a_picture_that_was_encoded_anew_and_loses_it() {
    let (world, folder) = world_with_folder().await;
    let (bakery, ada) = bakery(&world).await;
    let id = template(&world, &ada, &bakery, "Baker", false).await;
    let page = at(&bakery, &format!("templates/{id}"));
    let path = format!("{page}/cover");
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    for file in [&b""[..], svg, b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", b"GIF89a"] {
        let refused = ada.upload(&path, &[], ("cover", "cover.png", file)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
        assert!(!refused.notice().is_empty());
    }
    let large = ada.upload(&path, &[], ("cover", "cover.png", &vec![0; 3_000_000])).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let other = world.verified_org("Other").await;
    other.add("zoe@example.org", &other.admin).await;
    let zoe = world.entered("zoe@example.org").await;
    let foreign =
        zoe.upload(&at(&other, &format!("templates/{id}/cover")), &[], ("cover", "c.png", &picture(40))).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);

    let set = ada.upload(&path, &[], ("cover", "cover.png", &picture(600))).await;
    assert_eq!(set.location(), format!("{page}?done=cover"), "{}", set.body);
    let shown = ada.get(&page).await.body;
    let url = shown.split("src=\"/pictures/").nth(1).expect("a picture").split('"').next().unwrap();
    let jpeg = ada.get(&format!("/pictures/{url}")).await;
    assert_eq!((jpeg.status, jpeg.header("content-type")), (StatusCode::OK, "image/jpeg"));
    world.run_job("template_pictures").await;
    assert_eq!(files(folder.path()), 3, "three sizes, and nothing of what was refused");

    let first = covers(&world, &bakery.org, &id).await;
    ada.upload(&path, &[], ("cover", "cover.png", &picture(50))).await;
    assert_ne!(covers(&world, &bakery.org, &id).await, first);
    world.run_job("template_pictures").await;
    assert_eq!(files(folder.path()), 3, "the former one is deleted");
    let removed = ada.post_form(&format!("{path}/remove"), &[]).await;
    assert_eq!(removed.location(), format!("{page}?done=no-cover"));
    assert!(!ada.get(&page).await.body.contains("/pictures/"));
    world.run_job("template_pictures").await;
    assert_eq!(files(folder.path()), 0);
}

#[tokio::test]
async fn pictures_and_files_of_a_removed_org_are_deleted_from_the_objects() {
    let (world, folder) = world_with_folder().await;
    let (bakery, ada) = bakery(&world).await;
    let other = world.verified_org("Other").await;
    other.add("zoe@example.org", &other.admin).await;
    let zoe = world.entered("zoe@example.org").await;
    for (org, browser) in [(&bakery, &ada), (&other, &zoe)] {
        let id = template(&world, browser, org, "Baker", false).await;
        let document = field(browser, org, &id, "Diploma", "Documents").await;
        let cover = at(org, &format!("templates/{id}/cover"));
        browser.upload(&cover, &[], ("cover", "cover.png", &picture(40))).await;
        let form = [("template", id.as_str()), ("email", "ben@example.org"), ("first_name", "Ben"), ("how", "send")];
        let sent = browser.upload_all(&at(org, "send/files"), &form, &[(document.as_str(), "diploma.pdf", PDF)]).await;
        assert_eq!(sent.location(), at(org, "sent?done=sent"), "{}", sent.body);
        world.tick();
    }
    assert_eq!(files(folder.path()), 8);
    bakery.remove().await;
    for job in ["remove_workspace", "attachments", "template_pictures"] {
        world.run_job(job).await;
    }
    assert_eq!(files(folder.path()), 4, "those of another org stay");
    assert_eq!(ada.get(&at(&bakery, "sent")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(zoe.get(&at(&other, "sent")).await.status, StatusCode::OK);
    let rows = world.sigma.store.read(|tx| {
        let count = |row: Option<sigma_store::Row>| row.map_or(Ok(0), |row| row.int(0));
        let pictures = count(tx.query_opt("SELECT count(*) FROM merit_pictures", &[])?)?;
        Ok(pictures + count(tx.query_opt("SELECT count(*) FROM merit_attachments", &[])?)?)
    });
    assert_eq!(rows.await.unwrap(), 2);
}

#[tokio::test]
async fn logos_that_were_replaced_or_whose_org_is_gone_are_deleted_from_the_objects() {
    let (world, folder) = world_with_folder().await;
    let (bakery, ada) = bakery(&world).await;
    let upload = async |side: u32| {
        let set = ada.upload(&at(&bakery, "branding/logo"), &[], ("logo", "logo.png", &picture(side))).await;
        assert_eq!(set.location(), at(&bakery, "branding?done=saved"), "{}", set.body);
    };
    upload(40).await;
    upload(50).await;
    assert_eq!(files(folder.path()), 2);
    world.run_job("unused_logos").await;
    assert_eq!(files(folder.path()), 1, "the former one is deleted");
    let page = ada.get(&at(&bakery, "profile")).await.body;
    let shown = page.split("src=\"/logos/").nth(1).expect("a logo").split('"').next().unwrap().to_owned();
    assert_eq!(world.browser().get(&format!("/logos/{shown}")).await.status, StatusCode::OK);
    bakery.remove().await;
    world.run_job("remove_workspace").await;
    world.run_job("unused_logos").await;
    assert_eq!(files(folder.path()), 0);
}

#[tokio::test]
async fn an_admin_changes_the_files_of_a_merit_on_its_page_and_its_holder_sees_its_picture() {
    let (world, folder) = world_with_folder().await;
    let (bakery, ada) = bakery(&world).await;
    let id = template(&world, &ada, &bakery, "Baker", false).await;
    let document = field(&ada, &bakery, &id, "Diploma", "Documents").await;
    let photo = field(&ada, &bakery, &id, "Cake", "Photos").await;
    let note = field(&ada, &bakery, &id, "Note", "ShortText").await;
    let form = [("template", id.as_str()), ("email", "ben@example.org"), ("first_name", "Ben"), ("how", "send")];
    let files_sent =
        [(document.as_str(), "diploma.pdf", PDF), (photo.as_str(), "a.png", PNG), (photo.as_str(), "b.png", PNG)];
    ada.upload_all(&at(&bakery, "send/files"), &form, &files_sent).await;
    let merit = merits(&ada.get(&at(&bakery, "sent")).await).remove(0);
    let path = format!("{merit}/files");
    let page = ada.get(&merit).await;
    assert!(page.body.contains(&format!("action=\"{path}\" enctype=\"multipart/form-data\"")), "{}", page.body);
    let kept = |page: &Answer, field: &str| -> Vec<String> {
        let name = format!("name=\"{}\" value=\"", field.replace("field_", "kept_"));
        page.body.split(&name).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let (diplomas, cakes) = (kept(&page, &document), kept(&page, &photo));
    assert_eq!((diplomas.len(), cakes.len()), (1, 2));
    let (kept_document, kept_photo) = (document.replace("field_", "kept_"), photo.replace("field_", "kept_"));

    // One is kept, one is taken out, one is added; the others stay as the form says.
    world.tick();
    let fields = [(kept_photo.as_str(), cakes[0].as_str()), (kept_document.as_str(), diplomas[0].as_str())];
    let text = [(note.as_str(), "well done")];
    let saved = ada.upload_all(&path, &[&fields[..], &text].concat(), &[(photo.as_str(), "c.png", PNG)]).await;
    assert_eq!(saved.location(), format!("{merit}?done=saved"), "{}", saved.body);
    let page = ada.get(&merit).await;
    let now = kept(&page, &photo);
    assert_eq!((now.len(), &now[0], kept(&page, &document)), (2, &cakes[0], diplomas.clone()));
    assert!(!now.contains(&cakes[1]) && page.body.contains("well done"));

    // A file that is none, one of another org or kind, and a form that is none change nothing.
    let other = world.verified_org("Other").await;
    other.add("zoe@example.org", &other.admin).await;
    let zoe = world.entered("zoe@example.org").await;
    let their_template = template(&world, &zoe, &other, "Theirs", false).await;
    let their_photo = field(&zoe, &other, &their_template, "Cake", "Photos").await;
    let their_form =
        [("template", their_template.as_str()), ("email", "ben@example.org"), ("first_name", "Ben"), ("how", "send")];
    zoe.upload_all(&at(&other, "send/files"), &their_form, &[(their_photo.as_str(), "a.png", PNG)]).await;
    let theirs = merits(&zoe.get(&at(&other, "sent")).await).remove(0);
    let foreign = kept(&zoe.get(&theirs).await, &their_photo).remove(0);
    for (fields, status) in [
        (vec![(kept_photo.as_str(), foreign.as_str())], StatusCode::NOT_FOUND),
        (vec![(kept_photo.as_str(), diplomas[0].as_str())], StatusCode::BAD_REQUEST),
    ] {
        world.tick();
        let refused = ada.upload_all(&path, &fields, &[]).await;
        assert_eq!(refused.status, status, "{}", refused.body);
    }
    let script = ada.upload_all(&path, &fields, &[(photo.as_str(), "x.png", &b"<script>alert(1)</script>"[..])]).await;
    assert_eq!(script.status, StatusCode::BAD_REQUEST, "{}", script.body);
    assert_eq!(ada.post_form(&path, &[]).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let at_theirs = format!("/org/{}/merits/{}/files", other.org, merit.rsplit('/').next().unwrap());
    for stranger in [zoe.upload_all(&at_theirs, &fields, &[]).await, zoe.upload_all(&path, &fields, &[]).await] {
        assert_eq!(stranger.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(kept(&ada.get(&merit).await, &photo), now);

    // What no merit names any more is deleted; a form without any file leaves none.
    world.tick();
    let all = ada.upload_all(&path, &[(note.as_str(), "")], &[]).await;
    assert_eq!(all.location(), format!("{merit}?done=saved"), "{}", all.body);
    world.run_job("attachments").await;
    assert_eq!(files(folder.path()), 1, "the file of the other org");

    // The picture of the template is on both pages.
    let cover = at(&bakery, &format!("templates/{id}/cover"));
    ada.upload(&cover, &[], ("cover", "cover.png", &picture(40))).await;
    let page = ada.get(&merit).await.body;
    assert!(page.contains("src=\"/pictures/") && page.contains(&format!("/templates/{id}#cover-title")), "{page}");
    world.person("ben@example.org").await;
    let ben = world.entered("ben@example.org").await;
    assert!(ben.get("/account/merits").await.body.contains("class=\"merit-cover\" src=\"/pictures/"));
}
