//! Users, groups, what they may do, and the rules it is given on.

use ps_client::endpoint::quick_rules::*;
use ps_client::endpoint::registrations::*;
use ps_client::endpoint::roles::*;
use ps_client::endpoint::smart_rules::*;
use ps_client::endpoint::user_audits::*;
use ps_client::endpoint::user_groups::*;
use ps_client::endpoint::users::*;
use ps_client::model::*;
use serde_json::json;

use super::{Tried, t};

const USER: &str = r#"{"UserID":7,"UserName":"joe","DomainName":"ACME","DistinguishedName":null,
    "FirstName":"Joe","LastName":"User","EmailAddress":"joe@acme.test","LastLoginDate":null,
    "LastLoginAuthenticationType":"ActiveDirectory","LastLoginConfigurationName":null,
    "LastLoginSAMLIDPURL":null,"LastLoginSSOURL":null,"IsQuarantined":false,"IsActive":true,
    "ClientID":null,"ClientSecret":null,"AccessPolicyID":null,"UserType":"ActiveDirectory"}"#;
const GROUP: &str = r#"{"GroupID":3,"GroupType":"BeyondInsight","Name":"Requesters",
    "DistinguishedName":null,"Description":"x","AccountAttribute":null,"MembershipAttribute":null,
    "ApplicationRegistrationIDs":[1,2],"IsActive":true}"#;
const RULE: &str = r#"{"SmartRuleID":9,"OrganizationID":"8c1d","Title":"Servers","Description":"",
    "Category":"Quick Rules","Status":1,"LastProcessedDate":"2026-01-01T00:00:00","IsReadOnly":false,
    "RuleType":"ManagedAccount"}"#;
const ACCOUNT: &str = r#"{"ManagedAccountID":34,"ManagedSystemID":12,"AccountName":"root"}"#;
const SYSTEM: &str = r#"{"ManagedSystemID":12,"SystemName":"SRV01","EntityTypeID":1}"#;
const REGISTRATION: &str = r#"{"Id":2,"Name":"Support","RegistrationType":"ApiKeyPolicy",
    "Active":true,"Visible":true,"MultiFactorAuthenticationEnforced":false,
    "ClientCertificateRequired":false,"UserPasswordRequired":false,"VerifyPsrunSignature":false,
    "IPAuthenticationRules":[{"Id":1,"Type":"cidr","Value":"10.0.0.0/8","Description":""}],
    "PSRUNRules":[],"XForwardedForAuthenticationRules":[]}"#;

fn list(row: &str) -> String {
    format!("[{row}]")
}

pub(super) fn try_all(tried: &mut Tried) {
    users(tried);
    groups(tried);
    rights(tried);
    smart_rules(tried);
    quick_rules(tried);
    registrations(tried);
}

