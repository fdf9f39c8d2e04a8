//! Credentials that are borrowed come back, whatever happens.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use ps_client::checkout::{
    ApprovalWait, Checkout, CheckoutError, ForeignRequest, PolicyProblem, Renewal,
};
use ps_client::model::{AccountId, ConflictOption, NewRequest, SystemId};
use ps_client::transport::fault::{Fault, Faulty};
use ps_client::{Client, ErrorKind, RetryPolicy, Session};
use secrecy::ExposeSecret;

use crate::bank::Bank;
use crate::paper::Paper;
use crate::scripted::{Vault, expect_session, key_auth, reply, signed_in};

type Shaky = Faulty<Bank>;

async fn session_at(bank: &Bank) -> (Session<Shaky>, Shaky) {
    let transport = Faulty::new(bank.clone());
    let client = Client::builder(Bank::address(), transport.clone())
        .runtime(Paper::new())
        .retry(RetryPolicy::never())
        .breaker(None)
        .build();
    (Bank::session(client).await, transport)
}

fn wanted() -> NewRequest {
    NewRequest::view(SystemId::new(12), AccountId::new(34), 15).reason("ticket 4711")
}

fn reused() -> NewRequest {
    wanted().on_conflict(ConflictOption::Reuse)
}

/// Lets whatever runs in the background come to its end.
#[expect(clippy::disallowed_methods, reason = "the clock is paper")]
async fn settle() {
    tokio::time::sleep(Duration::from_secs(3_600)).await;
}

