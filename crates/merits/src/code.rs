//! The error codes of this surface. Clients compare them, and a page of this server explains each.

use http::StatusCode;

macro_rules! codes {
    ($($name:ident = $wire:literal, $status:ident, $title:literal, $text:literal;)*) => {
        /// A code of an error (`docs/spec/errors.md#merits`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// `error_code` on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $wire),* }
            }

            /// The status of its responses.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),* }
            }

            /// What it means, in a sentence: the message, unless the error says more.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }

            /// What a developer does about it.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

codes! {
    InvalidRequest = "invalid_request", BAD_REQUEST, "The request is malformed",
        "A parameter is missing, repeated or of the wrong type, both or none of two alternatives are given, or a token is not one of this server. The message names it.";
    Unauthorized = "Unauthorized", UNAUTHORIZED, "Missing or invalid credentials",
        "Send the app's id and secret as HTTP Basic to get an org access token, and that token as Bearer everywhere else. A token is valid for an hour, and ends at once when the app is unlinked from the org or its secret is replaced.";
    Forbidden = "Forbidden", FORBIDDEN, "The app may not do this for this org",
        "The org did not link the app, or not with the permission that the endpoint needs, or the object belongs to another org.";
    NotFound = "NotFound", NOT_FOUND, "There is no such object",
        "The id is unknown, or belongs to an org that the caller does not act for. Tokens that were used, have expired, or were issued to another app are not found either.";
    AppRateLimit = "AppRateLimit", TOO_MANY_REQUESTS, "Too many requests",
        "Wait for as many seconds as the header `Retry-After` says. The limits are those of the app and of the org that it acts for.";
    AccessNotGranted = "access_not_granted", FORBIDDEN, "The member does not let this app see that",
        "The member never agreed, took the agreement back on their account page, or the org revoked it. Send them to \u{201c}Login with Sigma\u{201d} again.";
    InvalidId = "invalid_id", BAD_REQUEST, "The id is malformed",
        "Ids are 24 lower-case hexadecimal digits.";
    InvalidUrl = "invalid_url", BAD_REQUEST, "The URL does not lead to the app's site",
        "`successUrl` and `failureUrl` are paths, resolved against the site URL that the app is registered with, or URLs of the same origin.";
    InvalidStatusTransition = "invalid_status_transition", BAD_REQUEST, "The merit's status does not allow this",
        "A merit moves from one status to the next as its org and its member act. See the diagram in the specification for the moves that exist.";
    AlreadySent = "merittemplate_already_sent", BAD_REQUEST, "This recipient has a merit of this template already",
        "The template can only be sent once to each recipient (`canOnlyBeSentOnce`).";
    FieldNameLengthExceeded = "field_name_length_exceeded", BAD_REQUEST, "The name of the field is too long",
        "A field name has at most 35 characters, its description 160.";
    FieldNameInUseByGlobalField = "field_name_in_use_by_global_field", BAD_REQUEST, "A global field has this name",
        "Use the global field, or choose another name.";
    FieldNameInUseByOrg = "field_name_in_use_by_org", BAD_REQUEST, "The org has a field of this name already",
        "Use that field, or choose another name.";
    TitleLengthExceeded = "merittemplate_title_length_exceeded", BAD_REQUEST, "The title of the template is too long",
        "A title has at most 60 characters.";
    DescriptionLengthExceeded = "merittemplate_description_length_exceeded", BAD_REQUEST, "The description of the template is too long",
        "A description has at most 160 characters.";
    TitleCannotBeEmpty = "merittemplate_title_cannot_be_empty", BAD_REQUEST, "The title of the template is empty",
        "Give the template a title.";
    DescriptionCannotBeEmpty = "merittemplate_description_cannot_be_empty", BAD_REQUEST, "The description of the template is empty",
        "Give the template a description.";
    FieldEmpty = "field_empty_error", BAD_REQUEST, "A required field is empty",
        "Send a value for every field that the template requires. A field's own name must not be empty either.";
    FieldMaxLengthExceeded = "field_max_length_exceeded", BAD_REQUEST, "The value of a field is too long",
        "A short text has at most 255 characters, a long one 5,000, each part of a name 60, and a field at most 20 attachments.";
    InvalidFullName = "invalid_fullname_value", BAD_REQUEST, "The name is malformed",
        "A name is a text, or an object with `firstName` and `lastName`, and not empty.";
    MaxNumberOfFieldsExceeded = "max_number_of_fields_exceeded", BAD_REQUEST, "The template has too many fields",
        "A template has at most 35 fields besides the name of the recipient.";
    CannotEditAccessTemplate = "cannot_edit_access_merittemplate", BAD_REQUEST, "The template of Access Merits cannot be edited",
        "It belongs to \u{201c}Login with Sigma\u{201d}.";
    CannotMakeOptionalFieldRequired = "cannot_make_optional_field_required", BAD_REQUEST, "Merits without a value for this field exist",
        "A field becomes required only while no merit of the template has a value.";
    CannotUseFieldValueForAllMerits = "cannot_use_field_value_for_all_merits", BAD_REQUEST, "Merits have different values for this field",
        "One value for all merits can be set only while none has a value of its own.";
    CannotEditFieldSettings = "cannot_edit_field_settings", BAD_REQUEST, "The settings of this field cannot be edited",
        "The template is archived, or the field is not one that it can have.";
    CannotRemoveRecipientNameField = "cannot_remove_recipient_name_field", BAD_REQUEST, "The name of the recipient cannot be removed",
        "Every merit carries it.";
    CannotRemoveRequiredField = "cannot_remove_required_field", BAD_REQUEST, "A required field is in use",
        "Merits have values for it, so it stays enabled and required.";
    ServerError = "server_error", INTERNAL_SERVER_ERROR, "Something went wrong here",
        "The message names the request; ask the operator of the server about it.";
    Unavailable = "temporarily_unavailable", SERVICE_UNAVAILABLE, "Try again in a moment",
        "The server cannot answer just now. Wait for as many seconds as the header `Retry-After` says.";
}

impl Code {
    /// The code of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// The code of an error that the server gives for any surface, by its status.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::TOO_MANY_REQUESTS => Self::AppRateLimit,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_server_error() => Self::ServerError,
            _ => Self::InvalidRequest,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_codes_are_the_same_on_the_wire() {
        let wire: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(wire.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| Code::parse(code.as_str()) == Some(*code)));
    }
}