fn users(tried: &mut Tried) {
    let (user, group) = (UserId::new(7), UserGroupId::new(3));
    let local = || LocalUser::new("ann", "Ann", "ann@acme.test", "pw".into());
    let body = json!({
        "UserName": "ann", "FirstName": "Ann", "EmailAddress": "ann@acme.test", "Password": "pw",
    });
    let mut of_kind = body.clone();
    of_kind["UserType"] = json!("BeyondInsight");
    t!(tried: CreateUser { new: NewUser::Local(local()) }, "POST Users", {of_kind}, 201 USER);
    let new = ActiveDirectoryUser::new("joe", "acme.test").bind_password("b".into());
    t!(tried: CreateUser { new: NewUser::ActiveDirectory(new) }, "POST Users",
        {{"UserType": "ActiveDirectory", "UserName": "joe", "ForestName": "acme.test",
            "BindPassword": "b"}}, 201 USER);
    let new = LdapUser::new("ldap.acme.test", "uid=joe,dc=acme", "uid").port(636).use_tls(true);
    t!(tried: CreateUser { new: NewUser::Ldap(new) }, "POST Users",
        {{"UserType": "LdapDirectory", "HostName": "ldap.acme.test",
            "DistinguishedName": "uid=joe,dc=acme", "AccountNameAttribute": "uid", "Port": 636,
            "UseSSL": true}}, 201 USER);
    let new = ApplicationUser::new("robot").access_policy(AccessPolicyId::new(4));
    t!(tried: CreateUser { new: NewUser::Application(new) }, "POST Users",
        {{"UserType": "Application", "UserName": "robot", "AccessPolicyID": 4}}, 201 USER);
    t!(tried: ListUsers { username: Some("ACME\\joe".to_owned()), include_inactive: Some(false) },
        "GET Users?username=ACME\\joe&includeInactive=false", 200 &list(USER));
    t!(tried: GetUser { user }, "GET Users/7", 200 USER);
    t!(tried: ListUsersOfGroup { group }, "GET UserGroups/3/Users", 200 &list(USER));
    t!(tried: ListGroupsOfUser { user }, "GET Users/7/UserGroups", 200 &list(GROUP));
    t!(tried: CreateUserInGroup { group, new: local() }, "POST UserGroups/3/Users", {body},
        201 USER);
    t!(tried: AddUserToGroup { user, group }, "POST Users/7/UserGroups/3", 201 GROUP);
    t!(tried: RemoveUserFromGroup { user, group }, "DELETE Users/7/UserGroups/3", 200 "");
    t!(tried: UpdateUser { user, new: UserUpdate::new(UserKind::Local, "ann").active(false) },
        "PUT Users/7", {{"UserType": "BeyondInsight", "UserName": "ann", "IsActive": false}},
        200 USER);
    t!(tried: QuarantineUser { user }, "POST Users/7/Quarantine", 200 USER);
    t!(tried: RecycleClientSecret { user }, "POST Users/7/RecycleClientSecret", 201 USER);
    t!(tried: DeleteUser { user }, "DELETE Users/7", 200 "");
}

