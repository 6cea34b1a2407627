//! What an org may have at most: by a quota of its own, else by the settings.

use sigma_core::org::{OrgQuota, OrgQuotas};
use sigma_platform::settings::Settings;
use sigma_store::org::api_key::MOST_KEYS;

/// What an org may have.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Members and open invitations; `None` for no limit.
    pub members: Option<u32>,
    /// API keys.
    pub api_keys: u32,
    /// Webhooks.
    pub webhooks: u32,
    /// Merits sent a day.
    pub merits: u32,
    /// MiB uploaded a day.
    pub upload_mebibytes: u32,
}

impl Most {
    /// What an org with those quotas of its own may have.
    pub fn of(own: &OrgQuotas, settings: &Settings) -> Self {
        let most = |quota, otherwise: u32| own.own(quota).unwrap_or(otherwise);
        Self {
            members: own.own(OrgQuota::Members),
            api_keys: most(OrgQuota::ApiKeys, MOST_KEYS),
            webhooks: most(OrgQuota::Webhooks, settings.webhooks.per_org),
            merits: most(OrgQuota::MeritsPerDay, settings.merits.sends_per_day),
            upload_mebibytes: most(OrgQuota::UploadMebibytesPerDay, settings.merits.upload_mebibytes_per_day),
        }
    }
}
