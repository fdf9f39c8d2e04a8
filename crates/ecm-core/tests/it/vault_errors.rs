//! What the broker makes of each answer a Password Safe can give, over a transport on paper.

use std::io;
use std::sync::{Arc, Mutex};

use ecm_core::problem::of_source;
use ecm_core::source::password_safe::{PasswordSafe, PasswordSafeSettings, VaultSessions};
use ecm_core::source::{
    AccountKind, AccountRef, CredentialSource, LoanRef, NewLoan, ReadAsk, SecretKind, SourceError,
    SourceFailure,
};
use ecm_protocol::message::Category as C;
use http::{HeaderMap, HeaderValue, StatusCode};
use ps_client::transport::{Distrust, HttpAnswer, HttpRequest};
use ps_client::{Auth, Client, RunAs, Session, SignedIn, Transport, TransportError, VaultAddress};

use crate::paper::PaperClock;

/// Signs everybody in, and gives every other call the same answer.
#[derive(Clone)]
struct Canned(Arc<Mutex<Box<Answers>>>);

type Answers = dyn FnMut(&HttpRequest) -> Outcome + Send;

type Outcome = Result<(u16, &'static str), TransportError>;

impl Canned {
    fn new(answer: impl FnMut(&HttpRequest) -> Outcome + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(answer))))
    }
}

impl Transport for Canned {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let (status, body) = if request.is_sign_in {
            (200, r#"{"UserId":1,"UserName":"joe"}"#)
        } else {
            (self.0.lock().unwrap())(&request)?
        };
        let mut headers = HeaderMap::new();
        if body.starts_with("<html") {
            headers.insert("content-type", HeaderValue::from_static("text/html"));
        }
        if status == 429 {
            headers.insert("retry-after", HeaderValue::from_static("17"));
        }
        Ok(HttpAnswer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.as_bytes().to_vec().into(),
        })
    }
}

impl VaultSessions for Canned {
    type Transport = Self;

    async fn session(&self, user: &RunAs) -> Result<Session<Self>, ps_client::Error> {
        let address = VaultAddress::parse("https://vault.acme.test/BeyondTrust/api/public/v3");
        let client = Client::new(address.unwrap(), self.clone());
        let auth = Auth::Key { key: "k".into(), run_as: user.clone(), password: None };
        match client.sign_in(auth).await? {
            SignedIn::Session(session) => Ok(session),
            SignedIn::Challenge(_) => panic!("nobody asked for a second factor"),
        }
    }

    fn refused(&self, _: &RunAs) {}
}

fn source(answer: impl FnMut(&HttpRequest) -> Outcome + Send + 'static) -> PasswordSafe<Canned> {
    PasswordSafe::new("main", Canned::new(answer), PasswordSafeSettings::default())
}

fn account() -> AccountRef {
    AccountRef {
        system: "12".into(),
        account: "3124".into(),
        application: None,
        kind: AccountKind::Local,
    }
}

fn new_loan() -> NewLoan {
    NewLoan {
        vault_user: "joe".into(),
        account: account(),
        minutes: 60,
        reason: "because [kf:l-1]".into(),
        marker: "[kf:l-1]".into(),
        ticket: None,
        renew: false,
    }
}

fn loan() -> LoanRef {
    LoanRef { vault_user: "joe".into(), request: "77".into() }
}

fn open(source: &PasswordSafe<Canned>) -> Result<(), SourceError> {
    PaperClock::new().run(source.open(&new_loan())).map(|_| ())
}

fn read(source: &PasswordSafe<Canned>) -> Result<(), SourceError> {
    let ask = ReadAsk { loan: loan(), account: account(), kind: SecretKind::Password };
    PaperClock::new().run(source.read(&ask)).map(|_| ())
}

fn give_back(source: &PasswordSafe<Canned>) -> Result<(), SourceError> {
    PaperClock::new().run(source.give_back(&loan(), "over")).map(|_| ())
}

