//! Why something about merits is refused: one enum with the code of each (`docs/spec/merits.md`, "Errors").

use thiserror::Error;

/// What is wrong with a request as a whole; the message does not repeat what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum RequestFault {
    /// A body that is not JSON of that shape.
    #[error("the body has another shape than it should")]
    Body,
    /// Both recipients or none.
    #[error("exactly one of recipientEmail and recipientMemberId is needed")]
    Recipient,
    /// Not an address.
    #[error("this is not a valid e-mail address")]
    Email,
    /// An unknown permission, or one of the other kind.
    #[error("a requested permission is unknown")]
    Permission,
    /// No permission, or too many.
    #[error("requestedPermissions must name 1 to 20 permissions")]
    Permissions,
    /// Not a number, or below 1.
    #[error("limit must be a number from 1 on")]
    Limit,
    /// A cursor of another list, or both cursors.
    #[error("the cursor does not belong to this list")]
    Cursor,
    /// An unknown status.
    #[error("merit_status is unknown")]
    Status,
    /// Less than three characters.
    #[error("search_string must have at least 3 characters")]
    Search,
    /// An unknown type of a field.
    #[error("fieldType is unknown")]
    FieldType,
    /// A value of another type than the field's.
    #[error("a value does not fit its field")]
    Value,
    /// A value for a field that the template does not have.
    #[error("a value names a field that the template does not have")]
    Field,
    /// Another value than the one of all merits.
    #[error("the field has one value for all merits")]
    ValueForAll,
    /// A text that is too long or cannot be shown.
    #[error("a text is too long, or has characters that cannot be shown")]
    Text,
    /// An archived template.
    #[error("the template is archived")]
    Archived,
    /// An Access template, from which nothing is sent.
    #[error("Access Merits are not sent from a template")]
    AccessTemplate,
    /// An app without a site.
    #[error("the app has no site URL")]
    NoSite,
    /// A token that is not ours, or was altered.
    #[error("the token is not valid")]
    Token,
    /// An org has as many of something as it may have.
    #[error("the org has as many of these as it may have")]
    TooMany,
    /// Whatever the state of a batch does not allow.
    #[error("the batch is not in a state for this")]
    Batch,
    /// A name that this request does not know.
    #[error("a parameter has a value that is not allowed")]
    Parameter,
}

/// What is wrong with an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum AttachmentFault {
    /// An unknown attachment type.
    #[error("attachmentType is unknown")]
    Kind,
    /// A content type that this attachment type does not take.
    #[error("contentType is not accepted")]
    ContentType,
    /// Too large, or nothing.
    #[error("fileSize is out of range")]
    Size,
    /// The content is of another type than announced.
    #[error("the content is not of that type")]
    Content,
    /// The space of the org is used up.
    #[error("the org has no space left for attachments")]
    Full,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $problem:ident = $code:literal, $status:literal, $message:literal;)+) => {
        /// Why something about merits is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
        pub enum MeritProblem {
            $($(#[$doc])* #[error($message)] $problem,)+
            /// The request is not one that this endpoint understands.
            #[error("{0}")]
            Request(RequestFault),
            /// The attachment is refused.
            #[error("{0}")]
            Attachment(AttachmentFault),
            /// Too much of something within a time; with the seconds after which it may be tried again.
            #[error("Too many requests, or the org's budget is used up. Try again later")]
            RateLimit(u32),
        }

        impl MeritProblem {
            /// The `error_code` on the wire.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$problem => $code,)+
                    Self::Request(_) => "invalid_request",
                    Self::Attachment(_) => "invalid_attachment",
                    Self::RateLimit(_) => "AppRateLimit",
                }
            }

            /// The status code of HTTP.
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$problem => $status,)+
                    Self::Request(_) | Self::Attachment(_) => 400,
                    Self::RateLimit(_) => 429,
                }
            }

            /// One problem for each code, with its message: the page that explains them shows these.
            pub const CODES: &[(Self, &'static str)] = &[
                $((Self::$problem, $code),)+
                (Self::Request(RequestFault::Body), "invalid_request"),
                (Self::Attachment(AttachmentFault::Kind), "invalid_attachment"),
                (Self::RateLimit(60), "AppRateLimit"),
            ];
        }
    };
}

