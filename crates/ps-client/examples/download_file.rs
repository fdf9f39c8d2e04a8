//! Downloads a file of Secrets Safe, piece by piece.

#![expect(clippy::print_stdout, reason = "what an example prints is its product")]

#[path = "shared/session.rs"]
mod session;
#[path = "shared/vault.rs"]
mod vault;

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Write as _;

use ps_client::endpoint::secrets_safe::secrets::{DownloadFileSecret, ListSecrets};

use self::session::sign_in;
use self::vault::{Vault, argument};

const HELP: &str = "\
download_file [TITLE] [TO]

Downloads the file secret of this TITLE (licence) to the new file TO, which nobody else may read;
without TO it is counted and thrown away. However long it is, only a piece of it is in memory, and
each piece is wiped when the next one comes.";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(vault) = Vault::reach(HELP, r"ACME\ann.admin").await? else { return Ok(()) };
    let session = sign_in(&vault).await?;
    let (title, to) = (argument(0, "licence"), argument(1, ""));
    let list = ListSecrets { title: Some(title.clone()), limit: 100, ..ListSecrets::default() };
    let found = session.send(&list).await?;
    let [secret] = found.as_slice() else {
        return Err(format!("{} secrets are called {title}", found.len()).into());
    };

    let mut file = if to.is_empty() { None } else { Some(private_file(&to)?) };
    let mut download =
        session.download(&DownloadFileSecret { secret: secret.secret.clone() }).await?;
    let mut bytes = 0;
    while let Some(piece) = download.next().await? {
        bytes += piece.len();
        if let Some(file) = &mut file {
            file.write_all(&piece)?;
        }
    }
    let name = secret.file_name.as_deref().unwrap_or("a file without a name");
    println!("{name}: {bytes} bytes");
    vault.leave(session).await
}

/// A file that was not there before, for its owner only.
fn private_file(path: &str) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
