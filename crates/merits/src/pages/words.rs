//! Permissions and statuses in plain words.

use std::collections::BTreeMap;

use sigma_core::ids::{AttachmentId, OrgId};
use sigma_core::merits::{FieldType, FieldValue, MemberPermissions, OrgPermission, OrgPermissions, Status};
use sigma_platform::branding::logo_url;
use sigma_platform::i18n::Language;
use sigma_platform::pages::view::{PermissionWords, org_permission_words};
use sigma_platform::state::AppState;
use sigma_store::merits::issuer::Issuer;

use super::view::{FileLink, InputKind, Party, PermissionLine, StatusWord};
use crate::attachments::{Reader, attachment_url};

/// The names of orgs by id, for texts that name them.
pub type OrgNames = BTreeMap<OrgId, String>;

/// What an app will see; `implied` are the app's own org and the one on whose behalf it asks.
pub fn seen(
    language: Language,
    permissions: &MemberPermissions,
    implied: [&OrgId; 2],
    names: &OrgNames,
) -> Vec<PermissionLine> {
    let text = |key: &'static str| language.text(key).to_string();
    let mut lines = Vec::new();
    if permissions.profile {
        lines.push(PermissionLine {
            title: text("merits-see-profile"),
            detail: text("merits-see-profile-detail"),
            sensitive: false,
        });
    }
    if permissions.all_merits {
        lines.push(PermissionLine {
            title: text("merits-see-all"),
            detail: text("merits-see-all-detail"),
            sensitive: true,
        });
        return lines;
    }
    let orgs: Vec<&OrgId> = implied.into_iter().chain(&permissions.orgs).collect();
    for (place, org) in orgs.iter().enumerate() {
        // The implied ones come first, may be the same, and may be asked for by name as well.
        if orgs.iter().take(place).any(|earlier| earlier == org) {
            continue;
        }
        // An org that does not exist gave nothing.
        let Some(name) = names.get(*org) else { continue };
        lines.push(PermissionLine {
            title: language.text("merits-see-org").with("org", name.as_str()).to_string(),
            detail: text("merits-see-org-detail"),
            sensitive: false,
        });
    }
    lines
}

/// What an app will not see.
pub fn unseen(language: Language, permissions: &MemberPermissions) -> Vec<String> {
    let profile = if permissions.profile { "merits-unseen-addresses" } else { "merits-unseen-profile" };
    let mut keys = vec![profile];
    if !permissions.all_merits {
        keys.push("merits-unseen-others");
    }
    keys.extend(["merits-unseen-pending", "merits-unseen-apps", "merits-unseen-secrets"]);
    keys.into_iter().map(|key| language.text(key).to_string()).collect()
}

/// What an app may do for an org.
pub fn allowed(language: Language, permissions: OrgPermissions) -> Vec<PermissionLine> {
    let line = |permission: OrgPermission| {
        let PermissionWords { title, detail, .. } = org_permission_words(permission);
        let (title, detail) = (language.text(title).to_string(), language.text(detail).to_string());
        let sensitive = matches!(permission, OrgPermission::ManageOrg | OrgPermission::Send);
        PermissionLine { title, detail, sensitive }
    };
    permissions.iter().map(line).collect()
}

/// A status.
pub fn status(language: Language, status: Status) -> StatusWord {
    let (key, class) = match status {
        Status::Unapproved | Status::UnapprovedUnverified => ("merits-status-unapproved", "waiting"),
        Status::Pending => ("merits-status-pending", "waiting"),
        Status::Accepted => ("merits-status-accepted", "good"),
        Status::Rejected => ("merits-status-rejected", "off"),
        Status::Reported => ("merits-status-reported", "bad"),
        Status::Revoked => ("merits-status-revoked", "off"),
        Status::Forfeited => ("merits-status-forfeited", "off"),
        Status::Transferred | Status::TransferredUnverified => ("merits-status-transferred", "off"),
        Status::Unverified => ("merits-status-unverified", "waiting"),
    };
    StatusWord { label: language.text(key).to_string(), class }
}

/// The type of a field.
pub fn kind(language: Language, kind: FieldType) -> String {
    let key = match kind {
        FieldType::ShortText => "merits-kind-short",
        FieldType::LongText => "merits-kind-long",
        FieldType::Date => "merits-kind-date",
        FieldType::Checkbox => "merits-kind-check",
        FieldType::Documents => "merits-kind-documents",
        FieldType::Photos => "merits-kind-photos",
        FieldType::Videos => "merits-kind-videos",
        FieldType::Name => "merits-kind-name",
    };
    language.text(key).to_string()
}

/// How a field of that type is entered.
pub const fn input(kind: FieldType) -> InputKind {
    match kind {
        FieldType::ShortText | FieldType::Name => InputKind::Line,
        FieldType::LongText => InputKind::Long,
        FieldType::Date => InputKind::Date,
        FieldType::Checkbox => InputKind::Check,
        FieldType::Documents => InputKind::Upload("application/pdf,image/png,image/jpeg,image/gif"),
        FieldType::Photos => InputKind::Upload("image/png,image/jpeg,image/gif"),
        FieldType::Videos => InputKind::Upload("video/mp4,video/quicktime"),
    }
}

/// A value, as people read it.
pub fn value(language: Language, value: &FieldValue) -> String {
    match value {
        FieldValue::Checked(true) => language.text("merits-yes").to_string(),
        FieldValue::Checked(false) => language.text("merits-no").to_string(),
        FieldValue::Attachments(files) => language.text("merits-files").with("count", files.len()).to_string(),
        other => other.to_text(),
    }
}

/// The files of a value, which can be downloaded.
pub fn files(sigma: &AppState, language: Language, org_id: &OrgId, value: &FieldValue) -> Vec<FileLink> {
    let link = |(place, id): (usize, AttachmentId)| FileLink {
        url: attachment_url(sigma, &Reader::Person, org_id, &id),
        id: id.digits().to_owned(),
        label: language.text("merits-file").with("number", place.saturating_add(1)).to_string(),
    };
    value.attachments().enumerate().map(link).collect()
}

/// An org.
pub fn party(issuer: &Issuer) -> Party {
    Party {
        name: issuer.name.clone(),
        logo_url: issuer.logo.as_deref().map(logo_url),
        verified: issuer.verified_at.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(digit: u32) -> OrgId {
        OrgId::parse(&format!("{digit:024x}")).unwrap()
    }

    #[test]
    fn the_implied_orgs_are_named_once_and_unknown_ones_not_at_all() {
        let names: OrgNames = [(org(1), "One".to_owned()), (org(2), "Two".to_owned())].into();
        let permissions = MemberPermissions { orgs: [org(1), org(2), org(9)].into(), ..Default::default() };
        let titles = |implied: [OrgId; 2]| {
            let [own, linked] = &implied;
            let lines = seen(Language::English, &permissions, [own, linked], &names);
            lines.into_iter().map(|line| line.title).collect::<Vec<_>>()
        };
        let expected = ["The merits that One gave you", "The merits that Two gave you"];
        assert_eq!(titles([org(1), org(1)]), expected);
        assert_eq!(titles([org(1), org(2)]), expected);
    }

    #[test]
    fn all_merits_leave_no_others_unseen() {
        let all = MemberPermissions { all_merits: true, profile: true, ..Default::default() };
        assert_eq!(seen(Language::English, &all, [&org(1), &org(1)], &OrgNames::new()).len(), 2);
        assert!(!unseen(Language::English, &all).iter().any(|line| line.contains("other organizations")));
        assert!(unseen(Language::English, &MemberPermissions::default()).iter().any(|line| line.contains("name")));
    }
}
