//! No secret in any Debug, Display or error.

use ecm_core::source::SecretKind;
use secrecy::SecretSlice;
use source_plugin::{
    Calls, Hello, HostIdentity, Limits, Line, LineReader, ReadAnswer, SecretSetting, encode_call,
    read_line, read_result,
};

const PLANTED: &str = "s3cr3t-f1sh";
const PLANTED_B64: &str = "czNjcjN0LWYxc2g=";

fn is_clean(shown: &str) -> bool {
    !shown.contains(PLANTED) && !shown.contains(PLANTED_B64)
}

#[test]
fn secrets_on_their_way_are_not_shown() {
    let setting = SecretSetting { bytes: SecretSlice::from(PLANTED.as_bytes().to_vec()) };
    let hello = Hello {
        protocol: vec![1],
        host: HostIdentity { name: "h".to_owned(), version: "1".to_owned() },
        vault: "v".to_owned(),
        limits: Limits { line_bytes: 1, in_flight: 1, batch_accounts: 1 },
        settings: Default::default(),
        secrets: [("token".to_owned(), setting)].into(),
    };
    assert!(is_clean(&format!("{hello:?}")));
    let frame = encode_call(Calls::new().begin(0), &hello);
    assert!(String::from_utf8_lossy(frame.bytes()).contains(PLANTED_B64), "it does travel");
    assert!(is_clean(&format!("{frame:?}")));

    let line = format!(
        r#"{{"jsonrpc":"2.0","id":1,"result":{{"request":"r","password-b64":"{PLANTED_B64}"}}}}"#
    );
    let mut reader = LineReader::new(1000);
    reader.handle_bytes(line.as_bytes());
    assert!(is_clean(&format!("{reader:?}")));
    let read = read_line(line.as_bytes()).unwrap();
    assert!(is_clean(&format!("{read:?}")));
    let Line::Result { result, .. } = read else { unreachable!("a result") };
    let answer: ReadAnswer = read_result(result).unwrap();
    assert!(is_clean(&format!("{answer:?}")));
    assert!(is_clean(&format!("{:?}", answer.into_secret(SecretKind::Password))));
}

#[test]
fn secrets_in_the_wrong_place_are_not_quoted_by_errors() {
    for result in [
        format!(r#"{{"request":17,"password-b64":"{PLANTED_B64}"}}"#),
        format!(r#"{{"request":"r","password-b64":"{PLANTED}!"}}"#),
        format!(r#"{{"request":"r","password-b64":["{PLANTED_B64}"]}}"#),
        format!(r#""{PLANTED}""#),
    ] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#);
        let Ok(Line::Result { result, .. }) = read_line(line.as_bytes()) else {
            unreachable!("a result");
        };
        let error = read_result::<ReadAnswer>(result).unwrap_err();
        assert!(is_clean(&format!("{error} {error:?}")), "{error}");
    }
    for line in [PLANTED.to_owned(), format!(r#"{{"jsonrpc":"{PLANTED}"}}"#)] {
        let error = read_line(line.as_bytes()).unwrap_err();
        assert!(is_clean(&format!("{error} {error:?}")), "{error}");
    }
}

#[test]
fn a_secret_of_another_kind_is_no_answer() {
    for (members, kind) in [
        (r#""key-b64":"a2V5""#, SecretKind::Password),
        (r#""password-b64":"cHc=""#, SecretKind::SshKey),
        (r#""password-b64":"cHc=","key-b64":"a2V5""#, SecretKind::Password),
        (r#""passphrase-b64":"cHc=""#, SecretKind::SshKey),
    ] {
        let text = format!(r#"{{"request":"r",{members}}}"#);
        let answer: ReadAnswer = serde_json::from_str(&text).unwrap();
        assert!(answer.into_secret(kind).is_none(), "{members}");
    }
}
