//! Scopes of the management API: for all of it, and for each area of it.

use serde::{Deserialize, Serialize};

use crate::scope::{ADMIN_READ, ADMIN_WRITE, Scopes};

macro_rules! areas {
    ($($(#[$doc:meta])* $area:ident = $read:literal, $write:expr;)+) => {
        /// A part of the management API that a token can be limited to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AdminArea {
            $($(#[$doc])* $area,)+
        }

        impl AdminArea {
            /// Every area.
            pub const ALL: &[Self] = &[$(Self::$area,)+];

            /// The scope for reading in the area.
            pub const fn read(self) -> &'static str {
                match self { $(Self::$area => $read,)+ }
            }

            /// The scope for changing in the area, which includes reading; `None` where nothing is changed.
            pub const fn write(self) -> Option<&'static str> {
                match self { $(Self::$area => $write,)+ }
            }
        }
    };
}

areas! {
    /// People and their sessions.
    People = "sigma:admin:people:read", Some("sigma:admin:people:write");
    /// Apps and APIs.
    Apps = "sigma:admin:apps:read", Some("sigma:admin:apps:write");
    /// Orgs, their members and directories.
    Orgs = "sigma:admin:orgs:read", Some("sigma:admin:orgs:write");
    /// The audit trail.
    Events = "sigma:admin:events:read", None;
    /// Webhooks of the operator, which are told of everything.
    Webhooks = "sigma:admin:webhooks:read", Some("sigma:admin:webhooks:write");
    /// Signing keys.
    Keys = "sigma:admin:keys:read", Some("sigma:admin:keys:write");
    /// The installation itself: overview, settings, mail, providers and branding.
    Server = "sigma:admin:server:read", Some("sigma:admin:server:write");
}

impl AdminArea {
    /// The area of a path below `/api/admin/v1/`, by its first segment; `None` for what only the scopes of the whole API reach,
    /// because whoever changes it can reach everything.
    pub fn of_path(path: &str) -> Option<Self> {
        Some(match path.split('/').next().unwrap_or_default() {
            "people" | "sessions" => Self::People,
            "apps" | "resources" | "initial-access-tokens" | "client-documents" | "document-blocks" => Self::Apps,
            "orgs" => Self::Orgs,
            "events" => Self::Events,
            "webhooks" => Self::Webhooks,
            "keys" => Self::Keys,
            "admins" | "declarations" => return None,
            _ => Self::Server,
        })
    }
}

/// Whether a scope is one of the management API.
pub fn is_admin_scope(scope: &str) -> bool {
    scope.starts_with("sigma:admin:")
}

/// What a token may do by the management API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminReach(Scopes);

impl AdminReach {
    /// What a token with those scopes may do.
    pub fn of(granted: &Scopes) -> Self {
        Self(granted.retain(is_admin_scope))
    }

    /// What somebody may do who needs no token, as on the pages of the console.
    pub fn everything() -> Self {
        Self(Scopes::parse(ADMIN_WRITE))
    }

    /// Whether it includes reading in an area; with `None` what no area includes.
    pub fn may_read(&self, area: impl Into<Option<AdminArea>>) -> bool {
        let area = area.into();
        self.may_write(area) || self.0.contains(ADMIN_READ) || area.is_some_and(|area| self.0.contains(area.read()))
    }

    /// Whether it includes changing in an area; with `None` what no area includes.
    pub fn may_write(&self, area: impl Into<Option<AdminArea>>) -> bool {
        let scope = area.into().and_then(AdminArea::write);
        self.0.contains(ADMIN_WRITE) || scope.is_some_and(|scope| self.0.contains(scope))
    }

    /// Whether it includes everything that `other` does.
    pub fn includes(&self, other: &Self) -> bool {
        self.covers(&other.0)
    }

    /// Whether it includes everything of the management API that `scopes` would let another token do. Nobody gives an app more than
    /// they reach, or takes hold of one that reaches further.
    pub fn covers(&self, scopes: &Scopes) -> bool {
        scopes.iter().filter(|scope| is_admin_scope(scope)).all(|scope| {
            let area = AdminArea::ALL.iter().find(|area| area.read() == scope || area.write() == Some(scope));
            match area {
                Some(area) if area.read() == scope => self.may_read(*area),
                Some(area) => self.may_write(*area),
                None => self.0.contains(ADMIN_WRITE) || (scope == ADMIN_READ && self.0.contains(ADMIN_READ)),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::{ADMIN, KNOWN};

    #[test]
    fn every_area_has_scopes_that_the_server_knows() {
        for area in AdminArea::ALL {
            for scope in [Some(area.read()), area.write()].into_iter().flatten() {
                assert!(ADMIN.contains(&scope) && is_admin_scope(scope), "{scope}");
            }
        }
        let of_areas = AdminArea::ALL.iter().filter_map(|area| area.write()).count() + AdminArea::ALL.len();
        assert_eq!(ADMIN.len(), of_areas + 2);
        assert!(ADMIN.iter().all(|scope| KNOWN.contains(scope)));
    }

    #[test]
    fn a_reach_covers_what_is_within_it() {
        let reach = |scopes: &str| AdminReach::of(&Scopes::parse(scopes));
        let apps = reach("openid sigma:admin:apps:write");
        assert!(apps.may_write(AdminArea::Apps) && apps.may_read(AdminArea::Apps));
        assert!(!apps.may_read(AdminArea::People));
        let table = [
            ("sigma:admin:apps:write", "openid email", true),
            ("sigma:admin:apps:write", "sigma:admin:apps:read sigma:admin:apps:write", true),
            ("sigma:admin:apps:write", "sigma:admin:people:read", false),
            ("sigma:admin:apps:write", "sigma:admin:read", false),
            ("sigma:admin:apps:write", "sigma:admin:write", false),
            ("sigma:admin:apps:read", "sigma:admin:apps:write", false),
            ("sigma:admin:apps:write sigma:admin:read", "sigma:admin:read sigma:admin:people:read", true),
            ("sigma:admin:apps:write sigma:admin:read", "sigma:admin:people:write", false),
            ("sigma:admin:apps:write", "sigma:admin:unheard-of", false),
            ("sigma:admin:write", "sigma:admin:read sigma:admin:write sigma:admin:keys:write", true),
            ("", "openid", true),
            ("", "sigma:admin:read", false),
        ];
        for (held, wanted, covered) in table {
            assert_eq!(reach(held).covers(&Scopes::parse(wanted)), covered, "{held}: {wanted}");
        }
        assert!(AdminReach::everything().covers(&Scopes::parse(&ADMIN.join(" "))));
    }
}
