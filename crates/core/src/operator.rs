//! The people of the operator's org: what each role may do in the console and in the management API
//! (`docs/guides/console.md#roles`).

use crate::ids::{OrgId, RoleId};
use crate::org::{RolePermissions, Switch};

/// A role of the operator's org. Its id is fixed; everything else that the org's workspace may call a role gives no access to
/// the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperatorRole {
    /// Everything; the installation keeps at least one.
    Owner,
    /// Everything but the owners.
    Admin,
    /// Sees people and signs them out.
    Support,
    /// Sees everything, changes nothing.
    Auditor,
}

/// What the console and the management API offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperatorRight {
    /// Seeing the overview.
    Overview,
    /// Seeing people.
    ReadPeople,
    /// Ending the sessions of people.
    SignOutPeople,
    /// Disabling and enabling people.
    DisablePeople,
    /// Adding people, one or many at once.
    ImportPeople,
    /// Taking the hashes of everybody's passwords elsewhere.
    ExportHashes,
    /// Seeing, giving and taking the roles of the operator's org.
    ManageAdmins,
    /// Seeing apps and the APIs that they ask for.
    ReadApps,
    /// Registering, changing and removing them, and giving apps secrets.
    ManageApps,
    /// The same with apps that may ask for scopes of the management API: whoever changes where such an app gets its codes acts
    /// as the owner who let it in.
    ManageConsoleApps,
    /// Seeing orgs, their members and their limits.
    ReadOrgs,
    /// Changing and verifying orgs, and deciding who administers them.
    ManageOrgs,
    /// Seeing the audit trail.
    ReadAudit,
    /// Seeing webhooks and their deliveries.
    ReadWebhooks,
    /// Creating, changing and removing webhooks, and repeating deliveries.
    ManageWebhooks,
    /// Seeing the signing keys and their schedule.
    ReadKeys,
    /// Rotating and revoking signing keys.
    ManageKeys,
    /// Seeing the mails that wait: to whom, and about what.
    ReadMail,
    /// Sending test mails, sending mails again, and dropping them.
    ManageMail,
    /// Sending people a link to set a new password.
    ResetPeople,
    /// Ending everything that a person signs in with.
    EndCredentials,
    /// Having accounts deleted, and keeping them.
    DeletePeople,
    /// Changing the names and the primary addresses of people.
    ChangePeople,
    /// Taking a copy of everything that is stored about a person.
    CopyPeople,
    /// Deleting accounts at once, so that nobody can keep them.
    RemovePeople,
    /// Seeing the settings in force, and what is wrong with the installation.
    ReadSettings,
    /// Seeing how the server, orgs and apps look.
    ReadBranding,
    /// Changing how orgs and apps look.
    ManageBranding,
    /// Seeing the upstream providers.
    ReadProviders,
    /// Asking whether they answer, and test sign-ins.
    TestProviders,
    /// Declaring them: whoever runs one says who signs in.
    ManageProviders,
}

impl OperatorRight {
    /// Every right, in the order of the documentation.
    pub const ALL: [Self; 31] = [
        Self::Overview,
        Self::ReadPeople,
        Self::SignOutPeople,
        Self::DisablePeople,
        Self::ImportPeople,
        Self::ExportHashes,
        Self::ManageAdmins,
        Self::ReadApps,
        Self::ManageApps,
        Self::ManageConsoleApps,
        Self::ReadOrgs,
        Self::ManageOrgs,
        Self::ReadAudit,
        Self::ReadWebhooks,
        Self::ManageWebhooks,
        Self::ReadKeys,
        Self::ManageKeys,
        Self::ReadMail,
        Self::ManageMail,
        Self::ResetPeople,
        Self::EndCredentials,
        Self::DeletePeople,
        Self::ChangePeople,
        Self::CopyPeople,
        Self::RemovePeople,
        Self::ReadSettings,
        Self::ReadBranding,
        Self::ManageBranding,
        Self::ReadProviders,
        Self::TestProviders,
        Self::ManageProviders,
    ];
}

impl OperatorRole {
    /// Every role, the strongest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Support, Self::Auditor];