fn groups(tried: &mut Tried) {
    let group = UserGroupId::new(3);
    let new = NewLocalGroup::new("Requesters", "x")
        .permissions(vec![PermissionGrant::new(PermissionId::new(5), AccessLevel::ReadWrite)])
        .rules(vec![RuleGrant::new(SmartRuleId::new(9), AccessLevel::Read)])
        .registrations(vec![RegistrationId::new(2)]);
    t!(tried: CreateUserGroup { new: NewUserGroup::Local(new) }, "POST UserGroups",
        {{"groupType": "BeyondInsight", "groupName": "Requesters", "description": "x",
            "Permissions": [{"PermissionID": 5, "AccessLevelID": 3}],
            "SmartRuleAccess": [{"SmartRuleID": 9, "AccessLevelID": 1}],
            "ApplicationRegistrationIDs": [2]}}, 201 GROUP);
    let new = NewEntraGroup::new("G", "client", "tenant", "s".into(), AzureInstance::Public);
    t!(tried: CreateUserGroup { new: NewUserGroup::Entra(new) }, "POST UserGroups",
        {{"groupType": "EntraId", "groupName": "G", "ClientId": "client", "TenantId": "tenant",
            "ClientSecret": "s", "AzureInstance": "AzurePublic"}}, 201 GROUP);
    let new = NewActiveDirectoryGroup::new("G", "acme.test", "ACME").use_tls(true);
    t!(tried: CreateUserGroup { new: NewUserGroup::ActiveDirectory(new) }, "POST UserGroups",
        {{"groupType": "ActiveDirectory", "groupName": "G", "forestName": "acme.test",
            "domainName": "ACME", "useSSL": true}}, 201 GROUP);
    let new = NewLdapGroup::new("G", "cn=g,dc=acme", "ldap", "member", "uid").port(389);
    t!(tried: CreateUserGroup { new: NewUserGroup::Ldap(new) }, "POST UserGroups",
        {{"groupType": "LdapDirectory", "groupName": "G",
            "groupDistinguishedName": "cn=g,dc=acme", "hostName": "ldap",
            "membershipAttribute": "member", "accountAttribute": "uid", "port": 389}}, 201 GROUP);
    t!(tried: ListUserGroups {}, "GET UserGroups", 200 &list(GROUP));
    t!(tried: GetUserGroup { group }, "GET UserGroups/3", 200 GROUP);
    t!(tried: FindUserGroup { name: "Requesters".to_owned() },
        "GET UserGroups?name=Requesters", 200 GROUP);
    t!(tried: DeleteUserGroup { group }, "DELETE UserGroups/3", 200 "");
    t!(tried: DeleteUserGroupNamed { name: "Requesters".to_owned() },
        "DELETE UserGroups?name=Requesters", 200 "");
    let grants = vec![PermissionGrant::new(PermissionId::new(5), AccessLevel::Read)];
    t!(tried: SetPermissionsOfGroup { group, grants }, "POST UserGroups/3/Permissions",
        {[{"PermissionID": 5, "AccessLevelID": 1}]}, 204 "");
    t!(tried: ListPermissionsOfGroup { group }, "GET UserGroups/3/Permissions",
        200 r#"[{"PermissionID":5,"AccessLevelID":3}]"#);
    t!(tried: DeletePermissionsOfGroup { group }, "DELETE UserGroups/3/Permissions", 200 "");
}

fn rights(tried: &mut Tried) {
    let (group, rule) = (UserGroupId::new(3), SmartRuleId::new(9));
    t!(tried: ListRolesOfGroup { group, rule }, "GET UserGroups/3/SmartRules/9/Roles",
        200 r#"[{"RoleID":1,"Name":"Requestor","AccessPolicyID":4}]"#);
    let grants =
        RoleGrants::new(vec![RoleGrant::new(RoleId::new(1))]).access_policy(AccessPolicyId::new(4));
    t!(tried: SetRolesOfGroup { group, rule, grants }, "POST UserGroups/3/SmartRules/9/Roles",
        {{"Roles": [{"RoleID": 1}], "AccessPolicyID": 4}}, 204 "");
    t!(tried: DeleteRolesOfGroup { group, rule },
        "DELETE UserGroups/3/SmartRules/9/Roles", 200 "");
    t!(tried: SetAccessLevelOfGroup { group, rule, level: AccessLevel::Read },
        "POST UserGroups/3/SmartRules/9/AccessLevels", {{"AccessLevelID": 1}}, 200 "");
    t!(tried: ListRoles {}, "GET Roles", 200 r#"[{"RoleID":1,"Name":"Requestor"}]"#);
    t!(tried: ListPermissions {}, "GET Permissions",
        200 r#"[{"PermissionID":5,"Name":"Asset Management"}]"#);
    t!(tried: ListAccessLevels {}, "GET AccessLevels",
        200 r#"[{"AccessLevelID":1,"Name":"Read"}]"#);
    t!(tried: ListEntitlements { groups: Some("3,4".to_owned()) },
        "GET Entitlements?groupIDs=3,4",
        200 r#"[{"GroupID":3,"Name":"Requesters","SmartRuleId":9,"Title":"Servers",
            "SmartRuleType":"ManagedAccount","AccessLevel":"Read","RoleId":1,
            "RoleName":"Requestor","IsAdministratorGroup":false,"UserID":7,"UserName":"joe",
            "ManagedAccountId":34,"AccountName":"root","RationalizedSystemName":"SRV01",
            "ApplicationName":null,"AccessPolicyName":"p","ManagedSystemID":12,
            "ApplicationID":null}]"#);
    let audits = ListUserAudits {
        username: Some("joe".to_owned()),
        action: Some("Login".to_owned()),
        from: Some("2026-01-01".to_owned()),
        limit: 10,
        ..ListUserAudits::default()
    };
    t!(tried: audits,
        "GET UserAudits?username=joe&actionType=Login&startDate=2026-01-01&limit=10&offset=0",
        200 r#"{"TotalCount":1,"Data":[{"AuditID":1,"ActionType":"Login","Section":"Login",
            "UserID":7,"UserName":"joe","IPAddress":"10.0.0.1",
            "CreateDate":"2026-01-01T00:00:00"}]}"#);
    t!(tried: ListUserAuditDetails { audit: UserAuditId::new(1), limit: 10, offset: 0 },
        "GET UserAudits/1/UserAuditDetails?limit=10&offset=0",
        200 r#"{"TotalCount":1,"Data":[{"Id":1,"AuditID":1,"FieldName":"Name","OldValue":"a",
            "NewValue":"b"}]}"#);
}

