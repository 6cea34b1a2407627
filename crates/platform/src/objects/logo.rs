//! Logos: decoded and encoded anew, so that what pages show is an image and nothing else.

use std::io::Cursor;

use bytes::Bytes;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use sigma_core::digest::Digest;

/// The largest file, in bytes.
const LARGEST_FILE: usize = 2 * 1024 * 1024;
/// The largest width and height, in pixels.
const LARGEST_SIDE: u32 = 4_096;
/// Memory for decoding, in bytes.
const LARGEST_IMAGE: u64 = 128 * 1024 * 1024;
/// The width and height of logos, in pixels, at most: four times what pages show.
const SIDE: u32 = 256;

/// Why a file cannot be a logo.
#[derive(Debug, thiserror::Error)]
pub enum LogoError {
    /// The file is too large.
    #[error("the file is larger than {} KiB", LARGEST_FILE / 1024)]
    TooLarge,
    /// By its content, the file is none of the accepted formats.
    #[error("the file is not a PNG, JPEG, WebP or GIF image")]
    Format,
    /// The image is damaged, or larger than 4096 pixels.
    #[error("the image cannot be read: {0}")]
    Image(#[from] image::ImageError),
}

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
    /// [`LogoError`]
    pub fn read(file: &[u8]) -> Result<Self, LogoError> {
        if file.len() > LARGEST_FILE {
            return Err(LogoError::TooLarge);
        }
        let format = image::guess_format(file).map_err(|_| LogoError::Format)?;
        if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif) {
            return Err(LogoError::Format);
        }
        let mut limits = Limits::default();
        limits.max_image_width = Some(LARGEST_SIDE);
        limits.max_image_height = Some(LARGEST_SIDE);
        limits.max_alloc = Some(LARGEST_IMAGE);
        let mut reader = ImageReader::with_format(Cursor::new(file), format);
        reader.limits(limits);
        let mut decoder = reader.into_decoder()?;
        let orientation = decoder.orientation()?;
        let mut image = DynamicImage::from_decoder(decoder)?;
        image.apply_orientation(orientation);
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
