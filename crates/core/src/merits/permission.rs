//! Permissions: what members let apps see, and what orgs let apps do.

use std::collections::BTreeSet;
use std::fmt;

use super::problem::{MeritProblem, RequestFault};
use crate::ids::OrgId;

/// Most orgs in one grant.
pub const MOST_ORGS: usize = 20;

/// A permission as it is asked for: `{permissionType, orgId?}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedPermission<'a> {
    /// `permissionType`.
    pub name: &'a str,
    /// `orgId`.
    pub org_id: Option<&'a str>,
}

/// What a member lets an app see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MemberPermissions {
    /// `CanViewPublicProfile`: name and primary address.
    pub profile: bool,
    /// `CanViewAllStandardMerits`: merits from any org.
    pub all_merits: bool,
    /// `CanViewAllStandardMeritsFromOrg`: merits from these orgs. Those from the app's own org and the linked one are implied.
    pub orgs: BTreeSet<OrgId>,
}

/// The names on the wire.
const PROFILE: &str = "CanViewPublicProfile";
const ALL_MERITS: &str = "CanViewAllStandardMerits";
const MERITS_FROM_ORG: &str = "CanViewAllStandardMeritsFromOrg";

impl MemberPermissions {
    /// The permissions that a request names. `CanViewAllStandardMeritsFromOrg` without an org means the own one, which is
    /// implied.
    ///
    /// # Errors
    /// [`MeritProblem`]
    pub fn parse(requested: &[RequestedPermission<'_>]) -> Result<Self, MeritProblem> {
        if requested.is_empty() || requested.len() > MOST_ORGS + 2 {
            return Err(RequestFault::Permissions.into());
        }
        let mut found = Self::default();
        for permission in requested {
            match (permission.name, permission.org_id) {
                (PROFILE, _) => found.profile = true,
                (ALL_MERITS, _) => found.all_merits = true,
                (MERITS_FROM_ORG, None | Some("")) => {}
                (MERITS_FROM_ORG, Some(id)) => {
                    found.orgs.insert(OrgId::parse(id).ok_or(MeritProblem::InvalidId)?);
                }
                _ => return Err(RequestFault::Permission.into()),
            }
        }
        if found.orgs.len() > MOST_ORGS { Err(RequestFault::Permissions.into()) } else { Ok(found) }
    }

    /// Whether these contain all of `other`.
    pub fn covers(&self, other: &Self) -> bool {
        (self.profile || !other.profile)
            && (self.all_merits || !other.all_merits)
            && (self.all_merits || other.orgs.is_subset(&self.orgs))
    }

    /// Whether merits of `org` are shown; `implied` are the app's own org and the linked one.
    pub fn shows_merits_of(&self, org: &OrgId, implied: [&OrgId; 2]) -> bool {
        self.all_merits || self.orgs.contains(org) || implied.contains(&org)
    }

    /// The names on the wire, with the org where there is one.
    pub fn names(&self) -> Vec<(&'static str, Option<&OrgId>)> {
        let mut names = Vec::new();
        if self.profile {
            names.push((PROFILE, None));
        }
        if self.all_merits {
            names.push((ALL_MERITS, None));
        }
        names.extend(self.orgs.iter().map(|org| (MERITS_FROM_ORG, Some(org))));
        names
    }

    /// The stored form.
    pub fn to_stored(&self) -> String {
        self.to_string()
    }

    /// The stored permissions; `None` if some are unknown.
    pub fn from_stored(text: &str) -> Option<Self> {
        let mut found = Self::default();
        for part in text.split_ascii_whitespace() {
            match part {
                "profile" => found.profile = true,
                "merits" => found.all_merits = true,
                org => {
                    found.orgs.insert(OrgId::parse(org)?);
                }
            }
        }
        Some(found)
    }
}

impl fmt::Display for MemberPermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.profile, "profile"), (self.all_merits, "merits")];
        let words = words.into_iter().filter(|(set, _)| *set).map(|(_, word)| word);
        let parts: Vec<&str> = words.chain(self.orgs.iter().map(OrgId::as_str)).collect();
        f.write_str(&parts.join(" "))
    }
}

/// What an org lets an app do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrgPermission {
    /// Everything.
    ManageOrg,
    /// Change the profile of the org.
    EditOrg,
    /// Create and change templates and fields.
    ManageTemplates,
    /// Send merits, see and change sent ones, and approve proposed ones.
    Send,
    /// Propose merits.
    Propose,
}

impl OrgPermission {
    /// Every permission, in listing order.
    pub const ALL: [Self; 5] = [Self::ManageOrg, Self::EditOrg, Self::ManageTemplates, Self::Send, Self::Propose];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ManageOrg => "CanManageOrg",
            Self::EditOrg => "CanEditOrg",
            Self::ManageTemplates => "CanManageAllMeritTemplates",
            Self::Send => "CanSendAllMeritTemplates",
            Self::Propose => "CanProposeAllMeritTemplates",
        }
    }

    /// The permission with this exact name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == name)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::ManageOrg => 1,
            Self::EditOrg => 2,
            Self::ManageTemplates => 4,
            Self::Send => 8,
            Self::Propose => 16,
        }
    }
}

/// A set of org permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OrgPermissions(u8);

impl OrgPermissions {
    /// None.
    pub const NONE: Self = Self(0);
    /// Those of an app for the org that owns it.
    pub const OWNER: Self = Self(31);

