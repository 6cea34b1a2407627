//! What an org may have at most, where the operator decided so for this org.

use std::collections::BTreeMap;

use thiserror::Error;

/// Something that an org has only so many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrgQuota {
    /// Members and open invitations.
    Members,
    /// API keys, active or not.
    ApiKeys,
    /// Webhooks.
    Webhooks,
    /// Merits that it sends a day.
    MeritsPerDay,
    /// MiB of attachments that it uploads a day.
    UploadMebibytesPerDay,
}

impl OrgQuota {
    /// Every quota, in the order in which they are shown.
    pub const ALL: [Self; 5] =
        [Self::Members, Self::ApiKeys, Self::Webhooks, Self::MeritsPerDay, Self::UploadMebibytesPerDay];

    /// The name on the wire, in files and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::ApiKeys => "api_keys",
            Self::Webhooks => "webhooks",
            Self::MeritsPerDay => "merits_per_day",
            Self::UploadMebibytesPerDay => "upload_mebibytes_per_day",
        }
    }

    /// The quota of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quota| quota.as_str() == name)
    }

    /// The most that may be given.
    pub const fn ceiling(self) -> u32 {
        match self {
            Self::Members | Self::MeritsPerDay => 100_000_000,
            // Keys are listed, and ended with their makers, as a whole.
            Self::ApiKeys => 500,
            Self::Webhooks => 1_000,
            Self::UploadMebibytesPerDay => 1_048_576,
        }
    }
}

/// The quotas of an org that are its own; for the others the rule of the server holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgQuotas(BTreeMap<OrgQuota, u32>);

impl OrgQuotas {
    /// What the org may have by a quota of its own.
    pub fn own(&self, quota: OrgQuota) -> Option<u32> {
        self.0.get(&quota).copied()
    }

    /// Every quota, with what the org may have by one of its own.
    pub fn all(&self) -> BTreeMap<&'static str, Option<u32>> {
        OrgQuota::ALL.into_iter().map(|quota| (quota.as_str(), self.own(quota))).collect()
    }

    /// The quotas after a change.
    #[must_use]
    pub fn changed(&self, change: &QuotaChange) -> Self {
        let mut quotas = self.0.clone();
        for (quota, most) in &change.0 {
            match most {
                Some(most) => quotas.insert(*quota, *most),
                None => quotas.remove(quota),
            };
        }
        Self(quotas)
    }
}

impl FromIterator<(OrgQuota, u32)> for OrgQuotas {
    fn from_iter<I: IntoIterator<Item = (OrgQuota, u32)>>(quotas: I) -> Self {
        Self(quotas.into_iter().collect())
    }
}

/// A change of quotas, checked; those that it does not name stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaChange(BTreeMap<OrgQuota, Option<u32>>);

impl QuotaChange {
    /// The change that gives an org those quotas by name: `None` stands for the rule of the server.
    ///
    /// # Errors
    /// A name that is not known, or more than may be given.
    pub fn new<'n>(named: impl IntoIterator<Item = (&'n str, Option<u64>)>) -> Result<Self, QuotaProblem> {
        let mut change = BTreeMap::new();
        for (name, most) in named {
            let quota = OrgQuota::parse(name).ok_or_else(|| QuotaProblem::Unknown(name.chars().take(40).collect()))?;
            let most = most.map(|most| {
                let fits = u32::try_from(most).ok().filter(|most| *most <= quota.ceiling());
                fits.ok_or(QuotaProblem::TooMuch(quota))
            });
            change.insert(quota, most.transpose()?);
        }
        Ok(Self(change))
    }

    /// What it names.
    pub fn entries(&self) -> impl Iterator<Item = (OrgQuota, Option<u32>)> {
        self.0.iter().map(|(quota, most)| (*quota, *most))
    }

    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why quotas are refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QuotaProblem {
    /// There is no such quota.
    #[error("\"{0}\" is no quota; there are members, api_keys, webhooks, merits_per_day and upload_mebibytes_per_day")]
    Unknown(String),
    /// More than anybody may have.
    #[error("{} is at most {}", .0.as_str(), .0.ceiling())]
    TooMuch(OrgQuota),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_changed_by_name_within_their_ceilings() {
        let change = QuotaChange::new([("members", Some(0)), ("api_keys", Some(500))]).unwrap();
        let quotas = OrgQuotas::default().changed(&change);
        assert_eq!((quotas.own(OrgQuota::Members), quotas.own(OrgQuota::ApiKeys)), (Some(0), Some(500)));
        let quotas = quotas.changed(&QuotaChange::new([("members", None), ("webhooks", None)]).unwrap());
        assert_eq!(quotas, OrgQuotas::from_iter([(OrgQuota::ApiKeys, 500)]));
        for quota in OrgQuota::ALL {
            assert_eq!(OrgQuota::parse(quota.as_str()), Some(quota));
            let most = u64::from(quota.ceiling());
            assert!(QuotaChange::new([(quota.as_str(), Some(most))]).is_ok());
            for more in [most + 1, u64::MAX] {
                assert_eq!(QuotaChange::new([(quota.as_str(), Some(more))]), Err(QuotaProblem::TooMuch(quota)));
            }
            let words = QuotaChange::new([("apps", None)]).unwrap_err().to_string();
            assert!(words.contains(quota.as_str()), "{words}");
        }
    }
}
