//! Fields: typed slots of an org, or global ones.

use std::fmt;

use crate::ids::FieldId;

macro_rules! types {
    ($($(#[$doc:meta])* $kind:ident,)+) => {
        /// The type of a field.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FieldType {
            $($(#[$doc])* $kind,)+
        }

        impl FieldType {
            /// Every type.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// The name on the wire and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind),)+ }
            }
        }
    };
}

types! {
    /// One line.
    ShortText,
    /// Several lines.
    LongText,
    /// A day.
    Date,
    /// Yes or no.
    Checkbox,
    /// PDF files.
    Documents,
    /// Pictures.
    Photos,
    /// Films.
    Videos,
    /// The name of a person.
    Name,
}

impl FieldType {
    /// The type with this exact name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// Whether its values are attachments.
    pub const fn holds_attachments(self) -> bool {
        matches!(self, Self::Documents | Self::Photos | Self::Videos)
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A field that every org has: `isGlobal` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalField {
    /// The digits of its id.
    digits: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its description.
    pub description: &'static str,
    /// Its type.
    pub kind: FieldType,
}

impl GlobalField {
    /// Its id.
    pub fn id(&self) -> FieldId {
        FieldId::parse(self.digits).unwrap_or_else(|| FieldId::from_text(self.digits))
    }

    /// Whether it is the recipient's name, which every merit has.
    pub fn is_recipient_name(&self) -> bool {
        self.kind == FieldType::Name
    }
}

/// The global fields, the recipient's name first.
pub const GLOBAL_FIELDS: &[GlobalField] = &[
    GlobalField {
        digits: "000000000000000000000001",
        name: "Recipient Name",
        description: "The name of the recipient",
        kind: FieldType::Name,
    },
    GlobalField {
        digits: "000000000000000000000002",
        name: "Expiration Date",
        description: "The last day on which the merit counts",
        kind: FieldType::Date,
    },
];

/// The global field of that id.
pub fn global_field(id: &FieldId) -> Option<&'static GlobalField> {
    GLOBAL_FIELDS.iter().find(|field| field.digits == id.digits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_fields_are_found_by_id_and_types_by_name() {
        for field in GLOBAL_FIELDS {
            assert_eq!(global_field(&field.id()), Some(field));
        }
        assert_eq!(GLOBAL_FIELDS.iter().filter(|field| field.is_recipient_name()).count(), 1);
        for kind in FieldType::ALL {
            assert_eq!(FieldType::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(FieldType::parse("shorttext"), None);
    }
}
