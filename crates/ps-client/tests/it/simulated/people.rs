//! Users, groups, doors and rules; and the whole way from nothing to a password.

use ps_client::endpoint::assets::ListAssetsOfSmartRule;
use ps_client::endpoint::attributes::*;
use ps_client::endpoint::managed_accounts::*;
use ps_client::endpoint::managed_systems::*;
use ps_client::endpoint::organizations::ListOrganizations;
use ps_client::endpoint::quick_rules::*;
use ps_client::endpoint::registrations::*;
use ps_client::endpoint::roles::*;
use ps_client::endpoint::smart_rules::*;
use ps_client::endpoint::user_audits::*;
use ps_client::endpoint::user_groups::*;
use ps_client::endpoint::users::*;
use ps_client::model::*;
use ps_client::{Auth, ErrorKind, RunAs};
use ps_sim::Server;
use secrecy::ExposeSecret;

use super::{Seat, ask, refused};
use crate::end_to_end::{account, client, signed_in};

const APP: SystemId = SystemId::new(11);

pub(super) async fn play(vault: &Server, vera: &Seat) {
    users(vera).await;
    groups(vera).await;
    smart_rules(vera).await;
    quick_rules(vera).await;
    from_nothing_to_a_password(vault, vera).await;
    audits(vera).await;
}

async fn users(vera: &Seat) {
    let local = || LocalUser::new("ann.local", "Ann", "ann@acme.test", "fake-Ann!".into());
    let user = ask!(vera, CreateUser { new: NewUser::Local(local()) }).user;
    refused!(vera, CreateUser { new: NewUser::Local(local()) });
    let new = ActiveDirectoryUser::new("bob", "acme.test").domain("ACME");
    let bob = ask!(vera, CreateUser { new: NewUser::ActiveDirectory(new) });
    assert_eq!((bob.name.as_str(), bob.domain.as_deref()), ("bob", Some("ACME")));
    let new = LdapUser::new("ldap.acme.test", "uid=cora,dc=acme,dc=test", "uid");
    let cora = ask!(vera, CreateUser { new: NewUser::Ldap(new) });
    assert_eq!(cora.kind, Some(UserKind::Ldap));
    let robot = ask!(vera, CreateUser { new: NewUser::Application(ApplicationUser::new("robot")) });
    let first = robot.client_secret.unwrap();
    assert!(ask!(vera, GetUser { user: robot.user }).client_secret.is_none(), "shown once");
    let second = ask!(vera, RecycleClientSecret { user: robot.user }).client_secret.unwrap();
    assert_ne!(first.expose_secret(), second.expose_secret());
    refused!(vera, RecycleClientSecret { user });

    let new = UserUpdate::new(UserKind::Local, "ann.local").last_name("Local").active(false);
    ask!(vera, UpdateUser { user, new });
    let read = ask!(vera, GetUser { user });
    assert_eq!((read.last_name.as_deref(), read.is_active), (Some("Local"), false));
    let username = || Some("ann.local".to_owned());
    assert!(ask!(vera, ListUsers { username: username(), include_inactive: None }).is_empty());
    let all = ask!(vera, ListUsers { username: username(), include_inactive: Some(true) });
    assert_eq!(all.len(), 1);
    assert!(ask!(vera, QuarantineUser { user }).is_quarantined);
    for user in [user, bob.user, cora.user, robot.user] {
        ask!(vera, DeleteUser { user });
    }
    refused!(vera, GetUser { user });
}

