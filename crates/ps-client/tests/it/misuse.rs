//! What the vault would refuse, misread, or take for something else, is not sent.

use ps_client::ErrorKind;
use ps_client::endpoint::Endpoint;
use ps_client::endpoint::access_policies::TestAccessPolicies;
use ps_client::endpoint::address_groups::CreateAddressGroup;
use ps_client::endpoint::aliases::{CreateAliasRequest, FindAlias};
use ps_client::endpoint::assets::{DeleteAssetNamed, FindAsset, ListAssetsOfWorkgroup};
use ps_client::endpoint::attributes::CreateAttributeType;
use ps_client::endpoint::credentials::{GetAliasCredential, GetTotpCode, SetCredentialByNames};
use ps_client::endpoint::directories::CreateDirectory;
use ps_client::endpoint::isa_requests::{CreateIsaRequest, CreateIsaSession, CreateIsaSessionFile};
use ps_client::endpoint::managed_systems::{CreateSystemInWorkgroup, CreateSystemOfDatabase};
use ps_client::endpoint::quick_rules::{
    CreateQuickRule, DeleteQuickRuleTitled, FindQuickRule, SetAccountsOfQuickRule,
};
use ps_client::endpoint::registrations::CreateRegistration;
use ps_client::endpoint::replay::GetReplayPicture;
use ps_client::endpoint::request_sets::CreateRequestSet;
use ps_client::endpoint::requests::{
    Approve, CheckIn, CreateRequest, Deny, TerminateRequestsOfUser,
};
use ps_client::endpoint::secrets_safe::folders::ListFolders;
use ps_client::endpoint::secrets_safe::safes::SetSafePermissions;
use ps_client::endpoint::secrets_safe::secrets::{
    CreateTextSecret, ListSecrets, UpdateCredentialSecret,
};
use ps_client::endpoint::sessions::{
    CreateAdminSession, CreateAdminSessionFile, CreateSession, CreateSessionFile,
};
use ps_client::endpoint::smart_rules::{CreateSingleAccountRule, DeleteSmartRuleTitled};
use ps_client::endpoint::user_audits::ListUserAudits;
use ps_client::endpoint::user_groups::{
    DeleteUserGroupNamed, FindUserGroup, SetPermissionsOfGroup,
};
use ps_client::model::{
    AccessLevel, AccessTest, AccessType, AccountId, AliasId, ChangeFrequency, CredentialSecret,
    CredentialType, DatabaseId, DirectorySettings, EntityKind, FolderId, NewAddressRule,
    NewAdminSession, NewCredential, NewIsaRequest, NewIsaSession, NewQuickRule, NewRequest,
    NewRequestSet, NewSecretOwner, NewSecretUrl, NewSession, PermissionGrant, PermissionId,
    PlatformId, PrincipalId, PrincipalKind, RegistrationKind, RegistrationSettings, RequestId,
    RuleKind, SafeGrant, SafeId, SecretId, SessionType, SmartRuleId, SystemId, SystemSettings,
    TextSecret, UserGroupId, UserId, WorkgroupId,
};

const SYSTEM: SystemId = SystemId::new(12);
const ACCOUNT: AccountId = AccountId::new(34);

/// The rule that a call breaks.
fn broken(call: &impl Endpoint) -> Option<&'static str> {
    match call.check() {
        Ok(()) => None,
        Err(error) => match error.kind() {
            ErrorKind::Misuse { rule } => Some(*rule),
            other => panic!("{other:?}"),
        },
    }
}

fn text() -> String {
    "x".to_owned()
}

#[test]
fn an_empty_name_is_not_asked_for_and_least_of_all_deleted() {
    let none = String::new;
    let (name, title) = (Some("name cannot be empty"), Some("title cannot be empty"));
    assert_eq!(broken(&FindAlias { name: none() }), name);
    assert_eq!(broken(&FindUserGroup { name: none() }), name);
    assert_eq!(broken(&DeleteUserGroupNamed { name: none() }), name);
    assert_eq!(broken(&FindAsset { workgroup_name: text(), name: none() }), name);
    assert_eq!(broken(&DeleteAssetNamed { workgroup_name: text(), name: none() }), name);
    assert_eq!(broken(&FindQuickRule { title: none() }), title);
    assert_eq!(broken(&DeleteQuickRuleTitled { title: none() }), title);
    assert_eq!(broken(&DeleteSmartRuleTitled { title: none() }), title);
    let by_names = |workgroup, asset, account| SetCredentialByNames {
        workgroup,
        asset,
        account,
        new: NewCredential::new(),
    };
    assert_eq!(broken(&by_names(text(), text(), text())), None);
    let rule = Some("assetName cannot be empty");
    assert_eq!(broken(&by_names(text(), none(), text())), rule);
}

