//! What spans say of a call, and what they do not.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use ps_client::endpoint::credentials::GetCredential;
use ps_client::model::{CredentialType, RequestId};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::behaviour::{builder, session};
use crate::paper::Paper;
use crate::scripted::{KEY, Vault, reply, signed_in};

/// The fields of every span, and the fields and words of every event, in the order they came.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Books>>);

#[derive(Default)]
struct Books {
    spans: Vec<Fields>,
    events: Vec<Fields>,
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("ps_client")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut books = self.0.lock().unwrap();
        books.spans.push(fields);
        Id::from_u64(books.spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let number = usize::try_from(span.into_u64()).unwrap();
        values.record(&mut self.0.lock().unwrap().spans[number - 1]);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().events.push(fields);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Fields {
    fn words(&self, names: [&str; 4]) -> String {
        names.map(|name| self.0.get(name).map_or("-", String::as_str)).join(" ")
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_has_a_span_with_its_lane_status_and_time_and_no_secret_anywhere() {
    let seen = Seen::default();
    // While there is only one subscriber, what other threads meet first is left out for all.
    let _other = tracing::Dispatch::new(seen.clone());
    let _guard = tracing::subscriber::set_default(seen.clone());
    let vault = Vault::default();
    let session = session(&vault, builder(&vault).runtime(Paper::new()).sessions(2).build()).await;
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=planted-cookie"));
    vault.on("GET Credentials/7", reply(503, "planted")).on("GET Credentials/7", reply(401, ""));
    for _ in 0..2 {
        vault.on("GET Credentials/7", reply(200, "\"planted\""));
    }
    vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=planted-cookie"));
    let call = GetCredential { request: RequestId::new(7), kind: CredentialType::Password };
    let (one, other) = tokio::join!(session.send(&call), session.send(&call));
    assert!(one.is_ok() && other.is_ok());
    let books = seen.0.lock().unwrap();
    let names = ["lane", "attempt", "status", "took_ms"];
    let calls: Vec<_> = books.spans.iter().map(|span| span.words(names)).collect();
    let expected = [
        // The first session; a call of it, and a second session, beside each other.
        "0 1 200 0",
        "0 1 503 0",
        "1 1 200 0",
        // In the second session, which is over; the first call again; the new sign-in.
        "1 1 401 0",
        "1 1 200 0",
        "1 1 200 0",
        "0 2 200 0",
    ];
    assert_eq!(calls, expected);
    for fields in books.spans.iter().chain(&books.events) {
        let text = format!("{:?}", fields.0);
        assert!(!text.contains("planted") && !text.contains(KEY), "{text}");
    }
    let endpoints: Vec<_> = books.spans.iter().map(|span| span.0["endpoint"].as_str()).collect();
    assert!(endpoints.contains(&"\"GET Credentials/{request}\""), "{endpoints:?}");
}