async fn borrow(session: &Session<Shaky>, new: NewRequest) -> Checkout<Shaky> {
    session.checkout(new).begin().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_borrowed_is_read_once_and_given_back_once() {
    let bank = Bank::default();
    let (session, _) = session_at(&bank).await;
    let checkout = borrow(&session, wanted()).await;
    assert_eq!(checkout.secret().expose_secret(), "secret of 34");
    assert_eq!(checkout.time_left(), Some(Duration::from_secs(15 * 60)));
    assert!(!checkout.is_shared());
    assert_eq!(format!("{checkout:?}"), "Checkout(1, Password)");
    checkout.check_in(Some("done")).await.unwrap();
    settle().await;
    let routes = bank.books().routes.clone();
    let expected =
        ["POST Auth/SignAppin", "POST Requests", "GET Credentials/1", "PUT Requests/1/Checkin"];
    assert_eq!(routes, expected);
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_is_dropped_gives_back_in_the_background_until_it_succeeds() {
    let bank = Bank::default();
    let (session, transport) = session_at(&bank).await;
    for fault in [Fault::refused(), Fault::status(503), Fault::timed_out()] {
        transport.on("PUT Requests/1/Checkin", fault);
    }
    drop(borrow(&session, wanted()).await);
    assert_eq!(bank.live(), 1);
    settle().await;
    assert_eq!((bank.live(), transport.unmet().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_failed_check_in_can_be_tried_again_and_goes_on_in_the_background_else() {
    let bank = Bank::default();
    let (session, transport) = session_at(&bank).await;
    transport.on("PUT Requests/1/Checkin", Fault::status(500));
    let failed = borrow(&session, wanted()).await.check_in(None).await.unwrap_err();
    assert!(matches!(failed.error().kind(), ErrorKind::Server));
    failed.try_again(None).await.unwrap();
    assert_eq!(bank.live(), 0);

    transport.on("PUT Requests/2/Checkin", Fault::status(500));
    drop(borrow(&session, wanted()).await.check_in(None).await.unwrap_err());
    settle().await;
    assert_eq!(bank.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_cannot_be_read_leaves_no_request_behind() {
    let bank = Bank::default();
    let (session, transport) = session_at(&bank).await;
    transport.on("GET Credentials/1", Fault::status(500));
    let error = session.checkout(wanted()).begin().await.unwrap_err();
    assert!(matches!(error, CheckoutError::Vault(_)), "{error:?}");
    settle().await;
    assert_eq!((bank.live(), bank.count("PUT Requests/1/Checkin")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_making_was_not_answered_is_found_or_given_back_when_it_turns_up() {
    let bank = Bank::default();
    let (session, transport) = session_at(&bank).await;
    transport.on("POST Requests", Fault::broken().after_execution());
    let found = borrow(&session, wanted()).await;
    assert_eq!((found.request().number(), bank.count("POST Requests")), (1, 1));
    found.check_in(None).await.unwrap();

    transport.on("POST Requests", Fault::broken().after_execution());
    transport.on("GET Requests", Fault::status(503));
    let error = session.checkout(wanted()).begin().await.unwrap_err();
    let CheckoutError::Vault(error) = error else { panic!("{error:?}") };
    assert!(matches!(error.kind(), ErrorKind::MaybeMade(_)));
    assert_eq!(bank.live(), 1);
    settle().await;
    assert_eq!(bank.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_at_any_await_leaves_nothing_behind() {
    for new in [wanted(), reused()] {
        for polls in 0..60 {
            let bank = Bank::default();
            let (session, _) = session_at(&bank).await;
            let whole = Box::pin(async {
                let checkout = session.checkout(new.clone()).begin().await.unwrap();
                checkout.check_in(None).await.unwrap();
            });
            let finished = poll_times(whole, polls).await;
            settle().await;
            assert_eq!(bank.live(), 0, "dropped after {polls} polls");
            if finished {
                assert!(polls > 5);
                break;
            }
        }
    }
}

/// Polls a future so often, letting the others run in between; whether it was done by then.
async fn poll_times(mut future: std::pin::Pin<Box<impl Future<Output = ()>>>, polls: u32) -> bool {
    for _ in 0..polls {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        if future.as_mut().poll(&mut context).is_ready() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test(start_paused = true)]
async fn the_last_user_of_a_reused_request_gives_it_back() {
    let bank = Bank::default();
    let (session, _) = session_at(&bank).await;
    let first = borrow(&session, reused()).await;
    let second = borrow(&session.clone(), reused()).await;
    assert_eq!(first.request(), second.request());
    assert!(first.is_shared() && second.is_shared());
    first.check_in(None).await.unwrap();
    assert_eq!(bank.live(), 1);
    assert!(!second.is_shared());
    drop(second);
    settle().await;
    assert_eq!((bank.live(), bank.count("PUT Requests/1/Checkin")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_request_of_somebody_else_is_given_back_or_left_as_is_wanted() {
    for (done, expected) in [(ForeignRequest::CheckIn, 0), (ForeignRequest::Leave, 1)] {
        let bank = Bank::default();
        let (theirs, _) = session_at(&bank).await;
        let (ours, _) = session_at(&bank).await;
        let held = borrow(&theirs, wanted()).await;
        let checkout = ours.checkout(reused()).foreign_request(done).begin().await.unwrap();
        assert!(checkout.is_shared() && checkout.request() == held.request());
        // Its end is the old one's: the list says half past eight, half an hour from the start.
        assert_eq!(checkout.time_left(), Some(Duration::from_secs(30 * 60)));
        checkout.check_in(None).await.unwrap();
        assert_eq!(bank.live(), expected, "{done:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn approval_is_waited_for_with_growing_pauses_and_progress() {
    let bank = Bank::default();
    let (session, _) = session_at(&bank).await;
    bank.books().pending_looks = 4;
    let told = Arc::new(Mutex::new(Vec::new()));
    let checkout = session
        .checkout(wanted())
        .wait_for_approval(ApprovalWait::at_most(Duration::from_secs(60)))
        .on_progress({
            let told = Arc::clone(&told);
            move |progress| told.lock().unwrap().push((progress.looks, progress.waited.as_millis()))
        })
        .begin()
        .await
        .unwrap();
    assert_eq!(checkout.secret().expose_secret(), "secret of 34");
    // 5 s, then half as much again, up to 10 s.
    assert_eq!(*told.lock().unwrap(), [(1, 0), (2, 5_000), (3, 12_500), (4, 22_500)]);
    checkout.check_in(None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_outage_while_waiting_is_waited_out() {
    let bank = Bank::default();
    let transport = Faulty::new(bank.clone());
    let client = Client::builder(Bank::address(), transport.clone()).runtime(Paper::new()).build();
    let session = Bank::session(client).await;
    bank.books().pending_looks = 2;
    // Long enough for the circuit breaker to open, which then holds our looks back.
    for nth in 2..20 {
        transport.on_nth("GET Credentials/1", nth, Fault::refused());
    }
    let wait = ApprovalWait::at_most(Duration::from_secs(600));
    let checkout = session.checkout(wanted()).wait_for_approval(wait).begin().await.unwrap();
    checkout.check_in(None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_its_deadline_its_cancellation_a_denial_or_nobody() {
    let bank = Bank::default();
    let (session, _) = session_at(&bank).await;
    bank.books().pending_looks = u32::MAX;
    let wait = ApprovalWait::at_most(Duration::from_secs(42));
    let paper = Paper::new();
    let error = session.checkout(wanted()).wait_for_approval(wait).begin().await.unwrap_err();
    assert!(matches!(error, CheckoutError::TimedOut { .. }), "{error:?}");
    assert_eq!(paper.elapsed().as_secs(), 42);
    settle().await;

    let paper = Paper::new();
    #[expect(clippy::disallowed_methods, reason = "the clock is paper")]
    let cancel = tokio::time::sleep(Duration::from_secs(7));
    let waiting = session.checkout(wanted()).wait_for_approval(wait).cancel_by(cancel);
    let error = waiting.begin().await.unwrap_err();
    assert!(matches!(error, CheckoutError::Cancelled { .. }), "{error:?}");
    assert_eq!(paper.elapsed().as_secs(), 7);
    settle().await;

    let error = session.checkout(wanted()).begin().await.unwrap_err();
    assert!(matches!(error, CheckoutError::NotApproved { .. }), "{error:?}");
    settle().await;
    assert_eq!((bank.live(), bank.count("PUT Requests")), (0, 3));

    let denied = session
        .checkout(wanted())
        .wait_for_approval(wait)
        .on_progress({
            let bank = bank.clone();
            move |_| bank.books().live.clear()
        })
        .begin();
    let error = denied.await.unwrap_err();
    assert!(matches!(error, CheckoutError::Denied { .. }), "{error:?}");
    settle().await;
    assert_eq!(bank.count("PUT Requests"), 3, "what was denied is not given back");
}

#[tokio::test(start_paused = true)]
async fn a_closure_has_the_secret_and_it_is_given_back_on_every_path() {
    let bank = Bank::default();
    let (session, _) = session_at(&bank).await;
    let length = session.with_credential(wanted(), async |secret| secret.expose_secret().len());
    assert_eq!((length.await.unwrap(), bank.live()), (12, 0));

    let session_of_task = session.clone();
    #[expect(clippy::disallowed_methods, reason = "a test has a runtime")]
    let task = tokio::spawn(async move {
        session_of_task.with_credential(wanted(), async |_| panic!("on purpose")).await.unwrap();
    });
    assert!(task.await.unwrap_err().is_panic());
    settle().await;
    assert_eq!((bank.live(), bank.books().made), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_takes_the_old_ones_place_when_little_time_is_left() {
    let bank = Bank::default();
    let (session, _) = session_at(&bank).await;
    let mut checkout = borrow(&session, wanted()).await;
    let five = Duration::from_secs(5 * 60);
    assert_eq!(checkout.renew_if_less_than(five).await.unwrap(), Renewal::NotNeeded);
    #[expect(clippy::disallowed_methods, reason = "the clock is paper")]
    tokio::time::sleep(Duration::from_secs(11 * 60)).await;
    assert_eq!(checkout.renew_if_less_than(five).await.unwrap(), Renewal::Renewed);
    assert_eq!((checkout.request().number(), bank.live()), (2, 1));
    assert_eq!(checkout.time_left(), Some(Duration::from_secs(15 * 60)));
    checkout.check_in(None).await.unwrap();
    settle().await;
    // The vault has cancelled the old one itself; it is told once all the same.
    assert_eq!((bank.live(), bank.count("PUT Requests/1")), (0, 1));

    let mut first = borrow(&session, reused()).await;
    let second = borrow(&session, reused()).await;
    let error = first.renew_if_less_than(Duration::from_secs(86_400)).await.unwrap_err();
    assert!(matches!(error, CheckoutError::UsedByOthers { .. }), "{error:?}");
    drop((first, second));
    settle().await;
    assert_eq!(bank.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn policies_are_asked_first_and_say_what_is_missing() {
    let schedule = |reason: bool, ticket: bool, kind: &str, approvers: u32| {
        format!(
            r#"{{"AccessPolicyID":1,"Name":"p","Description":"","Schedules":[{{"ScheduleID":2,
            "RequireReason":{reason},"RequireTicketSystem":{ticket},"TicketSystemID":null,
            "AccessTypes":[{{"AccessType":"{kind}","IsSession":false,"RecordSession":false,
            "MinApprovers":{approvers},"MaxConcurrent":1}}]}}]}}"#
        )
    };
    let bare = NewRequest::view(SystemId::new(12), AccountId::new(34), 15);
    let table = [
        (String::new(), bare.clone(), Some(PolicyProblem::NoPolicy)),
        (
            schedule(false, false, "RDP", 0),
            bare.clone(),
            Some(PolicyProblem::NoSuchAccess(ps_client::model::AccessType::View)),
        ),
        (schedule(true, false, "View", 0), bare.clone(), Some(PolicyProblem::WantsReason)),
        (schedule(true, true, "View", 0), wanted(), Some(PolicyProblem::WantsTicket)),
        (
            schedule(true, true, "View", 2),
            wanted().ticket(None, "4711"),
            Some(PolicyProblem::WantsApproval(2)),
        ),
        (
            [schedule(true, true, "View", 1), schedule(false, false, "View", 0)].join(","),
            bare,
            None,
        ),
    ];
    for (policies, new, expected) in table {
        let vault = Vault::default();
        vault.on("POST Auth/SignAppin", signed_in("s=1"));
        vault.on("POST AccessPolicies/Test", reply(200, &format!("[{policies}]")));
        vault.on("POST Requests", reply(403, "4031"));
        let session = expect_session(vault.client().sign_in(key_auth()).await);
        let error = session.checkout(new).preflight(true).begin().await.unwrap_err();
        match (error, expected) {
            (CheckoutError::Policy(problem), Some(expected)) => assert_eq!(problem, expected),
            (CheckoutError::Vault(error), None) => assert_eq!(error.status(), Some(403)),
            other => panic!("{other:?}"),
        }
    }
}

#[derive(Clone, Debug)]
enum Deed {
    Borrow { account: i64, reuse: bool },
    GiveBack(usize),
    Drop(usize),
    Wait,
    Break(&'static str, u8),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let routes = ["POST Requests", "GET Credentials/*", "PUT Requests/*/Checkin", "GET Requests"];
    let deed = prop_oneof![
        4 => (0..3_i64, any::<bool>()).prop_map(|(account, reuse)| {
            Deed::Borrow { account: account + 1, reuse }
        }),
        2 => (0..8_usize).prop_map(Deed::GiveBack),
        2 => (0..8_usize).prop_map(Deed::Drop),
        1 => Just(Deed::Wait),
        2 => (prop::sample::select(routes.to_vec()), 0..4_u8).prop_map(|(r, kind)| Deed::Break(r, kind)),
    ];
    prop::collection::vec(deed, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever is done in whatever order, with whatever failing: in the end nothing is open, and
    /// no request was ended while somebody here used it.
    #[test]
    fn nothing_stays_open_and_nothing_is_taken_from_under_anybody(deeds in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let bank = Bank::default();
            let (session, transport) = session_at(&bank).await;
            let mut held: Vec<Checkout<Shaky>> = Vec::new();
            for deed in deeds {
                match deed {
                    Deed::Borrow { account, reuse } => {
                        let new = NewRequest::view(SystemId::new(1), AccountId::new(account), 60);
                        let new = new.reason(&format!("holder {}", held.len()));
                        let new = if reuse { new.on_conflict(ConflictOption::Reuse) } else { new };
                        held.extend(session.checkout(new).begin().await.ok());
                    }
                    Deed::GiveBack(index) if index < held.len() => {
                        let outcome = held.remove(index).check_in(None).await;
                        drop(outcome);
                    }
                    Deed::Drop(index) if index < held.len() => drop(held.remove(index)),
                    Deed::Wait => settle().await,
                    Deed::Break(route, kind) => {
                        let fault = match kind {
                            0 => Fault::refused(),
                            1 => Fault::status(503),
                            2 => Fault::broken(),
                            _ => Fault::broken().after_execution(),
                        };
                        transport.on(route, fault);
                    }
                    Deed::GiveBack(_) | Deed::Drop(_) => {}
                }
                for checkout in &held {
                    let id = checkout.request().number();
                    assert!(bank.books().live.contains_key(&id), "request {id} is used and over");
                }
            }
            drop(held);
            settle().await;
            assert_eq!(bank.live(), 0);
        });
    }
}
