//! What a sign-in sends.

use proptest::prelude::*;
use ps_client::{Auth, ErrorKind, RunAs, SignedIn};
use secrecy::SecretString;

use crate::scripted::{Vault, key_auth, reply, signed_in};

/// The vault's reading: parts end at `;`, a bracketed one at the last `]` before its `;`.
fn parts(header: &str) -> Vec<(String, String)> {
    let mut rest = header.strip_prefix("PS-Auth ").unwrap();
    let mut parts = Vec::new();
    while let Some((name, after)) = rest.split_once('=') {
        let bracketed = after.strip_prefix('[').and_then(|inner| inner.split_once("];"));
        let (value, after) = bracketed.or_else(|| after.split_once(';')).unwrap();
        parts.push((name.trim().to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    parts
}

/// Signs in with these; `Ok` is the header sent.
fn header(
    key: &str,
    password: Option<&str>,
    answer: Option<&str>,
) -> Result<String, ps_client::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let vault = Vault::default();
        let run_as = RunAs::new(r"ACME\joe").unwrap();
        let password = password.map(SecretString::from);
        let auth = Auth::Key { key: key.into(), run_as, password };
        if let Some(answer) = answer {
            let asks = reply(401, "").with("WWW-Authenticate-2FA", "code?");
            vault.on("POST Auth/SignAppin", asks);
            vault.on("POST Auth/SignAppin", signed_in("a=b"));
            let SignedIn::Challenge(challenge) = vault.client().sign_in(auth).await? else {
                panic!("no challenge")
            };
            challenge.answer(&answer.into()).await?;
        } else {
            vault.on("POST Auth/SignAppin", signed_in("a=b"));
            vault.client().sign_in(auth).await?;
        }
        let sent = vault.last();
        assert!(sent.headers["authorization"].is_sensitive());
        Ok(sent.header("authorization").unwrap())
    })
}

#[test]
fn header_has_its_parts_in_the_order_that_servers_read() {
    assert_eq!(header("k1", None, None).unwrap(), r"PS-Auth key=k1; runas=ACME\joe;");
    assert_eq!(
        header("k1", Some("p;w]d x"), Some("123 456")).unwrap(),
        r"PS-Auth key=k1; runas=ACME\joe; pwd=[p;w]d x]; challenge=123 456;",
    );
    assert_eq!(
        header("k", Some("grün"), None).unwrap(),
        r"PS-Auth key=k; runas=ACME\joe; pwd=[grün];"
    );
}

#[test]
fn secrets_that_would_be_read_as_something_else_are_refused_and_not_quoted() {
    let long = "x".repeat(4_097);
    let table = [
        ("", None, None, "API key is empty"),
        ("planted\n", None, None, "API key holds a control character"),
        ("planted\0", None, None, "control character"),
        ("planted;runas=admin;", None, None, "give the key alone"),
        (" planted", None, None, "space"),
        (&*long, None, None, "longer than 4096"),
        ("k", Some("planted\r\nX-Evil: 1"), None, "password holds a control character"),
        ("k", Some("planted]; runas=admin; x=["), None, "taken for the password's"),
        ("k", Some("planted] ;"), None, "taken for the password's"),
        ("[planted", None, None, "API key holds a bracket"),
        ("k", None, Some("[planted"), "challenge holds a bracket"),
        ("k", None, Some("planted;x"), "answer to the challenge holds `;`"),
        ("k", Some("p"), Some("planted]"), "taken for the password's"),
    ];
    for (key, password, answer, says) in table {
        let error = header(key, password, answer).unwrap_err();
        let ErrorKind::Header(cause) = error.kind() else { panic!("{error:?}") };
        assert!(cause.to_string().contains(says), "{cause}");
        assert!(!format!("{error} {error:?} {cause}").contains("planted"), "{error:?}");
    }
}

