//! Accounts made and kept: definitions, links, syncing, passwords, what is told of a change.

use ps_client::endpoint::access_policies::*;
use ps_client::endpoint::aliases::*;
use ps_client::endpoint::credentials::*;
use ps_client::endpoint::isa_requests::*;
use ps_client::endpoint::linked_accounts::*;
use ps_client::endpoint::managed_accounts::*;
use ps_client::endpoint::propagation_actions::*;
use ps_client::endpoint::request_sets::*;
use ps_client::endpoint::requests::*;
use ps_client::endpoint::synced_accounts::*;
use ps_client::model::*;
use ps_sim::{RequestState, Server};
use secrecy::ExposeSecret;

use super::{JOE, Seat, ask, refused};
use crate::end_to_end::session;

const APP: SystemId = SystemId::new(11);

pub(super) async fn play(vault: &Server, vera: &Seat) {
    definitions(vault, vera).await;
    links(vault, vera).await;
    passwords(vault, vera).await;
    propagation(vera).await;
    requests(vault, vera).await;
}

async fn made(vera: &Seat, name: &str) -> AccountId {
    let settings = AccountSettings::new(name).api_enabled(true).maximum_concurrent_requests(0);
    let new = NewManagedAccount::with_password(settings, "fake-New!".into());
    ask!(vera, CreateManagedAccount { system: APP, new }).account
}

async fn definitions(vault: &Server, vera: &Seat) {
    let account = made(vera, "svc-new").await;
    let read = ask!(vera, GetManagedAccount { account });
    assert!(read.is_api_enabled && read.last_change.is_some());
    assert_eq!(vault.current_password(r"App01\svc-new").unwrap().expose(), "fake-New!");
    let new = AccountUpdate::of(&read, |settings| settings.description("new").api_enabled(false));
    let changed = ask!(vera, UpdateManagedAccount { account, new });
    assert_eq!((changed.description.as_deref(), changed.is_api_enabled), (Some("new"), false));
    assert_eq!(changed.maximum_concurrent_requests, Some(0), "the rest stays");
    assert_eq!(vault.current_password(r"App01\svc-new").unwrap().expose(), "fake-New!");
    let name = || "SVC-new".to_owned();
    assert_eq!(ask!(vera, FindAccountOfSystem { system: APP, name: name() }).account, account);
    let listed = ask!(vera, ListAccountsOfSystem { system: APP }).len();
    let settings = AccountSettings::new("svc-new");
    let new = NewManagedAccount::auto_managed(settings);
    refused!(vera, CreateManagedAccount { system: APP, new });
    ask!(vera, DeleteManagedAccount { account });
    let again = made(vera, "svc-new").await;
    assert_ne!(again, account, "numbers are never given twice");
    ask!(vera, DeleteAccountOfSystem { system: APP, name: name() });
    assert_eq!(ask!(vera, ListAccountsOfSystem { system: APP }).len(), listed - 1);
}

async fn links(vault: &Server, vera: &Seat) {
    let (system, account) = (SystemId::new(14), AccountId::new(3130));
    ask!(vera, LinkAccount { system, account });
    assert_eq!(ask!(vera, ListLinkedAccounts { system })[0].account, account);
    ask!(vera, UnlinkAccount { system, account });
    ask!(vera, LinkAccount { system, account });
    ask!(vera, UnlinkAccounts { system });
    assert!(ask!(vera, ListLinkedAccounts { system }).is_empty());

    let (parent, child) = (AccountId::new(3124), made(vera, "svc-child").await);
    ask!(vera, SyncAccount { parent, account: child });
    let synced = ask!(vera, ListSyncedAccounts { parent });
    assert_eq!((synced[0].account, synced[0].parent), (child, Some(parent)));
    refused!(vera, SyncAccount { parent: child, account: AccountId::new(3125) });
    ask!(vera, ChangeCredential { account: child, change: CredentialChange::new() });
    let now = |key| vault.current_password(key).unwrap().expose().to_owned();
    assert_eq!(now(r"App01\svc-child"), now(r"App01\helpdesk-01"), "they change together");
    ask!(vera, UnsyncAccount { parent, account: child });
    ask!(vera, SyncAccount { parent, account: child });
    ask!(vera, UnsyncAccounts { parent });
    assert!(ask!(vera, ListSyncedAccounts { parent }).is_empty());
    ask!(vera, DeleteManagedAccount { account: child });
}

async fn passwords(vault: &Server, vera: &Seat) {
    let key = r"App01\break-glass";
    let now = || vault.current_password(key).unwrap().expose().to_owned();
    let account = AccountId::new(3126);
    ask!(vera, SetCredential::password(account, "fake-One!".into()));
    assert_eq!(now(), "fake-One!");
    let names = || ("Default Workgroup".to_owned(), "App01".to_owned(), "break-glass".to_owned());
    let (workgroup, asset, name) = names();
    let new = NewCredential::new().password("fake-Two!".into());
    ask!(vera, SetCredentialByNames { workgroup, asset, account: name, new });
    assert_eq!(now(), "fake-Two!");
    let (workgroup, asset, name) = names();
    let new = NewCredential::new().password("fake-Three!".into());
    ask!(vera, SetCredentialByPath { workgroup, asset, account: name, new });
    assert_eq!(now(), "fake-Three!");
    ask!(vera, ChangeCredential { account, change: CredentialChange::new() });
    let changed = now();
    assert_ne!(changed, "fake-Three!");
    ask!(vera, ChangeCredentialsOfSystem { system: APP });
    assert_ne!(now(), changed);
    assert!(ask!(vera, TestCredential { account }).success);
    refused!(vera, GetTotpCode { account, kind: CredentialType::Totp });
}

