//! Events an operator may act upon: stable numbers, in families, one constructor each.
//!
//! 1xx the service itself, 2xx sites, 3xx vaults, 4xx what is lent, 5xx the audit log.
//! A number is never used for something else, so alarms can be built on it.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A milestone; nothing to do.
    Info,
    /// We cope, but look at it.
    Warning,
    /// Somebody must act.
    Error,
}

/// What a number means.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    /// The number.
    pub number: u16,
    /// A short name, kebab-case.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What happened.
    pub meaning: &'static str,
    /// What to do.
    pub advice: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $number:literal $name:literal $severity:ident $meaning:literal, $advice:literal;)*) => {
        $(static $constant: Code = Code {
            number: $number,
            name: $name,
            severity: Severity::$severity,
            meaning: $meaning,
            advice: $advice,
        };)*
        /// Every event there is, by number.
        pub static ALL: &[&Code] = &[$(&$constant),*];
    };
}

codes! {
    SERVICE_STARTED = 101 "service-started" Info
        "The service is up and begins to connect.", "Nothing.";
    SERVICE_STOPPING = 102 "service-stopping" Info
        "A stop was asked for; no new questions are taken.", "Nothing.";
    SERVICE_STOPPED = 103 "service-stopped" Info
        "Everything that runs is finished.", "Nothing.";
    CONTROL_UNAVAILABLE = 104 "control-unavailable" Warning
        "The control socket cannot be opened; `status` and `log-level` will not work.",
        "Check the state folder; a socket's path may have 107 bytes at most.";
    KEY_GENERATED = 105 "credential-id-key-generated" Info
        "A key for credential ids was made, because the configuration names none.",
        "If several ECMs serve the same site, give all of them the same key.";
    MAPPING_REPLACED = 106 "mapping-replaced" Info
        "Mapping rules and directories were read anew and are in force.", "Nothing.";
    MAPPING_KEPT = 107 "mapping-kept" Error
        "The configuration was read anew and is wrong; the rules before stay in force.",
        "Correct what is told, try `ecm-service check-config`, and send SIGHUP again.";
    SITE_CONNECTED = 201 "site-connected" Info
        "A site has accepted the link.", "Nothing.";
    SITE_LOST = 202 "site-lost" Warning
        "A link ended; it will be made again.", "Nothing, unless it happens often.";
    SITE_UNREACHABLE = 203 "site-unreachable" Warning
        "A site cannot be reached; tries go on.", "Check name, network and proxy.";
    SITE_REFUSED = 204 "site-refused" Error
        "A site refuses the link or the account.",
        "Check client-id, client-secret and the account's permissions at the site.";
    SITE_UNTRUSTED = 205 "site-untrusted" Error
        "A site's certificate is not trusted.",
        "Name the issuing CA with ca-file, or correct the certificate.";
    SITE_GROUP_MISMATCH = 206 "site-group-mismatch" Error
        "A site puts this service into another ECM group than expect-group says.",
        "Correct the API account's group at the site, or expect-group.";
    SITE_REPLACED = 207 "site-replaced" Warning
        "A newer link of the same instance took over.",
        "Check that the state folder was not copied to a second machine.";
    SITE_CLOCK_JUMP = 208 "clock-jump" Warning
        "The machine slept or its clock jumped; the link is made anew.", "Nothing.";
    VAULT_UNREACHABLE = 301 "vault-unreachable" Error
        "A vault cannot be reached.", "Check name, network and proxy.";
    VAULT_REFUSED = 302 "vault-refused" Error
        "A vault refuses this service.",
        "Check the API registration: key, address rule, whether a password is asked for.";
    VAULT_UNTRUSTED = 303 "vault-untrusted" Error
        "A vault's certificate is not trusted.",
        "Name the issuing CA with ca-file, or correct the certificate.";
    VAULT_BACK = 304 "vault-back" Info
        "A vault answers again.", "Nothing.";
    LEDGER_RECOVERED = 401 "ledger-recovered" Info
        "Open release requests of an earlier run were found and are given back.", "Nothing.";
    GIVE_BACK_FAILED = 402 "give-back-failed" Warning
        "A release request could not be given back yet; tries go on.",
        "If it stays, check it in by hand in the vault.";
    LEASES_LEFT = 403 "leases-left" Error
        "The service stops with open release requests; the next start gives them back.",
        "Start the service again soon, or check them in by hand in the vault.";
    AUDIT_TORN = 501 "audit-torn" Warning
        "The audit log ended in an incomplete line, which was cut off.",
        "Nothing: it was never acknowledged, so no secret left because of it.";
}

/// Something that happened, ready to be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    code: &'static Code,
    detail: String,
}

impl Event {
    /// 101
    #[must_use]
    pub fn service_started(version: &str, sites: usize, vaults: usize) -> Self {
        Self::new(&SERVICE_STARTED, format!("version {version}, {sites} sites, {vaults} vaults"))
    }

    /// 102
    #[must_use]
    pub fn service_stopping(why: &str, grace: Duration) -> Self {
        Self::new(&SERVICE_STOPPING, format!("{why}, grace {grace:?}"))
    }

