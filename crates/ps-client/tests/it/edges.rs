//! The guard where answers are lost, or are not the vault's.
#![expect(clippy::disallowed_methods, reason = "the clock is paper")]

use std::sync::Arc;
use std::time::Duration;

use ps_client::checkout::{ApprovalWait, CheckoutError, ForeignRequest, Renewal};
use ps_client::model::{AccountId, ConflictOption, NewRequest, SystemId};
use ps_client::transport::fault::{Fault, Faulty};
use ps_client::{Client, RetryPolicy, Session, TokioRuntime};

use crate::bank::Bank;
use crate::paper::Paper;

async fn at(bank: &Bank) -> (Session<Faulty<Bank>>, Faulty<Bank>) {
    by_chance(bank, u64::MAX).await
}

async fn by_chance(bank: &Bank, random: u64) -> (Session<Faulty<Bank>>, Faulty<Bank>) {
    let transport = Faulty::new(bank.clone());
    let client = Client::builder(Bank::address(), transport.clone())
        .runtime(Paper::with_random(random))
        .retry(RetryPolicy::never())
        .breaker(None)
        .build();
    (Bank::session(client).await, transport)
}

fn wanted() -> NewRequest {
    NewRequest::view(SystemId::new(12), AccountId::new(34), 15).reason("nightly check")
}

fn patiently() -> ApprovalWait {
    ApprovalWait::at_most(Duration::from_secs(600))
}