fn smart_rules(tried: &mut Tried) {
    let rule = SmartRuleId::new(9);
    let title = || "Servers".to_owned();
    t!(tried: ListSmartRules { kind: Some(RuleKind::ManagedAccount) },
        "GET SmartRules?type=ManagedAccount", 200 &list(RULE));
    t!(tried: GetSmartRule { rule }, "GET SmartRules/9", 200 RULE);
    t!(tried: FindSmartRule { title: title() }, "GET SmartRules?title=Servers", 200 RULE);
    let organization = OrganizationId::new("8c1d");
    t!(tried: FindSmartRuleOfOrganization { organization, title: title() },
        "GET Organizations/8c1d/SmartRules?title=Servers", 200 RULE);
    t!(tried: ListSmartRulesOfUserGroup {
            group: UserGroupId::new(3), access_levels: Some("1,3".to_owned()),
        }, "GET UserGroups/3/SmartRules?accessLevels=1,3",
        200 r#"[{"SmartRuleID":9,"Title":"Servers","RuleType":"ManagedAccount",
            "AccessLevelID":1}]"#);
    t!(tried: ListAccountsOfSmartRule { rule, limit: 5, offset: 0 },
        "GET SmartRules/9/ManagedAccounts?limit=5&offset=0", 200 &list(ACCOUNT));
    t!(tried: ProcessSmartRule { rule, queue: Some(false) },
        "POST SmartRules/9/Process?queue=false", 200 RULE);
    let attributes = || vec![AttributeId::new(3)];
    let new = NewAssetAttributeRule::new(attributes(), "A", "B").process_immediately(false);
    t!(tried: CreateAssetAttributeRule { new }, "POST SmartRules/FilterAssetAttribute",
        {{"AttributeIDs": [3], "Title": "A", "Category": "B", "ProcessImmediately": false}},
        201 RULE);
    let new = NewAccountAttributeRule::new(attributes(), "A", "B").rule(rule);
    t!(tried: CreateAccountAttributeRule { new }, "POST SmartRules/FilterManagedAccountAttribute",
        {{"AttributeIDs": [3], "Title": "A", "Category": "B", "SmartRuleID": 9}}, 201 RULE);
    t!(tried: CreateSingleAccountRule { account: AccountId::new(34), title: title() },
        "POST SmartRules/FilterSingleAccount", {{"AccountID": 34, "Title": "Servers"}}, 201 RULE);
    t!(tried: DeleteSmartRule { rule }, "DELETE SmartRules/9", 200 "");
    t!(tried: DeleteSmartRuleTitled { title: title() }, "DELETE SmartRules?title=Servers", 200 "");
    let organization = OrganizationId::new("8c1d");
    t!(tried: DeleteSmartRuleOfOrganization { organization, title: title() },
        "DELETE Organizations/8c1d/SmartRules?title=Servers", 200 "");
}

