//! Readers against the shapes that public text shows, and against anything else.

use proptest::prelude::*;
use site_api::command::{
    CheckHealth, ClientKind, CommandRight, GetApiInfo, GetConnectedClientList, GetConnectedClients,
    GetLoggedInReps, GetSessionAttributes, SetSessionAttributes, TerminateSession,
};
use site_api::configuration::{JumpClient, List, One, ShellJump};
use site_api::reporting::{Report, SessionReport};
use site_api::{Budget, Call, Error, LoginPage, Lsid};

use crate::paper::{client, read};

macro_rules! recorded {
    ($name:literal) => {
        include_bytes!(concat!("../../../../fixtures/data/site-api/", $name))
    };
}

const LSID: &str = "00112233445566778899aabbccddeeff";

fn lsid() -> Lsid {
    Lsid::parse(LSID).unwrap()
}

#[test]
fn api_information_tells_what_the_account_may_do() {
    let info = read(&GetApiInfo, 200, &[], recorded!("get_api_info.xml")).unwrap();
    assert_eq!(
        (info.api_version.as_str(), info.company_name.as_deref()),
        ("1.19.0", Some("examplecorp"))
    );
    assert_eq!(info.timestamp.unwrap().to_string(), "2019-11-24T23:32:42Z");
    assert_eq!(info.command(), Some(CommandRight::FullAccess));
    assert_eq!(
        (info.has("perm_ecm"), info.has("perm_scim"), info.has("perm_new")),
        (Some(true), Some(false), None)
    );
}

#[test]
fn any_namespace_and_prefix_will_do() {
    let text = String::from_utf8(recorded!("get_api_info.xml").to_vec()).unwrap();
    let plain = read(&GetApiInfo, 200, &[], text.as_bytes()).unwrap();
    let old = "xmlns=\"http://www.bomgar.com/namespaces/API/command\"";
    for new in ["", "xmlns=\"https://www.beyondtrust.com/namespaces/API/command\""] {
        assert_eq!(read(&GetApiInfo, 200, &[], text.replace(old, new).as_bytes()).unwrap(), plain);
    }
    let prefixed = text.replace("</", "</c:").replace('<', "<c:");
    let prefixed =
        prefixed.replace("<c:?", "<?").replace("<c:/c:", "</c:").replace("xmlns=", "xmlns:c=");
    assert_eq!(read(&GetApiInfo, 200, &[], prefixed.as_bytes()).unwrap(), plain);
}

#[test]
fn health_is_read_with_its_role() {
    let health = read(&CheckHealth, 200, &[], recorded!("check_health.xml")).unwrap();
    assert!(health.healthy);
    assert_eq!(health.appliance_id.as_deref(), Some(LSID));
    assert_eq!(health.appliance.as_deref(), Some("appliance-a"));
    assert_eq!(health.failover_role.as_deref(), Some("none"));
    let sick = b"<health_check><success>0</success><enabled_shared_ips><ip>10.0.0.1</ip></enabled_shared_ips><error_message>disk</error_message></health_check>";
    let health = read(&CheckHealth, 200, &[], sick).unwrap();
    assert_eq!((health.healthy, health.error_message.as_deref()), (false, Some("disk")));
    assert_eq!(health.shared_ips, ["10.0.0.1"]);
}

#[test]
fn representatives_and_clients_are_read() {
    let reps = read(&GetLoggedInReps, 200, &[], recorded!("get_logged_in_reps.xml")).unwrap();
    let [joe] = reps.as_slice() else { panic!("{reps:?}") };
    assert_eq!((joe.id, joe.support_sessions, joe.showing_on_rep_list), (17, 1, Some(true)));
    assert_eq!(joe.private_display_name.as_deref(), Some("Joe User"));
    assert_eq!(joe.logged_in_since.unwrap().as_second(), 1_575_040_000);

    let question = GetConnectedClientList::default();
    let list = read(&question, 200, &[], recorded!("get_connected_client_list.xml")).unwrap();
    assert_eq!(list.clients, [(ClientKind::Representative, "0011aabb".to_owned())]);
    assert_eq!(list.counts.iter().map(|count| count.count).collect::<Vec<_>>(), [1, 2]);

    let question = GetConnectedClients::default();
    let clients = read(&question, 200, &[], recorded!("get_connected_clients.xml")).unwrap();
    let [console] = clients.as_slice() else { panic!("{clients:?}") };
    assert_eq!((console.user_id, console.username.as_deref()), (Some(17), Some("joe.user")));
    // The port behind the address is not part of it.
    assert_eq!(console.public_ip.as_deref(), Some("203.0.113.7"));
    assert_eq!(console.private_ip.as_deref(), Some("10.1.2.3"));
}