async fn groups(vera: &Seat) {
    let new = NewLocalGroup::new("Interns", "x");
    let group = ask!(vera, CreateUserGroup { new: NewUserGroup::Local(new) }).group;
    let entra = NewEntraGroup::new("Cloud", "c", "t", "fake-secret".into(), AzureInstance::Public);
    ask!(vera, CreateUserGroup { new: NewUserGroup::Entra(entra) });
    let directory = NewActiveDirectoryGroup::new("Staff", "acme.test", "ACME");
    let staff = ask!(vera, CreateUserGroup { new: NewUserGroup::ActiveDirectory(directory) });
    assert_eq!(staff.kind, Some(UserGroupKind::ActiveDirectory));
    let ldap = NewLdapGroup::new("Guests", "cn=guests,dc=acme", "ldap", "member", "uid");
    let guests = ask!(vera, CreateUserGroup { new: NewUserGroup::Ldap(ldap) });
    assert_eq!(guests.membership_attribute.as_deref(), Some("member"));
    assert_eq!(ask!(vera, GetUserGroup { group }).name, "Interns");
    assert_eq!(ask!(vera, FindUserGroup { name: "interns".to_owned() }).group, group);
    assert!(ask!(vera, ListUserGroups {}).len() > 4);

    let permissions = ask!(vera, ListPermissions {});
    let permission = permissions.iter().find(|one| one.name == "Asset Management").unwrap();
    let grant = |level| vec![PermissionGrant::new(permission.permission, level)];
    ask!(vera, SetPermissionsOfGroup { group, grants: grant(AccessLevel::Read) });
    assert_eq!(ask!(vera, ListPermissionsOfGroup { group })[0].level, AccessLevel::Read);
    ask!(vera, DeletePermissionsOfGroup { group });
    assert!(ask!(vera, ListPermissionsOfGroup { group }).is_empty());

    let new = LocalUser::new("ida", "Ida", "ida@acme.test", "fake-Ida!".into());
    let user = ask!(vera, CreateUserInGroup { group, new }).user;
    assert_eq!(ask!(vera, ListUsersOfGroup { group })[0].user, user);
    let group_of = ask!(vera, ListGroupsOfUser { user });
    assert_eq!(group_of[0].group, group);
    ask!(vera, RemoveUserFromGroup { user, group });
    assert!(ask!(vera, ListUsersOfGroup { group }).is_empty());
    ask!(vera, AddUserToGroup { user, group });
    ask!(vera, DeleteUserGroup { group });
    assert!(ask!(vera, ListGroupsOfUser { user }).is_empty());
    ask!(vera, DeleteUserGroupNamed { name: "Cloud".to_owned() });
    ask!(vera, DeleteUser { user });

    assert_eq!(ask!(vera, ListAccessLevels {}).len(), 3);
    let entitlements = ask!(vera, ListEntitlements { groups: None });
    assert!(entitlements.iter().any(|one| one.account_name.as_deref() == Some("helpdesk-01")));
}

async fn smart_rules(vera: &Seat) {
    let kind = ask!(vera, CreateAttributeType { name: "Zone".to_owned() }).kind;
    let new = NewAttribute::new("DMZ", "Demilitarised", "d");
    let attribute = ask!(vera, CreateAttribute { kind, new }).attribute;
    let account = AccountId::new(3124);
    ask!(vera, AssignAttributeToAccount { account, attribute });
    let asset = ask!(vera, GetManagedSystem { system: APP }).asset.unwrap();
    ask!(vera, AssignAttributeToAsset { asset, attribute });

    let new = NewAccountAttributeRule::new(vec![attribute], "DMZ accounts", "Zones");
    let rule = ask!(vera, CreateAccountAttributeRule { new }).rule;
    let found = ask!(vera, ListAccountsOfSmartRule { rule, limit: 10, offset: 0 });
    assert_eq!(found[0].account, account);
    let new = NewAssetAttributeRule::new(vec![attribute], "DMZ machines", "Zones")
        .process_immediately(false);
    let machines = ask!(vera, CreateAssetAttributeRule { new }).rule;
    let page = |rule| ListAssetsOfSmartRule { rule, limit: 10, offset: 0 };
    assert!(ask!(vera, page(machines)).is_empty(), "not before it is processed");
    ask!(vera, ProcessSmartRule { rule: machines, queue: Some(true) });
    assert_eq!(ask!(vera, page(machines))[0].asset, asset);
    let found = ask!(vera, ListSystemsOfSmartRule { rule: machines, limit: 10, offset: 0 });
    assert_eq!(found[0].system, APP);
    ask!(vera, UnassignAttributesFromAsset { asset });
    ask!(vera, ProcessSmartRule { rule: machines, queue: None });
    assert!(ask!(vera, page(machines)).is_empty());

    let title = || "One account".to_owned();
    let single = ask!(vera, CreateSingleAccountRule { account, title: title() }).rule;
    assert_eq!(ask!(vera, FindSmartRule { title: title() }).rule, single);
    let organization = ask!(vera, ListOrganizations {})[0].organization.clone();
    let call = FindSmartRuleOfOrganization { organization: organization.clone(), title: title() };
    assert_eq!(ask!(vera, call).rule, single);
    assert_eq!(ask!(vera, GetSmartRule { rule }).title, "DMZ accounts");
    let of_assets = ask!(vera, ListSmartRules { kind: Some(RuleKind::Asset) });
    assert_eq!(of_assets.len(), 1);
    ask!(vera, DeleteSmartRuleOfOrganization { organization, title: title() });
    ask!(vera, DeleteSmartRuleTitled { title: "DMZ machines".to_owned() });
    ask!(vera, DeleteSmartRule { rule });
    refused!(vera, GetSmartRule { rule });
    ask!(vera, DeleteAttributeType { kind });
}

