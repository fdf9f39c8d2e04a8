//! No planted secret in anything that can be printed.

use std::error::Error as StdError;

use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::isa_requests::CreateIsaRequest;
use ps_client::endpoint::requests::{CreateRequest, ListRequests};
use ps_client::endpoint::{ApiAnswer, Endpoint};
use ps_client::model::{
    AccountId, CredentialType, ManagedAccountQuery, NewIsaRequest, NewRequest, RequestId, SystemId,
};
use ps_client::transport::{HttpAnswer, HttpRequest};
use ps_client::{Auth, Client, RunAs, SignedIn, VaultAddress};

use crate::scripted::{ADDRESS, Vault, reply, signed_in};

const PLANTED: [&str; 7] = [
    "planted-api-key",
    "planted-user-password",
    "planted-answer",
    "planted-cookie",
    "planted-client-secret",
    "planted-token",
    "planted-credential",
];

fn search(what: &str, printed: &str) {
    for secret in PLANTED {
        assert!(!printed.contains(secret), "{secret} in {what}: {printed}");
    }
}

fn search_chain(error: &dyn StdError) {
    let mut next = Some(error);
    while let Some(error) = next {
        search("an error", &format!("{error} {error:?} {error:#?}"));
        next = error.source();
    }
}

fn auth() -> Auth {
    Auth::Key {
        key: PLANTED[0].into(),
        run_as: RunAs::new("joe").unwrap(),
        password: Some(PLANTED[1].into()),
    }
}

fn echo() -> String {
    let [key, password, ..] = PLANTED;
    format!("cannot verify key={key}; pwd=[{password}] of {password}, or {key}")
}

#[tokio::test]
async fn sessions_clients_and_means_of_signing_in_print_no_secret() {
    let vault = Vault::default();
    let asks = reply(401, "").with("WWW-Authenticate-2FA", "code?");
    vault.on("POST Auth/SignAppin", asks.with("set-cookie", "c=planted-cookie"));
    vault.on("POST Auth/SignAppin", signed_in("s=planted-cookie"));
    let client = vault.client();
    search("Auth", &format!("{:?}", auth()));
    let challenged = client.sign_in(auth()).await.unwrap();
    search("SignedIn", &format!("{challenged:?}"));
    let SignedIn::Challenge(challenge) = challenged else { panic!() };
    search("Challenge", &format!("{challenge:?} {challenge:#?}"));
    let signed_in = challenge.answer(&PLANTED[2].into()).await.unwrap();
    search("SignedIn", &format!("{signed_in:?}"));
    let SignedIn::Session(session) = signed_in else { panic!() };
    search("Session", &format!("{session:?} {session:#?} {client:?}"));
    let oauth = Auth::OAuth {
        client_id: "id".to_owned(),
        client_secret: PLANTED[4].into(),
        token_url: None,
    };
    search("Auth", &format!("{oauth:?}"));
}

/// A server that writes what it was sent into its refusals.
#[tokio::test]
async fn server_that_echoes_what_it_was_sent_does_not_make_us_print_it() {
    for status in [400, 401, 403, 404, 409, 500] {
        let vault = Vault::default();
        vault.on("POST Auth/SignAppin", reply(status, &echo()));
        search_chain(&vault.client().sign_in(auth()).await.unwrap_err());

        let vault = Vault::default();
        vault.on("POST Auth/connect/token", reply(status, PLANTED[4]));
        let oauth = Auth::OAuth {
            client_id: "id".to_owned(),
            client_secret: PLANTED[4].into(),
            token_url: None,
        };
        search_chain(&vault.client().sign_in(oauth).await.unwrap_err());
    }
    for status in [400, 403, 404, 500] {
        let vault = Vault::default();
        vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=planted-cookie"));
        let SignedIn::Session(session) = vault.client().sign_in(auth()).await.unwrap() else {
            panic!()
        };
        let echo = format!(
            "{} / {} / ASP.NET_SessionId={} / Bearer 0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0u",
            PLANTED[0], PLANTED[1], PLANTED[3],
        );
        vault.on("GET Requests", reply(status, &echo));
        let error = session.send(&ListRequests::default()).await.unwrap_err();
        search_chain(&error);
        let excerpt = error.excerpt().unwrap();
        assert!(excerpt.contains("[redacted]") && !excerpt.contains("0aB1cD2e"), "{excerpt}");
    }
}

