//! Signs in by API key with a second factor, or by OAuth.

#![expect(clippy::print_stdout, reason = "what an example prints is its product")]

#[path = "shared/vault.rs"]
mod vault;

use std::error::Error;
use std::io::{BufRead as _, Write as _};

use ps_client::{Auth, SignedIn};
use secrecy::SecretString;

use self::vault::{Vault, argument};

const HELP: &str = "\
sign_in [oauth]

Signs in, and asks for every further factor that the vault wants. In the simulated vault that is
one code, 424242, for the user of the key; with `oauth` it is an application user, who is asked
for nothing.";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(vault) = Vault::reach(HELP, r"ACME\mia.factor").await? else { return Ok(()) };
    let mut auth = vault.auth.clone();
    if vault.simulated.is_some() && argument(0, "key") == "oauth" {
        auth = Auth::OAuth {
            client_id: "deadbeef-0000-4000-8000-00000000fa6e".to_owned(),
            client_secret: "fake-client-secret-of-the-demo-company-00001".into(),
            token_url: None,
        };
    }
    let mut outcome = vault.client.sign_in(auth).await?;
    let session = loop {
        match outcome {
            SignedIn::Session(session) => break session,
            // A vault may ask more than once, for instance for the next code of a token.
            SignedIn::Challenge(challenge) => {
                let answer = ask(challenge.prompt())?;
                outcome = challenge.answer(&answer).await?;
            }
        }
    };
    let user = session.user();
    println!("signed in as {}", user.user_name.as_deref().unwrap_or("somebody without a name"));
    vault.leave(session).await
}

/// A line from the terminal. A program for people would not show what is typed.
fn ask(prompt: &str) -> Result<SecretString, Box<dyn Error>> {
    print!("{prompt}: ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    answer.truncate(answer.trim_end().len());
    Ok(answer.into())
}