async fn quick_rules(vera: &Seat) {
    let organization = ask!(vera, ListOrganizations {})[0].organization.clone();
    let (one, two) = (AccountId::new(3124), AccountId::new(3127));
    let new = |title: &str| NewQuickRule::new(title).accounts(vec![one]);
    let rule = ask!(vera, CreateQuickRule { new: new("First") }).rule;
    refused!(vera, CreateQuickRule { new: new("First") });
    assert_eq!(ask!(vera, SetAccountsOfQuickRule { rule, accounts: vec![two] }).len(), 1);
    assert_eq!(ask!(vera, AddAccountToQuickRule { rule, account: one, feedback: None }).len(), 2);
    let quiet = AddAccountToQuickRule { rule, account: one, feedback: Some(false) };
    assert!(ask!(vera, quiet).is_empty());
    let call = RemoveAccountFromQuickRule { rule, account: two, feedback: None };
    assert_eq!(ask!(vera, call)[0].account, one);
    assert_eq!(ask!(vera, ListAccountsOfQuickRule { rule })[0].account, one);
    assert_eq!(ask!(vera, GetQuickRule { rule }).title, "First");
    let title = || "First".to_owned();
    assert_eq!(ask!(vera, FindQuickRule { title: title() }).rule, rule);
    let call = FindQuickRuleOfOrganization { organization: organization.clone(), title: title() };
    assert_eq!(ask!(vera, call).rule, rule);
    ask!(vera, DeleteQuickRule { rule });

    let system = SystemId::new(12);
    let new_systems =
        NewQuickRule::new("Machines").kind(RuleKind::ManagedSystem).systems(vec![APP]);
    let rule = ask!(vera, CreateQuickRule { new: new_systems }).rule;
    assert_eq!(ask!(vera, AddSystemToQuickRule { rule, system, feedback: None }).len(), 2);
    let call = RemoveSystemFromQuickRule { rule, system: APP, feedback: None };
    assert_eq!(ask!(vera, call)[0].system, system);
    assert_eq!(ask!(vera, ListSystemsOfQuickRule { rule }).len(), 1);
    ask!(vera, DeleteQuickRuleTitled { title: "Machines".to_owned() });
    ask!(vera, CreateQuickRule { new: new("Last") });
    let title = "Last".to_owned();
    ask!(vera, DeleteQuickRuleOfOrganization { organization, title });
    assert!(ask!(vera, ListQuickRules {}).is_empty());
}