/// Answers that hold a secret where something else is expected.
#[tokio::test]
async fn secret_in_an_answer_of_another_shape_is_not_quoted() {
    let vault = Vault::open();
    let session = vault.session().await;
    let secret = PLANTED[6];
    let bodies = [
        format!("\"{secret}"),
        format!("{{\"Password\":\"{secret}\"}}"),
        format!("[\"{secret}\"]"),
        secret.to_owned(),
        format!("<html>{secret}</html>"),
        format!("[{{\"RequestID\":\"{secret}\"}}]"),
        format!("{{\"TotalCount\":1,\"Data\":\"{secret}\"}}"),
    ];
    for body in bodies {
        let new = NewRequest::view(SystemId::new(1), AccountId::new(2), 60);
        let isa = NewIsaRequest::new(SystemId::new(1), AccountId::new(2));
        let kind = CredentialType::Password;
        vault.on("GET Credentials/1", reply(200, &body));
        let get = GetCredential { request: RequestId::new(1), kind };
        search_chain(&session.send(&get).await.unwrap_err());
        vault.on("POST ISARequests", reply(201, &body));
        search_chain(&session.send(&CreateIsaRequest { new: isa, kind }).await.unwrap_err());
        vault.on("POST Requests", reply(201, &body));
        search_chain(&session.send(&CreateRequest(&new)).await.unwrap_err());
        vault.on("GET Requests", reply(200, &body));
        search_chain(&session.send(&ListRequests::default()).await.unwrap_err());
        vault.on("GET ManagedAccounts", reply(200, &body));
        let query = ManagedAccountQuery::default();
        search_chain(&session.managed_accounts(&query).await.unwrap_err());
        let broken = Vault::default();
        broken.on("POST Auth/SignAppin", reply(200, &body));
        search_chain(&broken.client().sign_in(auth()).await.unwrap_err());
    }
    vault.on("GET Credentials/1", reply(200, &format!("\"{secret}\"")));
    let get = GetCredential { request: RequestId::new(1), kind: CredentialType::Password };
    search("the secret itself", &format!("{:?}", session.send(&get).await.unwrap()));
}

#[tokio::test]
async fn requests_and_answers_on_their_way_print_no_secret() {
    #[derive(Clone)]
    struct Printing;
    impl ps_client::Transport for Printing {
        async fn send(
            &self,
            request: HttpRequest,
        ) -> Result<HttpAnswer, ps_client::TransportError> {
            search("HttpRequest", &format!("{request:?} {:?}", request.headers));
            assert!(!request.url.as_str().contains("planted"), "{}", request.url);
            let answer = HttpAnswer {
                status: http::StatusCode::OK,
                headers: http::HeaderMap::new(),
                body: br#"{"access_token":"planted-token","UserId":1}"#.to_vec().into(),
            };
            search("HttpAnswer", &format!("{answer:?}"));
            Ok(answer)
        }
    }
    let client = Client::new(VaultAddress::parse(ADDRESS).unwrap(), Printing);
    client.sign_in(auth()).await.unwrap();
    let oauth = Auth::OAuth {
        client_id: "id".to_owned(),
        client_secret: PLANTED[4].into(),
        token_url: None,
    };
    client.sign_in(oauth).await.unwrap();

    let body = format!("\"{}\"", PLANTED[6]);
    let answer = ApiAnswer::new(HttpAnswer {
        status: http::StatusCode::OK,
        headers: http::HeaderMap::new(),
        body: body.into_bytes().into(),
    });
    search("ApiAnswer", &format!("{answer:?}"));
    let get = GetCredential { request: RequestId::new(1), kind: CredentialType::Password };
    search("ApiRequest", &format!("{:?} {get:?}", get.request()));
}