#[test]
fn lists_are_asked_for_by_a_limit_that_finds_something() {
    for limit in [ListSecrets::default().limit, ListFolders::default().limit] {
        assert_eq!(limit, 1_000);
    }
    assert_eq!(ListUserAudits::default().limit, 1_000);
    assert_eq!(broken(&ListSecrets::default()), None);
    let rule = Some("Limit is a number from 1 on");
    assert_eq!(broken(&ListSecrets { limit: 0, ..ListSecrets::default() }), rule);
    let assets = |limit| ListAssetsOfWorkgroup { workgroup: WorkgroupId::new(1), limit, offset: 0 };
    assert_eq!(broken(&assets(1)), None);
    assert_eq!(broken(&assets(0)), Some("limit is a number from 1 on"));
}

#[test]
fn reasons_tickets_and_names_are_as_long_as_the_vault_takes_them() {
    let request = RequestId::new(77);
    let long = Some("Reason has at most 1000 characters");
    for (characters, rule) in [(1_000, None), (1_001, long)] {
        let reason = || Some("ä".repeat(characters));
        assert_eq!(broken(&CheckIn { request, reason: reason() }), rule);
        assert_eq!(broken(&Approve { request, reason: reason() }), rule);
        assert_eq!(broken(&Deny { request, reason: reason() }), rule);
        let terminate = TerminateRequestsOfUser { user: UserId::new(1), reason: reason() };
        assert_eq!(broken(&terminate), rule);
    }
    let long = Some("TicketNumber has at most 20 characters");
    for (characters, rule) in [(20, None), (21, long)] {
        let ticket = "1".repeat(characters);
        let new = NewRequest::view(SYSTEM, ACCOUNT, 5).ticket(None, &ticket);
        assert_eq!(broken(&CreateRequest(&new)), rule);
        let of_alias = CreateAliasRequest::view(AliasId::new(3), 5, |t| t.ticket(None, &ticket));
        assert_eq!(broken(&of_alias), rule);
    }
    let rule = |title: &str| CreateSingleAccountRule { account: ACCOUNT, title: title.to_owned() };
    assert_eq!(broken(&rule(&"x".repeat(75))), None);
    assert_eq!(broken(&rule(&"x".repeat(76))), Some("Title has at most 75 characters"));
    assert_eq!(broken(&rule("")), Some("Title cannot be empty"));
    let empty = Some("Name cannot be empty");
    assert_eq!(broken(&CreateAddressGroup { name: String::new() }), empty);
    assert_eq!(broken(&CreateAttributeType { name: String::new() }), empty);
}

#[test]
fn system_and_account_are_numbers_from_one_on() {
    let (no_system, no_account) =
        (Some("SystemID is a number from 1 on"), Some("AccountID is a number from 1 on"));
    let nought = (SystemId::new(0), AccountId::new(0));
    let set = |system, account, kinds| CreateRequestSet {
        new: NewRequestSet::new(kinds, system, account, 60),
    };
    let both = || vec![AccessType::View, AccessType::Rdp];
    assert_eq!(broken(&set(SYSTEM, ACCOUNT, both())), None);
    assert_eq!(broken(&set(nought.0, ACCOUNT, both())), no_system);
    assert_eq!(broken(&set(SYSTEM, nought.1, both())), no_account);
    let twice = vec![AccessType::View, AccessType::View];
    let rule = Some("a set asks for at least two AccessTypes");
    assert_eq!(broken(&set(SYSTEM, ACCOUNT, twice)), rule);
    assert_eq!(broken(&set(SYSTEM, ACCOUNT, vec![])), rule);
    let isa = |system, account| CreateIsaSession {
        new: NewIsaSession::new(system, account, SessionType::Ssh),
    };
    assert_eq!(broken(&isa(nought.0, ACCOUNT)), no_system);
    assert_eq!(broken(&isa(SYSTEM, nought.1)), no_account);
    let test = |system, account| TestAccessPolicies { test: AccessTest::new(system, account, 60) };
    assert_eq!(broken(&test(SYSTEM, ACCOUNT)), None);
    assert_eq!(broken(&test(nought.0, ACCOUNT)), Some("SystemId is a number from 1 on"));
    assert_eq!(broken(&test(SYSTEM, nought.1)), Some("AccountId is a number from 1 on"));
    let app = AccessTest::new(SYSTEM, ACCOUNT, 60).access_type(AccessType::App);
    let rule = Some("access of type App names its application");
    assert_eq!(broken(&TestAccessPolicies { test: app }), rule);
}

