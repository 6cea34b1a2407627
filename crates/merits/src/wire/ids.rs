//! Ids in paths and bodies: 24 hex digits, with or without the prefix that other surfaces show.

use sigma_core::ids::{AttachmentId, FieldId, MeritId, MeritTemplateId, OrgId, UserId};
use sigma_core::merits::MeritProblem;

/// An id that callers write.
pub trait WireId: Sized {
    /// Parses it.
    fn read(text: &str) -> Option<Self>;
}

macro_rules! wire {
    ($($id:ident),*) => {
        $(impl WireId for $id {
            fn read(text: &str) -> Option<Self> {
                Self::parse(text)
            }
        })*
    };
}

wire!(AttachmentId, FieldId, MeritId, MeritTemplateId, OrgId, UserId);

/// The id that `text` shows.
///
/// # Errors
/// `invalid_id`
pub fn id<T: WireId>(text: &str) -> Result<T, MeritProblem> {
    T::read(text).ok_or(MeritProblem::InvalidId)
}
