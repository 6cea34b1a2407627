//! QR codes of addresses.

use fast_qr::QRBuilder;
use fast_qr::convert::svg::SvgBuilder;
use sigma_platform::http::ApiError;

/// The address as an SVG.
pub fn svg(address: &str) -> Result<String, ApiError> {
    let code = QRBuilder::new(address.as_bytes()).build();
    let code = code.map_err(|_| ApiError::internal("a QR code that is too long"))?;
    Ok(SvgBuilder::default().to_str(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dark modules of an SVG made of `M{x},{y}h1v1h-1` paths, as a picture with four pixels for each.
    fn pixels(svg: &str) -> (usize, Vec<bool>) {
        let size = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse::<usize>().unwrap();
        let mut dark = vec![false; size * size];
        for step in svg.split('M').skip(1) {
            let Some((place, _)) = step.split_once('h') else { continue };
            let Some((x, y)) = place.split_once(',') else { continue };
            if let (Ok(x), Ok(y)) = (x.parse::<usize>(), y.parse::<usize>()) {
                dark[y * size + x] = true;
            }
        }
        (size, dark)
    }

    #[test]
    fn a_scanner_reads_the_address_back() {
        let address = "https://id.example.org/merits/0123456789abcdef01234567/89abcdef0123456789abcdef";
        let (size, dark) = pixels(&svg(address).unwrap());
        assert!(dark.iter().filter(|module| **module).count() > 200);
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(size * 4, size * 4, |x, y| {
            if dark[(y / 4) * size + x / 4] { 0 } else { 255 }
        });
        let grids = picture.detect_grids();
        assert_eq!(grids.len(), 1);
        assert_eq!(grids[0].decode().unwrap().1, address);
    }
}