#[test]
fn what_lies_inside_lists_is_checked_too() {
    let secret = |owner: NewSecretOwner, url: &str| CreateTextSecret {
        folder: FolderId::new("f01d"),
        new: TextSecret::new("t", "text".into(), vec![owner]).urls(vec![NewSecretUrl::new(url)]),
        version: "3.1".to_owned(),
    };
    let joe = || NewSecretOwner::of_user(UserId::new(7));
    assert_eq!(broken(&secret(joe(), "https://a.test")), None);
    let long = "x".repeat(2_049);
    assert_eq!(broken(&secret(joe(), &long)), Some("Url has at most 2048 characters"));
    assert_eq!(broken(&secret(joe(), "")), Some("Url cannot be empty"));
    let one = Some("one of Owners is either GroupId or UserId");
    assert_eq!(broken(&secret(NewSecretOwner::new(), "https://a.test")), one);
    assert_eq!(broken(&secret(joe().group(UserGroupId::new(3)), "https://a.test")), one);

    let registration = |kind: &str, value: &str| {
        let rule = NewAddressRule::new(kind, value);
        let new = RegistrationSettings::new("r", RegistrationKind::ApiKey).addresses(vec![rule]);
        CreateRegistration { new, version: None }
    };
    assert_eq!(broken(&registration("cidr", "10.0.0.0/8")), None);
    assert_eq!(broken(&registration("", "10.0.0.0/8")), Some("Type cannot be empty"));
    assert_eq!(broken(&registration("cidr", "")), Some("Value cannot be empty"));

    let unknown = Some("what the vault wrote as an unknown word has no number");
    let grants = |level| SetPermissionsOfGroup {
        group: UserGroupId::new(3),
        grants: vec![PermissionGrant::new(PermissionId::new(1), level)],
    };
    assert_eq!(broken(&grants(AccessLevel::Read)), None);
    assert_eq!(broken(&grants(AccessLevel::Unnumbered)), unknown);
    let grant =
        SafeGrant::new(PrincipalKind::Unnumbered, PrincipalId::new("7"), vec!["Read".to_owned()]);
    assert_eq!(broken(&SetSafePermissions { safe: SafeId::new("5afe"), grant }), unknown);
}

#[test]
fn a_credential_can_be_given_another_title_without_its_password() {
    let owners = vec![NewSecretOwner::of_user(UserId::new(7))];
    let new = CredentialSecret::new("New title", "joe", owners);
    let secret = SecretId::new("5ec2");
    let update = UpdateCredentialSecret { secret, new, version: "3.1".to_owned() };
    assert_eq!(broken(&update), None);
    let body = update.request();
    assert!(!String::from_utf8_lossy(body.body().unwrap()).contains("Password"));
}

#[test]
fn owners_are_not_written_in_a_version_that_has_other_ones() {
    let secret = |version: &str| CreateTextSecret {
        folder: FolderId::new("f01d"),
        new: TextSecret::new("t", "x".into(), vec![NewSecretOwner::of_user(UserId::new(7))]),
        version: version.to_owned(),
    };
    for good in ["3.1", "3.2", "3.10"] {
        assert_eq!(broken(&secret(good)), None, "{good}");
    }
    let rule = Some("version is 3.1 or later: owners are written as it has them");
    for bad in ["3.0", "3", "newest"] {
        assert_eq!(broken(&secret(bad)), rule, "{bad}");
    }
    assert_eq!(broken(&secret("")), Some("version cannot be empty"));
}