    /// The name in commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Support => "support",
            Self::Auditor => "auditor",
        }
    }

    /// The display name of the role in the operator's org.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Support => "Support",
            Self::Auditor => "Auditor",
        }
    }

    /// What the role is for.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Owner => "Everything in the console",
            Self::Admin => "Everything in the console but the owners",
            Self::Support => "Sees people and signs them out",
            Self::Auditor => "Sees everything in the console and changes nothing",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    const fn stored(self) -> &'static str {
        match self {
            Self::Owner => "role_000000000000000000000001",
            Self::Admin => "role_000000000000000000000002",
            Self::Support => "role_000000000000000000000003",
            Self::Auditor => "role_000000000000000000000004",
        }
    }

    /// The id of the role in the operator's org.
    pub fn id(self) -> RoleId {
        RoleId::from_text(self.stored())
    }

    /// The role of that id.
    pub fn of_id(id: &RoleId) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.stored() == id.as_str())
    }

    /// Whether `id` is one of these roles in that org: nobody changes or removes them.
    pub fn is_fixed(org_id: &OrgId, id: &RoleId) -> bool {
        *org_id == OrgId::operator() && Self::of_id(id).is_some()
    }

    /// What the role may do in the operator's org as a workspace: owners manage it, admins manage its members but owners,
    /// whose role they do not cover.
    pub fn permissions(self) -> RolePermissions {
        match self {
            Self::Owner => RolePermissions::admin(),
            Self::Admin => {
                RolePermissions { switches: [Switch::ManageUsers].into_iter().collect(), ..RolePermissions::default() }
            }
            Self::Support | Self::Auditor => RolePermissions::default(),
        }
    }

    /// The table of who may do what.
    pub const fn may(self, right: OperatorRight) -> bool {
        use OperatorRight::{
            ChangePeople, CopyPeople, DeletePeople, DisablePeople, EndCredentials, ExportHashes, ImportPeople,
            ManageAdmins, ManageApps, ManageBranding, ManageConsoleApps, ManageKeys, ManageMail, ManageOrgs,
            ManageProviders, ManageWebhooks, Overview, ReadApps, ReadAudit, ReadBranding, ReadKeys, ReadMail, ReadOrgs,
            ReadPeople, ReadProviders, ReadSettings, ReadWebhooks, RemovePeople, ResetPeople, SignOutPeople,
            TestProviders,
        };
        match self {
            Self::Owner => true,
            Self::Admin => {
                !matches!(right, ExportHashes | ManageAdmins | ManageConsoleApps | RemovePeople | ManageProviders)
            }
            Self::Support => matches!(right, Overview | ReadPeople | SignOutPeople | ReadMail | ResetPeople),
            Self::Auditor => match right {
                Overview | ReadPeople | ReadApps | ReadOrgs | ReadAudit | ReadWebhooks | ReadKeys | ReadMail
                | ReadSettings | ReadBranding | ReadProviders => true,
                SignOutPeople | DisablePeople | ImportPeople | ExportHashes | ManageAdmins | ManageApps
                | ManageConsoleApps | ManageWebhooks | ManageKeys | ManageMail | ManageOrgs | ResetPeople
                | EndCredentials | DeletePeople | ChangePeople | CopyPeople | RemovePeople | ManageBranding
                | TestProviders | ManageProviders => false,
            },
        }
    }

    /// Whether the role may act on the account of somebody who has `theirs`: only owners on owners, and support on nobody who
    /// runs the installation.
    pub const fn may_act_on(self, theirs: Option<Self>) -> bool {
        match (self, theirs) {
            (_, None) | (Self::Owner, _) | (Self::Admin, Some(Self::Admin | Self::Support | Self::Auditor)) => true,
            (Self::Admin, Some(Self::Owner)) | (Self::Support | Self::Auditor, Some(_)) => false,
        }
    }
}

