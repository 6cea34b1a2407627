//! The schemas of users and groups (RFC 7643 §4).

use super::attribute::Attribute;

/// The schema of the attributes that companies add (RFC 7643 §4.3).
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schema of a list.
pub const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The schema of a PATCH.
pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The schema of a search by POST.
pub const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The schema of an error.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A type of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceType {
    /// People.
    User,
    /// Groups of people.
    Group,
}

impl ResourceType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The path below the base address.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    /// The main schema.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::User => "urn:ietf:params:scim:schemas:core:2.0:User",
            Self::Group => "urn:ietf:params:scim:schemas:core:2.0:Group",
        }
    }

    /// The extension, if it has one.
    pub const fn extension(self) -> Option<&'static str> {
        match self {
            Self::User => Some(ENTERPRISE),
            Self::Group => None,
        }
    }

    /// What it is.
    pub const fn description(self) -> &'static str {
        match self {
            Self::User => "A person whom the org provisions",
            Self::Group => "A group of people of the org",
        }
    }

    /// The attributes of the main schema.
    pub const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    /// The attributes of the extension.
    pub const fn extended(self) -> &'static [Attribute] {
        match self {
            Self::User => COMPANY,
            Self::Group => &[],
        }
    }

    /// The attribute of that name in the main schema, or among those that every resource has.
    pub fn find(self, name: &str) -> Option<&'static Attribute> {
        let named = |attribute: &&Attribute| attribute.name.eq_ignore_ascii_case(name);
        self.attributes().iter().find(named).or_else(|| COMMON.iter().find(named))
    }

    /// The attribute of that name in the extension.
    pub fn find_extended(self, name: &str) -> Option<&'static Attribute> {
        self.extended().iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}

/// What every resource has (RFC 7643 §3.1).
const COMMON: &[Attribute] = &[
    Attribute::text("id", "The id that this server gave").exact().read_only().always(),
    Attribute::text("externalId", "The id that the client uses").exact(),
    Attribute::reference("schemas", "The schemas of the resource", &["uri"]).many().read_only().always(),
    Attribute::complex(
        "meta",
        "About the resource",
        &[
            Attribute::text("resourceType", "Its type").exact().read_only(),
            Attribute::date("created", "When it was created").read_only(),
            Attribute::date("lastModified", "When it was last changed").read_only(),
            Attribute::reference("location", "Its address", &["uri"]).read_only(),
            Attribute::text("version", "Its entity tag").exact().read_only(),
        ],
    )
    .read_only(),
];

/// What the entries of most arrays have (RFC 7643 §2.4).
macro_rules! plural {
    ($value:expr, $types:expr) => {
        &[
            $value,
            Attribute::text("display", "For people"),
            Attribute::text("type", "What it is used for").usually($types),
            Attribute::flag("primary", "Whether it is the preferred one"),
        ]
    };
}

const USER: &[Attribute] = &[
    Attribute::text("userName", "The name by which the client knows the person, often an e-mail address")
        .required()
        .unique(),
    Attribute::complex(
        "name",
        "The parts of the person's name",
        &[
            Attribute::text("formatted", "The whole name"),
            Attribute::text("familyName", "Family name"),
            Attribute::text("givenName", "Given name"),
            Attribute::text("middleName", "Middle names"),
            Attribute::text("honorificPrefix", "Title"),
            Attribute::text("honorificSuffix", "Suffix"),
        ],
    ),
    Attribute::text("displayName", "The name that is shown"),
    Attribute::text("nickName", "What friends call the person"),
    Attribute::reference("profileUrl", "A page about the person", &["external"]),
    Attribute::text("title", "Job title"),
    Attribute::text("userType", "The relation to the org, such as Employee"),
    Attribute::text("preferredLanguage", "Language, as in Accept-Language"),
    Attribute::text("locale", "Language tag for formats"),
    Attribute::text("timezone", "Time zone of the IANA database"),
    Attribute::flag("active", "Whether the person may use what the org offers"),
    Attribute::complex(
        "emails",
        "E-mail addresses. The primary one, else the first of type work, is the one that is invited",
        plural!(Attribute::text("value", "The address"), &["work", "home", "other"]),
    )
    .many(),
    Attribute::complex(
        "phoneNumbers",
        "Phone numbers",
        plural!(Attribute::text("value", "The number"), &["work", "home", "mobile", "fax", "pager", "other"]),
    )
    .many(),
    Attribute::complex(
        "ims",
        "Addresses of messengers",
        plural!(Attribute::text("value", "The address"), &["aim", "gtalk", "icq", "xmpp", "skype"]),
    )
    .many(),
    Attribute::complex(
        "photos",
        "Pictures",
        plural!(Attribute::reference("value", "The address", &["external"]), &["photo", "thumbnail"]),
    )
    .many(),
    Attribute::complex(
        "addresses",
        "Postal addresses",
        &[
            Attribute::text("formatted", "The whole address"),
            Attribute::text("streetAddress", "Street and number"),
            Attribute::text("locality", "City"),
            Attribute::text("region", "State or region"),
            Attribute::text("postalCode", "Postal code"),
            Attribute::text("country", "Country, two letters"),
            Attribute::text("type", "What it is used for").usually(&["work", "home", "other"]),
            Attribute::flag("primary", "Whether it is the preferred one"),
        ],
    )
    .many(),
    Attribute::complex(
        "groups",
        "The groups of the person",
        &[
            Attribute::text("value", "The id of the group").exact().read_only(),
            Attribute::reference("$ref", "Its address", &["Group"]).read_only(),
            Attribute::text("display", "Its name").read_only(),
            Attribute::text("type", "How the person belongs to it").usually(&["direct"]).read_only(),
        ],
    )
    .many()
    .read_only(),
    Attribute::complex("entitlements", "What the person is entitled to", plural!(Attribute::text("value", "It"), &[]))
        .many(),
    Attribute::complex("roles", "Roles in the client's directory", plural!(Attribute::text("value", "It"), &[])).many(),
];

const COMPANY: &[Attribute] = &[
    Attribute::text("employeeNumber", "Number of the employee"),
    Attribute::text("costCenter", "Cost centre"),
    Attribute::text("organization", "Organization"),
    Attribute::text("division", "Division"),
    Attribute::text("department", "Department"),
    Attribute::complex(
        "manager",
        "The person's manager",
        &[
            Attribute::text("value", "The id of the manager"),
            Attribute::reference("$ref", "The manager's address", &["User"]),
            Attribute::text("displayName", "The manager's name").read_only(),
        ],
    ),
];

const GROUP: &[Attribute] = &[
    Attribute::text("displayName", "The name of the group").required().unique(),
    Attribute::complex(
        "members",
        "The people in the group",
        &[
            Attribute::text("value", "The id of the person").exact().immutable(),
            Attribute::reference("$ref", "Their address", &["User"]).immutable(),
            Attribute::text("type", "The type of the member").usually(&["User"]).immutable(),
        ],
    )
    .many(),
];
