//! What a check can find, and the list of all checks.

use std::fmt;

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// As it should be.
    Good,
    /// Left out; the words say why.
    Skipped,
    /// It works, but look at it.
    Warning,
    /// It does not work.
    Error,
}

impl Level {
    fn mark(self) -> &'static str {
        match self {
            Self::Good => "ok  ",
            Self::Skipped => "skip",
            Self::Warning => "WARN",
            Self::Error => "FAIL",
        }
    }
}

/// One check there is.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its number, which stays.
    pub id: &'static str,
    /// What it looks at.
    pub what: &'static str,
    /// What people see when it fails.
    pub symptom: &'static str,
}

/// Every check, in the order of the page that is made from it.
pub static CHECKS: &[Check] = &[
    Check {
        id: "D01",
        what: "version and build of this program",
        symptom: "which program is this?",
    },
    Check {
        id: "D02",
        what: "whether the configuration leaves something to be doubted",
        symptom: "it starts, and does not do what was meant",
    },
    Check {
        id: "D03",
        what: "this machine's clock against the vaults' and the sites'",
        symptom: "tokens are refused, leases end at odd times",
    },
    Check {
        id: "D11",
        what: "names of vaults, sites and proxies in DNS",
        symptom: "the test returns nothing; the service never connects",
    },
    Check {
        id: "D12",
        what: "the way to them: network, firewall, proxy, port",
        symptom: "the test returns nothing; the service never connects",
    },
    Check {
        id: "D13",
        what: "their certificates, and which issuer is missing",
        symptom: "a TLS error towards the vault or the site",
    },
    Check {
        id: "D14",
        what: "whether what answers at the vault's address is its API",
        symptom: "the test returns nothing though the vault is up",
    },
    Check {
        id: "D15",
        what: "signing in to the vault: key, address rule, vault user, its groups",
        symptom: "an authentication error in the test",
    },
    Check { id: "D16", what: "version of the vault", symptom: "a call is unknown to the vault" },
    Check {
        id: "D17",
        what: "a user's search: mapping, system, accounts, API-enabling, roles",
        symptom: "the test returns nothing; somebody sees no credentials",
    },
    Check {
        id: "D20",
        what: "a token of the site: client id, secret, account",
        symptom: "the test works, the console is empty",
    },
    Check {
        id: "D21",
        what: "link and greeting: address, permission for ECMs, protocol",
        symptom: "the test works, the console is empty",
    },
    Check {
        id: "D23",
        what: "what the API account may do at the site, and what the settings want it to do",
        symptom: "the test works, the console is empty; nothing is reconciled or added",
    },
    Check {
        id: "D25",
        what: "the site's own sign-in page, as a browser would see it",
        symptom: "is the site there at all?",
    },
    Check {
        id: "D24",
        what: "the running service: links, last problem, since when",
        symptom: "the service runs and answers nothing",
    },
    Check {
        id: "D26",
        what: "the names that consoles really sent, and what they became",
        symptom: "the user mapping has failed",
    },
    Check {
        id: "D27",
        what: "whether this service is the one that is asked",
        symptom: "another ECM answers",
    },
    Check {
        id: "D28",
        what: "the ECM group the site puts this service into",
        symptom: "Jump Items of a group find no ECM",
    },
    Check {
        id: "D29",
        what: "how many calls of the site's APIs are left to the account",
        symptom: "calls are refused with 429",
    },
    Check {
        id: "D30",
        what: "release requests that are still open",
        symptom: "accounts stay in use; requests pile up in the vault",
    },
];

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub id: &'static str,
    /// What it was made of: a vault's or site's name; absent for the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// How bad.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// All findings of one examination.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct Examination {
    findings: Vec<Finding>,
}

impl Examination {
    /// The findings, in the order of the checks.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The worst there is.
    #[must_use]
    pub fn worst(&self) -> Level {
        self.findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Good)
    }

    pub(super) fn add(
        &mut self,
        id: &'static str,
        about: Option<&str>,
        level: Level,
        found: impl Into<String>,
        advice: impl Into<Option<String>>,
    ) {
        debug_assert!(CHECKS.iter().any(|check| check.id == id), "{id} is in the list");
        let about = about.map(str::to_owned);
        self.findings.push(Finding {
            id,
            about,
            level,
            found: found.into(),
            advice: advice.into(),
        });
    }

    pub(super) fn good(&mut self, id: &'static str, about: &str, found: impl Into<String>) {
        self.add(id, Some(about), Level::Good, found, None);
    }

    pub(super) fn bad(
        &mut self,
        id: &'static str,
        about: &str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.add(id, Some(about), Level::Error, found, Some(advice.into()));
    }

    pub(super) fn doubt(
        &mut self,
        id: &'static str,
        about: &str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.add(id, Some(about), Level::Warning, found, Some(advice.into()));
    }

    pub(super) fn skip(&mut self, id: &'static str, about: &str, why: impl Into<String>) {
        self.add(id, Some(about), Level::Skipped, why, None);
    }
}

impl fmt::Display for Examination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { id, about, level, found, advice } in &self.findings {
            let about = about.as_ref().map(|about| format!("{about}: ")).unwrap_or_default();
            let mut lines = found.lines();
            writeln!(f, "{}  {id}  {about}{}", level.mark(), lines.next().unwrap_or_default())?;
            for line in lines {
                writeln!(f, "           {line}")?;
            }
            if let Some(advice) = advice {
                writeln!(f, "           -> {advice}")?;
            }
        }
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        writeln!(
            f,
            "{} checks: {} failed, {} to look at, {} left out",
            self.findings.len(),
            count(Level::Error),
            count(Level::Warning),
            count(Level::Skipped)
        )
    }
}
