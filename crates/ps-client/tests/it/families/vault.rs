//! Accounts, systems, requests, credentials, sessions.

use ps_client::endpoint::access_policies::*;
use ps_client::endpoint::aliases::*;
use ps_client::endpoint::auth::SignOut;
use ps_client::endpoint::credentials::*;
use ps_client::endpoint::isa_requests::*;
use ps_client::endpoint::keystrokes::*;
use ps_client::endpoint::linked_accounts::*;
use ps_client::endpoint::managed_accounts::*;
use ps_client::endpoint::managed_systems::*;
use ps_client::endpoint::replay::*;
use ps_client::endpoint::request_sets::*;
use ps_client::endpoint::requests::*;
use ps_client::endpoint::sessions::*;
use ps_client::endpoint::synced_accounts::*;
use ps_client::model::*;
use serde_json::json;

use super::{Tried, t};

const ACCOUNT: &str = r#"{"ManagedAccountID":34,"ManagedSystemID":12,"AccountName":"root",
    "ApiEnabled":true,"ChangeFrequencyType":"xdays","ChangeFrequencyDays":30,"IsChanging":false,
    "ChangeState":0}"#;
const SYSTEM: &str = r#"{"ManagedSystemID":12,"SystemName":"SRV01","EntityTypeID":1,"AssetID":5,
    "PlatformID":4,"Timeout":30,"SshKeyEnforcementMode":2}"#;
const REQUEST: &str = r#"{"RequestID":77,"SystemID":12,"AccountID":34,"Status":"Active"}"#;
const TICKET: &str = r#"{"ID":"t1","Ticket":"secret-ticket","Host":"node1","Port":"4422",
    "TicketAtHost":"secret-ticket@node1","Link":"ssh://secret-ticket@node1:4422",
    "Command":"ssh -p 4422 secret-ticket@node1","SessionID":9,"NodeID":"1f2e"}"#;
const SESSION: &str = r#"{"SessionID":9,"UserID":7,"NodeID":"1f2e","Status":1,"ArchiveStatus":0,
    "Protocol":1,"StartTime":"2026-01-01T00:00:00","EndTime":null,"Duration":null,
    "AssetName":"SRV01","ManagedSystemID":12,"ManagedAccountID":34,"ManagedAccountName":"root",
    "RecordKey":"rk","Token":"tk","ApplicationID":0,"RequestID":77,"SessionType":"Regular"}"#;
const KEYSTROKE: &str =
    r#"{"KeystrokeID":1,"SessionID":9,"TimeMarker":1200,"Type":1,"Data":"ls -l"}"#;
const ALIAS: &str = r#"{"AliasId":3,"AliasName":"desk","AliasState":2,"SystemId":12,
    "SystemName":"SRV01","AccountId":34,"AccountName":"root","DomainName":null,"InstanceName":"",
    "DefaultReleaseDuration":120,"MaximumReleaseDuration":525600,"LastChangeDate":null,
    "NextChangeDate":null,"IsChanging":false,"ChangeState":0,"MappedAccounts":[{"AliasID":3,
    "ManagedSystemID":12,"ManagedAccountID":34,"Status":"Active"}]}"#;

fn list(row: &str) -> String {
    format!("[{row}]")
}

pub(super) fn try_all(tried: &mut Tried) {
    systems(tried);
    accounts(tried);
    requests(tried);
    credentials(tried);
    sessions(tried);
    recordings(tried);
}

