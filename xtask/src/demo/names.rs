//! `cargo xtask demo names`: who a console user is for the vault, with an Active Directory that
//! tells what names alone do not.
//!
//! The directory is Samba as a domain controller, the answers are those of the shipped
//! `ecm-service explain-name`.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::household::Household;
use super::private_file::write_private;
use super::programs::Programs;
use super::story::{Format, Story};
use crate::cli::DemoOptions;
use crate::console::short;
use crate::tools::{self, Group};
use crate::workspace;

/// The crates whose programs are shown.
const PROGRAMS: [&str; 2] = ["directory-rig", "ecm-service"];

/// The directory's ready file.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Directory {
    ldaps_url: String,
    ca_file: String,
    base_dn: String,
    service: String,
    service_password: String,
}

/// One console user.
struct Person {
    /// What is special about the name.
    title: &'static str,
    name: &'static str,
    /// The vault user, or the reason why there is none.
    becomes: Result<&'static str, &'static str>,
}

const PEOPLE: [Person; 6] = [
    Person {
        title: "a user known only by a distinguished name, which states no logon name",
        name: "CN=Joe User,OU=HelpDesk,DC=acme,DC=test",
        becomes: Ok(r"ACME\joe.user"),
    },
    Person {
        title: "a user known only by a principal name, whose suffix is no domain of anybody",
        name: "joe.user@acme-inc.com",
        becomes: Ok(r"ACME\joe.user"),
    },
    Person {
        title: "a principal name that is not the logon name",
        name: "pat.alias@acme.test",
        becomes: Ok(r"ACME\pat.user"),
    },
    Person {
        title: "a user of the site itself, who has the name of somebody in the domain",
        name: "joe.user",
        becomes: Err("local_account"),
    },
    Person {
        title: "a user whom the directory has disabled",
        name: r"ann.disabled@acme.test",
        becomes: Err("disabled"),
    },
    Person {
        title: "a name with a letter that only looks like one of ours",
        name: "jo\u{435}.user@acme.test",
        becomes: Err("bad_name"),
    },
];

/// Whether everything was as promised.
pub(super) fn run(options: &DemoOptions) -> anyhow::Result<bool> {
    let root = workspace::root();
    let missing = tools::prepare(&root, &[Group::Directories], true)?;
    if !missing.is_empty() {
        let missing: Vec<_> = missing.iter().map(|missing| missing.what()).collect();
        bail!("the demo of names needs {}", missing.join(", "));
    }
    eprintln!("building {}", PROGRAMS.join(", "));
    let programs = Programs::build(&root, &PROGRAMS)?;

    let begun = Instant::now();
    let format = if options.json { Format::Json } else { Format::Text };
    let mut story = Story::new("names", format);
    // The janitor removes it.
    let folder = tempfile::Builder::new().prefix("keyferry-demo-").tempdir()?.keep();
    let mut household = Household::in_folder(&folder)?;
    if let Err(error) = play(&mut household, &folder, &programs, &mut story) {
        story.break_off(&error);
    }
    let passed = story.passed();
    story.end()?;
    eprintln!("told in {}", short(begun.elapsed()));
    if options.keep {
        let kept = household.keep()?;
        let pids: Vec<_> = kept.iter().map(|(_, pid)| pid.to_string()).collect();
        let help = format!(
            "\nThe directory still runs. Try other names:\n  ecm-service explain-name NAME --config \
             {}\nStop it: kill {}",
            folder.join("config.toml").display(),
            pids.join(" ")
        );
        if options.json { eprintln!("{help}") } else { println!("{help}") }
    }
    Ok(passed)
}

fn play(
    household: &mut Household,
    folder: &Path,
    programs: &Programs,
    story: &mut Story,
) -> anyhow::Result<()> {
    story.chapter("A domain controller of ACME.TEST");
    let ready = folder.join("directory.json");
    let mut samba = Command::new(programs.path("directory-server")?);
    household.start("directory", samba.arg("samba").arg(&ready))?;
    let directory: Directory = household.wait_for_ready_file(&ready)?;
    configure(folder, &directory)?;
    story.tell(format_args!("{}, asked as {}", directory.ldaps_url, directory.service));
    let service = programs.path("ecm-service")?;
    for person in &PEOPLE {
        explain(service, folder, person, story, &directory.service_password)?;
    }
    Ok(())
}

fn explain(
    service: &Path,
    folder: &Path,
    person: &Person,
    story: &mut Story,
    password: &str,
) -> anyhow::Result<()> {
    story.chapter(person.title);
    let config = folder.join("config.toml");
    let output = Command::new(service)
        .args(["explain-name", person.name, "--config"])
        .arg(&config)
        .output()
        .context("cannot start ecm-service")?;
    let told = String::from_utf8_lossy(&output.stdout);
    story.tell(&told);
    let result = told.lines().find(|line| line.starts_with("result ")).unwrap_or_default();
    let (claim, holds, code) = match person.becomes {
        Ok(user) => {
            let holds = result.ends_with(&format!("runas='{user}'"));
            (format!("is {user} for the vault"), holds, 0)
        }
        Err(reason) => {
            let holds = result.contains(&format!("nobody: {reason} "));
            (format!("is nobody: {reason}"), holds, 1)
        }
    };
    story.claim_that(claim, holds, result);
    story.claim("the exit code says so too", &Some(code), &output.status.code());
    let said = String::from_utf8_lossy(&output.stderr);
    let is_secret = told.contains(password) || said.contains(password);
    story.claim("the directory's password is told to nobody", &false, &is_secret);
    Ok(())
}

/// Writes a configuration, and the files it points to. No site and no vault is asked.
fn configure(folder: &Path, directory: &Directory) -> anyhow::Result<()> {
    let Directory { ldaps_url, ca_file, base_dn, service, service_password } = directory;
    let config = format!(
        r#"# Written by `cargo xtask demo names`.
state-dir = "state"

[[site]]
name = "demo-site"
url = "wss://support.example.com"
client-id = "nobody"
client-secret = {{ file = "secret" }}

[[vault]]
name = "demo-vault"
url = "https://vault.example.com/BeyondTrust/api/public/v3"
api-key = {{ file = "secret" }}

[[directory]]
domain = "acme"
urls = ["{ldaps_url}"]
base = "{base_dn}"
bind-name = "{service}"
bind-password = {{ file = "secret" }}
ca-file = "{ca_file}"
system-roots = false

[[mapping.domain]]
id = "acme"
netbios = "ACME"
dns = ["acme.test"]
directory = "when-needed"

[[mapping.rule]]
name = "whoever the directory knows"
domain = "acme"
form = ["bare", "down-level", "upn", "dn"]
runas = '{{netbios}}\{{user}}'
"#
    );
    write_private(&folder.join("secret"), service_password)?;
    write_private(&folder.join("config.toml"), &config)
}