    /// 103
    #[must_use]
    pub fn service_stopped() -> Self {
        Self::new(&SERVICE_STOPPED, String::new())
    }

    /// 104
    #[must_use]
    pub fn control_unavailable(reason: &std::io::Error) -> Self {
        Self::new(&CONTROL_UNAVAILABLE, reason.to_string())
    }

    /// 105
    #[must_use]
    pub fn credential_id_key_generated(path: &std::path::Path) -> Self {
        Self::new(&KEY_GENERATED, path.display().to_string())
    }

    /// 106
    #[must_use]
    pub fn mapping_replaced(path: &str) -> Self {
        Self::new(&MAPPING_REPLACED, path.to_owned())
    }

    /// 107
    #[must_use]
    pub fn mapping_kept(problems: &str) -> Self {
        Self::new(&MAPPING_KEPT, problems.to_owned())
    }

    /// 201
    #[must_use]
    pub fn site_connected(site: &str, detail: &str) -> Self {
        Self::new(&SITE_CONNECTED, format!("{site}: {detail}"))
    }

    /// 202
    #[must_use]
    pub fn site_lost(site: &str, why: &str) -> Self {
        Self::new(&SITE_LOST, format!("{site}: {why}"))
    }

    /// 203
    #[must_use]
    pub fn site_unreachable(site: &str, why: &str) -> Self {
        Self::new(&SITE_UNREACHABLE, format!("{site}: {why}"))
    }

    /// 204
    #[must_use]
    pub fn site_refused(site: &str, why: &str) -> Self {
        Self::new(&SITE_REFUSED, format!("{site}: {why}"))
    }

    /// 205
    #[must_use]
    pub fn site_untrusted(site: &str, why: &str) -> Self {
        Self::new(&SITE_UNTRUSTED, format!("{site}: {why}"))
    }

    /// 206
    #[must_use]
    pub fn site_group_mismatch(site: &str, expected: &str, found: &str) -> Self {
        Self::new(&SITE_GROUP_MISMATCH, format!("{site}: expected {expected}, {found}"))
    }

    /// 207
    #[must_use]
    pub fn site_replaced(site: &str) -> Self {
        Self::new(&SITE_REPLACED, site.to_owned())
    }

    /// 208
    #[must_use]
    pub fn clock_jump(site: &str, jump: Duration) -> Self {
        Self::new(&SITE_CLOCK_JUMP, format!("{site}: {} s", jump.as_secs()))
    }

    /// 301
    #[must_use]
    pub fn vault_unreachable(vault: &str, why: &str) -> Self {
        Self::new(&VAULT_UNREACHABLE, format!("{vault}: {why}"))
    }

    /// 302
    #[must_use]
    pub fn vault_refused(vault: &str, why: &str) -> Self {
        Self::new(&VAULT_REFUSED, format!("{vault}: {why}"))
    }

    /// 303
    #[must_use]
    pub fn vault_untrusted(vault: &str, why: &str) -> Self {
        Self::new(&VAULT_UNTRUSTED, format!("{vault}: {why}"))
    }

    /// 304
    #[must_use]
    pub fn vault_back(vault: &str) -> Self {
        Self::new(&VAULT_BACK, vault.to_owned())
    }

    /// 401
    #[must_use]
    pub fn ledger_recovered(open: usize) -> Self {
        Self::new(&LEDGER_RECOVERED, format!("{open} open"))
    }

    /// 402
    #[must_use]
    pub fn give_back_failed(failed: usize) -> Self {
        Self::new(&GIVE_BACK_FAILED, format!("{failed} failed"))
    }

    /// 403
    #[must_use]
    pub fn leases_left(open: usize) -> Self {
        Self::new(&LEASES_LEFT, format!("{open} open"))
    }

    /// 501
    #[must_use]
    pub fn audit_torn(bytes: u64) -> Self {
        Self::new(&AUDIT_TORN, format!("{bytes} bytes"))
    }

    fn new(code: &'static Code, detail: String) -> Self {
        Self { code, detail }
    }

    /// What the number means.
    #[must_use]
    pub fn code(&self) -> &'static Code {
        self.code
    }

    /// Writes it to the log.
    pub fn log(&self) {
        let (event, name, advice) = (self.code.number, self.code.name, self.code.advice);
        match self.code.severity {
            Severity::Info => tracing::info!(event, name, "{self}"),
            Severity::Warning => tracing::warn!(event, name, advice, "{self}"),
            Severity::Error => tracing::error!(event, name, advice, "{self}"),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.meaning.trim_end_matches('.'))?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

/// The table for the manual.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(
        "| number | name | severity | what happened | what to do |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for code in ALL {
        let severity = match code.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        text.push_str(&format!(
            "| {} | `{}` | {severity} | {} | {} |\n",
            code.number, code.name, code.meaning, code.advice
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend_and_names_differ() {
        assert!(ALL.windows(2).all(|pair| pair[0].number < pair[1].number));
        let mut names: Vec<&str> = ALL.iter().map(|code| code.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
