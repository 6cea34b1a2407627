//! PostgreSQL.
use crate::error::OpenError;
use crate::feed::{Feed, Source};
use crate::store::{ChangeIds, Engine, StoreOptions};
use std::sync::Arc;

pub(crate) fn start(
    _: &StoreOptions,
    _: &Arc<Feed>,
    _: &Arc<ChangeIds>,
) -> Result<(Engine, Box<dyn Source>), OpenError> {
    Err(OpenError::Address("not yet".to_owned()))
}
