//! The client in a program that is not asynchronous.

#![expect(clippy::print_stdout, reason = "what an example prints is its product")]

#[path = "shared/session.rs"]
mod session;
#[path = "shared/vault.rs"]
mod vault;

use std::error::Error;

use ps_client::Session;
use ps_client::model::{ManagedAccountQuery, NewRequest};
use ps_client::transport::https::HttpsTransport;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::{Builder, Runtime};

use self::session::sign_in;
use self::vault::{Vault, argument};

const HELP: &str = "\
blocking [SYSTEM]

Borrows the passwords of all accounts on SYSTEM (WEB01), one after the other, without a line of
asynchronous code in the program itself.";

/// A session whose calls wait where they stand.
///
/// Everything runs on the thread that calls: connections and background work only move on while a
/// call is being waited for. So whatever is to be done must be awaited inside, as giving back is.
struct Blocking {
    runtime: Runtime,
    session: Session<HttpsTransport>,
}

impl Blocking {
    fn accounts_on(&self, system: &str) -> Result<Vec<NewRequest>, Box<dyn Error>> {
        let query = ManagedAccountQuery::default().on_system(system);
        let accounts = self.runtime.block_on(self.session.managed_accounts(&query))?;
        let view = |system, account| NewRequest::view(system, account, 5).reason("an example");
        Ok(accounts.iter().map(|account| view(account.system, account.account)).collect())
    }

    /// Borrows, works, gives back.
    fn with_password<R>(
        &self,
        wanted: NewRequest,
        work: impl FnOnce(&SecretString) -> R,
    ) -> Result<R, Box<dyn Error>> {
        let work = async |secret: &SecretString| work(secret);
        Ok(self.runtime.block_on(self.session.with_credential(wanted, work))?)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let vault = runtime.block_on(Vault::reach(HELP, r"ACME\joe.user"))?;
    let Some(vault) = vault else { return Ok(()) };
    let session = runtime.block_on(sign_in(&vault))?;
    let blocking = Blocking { runtime, session };

    for wanted in blocking.accounts_on(&argument(0, "WEB01"))? {
        let length = blocking.with_password(wanted, |secret| secret.expose_secret().len())?;
        println!("a password of {length} bytes was borrowed and given back");
    }
    let Blocking { runtime, session } = blocking;
    runtime.block_on(vault.leave(session))
}
