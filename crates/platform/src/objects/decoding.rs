//! Decodes images that somebody uploaded, within limits.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

/// What decoding one image may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// The largest width and height, in pixels.
    side: u32,
    /// The most pixels.
    pixels: u64,
    /// Memory, in bytes.
    memory: u64,
}

impl Budget {
    /// For images of which several are decoded at once, and for formats whose decoders need a multiple of the image.
    pub(super) const SMALL: Self = Self { side: 4_096, pixels: 4_096 * 4_096, memory: 128 * 1024 * 1024 };
    /// For photographs of phones (up to 8160 × 6144 pixels), one at a time.
    pub(super) const PHOTOGRAPH: Self = Self { side: 16_384, pixels: 64_000_000, memory: 256 * 1024 * 1024 };
}

/// Why a file is not accepted as an image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The file is too large.
    #[error("the file is larger than {0} KiB")]
    TooLarge(usize),
    /// By its content, the file is none of the accepted formats.
    #[error("the file is not a PNG, JPEG, WebP or GIF image")]
    Format,
    /// The image has more pixels than are decoded.
    #[error("the image has {0} × {1} pixels, which are too many")]
    Pixels(u32, u32),
    /// The image is damaged, or wider or higher than what is decoded.
    #[error("the image cannot be read: {0}")]
    Image(#[from] image::ImageError),
}

/// The image in a file of at most `largest` bytes, whatever its name says, the right way up. Of an animation the first
/// picture. What is much larger than squares of `side` pixels is reduced to about twice that.
pub(super) fn decode(file: &[u8], largest: usize, side: u32, budget: Budget) -> Result<DynamicImage, ImageError> {
    if file.len() > largest {
        return Err(ImageError::TooLarge(largest / 1024));
    }
    let format = image::guess_format(file).map_err(|_| ImageError::Format)?;
    let budget = match format {
        ImageFormat::Png => budget,
        // A progressive one is decoded as a whole before it becomes pixels.
        ImageFormat::Jpeg if is_baseline(file) => budget,
        ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif => Budget::SMALL,
        _ => return Err(ImageError::Format),
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(budget.side);
    limits.max_image_height = Some(budget.side);
    limits.max_alloc = Some(budget.memory);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > budget.pixels {
        return Err(ImageError::Pixels(width, height));
    }
    let orientation = decoder.orientation()?;
    let mut image = reduced(DynamicImage::from_decoder(decoder)?, side.saturating_mul(2));
    image.apply_orientation(orientation);
    Ok(image)
}

/// The image so that its shorter side has at most `side` pixels: quickly and with little memory, not well. Whoever wants it
/// smaller resizes it once more.
fn reduced(image: DynamicImage, side: u32) -> DynamicImage {
    let (width, height) = (image.width(), image.height());
    let shorter = width.min(height);
    if shorter <= side || shorter == 0 {
        return image;
    }
    let scaled = |length: u32| {
        let scaled = u64::from(length) * u64::from(side) / u64::from(shorter);
        u32::try_from(scaled).unwrap_or(length).max(1)
    };
    image.thumbnail_exact(scaled(width), scaled(height))
}

/// Whether a JPEG is baseline, as cameras write them: by the first marker of a frame (ITU-T T.81 §B.1.1.3).
fn is_baseline(file: &[u8]) -> bool {
    let mut rest = file.get(2..).unwrap_or_default();
    loop {
        match rest {
            // Any marker may be preceded by fill bytes.
            [0xff, 0xff, ..] => rest = rest.get(1..).unwrap_or_default(),
            [0xff, 0xc0 | 0xc1, ..] => return true,
            // Another frame, the scan that has to follow one, or the end.
            [0xff, 0xc2 | 0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf | 0xd9 | 0xda, ..] => return false,
            [0xff, _, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                rest = rest.get(2 + length.max(2)..).unwrap_or_default();
            }
            _ => return false,
        }
    }
}
