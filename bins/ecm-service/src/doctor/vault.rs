//! A vault, from its name in DNS to a user's search.

use std::time::Duration;

use ecm_protocol::message::{Category, EmptyReason};
use ps_client::endpoint::surroundings::GetVersion;
use ps_client::{Error, ErrorKind, RunAs};
use rustls::pki_types::CertificateDer;
use service_host::tls::client_config;
use tokio::time::timeout;

use super::certificates::Way;
use super::{Examination, Level};
use crate::config::vault::{PasswordSafeConfig, VaultAuth, VaultKind};
use crate::config::{Config, VaultConfig};
use crate::trial::{Outcome, Trial, TrialQuestion, empty_meaning};
use crate::vaults::{AssembledVault, assemble};

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn examine(
    vault: &VaultConfig,
    config: &Config,
    roots: &[CertificateDer<'static>],
    question: Option<&TrialQuestion>,
    seen: &mut Examination,
) {
    let name = vault.name.as_str();
    let VaultKind::PasswordSafe(safe) = &vault.kind else {
        return other_kind(vault, config, roots, question, seen).await;
    };
    let way = Way {
        about: name,
        host: safe.url.host_str().unwrap_or_default().trim_matches(['[', ']']),
        port: safe.url.port_or_known_default().unwrap_or(443),
        proxy: safe.proxy.as_ref(),
        trust: &safe.trust,
    };
    if !way.examine(roots, seen).await {
        for id in ["D03", "D14", "D15", "D16"] {
            seen.skip(id, name, "the vault is not reached");
        }
        return;
    }
    clock_and_page(name, safe, roots, seen).await;
    sign_in(vault, safe, config, roots, question, seen).await;
}

/// A file or a plugin: it is started, and asked whether it knows somebody.
async fn other_kind(
    vault: &VaultConfig,
    config: &Config,
    roots: &[CertificateDer<'static>],
    question: Option<&TrialQuestion>,
    seen: &mut Examination,
) {
    let name = vault.name.as_str();
    let assembled = match assemble(std::slice::from_ref(vault), roots) {
        Ok(mut assembled) => assembled.pop(),
        Err(error) => {
            seen.bad("D14", name, error.to_string(), "correct the settings of the vault");
            return;
        }
    };
    let Some(assembled) = assembled else { return };
    let user = match question {
        Some(question) => mapped(config, roots, question).await,
        None => None,
    };
    let user = user.unwrap_or_else(|| "doctor".to_owned());
    match timeout(PATIENCE, assembled.source.knows(&user)).await {
        Err(_) => seen.bad("D14", name, "no answer in time", "see the log of the vault"),
        Ok(Err(error)) => seen.bad("D14", name, error.to_string(), "see what is told"),
        Ok(Ok(_)) => seen.good("D14", name, format!("{} answers", assembled.place)),
    }
    assembled.close(Duration::from_secs(3)).await;
}

/// The answer to a call that needs no sign-in: its date, and whether it is the API that answers.
async fn clock_and_page(
    name: &str,
    safe: &PasswordSafeConfig,
    roots: &[CertificateDer<'static>],
    seen: &mut Examination,
) {
    let address = format!("{}/Configuration/Version", safe.url.as_str().trim_end_matches('/'));
    let asked = async {
        let tls = client_config(&safe.trust, roots, &[b"http/1.1"]).map_err(|e| e.to_string())?;
        let client = super::machine_client(&tls, safe.proxy.as_ref())?;
        client.get(address).send().await.map_err(|error| error.without_url().to_string())
    };
    match timeout(PATIENCE, asked).await {
        Err(_) => seen.bad("D14", name, "no answer in time", "see whether the vault is overloaded"),
        Ok(Err(words)) => seen.bad("D14", name, words, "see the vault's own log"),
        Ok(Ok(answer)) => {
            super::clock(name, answer.headers(), seen);
            // Without a sign-in the API says 401 (or 403); anything else is not the API.
            match answer.status().as_u16() {
                401 | 403 => seen.good("D14", name, "its API answers"),
                404 => seen.bad(
                    "D14",
                    name,
                    format!("there is no API at {} (404)", safe.url),
                    "the url ends in /BeyondTrust/api/public/v3 as a rule",
                ),
                status => seen.add(
                    "D14",
                    Some(name),
                    Level::Warning,
                    format!("what answers says {status} to a call without a sign-in"),
                    Some(
                        "check that the url is the vault's own, not that of a proxy page"
                            .to_owned(),
                    ),
                ),
            }
        }
    }
}

/// As whom: the vault user of the question, else the approver.
async fn sign_in(
    vault: &VaultConfig,
    safe: &PasswordSafeConfig,
    config: &Config,
    roots: &[CertificateDer<'static>],
    question: Option<&TrialQuestion>,
    seen: &mut Examination,
) {
    let name = vault.name.as_str();
    let asker = match question {
        Some(question) => mapped(config, roots, question).await,
        None => None,
    };
    let approver = vault.settings.lending.approver.clone();
    let is_oauth = matches!(safe.auth, VaultAuth::OAuth { .. });
    let Some(user) = asker.or(approver).or_else(|| is_oauth.then(|| "application".to_owned()))
    else {
        let why = "nobody to sign in as: give --user and --host, or an approver";
        seen.skip("D15", name, why);
        seen.skip("D16", name, why);
        return;
    };
    let Ok(run_as) = RunAs::new(&user) else {
        seen.bad("D15", name, format!("`{user}` cannot be sent to a vault"), "correct the mapping");
        return;
    };
    let assembled = match assemble(std::slice::from_ref(vault), roots) {
        Ok(mut assembled) => assembled.pop(),
        Err(error) => {
            seen.bad("D15", name, error.to_string(), "correct the settings");
            return;
        }
    };
    let Some(pool) = assembled.as_ref().and_then(AssembledVault::password_safe) else { return };
    match timeout(PATIENCE, pool.session(&run_as)).await {
        Err(_) => seen.bad("D15", name, "no answer in time", "see whether the vault is overloaded"),
        Ok(Err(error)) => {
            refused(name, &user, &error, seen);
            seen.skip("D16", name, "not signed in");
        }
        Ok(Ok(session)) => {
            let as_whom = session.user().user_name.clone().unwrap_or_else(|| user.clone());
            seen.good("D15", name, format!("signed in as {as_whom}"));
            match session.send(&GetVersion {}).await {
                Ok(version) => seen.good("D16", name, format!("version {}", version.version)),
                Err(error) => seen.add(
                    "D16",
                    Some(name),
                    Level::Skipped,
                    format!("the vault does not tell its version: {error}"),
                    None,
                ),
            }
        }
    }
    pool.sign_out_all(Duration::from_secs(3)).await;
}

fn refused(name: &str, user: &str, error: &Error, seen: &mut Examination) {
    let mut found = format!("the vault does not sign {user} in: {error}");
    if let Some(excerpt) = error.excerpt() {
        found.push_str(&format!(
            "\nit says: {}",
            excerpt.split_whitespace().collect::<Vec<_>>().join(" ")
        ));
    }
    let advice = match error.kind() {
        ErrorKind::SignInRefused => {
            "the vault does not tell these apart; look in this order: is the API key (or client \
             secret) the registration's present one; does an authentication rule of the \
             registration allow this machine's address; does the vault know this user, unlocked; \
             is the user in a group that has the registration; does the registration want the \
             user's password, which no ECM can give"
                .to_owned()
        }
        _ => error.advice().to_owned(),
    };
    seen.bad("D15", name, found, advice);
}

/// The vault user of a question, if its name maps to one.
async fn mapped(
    config: &Config,
    roots: &[CertificateDer<'static>],
    question: &TrialQuestion,
) -> Option<String> {
    let mapping = crate::directories::mapping_of(config, roots).ok()?;
    let stated = user_mapping::StatedUser {
        username: &question.user,
        dn: question.dn.as_deref(),
        provider: question.provider.as_deref(),
    };
    match mapping.resolve(&stated, false).await.outcome {
        user_mapping::Outcome::User(found) => Some(found.runas().to_owned()),
        user_mapping::Outcome::Nobody(_) => None,
    }
}

/// D17: the whole of a search, with what to do about what is missing.
pub(super) async fn search(
    config: &Config,
    roots: &[CertificateDer<'static>],
    question: &TrialQuestion,
    seen: &mut Examination,
) {
    let about = format!("{} on {}", question.user, question.host.as_deref().unwrap_or("…"));
    let trial = match Trial::open(config, roots).await {
        Ok(trial) => trial,
        Err(error) => {
            seen.bad("D17", &about, error.to_string(), "correct what is told");
            return;
        }
    };
    let report = trial.find(question).await;
    trial.close().await;
    let report = match report {
        Ok(report) => report,
        Err(problems) => {
            for problem in problems {
                seen.bad("D17", &about, problem.to_string(), "correct the question");
            }
            return;
        }
    };
    match &report.outcome {
        Outcome::Refused(refused) => {
            let mut found = format!("refused: {}", refused.kind);
            if let Some(mapping) = &report.explanation.mapping
                && refused.kind.starts_with("user_")
            {
                found.push_str(&format!("\n{mapping}"));
            }
            for note in &report.explanation.notes {
                found.push_str(&format!("\n{note}"));
            }
            let advice = match refused.kind {
                kind if kind == Category::UserUnmapped.name() => {
                    "the console's name stands for no vault user: `ecm-service explain-name` shows \
                     which rule is missing"
                        .to_owned()
                }
                _ => refused.advice.clone().unwrap_or_default(),
            };
            seen.bad("D17", &about, found, advice);
        }
        Outcome::Found { credentials, .. } if !credentials.is_empty() => {
            let found = format!("{} credentials in {} ms", credentials.len(), report.elapsed_ms);
            seen.good("D17", &about, found);
        }
        Outcome::Found { empty_reason, .. } => {
            let reason = empty_reason.unwrap_or(EmptyReason::NoAccount);
            let mut found = format!("nothing is offered: {}", empty_meaning(reason));
            for one in &report.withheld {
                found.push_str(&format!("\n{}\\{}: {}", one.system, one.account, one.why.advice()));
            }
            let advice = match reason {
                EmptyReason::NoSystem => {
                    "compare the Jump Item's name with the managed system's names and address in \
                     the vault; an empty list can also be right"
                }
                EmptyReason::NotRequestable | EmptyReason::NoAccount => {
                    "give a group of the vault user the requester role with an access policy on \
                     the accounts, and enable them for API access"
                }
                _ => "see what this service hides: [vault.search]",
            };
            seen.doubt("D17", &about, found, advice);
        }
    }
}