fn systems(tried: &mut Tried) {
    let (system, account) = (SystemId::new(12), AccountId::new(34));
    let (limit, offset) = (10, 20);
    t!(tried: GetManagedSystem { system }, "GET ManagedSystems/12", 200 SYSTEM);
    t!(tried: ListSystemsOfAsset { asset: AssetId::new(5) },
        "GET Assets/5/ManagedSystems", 200 SYSTEM);
    t!(tried: ListSystemsOfDatabase { database: DatabaseId::new(6) },
        "GET Databases/6/ManagedSystems", 200 SYSTEM);
    t!(tried: ListSystemsOfDirectory { directory: DirectoryId::new(7) },
        "GET Directories/7/ManagedSystems", 200 SYSTEM);
    t!(tried: ListSystemsOfFunctionalAccount { functional_account: FunctionalAccountId::new(8) },
        "GET FunctionalAccounts/8/ManagedSystems", 200 &list(SYSTEM));
    t!(tried: ListSystemsOfWorkgroup { workgroup: WorkgroupId::new(1), limit, offset },
        "GET Workgroups/1/ManagedSystems?limit=10&offset=20", 200 &list(SYSTEM));
    t!(tried: ListSystemsOfSmartRule { rule: SmartRuleId::new(9), limit, offset },
        "GET SmartRules/9/ManagedSystems?limit=10&offset=20", 200 &list(SYSTEM));
    let new = || {
        SystemSettings::new(PlatformId::new(4))
            .port(22)
            .auto_managed(true)
            .functional_account(FunctionalAccountId::new(8))
            .host_key_checking(HostKeyChecking::Strict)
    };
    let body = json!({
        "PlatformID": 4, "Port": 22, "AutoManagementFlag": true, "FunctionalAccountID": 8,
        "SshKeyEnforcementMode": 2,
    });
    t!(tried: CreateSystemOfAsset {
            asset: AssetId::new(5), new: new()
        }, "POST Assets/5/ManagedSystems?version=3.0", {body}, 201 SYSTEM);
    t!(tried: CreateSystemOfDatabase { database: DatabaseId::new(6), new: new() },
        "POST Databases/6/ManagedSystems", {body}, 200 SYSTEM);
    let mut in_workgroup = body.clone();
    in_workgroup["EntityTypeID"] = json!(1);
    in_workgroup["HostName"] = json!("srv01");
    t!(tried: CreateSystemInWorkgroup {
            workgroup: WorkgroupId::new(1),
            new: new().entity_type(EntityKind::Asset).host_name("srv01"),
        }, "POST Workgroups/1/ManagedSystems?version=3.0", {in_workgroup}, 201 SYSTEM);
    t!(tried: UpdateManagedSystem { system, new: new() },
        "PUT ManagedSystems/12?version=3.0", {body}, 200 SYSTEM);
    t!(tried: DeleteManagedSystem { system }, "DELETE ManagedSystems/12", 200 "");
    t!(tried: ListLinkedAccounts { system },
        "GET ManagedSystems/12/LinkedAccounts", 200 &list(ACCOUNT));
    t!(tried: LinkAccount { system, account },
        "POST ManagedSystems/12/LinkedAccounts/34", 201 ACCOUNT);
    t!(tried: UnlinkAccount { system, account },
        "DELETE ManagedSystems/12/LinkedAccounts/34", 200 "");
    t!(tried: UnlinkAccounts { system }, "DELETE ManagedSystems/12/LinkedAccounts", 200 "");
}

fn accounts(tried: &mut Tried) {
    let (system, account) = (SystemId::new(12), AccountId::new(34));
    let name = || "root".to_owned();
    t!(tried: GetManagedAccount { account }, "GET ManagedAccounts/34", 200 ACCOUNT);
    t!(tried: ListAccountsOfSystem { system },
        "GET ManagedSystems/12/ManagedAccounts", 200 &list(ACCOUNT));
    t!(tried: FindAccountOfSystem { system, name: name() },
        "GET ManagedSystems/12/ManagedAccounts?name=root", 200 ACCOUNT);
    let settings = || AccountSettings::new("root").api_enabled(true).release_minutes(60);
    let new = NewManagedAccount::with_password(settings(), "p\"w".into());
    t!(tried: CreateManagedAccount { system, new },
        "POST ManagedSystems/12/ManagedAccounts?version=3.0",
        {{"AccountName": "root", "ApiEnabled": true, "ReleaseDuration": 60, "Password": "p\"w"}},
        201 ACCOUNT);
    t!(tried: UpdateManagedAccount {
            account, new: AccountUpdate::new(system, settings())
        }, "PUT ManagedAccounts/34?version=3.0",
        {{"ManagedSystemID": 12, "AccountName": "root", "ApiEnabled": true,
            "ReleaseDuration": 60}}, 200 ACCOUNT);
    t!(tried: DeleteManagedAccount { account }, "DELETE ManagedAccounts/34", 204 "");
    t!(tried: DeleteAccountOfSystem { system, name: name() },
        "DELETE ManagedSystems/12/ManagedAccounts/root", 200 "");
    t!(tried: DeleteAccountsOfSystem { system }, "DELETE ManagedSystems/12/ManagedAccounts", 200 "");
    let parent = AccountId::new(1);
    t!(tried: ListSyncedAccounts { parent },
        "GET ManagedAccounts/1/SyncedAccounts", 200 &list(ACCOUNT));
    t!(tried: SyncAccount { parent, account },
        "POST ManagedAccounts/1/SyncedAccounts/34", 201 ACCOUNT);
    t!(tried: UnsyncAccount { parent, account },
        "DELETE ManagedAccounts/1/SyncedAccounts/34", 200 "");
    t!(tried: UnsyncAccounts { parent }, "DELETE ManagedAccounts/1/SyncedAccounts", 200 "");
}