async fn settle() {
    tokio::time::sleep(Duration::from_secs(3_600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_balancers_404_is_not_taken_for_a_check_in() {
    let bank = Bank::default();
    let (session, transport) = at(&bank).await;
    let checkout = session.checkout(wanted()).begin().await.unwrap();
    transport.on("PUT Requests/1/Checkin", Fault::status(404));
    let failed = checkout.check_in(None).await.unwrap_err();
    assert_eq!(bank.live(), 1);
    failed.try_again(None).await.unwrap();
    assert_eq!(bank.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_vault_has_ended_itself_is_given_back_once_the_list_says_so() {
    let bank = Bank::default();
    let (session, _) = at(&bank).await;
    let checkout = session.checkout(wanted()).begin().await.unwrap();
    bank.books().live.clear();
    checkout.check_in(None).await.unwrap();
    settle().await;
    assert_eq!(bank.count("PUT Requests"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_balancers_404_is_not_taken_for_a_denial() {
    let bank = Bank::default();
    bank.books().pending_looks = 5;
    let (session, transport) = at(&bank).await;
    transport.on_nth("GET Credentials/1", 2, Fault::status(404));
    let checkout = session.checkout(wanted()).wait_for_approval(patiently()).begin().await;
    checkout.unwrap().check_in(None).await.unwrap();
    assert_eq!(bank.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_denial_is_one_whichever_of_the_two_ways_it_is_answered() {
    for answer in [Fault::status(404), Fault::status(403).body("4031")] {
        let bank = Bank::default();
        bank.books().pending_looks = 5;
        let (session, transport) = at(&bank).await;
        transport.on_nth("GET Credentials/1", 2, answer);
        let books = bank.clone();
        let outcome = session
            .checkout(wanted())
            .wait_for_approval(patiently())
            .on_progress(move |_| books.books().live.clear())
            .begin()
            .await;
        assert!(matches!(outcome, Err(CheckoutError::Denied { .. })), "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_never_reached_the_vault_is_not_called_renewed() {
    let bank = Bank::default();
    let (session, transport) = at(&bank).await;
    let mut checkout = session.checkout(wanted()).begin().await.unwrap();
    let end = checkout.expires_at();
    tokio::time::sleep(Duration::from_secs(11 * 60)).await;
    transport.on("POST Requests", Fault::broken());
    let soon = Duration::from_secs(300);
    checkout.renew_if_less_than(soon).await.unwrap_err();
    assert_eq!((checkout.request().number(), checkout.expires_at()), (1, end), "as it was");
    assert_eq!(checkout.renew_if_less_than(soon).await.unwrap(), Renewal::Renewed);
    checkout.check_in(None).await.unwrap();
    settle().await;
    assert_eq!(bank.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn looking_for_a_lost_request_takes_nothing_from_another_program() {
    let bank = Bank::default();
    let (ours, transport) = at(&bank).await;
    let (theirs, _) = by_chance(&bank, 1).await;
    transport.on("POST Requests", Fault::broken());
    ours.checkout(wanted()).begin().await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(40)).await;
    let held = theirs.checkout(wanted()).begin().await.unwrap();
    settle().await;
    assert_eq!(bank.live(), 1, "its holder has it");
    held.check_in(None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_mark_in_a_reason_can_be_left_out_and_is_left_out_where_there_is_no_room() {
    let reason = |bank: &Bank| {
        let books = bank.books();
        books.live.values().next().unwrap()["Reason"].as_str().unwrap_or_default().to_owned()
    };
    let long = "x".repeat(NewRequest::MAX_REASON);
    for (new, marks, sent) in [
        (wanted(), true, "nightly check ["),
        (wanted(), false, "nightly check"),
        (wanted().on_conflict(ConflictOption::Reuse), true, "nightly check ["),
        (wanted().reason(&long), true, &*long),
        (wanted().reason(" "), true, " "),
    ] {
        let bank = Bank::default();
        let (session, _) = at(&bank).await;
        let checkout = session.checkout(new).mark_reason(marks).begin().await.unwrap();
        let reason = reason(&bank);
        match sent.strip_suffix(" [") {
            Some(plain) => {
                let mark = reason.strip_prefix(plain).unwrap();
                assert_eq!((mark.len(), mark.ends_with(']')), (11, true), "{reason}");
            }
            None => assert_eq!(reason, sent),
        }
        checkout.check_in(None).await.unwrap();
    }
}

#[test]
fn a_begin_that_failed_has_given_back_when_the_program_ends() {
    let bank = Bank::default();
    bank.books().pending_looks = 5;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::builder(Bank::address(), bank.clone())
            .runtime(Arc::new(TokioRuntime::current().unwrap()))
            .build();
        let session = Bank::session(client).await;
        session.checkout(wanted()).begin().await.unwrap_err();
    });
    drop(runtime);
    assert_eq!(bank.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_foreign_request_is_left_even_if_the_answer_was_lost() {
    let bank = Bank::default();
    let (ours, transport) = at(&bank).await;
    let (theirs, _) = by_chance(&bank, 1).await;
    let reuse = wanted().on_conflict(ConflictOption::Reuse);
    let held = theirs.checkout(reuse.clone()).begin().await.unwrap();
    transport.on("POST Requests", Fault::broken());
    let shared = ours.checkout(reuse).foreign_request(ForeignRequest::Leave).begin().await;
    shared.expect_err("which request was answered is not known");
    settle().await;
    assert_eq!(bank.live(), 1, "its maker has it");
    held.check_in(None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_renewal_ends_nothing_under_somebody_who_joins_meanwhile() {
    for turns in 0..24 {
        let bank = Bank::default();
        let (session, _) = at(&bank).await;
        let reuse = wanted().on_conflict(ConflictOption::Reuse);
        let mut first = session.checkout(reuse.clone()).begin().await.unwrap();
        let other = session.clone();
        let joining = tokio::spawn(async move { other.checkout(reuse).begin().await });
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        let renewed = first.renew_if_less_than(Duration::from_secs(86_400)).await;
        let second = joining.await.unwrap();
        let second = second.unwrap_or_else(|error| panic!("after {turns} turns: {error:?}"));
        let lives = bank.books().live.contains_key(&second.request().number());
        assert!(lives, "after {turns} turns, {renewed:?} ended it under its user");
        first.check_in(None).await.unwrap();
        second.check_in(None).await.unwrap();
        settle().await;
        assert_eq!((bank.live(), bank.books().too_late), (0, 0), "after {turns} turns");
    }
}

#[tokio::test(start_paused = true)]
async fn a_checkout_that_is_called_off_at_once_makes_no_request() {
    let bank = Bank::default();
    let (session, _) = at(&bank).await;
    let outcome = session.checkout(wanted()).cancel_by(async {}).begin().await;
    assert!(matches!(outcome, Err(CheckoutError::CalledOff)), "{outcome:?}");
    assert_eq!(bank.count("POST Requests"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_is_heard_while_a_look_hangs() {
    let bank = Bank::default();
    bank.books().pending_looks = 5;
    let (session, transport) = at(&bank).await;
    transport.on_nth("GET Credentials/1", 2, Fault::silence());
    let called_off = tokio::time::sleep(Duration::from_secs(30));
    let waiting = session.checkout(wanted()).wait_for_approval(patiently()).cancel_by(called_off);
    let outcome = tokio::time::timeout(Duration::from_secs(31), waiting.begin()).await.unwrap();
    assert!(matches!(outcome, Err(CheckoutError::Cancelled { .. })), "{outcome:?}");
    assert_eq!(bank.live(), 0, "given back at once");
}

#[tokio::test(start_paused = true)]
async fn a_give_back_that_can_never_succeed_is_not_repeated() {
    let bank = Bank::default();
    let (session, transport) = at(&bank).await;
    let checkout = session.checkout(wanted()).begin().await.unwrap();
    transport.on("PUT Requests/1/Checkin", Fault::status(403).body("4031"));
    drop(checkout);
    settle().await;
    assert_eq!(transport.count("PUT Requests/1/Checkin"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_search_for_a_lost_request_does_not_end_it_under_a_new_guard() {
    for turns in 0..40 {
        let bank = Bank::default();
        let (session, transport) = at(&bank).await;
        transport.on("POST Requests", Fault::broken().after_execution());
        transport.on("GET Requests", Fault::status(503));
        let reuse = wanted().on_conflict(ConflictOption::Reuse);
        session.checkout(reuse.clone()).begin().await.unwrap_err();
        tokio::time::sleep(Duration::from_secs(1)).await;
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        // Either it is given this request, and keeps it, or another one.
        let guard = session.checkout(reuse).begin().await.unwrap();
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert!(bank.books().live.contains_key(&guard.request().number()), "after {turns} turns");
        guard.check_in(None).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_to_be_left_to_its_maker_is_not_renewed() {
    let bank = Bank::default();
    let (theirs, _) = at(&bank).await;
    let (ours, _) = at(&bank).await;
    let held = theirs.checkout(wanted()).begin().await.unwrap();
    let reuse = wanted().on_conflict(ConflictOption::Reuse);
    let reused = ours.checkout(reuse).foreign_request(ForeignRequest::Leave);
    let mut reused = reused.begin().await.unwrap();
    let renewed = reused.renew_if_less_than(Duration::from_secs(86_400)).await;
    assert!(matches!(renewed, Err(CheckoutError::UsedByOthers { .. })), "{renewed:?}");
    assert!(bank.books().live.contains_key(&held.request().number()));
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_end_nobody_knows_is_renewed_rather_than_trusted() {
    let bank = Bank::default();
    let (theirs, _) = at(&bank).await;
    let (ours, transport) = at(&bank).await;
    let _held = theirs.checkout(wanted()).begin().await.unwrap();
    transport.on("GET Requests", Fault::garbage("[]"));
    let reuse = wanted().on_conflict(ConflictOption::Reuse);
    let mut reused = ours.checkout(reuse).begin().await.unwrap();
    assert_eq!(reused.time_left(), None);
    let renewed = reused.renew_if_less_than(Duration::from_secs(60)).await.unwrap();
    assert_ne!(renewed, Renewal::NotNeeded);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_guard_does_not_lock_its_user_by_signing_in_again_and_again() {
    let bank = Bank::default();
    let (session, transport) = at(&bank).await;
    let guard = session.checkout(wanted()).begin().await.unwrap();
    for _ in 0..30 {
        transport.on("PUT Requests/1/Checkin", Fault::session_over());
        transport.on("POST Auth/SignAppin", Fault::status(401));
    }
    let before = transport.count("POST Auth/SignAppin");
    drop(guard);
    settle().await;
    let refused = transport.count("POST Auth/SignAppin") - before;
    assert!(refused <= 2, "{refused}");
}

#[tokio::test(start_paused = true)]
async fn without_a_reason_nobody_elses_request_is_taken_for_the_lost_one() {
    let bank = Bank::default();
    let (theirs, _) = at(&bank).await;
    let (ours, transport) = at(&bank).await;
    let bare = || NewRequest::view(SystemId::new(12), AccountId::new(34), 15);
    let held = theirs.checkout(bare()).begin().await.unwrap();
    transport.on("POST Requests", Fault::broken());
    let begun = ours.checkout(bare()).foreign_request(ForeignRequest::Leave).begin().await;
    assert!(begun.is_err(), "{begun:?}");
    settle().await;
    assert!(bank.books().live.contains_key(&held.request().number()));
}

#[tokio::test(start_paused = true)]
async fn a_reason_without_a_mark_is_no_proof_that_a_request_is_ours() {
    let bank = Bank::default();
    let (theirs, _) = at(&bank).await;
    let (ours, transport) = at(&bank).await;
    let held = theirs.checkout(wanted()).mark_reason(false).begin().await.unwrap();
    transport.on("POST Requests", Fault::broken());
    let begun = ours.checkout(wanted()).mark_reason(false).foreign_request(ForeignRequest::Leave);
    let guard = begun.begin().await.unwrap();
    assert!(guard.is_shared());
    guard.check_in(None).await.unwrap();
    assert!(bank.books().live.contains_key(&held.request().number()));
}
