use std::io::Cursor;
use std::net::Ipv4Addr;

use image::{DynamicImage, ImageFormat, RgbaImage};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

fn image(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut image = DynamicImage::from(RgbaImage::from_fn(width, height, |x, y| {
        image::Rgba([u8::try_from(x % 256).unwrap(), u8::try_from(y % 256).unwrap(), 90, 255])
    }));
    if format == ImageFormat::Jpeg {
        image = image.into_rgb8().into();
    }
    let mut file = Vec::new();
    image.write_to(&mut Cursor::new(&mut file), format).unwrap();
    file
}

#[test]
fn logos_of_four_formats_become_small_pngs() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let logo = Logo::read(&image(600, 300, format)).unwrap();
        let shown = image::load_from_memory_with_format(&logo.png, ImageFormat::Png).unwrap();
        assert_eq!((shown.width(), shown.height()), (256, 128), "{format:?}");
        assert!(Logo::is_name(&logo.name) && logo.png.len() <= LARGEST, "{format:?}");
    }
    let small = Logo::read(&image(20, 30, ImageFormat::Png)).unwrap();
    let shown = image::load_from_memory(&small.png).unwrap();
    assert_eq!((shown.width(), shown.height()), (20, 30));
}

#[test]
fn what_is_appended_to_an_image_is_not_kept() {
    let mut file = image(20, 20, ImageFormat::Png);
    file.extend(b"<script>alert(1)</script>");
    let logo = Logo::read(&file).unwrap();
    assert!(!logo.png.windows(6).any(|part| part == b"script"));
    assert_eq!(logo.name, Logo::read(&image(20, 20, ImageFormat::Png)).unwrap().name);
}

#[test]
fn a_file_that_is_no_image_or_a_bomb_is_refused() {
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    for file in [&b""[..], svg, b"GIF89a", b"BM\x00\x00", b"\x89PNG\r\n\x1a\n", b"<!doctype html>", &[0xff; 64]] {
        assert!(Logo::read(file).is_err());
    }
    assert!(matches!(Logo::read(svg), Err(ImageError::Format)));
    assert!(matches!(Logo::read(&vec![0; 3 << 20]), Err(ImageError::TooLarge(_))));
    // Few bytes that claim to be many pixels.
    let wide = image(5_000, 1, ImageFormat::Png);
    assert!(matches!(Logo::read(&wide), Err(ImageError::Image(_))));
}

#[tokio::test]
async fn pictures_become_squares_in_three_sizes_without_metadata() {
    let directory = tempfile::tempdir().unwrap();
    let objects = Objects::new(&Settings { folder: directory.path().to_owned(), s3: None }).unwrap();
    let id = "0".repeat(32);
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let mut file = image(900, 600, format);
        file.extend(b"<script>alert(1)</script>");
        objects.add_picture(&id, file.into()).await.unwrap();
        for side in [512, 128, 48] {
            let jpeg = objects.get(&format!("{id}-{side}.jpg")).await.unwrap().unwrap();
            let shown = image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap();
            assert_eq!((shown.width(), shown.height()), (side, side), "{format:?}");
            assert!(!jpeg.windows(6).any(|part| part == b"script" || part == b"Exif\0\0"));
        }
    }
    objects.add_picture(&id, image(20, 30, ImageFormat::Png).into()).await.unwrap();
    let small = image::load_from_memory(&objects.get(&format!("{id}-512.jpg")).await.unwrap().unwrap()).unwrap();
    assert_eq!((small.width(), small.height()), (20, 20), "none is enlarged");
    objects.remove_picture(&id).await.unwrap();
    objects.remove_picture(&id).await.unwrap();
    assert_eq!(objects.get(&format!("{id}-128.jpg")).await.unwrap(), None);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn photographs_of_phones_become_pictures() {
    let directory = tempfile::tempdir().unwrap();
    let objects = Objects::new(&Settings { folder: directory.path().to_owned(), s3: None }).unwrap();
    // As wide, and as high, as 50 megapixels are: those themselves take long without optimization.
    let sizes = [(8_160, 40), (40, 8_160), (16_384, 20)];
    for (size, format) in sizes.into_iter().zip([ImageFormat::Jpeg, ImageFormat::Jpeg, ImageFormat::Png]) {
        objects.add_picture("a", image(size.0, size.1, format).into()).await.unwrap();
        let kept = image::load_from_memory(&objects.get("a-512.jpg").await.unwrap().unwrap()).unwrap();
        let side = size.0.min(size.1);
        assert_eq!((kept.width(), kept.height()), (side, side));
    }
    // It is refused because nothing follows its header, and not for what that says.
    let refused = objects.add_picture("b", claiming(8_160, 6_144).into()).await;
    let Err(PictureError::Image(ImageError::Image(reason))) = refused else { panic!("{refused:?}") };
    assert!(!matches!(reason, image::ImageError::Limits(_)), "{reason}");
}

