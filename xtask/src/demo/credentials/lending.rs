//! "Give me this one", and everything that follows until it is back in the vault.

use anyhow::{Context as _, bail};
use serde_json::json;

use super::answers::{Account, Answered, Ended, Offer, Proof, Request, Retrieved};
use super::searching::{OnTheTable, calls_table, indented};
use super::stage::{APPROVER, CONSOLE_USER, Stage, VAULT_USER, nonce};
use crate::demo::story::Story;

/// One account that is borrowed, and what must become of it.
struct Loan {
    /// Its name on offer, and its key in the vault.
    account: &'static str,
    approved_by: &'static [&'static str],
    /// How often the vault changes the password when it comes back.
    changes: u64,
}

const LOANS: [Loan; 2] = [
    Loan { account: r"App01\helpdesk-01", approved_by: &[], changes: 1 },
    Loan { account: r"App01\break-glass", approved_by: &[APPROVER], changes: 0 },
];

/// What is known while an account is out.
struct Out {
    lsid: String,
    lease: String,
    request: i64,
    nonce: String,
    /// Proof of the secret that was handed over.
    proof: String,
    changes_before: u64,
}

/// Borrows each account, uses it, gives it back.
pub(super) fn tell(stage: &mut Stage, story: &mut Story, on: &OnTheTable) -> anyhow::Result<()> {
    for loan in &LOANS {
        let offer = on.offers.iter().find(|offer| offer.display == loan.account);
        let offer = offer.with_context(|| format!("{} is not on offer", loan.account))?;
        let out = borrow(stage, story, on, offer, loan)?;
        give_back(stage, story, &out, loan)?;
    }
    Ok(())
}

fn borrow(
    stage: &mut Stage,
    story: &mut Story,
    on: &OnTheTable,
    offer: &Offer,
    loan: &Loan,
) -> anyhow::Result<Out> {
    let account = loan.account;
    let needs = if loan.approved_by.is_empty() { "" } else { ", which needs an approval" };
    story.chapter(format!("{CONSOLE_USER} picks {account}{needs}"));
    let changes_before = changes_of(stage, account)?;
    let nonce = nonce();
    let question = json!({
        "user": { "username": CONSOLE_USER }, "target": on.target, "credential_id": offer.id,
        "reason": "demonstration", "nonce": nonce,
    });
    let lent: Retrieved = match stage.site.order("/_sim/retrieve", &question)? {
        Answered::Well(lent) => lent,
        Answered::Refused { error } => bail!("the retrieval was refused: {}", error.message),
    };
    story.tell("the vault saw:");
    story.tell(indented(&calls_table(&stage.new_calls()?)));
    story.tell(format_args!(
        "injected: user {}, a secret of {} bytes, lease {} until {}",
        lent.username.as_deref().unwrap_or("-"),
        lent.secret_bytes,
        lent.lease.id,
        lent.lease.expires_at,
    ));
    let request = live_request(stage, account)?;
    story.tell(format_args!(
        "release request {} by {}: {} for {} minutes, read {}×, approved by {:?}",
        request.id,
        request.user,
        request.state,
        request.duration_minutes,
        request.reads,
        request.approved_by,
    ));
    let proof = proof_of(stage, account, &nonce)?;
    let equal =
        "what the site got is what the vault keeps (both computed HMAC-SHA256 with a nonce)";
    story.claim(equal, &Some(&proof), &lent.proof.as_ref());
    story.claim("the release request is the vault user's own", VAULT_USER, &request.user);
    story.claim("it is approved", "approved", &request.state);
    let approved_by: Vec<_> = request.approved_by.iter().map(String::as_str).collect();
    story.claim("by whom the policy wants", loan.approved_by, approved_by.as_slice());
    story.claim("the secret was read once", &1, &request.reads);
    Ok(Out {
        lsid: lent.lsid,
        lease: lent.lease.id,
        request: request.id,
        nonce,
        proof,
        changes_before,
    })
}

fn give_back(stage: &mut Stage, story: &mut Story, out: &Out, loan: &Loan) -> anyhow::Result<()> {
    story.chapter(format!("The session ends, {} goes back", loan.account));
    let order = json!({ "lsid": out.lsid, "injected": true });
    let ended: Ended = stage.site.order("/_sim/end-session", &order)?;
    let over = stage.wait_for_end_of(out.request)?;
    story.tell("the vault saw:");
    story.tell(indented(&calls_table(&stage.new_calls()?)));

    let released: Vec<_> =
        ended.releases.iter().map(|one| (one.lease_id.as_deref(), one.released)).collect();
    let wanted = vec![(Some(out.lease.as_str()), Some(true))];
    story.claim("the ECM took back this one lease", &wanted, &released);
    let claim = format!("release request {} was checked in", out.request);
    story.claim(claim, "checked-in", &over.state);
    let changes = changes_of(stage, loan.account)? - out.changes_before;
    if loan.changes > 0 {
        story.claim(
            "the vault changed the password once, as this account is set up",
            &loan.changes,
            &changes,
        );
        let now = proof_of(stage, loan.account, &out.nonce)?;
        let seen = "whether the proofs differ";
        story.claim_that("what the session had seen is worth nothing now", now != out.proof, seen);
    } else {
        story.claim("the password stays, as this account is set up", &0, &changes);
    }
    Ok(())
}

pub(super) fn proof_of(stage: &Stage, account: &str, nonce: &str) -> anyhow::Result<String> {
    let asked = json!({ "account": account, "nonce": nonce, "type": "password" });
    let Proof { proof } = stage.vault.order("/_sim/proof", &asked)?;
    Ok(proof)
}

fn changes_of(stage: &Stage, account: &str) -> anyhow::Result<u64> {
    let accounts: Vec<Account> = stage.vault.read("/_sim/accounts")?;
    let found = accounts.iter().find(|one| one.key == account);
    found.map(|one| one.changes).with_context(|| format!("the vault has no {account}"))
}

fn live_request(stage: &Stage, account: &str) -> anyhow::Result<Request> {
    let mut live = stage.requests()?;
    live.retain(|request| request.account == account && request.is_live());
    match <[Request; 1]>::try_from(live) {
        Ok([request]) => Ok(request),
        Err(others) => bail!("{} live requests for {account}, not 1", others.len()),
    }
}
