//! Lists everything that the user may request, page after page.

#![expect(clippy::print_stdout, reason = "what an example prints is its product")]

#[path = "shared/session.rs"]
mod session;
#[path = "shared/vault.rs"]
mod vault;

use std::error::Error;

use ps_client::endpoint::managed_accounts::ListManagedAccounts;
use ps_client::model::ManagedAccountQuery;

use self::session::sign_in;
use self::vault::{Vault, argument};

const HELP: &str = "\
list_accounts [ROWS]

Prints every account that may be requested, asking for ROWS (3) at once. A real program asks for
a thousand, which `Session::managed_accounts` does by itself; what is printed here comes before
the next page is asked for.";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(vault) = Vault::reach(HELP, r"ACME\joe.user").await? else { return Ok(()) };
    let session = sign_in(&vault).await?;
    let limit = argument(0, "3").parse()?;
    let query = ManagedAccountQuery::default();
    let mut pages = session.pages(ListManagedAccounts { query, limit, offset: 0 });
    let (mut rows, mut number) = (0, 0);
    while let Some(page) = pages.next().await? {
        number += 1;
        rows += page.len();
        for account in &page {
            println!("page {number}: {} on {}", account.account_name, account.system_name);
        }
    }
    println!("{rows} accounts in {number} pages");
    vault.leave(session).await
}
