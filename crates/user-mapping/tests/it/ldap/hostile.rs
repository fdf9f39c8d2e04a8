//! Servers that send what no server should. They stop at StartTLS, the only thing that is read
//! before a certificate is checked.

use std::time::SystemTime;

use directory_rig::Place;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use user_mapping::ldap::LdapDirectory;
use user_mapping::{Key, Progress, StatedUser};

use super::{rules, settings, why_not};

#[tokio::test]
async fn whatever_a_server_says_before_tls_does_no_harm() {
    let place = Place::new().unwrap();
    let rules = rules(
        "[[domain]]\nid = 'acme'\nnetbios = 'ACME'\ndns = ['acme.test']\ndirectory = 'always'",
    );
    let stated = StatedUser { username: r"ACME\joe", ..StatedUser::default() };
    let Progress::Ask(questions) = rules.resolve_with(&stated, &Default::default()) else {
        panic!();
    };
    let question = questions.into_iter().next().unwrap();
    assert!(matches!(question.by, Key::LogonName(_)));
    let deep: Vec<u8> = [0x30, 0x80].repeat(60_000);
    let refused = b"\x30\x10\x02\x01\x01\x78\x0b\x0a\x01\x34\x04\x00\x04\x04busy".to_vec();
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a length without end", vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], "too long"),
        ("nested without end", deep, "indefinite length"),
        ("no answer", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "StartTLS"),
        ("nothing", Vec::new(), "hung up"),
        ("a refusal", refused, "unavailable [52]"),
        ("an empty sequence", vec![0x30, 0x00], "without an id"),
        ("an entry", b"\x30\x09\x02\x01\x01\x64\x04\x04\x00\x30\x00".to_vec(), "another shape"),
    ];
    for (what, octets, words) in table {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ldap://{}", listener.local_addr().unwrap());
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = [0; 31];
            stream.read_exact(&mut question).await.unwrap();
            assert!(question.ends_with(b"1.3.6.1.4.1.1466.20037"), "only StartTLS is asked for");
            let _ = stream.write_all(&octets).await;
            let _ = stream.shutdown().await;
            // Nothing more is said to a server that has not shown who it is.
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            assert!(rest.is_empty(), "{rest:?}");
        };
        let settings = settings(&[&url], place.ca_pem(), ("cn=admin", "secret"), "dc=acme,dc=test");
        let directory = LdapDirectory::new(settings);
        let (answer, ()) = tokio::join!(directory.answer(&question, SystemTime::now()), server);
        let why = why_not(answer);
        assert!(why.contains(words), "{what}: {why}");
    }
}