#[tokio::test]
async fn what_is_metadata_in_a_photograph_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let objects = Objects::new(&Settings { folder: directory.path().to_owned(), s3: None }).unwrap();
    let jpeg = image(64, 64, ImageFormat::Jpeg);
    // An APP1 segment behind the start of the image, as cameras write it.
    let exif = b"\xff\xe1\x00\x20Exif\0\0MM\0*\0\0\0\x08\0\0GPS 52.5N 13.4E";
    let file = [&jpeg[..2], exif, &jpeg[2..]].concat();
    objects.add_picture("a", file.into()).await.unwrap();
    let kept = objects.get("a-512.jpg").await.unwrap().unwrap();
    assert!(!kept.windows(3).any(|part| part == b"GPS"));
}

/// A small PNG whose header says that it has so many pixels.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut file = image(8, 8, ImageFormat::Png);
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    // The checksum of the header (ISO 3309), which a reader checks first.
    let checksum = file[12..29].iter().fold(u32::MAX, |checksum, byte| {
        (0..8).fold(checksum ^ u32::from(*byte), |bits, _| (bits >> 1) ^ (0xedb8_8320 * (bits & 1)))
    });
    file[29..33].copy_from_slice(&(!checksum).to_be_bytes());
    file
}

#[tokio::test]
async fn a_bomb_a_script_or_an_svg_is_no_picture() {
    let directory = tempfile::tempdir().unwrap();
    let objects = Objects::new(&Settings { folder: directory.path().to_owned(), s3: None }).unwrap();
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    // A PNG that claims to be 30,000 pixels wide and high, and a GIF of as many.
    let claimed = claiming(30_000, 30_000);
    let gif = b"GIF89a\x30\x75\x30\x75\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x30\x75\x30\x75\0\x02\x02D\x01\0;".to_vec();
    let wide = image(30_000, 1, ImageFormat::Png);
    // Each side is permitted, but not both.
    let many = claiming(10_000, 10_000);
    let refused = objects.add_picture("a", many.clone().into()).await;
    assert!(matches!(refused, Err(PictureError::Image(ImageError::Pixels(10_000, 10_000)))), "{refused:?}");
    // What is decoded as a whole before it becomes pixels: a progressive JPEG, WebP, GIF.
    let mut progressive = image(8_000, 8, ImageFormat::Jpeg);
    let frame = progressive.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    progressive[frame + 1] = 0xc2;
    let webp = image(5_000, 8, ImageFormat::WebP);
    let large = [claimed, gif, wide, many, progressive, webp];
    for file in
        large.into_iter().chain([svg.to_vec(), b"<script>".to_vec(), vec![0xff; 64], Vec::new(), vec![0; 2 << 20]])
    {
        let refused = objects.add_picture("a", file.clone().into()).await;
        assert!(matches!(refused, Err(PictureError::Image(_))), "{:?}: {refused:?}", file.get(..8));
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn names_of_pictures_are_ids_with_a_size() {
    let id = "0a".repeat(16);
    assert_eq!(PictureName::parse(&PictureName::largest(&id)).unwrap().as_str(), format!("{id}-512.jpg"));
    for bad in [
        "",
        "-512.jpg",
        &id,
        &format!("{id}-512"),
        &format!("{id}-513.jpg"),
        &format!("{}-48.jpg", "A".repeat(32)),
        "../x-48.jpg",
    ] {
        assert_eq!(PictureName::parse(bad), None, "{bad}");
    }
}

#[test]
fn names_of_logos_are_hashes() {
    let hash = "a".repeat(64);
    assert!(Logo::is_name(&format!("{hash}.png")));
    for bad in ["", ".png", "../etc/passwd", &hash, &format!("{hash}.svg"), &format!("{}.png", "A".repeat(64))] {
        assert!(!Logo::is_name(bad), "{bad}");
    }
}

#[tokio::test]
async fn objects_are_kept_in_a_folder_that_is_created_when_needed() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings { folder: directory.path().join("objects"), s3: None };
    let objects = Objects::new(&settings).unwrap();
    assert_eq!(objects.get("a.png").await.unwrap(), None);
    assert!(!settings.folder.exists());
    objects.put("a.png", Bytes::from_static(b"one")).await.unwrap();
    for objects in [objects, Objects::new(&settings).unwrap()] {
        assert_eq!(objects.get("a.png").await.unwrap().as_deref(), Some(&b"one"[..]));
        assert_eq!(objects.get("b.png").await.unwrap(), None);
    }
    let large = Bytes::from(vec![0; LARGEST + 1]);
    let objects = Objects::new(&settings).unwrap();
    assert!(matches!(objects.put("c.png", large.clone()).await, Err(ObjectError::TooLarge)));
    std::fs::write(settings.folder.join("c.png"), &large).unwrap();
    assert!(matches!(objects.get("c.png").await, Err(ObjectError::TooLarge)));
}

/// A bucket: answers whatever it is told.
async fn bucket_that_answers(answer: &'static str) -> Settings {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 8_192];
                let read = stream.read(&mut head).await.unwrap();
                let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
                assert!(head.contains(" /logos/sigma/a.png ") && head.contains("aws4-hmac-sha256"), "{head}");
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    let s3 = S3 {
        bucket: "logos".to_owned(),
        endpoint: Some(endpoint),
        region: "us-east-1".to_owned(),
        path_style: true,
        prefix: "sigma".to_owned(),
        access_key_id: SecretString::from("key"),
        secret_access_key: SecretString::from("secret"),
        session_token: None,
    };
    Settings { s3: Some(s3), ..Settings::default() }
}

#[tokio::test]
async fn objects_are_loaded_from_a_bucket() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nlast-modified: Sun, 01 Mar 2026 12:00:00 GMT\r\netag: \"e\"\r\nconnection: close\r\n\r\none";
    let objects = Objects::new(&bucket_that_answers(answer).await).unwrap();
    assert_eq!(objects.get("a.png").await.unwrap().as_deref(), Some(&b"one"[..]));
    let missing = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let objects = Objects::new(&bucket_that_answers(missing).await).unwrap();
    assert_eq!(objects.get("a.png").await.unwrap(), None);
}

#[tokio::test]
async fn a_bucket_that_cannot_be_reached_is_an_error() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut settings = bucket_that_answers("").await;
    let s3 = settings.s3.as_mut().unwrap();
    s3.endpoint = Some("http://127.0.0.1:9".to_owned());
    let objects = Objects::new(&settings).unwrap();
    assert!(objects.get("a.png").await.is_err());
    assert!(!objects.is_at_hand("a.png").await);
}

#[tokio::test]
async fn a_page_learns_whether_an_object_can_be_shown() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings { folder: directory.path().to_owned(), s3: None };
    let objects = Objects::new(&settings).unwrap();
    assert!(!objects.is_at_hand("a.png").await);
    objects.put("a.png", Bytes::from_static(b"one")).await.unwrap();
    assert!(objects.is_at_hand("a.png").await);
    assert!(Objects::new(&settings).unwrap().is_at_hand("a.png").await);
}
