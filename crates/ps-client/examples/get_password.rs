//! Borrows the password of one account, and gives it back.

#![expect(clippy::print_stdout, reason = "what an example prints is its product")]

#[path = "shared/session.rs"]
mod session;
#[path = "shared/vault.rs"]
mod vault;

use std::error::Error;
use std::time::Duration;

use ps_client::checkout::ApprovalWait;
use ps_client::model::{ManagedAccountQuery, NewRequest};
use secrecy::ExposeSecret as _;

use self::session::sign_in;
use self::vault::{Vault, argument};

const HELP: &str = "\
get_password [SYSTEM] [ACCOUNT] [--show]

Borrows the password of ACCOUNT on SYSTEM (App01, helpdesk-01) for five minutes, says how long it
is, and gives it back. With --show it is printed.";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(vault) = Vault::reach(HELP, r"ACME\joe.user").await? else { return Ok(()) };
    let session = sign_in(&vault).await?;
    let (system, name) = (argument(0, "App01"), argument(1, "helpdesk-01"));
    let query = ManagedAccountQuery::default().on_system(&system);
    let accounts = session.managed_accounts(&query).await?;
    let account = accounts.iter().find(|account| account.account_name == name);
    let account = account.ok_or_else(|| format!("you may not request {name} on {system}"))?;

    let wanted = NewRequest::view(account.system, account.account, 5).reason("an example");
    let checkout = session
        .checkout(wanted)
        .wait_for_approval(ApprovalWait::at_most(Duration::from_secs(600)))
        .on_progress(|progress| println!("waiting for approval for {:?}", progress.waited))
        .begin()
        .await?;
    let password = checkout.secret().expose_secret();
    println!("the password of {name} on {system} has {} characters", password.chars().count());
    if std::env::args().any(|argument| argument == "--show") {
        println!("{password}");
    }
    // Were this line never reached, the guard would give back when it is dropped.
    checkout.check_in(Some("the example is over")).await?;
    println!("given back");
    vault.leave(session).await
}
