//! `cargo xtask demo sources`: one search over a Password Safe, an encrypted file and a plugin in
//! another language; each lends something, and the plugin dies in between.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::answers::{Answered, Ended, Found, Offer, Retrieved};
use super::searching::indented;
use super::service_files::Further;
use super::stage::{CONSOLE_USER, Stage, nonce};
use super::{PROGRAMS, aftermath, lending};
use crate::cli::DemoOptions;
use crate::console::short;
use crate::demo::programs::Programs;
use crate::demo::story::{Format, Story, table};
use crate::workspace;

/// What each of the three vaults must offer, and what it lends.
struct Source {
    title: &'static str,
    /// Display names that must be there.
    offers: &'static [&'static str],
    /// The one that is borrowed.
    lends: &'static str,
    /// Its secret, as the test data has it; a Password Safe proves its own.
    secret: Option<&'static str>,
}

const SOURCES: [Source; 3] = [
    Source {
        title: "the Password Safe",
        offers: &[r"App01\helpdesk-01", r"ACME\adm-joe (linked)"],
        lends: r"App01\helpdesk-01",
        secret: None,
    },
    Source {
        title: "the age-encrypted file",
        offers: &[r"APP01\lab-console", r"APP01\lab-firmware"],
        lends: r"APP01\lab-firmware",
        secret: Some("fake-Lab-Firmware-9?"),
    },
    Source {
        title: "the plugin in Python",
        offers: &[r"APP01\team-root", r"APP01\deploy"],
        lends: r"APP01\team-root",
        secret: Some("python-Kept-This-One!"),
    },
];

const CONFIG: &str = r#"
[plugins]
folder = "plugins"

[[vault]]
name = "lab"
kind = "file"
file = "lab.toml.age"
identity = { file = "lab-identity" }

[[vault]]
name = "team"
kind = "plugin"
plugin = "python-vault"
settings = { file = "vault.json" }
"#;

/// Whether everything was as promised.
pub(in crate::demo) fn run(options: &DemoOptions) -> anyhow::Result<bool> {
    let root = workspace::root();
    if Command::new("python3").arg("--version").output().is_err() {
        bail!("the demo of sources needs python3");
    }
    eprintln!("building {}", PROGRAMS.join(", "));
    let programs = Programs::build(&root, &PROGRAMS)?;

    let begun = Instant::now();
    let format = if options.json { Format::Json } else { Format::Text };
    let mut story = Story::new("sources", format);
    let mut stage = Stage::build(&root, &programs, &further(&root))?;
    if let Err(error) = play(&mut stage, &mut story, options.keep) {
        story.break_off(&error);
        story.tell(stage.service_says());
    }
    let passed = story.passed();
    story.end()?;
    eprintln!("told in {}", short(begun.elapsed()));
    if options.keep {
        let help = stage.keep()?;
        if options.json { eprintln!("{help}") } else { println!("{help}") }
    }
    Ok(passed)
}

fn further(root: &Path) -> Further {
    let (data, plugin) =
        (root.join("fixtures/data/demo"), root.join("fixtures/plugins/python-vault"));
    Further {
        config: CONFIG.to_owned(),
        files: vec![
            (data.join("lab.toml.age"), "lab.toml.age"),
            (data.join("lab-identity.txt"), "lab-identity"),
            (plugin.join("plugin.toml"), "plugins/python-vault/plugin.toml"),
            (plugin.join("python_vault.py"), "plugins/python-vault/python_vault.py"),
            (plugin.join("vault.json"), "plugins/python-vault/vault.json"),
        ],
        secret_files: vec!["lab-identity", "plugins/python-vault/vault.json"],
        keep_secrets: vec![("lab", data.join("lab.toml")), ("team", plugin.join("vault.json"))],
    }
}

/// One loan while it is out.
struct Out {
    title: &'static str,
    lsid: String,
    lease: String,
}

fn play(stage: &mut Stage, story: &mut Story, keep: bool) -> anyhow::Result<()> {
    stage.raise(story)?;
    let process = stage.plugin_process(None)?;
    check_plugin(stage, story)?;

    story.chapter(format!("{CONSOLE_USER} asks once, and three vaults answer"));
    let offers = search(stage, story)?;
    for source in &SOURCES {
        claim_offered(story, source, &offers);
    }
    let mut out = Vec::new();
    for source in &SOURCES {
        out.push(borrow(stage, story, source, &offers)?);
    }

    story.chapter("The plugin is killed");
    let killed = Command::new("kill").args(["-KILL", &process.to_string()]).status();
    story.claim_that("its process is killed", killed.is_ok_and(|s| s.success()), process);
    let offers = search(stage, story)?;
    for source in SOURCES.iter().filter(|source| source.title != "the plugin in Python") {
        claim_offered(story, source, &offers);
    }
    let next = stage.plugin_process(Some(process))?;
    story.tell(format_args!("the service started it again: process {process}, then {next}"));
    let offers = search(stage, story)?;
    for source in &SOURCES {
        claim_offered(story, source, &offers);
    }

    story.chapter("The sessions end");
    for Out { title, lsid, lease } in &out {
        let ended: Ended = stage.site.order("/_sim/end-session", &json!({ "lsid": lsid }))?;
        let released = ended.releases.iter().find(|one| one.lease_id.as_ref() == Some(lease));
        let released = released.and_then(|one| one.released);
        story.claim(format!("{title} has it back"), &Some(true), &released);
    }
    aftermath::tell(stage, story, keep)
}