problems! {
    /// No such thing in this org, or for this caller.
    NotFound = "NotFound", 404, "There is no such thing, or it is not yours";
    /// No credentials, or ones that do not work.
    Unauthorized = "Unauthorized", 401, "The credentials are missing or do not work";
    /// The permissions do not suffice.
    Forbidden = "Forbidden", 403, "The app or person is not permitted to do this";
    /// The member has not granted access, or took it back.
    AccessNotGranted = "access_not_granted", 403, "The member has not granted this access, or took it back";
    /// A URL that leaves the app's site.
    InvalidUrl = "invalid_url", 400, "The URL must be a path of the app's site";
    /// Not the 24 digits of an id.
    InvalidId = "invalid_id", 400, "An id has 24 characters of 0-9 and a-f";
    /// A move that the status does not allow.
    InvalidStatusTransition = "invalid_status_transition", 400, "The status of the merit does not allow this";
    /// The status does not allow editing.
    MeritNotEditable = "merit_not_editable", 400, "A merit of this status cannot be edited";
    /// The template can only be sent once, and was sent to that recipient.
    TemplateAlreadySent = "merittemplate_already_sent", 400, "The template can be sent once, and this recipient has it";
    /// The name of a field has more than 35 characters.
    FieldNameTooLong = "field_name_length_exceeded", 400, "The name of a field has at most 35 characters";
    /// The name is that of a global field.
    FieldNameGlobal = "field_name_in_use_by_global_field", 400, "A global field has this name";
    /// The org has a field of that name.
    FieldNameTaken = "field_name_in_use_by_org", 400, "The org has a field of this name";
    /// The title has more than 60 characters.
    TitleTooLong = "merittemplate_title_length_exceeded", 400, "The title has at most 60 characters";
    /// The description has more than 160 characters.
    DescriptionTooLong = "merittemplate_description_length_exceeded", 400, "The description has at most 160 characters";
    /// The title is empty.
    TitleEmpty = "merittemplate_title_cannot_be_empty", 400, "The title must not be empty";
    /// The description is empty.
    DescriptionEmpty = "merittemplate_description_cannot_be_empty", 400, "The description must not be empty";
    /// A field, or the name of one, is empty.
    FieldEmpty = "field_empty_error", 400, "A required field is empty";
    /// A value, or the description of a field, is too long.
    FieldTooLong = "field_max_length_exceeded", 400, "A field is too long";
    /// Not the name of a person.
    InvalidFullName = "invalid_fullname_value", 400, "A name has a first name, a last name, or both, of at most 60 characters each";
    /// A template has as many fields as it may have.
    TooManyFields = "max_number_of_fields_exceeded", 400, "A template has at most 35 fields besides the recipient's name";
    /// An Access template.
    AccessTemplate = "cannot_edit_access_merittemplate", 400, "Access templates cannot be edited";
    /// A field that merits have left out cannot become required.
    OptionalInUse = "cannot_make_optional_field_required", 400, "An optional field that is in use cannot become required";
    /// The values of merits differ.
    ValuesDiffer = "cannot_use_field_value_for_all_merits", 400, "Merits have other values of this field";
    /// The settings of this template are fixed.
    FieldSettingsFixed = "cannot_edit_field_settings", 400, "The fields of an archived template cannot be edited";
    /// The recipient's name is part of every merit.
    RecipientNameStays = "cannot_remove_recipient_name_field", 400, "The recipient's name is part of every merit";
    /// A required field that is in use stays.
    RequiredFieldStays = "cannot_remove_required_field", 400, "A required field that is in use cannot be removed";
}

impl From<RequestFault> for MeritProblem {
    fn from(fault: RequestFault) -> Self {
        Self::Request(fault)
    }
}

impl From<AttachmentFault> for MeritProblem {
    fn from(fault: AttachmentFault) -> Self {
        Self::Attachment(fault)
    }
}

impl MeritProblem {
    /// One problem of that code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::CODES.iter().find(|(_, known)| *known == code).map(|(problem, _)| *problem)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_listed_once() {
        let codes: HashSet<_> = MeritProblem::CODES.iter().map(|(_, code)| *code).collect();
        assert_eq!(codes.len(), MeritProblem::CODES.len());
        for (problem, code) in MeritProblem::CODES {
            assert_eq!(problem.code(), *code);
            assert_eq!(MeritProblem::of_code(code), Some(*problem));
        }
        for documented in [
            "field_name_length_exceeded",
            "merittemplate_title_cannot_be_empty",
            "cannot_remove_required_field",
            "NotFound",
            "AppRateLimit",
        ] {
            assert!(codes.contains(documented), "{documented}");
        }
    }
}
