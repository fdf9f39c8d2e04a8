//! What programs do with the card, at either desk.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::stage::{Desk, Stage};
use crate::run;

/// One step: a program that is no part of this project.
pub(super) struct Step {
    pub(super) name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    /// A file it writes, whose contents count as printed.
    writes: Option<&'static str>,
}

/// The steps, in order: later ones use files of earlier ones.
pub(super) const STEPS: [Step; 6] = [
    Step {
        name: "read the answer to reset",
        program: "opensc-tool",
        arguments: &["--atr", "--name"],
        writes: None,
    },
    Step {
        name: "dump the PIV data",
        program: "pkcs15-tool",
        arguments: &["--dump"],
        writes: None,
    },
    Step {
        name: "read a certificate",
        program: "pkcs15-tool",
        arguments: &["--read-certificate", "01", "--output", "certificate.pem"],
        writes: Some("certificate.pem"),
    },
    Step {
        name: "list the certificates (PKCS#11)",
        program: "pkcs11-tool",
        // Other kinds of objects are printed with numbers of this very run.
        arguments: &["--list-objects", "--type", "cert"],
        writes: None,
    },
    Step {
        name: "verify the PIN and sign",
        program: "pkcs11-tool",
        arguments: &[
            "--login",
            "--pin",
            "env:CARD_PIN",
            "--sign",
            "--id",
            "01",
            "--mechanism",
            "SHA256-RSA-PKCS",
            "--input-file",
            "text",
            "--output-file",
            "signature",
        ],
        writes: Some("signature"),
    },
    Step {
        name: "verify the signature (OpenSSL)",
        program: "sh",
        arguments: &[
            "-c",
            "openssl x509 -in certificate.pem -noout -pubkey > public.pem && \
             openssl dgst -sha256 -verify public.pem -signature signature text",
        ],
        writes: None,
    },
];

/// What a step did.
pub(super) struct Done {
    took: Duration,
    /// What it printed and wrote, without the desk's own names.
    pub(super) printed: String,
    /// What the card was asked and answered: headers and lengths.
    pub(super) exchanges: Vec<String>,
    /// Why it failed; empty when it did not.
    pub(super) complaint: String,
    /// Counted by the customer's agent; nothing at the desk.
    pub(super) commands: u64,
    pub(super) round_trips: u64,
    pub(super) resets: u64,
}

impl Done {
    /// Whether the same was printed and written, and the card noticed no difference.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.printed == other.printed && self.exchanges == other.exchanges
    }

    /// How long it took, for people.
    pub(super) fn time(&self) -> String {
        format!("{} ms", self.took.as_millis())
    }
}

/// Does one step at a desk.
pub(super) fn run(step: &Step, stage: &Stage, desk: Desk) -> anyhow::Result<Done> {
    let folder = stage.work_folder(desk);
    let before = stage.counted(desk)?;
    let trace = stage.trace_length()?;
    let mut command = Command::new(step.program);
    command.args(step.arguments).current_dir(&folder).stdin(Stdio::null());
    stage.send_into(&mut command, desk);
    command.env("CARD_PIN", stage.pin());
    let begun = Instant::now();
    let output =
        command.output().with_context(|| format!("cannot start {}", run::line(&command)))?;
    let took = begun.elapsed();
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let complaint = if output.status.success() { String::new() } else { stderr.into_owned() };
    if let Some(file) = step.writes {
        printed.push_str(&hex_of(&folder.join(file)));
    }
    let after = stage.counted(desk)?;
    Ok(Done {
        took,
        printed: printed.replace(desk.reader(), "READER"),
        exchanges: stage.exchanges_since(trace)?,
        complaint,
        commands: after.commands - before.commands,
        round_trips: after.round_trips - before.round_trips,
        resets: after.resets - before.resets,
    })
}

fn hex_of(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap_or_default();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