fn quick_rules(tried: &mut Tried) {
    let (rule, account, system) = (SmartRuleId::new(9), AccountId::new(34), SystemId::new(12));
    let title = || "Servers".to_owned();
    t!(tried: ListQuickRules {}, "GET QuickRules", 200 &list(RULE));
    t!(tried: GetQuickRule { rule }, "GET QuickRules/9", 200 RULE);
    t!(tried: FindQuickRule { title: title() }, "GET QuickRules?title=Servers", 200 RULE);
    let organization = OrganizationId::new("8c1d");
    t!(tried: FindQuickRuleOfOrganization { organization, title: title() },
        "GET Organizations/8c1d/QuickRules?title=Servers", 200 RULE);
    t!(tried: CreateQuickRule { new: NewQuickRule::new("Servers").accounts(vec![account]) },
        "POST QuickRules", {{"Title": "Servers", "AccountIDs": [34]}}, 201 RULE);
    t!(tried: DeleteQuickRule { rule }, "DELETE QuickRules/9", 200 "");
    t!(tried: DeleteQuickRuleTitled { title: title() }, "DELETE QuickRules?title=Servers", 200 "");
    let organization = OrganizationId::new("8c1d");
    t!(tried: DeleteQuickRuleOfOrganization { organization, title: title() },
        "DELETE Organizations/8c1d/QuickRules?title=Servers", 200 "");
    t!(tried: ListAccountsOfQuickRule { rule },
        "GET QuickRules/9/ManagedAccounts", 200 &list(ACCOUNT));
    t!(tried: SetAccountsOfQuickRule { rule, accounts: vec![account] },
        "PUT QuickRules/9/ManagedAccounts", {{"AccountIDs": [34]}}, 200 &list(ACCOUNT));
    t!(tried: AddAccountToQuickRule { rule, account, feedback: Some(true) },
        "POST QuickRules/9/ManagedAccounts/34?feedback=true", 200 &list(ACCOUNT));
    t!(tried: AddAccountToQuickRule { rule, account, feedback: Some(false) },
        "POST QuickRules/9/ManagedAccounts/34?feedback=false", 204 "");
    t!(tried: RemoveAccountFromQuickRule { rule, account, feedback: None },
        "DELETE QuickRules/9/ManagedAccounts/34", 200 "[]");
    t!(tried: ListSystemsOfQuickRule { rule }, "GET QuickRules/9/ManagedSystems", 200 &list(SYSTEM));
    t!(tried: AddSystemToQuickRule { rule, system, feedback: None },
        "POST QuickRules/9/ManagedSystems/12", 200 &list(SYSTEM));
    t!(tried: RemoveSystemFromQuickRule { rule, system, feedback: None },
        "DELETE QuickRules/9/ManagedSystems/12", 204 "");
}

fn registrations(tried: &mut Tried) {
    let registration = RegistrationId::new(2);
    let version = || Some("3.1".to_owned());
    t!(tried: ListRegistrations { version: None }, "GET ApiRegistrations", 200 &list(REGISTRATION));
    t!(tried: GetRegistration { registration, version: version() },
        "GET ApiRegistrations/2?version=3.1", 200 REGISTRATION);
    let new = || {
        RegistrationSettings::new("Support", RegistrationKind::ApiKey)
            .want_second_factor(false)
            .addresses(vec![NewAddressRule::new("cidr", "10.0.0.0/8")])
    };
    let body = json!({
        "Name": "Support", "RegistrationType": "ApiKeyPolicy",
        "MultiFactorAuthenticationEnforced": false,
        "IPAuthenticationRules": [{"Type": "cidr", "Value": "10.0.0.0/8"}],
    });
    t!(tried: CreateRegistration { new: new(), version: version() },
        "POST ApiRegistrations?version=3.1", {body}, 201 REGISTRATION);
    t!(tried: UpdateRegistration { registration, new: new(), version: None },
        "PUT ApiRegistrations/2", {body}, 200 REGISTRATION);
    t!(tried: DeleteRegistration { registration }, "DELETE ApiRegistrations/2", 204 "");
    t!(tried: GetRegistrationKey { registration }, "GET ApiRegistrations/2/Key", 200 "\"k\"");
    t!(tried: RotateRegistrationKey { registration },
        "POST ApiRegistrations/2/Rotate", 201 "\"k2\"");
}