#[tokio::test]
async fn secrets_in_bodies_are_printed_neither_by_calls_nor_by_a_server_that_echoes_them() {
    use ps_client::endpoint::credentials::SetCredential;
    use ps_client::endpoint::raw;
    use ps_client::endpoint::users::{CreateUser, NewUser};
    use ps_client::model::LocalUser;

    // With what JSON must escape, so that an echo of the body and one of the value differ.
    let planted = "planted-answer \"quoted\" \\ end";
    let set = SetCredential::password(AccountId::new(3), planted.into());
    let user = LocalUser::new("ann", "Ann", "ann@acme.test", planted.into());
    let user = CreateUser { new: NewUser::Local(user) };
    let json = format!("{{\"Password\":{}}}", serde_json::to_string(planted).unwrap());
    let unknown =
        raw::Request::raw(http::Method::POST, &["Unknown"]).json(json.clone().into_bytes().into());
    search("calls", &format!("{set:?} {set:#?} {user:?} {unknown:?} {unknown:#?}"));
    search("what they send", &format!("{:?} {:?}", set.request(), unknown.request()));

    let vault = Vault::default();
    vault.on("POST Auth/SignAppin", signed_in("s=1"));
    let SignedIn::Session(session) = vault.client().sign_in(auth()).await.unwrap() else {
        panic!()
    };
    for echo in [format!("too short: {planted}"), format!("cannot read {json}")] {
        vault.on("PUT ManagedAccounts/3/Credentials", reply(400, &echo));
        vault.on("POST Users", reply(400, &echo));
        let errors =
            [session.send(&set).await.unwrap_err(), session.send(&user).await.unwrap_err()];
        for error in errors {
            search_chain(&error);
            let excerpt = error.excerpt().unwrap();
            assert!(excerpt.contains("[redacted]") && !excerpt.contains("quoted"), "{excerpt}");
        }
    }
}

#[tokio::test]
async fn notes_of_a_file_and_what_is_looked_for_in_recordings_are_secrets_too() {
    use ps_client::endpoint::keystrokes::SearchKeystrokes;
    use ps_client::endpoint::secrets_safe::folders::ImportIntoFolder;
    use ps_client::endpoint::secrets_safe::secrets::CreateFileSecret;
    use ps_client::model::{FileSecret, FolderId, NewSecretOwner, UserId};

    let planted = "planted-answer \"quoted\" end";
    let owners = vec![NewSecretOwner::of_user(UserId::new(7))];
    let file = CreateFileSecret {
        folder: FolderId::new("f01d"),
        new: FileSecret::new("Disk", "disk.key", owners).notes(planted.into()),
        contents: b"planted-credential".to_vec().into(),
    };
    let looked_for = SearchKeystrokes { data: planted.into(), kind: 0 };
    search("calls", &format!("{file:?} {looked_for:?} {looked_for:#?}"));

    let vault = Vault::open();
    let session = vault.session().await;
    let json = serde_json::to_string(planted).unwrap();
    for echo in [format!("not like this: {planted}"), format!("cannot read {json}")] {
        vault.on("POST Secrets-Safe/Folders/f01d/secrets/file", reply(400, &echo));
        vault.on("POST Keystrokes/Search", reply(400, &echo));
        let errors =
            [session.send(&file).await.unwrap_err(), session.send(&looked_for).await.unwrap_err()];
        for error in errors {
            search_chain(&error);
            let excerpt = error.excerpt().unwrap();
            assert!(excerpt.contains("[redacted]") && !excerpt.contains("quoted"), "{excerpt}");
        }
    }

    let import = ImportIntoFolder { folder: FolderId::new("f01d"), csv: Vec::new().into() };
    let errors = r#"{"Errors":[{"LineNumber":2,"Error":"bad: x,planted-answer,y"}]}"#;
    vault.on("POST Secrets-Safe/Folders/f01d/upload", reply(201, errors));
    let told = session.send(&import).await.unwrap();
    assert_eq!(told.errors[0].line, Some(2));
    search("what an import came to", &format!("{told:?}"));
}

/// Where only a part of an answer is kept, and where its controls are replaced, what was sent is
/// found all the same.
#[tokio::test]
async fn secrets_are_taken_out_before_an_answer_is_shortened_or_made_printable() {
    use ps_client::endpoint::credentials::SetCredential;
    use ps_client::model::NewCredential;

    let vault = Vault::open();
    let session = vault.session().await;
    let key = "-----BEGIN-----\r\nplanted-answer\tplanted-credential\r\n-----END-----";
    let word = "planted answer, quite a long one, of many words".repeat(3);
    for secret in [key, &word] {
        let new = NewCredential::new().password(secret.into()).passphrase("planted".into());
        let set = SetCredential { account: AccountId::new(3), new };
        for before in (0..1_100).step_by(50).chain([20_000]) {
            for after in [0, 2_950, 3_000, 3_050, 20_000] {
                let echo = format!("{}{secret}{}", "x ".repeat(before / 2), " y".repeat(after / 2));
                vault.on("PUT ManagedAccounts/3/Credentials", reply(400, &echo));
                let error = session.send(&set).await.unwrap_err();
                search_chain(&error);
                let excerpt = error.excerpt().unwrap();
                for part in ["BEGIN", "planted", "answer", "one, of"] {
                    assert!(!excerpt.contains(part), "{before} {after}: {excerpt}");
                }
            }
        }
    }
}