/// An account becomes requestable only when every step was taken, in the vault's own order.
async fn from_nothing_to_a_password(vault: &Server, vera: &Seat) {
    let new = RegistrationSettings::new("Night shift", RegistrationKind::ApiKey)
        .want_second_factor(false)
        .addresses(vec![NewAddressRule::new("cidr", "127.0.0.0/8")]);
    let version = || Some("3.1".to_owned());
    let made = ask!(vera, CreateRegistration { new: new.clone(), version: version() });
    let registration = made.registration;
    ask!(vera, UpdateRegistration { registration, new: new.visible(false), version: None });
    assert!(!ask!(vera, GetRegistration { registration, version: version() }).is_visible);
    assert!(ask!(vera, ListRegistrations { version: None }).len() > 3);
    let old_key = ask!(vera, GetRegistrationKey { registration });
    let key = ask!(vera, RotateRegistrationKey { registration });
    assert_ne!(old_key.expose_secret(), key.expose_secret());

    let group = NewLocalGroup::new("Night shift", "at night").registrations(vec![registration]);
    let group = ask!(vera, CreateUserGroup { new: NewUserGroup::Local(group) }).group;
    let new = LocalUser::new("nina", "Nina", "nina@acme.test", "fake-Nina!".into());
    let user = ask!(vera, CreateUser { new: NewUser::Local(new) }).user;
    let auth = |key: &secrecy::SecretString| Auth::Key {
        key: key.clone(),
        run_as: RunAs::new("nina").unwrap(),
        password: None,
    };
    let outside = client(vault).sign_in(auth(&key)).await.err().unwrap();
    assert!(matches!(outside.kind(), ErrorKind::SignInRefused), "in no group yet");
    ask!(vera, AddUserToGroup { user, group });
    let late = client(vault).sign_in(auth(&old_key)).await.err().unwrap();
    assert!(matches!(late.kind(), ErrorKind::SignInRefused), "the old key opens nothing");
    let nina = signed_in(vault, auth(&key)).await;

    let seen = async || {
        let query = ManagedAccountQuery::default().on_system("App01");
        nina.managed_accounts(&query).await.unwrap().len()
    };
    let svc = AccountId::new(3125);
    let rule = NewQuickRule::new("Night accounts").accounts(vec![svc]);
    let rule = ask!(vera, CreateQuickRule { new: rule }).rule;
    let roles = ask!(vera, ListRoles {});
    let requestor = roles.iter().find(|one| one.name.as_deref() == Some("Requestor")).unwrap();
    let requestor = RoleGrant::new(requestor.role);
    let policies = ask!(vera, ps_client::endpoint::access_policies::ListAccessPolicies {});
    let policy = policies.iter().find(|one| one.name == "Remote support").unwrap().policy;
    refused!(
        vera,
        SetRolesOfGroup { group, rule, grants: RoleGrants::new(vec![requestor.clone()]) }
    );
    let grants = RoleGrants::new(vec![requestor]).access_policy(policy);
    ask!(vera, SetRolesOfGroup { group, rule, grants });
    assert_eq!(ask!(vera, ListRolesOfGroup { group, rule })[0].access_policy, Some(policy));
    assert_eq!(seen().await, 0, "the group may not read the rule");
    ask!(vera, SetAccessLevelOfGroup { group, rule, level: AccessLevel::Read });
    let call = ListSmartRulesOfUserGroup { group, access_levels: Some("1".to_owned()) };
    assert_eq!(ask!(vera, call)[0].rule, rule);
    assert_eq!(seen().await, 0, "the rule was not processed");
    ask!(vera, ProcessSmartRule { rule, queue: Some(false) });
    assert_eq!(seen().await, 0, "the account is not enabled for the API");
    let read = ask!(vera, GetManagedAccount { account: svc });
    let new = AccountUpdate::of(&read, |settings| settings.api_enabled(true));
    ask!(vera, UpdateManagedAccount { account: svc, new });
    assert_eq!(seen().await, 1);

    let account = account(&nina, "App01", "svc-backup").await;
    let new = NewRequest::view(account.system, account.account, 30).reason("backup");
    let request = nina.create_request(&new).await.unwrap().id;
    let kind = CredentialType::Password;
    let secret = ask!(nina, ps_client::endpoint::credentials::GetCredential { request, kind });
    assert_eq!(
        secret.expose_secret(),
        vault.current_password(r"App01\svc-backup").unwrap().expose()
    );
    ask!(nina, ps_client::endpoint::requests::CheckIn { request, reason: None });

    ask!(vera, DeleteRolesOfGroup { group, rule });
    assert_eq!(seen().await, 0);
    ask!(vera, DeleteUser { user });
    let gone = refused!(nina, ps_client::endpoint::surroundings::GetVersion {});
    assert!(matches!(gone.kind(), ErrorKind::SignInRefused), "{gone:?}");
    ask!(vera, DeleteRegistration { registration });
}

async fn audits(vera: &Seat) {
    let call = ListUserAudits {
        username: Some(super::VERA.to_owned()),
        action: Some("Create".to_owned()),
        section: Some("ApiRegistrations".to_owned()),
        limit: 10,
        ..ListUserAudits::default()
    };
    let found = ask!(vera, call);
    assert_eq!(found.len(), 2, "made, and given another key");
    let audit = found[0].audit;
    let details = ask!(vera, ListUserAuditDetails { audit, limit: 50, offset: 0 });
    let name = details.iter().find(|one| one.field.as_deref() == Some("Name")).unwrap();
    assert_eq!(name.after.as_ref().unwrap().expose_secret(), "Night shift");

    let users = ListUserAudits {
        section: Some("Users".to_owned()),
        action: Some("Create".to_owned()),
        limit: 100,
        ..ListUserAudits::default()
    };
    for entry in ask!(vera, users) {
        let call = ListUserAuditDetails { audit: entry.audit, limit: 50, offset: 0 };
        for detail in ask!(vera, call) {
            let text = detail.after.as_ref().map_or("", |text| text.expose_secret());
            assert!(!text.contains("fake-"), "no password in an audit: {detail:?}");
        }
    }
}
