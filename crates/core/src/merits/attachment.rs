//! Attachments: files in the fields of merits.

use super::field::FieldType;
use super::problem::AttachmentFault;

/// The largest attachment, in bytes.
pub const LARGEST_ATTACHMENT: u64 = 100 * 1024 * 1024;
/// The largest picture, in bytes.
const LARGEST_PHOTO: u64 = 20 * 1024 * 1024;

/// The kind of an attachment: that of the field which holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttachmentKind {
    /// PDF files.
    Documents,
    /// Pictures.
    Photos,
    /// Films.
    Videos,
}

impl AttachmentKind {
    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documents => "Documents",
            Self::Photos => "Photos",
            Self::Videos => "Videos",
        }
    }

    /// The kind with this name, in the plural or singular.
    ///
    /// # Errors
    /// [`AttachmentFault::Kind`]
    pub fn parse(name: &str) -> Result<Self, AttachmentFault> {
        [Self::Documents, Self::Photos, Self::Videos]
            .into_iter()
            .find(|kind| kind.as_str() == name || kind.as_str().strip_suffix('s') == Some(name))
            .ok_or(AttachmentFault::Kind)
    }

    /// The kind that a field of that type holds.
    pub const fn of_field(kind: FieldType) -> Option<Self> {
        match kind {
            FieldType::Documents => Some(Self::Documents),
            FieldType::Photos => Some(Self::Photos),
            FieldType::Videos => Some(Self::Videos),
            _ => None,
        }
    }
}

/// What an attachment contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentType {
    /// `application/pdf`.
    Pdf,
    /// `image/png`.
    Png,
    /// `image/jpeg`.
    Jpeg,
    /// `image/gif`.
    Gif,
    /// `video/mp4`.
    Mp4,
    /// `video/quicktime`.
    QuickTime,
}

impl ContentType {
    /// Every type.
    pub const ALL: [Self; 6] = [Self::Pdf, Self::Png, Self::Jpeg, Self::Gif, Self::Mp4, Self::QuickTime];

    /// The media type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Mp4 => "video/mp4",
            Self::QuickTime => "video/quicktime",
        }
    }

    /// The type of that media type, without parameters.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text.trim()))
    }

    const fn kind(self) -> AttachmentKind {
        match self {
            Self::Pdf => AttachmentKind::Documents,
            Self::Png | Self::Jpeg | Self::Gif => AttachmentKind::Photos,
            Self::Mp4 | Self::QuickTime => AttachmentKind::Videos,
        }
    }

    /// Whether an attachment of that kind, type and size in bytes may be uploaded.
    ///
    /// # Errors
    /// [`AttachmentFault`]
    pub const fn permit(self, kind: AttachmentKind, size: u64) -> Result<(), AttachmentFault> {
        let largest = match kind {
            AttachmentKind::Photos => LARGEST_PHOTO,
            AttachmentKind::Documents | AttachmentKind::Videos => LARGEST_ATTACHMENT,
        };
        let fits = matches!(
            (self.kind(), kind),
            (AttachmentKind::Documents | AttachmentKind::Photos, AttachmentKind::Documents)
                | (AttachmentKind::Photos, AttachmentKind::Photos)
                | (AttachmentKind::Videos, AttachmentKind::Videos)
        );
        if !fits {
            return Err(AttachmentFault::ContentType);
        }
        if size == 0 || size > largest { Err(AttachmentFault::Size) } else { Ok(()) }
    }

    /// The type of a file of that kind, by its first 16 bytes.
    pub fn of_content(kind: AttachmentKind, content: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.permit(kind, 1).is_ok() && known.matches(content))
    }

    /// Whether `content`, of which the first 16 bytes suffice, begins as this type does.
    pub fn matches(self, content: &[u8]) -> bool {
        let box_type = content.get(4..8);
        match self {
            Self::Pdf => content.starts_with(b"%PDF-"),
            Self::Png => content.starts_with(b"\x89PNG\r\n\x1a\n"),
            Self::Jpeg => content.starts_with(b"\xff\xd8\xff"),
            Self::Gif => content.starts_with(b"GIF87a") || content.starts_with(b"GIF89a"),
            Self::Mp4 => box_type == Some(b"ftyp") && content.get(8..12) != Some(b"qt  "),
            Self::QuickTime => match box_type {
                Some(b"ftyp") => content.get(8..12) == Some(b"qt  "),
                other => [Some(b"moov".as_slice()), Some(b"mdat"), Some(b"wide"), Some(b"free")].contains(&other),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_taken_in_the_plural_and_singular() {
        assert_eq!(AttachmentKind::parse("Photos"), Ok(AttachmentKind::Photos));
        assert_eq!(AttachmentKind::parse("Photo"), Ok(AttachmentKind::Photos));
        assert_eq!(AttachmentKind::parse("photo"), Err(AttachmentFault::Kind));
        assert_eq!(AttachmentKind::parse("Photoss"), Err(AttachmentFault::Kind));
    }

    #[test]
    fn an_attachment_is_of_its_kind_and_size() {
        assert_eq!(ContentType::Png.permit(AttachmentKind::Photos, 1), Ok(()));
        assert_eq!(ContentType::Png.permit(AttachmentKind::Documents, 1), Ok(()));
        assert_eq!(ContentType::Pdf.permit(AttachmentKind::Photos, 1), Err(AttachmentFault::ContentType));
        assert_eq!(ContentType::Mp4.permit(AttachmentKind::Documents, 1), Err(AttachmentFault::ContentType));
        assert_eq!(ContentType::Pdf.permit(AttachmentKind::Documents, 0), Err(AttachmentFault::Size));
        let large = LARGEST_ATTACHMENT + 1;
        assert_eq!(ContentType::Mp4.permit(AttachmentKind::Videos, large), Err(AttachmentFault::Size));
    }

    #[test]
    fn a_script_is_no_picture() {
        for kind in ContentType::ALL {
            for script in [b"<script>alert(1)</script>".as_slice(), b"#!/bin/sh", b"<svg onload=alert(1)>", b"", b"%PD"]
            {
                assert!(!kind.matches(script), "{kind:?}");
            }
            assert_eq!(ContentType::parse(kind.as_str()), Some(kind));
        }
        assert!(ContentType::Mp4.matches(b"\0\0\0\x18ftypisom\0\0\0\0"));
        assert!(!ContentType::Mp4.matches(b"\0\0\0\x14ftypqt  \0\0\0\0"));
        assert!(ContentType::QuickTime.matches(b"\0\0\0\x14ftypqt  \0\0\0\0"));
        assert_eq!(ContentType::parse("image/svg+xml"), None);
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\0\0\0\0\0";
        assert_eq!(ContentType::of_content(AttachmentKind::Photos, png), Some(ContentType::Png));
        assert_eq!(ContentType::of_content(AttachmentKind::Documents, png), Some(ContentType::Png));
        assert_eq!(ContentType::of_content(AttachmentKind::Videos, png), None);
    }
}