    /// The permissions that a request names.
    ///
    /// # Errors
    /// [`MeritProblem`]
    pub fn parse(requested: &[RequestedPermission<'_>]) -> Result<Self, MeritProblem> {
        if requested.is_empty() || requested.len() > MOST_ORGS + 2 {
            return Err(RequestFault::Permissions.into());
        }
        requested
            .iter()
            .map(|permission| OrgPermission::parse(permission.name).ok_or_else(|| RequestFault::Permission.into()))
            .collect()
    }

    /// This set plus `permission`.
    #[must_use]
    pub const fn with(self, permission: OrgPermission) -> Self {
        Self(self.0 | permission.bit())
    }

    /// Whether `permission` was granted by itself.
    pub const fn contains(self, permission: OrgPermission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether the set allows what `needed` allows: whoever manages the org may do everything, and whoever sends may propose.
    pub const fn allows(self, needed: OrgPermission) -> bool {
        self.contains(OrgPermission::ManageOrg)
            || self.contains(needed)
            || (matches!(needed, OrgPermission::Propose) && self.contains(OrgPermission::Send))
    }

    /// Whether these allow all of `other`.
    pub fn covers(self, other: Self) -> bool {
        other.iter().all(|permission| self.allows(permission))
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The permissions, in listing order.
    pub fn iter(self) -> impl Iterator<Item = OrgPermission> {
        OrgPermission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }

    /// The stored form.
    pub fn bits(self) -> i64 {
        i64::from(self.0)
    }

    /// The stored set; `None` if it contains unknown permissions.
    pub fn from_bits(bits: i64) -> Option<Self> {
        u8::try_from(bits).ok().filter(|bits| bits & !Self::OWNER.0 == 0).map(Self)
    }
}

impl FromIterator<OrgPermission> for OrgPermissions {
    fn from_iter<I: IntoIterator<Item = OrgPermission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask<'a>(name: &'a str, org_id: Option<&'a str>) -> RequestedPermission<'a> {
        RequestedPermission { name, org_id }
    }

    const ORG: &str = "0123456789abcdef01234567";

    fn any_member() -> impl Strategy<Value = MemberPermissions> {
        let orgs = proptest::collection::btree_set("[0-9a-f]{24}", 0..4);
        (any::<bool>(), any::<bool>(), orgs).prop_map(|(profile, all_merits, orgs)| MemberPermissions {
            profile,
            all_merits,
            orgs: orgs.iter().filter_map(|id| OrgId::parse(id)).collect(),
        })
    }

    #[test]
    fn requested_permissions_are_read() {
        let found = MemberPermissions::parse(&[ask(PROFILE, None), ask(MERITS_FROM_ORG, Some(ORG))]).unwrap();
        assert!(found.profile && !found.all_merits && found.orgs.contains(&OrgId::parse(ORG).unwrap()));
        let own = MemberPermissions::parse(&[ask(MERITS_FROM_ORG, None)]).unwrap();
        assert_eq!(own, MemberPermissions::default());
        for (bad, problem) in [
            (vec![], MeritProblem::from(RequestFault::Permissions)),
            (vec![ask("CanEverything", None)], RequestFault::Permission.into()),
            (vec![ask("CanManageOrg", None)], RequestFault::Permission.into()),
            (vec![ask(MERITS_FROM_ORG, Some("x"))], MeritProblem::InvalidId),
        ] {
            assert_eq!(MemberPermissions::parse(&bad), Err(problem));
        }
        let org = OrgPermissions::parse(&[ask("CanSendAllMeritTemplates", None)]).unwrap();
        assert!(org.allows(OrgPermission::Propose) && !org.allows(OrgPermission::EditOrg));
        assert_eq!(OrgPermissions::parse(&[ask(PROFILE, None)]), Err(RequestFault::Permission.into()));
        assert!(OrgPermissions::NONE.with(OrgPermission::ManageOrg).covers(OrgPermissions::OWNER));
    }

    #[test]
    fn a_grant_shows_the_own_and_the_linked_org_and_what_it_names() {
        let org = |digit: &str| OrgId::parse(&digit.repeat(24)).unwrap();
        let (own, linked, named, other) = (org("1"), org("2"), org("3"), org("4"));
        let grant = MemberPermissions { orgs: [named.clone()].into(), ..MemberPermissions::default() };
        let shows = |org: &OrgId| grant.shows_merits_of(org, [&own, &linked]);
        assert!(shows(&own) && shows(&linked) && shows(&named) && !shows(&other));
    }

    proptest! {
        #[test]
        fn stored_permissions_round_trip(found in any_member()) {
            prop_assert_eq!(MemberPermissions::from_stored(&found.to_stored()), Some(found));
        }

        #[test]
        fn covering_is_an_order(one in any_member(), two in any_member(), three in any_member()) {
            prop_assert!(one.covers(&one) && one.covers(&MemberPermissions::default()));
            prop_assert!(!(one.covers(&two) && two.covers(&three)) || one.covers(&three));
        }

        #[test]
        fn nothing_is_shown_beyond_a_covering_grant(one in any_member(), two in any_member(), org in "[0-9a-f]{24}") {
            let (org, own) = (OrgId::parse(&org).unwrap(), OrgId::operator());
            if one.covers(&two) && two.shows_merits_of(&org, [&own, &own]) {
                prop_assert!(one.shows_merits_of(&org, [&own, &own]));
            }
        }

        #[test]
        fn stored_org_permissions_round_trip(bits in 0_i64..40) {
            if let Some(set) = OrgPermissions::from_bits(bits) {
                prop_assert_eq!(set.bits(), bits);
                prop_assert_eq!(set.iter().collect::<OrgPermissions>(), set);
            } else {
                prop_assert!(bits > 31);
            }
        }
    }
}
