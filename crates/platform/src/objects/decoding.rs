//! Decodes images that somebody uploaded, within limits.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

/// The largest width and height, in pixels.
const LARGEST_SIDE: u32 = 4_096;
/// Memory for decoding, in bytes.
const LARGEST_IMAGE: u64 = 128 * 1024 * 1024;

/// Why a file is not accepted as an image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The file is too large.
    #[error("the file is larger than {0} KiB")]
    TooLarge(usize),
    /// By its content, the file is none of the accepted formats.
    #[error("the file is not a PNG, JPEG, WebP or GIF image")]
    Format,
    /// The image is damaged, or larger than 4096 pixels.
    #[error("the image cannot be read: {0}")]
    Image(#[from] image::ImageError),
}

/// The image in a file of at most `largest` bytes, whatever its name says, the right way up. Of an animation the first
/// picture.
pub(super) fn decode(file: &[u8], largest: usize) -> Result<DynamicImage, ImageError> {
    if file.len() > largest {
        return Err(ImageError::TooLarge(largest / 1024));
    }
    let format = image::guess_format(file).map_err(|_| ImageError::Format)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif) {
        return Err(ImageError::Format);
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
    Ok(image)
}
