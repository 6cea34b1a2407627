//! Attributes of schemas (RFC 7643 §2 and §7).

/// The type of an attribute's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// The address of something.
    Reference,
    /// A point in time (RFC 3339).
    DateTime,
    /// An object with attributes of its own.
    Complex,
}

impl Kind {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Reference => "reference",
            Self::DateTime => "dateTime",
            Self::Complex => "complex",
        }
    }
}

/// Who may write an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// Only the server.
    ReadOnly,
    /// Clients.
    ReadWrite,
    /// Clients, once.
    Immutable,
}

impl Mutability {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
        }
    }
}

/// When an attribute is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Always, whatever the request excludes.
    Always,
    /// Unless the request excludes it.
    Default,
}

impl Returned {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Default => "default",
        }
    }
}

/// An attribute.
#[expect(clippy::struct_excessive_bools, reason = "a schema says each of them")]
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub description: &'static str,
    /// The type of its values.
    pub kind: Kind,
    /// Whether it is an array.
    pub multi_valued: bool,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether comparisons respect case.
    pub case_exact: bool,
    /// Whether no other resource of the org may have the same value.
    pub unique: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// When it is returned.
    pub returned: Returned,
    /// Usual values.
    pub canonical: &'static [&'static str],
    /// What a reference may lead to.
    pub references: &'static [&'static str],
    /// The attributes of a complex one.
    pub sub: &'static [Attribute],
}

impl Attribute {
    /// A text that clients write.
    pub(super) const fn text(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            kind: Kind::String,
            multi_valued: false,
            required: false,
            case_exact: false,
            unique: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            canonical: &[],
            references: &[],
            sub: &[],
        }
    }

    pub(super) const fn flag(name: &'static str, description: &'static str) -> Self {
        Self { kind: Kind::Boolean, ..Self::text(name, description) }
    }

    pub(super) const fn date(name: &'static str, description: &'static str) -> Self {
        Self { kind: Kind::DateTime, ..Self::text(name, description) }
    }

    pub(super) const fn reference(
        name: &'static str,
        description: &'static str,
        references: &'static [&'static str],
    ) -> Self {
        Self { kind: Kind::Reference, case_exact: true, references, ..Self::text(name, description) }
    }

    pub(super) const fn complex(name: &'static str, description: &'static str, sub: &'static [Attribute]) -> Self {
        Self { kind: Kind::Complex, sub, ..Self::text(name, description) }
    }

    pub(super) const fn many(self) -> Self {
        Self { multi_valued: true, ..self }
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(super) const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    pub(super) const fn exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    pub(super) const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    pub(super) const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    pub(super) const fn always(self) -> Self {
        Self { returned: Returned::Always, ..self }
    }

    pub(super) const fn usually(self, canonical: &'static [&'static str]) -> Self {
        Self { canonical, ..self }
    }

    /// Its attribute of that name, whatever the case (RFC 7643 §2.1).
    pub fn sub(&self, name: &str) -> Option<&'static Self> {
        self.sub.iter().find(|sub| sub.name.eq_ignore_ascii_case(name))
    }
}