#[test]
fn a_quick_rule_is_a_list_of_accounts_or_of_systems() {
    let new = NewQuickRule::new("Machines").kind(RuleKind::ManagedSystem).systems(vec![SYSTEM]);
    let call = CreateQuickRule { new };
    assert_eq!(broken(&call), None);
    let sent: serde_json::Value = serde_json::from_slice(call.request().body().unwrap()).unwrap();
    let expected =
        serde_json::json!({"IDs": [12], "Title": "Machines", "RuleType": "ManagedSystem"});
    assert_eq!(sent, expected);

    let rule = || NewQuickRule::new("x");
    let accounts = || vec![ACCOUNT];
    let table = [
        (rule().accounts(accounts()), None),
        (rule().accounts(accounts()).kind(RuleKind::ManagedAccount), None),
        (rule(), Some("a Quick Rule lists AccountIDs, or IDs of systems")),
        (rule().accounts(vec![]), Some("AccountIDs is a list of at least one")),
        (
            rule().systems(vec![]).kind(RuleKind::ManagedSystem),
            Some("IDs is a list of at least one"),
        ),
        (rule().systems(vec![SYSTEM]), Some("IDs of systems need RuleType ManagedSystem")),
        (
            rule().accounts(accounts()).kind(RuleKind::ManagedSystem),
            Some("RuleType ManagedSystem lists IDs of systems"),
        ),
        (
            rule().accounts(accounts()).kind(RuleKind::Vulnerabilities),
            Some("RuleType of a Quick Rule is ManagedAccount or ManagedSystem"),
        ),
    ];
    for (new, expected) in table {
        assert_eq!(broken(&CreateQuickRule { new }), expected);
    }
    let set = SetAccountsOfQuickRule { rule: SmartRuleId::new(1), accounts: vec![] };
    assert_eq!(broken(&set), Some("AccountIDs is a list of at least one"));
}

#[test]
fn a_type_of_session_is_asked_for_by_the_call_that_reads_its_answer() {
    use SessionType::{App, AppFile, Other, Rdp, RdpFile, RdpTicket, Ssh, SshTicket};
    let request = RequestId::new(7);
    let ticket = Some("SessionType rdpfile and appfile answer a file: make that call");
    let file = Some("a file is answered to SessionType rdpfile and appfile only");
    for kind in [Ssh, SshTicket, Rdp, RdpTicket, App] {
        let new = || NewSession::new(kind.clone());
        assert_eq!(broken(&CreateSession { request, new: new() }), None, "{kind}");
        assert_eq!(broken(&CreateSessionFile { request, new: new() }), file, "{kind}");
        let isa = || NewIsaSession::new(SYSTEM, ACCOUNT, kind.clone());
        assert_eq!(broken(&CreateIsaSession { new: isa() }), None, "{kind}");
        assert_eq!(broken(&CreateIsaSessionFile { new: isa() }), file, "{kind}");
    }
    for kind in [RdpFile, AppFile] {
        let new = || NewSession::new(kind.clone());
        assert_eq!(broken(&CreateSession { request, new: new() }), ticket, "{kind}");
        assert_eq!(broken(&CreateSessionFile { request, new: new() }), None, "{kind}");
        let isa = || NewIsaSession::new(SYSTEM, ACCOUNT, kind.clone());
        assert_eq!(broken(&CreateIsaSession { new: isa() }), ticket, "{kind}");
        assert_eq!(broken(&CreateIsaSessionFile { new: isa() }), None, "{kind}");
    }
    let other = Some("SessionType of an administrator's session is ssh, rdp or rdpfile");
    for (kind, as_ticket, as_file) in [
        (Ssh, None, file),
        (Rdp, None, file),
        (RdpFile, ticket, None),
        (App, other, other),
        (SshTicket, other, other),
        (AppFile, other, other),
        (Other("vnc".to_owned()), None, None),
    ] {
        let new = || NewAdminSession::new(kind.clone(), "srv01", "root", "pw".into());
        assert_eq!(broken(&CreateAdminSession { new: new() }), as_ticket, "{kind}");
        assert_eq!(broken(&CreateAdminSessionFile { new: new() }), as_file, "{kind}");
    }
}

