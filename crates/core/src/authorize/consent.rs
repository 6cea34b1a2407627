//! What a user agreed to: remembered per app, identity and resource.

use std::collections::{BTreeMap, BTreeSet};

use sigma_bitcoin::BapId;

use crate::ids::OrgId;
use crate::resource::AskedResource;
use crate::scope::Scopes;

/// The consent for one app and one identity, given or wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// The server's own scopes.
    pub scope: Scopes,
    /// The resources, by URI, with the scopes agreed to for each. A resource without scopes is agreed to as well.
    pub resources: BTreeMap<String, Scopes>,
    /// The orgs that the app may see them act for.
    pub orgs: BTreeSet<OrgId>,
}

impl Consent {
    /// The consent to `scope` of the server itself, and to everything asked of `resources`.
    pub(super) fn to(scope: Scopes, resources: &[AskedResource]) -> Self {
        let named = |asked: &AskedResource| {
            let mut scopes = Scopes::default();
            asked.scopes.iter().for_each(|scope| scopes.insert(&scope.name));
            (asked.uri.clone(), scopes)
        };
        Self { scope, resources: resources.iter().map(named).collect(), orgs: BTreeSet::new() }
    }

    /// Whether this covers all of `wanted`. Consent for one resource says nothing about another, even with equal scope
    /// names.
    pub fn covers(&self, wanted: &Self) -> bool {
        let agreed = |uri: &String, scopes: &Scopes| self.resources.get(uri).is_some_and(|known| known.covers(scopes));
        self.scope.covers(&wanted.scope)
            && wanted.resources.iter().all(|(uri, scopes)| agreed(uri, scopes))
            && self.orgs.is_superset(&wanted.orgs)
    }

    /// Adds `more` to this consent.
    #[must_use]
    pub fn union(mut self, more: &Self) -> Self {
        self.scope = self.scope.union(&more.scope);
        for (uri, scopes) in &more.resources {
            let known = self.resources.entry(uri.clone()).or_default();
            *known = known.union(scopes);
        }
        self.orgs.extend(more.orgs.iter().cloned());
        self
    }
}

/// A user's consents for one app, per identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consents(Vec<(Option<BapId>, Consent)>);

impl Consents {
    /// The consent for that identity; `None` for users without one.
    pub fn of(&self, bap_id: Option<&BapId>) -> Option<&Consent> {
        self.0.iter().find(|(known, _)| known.as_ref() == bap_id).map(|(_, consent)| consent)
    }

    /// The orgs that the user let the app see them act for, as any identity.
    pub fn orgs(&self) -> BTreeSet<&OrgId> {
        self.0.iter().flat_map(|(_, consent)| &consent.orgs).collect()
    }

    /// Adds consent for an identity.
    pub fn add(&mut self, bap_id: Option<BapId>, more: &Consent) {
        match self.0.iter_mut().find(|(known, _)| *known == bap_id) {
            Some((_, consent)) => *consent = std::mem::take(consent).union(more),
            None => self.0.push((bap_id, more.clone())),
        }
    }

    /// Whether the user never consented to the app.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consent(scope: &str, resources: &[(&str, &str)]) -> Consent {
        let resources = resources.iter().map(|(uri, scopes)| ((*uri).to_owned(), Scopes::parse(scopes))).collect();
        Consent { scope: Scopes::parse(scope), resources, orgs: BTreeSet::new() }
    }

    #[test]
    fn a_new_resource_or_a_new_scope_of_one_is_not_covered() {
        let agreed = consent("openid", &[("urn:a", "read"), ("urn:b", "")]);
        for (covered, scope, resources) in [
            (true, "openid", vec![]),
            (true, "openid", vec![("urn:a", "read"), ("urn:b", "")]),
            (true, "", vec![("urn:a", "")]),
            (false, "openid", vec![("urn:c", "")]),
            (false, "openid", vec![("urn:a", "read write")]),
            (false, "openid", vec![("urn:b", "read")]),
            (false, "openid profile", vec![("urn:a", "read")]),
        ] {
            assert_eq!(agreed.covers(&consent(scope, &resources)), covered, "{scope} {resources:?}");
        }
    }

    #[test]
    fn another_org_is_not_covered() {
        let acting = |names: &[&str]| Consent {
            orgs: names.iter().map(|name| OrgId::from_text(*name)).collect(),
            ..consent("openid org", &[])
        };
        let agreed = acting(&["org_1", "org_2"]);
        assert!(agreed.covers(&acting(&["org_1"])) && agreed.covers(&acting(&[])));
        assert!(!agreed.covers(&acting(&["org_3"])));
        assert!(agreed.union(&acting(&["org_3"])).covers(&acting(&["org_1", "org_3"])));
    }

    #[test]
    fn earlier_consent_is_kept() {
        let both =
            consent("openid", &[("urn:a", "read")]).union(&consent("email", &[("urn:a", "write"), ("urn:b", "")]));
        assert_eq!(both, consent("openid email", &[("urn:a", "read write"), ("urn:b", "")]));
    }

    #[test]
    fn consent_is_separate_for_each_identity() {
        let mut consents = Consents::default();
        assert!(consents.is_empty());
        let [one, other] = ["A", "B"].map(BapId::of_address);
        consents.add(Some(one.clone()), &consent("openid", &[]));
        assert!(consents.of(Some(&one)).is_some());
        assert!(consents.of(Some(&other)).is_none() && consents.of(None).is_none());
    }
}
