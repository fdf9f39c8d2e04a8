//! What the codec refuses, and that nothing a peer sends can break it.

use ecm_protocol::codec::{
    Envelope, FrameError, RequestId, decode, encode_problem, encode_request, encode_result, read_as,
};
use ecm_protocol::message::{Category, Find, Problem, RetrieveResult, Welcome};
use proptest::prelude::*;
use serde_json::Value;

use crate::fixture;

const LIMIT: usize = 262_144;

fn refusal(frame: &str) -> FrameError {
    decode(frame.as_bytes(), LIMIT).map(|envelope| format!("{envelope:?}")).unwrap_err()
}

/// A notification whose parameters are nested so that the whole is `levels` deep.
fn nested(levels: usize) -> String {
    let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
    format!(r#"{{"jsonrpc":"2.0","method":"m","params":{open}{close}}}"#)
}

#[test]
fn thirty_two_levels_are_taken_and_thirty_three_are_not() {
    assert!(decode(nested(32).as_bytes(), LIMIT).is_ok());
    assert_eq!(refusal(&nested(33)), FrameError::TooDeep { max: 32 });
    assert_eq!(refusal(&nested(100_000)), FrameError::TooDeep { max: 32 });
}

#[test]
fn a_frame_of_the_limit_is_taken_and_one_byte_more_is_not() {
    let frame = r#"{"jsonrpc":"2.0","method":"m"}"#;
    assert!(decode(frame.as_bytes(), frame.len()).is_ok());
    let error = decode(frame.as_bytes(), frame.len() - 1).unwrap_err();
    assert_eq!(error, FrameError::TooLarge { bytes: 30, max: 29 });
    assert_eq!(error.to_string(), "a frame of 30 bytes, at most 29 were agreed");
}

#[test]
fn a_member_said_twice_is_refused_wherever_and_however_it_is_spelled() {
    for frame in [
        r#"{"jsonrpc":"2.0","id":"1","id":"2","method":"m"}"#,
        r#"{"jsonrpc":"2.0","id":"1","method":"m","params":{"a":1,"a":1}}"#,
        r#"{"jsonrpc":"2.0","id":"1","method":"m","params":[{"x":{"a":1,"\u0061":2}}]}"#,
    ] {
        assert!(matches!(refusal(frame), FrameError::DuplicateMember { line: 1, .. }), "{frame}");
    }
}

#[test]
fn a_member_said_twice_is_found_among_thousands() {
    let members: Vec<_> = (0..5000).map(|n| format!("\"m{n}\":0")).collect();
    let with = |extra: &str| {
        format!(r#"{{"jsonrpc":"2.0","method":"m","params":{{{}{extra}}}}}"#, members.join(","))
    };
    assert!(decode(with("").as_bytes(), LIMIT).is_ok());
    for twice in ["m3", "m15", "m16", "m4999"] {
        let error = refusal(&with(&format!(",\"{twice}\":0")));
        assert!(matches!(error, FrameError::DuplicateMember { .. }), "{twice}: {error}");
    }
}

#[test]
fn a_batch_is_refused() {
    for frame in ["[]", r#" [{"jsonrpc":"2.0","method":"m"}]"#] {
        assert_eq!(refusal(frame), FrameError::Batch);
    }
    assert_eq!(FrameError::Batch.to_problem().category, Category::Invalid);
}

#[test]
fn integers_of_more_than_53_bits_are_refused() {
    let with =
        |number: &str| format!(r#"{{"jsonrpc":"2.0","method":"m","params":{{"n":{number}}}}}"#);
    for number in ["9007199254740991", "-9007199254740991", "0.5", "1e3"] {
        assert!(decode(with(number).as_bytes(), LIMIT).is_ok(), "{number}");
    }
    for number in [
        "9007199254740992",
        "-9007199254740992",
        "18446744073709551615",
        "18446744073709551616",
        "1e300",
    ] {
        assert_eq!(refusal(&with(number)), FrameError::IntegerTooLarge, "{number}");
    }
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    for (frame, line, column) in [
        ("", 1, 0),
        ("{", 1, 1),
        ("planted", 1, 1),
        ("{\"jsonrpc\":\"2.0\",\n\"method\":NaN}", 2, 10),
        ("{\"method\":\"m\"} x", 1, 16),
        ("{\"method\":\"\u{1}\"}", 1, 12),
        // Half a pair: what must follow it is not there.
        (r#"{"method":"\ud800"}"#, 1, 18),
    ] {
        assert_eq!(refusal(frame), FrameError::NotJson { line, column }, "{frame}");
    }
    assert!(matches!(
        decode(b"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"method\":\"m\"}", LIMIT).unwrap_err(),
        FrameError::NotJson { line: 1, column: 1 }
    ));
    assert_eq!(decode(b"{\"\xff\":1}", LIMIT).unwrap_err(), FrameError::NotUtf8 { position: 2 });
}

#[test]
fn json_that_is_no_request_is_refused_with_its_id_where_it_has_one() {
    let id = |error: FrameError| match error {
        FrameError::NotJsonRpc { id, .. } => id.map(|id| id.as_str().to_owned()),
        other => panic!("{other}"),
    };
    for frame in [
        r#"{"id":"7","method":"m"}"#,
        r#"{"jsonrpc":"1.0","id":"7","method":"m"}"#,
        r#"{"jsonrpc":"2.0","id":"7"}"#,
        r#"{"jsonrpc":"2.0","id":"7","method":"m","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":"7","result":{},"error":{"code":1}}"#,
    ] {
        assert_eq!(id(refusal(frame)).as_deref(), Some("7"), "{frame}");
    }
    let long = "x".repeat(65);
    for frame in [
        "{}",
        "null",
        "\"text\"",
        r#"{"jsonrpc":"2.0","id":7,"method":"m"}"#,
        r#"{"jsonrpc":"2.0","id":"","method":"m"}"#,
        r#"{"jsonrpc":"2.0","id":"a b","method":"m"}"#,
        r#"{"jsonrpc":"2.0","id":"ü","method":"m"}"#,
        r#"{"jsonrpc":"2.0","result":{}}"#,
        &format!(r#"{{"jsonrpc":"2.0","id":"{long}","method":"m"}}"#),
    ] {
        assert_eq!(id(refusal(frame)), None, "{frame}");
    }
}

/// Refusals of a search in which one text of the golden file was replaced.
fn find_with(from: &str, to: &str) -> Option<String> {
    use crate::conversation::Probe;
    let text = fixture::text("credentials.find-jump-client");
    assert!(text.contains(from), "{from} is not in the file");
    Probe::ready().detail(&text.replace(from, to))
}

#[test]
fn texts_of_their_longest_are_taken_and_one_character_more_is_named() {
    for (from, max, path) in [
        ("ACME\\\\joe.user", 256, "user.username"),
        ("CN=Joe User,OU=HelpDesk,DC=acme-inc,DC=com", 2048, "user.dn"),
        ("Joe User\"", 256, "user.display_name"),
        ("joe.user@acme-inc.com", 255, "user.email"),
        ("\"App01", 128, "target.name"),
        ("APP01", 255, "target.hostname"),
        ("app01.acme-inc.com", 255, "target.fqdn"),
        ("prod", 64, "target.tag"),
    ] {
        let quote_before = if from.starts_with('"') { "\"" } else { "" };
        let quote_after = if from.ends_with('"') { "\"" } else { "" };
        // Cyrillic: the limits count characters, not bytes.
        let text = |n: usize| format!("{quote_before}{}{quote_after}", "\u{436}".repeat(n));
        assert_eq!(find_with(from, &text(max)), None, "{path}");
        let detail = find_with(from, &text(max + 1)).unwrap();
        assert_eq!(detail, format!("member `{path}` is longer than {max} characters"));
    }
}

#[test]
fn a_url_with_a_password_in_it_is_refused_and_not_quoted() {
    use crate::conversation::Probe;
    let file = fixture::text("credentials.find-web");
    let url = "https://erp.acme-inc.com/login?next=%2F";
    for bad in [
        "https://joe:planted@erp.acme-inc.com/",
        "https://planted@erp.acme-inc.com",
        "HTTPS://joe:planted@erp.acme-inc.com?x",
        "//planted@erp",
        "https://a@b@erp/",
    ] {
        let detail = Probe::ready().detail(&file.replace(url, bad)).unwrap();
        assert_eq!(
            detail,
            "member `target.url` carries a user name or password in front of its host"
        );
    }
    for good in ["https://erp/login@joe", "https://erp?mail=joe@acme", "https://erp#a@b", "erp"] {
        assert_eq!(Probe::ready().detail(&file.replace(url, good)), None, "{good}");
    }
}

#[test]
fn a_target_that_names_no_machine_is_refused() {
    use crate::conversation::Probe;
    let file = fixture::text("credentials.find-shell");
    let detail = Probe::ready().detail(&file.replace("\"hostname\"", "\"nickname\"")).unwrap();
    assert_eq!(detail, "member `target` says neither hostname, fqdn, name, addresses nor url");
}

#[test]
fn what_is_missing_is_named_by_its_path() {
    let frame = fixture::text("credentials.find-web").replace("\"kind\": \"web\",", "");
    let Envelope::Request { params, .. } = decode(frame.as_bytes(), LIMIT).unwrap() else {
        panic!("no request");
    };
    let error = read_as::<Find>(params).unwrap_err();
    assert!(error.to_string().contains("member `target`"), "{error}");
    let problem = error.to_problem();
    assert_eq!(problem.category, Category::BadParameters);
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_break_the_codec(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = decode(&bytes, LIMIT);
    }

    #[test]
    fn golden_frames_with_a_few_bytes_changed_never_break_the_codec(
        file in 0_usize..60,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let names = fixture::names();
        let mut bytes = fixture::text(&names[file % names.len()]).into_bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        match decode(&bytes, LIMIT) {
            Ok(Envelope::Request { params, .. } | Envelope::Notification { params, .. }) => {
                let _ = read_as::<Find>(params);
            }
            Ok(Envelope::Result { result, .. }) => {
                let _ = read_as::<Welcome>(Some(result));
                let _ = read_as::<RetrieveResult>(Some(result));
            }
            Ok(Envelope::Failure { .. }) | Err(_) => {}
        }
    }

    #[test]
    fn any_json_travels_unchanged(value in json(), id in "[!-~]{1,64}") {
        // JSON-RPC knows no `null` in these places.
        prop_assume!(!value.is_null());
        let id = RequestId::new(id).unwrap();
        let frame = encode_request(&id, "m", &value);
        let Envelope::Request { id: read, params, .. } = decode(frame.bytes(), LIMIT).unwrap()
        else {
            return Err(TestCaseError::fail("no request"));
        };
        prop_assert_eq!(&read, &id);
        let params = params.unwrap().get();
        prop_assert_eq!(serde_json::from_str::<Value>(params).unwrap(), value.clone());
        // Written again it is the same to the byte.
        let again = encode_request(&id, "m", &serde_json::from_str::<Value>(params).unwrap());
        prop_assert_eq!(again.bytes(), frame.bytes());
        let answer = encode_result(&id, &value);
        let is_result =
            matches!(decode(answer.bytes(), LIMIT).unwrap(), Envelope::Result { .. });
        prop_assert!(is_result);
    }

    #[test]
    fn any_problem_travels_unchanged(
        category in prop::sample::select(Category::ALL.to_vec()),
        detail in prop::option::of(".{0,40}"),
        advice in prop::option::of(".{0,40}"),
        retry_after_ms in prop::option::of(0_u64..9_007_199_254_740_991),
        request_ref in prop::option::of("[A-Z0-9-]{1,10}"),
        lease_id in prop::option::of("[a-z0-9-]{1,10}"),
    ) {
        let problem = Problem { category, detail, advice, retry_after_ms, request_ref, lease_id };
        let frame = encode_problem(&RequestId::new("1").unwrap(), &problem);
        let Envelope::Failure { problem: read, .. } = decode(frame.bytes(), LIMIT).unwrap() else {
            return Err(TestCaseError::fail("no failure"));
        };
        prop_assert_eq!(read, problem);
    }
}