fn requests(tried: &mut Tried) {
    let (request, reason) = (RequestId::new(77), || Some("done".to_owned()));
    let said = json!({"Reason": "done"});
    t!(tried: SignOut {}, "POST Auth/Signout", 200 "");
    t!(tried: ListRequests { status: StatusFilter::Pending, queue: Queue::Approver },
        "GET Requests?status=pending&queue=app", 200 &list(REQUEST));
    t!(tried: Approve { request, reason: reason() }, "PUT Requests/77/Approve", {said}, 204 "");
    t!(tried: Deny { request, reason: reason() }, "PUT Requests/77/Deny", {said}, 204 "");
    t!(tried: RotateOnCheckIn { request }, "PUT Requests/77/RotateOnCheckin", 204 "");
    t!(tried: TerminateRequestsOfAccount { account: AccountId::new(34), reason: reason() },
        "POST ManagedAccounts/34/Requests/Terminate", {said}, 204 "");
    t!(tried: TerminateRequestsOfSystem { system: SystemId::new(12), reason: reason() },
        "POST ManagedSystems/12/Requests/Terminate", {said}, 204 "");
    t!(tried: TerminateRequestsOfUser { user: UserId::new(7), reason: None },
        "POST Users/7/Requests/Terminate", {{}}, 204 "");
    let set = format!(r#"{{"RequestSetID":"c0de","Requests":[{REQUEST}]}}"#);
    t!(tried: ListRequestSets { status: StatusFilter::Active },
        "GET RequestSets?status=active", 200 &list(&set));
    let kinds = vec![AccessType::View, AccessType::Ssh];
    let new = NewRequestSet::new(kinds, SystemId::new(12), AccountId::new(34), 15).reason("x");
    t!(tried: CreateRequestSet { new }, "POST RequestSets",
        {{"AccessTypes": ["View", "SSH"], "SystemID": 12, "AccountID": 34, "DurationMinutes": 15,
            "Reason": "x"}}, 201 &set);
    let alias = AliasId::new(3);
    t!(tried: ListAliases { state: Some("1,2".to_owned()) }, "GET Aliases?state=1,2",
        200 &list(ALIAS));
    t!(tried: GetAlias { alias }, "GET Aliases/3", 200 ALIAS);
    t!(tried: FindAlias { name: "desk".to_owned() }, "GET Aliases?name=desk", 200 ALIAS);
    let terms = |new: NewRequest| new.reason("x").rotate_on_checkin(true);
    t!(tried: CreateAliasRequest::view(alias, 15, terms), "POST Aliases/3/Requests",
        {{"AccessType": "View", "DurationMinutes": 15, "Reason": "x", "RotateOnCheckin": true}},
        201 "78");
    let policy = r#"{"AccessPolicyID":4,"Name":"p","Description":"","Schedules":[{"ScheduleID":1,
        "RequireReason":true,"RequireTicketSystem":false,"TicketSystemID":null,"AccessTypes":[
        {"AccessType":"View","IsSession":false,"RecordSession":false,"MinApprovers":0,
        "MaxConcurrent":1}]}]}"#;
    t!(tried: ListAccessPolicies {}, "GET AccessPolicies", 200 &list(policy));
    t!(tried: ListAccessPolicyAssignees { policy: AccessPolicyId::new(4) },
        "GET AccessPolicies/4/Assignees",
        200 r#"[{"RoleID":1,"RoleName":"Requestor","UserGroupID":3,"UserGroupName":"G",
            "UserGroupIsActive":true,"SmartRuleID":9,"SmartRuleTitle":"S",
            "SmartRuleIsActive":true}]"#);
    let test = AccessTest::new(SystemId::new(12), AccountId::new(34), 60);
    t!(tried: TestAccessPolicies { test }, "POST AccessPolicies/Test",
        {{"SystemId": 12, "AccountId": 34, "DurationMinutes": 60}}, 200 &list(policy));
}

