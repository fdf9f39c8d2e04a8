//! `directories`: what the servers of the directories say of themselves.

use serde::Serialize;
use user_mapping::ldap::{DirectoryReport, ServerReport};

use super::{answer, answer_json, complain};
use crate::cli::DirectoriesArgs;
use crate::config::{Config, Process};
use crate::directories::DomainDirectories;
use crate::exit::Exit;

/// One directory, looked at.
#[derive(Serialize)]
struct Looked {
    /// The id of its domain in the mapping.
    domain: String,
    report: DirectoryReport,
    /// Names that the forest and the mapping do not agree on.
    differences: Vec<String>,
}

impl Looked {
    fn is_good(&self) -> bool {
        let is_good =
            |server: &ServerReport| server.problem.is_none() && server.warnings.is_empty();
        self.report.problem.is_none()
            && self.differences.is_empty()
            && self.report.servers.iter().all(is_good)
    }
}

pub(super) fn directories(args: &DirectoriesArgs) -> Exit {
    let config = match Config::load_for_trial(&args.config, &Process) {
        Ok(config) => config,
        Err(problems) => return complain(&problems.to_string(), Exit::Config),
    };
    let roots = service_host::tls::machine_roots();
    let assembled = match DomainDirectories::each(&config.directories, &roots) {
        Ok(assembled) => assembled,
        Err(error) => return complain(&error.to_string(), Exit::Config),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.to_string(), Exit::Internal),
    };
    let mut looked = Vec::new();
    for directory in &config.directories {
        let Some(at) = assembled.get(&directory.domain) else { continue };
        let report = runtime.block_on(at.probe());
        let names = config.rules.names_of(&directory.domain);
        let differences = names.map(|names| report.compare(&names, &directory.base));
        looked.push(Looked {
            domain: directory.domain.clone(),
            report,
            differences: differences.unwrap_or_default(),
        });
    }
    let is_good = looked.iter().all(Looked::is_good);
    let said = if args.json { answer_json(&looked) } else { answer(&page(&looked)) };
    match said {
        Exit::Ok if !is_good => Exit::Failed,
        said => said,
    }
}

fn page(looked: &[Looked]) -> String {
    if looked.is_empty() {
        return "the configuration has no [[directory]]\n".to_owned();
    }
    let mut text = String::new();
    for one in looked {
        text.push_str(&format!("directory of {}\n", one.domain));
        if let Some(problem) = &one.report.problem {
            text.push_str(&format!("  PROBLEM  {problem}\n"));
        }
        for server in &one.report.servers {
            text.push_str(&server_lines(server));
        }
        for difference in &one.differences {
            text.push_str(&format!("  CHECK    {difference}\n"));
        }
    }
    text
}

fn server_lines(server: &ServerReport) -> String {
    let mut text = format!("  {}\n", server.address);
    if let Some(problem) = &server.problem {
        text.push_str(&format!("    PROBLEM    {problem}\n"));
    }
    if server.tls_version.is_empty() {
        return text;
    }
    let kind = serde_json::to_value(server.kind).unwrap_or_default();
    let kind = kind.as_str().unwrap_or_default();
    text.push_str(&format!(
        "    protected  {}, {}, {}; {} bind in {} ms, no channel binding\n",
        server.protection, server.tls_version, server.tls_cipher, server.bind, server.connect_ms
    ));
    text.push_str(&format!("    is         {kind}"));
    if let Some(host) = &server.host_name {
        text.push_str(&format!(", {host}"));
    }
    text.push('\n');
    for (what, values) in [
        ("bases", &server.bases),
        ("suffixes", &server.suffixes),
        ("SASL", &server.sasl_mechanisms),
    ] {
        if !values.is_empty() {
            text.push_str(&format!("    {what:<10} {}\n", values.join(", ")));
        }
    }
    for domain in &server.domains {
        text.push_str(&format!(
            "    domain     {} = {} below {}\n",
            domain.netbios, domain.dns, domain.base
        ));
    }
    for warning in &server.warnings {
        text.push_str(&format!("    CHECK      {warning}\n"));
    }
    text
}
