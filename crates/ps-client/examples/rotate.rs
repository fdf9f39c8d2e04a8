//! Has the vault change an account's password now, and tries the new one.

#![expect(clippy::print_stdout, reason = "what an example prints is its product")]

#[path = "shared/session.rs"]
mod session;
#[path = "shared/vault.rs"]
mod vault;

use std::error::Error;

use ps_client::endpoint::credentials::{ChangeCredential, TestCredential};
use ps_client::model::{CredentialChange, ManagedAccountQuery};

use self::session::sign_in;
use self::vault::{Vault, argument};

const HELP: &str = "\
rotate [SYSTEM] [ACCOUNT]

Has the vault give ACCOUNT on SYSTEM (App01, helpdesk-01) a new password, on the system itself and
in the vault, and has it tried. The password is seen by nobody. The user needs Password Safe
Account Management (Full), or the ISA role.";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(vault) = Vault::reach(HELP, r"ACME\ann.admin").await? else { return Ok(()) };
    let session = sign_in(&vault).await?;
    let (system, name) = (argument(0, "App01"), argument(1, "helpdesk-01"));
    let query = ManagedAccountQuery::default().on_system(&system);
    let accounts = session.managed_accounts(&query).await?;
    let account = accounts.iter().find(|account| account.account_name == name);
    let account = account.ok_or_else(|| format!("there is no {name} on {system}"))?.account;

    session.send(&ChangeCredential { account, change: CredentialChange::new() }).await?;
    println!("the password of {name} on {system} is a new one");
    let test = session.send(&TestCredential { account }).await?;
    println!("the system {} it", if test.success { "takes" } else { "does not take" });
    vault.leave(session).await
}
