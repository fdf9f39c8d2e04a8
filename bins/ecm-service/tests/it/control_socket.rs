//! The control socket: who may talk, what is understood.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use ecm_service::control::client::{AskError, ask};
use ecm_service::control::server::{Service, open, serve};
use ecm_service::control::{LINE_LIMIT, Reply, Request, socket_path};
use ecm_service::status::Status;
use service_host::logging::{LogConfig, LogControl, subscriber};
use tempfile::TempDir;

fn start() -> (TempDir, LogControl) {
    let folder = TempDir::new().unwrap();
    let (_subscriber, log) = subscriber(&LogConfig::default(), false, std::io::sink, None);
    let service = Service {
        reloader: None,
        log: log.clone(),
        seen: Default::default(),
        status: Arc::new(|| Status { version: "1.2.3".to_owned(), ..Status::default() }),
    };
    let listener = open(&socket_path(folder.path())).unwrap();
    tokio::spawn(serve(listener, Arc::new(service)));
    (folder, log)
}

async fn say(folder: &Path, text: Vec<u8>) -> String {
    let path = socket_path(folder);
    tokio::task::spawn_blocking(move || {
        let mut stream = UnixStream::connect(path).unwrap();
        stream.write_all(&text).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    })
    .await
    .unwrap()
}

async fn put(folder: &Path, request: Request) -> Result<Reply, AskError> {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || ask(&folder, &request)).await.unwrap()
}

#[tokio::test]
async fn socket_is_for_its_owner_only_and_replaces_one_left_behind() {
    let (folder, _log) = start();
    let path = socket_path(folder.path());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(open(&path).is_ok());
}

#[tokio::test]
async fn documented_lines_get_the_documented_answers() {
    let (folder, log) = start();
    let status = say(folder.path(), b"{\"command\":\"status\"}\n".to_vec()).await;
    assert!(status.starts_with("{\"answer\":\"status\",\"version\":\"1.2.3\""), "{status}");

    let loud = b"{\"command\":\"log-level\",\"level\":\"debug\",\"for_s\":900}\n".to_vec();
    let reply = say(folder.path(), loud).await;
    let expected =
        "{\"answer\":\"log-level\",\"level\":\"debug\",\"former\":\"info\",\"for_s\":900}\n";
    assert_eq!(reply, expected);
    assert_eq!(log.level().to_string(), "debug");
}

#[tokio::test]
async fn lines_that_are_not_understood_are_refused_with_a_reason() {
    let (folder, log) = start();
    for (line, reason) in [
        (b"hello\n".to_vec(), "not understood"),
        (b"{\"command\":\"stop\"}\n".to_vec(), "unknown variant `stop`"),
        (b"{\"command\":\"log-level\",\"level\":\"loud\"}\n".to_vec(), "no log level"),
        (b"{\"command\":\"log-level\",\"level\":\"info\",\"for_s\":0}\n".to_vec(), "longer"),
        (vec![b'x'; LINE_LIMIT], "a line ends within"),
    ] {
        let reply = say(folder.path(), line).await;
        assert!(reply.starts_with("{\"answer\":\"refused\"") && reply.contains(reason), "{reply}");
    }
    assert_eq!(log.level().to_string(), "info");
}

#[tokio::test]
async fn command_line_and_service_understand_each_other() {
    let (folder, _log) = start();
    let reply = put(folder.path(), Request::Status).await.unwrap();
    assert!(matches!(reply, Reply::Status(status) if status.version == "1.2.3"));
    let wrong = Request::LogLevel { level: "h2=trace".to_owned(), for_s: None };
    assert!(matches!(put(folder.path(), wrong).await, Err(AskError::Refused { .. })));
    let empty = TempDir::new().unwrap();
    let nobody = put(empty.path(), Request::Status).await;
    assert!(matches!(nobody, Err(AskError::NotRunning { .. })));
}