/// The operator's look at the plugin, and its maker's.
fn check_plugin(stage: &Stage, story: &mut Story) -> anyhow::Result<()> {
    story.chapter("Is the plugin all right?");
    for (claim, arguments) in [
        (
            "ecm-service plugins check: it serves",
            &["check", "python-vault", "--folder", "plugins"][..],
        ),
        (
            "ecm-service plugins conform: every check passes",
            &["conform", "plugins/python-vault"][..],
        ),
    ] {
        let mut command = Command::new(stage.service());
        command.arg("plugins").args(arguments).current_dir(stage.folder());
        let output = command.output().context("cannot start ecm-service")?;
        let said = String::from_utf8_lossy(&output.stdout);
        story.tell(said.lines().last().unwrap_or_default());
        story.claim_that(claim, output.status.success(), said.trim());
    }
    Ok(())
}

fn target() -> Value {
    json!({ "kind": "jump_client", "name": "App01", "hostname": "APP01" })
}

fn search(stage: &mut Stage, story: &mut Story) -> anyhow::Result<Vec<Offer>> {
    let question = json!({ "user": { "username": CONSOLE_USER }, "target": target() });
    let found: Found = match stage.site.order("/_sim/search", &question)? {
        Answered::Well(found) => found,
        Answered::Refused { error } => bail!("the search was refused: {}", error.message),
    };
    let mut offers = found.items;
    offers.sort_by(|one, other| one.sort.cmp(&other.sort));
    let rows: Vec<_> =
        offers.iter().map(|one| vec![one.display.clone(), one.kind.clone()]).collect();
    let whole = if found.complete { "completely" } else { "in part" };
    story.tell(format_args!("answered {whole} in {} ms:", found.elapsed_ms));
    story.tell(indented(&table(&["credential", "kind"], &rows)));
    Ok(offers)
}

fn claim_offered(story: &mut Story, source: &Source, offers: &[Offer]) {
    let is_there = |name: &&&str| offers.iter().any(|offer| offer.display == **name);
    let there: Vec<_> = source.offers.iter().filter(is_there).copied().collect();
    story.claim(format!("{} answers", source.title), source.offers, there.as_slice());
}

fn borrow(
    stage: &mut Stage,
    story: &mut Story,
    source: &Source,
    offers: &[Offer],
) -> anyhow::Result<Out> {
    story.chapter(format!("{CONSOLE_USER} picks {} of {}", source.lends, source.title));
    let offer = offers.iter().find(|offer| offer.display == source.lends);
    let offer = offer.with_context(|| format!("{} is not on offer", source.lends))?;
    let nonce = nonce();
    let question = json!({
        "user": { "username": CONSOLE_USER }, "target": target(), "credential_id": offer.id,
        "reason": "demonstration", "nonce": nonce,
    });
    let lent: Retrieved = match stage.site.order("/_sim/retrieve", &question)? {
        Answered::Well(lent) => lent,
        Answered::Refused { error } => bail!("the retrieval was refused: {}", error.message),
    };
    story.tell(format_args!(
        "injected: user {}, a secret of {} bytes, lease {} until {}",
        lent.username.as_deref().unwrap_or("-"),
        lent.secret_bytes,
        lent.lease.id,
        lent.lease.expires_at,
    ));
    let kept = match source.secret {
        Some(secret) => proof_of(secret, &nonce)?,
        None => lending::proof_of(stage, source.lends, &nonce)?,
    };
    let equal =
        "what the site got is what the vault keeps (both computed HMAC-SHA256 with a nonce)";
    story.claim(equal, &Some(&kept), &lent.proof.as_ref());
    Ok(Out { title: source.title, lsid: lent.lsid, lease: lent.lease.id })
}

/// The proof of a secret that only the test data knows.
fn proof_of(secret: &str, nonce: &str) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(nonce.as_bytes())?;
    mac.update(secret.as_bytes());
    Ok(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}