#[test]
fn every_answer_of_the_vault_has_its_category() {
    type Ask = fn(&PasswordSafe<Canned>) -> Result<(), SourceError>;
    let table: &[(&str, Ask, u16, &str, C)] = &[
        ("open", open, 400, "Reason is required by the access policy", C::ReasonOrTicketNeeded),
        ("open", open, 400, "Ticket Number is required", C::ReasonOrTicketNeeded),
        ("open", open, 400, "DurationMinutes is out of range", C::Internal),
        ("open", open, 400, "no schedule is open", C::OutsideWindow),
        ("open", open, 401, "", C::VaultAuth),
        ("open", open, 403, "4031", C::AccessDenied),
        ("open", open, 403, "4032", C::AccessDenied),
        ("open", open, 403, "4035", C::InUse),
        ("open", open, 403, "4036", C::AccessDenied),
        ("open", open, 403, "no licence for this", C::AccessDenied),
        ("open", open, 404, "no such thing", C::CredentialGone),
        ("open", open, 408, "", C::VaultUnreachable),
        ("open", open, 409, "4091", C::InUse),
        ("open", open, 409, "a conflicting request exists", C::InUse),
        ("open", open, 410, "", C::VaultError),
        ("open", open, 429, "", C::Busy),
        ("open", open, 500, "at System.Web.Handler()", C::VaultError),
        ("open", open, 503, "<html>maintenance</html>", C::VaultError),
        ("open", open, 200, "<html>sign in</html>", C::VaultError),
        ("open", open, 200, "\"surprise\"", C::VaultError),
        ("read", read, 400, "The account has no credential of this type", C::UnsupportedKind),
        ("read", read, 403, "4034", C::ApprovalNeeded),
        ("read", read, 403, "4031", C::AccessDenied),
        ("read", read, 404, "Request not found", C::CredentialGone),
        ("read", read, 500, "", C::VaultError),
        ("read", read, 200, "{\"planted\":\"S3cret\"}", C::VaultError),
        ("give back", give_back, 403, "4031", C::AccessDenied),
        ("give back", give_back, 500, "", C::VaultError),
    ];
    for (call, ask, status, body, category) in table {
        let error = ask(&source(move |_| Ok((*status, *body)))).unwrap_err();
        let problem = of_source(&error);
        assert_eq!(problem.category, *category, "{call} {status} {body}");
        let heard = format!("{problem:?}");
        assert!(!heard.contains("acme") && !heard.contains("System."), "{heard}");
        assert!(!format!("{error} {error:?}").contains("S3cret"));
        let expected = (*status == 429).then_some(17_000);
        assert_eq!(problem.retry_after_ms, expected, "{call} {status}");
    }
}

#[test]
fn every_way_not_to_get_through_has_its_category() {
    let cause =
        || Box::new(io::Error::other("10.0.0.7:443 planted")) as ps_client::transport::Cause;
    let table: Vec<(TransportError, C, bool)> = vec![
        (TransportError::Unreachable(cause()), C::VaultUnreachable, false),
        (TransportError::TimedOut(cause()), C::VaultUnreachable, true),
        (TransportError::Broken(cause()), C::VaultUnreachable, true),
        (TransportError::TooLong { max: 10 }, C::VaultError, true),
        (
            TransportError::Untrusted { why: Distrust::UnknownIssuer, cause: cause() },
            C::VaultUntrusted,
            false,
        ),
    ];
    for (error, category, may_have_happened) in table {
        let name = format!("{error:?}");
        let mut first = Some(error);
        // The look-up after a lost answer does not get through either.
        let error = open(&source(move |_| {
            Err(first.take().unwrap_or_else(|| TransportError::Unreachable(cause())))
        }))
        .unwrap_err();
        assert_eq!(of_source(&error).category, category, "{name}");
        assert_eq!(error.may_have_happened, may_have_happened, "{name}");
    }
}

#[test]
fn what_the_vault_writes_stays_on_one_line_of_a_log() {
    let body = "no\n2026-03-02T08:00:00Z  INFO ecm_service: credentials.retrieve outcome=lent\r\n";
    let error = open(&source(move |_| Ok((403, body)))).unwrap_err();
    assert!(error.message.contains("outcome=lent"), "told in full: {error}");
    assert!(!error.message.contains(char::is_control), "{error:?}");
}

