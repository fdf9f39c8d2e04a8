//! Definitions that are read, changed and written back.

use ps_client::endpoint::Endpoint;
use ps_client::endpoint::managed_accounts::{GetManagedAccount, UpdateManagedAccount};
use ps_client::endpoint::managed_systems::{GetManagedSystem, UpdateManagedSystem};
use ps_client::model::{
    AccountId, AccountSettings, AccountUpdate, ChangeFrequency, ChangeState, ManagedAccount,
    ManagedSystem, RemoteClient, SystemId, SystemSettings,
};
use serde_json::{Value, json};

use crate::families::read;

fn account(more: &str) -> ManagedAccount {
    let call = GetManagedAccount { account: AccountId::new(34) };
    let row = r#"{"ManagedAccountID":34,"ManagedSystemID":12,"AccountName":"root""#;
    read(&call, 200, &format!("{row}{more}}}")).expect(more)
}

/// What writing `account` back sends: the version, and the body.
fn sent(
    account: &ManagedAccount,
    change: impl FnOnce(AccountSettings) -> AccountSettings,
) -> (String, Value) {
    let new = AccountUpdate::of(account, change);
    let call = UpdateManagedAccount { account: account.account, new };
    call.check().unwrap();
    let request = call.request();
    let [(name, version)] = request.query() else { panic!("{request:?}") };
    assert_eq!(name, "version");
    (version.clone(), serde_json::from_slice(request.body().unwrap()).unwrap())
}

fn system(more: &str) -> ManagedSystem {
    let call = GetManagedSystem { system: SystemId::new(12) };
    let row = r#"{"ManagedSystemID":12,"SystemName":"SRV01","PlatformID":4"#;
    read(&call, 200, &format!("{row}{more}}}")).expect(more)
}

fn sent_system(new: SystemSettings) -> (String, Value) {
    let call = UpdateManagedSystem { system: SystemId::new(12), new };
    call.check().unwrap();
    let request = call.request();
    let body = serde_json::from_slice(request.body().unwrap()).unwrap();
    (request.query()[0].1.clone(), body)
}

#[test]
fn an_account_that_is_read_and_written_back_stays_what_it_is() {
    let account = account(
        r#","ApiEnabled":true,"ChangeFrequencyType":"xdays","ChangeFrequencyDays":30,
        "ChangeState":0"#,
    );
    assert_eq!(account.change_frequency, Some(ChangeFrequency::EveryDays));
    assert_eq!(account.change_state, Some(ChangeState::Idle));
    let (_, body) = sent(&account, |settings| settings.api_enabled(false));
    assert_eq!(body["ManagedSystemID"], 12);
    assert_eq!(
        (&body["ChangeFrequencyType"], &body["ChangeFrequencyDays"]),
        (&json!("xdays"), &json!(30))
    );
    assert_eq!((&body["ApiEnabled"], body.get("Password")), (&json!(false), None));
}

#[test]
fn what_the_vault_did_not_tell_of_an_account_is_not_written_back() {
    let newer = [
        "UseOwnCredentials",
        "ChangeIISAppPoolFlag",
        "RestartIISAppPoolFlag",
        "WorkgroupID",
        "ChangeWindowsAutoLogonFlag",
        "ChangeComPlusFlag",
        "ChangeDComFlag",
        "ChangeSComFlag",
        "ObjectID",
    ];
    let (version, body) = sent(&account(""), |settings| settings);
    assert_eq!(version, "3.0");
    for member in newer {
        assert_eq!(body.get(member), None, "{member}");
    }
    let (version, body) = sent(&account(r#","ChangeDComFlag":true"#), |settings| settings);
    assert_eq!((version.as_str(), &body["ChangeDComFlag"]), ("3.4", &json!(true)));
    assert_eq!((body.get("ChangeSComFlag"), body.get("UseOwnCredentials")), (None, None));
}

#[test]
fn an_account_is_written_in_the_oldest_version_that_knows_what_is_set() {
    let table = [
        ("", "3.0"),
        (r#","UseOwnCredentials":false"#, "3.1"),
        (r#","ChangeIISAppPoolFlag":true"#, "3.2"),
        (r#","RestartIISAppPoolFlag":false"#, "3.2"),
        (r#","UseOwnCredentials":true,"WorkgroupID":7"#, "3.3"),
        (r#","WorkgroupID":0,"ObjectID":"""#, "3.0"),
        (r#","ChangeWindowsAutoLogonFlag":false"#, "3.4"),
        (r#","ChangeComPlusFlag":false,"WorkgroupID":7"#, "3.4"),
        (r#","ChangeSComFlag":false"#, "3.4"),
        (r#","ObjectID":"0b1e","WorkgroupID":7"#, "3.5"),
    ];
    for (more, version) in table {
        assert_eq!(sent(&account(more), |settings| settings).0, version, "{more}");
    }
    let set = sent(&account(""), |settings| settings.change_com_plus(true));
    assert_eq!((set.0.as_str(), &set.1["ChangeComPlusFlag"]), ("3.4", &json!(true)));
}

#[test]
fn a_system_is_written_back_with_what_was_told_of_it() {
    let (version, body) = sent_system(SystemSettings::of(&system("")).unwrap());
    assert_eq!((version.as_str(), body.get("IsApplicationHost")), ("3.0", None));
    let told = system(r#","RemoteClientType":"EPM""#);
    assert_eq!(told.remote_client, Some(RemoteClient::EndpointPrivilegeManagement));
    assert_eq!(sent_system(SystemSettings::of(&told).unwrap()).0, "3.1");
    let told = system(r#","RemoteClientType":"None","IsApplicationHost":false"#);
    let (version, body) = sent_system(SystemSettings::of(&told).unwrap());
    assert_eq!((version.as_str(), &body["IsApplicationHost"]), ("3.2", &json!(false)));
}

#[test]
fn stored_values_that_the_vault_would_not_take_again_do_not_block_an_update() {
    let odd = r#","ReleaseDuration":0,"MaxReleaseDuration":0,"ISAReleaseDuration":0,
        "ChangeFrequencyDays":0,"ChangeTime":"#;
    for (stored, written) in [
        ("\"23:30\"", Some("23:30")),
        ("\"9:30:00\"", Some("09:30")),
        ("\"09:30:00\"", Some("09:30")),
        ("\"\"", None),
        ("\"soon\"", None),
        ("\"25:00\"", None),
        ("null", None),
    ] {
        let (_, body) = sent(&account(&format!("{odd}{stored}")), |settings| settings);
        let (_, of_system) =
            sent_system(SystemSettings::of(&system(&format!("{odd}{stored}"))).unwrap());
        for body in [body, of_system] {
            assert_eq!(body.get("ChangeTime").and_then(Value::as_str), written, "{stored}");
            let others = ["ReleaseDuration", "MaxReleaseDuration", "ISAReleaseDuration"];
            assert!(others.iter().all(|member| body.get(member).is_none()), "{body}");
        }
    }
}
