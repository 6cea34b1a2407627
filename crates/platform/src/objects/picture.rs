//! Pictures of people: decoded, cut to a square and encoded anew in three sizes, without any metadata.

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, RgbImage, Rgba, RgbaImage};
use sigma_core::random::{Rng, bytes};

use super::decoding::{Budget, ImageError, decode};
use super::{LARGEST, Logo, ObjectError, Objects};

/// The largest file, in KiB: photographs of phones have a few MB.
pub const LARGEST_PICTURE_KIB: u16 = 5 * 1024;
/// The same in bytes.
const LARGEST_FILE: usize = 5 * 1024 * 1024;
/// The sides of the squares that are kept, in pixels, largest first.
const SIDES: [u32; 3] = [512, 128, 48];
/// Qualities of the encoding: the first that makes a file small enough.
const QUALITIES: [u8; 3] = [85, 60, 30];
/// Uploads that may wait for their turn.
const MOST_WAITING: usize = 8;
/// Letters of an id.
const ID_LENGTH: usize = 32;

/// Why a picture is not stored.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file is no image that we take.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Too many others are being decoded.
    #[error("too many pictures at once")]
    Busy,
    /// The objects cannot be stored.
    #[error(transparent)]
    Store(#[from] ObjectError),
    /// Decoding failed in an unforeseen way.
    #[error("{0}")]
    Failed(String),
}

/// The name of one size of a picture. It is chosen at random, so that it can be deleted although somebody else uploaded the same
/// picture, and two identities with the same picture have nothing in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureName(String);

impl PictureName {
    /// A new id.
    pub fn new_id(rng: &dyn Rng) -> String {
        format!("{:032x}", u128::from_be_bytes(bytes(rng)))
    }

    /// The name of the largest size.
    pub fn largest(id: &str) -> String {
        named(id, SIDES[0])
    }

    /// The name of the size that lists show.
    pub fn smaller(id: &str) -> String {
        named(id, SIDES[1])
    }

    /// Parses the name of an object.
    pub fn parse(name: &str) -> Option<Self> {
        let (id, side) = name.strip_suffix(".jpg")?.split_once('-')?;
        let is_id =
            id.len() == ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let is_size = SIDES.iter().any(|known| known.to_string() == side);
        (is_id && is_size).then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn named(id: &str, side: u32) -> String {
    format!("{id}-{side}.jpg")
}

impl Objects {
    /// Stores the picture in `file` as `id`, in all sizes.
    ///
    /// # Errors
    /// [`PictureError`]
    pub async fn add_picture(&self, id: &str, file: Bytes) -> Result<(), PictureError> {
        let _waiting = self.waiting_pictures.try_acquire().map_err(|_| PictureError::Busy)?;
        for (side, jpeg) in self.in_turn(move || read(&file)).await? {
            self.put(&named(id, side), jpeg).await?;
        }
        Ok(())
    }

    /// Stores the logo in `file`; returns its name.
    ///
    /// # Errors
    /// [`PictureError`]
    pub async fn add_logo(&self, file: impl AsRef<[u8]> + Send + 'static) -> Result<String, PictureError> {
        let logo = self.read_logo(file).await?;
        self.put(&logo.name, logo.png).await?;
        Ok(logo.name)
    }

    /// The logo in `file`, which is not stored yet.
    ///
    /// # Errors
    /// [`PictureError`]
    pub async fn read_logo(&self, file: impl AsRef<[u8]> + Send + 'static) -> Result<Logo, PictureError> {
        let _waiting = self.waiting_pictures.try_acquire().map_err(|_| PictureError::Busy)?;
        self.in_turn(move || Logo::read(file.as_ref())).await
    }

    /// Decodes an image, not on a thread that serves connections. One is decoded at a time: each may take 256 MiB for a moment.
    async fn in_turn<T: Send + 'static>(
        &self,
        decode: impl FnOnce() -> Result<T, ImageError> + Send + 'static,
    ) -> Result<T, PictureError> {
        let _turn = self.picture_turn.acquire().await.map_err(|_| PictureError::Busy)?;
        let decoded = tokio::task::spawn_blocking(decode).await;
        Ok(decoded.map_err(|error| PictureError::Failed(error.to_string()))??)
    }

    /// Deletes all sizes of a picture.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn remove_picture(&self, id: &str) -> Result<(), ObjectError> {
        for side in SIDES {
            self.remove(&named(id, side)).await?;
        }
        Ok(())
    }
}

/// How many uploads may be in progress, and how many of them are decoded at once.
pub(super) const TURNS: (usize, usize) = (MOST_WAITING, 1);

/// The picture in a file, in all sizes.
fn read(file: &[u8]) -> Result<Vec<(u32, Bytes)>, ImageError> {
    let image = decode(file, LARGEST_FILE, SIDES[0], Budget::PHOTOGRAPH)?;
    let largest = SIDES[0].min(image.width().min(image.height()).max(1));
    let square = on_white(&image.resize_to_fill(largest, largest, FilterType::Triangle).into_rgba8());
    let mut encoded = Vec::new();
    for side in SIDES {
        let sized = if side < largest { square.resize_exact(side, side, FilterType::Triangle) } else { square.clone() };
        encoded.push((side, encode(&sized)?));
    }
    Ok(encoded)
}

/// What is transparent becomes white: pictures of people rarely are, and JPEG is a tenth of the size of PNG.
fn on_white(image: &RgbaImage) -> DynamicImage {
    let blend = |part: u8, alpha: u8| {
        let (part, alpha) = (u32::from(part), u32::from(alpha));
        u8::try_from((part * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
    };
    let mut flat = RgbImage::new(image.width(), image.height());
    for (to, from) in flat.pixels_mut().zip(image.pixels()) {
        let Rgba([red, green, blue, alpha]) = *from;
        to.0 = [blend(red, alpha), blend(green, alpha), blend(blue, alpha)];
    }
    flat.into()
}

fn encode(image: &DynamicImage) -> Result<Bytes, ImageError> {
    for quality in QUALITIES {
        let mut jpeg = Vec::new();
        image.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, quality))?;
        if jpeg.len() <= LARGEST {
            return Ok(jpeg.into());
        }
    }
    Err(ImageError::TooLarge(LARGEST / 1024))
}
