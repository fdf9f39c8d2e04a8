//! Real directories: OpenLDAP and Samba as Active Directory, and servers that mean no good.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::string_slice,
    reason = "real directories live in real time, and are not on every machine"
)]

mod hostile;
mod openldap;
mod samba;

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use directory_rig::RigError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use user_mapping::ldap::{
    CacheLimits, LdapBind, LdapDirectory, LdapServer, LdapSettings, Schema, TimeLimits,
};
use user_mapping::{
    Answer, Answers, MappingFile, Outcome, Progress, Refusal, Resolution, RuleSet, StatedUser,
};

/// The server, or a note that this machine cannot have one.
pub(crate) fn started<T>(test: &str, start: Result<T, RigError>) -> Option<T> {
    match start {
        Ok(server) => Some(server),
        Err(error) if error.is_unprepared() => {
            let is_set = |name: &&str| std::env::var_os(name).is_some();
            let must = ["CI", "KEYFERRY_REQUIRE_ALL"].iter().any(is_set);
            assert!(!must, "{test} could not run: {error}");
            let line = format!("{test}: {error}");
            eprintln!("not run: {line}");
            if let Some(list) = std::env::var_os("KEYFERRY_NOT_RUN") {
                let mut list =
                    std::fs::OpenOptions::new().create(true).append(true).open(list).unwrap();
                writeln!(list, "{line}").unwrap();
            }
            None
        }
        Err(error) => panic!("{error}"),
    }
}

pub(crate) fn trusting(ca_pem: &str) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

pub(crate) fn settings(
    urls: &[&str],
    ca_pem: &str,
    bind: (&str, &str),
    base: &str,
) -> LdapSettings {
    LdapSettings {
        servers: urls.iter().map(|url| LdapServer::parse(url).unwrap()).collect(),
        discovery: None,
        tls: trusting(ca_pem),
        bind: Some(LdapBind { name: bind.0.to_owned(), password: bind.1.into() }),
        base: base.to_owned(),
        schema: Schema::ActiveDirectory,
        limits: TimeLimits {
            connect: Duration::from_secs(10),
            // Busy machines have slow directories.
            operation: Duration::from_secs(10),
            total: Duration::from_secs(30),
        },
        // What is found is asked for again, so that the server is seen to answer.
        cache: CacheLimits { found: Duration::ZERO, not_found: Duration::ZERO, answers: 100 },
    }
}

/// Resolves a name, with the directory asked wherever the rules want it.
pub(crate) async fn resolve(
    rules: &RuleSet,
    directory: &LdapDirectory,
    stated: &StatedUser<'_>,
) -> Resolution {
    let mut answers = Answers::default();
    for _ in 0..4 {
        match rules.resolve_with(stated, &answers) {
            Progress::Done(resolution) => return *resolution,
            Progress::Ask(questions) => {
                for question in questions {
                    let answer = directory.answer(&question, SystemTime::now()).await;
                    answers.add(question, answer);
                }
            }
        }
    }
    panic!("the questions do not end");
}

pub(crate) fn rules(text: &str) -> RuleSet {
    let file: MappingFile = toml::from_str(text).unwrap();
    RuleSet::check(file).unwrap_or_else(|problems| panic!("{problems:#?}")).0
}

/// Holds a table of name, distinguished name and answer against rules and a directory.
pub(crate) async fn check(
    rules: &RuleSet,
    directory: &LdapDirectory,
    table: &[(&str, &str, Result<&str, Refusal>)],
) {
    for (username, dn, expected) in table {
        let dn = Some(*dn).filter(|dn| !dn.is_empty());
        let stated = StatedUser { username, dn, provider: None };
        let resolution = resolve(rules, directory, &stated).await;
        let got = match &resolution.outcome {
            Outcome::User(user) => Ok(user.runas()),
            Outcome::Nobody(refusal) => Err(*refusal),
        };
        assert_eq!(got, *expected, "{username:?} {dn:?}\n{}", resolution.trace);
    }
}

pub(crate) fn why_not(answer: Answer) -> String {
    match answer {
        Answer::Unavailable(why) | Answer::Unusable(why) => why,
        answer => panic!("{answer:?}"),
    }
}