#[test]
fn what_is_asked_of_an_account_is_what_the_call_knows() {
    let stored = Some("type is password, dsskey or passphrase here");
    for (kind, rule) in [(CredentialType::DssKey, None), (CredentialType::Totp, stored)] {
        let new = NewIsaRequest::new(SYSTEM, ACCOUNT);
        assert_eq!(broken(&CreateIsaRequest { new, kind }), rule);
        let (alias, request) = (AliasId::new(1), RequestId::new(2));
        assert_eq!(broken(&GetAliasCredential { alias, request, kind }), rule);
    }
    let totp = |kind| GetTotpCode { account: ACCOUNT, kind };
    assert_eq!(broken(&totp(CredentialType::Totp)), None);
    assert_eq!(broken(&totp(CredentialType::Password)), Some("type is totp here"));

    let picture = |jpeg, png, screen| GetReplayPicture { replay: text(), jpeg, png, screen };
    let rule = Some("a picture is one of jpeg, png and screen");
    assert_eq!(broken(&picture(Some(50), None, Some(false))), None);
    assert_eq!(broken(&picture(None, None, Some(true))), None);
    assert_eq!(broken(&picture(None, None, None)), None);
    assert_eq!(broken(&picture(Some(50), Some(50), None)), rule);
}

#[test]
fn systems_and_directories_keep_the_rules_that_accounts_keep() {
    let database = DatabaseId::new(6);
    let of_database = |new| broken(&CreateSystemOfDatabase { database, new });
    let of_directory = |new| broken(&CreateDirectory { workgroup: WorkgroupId::new(1), new });
    let (system, directory) = (
        || SystemSettings::new(PlatformId::new(4)),
        || DirectorySettings::new(PlatformId::new(25), "acme.test"),
    );
    let time = Some("ChangeTime is a time of day, HH:mm");
    for (text, rule) in
        [("00:00", None), ("23:59", None), ("24:00", time), ("9:30", time), ("abc", time)]
    {
        assert_eq!(of_database(system().change_time(text)), rule, "{text}");
        assert_eq!(of_directory(directory().change_time(text)), rule, "{text}");
    }
    let days = Some("ChangeFrequencyType xdays needs ChangeFrequencyDays");
    let often = ChangeFrequency::EveryDays;
    assert_eq!(of_database(system().change_frequency(often.clone())), days);
    assert_eq!(of_directory(directory().change_frequency(often.clone())), days);
    assert_eq!(of_directory(directory().change_frequency(often).change_every_days(7)), None);
    let long = Some("ReleaseDuration cannot be longer than MaxReleaseDuration");
    assert_eq!(of_database(system().release_minutes(9).maximum_release_minutes(8)), long);
    assert_eq!(of_directory(directory().release_minutes(9).maximum_release_minutes(8)), long);

    let in_workgroup =
        |new| broken(&CreateSystemInWorkgroup { workgroup: WorkgroupId::new(1), new });
    let rule = Some("a system in a workgroup has EntityTypeID and HostName");
    assert_eq!(in_workgroup(system()), rule);
    assert_eq!(in_workgroup(system().entity_type(EntityKind::Asset)), rule);
    assert_eq!(in_workgroup(system().host_name("srv01")), rule);
    assert_eq!(in_workgroup(system().entity_type(EntityKind::Asset).host_name("srv01")), None);
}

#[test]
fn a_date_of_a_change_is_a_date() {
    use ps_client::endpoint::managed_accounts::UpdateManagedAccount;
    use ps_client::model::{AccountSettings, AccountUpdate};
    let update = |date: &str| UpdateManagedAccount {
        account: ACCOUNT,
        new: AccountUpdate::new(SYSTEM, AccountSettings::new("root").next_change(date)),
    };
    assert_eq!(broken(&update("2026-02-28")), None);
    for bad in ["2026-02-30", "28.02.2026", "2026-2-8", "soon"] {
        assert_eq!(broken(&update(bad)), Some("NextChangeDate is a date, YYYY-MM-DD"), "{bad}");
    }
}
