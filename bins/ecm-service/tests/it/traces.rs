//! Traces: what a collector gets, and that one which is away hurts nobody.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::house::{House, Plan};

/// A collector of traces: takes whatever is posted, and says that all is well.
struct Collector {
    url: String,
    taken: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || take(stream, &kept));
            }
        });
        Self { url, taken }
    }

    fn has(&self, text: &str) -> bool {
        let taken = self.taken.lock().unwrap();
        taken.windows(text.len()).any(|part| part == text.as_bytes())
    }
}

fn take(mut stream: TcpStream, kept: &Mutex<Vec<u8>>) {
    let mut all = Vec::new();
    let mut some = [0; 4096];
    loop {
        match stream.read(&mut some) {
            Ok(count @ 1..) => all.extend(some.iter().take(count)),
            _ => return,
        }
        let Some(head) = all.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(all.get(..head).unwrap()).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        if all.len() >= head + 4 + length {
            kept.lock().unwrap().append(&mut all);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    }
}

async fn traced(endpoint: &str) -> House {
    let plan = Plan { log_level: "info".to_owned(), ..Plan::default() };
    let mut house = House::furnish(plan).await;
    let config = format!("{}\n[traces]\nendpoint = \"{endpoint}\"\n", house.config());
    house.replace_file("config.toml", &config);
    house.start_service();
    house.wait_for_link().await;
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_the_question_and_its_vault_calls_and_no_secret() {
    let collector = Collector::start();
    let mut house = traced(&collector.url).await;
    let (search, found) = house.search(r"ACME\joe.user", "app01").await;
    house.retrieve(&search, &found, r"App01\helpdesk-01").await;
    assert_eq!(house.stop_service().await.code(), Some(0));
    for text in ["question", "vault_call", "ecm-service", "GET ManagedAccounts", "POST Requests"] {
        assert!(collector.has(text), "{text}");
    }
    for secret in house.secrets() {
        assert!(!collector.has(&secret));
    }
    assert!(!collector.has("joe.user"), "no names of people");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_holds_nothing_up() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/traces", closed.local_addr().unwrap());
    drop(closed);
    let mut house = traced(&url).await;
    let (search, found) = house.search(r"ACME\joe.user", "app01").await;
    house.retrieve(&search, &found, r"App01\helpdesk-01").await;
    assert_eq!(house.stop_service().await.code(), Some(0));
    assert_eq!(house.check_ins(), 1);
}