fn credentials(tried: &mut Tried) {
    let (request, account) = (RequestId::new(77), AccountId::new(34));
    let names = || ("Head office".to_owned(), "SRV01".to_owned(), "root".to_owned());
    let kind = CredentialType::DssKey;
    t!(tried: GetCredential { request, kind }, "GET Credentials/77?type=dsskey", 200 "\"p\\\"w\"");
    t!(tried: GetAliasCredential { alias: AliasId::new(3), request, kind },
        "GET Aliases/3/Credentials/77?type=dsskey",
        200 r#"{"AliasID":3,"AliasName":"desk","SystemID":12,"SystemName":"SRV01","AccountID":34,
            "AccountName":"root","DomainName":null,"Password":null,"PrivateKey":"k",
            "Passphrase":null}"#);
    t!(tried: GetTotpCode { account, kind: CredentialType::Totp },
        "GET ManagedAccounts/34/Credentials?type=totp", 200 r#"{"Code":"123456"}"#);
    let new = || NewCredential::new().password("p\"w".into()).update_system(false);
    let body = json!({"Password": "p\"w", "UpdateSystem": false});
    t!(tried: SetCredential { account, new: new() },
        "PUT ManagedAccounts/34/Credentials", {body}, 204 "");
    let (workgroup, asset, name) = names();
    t!(tried: SetCredentialByNames { workgroup, asset, account: name, new: new() },
        "PUT Credentials?workgroupName=Head office&assetName=SRV01&accountName=root",
        {body}, 204 "");
    let (workgroup, asset, name) = names();
    t!(tried: SetCredentialByPath { workgroup, asset, account: name, new: new() },
        "PUT Workgroups/Head office/Assets/SRV01/ManagedSystems/ManagedAccounts/root/Credentials",
        {body}, 204 "");
    t!(tried: ChangeCredential { account, change: CredentialChange::new().queue(true) },
        "POST ManagedAccounts/34/Credentials/Change", {{"Queue": true}}, 204 "");
    t!(tried: ChangeCredentialsOfSystem { system: SystemId::new(12) },
        "POST ManagedSystems/12/ManagedAccounts/Credentials/Change", 204 "");
    t!(tried: TestCredential { account },
        "POST ManagedAccounts/34/Credentials/Test", 200 r#"{"Success":true}"#);
    let new = NewIsaRequest::new(SystemId::new(12), account).minutes(5);
    t!(tried: CreateIsaRequest { new, kind: CredentialType::Password },
        "POST ISARequests?type=password",
        {{"SystemID": 12, "AccountID": 34, "DurationMinutes": 5}}, 201 "\"p\"");
}

fn sessions(tried: &mut Tried) {
    let (request, session) = (RequestId::new(77), SessionId::new(9));
    let (system, account) = (SystemId::new(12), AccountId::new(34));
    let new = |kind| NewIsaSession::new(system, account, kind).reason("x");
    let body = json!({"SystemID": 12, "AccountID": 34, "SessionType": "sshticket", "Reason": "x"});
    t!(tried: CreateIsaSession { new: new(SessionType::SshTicket) }, "POST ISASessions", {body},
        201 TICKET);
    let body = json!({"SystemID": 12, "AccountID": 34, "SessionType": "rdpfile", "Reason": "x"});
    t!(tried: CreateIsaSessionFile { new: new(SessionType::RdpFile) }, "POST ISASessions", {body},
        201 "full address:s:node1");
    let new = |kind| NewSession::new(kind).node(NodeId::new("1f2e"));
    let body = json!({"SessionType": "SSH", "NodeID": "1f2e"});
    t!(tried: CreateSession { request, new: new(SessionType::Ssh) }, "POST Requests/77/Sessions",
        {body}, 201 TICKET);
    let body = json!({"SessionType": "appfile", "NodeID": "1f2e"});
    t!(tried: CreateSessionFile { request, new: new(SessionType::AppFile) },
        "POST Requests/77/Sessions", {body},
        201 "full address:s:node1");
    let new = |kind| NewAdminSession::new(kind, "srv9", "admin", "p".into()).record(true);
    let body = |kind| {
        json!({
            "SessionType": kind, "HostName": "srv9", "UserName": "admin", "Password": "p",
            "Record": true,
        })
    };
    t!(tried: CreateAdminSession { new: new(SessionType::Rdp) }, "POST Sessions/Admin",
        {body("RDP")}, 201 TICKET);
    t!(tried: CreateAdminSessionFile { new: new(SessionType::RdpFile) }, "POST Sessions/Admin",
        {body("rdpfile")},
        201 "full address:s:srv9");
    t!(tried: ListSessions { status: Some("1,5".to_owned()), user: Some(UserId::new(7)) },
        "GET Sessions?status=1,5&userID=7", 200 &list(SESSION));
    t!(tried: GetSession { session }, "GET Sessions/9", 200 SESSION);
    t!(tried: LockSession { session }, "POST Sessions/9/Lock", 204 "");
    t!(tried: LockSessionsOfAccount { account }, "POST ManagedAccounts/34/Sessions/Lock", 204 "");
    t!(tried: LockSessionsOfSystem { system }, "POST ManagedSystems/12/Sessions/Lock", 204 "");
    t!(tried: TerminateSession { session }, "POST Sessions/9/Terminate", 204 "");
    t!(tried: TerminateSessionsOfAccount { account },
        "POST ManagedAccounts/34/Sessions/Terminate", 204 "");
    t!(tried: TerminateSessionsOfSystem { system },
        "POST ManagedSystems/12/Sessions/Terminate", 204 "");
}

fn recordings(tried: &mut Tried) {
    t!(tried: ListKeystrokes { session: SessionId::new(9) },
        "GET Sessions/9/Keystrokes", 200 &list(KEYSTROKE));
    t!(tried: GetKeystroke { keystroke: KeystrokeId::new(1) }, "GET Keystrokes/1", 200 KEYSTROKE);
    t!(tried: SearchKeystrokes { data: "ls".into(), kind: 0 },
        "POST Keystrokes/Search", {{"Data": "ls", "Type": 0}}, 200 &list(KEYSTROKE));
    let new = NewReplay::new("tk".into(), "rk".into(), Protocol::Ssh).headless(true);
    t!(tried: CreateReplay { new }, "POST pbsm/replay",
        {{"id": "tk", "record_key": "rk", "protocol": "SSH", "headless": true}},
        200 r#"{"id":"r1","ticket":"tt","protocol":"SSH"}"#);
    let replay = || "r1".to_owned();
    t!(tried: GetReplayPicture { replay: replay(), jpeg: Some(50), png: None, screen: None },
        "GET pbsm/replay/r1?jpeg=50", 200 "a picture");
    t!(tried: ControlReplay { replay: replay(), control: ReplayControl::new().speed(200) },
        "PUT pbsm/replay/r1", {{"speed": 200}}, 200 "{}");
    t!(tried: DeleteReplay { replay: replay() }, "DELETE pbsm/replay/r1", 200 "");
}

#[test]
fn session_tickets_and_recordings_are_secrets_and_their_ports_come_as_texts_too() {
    let call = CreateSession { request: RequestId::new(7), new: NewSession::new(SessionType::Ssh) };
    let ticket = super::read(&call, 201, TICKET).unwrap();
    assert_eq!((ticket.port, ticket.session), (Some(4422), Some(SessionId::new(9))));
    assert!(!format!("{ticket:?}").contains("secret-ticket"));
    let session = super::read(&GetSession { session: SessionId::new(9) }, 200, SESSION).unwrap();
    assert_eq!(session.status, Some(SessionStatus::InProgress));
    assert_eq!(session.application, None);
    assert_eq!(session.session_type, Some(SessionType::Other("Regular".to_owned())));
}
