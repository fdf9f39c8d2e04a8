//! What each call sends.

use http::Method;
use ps_client::endpoint::Endpoint;
use ps_client::endpoint::auth::{SignIn, SignOut};
use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::isa_requests::CreateIsaRequest;
use ps_client::endpoint::linked_accounts::{LinkAccount, ListLinkedAccounts, UnlinkAccount};
use ps_client::endpoint::managed_accounts::{
    GetManagedAccount, ListAccountsOfSystem, ListManagedAccounts,
};
use ps_client::endpoint::managed_systems::{GetManagedSystem, ListManagedSystems};
use ps_client::endpoint::requests::{
    Approve, CheckIn, CreateRequest, Deny, ListRequests, RotateOnCheckIn,
};
use ps_client::model::{
    AccessType, AccountId, AccountKind, ApplicationId, ConflictOption, CredentialType,
    ManagedAccountQuery, ManagedSystemQuery, NewIsaRequest, NewRequest, Queue, RequestId,
    ScheduleId, StatusFilter, SystemId, TicketSystemId,
};
use serde_json::{Value, json};

/// `METHOD path?query`, and the body as JSON.
fn sent<E: Endpoint>(endpoint: &E) -> (String, Value) {
    let request = endpoint.request();
    let body = request.body().map_or(Value::Null, |body| serde_json::from_slice(body).unwrap());
    (line(endpoint), body)
}

/// Method, path and query, not yet encoded.
pub(crate) fn line<E: Endpoint>(endpoint: &E) -> String {
    let request = endpoint.request();
    let query: Vec<_> =
        request.query().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut line = format!("{} {}", request.method(), request.path().join("/"));
    if !query.is_empty() {
        line = format!("{line}?{}", query.join("&"));
    }
    let named: &str = E::NAME.split(['?', ' ']).next().unwrap();
    assert_eq!(request.method(), named.parse::<Method>().unwrap(), "{}", E::NAME);
    line
}

#[test]
fn every_call_sends_what_its_page_says() {
    let (system, account) = (SystemId::new(12), AccountId::new(34));
    let request = RequestId::new(77);
    let reason = || Some("done".to_owned());
    let table: Vec<((String, Value), &str, Value)> = vec![
        (sent(&SignIn), "POST Auth/SignAppin", Value::Null),
        (sent(&SignOut {}), "POST Auth/Signout", Value::Null),
        (sent(&GetManagedAccount { account }), "GET ManagedAccounts/34", Value::Null),
        (
            sent(&ListAccountsOfSystem { system }),
            "GET ManagedSystems/12/ManagedAccounts",
            Value::Null,
        ),
        (sent(&ListLinkedAccounts { system }), "GET ManagedSystems/12/LinkedAccounts", Value::Null),
        (
            sent(&LinkAccount { system, account }),
            "POST ManagedSystems/12/LinkedAccounts/34",
            Value::Null,
        ),
        (
            sent(&UnlinkAccount { system, account }),
            "DELETE ManagedSystems/12/LinkedAccounts/34",
            Value::Null,
        ),
        (sent(&GetManagedSystem { system }), "GET ManagedSystems/12", Value::Null),
        (
            sent(&ListManagedSystems {
                query: ManagedSystemQuery {
                    entity_type: Some(ps_client::model::EntityKind::Database),
                    name: Some("a/b".to_owned()),
                },
                limit: 5,
                offset: 10,
            }),
            "GET ManagedSystems?type=2&name=a/b&limit=5&offset=10",
            Value::Null,
        ),
        (sent(&ListRequests::default()), "GET Requests?status=all&queue=req", Value::Null),
        (
            sent(&ListRequests { status: StatusFilter::Pending, queue: Queue::Approver }),
            "GET Requests?status=pending&queue=app",
            Value::Null,
        ),
        (
            sent(&ListRequests { status: StatusFilter::Active, queue: Queue::Requestor }),
            "GET Requests?status=active&queue=req",
            Value::Null,
        ),
        (
            sent(&Approve { request, reason: reason() }),
            "PUT Requests/77/Approve",
            json!({"Reason": "done"}),
        ),
        (sent(&Deny { request, reason: None }), "PUT Requests/77/Deny", json!({})),
        (
            sent(&CheckIn { request, reason: reason() }),
            "PUT Requests/77/Checkin",
            json!({"Reason": "done"}),
        ),
        (sent(&RotateOnCheckIn { request }), "PUT Requests/77/RotateOnCheckin", Value::Null),
        (
            sent(&GetCredential { request, kind: CredentialType::Password }),
            "GET Credentials/77?type=password",
            Value::Null,
        ),
        (
            sent(&GetCredential { request, kind: CredentialType::Passphrase }),
            "GET Credentials/77?type=passphrase",
            Value::Null,
        ),
        (
            sent(&CreateIsaRequest {
                new: NewIsaRequest::new(system, account).minutes(5).reason("x"),
                kind: CredentialType::DssKey,
            }),
            "POST ISARequests?type=dsskey",
            json!({"SystemID": 12, "AccountID": 34, "DurationMinutes": 5, "Reason": "x"}),
        ),
    ];
    for ((line, body), expected_line, expected_body) in table {
        assert_eq!(line, expected_line);
        assert_eq!(body, expected_body, "{line}");
    }
}