#[test]
fn attributes_and_reports_are_read() {
    let question = GetSessionAttributes { lsid: lsid() };
    let attributes = read(&question, 200, &[], recorded!("get_session_attributes.xml")).unwrap();
    assert_eq!(attributes.external_key(), Some("INC0012345"));
    let set = SetSessionAttributes::new(lsid(), [("external_key", "INC1")]).unwrap();
    read(&set, 200, &[], recorded!("success.xml")).unwrap();
    let request = set.request();
    assert_eq!((request.method.as_str(), request.query.len()), ("POST", 0));
    assert_eq!(request.form[2], ("session.custom.external_key".to_owned(), "INC1".to_owned()));

    let question = SessionReport { report: Report::AccessSession, lsid: lsid() };
    let session = read(&question, 200, &[], recorded!("access_session.xml")).unwrap().unwrap();
    assert_eq!(session.ended_at.unwrap().as_second(), 1_575_040_600);
    assert_eq!(session.external_key.as_deref(), Some("INC0012345"));
    assert_eq!(session.attributes.get("ticket"), Some("4711"));
    // Another session in the answer is not taken for this one, and an open one has not ended.
    let other = SessionReport { lsid: Lsid::parse("ff").unwrap(), ..question.clone() };
    assert_eq!(read(&other, 200, &[], recorded!("access_session.xml")).unwrap(), None);
    let open = format!(
        "<session_list><session lsid='{LSID}'><end_time timestamp=''/></session></session_list>"
    );
    assert_eq!(read(&question, 200, &[], open.as_bytes()).unwrap().unwrap().ended_at, None);
}

#[test]
fn an_error_element_counts_whatever_the_status() {
    for body in
        [&recorded!("error.xml")[..], b"<api_information><error>no</error></api_information>"]
    {
        let error = read(&GetApiInfo, 200, &[], body).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    }
}

