//! A vault that lends: it keeps requests, and what they are for, and remembers what was done.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Method, StatusCode};
use ps_client::transport::{HttpAnswer, HttpRequest};
use ps_client::{Client, Session, Transport, TransportError, VaultAddress};
use serde_json::{Value, json};

use crate::scripted::{ADDRESS, SIGNED_IN, expect_signed_in, key_auth};

/// Answers sign-ins, requests, credentials and check-ins as a Password Safe does. Every call lets
/// others run before it is executed and before it is answered.
#[derive(Clone, Default)]
pub(crate) struct Bank(Arc<Mutex<Books>>);

#[derive(Default)]
pub(crate) struct Books {
    pub(crate) live: BTreeMap<i64, Value>,
    pub(crate) made: i64,
    /// Looks at the credential that find it pending.
    pub(crate) pending_looks: u32,
    /// Read after its request was over.
    pub(crate) too_late: u32,
    pub(crate) routes: Vec<String>,
}

impl Bank {
    pub(crate) fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }

    pub(crate) fn address() -> VaultAddress {
        VaultAddress::parse(ADDRESS).unwrap()
    }

    pub(crate) async fn session<T: Transport>(client: Client<T>) -> Session<T> {
        expect_signed_in(client.sign_in(key_auth()).await)
    }

    pub(crate) fn live(&self) -> usize {
        self.books().live.len()
    }

    pub(crate) fn count(&self, route: &str) -> usize {
        self.books().routes.iter().filter(|one| one.starts_with(route)).count()
    }

    fn answer(&self, method: &Method, path: &str, body: &[u8]) -> (u16, String) {
        let mut books = self.books();
        books.routes.push(format!("{method} {path}"));
        let parts: Vec<_> = path.split('/').collect();
        let number = |index: usize| parts.get(index).and_then(|part| part.parse::<i64>().ok());
        match (method.as_str(), parts.as_slice()) {
            ("POST", ["Auth", "SignAppin"]) => (200, SIGNED_IN.to_owned()),
            ("POST", ["Requests"]) => {
                let wanted: Value = serde_json::from_slice(body).unwrap();
                let same = |row: &&i64| books.live[*row]["AccountID"] == wanted["AccountID"];
                let existing = books.live.keys().find(same).copied();
                match (existing, wanted["ConflictOption"].as_str()) {
                    (Some(id), Some("reuse")) => return (200, id.to_string()),
                    (Some(_), None) => return (409, "4091".to_owned()),
                    (Some(id), _) => drop(books.live.remove(&id)),
                    (None, _) => {}
                }
                books.made += 1;
                let id = books.made;
                books.live.insert(id, wanted);
                (201, id.to_string())
            }
            ("GET", ["Requests"]) => {
                let row = |(id, wanted): (&i64, &Value)| {
                    json!({
                        "RequestID": id, "SystemID": wanted["SystemID"],
                        "AccountID": wanted["AccountID"], "Reason": wanted["Reason"],
                        "Status": "Active", "ExpiresDate": "2026-03-01T08:30:00",
                    })
                };
                (200, Value::from_iter(books.live.iter().map(row)).to_string())
            }
            ("GET", ["Credentials", _]) => {
                let Some(wanted) = books.live.get(&number(1).unwrap()) else {
                    books.too_late += 1;
                    return (404, String::new());
                };
                let secret = format!("\"secret of {}\"", wanted["AccountID"]);
                if books.pending_looks > 0 {
                    books.pending_looks -= 1;
                    return (403, "4034".to_owned());
                }
                (200, secret)
            }
            ("PUT", ["Requests", _, "Checkin"]) => match books.live.remove(&number(1).unwrap()) {
                Some(_) => (204, String::new()),
                None => (404, String::new()),
            },
            other => panic!("nobody told the bank about {other:?}"),
        }
    }
}

impl Transport for Bank {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let path = request.url.path();
        let below = path.strip_prefix("/BeyondTrust/api/public/v3/").unwrap_or(path).to_owned();
        tokio::task::yield_now().await;
        let (status, body) = self.answer(&request.method, &below, &request.body);
        tokio::task::yield_now().await;
        let status = StatusCode::from_u16(status).unwrap();
        Ok(HttpAnswer { status, headers: HeaderMap::new(), body: body.into_bytes().into() })
    }
}