#[test]
fn every_filter_of_the_account_list_is_sent() {
    let query = ManagedAccountQuery {
        kind: Some(AccountKind::Database),
        system_name: Some("DB/INST".to_owned()),
        account_name: Some("sa".to_owned()),
        system: Some(SystemId::new(12)),
        workgroup_name: Some("Default".to_owned()),
        application_name: None,
        ip_address: Some("10.0.0.7".to_owned()),
    };
    let (line, _) = sent(&ListManagedAccounts { query, limit: 1_000, offset: 2_000 });
    assert_eq!(
        line,
        "GET ManagedAccounts?type=database&systemName=DB/INST&accountName=sa&systemID=12\
         &workgroupName=Default&ipAddress=10.0.0.7&limit=1000&offset=2000",
    );
    let words = [
        (AccountKind::System, "system"),
        (AccountKind::Recent, "recent"),
        (AccountKind::DomainLinked, "domainlinked"),
        (AccountKind::Cloud, "cloud"),
        (AccountKind::Application, "application"),
    ];
    for (kind, word) in words {
        let query = ManagedAccountQuery::of_kind(kind);
        let (line, _) = sent(&ListManagedAccounts { query, limit: 1, offset: 0 });
        assert_eq!(line, format!("GET ManagedAccounts?type={word}&limit=1&offset=0"));
    }
}

#[test]
fn every_member_of_a_new_request_is_sent_and_nothing_that_was_not_said() {
    let least = NewRequest::view(SystemId::new(12), AccountId::new(34), 60);
    // RotateOnCheckin above all: sent as false by default it switches rotation off.
    let expected =
        json!({"AccessType": "View", "SystemID": 12, "AccountID": 34, "DurationMinutes": 60});
    assert_eq!(sent(&CreateRequest(&least)).1, expected);
    let most = least
        .access_type(AccessType::App)
        .application(ApplicationId::new(9))
        .reason("why \"so\"\n")
        .schedule(ScheduleId::new(3))
        .on_conflict(ConflictOption::Renew)
        .ticket(Some(TicketSystemId::new(5)), "INC1")
        .rotate_on_checkin(false);
    let expected = json!({
        "AccessType": "App", "SystemID": 12, "AccountID": 34, "ApplicationID": 9,
        "DurationMinutes": 60, "Reason": "why \"so\"\n", "AccessPolicyScheduleID": 3,
        "ConflictOption": "renew", "TicketSystemID": 5, "TicketNumber": "INC1",
        "RotateOnCheckin": false,
    });
    assert_eq!(sent(&CreateRequest(&most)), ("POST Requests".to_owned(), expected));
    for (minutes, expected) in [(0, 1), (1, 1), (525_600, 525_600), (u32::MAX, 525_600)] {
        let new = NewRequest::view(SystemId::new(1), AccountId::new(1), minutes);
        assert_eq!(new.minutes(), expected);
    }
}