#[test]
fn hostile_xml_is_refused_with_its_place() {
    let deep = "<a>".repeat(10_000);
    let wide = format!("<a>{}</a>", "<b/>".repeat(100_001));
    let crowded: String = (0..65).map(|number| format!(" a{number}='1'")).collect();
    let crowded = format!("<a{crowded}/>");
    for (body, words) in [
        (crowded.as_str(), "too many attributes"),
        ("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "document type"),
        ("<a>&x;</a>", "entity"),
        ("<a b='&x;'/>", "entity"),
        (&deep, "nested too deeply"),
        (&wide, "too many elements"),
        ("<a></b>", "not well-formed"),
        ("<a>", "ends too early"),
        ("", "ends too early"),
        ("<a/><a/>", "more after its end"),
        ("text", "outside its root"),
    ] {
        let error = read(&GetApiInfo, 200, &[], body.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn one_item_has_the_documented_members_and_unknown_ones_are_skipped() {
    let body =
        br#"{"id":12,"name":"db01","jumpoint_id":3,"hostname":"db01.acme-inc.com","protocol":"ssh",
        "port":22,"jump_group_id":5,"jump_group_type":"shared","terminal":"xterm","keep_alive":0,
        "tag":"prod","comments":"","jump_policy_id":null,"username":"","session_policy_id":null}"#;
    let item = read(&One::<ShellJump>::new(12), 200, &[], body).unwrap();
    assert_eq!(
        (item.id, item.port, item.hostname.as_deref()),
        (12, Some(22), Some("db01.acme-inc.com"))
    );
    let error = read(&One::<ShellJump>::new(12), 200, &[], br#"{"id":"hunter2"}"#).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

#[test]
fn the_next_page_is_known_by_header_or_link_and_no_link_is_followed() {
    let (list, one) = (List::<JumpClient>::all(), br#"[{"id":1,"name":"a"}]"#);
    let page = |headers: &[(&'static str, &str)]| read(&list, 200, headers, one).unwrap();
    let headers = [
        ("x-bt-pagination-current-page", "1"),
        ("x-bt-pagination-last-page", "3"),
        ("x-bt-pagination-total", "201"),
    ];
    assert_eq!((page(&headers).next, page(&headers).total), (Some(2), Some(201)));
    let link = "<https://evil.example/?current_page=9>; rel=\"last\", </x?current_page=4&per_page=1>; rel=next, </x?current_page=2>; rel=\"previous\"";
    assert_eq!(
        (page(&[("link", link)]).next, page(&[("link", link)]).previous),
        (Some(4), Some(2))
    );
    assert_eq!(page(&[]).next, None);
    assert_eq!(read(&list, 200, &headers, b"[]").unwrap().next, None);
}

#[tokio::test]
async fn requests_say_what_is_asked_in_the_sites_words() {
    let (site, paper, _) =
        client(&[(200, "[]"), (200, "<connected_clients/>"), (200, "<success/>")]);
    site.all(List::<JumpClient>::all().with("hostname", "A & B").unwrap()).await.unwrap();
    let ids = vec!["1".to_owned(), "2".to_owned()];
    let kinds = vec![ClientKind::Representative, ClientKind::PushAgent];
    site.send(&GetConnectedClients::new(kinds, ids).unwrap()).await.unwrap();
    site.send(&TerminateSession { lsid: lsid() }).await.unwrap();
    let expected = [
        "GET /api/config/v1/jump-client?hostname=A+%26+B&per_page=100&current_page=1 Bearer token-1",
        "GET /api/command?action=get_connected_clients&type=representative%2Cpush_agent&id=1%2C2 Bearer token-1",
        "POST /api/command? Bearer token-1",
    ];
    assert_eq!(*paper.calls.lock().unwrap(), expected);
}

#[test]
fn the_budget_needs_both_headers() {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-ratelimit-limit", "20".parse().unwrap());
    assert_eq!(Budget::read(&headers), None);
    headers.insert("x-ratelimit-remaining", "19".parse().unwrap());
    assert_eq!(Budget::read(&headers), Some(Budget { limit: 20, remaining: 19 }));
}

/// Every reader, for its effect only.
fn every_reader(status: u16, link: &str, body: &[u8]) {
    let headers = [("link", link), ("x-bt-pagination-last-page", link)];
    let set = SetSessionAttributes::new(lsid(), []).unwrap();
    let _ = read(&GetApiInfo, status, &headers, body).map(drop);
    let _ = read(&CheckHealth, status, &headers, body).map(drop);
    let _ = read(&GetLoggedInReps, status, &headers, body).map(drop);
    let _ = read(&GetConnectedClientList::default(), status, &headers, body).map(drop);
    let _ = read(&GetConnectedClients::default(), status, &headers, body).map(drop);
    let _ = read(&GetSessionAttributes { lsid: lsid() }, status, &headers, body).map(drop);
    let _ = read(&set, status, &headers, body);
    let _ = read(&List::<JumpClient>::all(), status, &headers, body).map(drop);
    let _ = read(&LoginPage, status, &headers, body).map(drop);
    let report = SessionReport { report: Report::SupportSession, lsid: lsid() };
    let _ = read(&report, status, &headers, body).map(drop);
}

proptest! {
    #[test]
    fn readers_never_panic_on_arbitrary_bytes(
        status in prop::sample::select(vec![200_u16, 204, 302, 401, 422, 429, 500]),
        link in "[ -~]{0,60}",
        body in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        every_reader(status, &link, &body);
    }

    #[test]
    fn readers_never_panic_on_almost_right_answers(cut in 0_usize..900, byte in any::<u8>()) {
        for body in [
            &recorded!("get_api_info.xml")[..],
            recorded!("get_connected_clients.xml"),
            recorded!("access_session.xml"),
            br#"{"message":"a","errors":{"b":["c"]}}"#,
        ] {
            let mut body = body.to_vec();
            let place = cut % body.len();
            if let Some(octet) = body.get_mut(place) {
                *octet = byte;
            }
            every_reader(200, "", &body);
            every_reader(422, "", &body);
        }
    }
}
