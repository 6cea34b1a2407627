//! API key permissions (`docs/spec/workspaces.md#api-keys`).

use std::fmt;

/// One permission of an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPermission {
    /// Read data and model.
    Read,
    /// Create and change data.
    UpdateData,
    /// Delete data.
    DeleteData,
    /// Create and change the model.
    UpdateModel,
    /// Delete from the model.
    DeleteModel,
}

impl KeyPermission {
    /// Every permission, in listing order.
    pub const ALL: [Self; 5] = [Self::Read, Self::UpdateData, Self::DeleteData, Self::UpdateModel, Self::DeleteModel];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::UpdateData => "update-data",
            Self::DeleteData => "delete-data",
            Self::UpdateModel => "update-model",
            Self::DeleteModel => "delete-model",
        }
    }

    /// The permission with exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == name)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::UpdateData => 2,
            Self::DeleteData => 4,
            Self::UpdateModel => 8,
            Self::DeleteModel => 16,
        }
    }
}

impl fmt::Display for KeyPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyPermissions(u8);

impl KeyPermissions {
    /// None.
    pub const NONE: Self = Self(0);
    /// All five: an admin key, the only kind that manages anything.
    pub const ALL: Self = Self(31);

    /// Whether the set contains `permission`.
    pub const fn contains(self, permission: KeyPermission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// This set plus `permission`.
    #[must_use]
    pub const fn with(self, permission: KeyPermission) -> Self {
        Self(self.0 | permission.bit())
    }

    /// Whether this set contains all of `other`: its holder may grant `other`.
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The permissions, in listing order.
    pub fn iter(self) -> impl Iterator<Item = KeyPermission> {
        KeyPermission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }

    /// The names, in listing order.
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(KeyPermission::as_str).collect()
    }

    /// The stored form.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The stored set; `None` if it contains unknown permissions.
    pub fn from_bits(bits: i64) -> Option<Self> {
        u8::try_from(bits).ok().map(Self).filter(|stored| Self::ALL.covers(*stored))
    }
}

impl FromIterator<KeyPermission> for KeyPermissions {
    fn from_iter<I: IntoIterator<Item = KeyPermission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_and_a_set_lists_them_in_order() {
        let set: KeyPermissions =
            ["delete-model", "read"].into_iter().map(|name| KeyPermission::parse(name).unwrap()).collect();
        assert_eq!(set.names(), ["read", "delete-model"]);
        assert_eq!(KeyPermission::parse("Read"), None);
        assert_eq!(KeyPermission::ALL.into_iter().collect::<KeyPermissions>(), KeyPermissions::ALL);
    }

    #[test]
    fn nobody_grants_rights_they_do_not_hold() {
        let read = KeyPermissions::NONE.with(KeyPermission::Read);
        let both = read.with(KeyPermission::UpdateData);
        assert!(both.covers(read) && !read.covers(both) && read.covers(KeyPermissions::NONE));
        assert_eq!(KeyPermissions::from_bits(32), None);
        assert_eq!(KeyPermissions::from_bits(-1), None);
        assert_eq!(KeyPermissions::from_bits(i64::from(both.bits())), Some(both));
    }
}
