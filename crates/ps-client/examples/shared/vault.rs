//! Where the examples find a vault: the one that the environment names, or a simulated one.

use std::env;
use std::error::Error;
use std::fs;
use std::sync::Arc;

use ps_client::transport::https::HttpsTransport;
use ps_client::{Auth, Client, RunAs, Session, TokioRuntime, VaultAddress};

const ENVIRONMENT: &str = "\
Without PS_ADDRESS the vault is a simulated one, inside this program. Otherwise:
  PS_ADDRESS        https://HOST/BeyondTrust/api/public/v3
  PS_CA_FILE        the authority that signed its certificate, as PEM; else those of this system
  PS_KEY            an API key, in the environment because a command line is for all to read
  PS_RUN_AS         the user that it is used as, such as ACME\\joe
  PS_RUN_AS_PASSWORD  that user's password, where the registration wants it
  PS_CLIENT_ID, PS_CLIENT_SECRET  instead of a key: an application user";

/// The API key of the simulated company. It opens nothing anywhere.
const SIMULATED_KEY: &str = "00000000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000";

/// A vault, and the means to sign in.
pub(crate) struct Vault {
    pub(crate) client: Client<HttpsTransport>,
    pub(crate) auth: Auth,
    pub(crate) simulated: Option<ps_sim::Server>,
}

impl Vault {
    /// The vault; `None` when only `help` was asked for, which is then printed. In the simulated
    /// vault the caller is `simulated_user`.
    #[expect(clippy::disallowed_methods, reason = "an example is a program, and reads its files")]
    pub(crate) async fn reach(
        help: &str,
        simulated_user: &str,
    ) -> Result<Option<Self>, Box<dyn Error>> {
        if env::args().skip(1).any(|argument| argument == "--help" || argument == "-h") {
            println!("{help}\n\n{ENVIRONMENT}");
            return Ok(None);
        }
        // Which cryptography is used, is the program's choice.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut transport = HttpsTransport::builder();
        let (address, auth, simulated) = if let Ok(address) = env::var("PS_ADDRESS") {
            if let Ok(file) = env::var("PS_CA_FILE") {
                transport = transport.native_roots(false).ca_pem(&fs::read(file)?)?;
            }
            (address, auth_of_environment()?, None)
        } else {
            let vault = ps_sim::Server::start(ps_sim::Config::demo()).await?;
            transport = transport.native_roots(false).ca_pem(vault.ca_pem().as_bytes())?;
            let run_as = RunAs::new(simulated_user)?;
            let auth = Auth::Key { key: SIMULATED_KEY.into(), run_as, password: None };
            (vault.url().to_owned(), auth, Some(vault))
        };
        let mut builder = Client::builder(VaultAddress::parse(&address)?, transport.build()?);
        if let Some(runtime) = TokioRuntime::current() {
            // Now calls that may be repeated are, and what is forgotten is given back.
            builder = builder.runtime(Arc::new(runtime));
        }
        Ok(Some(Self { client: builder.build(), auth, simulated }))
    }

    /// Signs out, so that no place in the vault is taken for nothing.
    pub(crate) async fn leave(
        self,
        session: Session<HttpsTransport>,
    ) -> Result<(), Box<dyn Error>> {
        session.sign_out().await?;
        if let Some(vault) = self.simulated {
            vault.stop().await;
        }
        Ok(())
    }
}

fn auth_of_environment() -> Result<Auth, Box<dyn Error>> {
    if let Ok(client_id) = env::var("PS_CLIENT_ID") {
        let client_secret = env::var("PS_CLIENT_SECRET")?.into();
        return Ok(Auth::OAuth { client_id, client_secret, token_url: None });
    }
    let password = env::var("PS_RUN_AS_PASSWORD").ok().map(Into::into);
    let run_as = RunAs::new(&env::var("PS_RUN_AS")?)?;
    Ok(Auth::Key { key: env::var("PS_KEY")?.into(), run_as, password })
}

/// The argument at this place, without options, or what stands for it.
pub(crate) fn argument(place: usize, otherwise: &str) -> String {
    let mut plain = env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    plain.nth(place).unwrap_or_else(|| otherwise.to_owned())
}