async fn propagation(vera: &Seat) {
    let account = AccountId::new(3124);
    assert_eq!(ask!(vera, ListPropagationActionTypes {}).len(), 2);
    let actions = ask!(vera, ListPropagationActions {});
    let action = ask!(vera, GetPropagationAction { action: actions[0].action }).action;
    let rule = Some(SmartRuleId::new(1));
    assert_eq!(ask!(vera, AssignPropagationAction { account, action, rule }).rule, rule);
    assert_eq!(ask!(vera, ListPropagationActionsOfAccount { account })[0].rule, rule);
    ask!(vera, UnassignPropagationAction { account, action });
    refused!(vera, UnassignPropagationAction { account, action });
    ask!(vera, AssignPropagationAction { account, action, rule: None });
    ask!(vera, UnassignPropagationActions { account });
    assert!(ask!(vera, ListPropagationActionsOfAccount { account }).is_empty());
}

async fn requests(vault: &Server, vera: &Seat) {
    let joe = session(vault, JOE).await;
    let ann = session(vault, r"ACME\ann.admin").await;
    let account = AccountId::new(3124);
    let test = AccessTest::new(APP, account, 60);
    let policies = ask!(joe, TestAccessPolicies { test });
    let policy = policies[0].policy;
    assert!(ask!(vera, ListAccessPolicies {}).iter().any(|one| one.policy == policy));
    let bound = ask!(vera, ListAccessPolicyAssignees { policy });
    assert!(bound.iter().any(|one| one.user_group_name.as_deref() == Some("Helpdesk")));

    let new = NewRequest::view(APP, account, 60).reason("upkeep");
    let request = joe.create_request(&new).await.unwrap().id;
    ask!(joe, RotateOnCheckIn { request });
    let kind = CredentialType::Password;
    let secret = ask!(joe, GetCredential { request, kind });
    let present = vault.current_password(r"App01\helpdesk-01").unwrap();
    assert_eq!(secret.expose_secret(), present.expose());
    let listed = ask!(joe, ListRequests::default());
    assert_eq!(listed.len(), 1);
    ask!(joe, CheckIn { request, reason: None });

    let waiting = NewRequest::view(APP, AccountId::new(3126), 60).reason("glass");
    let request = joe.create_request(&waiting).await.unwrap().id;
    let approver = session(vault, r"ACME\approver").await;
    ask!(approver, Approve { request, reason: None });
    ask!(approver, Deny { request, reason: Some("no longer".to_owned()) });

    let aliases = ask!(joe, ListAliases { state: None });
    let alias = ask!(joe, FindAlias { name: aliases[0].name.clone() }).alias;
    let system = ask!(joe, GetAlias { alias }).system;
    assert_eq!(system, Some(APP));
    let created = ask!(joe, CreateAliasRequest::view(alias, 15, |terms| terms.reason("alias")));
    let read = ask!(joe, GetAliasCredential { alias, request: created.id, kind });
    assert!(read.password.is_some());

    let kinds = vec![AccessType::View, AccessType::Ssh];
    let new = NewRequestSet::new(kinds, APP, AccountId::new(3127), 15);
    let set = ask!(joe, CreateRequestSet { new });
    assert_eq!(ask!(joe, ListRequestSets { status: StatusFilter::All })[0].set, set.set);

    let new = NewIsaRequest::new(APP, account).minutes(5);
    ask!(ann, CreateIsaRequest { new, kind });
    assert_eq!(
        ask!(ann, GetTotpCode { account, kind: CredentialType::Totp }).code.expose_secret().len(),
        6
    );

    let open = || vault.requests().into_iter().filter(|one| one.state.is_live()).count();
    assert_eq!(open(), 3);
    let reason = || Some("cleaning up".to_owned());
    ask!(vera, TerminateRequestsOfAccount { account, reason: reason() });
    assert_eq!(open(), 2);
    ask!(vera, TerminateRequestsOfSystem { system: APP, reason: reason() });
    assert_eq!(open(), 0);
    joe.create_request(&new_view(account)).await.unwrap();
    ask!(vera, TerminateRequestsOfUser { user: UserId::new(101), reason: reason() });
    let states: Vec<_> = vault.requests().iter().map(|one| one.state).collect();
    assert_eq!(states.last(), Some(&RequestState::Cancelled));

    let system = ask!(vera, ListAccountsOfSystem { system: SystemId::new(13) });
    assert!(!system.is_empty());
    ask!(vera, DeleteAccountsOfSystem { system: SystemId::new(13) });
    assert!(ask!(vera, ListAccountsOfSystem { system: SystemId::new(13) }).is_empty());
}

fn new_view(account: AccountId) -> NewRequest {
    NewRequest::view(APP, account, 60).reason("once more")
}