/// Why an operation of the console is refused. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperatorRefusal {
    /// The caller has no role: for them there is no console.
    #[error("there is nothing here")]
    Stranger,
    /// Their token does not reach as far as the app, or what it is to reach.
    #[error("the app has or would have scopes of the management API that the token lacks")]
    BeyondToken,
    /// Their role does not include the right.
    #[error("your role may not do this")]
    Denied,
    /// The account belongs to somebody whose role theirs does not reach.
    #[error("your role may not act on the account of somebody with this role")]
    BeyondOwn,
    /// The account is their own.
    #[error("you cannot do this to your own account")]
    Oneself,
    /// The org is the operator's own, which only its owners change, on its own pages and by `sigma admin`.
    #[error("this is the operator's own org: its owners change it on its pages as a workspace, and by sigma admin")]
    OwnOrg,
    /// Nobody would be left to administer the org.
    #[error("nobody would be left to administer the org")]
    LastAdmin,
    /// The org has no role that fits.
    #[error("the org has no such role: its members can create one")]
    NoRole,
    /// The person has not accepted an invitation to the org yet.
    #[error("the person has an open invitation to the org")]
    Invited,
    /// The org has as many members and open invitations as its quota allows.
    #[error("the org has as many members as its quota allows")]
    ManyMembers,
    /// Another account has the address.
    #[error("another account has this e-mail address")]
    AddressTaken,
    /// There is no such org for them to become a member of.
    #[error("there is no such org")]
    NoOrg,
    /// Nobody would be left to own the installation.
    #[error("nobody would be left to own the installation")]
    LastOwner,
    /// Another org has or had the slug.
    #[error("another org has or had this slug")]
    SlugTaken,
    /// The org has as many domains as it may.
    #[error("the org has as many domains as it may")]
    ManyDomains,
    /// The org has as many API keys as its quota allows.
    #[error("the org has as many API keys as its quota allows")]
    ManyApiKeys,
    /// The org has linked as many apps as it may.
    #[error("the org has linked as many apps as it may")]
    ManyLinks,
    /// The org is provisioned by as many directories as it may be.
    #[error("the org has as many directories as it may")]
    ManyDirectories,
    /// As many people may act as others at the apps of the org as it may have.
    #[error("as many people may impersonate others there as may be")]
    ManyImpersonators,
    /// The app belongs to the org, which needs no link.
    #[error("the org owns this app, which may do everything for it")]
    OwnApp,
    /// Another org has proven the domain, and its record still stands.
    #[error("another org has proven this domain, and its record is still there")]
    DomainTaken,
    /// The record is not there, or says something else.
    #[error("the record was not found, or says something else")]
    DomainUnproven,
    /// The org owns apps or APIs.
    #[error("apps or APIs belong to the org: remove them, or give them to another org, first")]
    OwnsApps,
    /// As many signing keys of an algorithm are published as may be.
    #[error("as many keys of an algorithm are published as may be: revoke those that are not needed")]
    TooManyKeys,
    /// It has changed since the caller read it.
    #[error("it is not of the version that the request names: read it again")]
    Outdated,
    /// What they act on does not exist.
    #[error("not found")]
    NotFound,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::org::Authority;

    #[test]
    fn who_may_do_what() {
        let table = OperatorRole::ALL.map(|role| {
            let rights = OperatorRight::ALL.map(|right| if role.may(right) { "yes" } else { "-" });
            format!("{:8}{}", role.as_str(), rights.join(" "))
        });
        assert_eq!(
            table,
            [
                "owner   yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes",
                "admin   yes yes yes yes yes - - yes yes - yes yes yes yes yes yes yes yes yes yes yes yes yes yes - yes yes yes yes yes -",
                "support yes yes yes - - - - - - - - - - - - - - yes - yes - - - - - - - - - - -",
                "auditor yes yes - - - - - yes - - yes - yes yes - yes - yes - - - - - - - yes yes - yes - -",
            ]
        );
    }

    #[test]
    fn nobody_but_an_owner_acts_on_an_owner() {
        for role in OperatorRole::ALL {
            assert_eq!(role.may_act_on(Some(OperatorRole::Owner)), role == OperatorRole::Owner);
            assert!(role.may_act_on(None));
        }
        assert!(!OperatorRole::Support.may_act_on(Some(OperatorRole::Auditor)));
        assert!(OperatorRole::Admin.may_act_on(Some(OperatorRole::Admin)));
    }

    #[test]
    fn the_workspace_of_the_operator_protects_owners_as_the_console_does() {
        for role in OperatorRole::ALL {
            let authority = Authority::Person(role.permissions());
            assert_eq!(authority.require_role(&OperatorRole::Owner.permissions()).is_ok(), role == OperatorRole::Owner);
            assert_eq!(role.permissions().manages_workspace(), role == OperatorRole::Owner);
        }
    }

    #[test]
    fn roles_have_names_and_ids_of_their_own() {
        for role in OperatorRole::ALL {
            assert_eq!(OperatorRole::parse(role.as_str()), Some(role));
            assert_eq!(OperatorRole::of_id(&role.id()), Some(role));
            assert!(OperatorRole::is_fixed(&OrgId::operator(), &role.id()));
            assert!(!OperatorRole::is_fixed(&OrgId::from_text("org_0123456789abcdef01234567"), &role.id()));
        }
        assert_eq!(OperatorRole::of_id(&RoleId::from_text("role_1")), None);
    }
}
