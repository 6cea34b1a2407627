//! Logos: decoded and encoded anew, so that what pages show is an image and nothing else.

use std::io::Cursor;

use bytes::Bytes;
use image::{DynamicImage, ImageFormat};
use sigma_core::digest::Digest;

use super::decoding::{Budget, ImageError, decode};

/// The largest file, in bytes.
const LARGEST_FILE: usize = 2 * 1024 * 1024;
/// The width and height of logos, in pixels, at most: four times what pages show.
const SIDE: u32 = 256;

/// A logo: PNG, at most 256 pixels wide and high.
#[derive(Clone, Debug)]
pub struct Logo {
    /// The name of the object: the SHA-256 of the content in hex, and `.png`.
    pub name: String,
    /// The content.
    pub png: Bytes,
}

impl Logo {
    /// The logo in `file`, whatever its name says.
    ///
    /// # Errors
    /// [`ImageError`]
    pub fn read(file: &[u8]) -> Result<Self, ImageError> {
        let mut image = decode(file, LARGEST_FILE, SIDE, Budget::SMALL)?;
        if image.width() > SIDE || image.height() > SIDE {
            image = image.thumbnail(SIDE, SIDE);
        }
        let mut png = Vec::new();
        DynamicImage::from(image.into_rgba8()).write_to(&mut Cursor::new(&mut png), ImageFormat::Png)?;
        Ok(Self { name: format!("{}.png", Digest::of(&png).hex()), png: png.into() })
    }

    /// Whether `name` can be that of a logo.
    pub fn is_name(name: &str) -> bool {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        name.strip_suffix(".png").is_some_and(|hash| hash.len() == 64 && hash.bytes().all(is_hex))
    }
}