/// Found by the property below: a key that begins with a bracket swallowed the run-as user.
#[test]
fn key_that_begins_with_a_bracket_is_refused() {
    assert!(header("[", Some("="), None).is_err());
}

proptest! {
    #[test]
    fn vault_reads_exactly_the_parts_that_were_meant(
        key in "\\PC{1,30}|[\\x00-\\x7f]{1,30}",
        password in proptest::option::of("[\\];\\[ =a-z\\r\\n]{1,20}|\\PC{1,20}"),
        answer in proptest::option::of("[\\];\\[ =a-z0-9\\r\\n]{1,12}|\\PC{1,12}"),
    ) {
        let Ok(header) = header(&key, password.as_deref(), answer.as_deref()) else {
            return Ok(());
        };
        prop_assert!(!header.chars().any(char::is_control));
        let mut expected = vec![
            ("key".to_owned(), key),
            ("runas".to_owned(), r"ACME\joe".to_owned()),
        ];
        expected.extend(password.map(|password| ("pwd".to_owned(), password)));
        expected.extend(answer.map(|answer| ("challenge".to_owned(), answer)));
        prop_assert_eq!(parts(&header), expected);
    }
}

#[tokio::test]
async fn oauth_asks_for_a_token_first_and_signs_in_with_it() {
    let vault = Vault::default();
    let token = r#"{"access_token":"tok\u002Den","expires_in":3600,"token_type":"Bearer"}"#;
    vault.on("POST Auth/connect/token", reply(200, token));
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s1"));
    let auth = Auth::OAuth {
        client_id: "id+1".to_owned(),
        client_secret: "a&b=c d%".into(),
        token_url: None,
    };
    vault.client().sign_in(auth).await.unwrap();
    let calls = vault.calls();
    assert_eq!(
        calls[0].body,
        "grant_type=client_credentials&client_id=id%2B1&client_secret=a%26b%3Dc%20d%25",
    );
    assert_eq!(calls[0].header("content-type").unwrap(), "application/x-www-form-urlencoded");
    assert_eq!(calls[0].header("authorization"), None);
    assert_eq!(calls[1].header("authorization").unwrap(), "Bearer tok-en");
    assert_eq!(calls[1].body, "");
}

#[tokio::test]
async fn token_answers_that_hold_no_token_are_told_apart() {
    let table = [
        (400, r#"{"error":"invalid_client"}"#, "refused the sign-in"),
        (401, "", "refused the sign-in"),
        (200, r#"{"expires_in":3600}"#, "access_token is missing"),
        (200, r#"{"access_token":12}"#, "access_token is missing"),
        (200, "planted", "not a token answer"),
        (200, "<html>sign in</html>", "not the vault's API"),
        (503, "", "status 503"),
    ];
    for (status, body, says) in table {
        let vault = Vault::default();
        vault.on("POST Auth/connect/token", reply(status, body));
        let auth = Auth::OAuth {
            client_id: "id".to_owned(),
            client_secret: "secret".into(),
            token_url: None,
        };
        let error = vault.client().sign_in(auth).await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert!(!format!("{error:?}").contains("planted"));
        assert_eq!(error.endpoint(), "POST Auth/connect/token");
    }
}

#[tokio::test]
async fn client_secret_is_not_sent_to_a_plain_address() {
    let vault = Vault::default();
    let auth = Auth::OAuth {
        client_id: "id".to_owned(),
        client_secret: "secret".into(),
        token_url: Some("http://login.example/token".parse().unwrap()),
    };
    let error = vault.client().sign_in(auth).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Misuse { .. }), "{error:?}");
    assert!(vault.calls().is_empty());
}

#[tokio::test]
async fn sign_in_has_an_empty_body_and_no_cookie() {
    let vault = Vault::open();
    vault.client().sign_in(key_auth()).await.unwrap();
    let call = vault.last();
    assert_eq!((call.body.as_str(), call.header("cookie")), ("", None));
}
