//! The kinds of JWT, distinguished by their `typ` header (RFC 8725 §3.11).

/// A kind of JWT that Sigma issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// An access token (RFC 9068).
    Access,
    /// An id token (OpenID Connect Core §2).
    Id,
    /// An org's token for the workspace API.
    Org,
    /// A member's workspace session.
    Member,
    /// An org's identity, shown to another service.
    OrgId,
    /// A browser session as a JWT, from `/api/auth/token`.
    Session,
    /// A logout token (OpenID Connect Back-Channel Logout §2.4).
    Logout,
    /// The state of a token, for an API that asked for it signed (RFC 9701 §5).
    Introspection,
    /// The claims of a user, for an app that asked for them signed (OpenID Connect Core §5.3.2).
    Userinfo,
    /// The caller of a backend, for a proxy that asked us. No endpoint of ours accepts it.
    Forward,
    /// A credential or status list of an org, signed with a key of its own (VC-JOSE-COSE §3.1.1). It gives access to nothing.
    Credential,
    /// An identity assertion for another authorization server (`docs/spec/id-jag.md`).
    IdJag,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Access,
        Self::Id,
        Self::Org,
        Self::Member,
        Self::OrgId,
        Self::Session,
        Self::Logout,
        Self::Introspection,
        Self::Userinfo,
        Self::Forward,
        Self::Credential,
        Self::IdJag,
    ];

    /// The `typ` header, compared exactly.
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Id => "JWT",
            Self::Org => "sigma-org+jwt",
            Self::Member => "sigma-member+jwt",
            Self::OrgId => "sigma-orgid+jwt",
            Self::Session => "sigma-session+jwt",
            Self::Logout => "logout+jwt",
            Self::Introspection => "token-introspection+jwt",
            Self::Userinfo => "userinfo+jwt",
            Self::Forward => "sigma-forward+jwt",
            Self::Credential => "vc+jwt",
            Self::IdJag => "oauth-id-jag+jwt",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_kinds_share_a_typ() {
        let types: HashSet<_> = TokenKind::ALL.iter().map(|kind| kind.typ()).collect();
        assert_eq!(types.len(), TokenKind::ALL.len());
    }
}