#[test]
fn request_that_is_over_counts_as_given_back_and_a_lost_way_to_the_vault_does_not() {
    let with_list = |check_in: Outcome, list: Outcome| {
        let (mut check_in, mut list) = (Some(check_in), Some(list));
        give_back(&source(move |request| {
            if request.method == http::Method::PUT { check_in.take() } else { list.take() }.unwrap()
        }))
    };
    let gone = || Ok((404, "Request not found"));
    let open = r#"[{"RequestID":77,"SystemID":12,"AccountID":3124}]"#;
    let other = r#"[{"RequestID":78,"SystemID":12,"AccountID":3124}]"#;
    assert!(give_back(&source(|_| Ok((204, "")))).is_ok());
    assert!(with_list(gone(), Ok((200, "[]"))).is_ok());
    assert!(with_list(gone(), Ok((200, other))).is_ok());
    // What answers is a balancer, or the answer was about something else.
    let nowhere = || Ok((404, "404 page not found"));
    assert!(with_list(nowhere(), nowhere()).is_err());
    assert!(with_list(nowhere(), Ok((503, ""))).is_err());
    assert_eq!(with_list(gone(), Ok((200, open))).unwrap_err().failure, SourceFailure::Broken);
}

#[test]
fn user_name_that_could_break_the_header_never_reaches_the_vault() {
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let source = source(move |_| {
        *count.lock().unwrap() += 1;
        Ok((200, "[]"))
    });
    let error = PaperClock::new().run(source.look_up("joe; pwd=[x]", "[kf:l-1]")).unwrap_err();
    assert_eq!(of_source(&error).category, C::UserUnmapped);
    assert_eq!(*asked.lock().unwrap(), 0);
}

#[test]
fn ticket_system_is_found_by_name_number_or_left_to_the_vault() {
    let table = [
        (Some("ServiceNow"), Some(5)),
        (Some("servicenow"), Some(5)),
        (Some("7"), Some(7)),
        (Some("Jira"), None),
        (None, None),
    ];
    for (system, expected) in table {
        let sent = Arc::new(Mutex::new(String::new()));
        let keep = Arc::clone(&sent);
        let canned = Canned::new(move |request| {
            *keep.lock().unwrap() = String::from_utf8(request.body.to_vec()).unwrap();
            Ok((201, "77"))
        });
        let settings = PasswordSafeSettings {
            ticket_systems: [("ServiceNow".to_owned(), 5)].into(),
            ..PasswordSafeSettings::default()
        };
        let source = PasswordSafe::new("main", canned, settings);
        let mut loan = new_loan();
        loan.ticket = Some(ecm_core::source::TicketRef {
            system: system.map(str::to_owned),
            number: "INC1".into(),
        });
        PaperClock::new().run(source.open(&loan)).unwrap();
        let body: serde_json::Value = serde_json::from_str(&sent.lock().unwrap()).unwrap();
        assert_eq!(body["TicketNumber"], "INC1");
        assert_eq!(body.get("TicketSystemID").and_then(|id| id.as_i64()), expected, "{system:?}");
        assert_eq!(body["ConflictOption"], "reuse");
    }
}

#[test]
fn a_vault_that_signs_in_somebody_else_is_not_used() {
    // Everybody is signed in as `joe`.
    let source = source(|_| Ok((200, "[]")));
    let clock = PaperClock::new();
    let error = clock.run(source.knows(r"ACME\jane")).unwrap_err();
    assert_eq!(error.failure, SourceFailure::WrongUser);
    assert!(error.message.contains(r"`ACME\jane`") && error.message.contains("`joe`"), "{error}");
    assert_eq!(of_source(&error).category, C::UserAmbiguous);
    assert_eq!(clock.run(source.knows(r"ACME\Joe")), Ok(true));

    // Behind an OAuth client there is one user for all.
    let settings = PasswordSafeSettings { one_identity: true, ..PasswordSafeSettings::default() };
    let shared = PasswordSafe::new("main", Canned::new(|_| Ok((200, "[]"))), settings);
    assert_eq!(clock.run(shared.knows(r"ACME\jane")), Ok(true));
}
