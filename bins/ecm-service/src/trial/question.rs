//! What is asked in a trial: a console user and a Jump Item, field by field, and what each field
//! must be.

use std::fmt;
use std::net::IpAddr;

use ecm_protocol::message::{
    Address, AddressScope, Application, CredentialKind, Find, Meta, Phase, Provider, ProviderKind,
    Purpose, SessionRef, Target, TargetKind, User, Want,
};
use serde::{Deserialize, Serialize};
use url::Url;

/// The kinds of Jump Item a trial can stand for. Each decides which fields there are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum JumpItem {
    /// A Jump Client; also for Local Jump and Remote Jump.
    #[default]
    JumpClient,
    /// Remote RDP.
    Rdp,
    /// Remote RDP that starts an application (SecureApp).
    RdpApplication,
    /// VNC.
    Vnc,
    /// Shell Jump: SSH or telnet.
    Shell,
    /// Web Jump.
    Web,
    /// Protocol tunnel to SQL Server.
    SqlServer,
    /// Protocol tunnel to PostgreSQL.
    Postgres,
    /// Protocol tunnel to MySQL.
    Mysql,
    /// Protocol tunnel to a Kubernetes cluster.
    Kubernetes,
    /// A session that a customer began.
    SupportSession,
}

impl JumpItem {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 11] = [
        Self::JumpClient,
        Self::Rdp,
        Self::RdpApplication,
        Self::Vnc,
        Self::Shell,
        Self::Web,
        Self::SqlServer,
        Self::Postgres,
        Self::Mysql,
        Self::Kubernetes,
        Self::SupportSession,
    ];

    /// Its name in files, forms and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::JumpClient => "jump-client",
            Self::Rdp => "rdp",
            Self::RdpApplication => "rdp-application",
            Self::Vnc => "vnc",
            Self::Shell => "shell",
            Self::Web => "web",
            Self::SqlServer => "sql-server",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Kubernetes => "kubernetes",
            Self::SupportSession => "support-session",
        }
    }

    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::JumpClient => "Jump Client (also Local and Remote Jump)",
            Self::Rdp => "Remote RDP",
            Self::RdpApplication => "Remote RDP with an application (SecureApp)",
            Self::Vnc => "Remote VNC",
            Self::Shell => "Shell Jump",
            Self::Web => "Web Jump",
            Self::SqlServer => "Tunnel to SQL Server",
            Self::Postgres => "Tunnel to PostgreSQL",
            Self::Mysql => "Tunnel to MySQL",
            Self::Kubernetes => "Tunnel to Kubernetes",
            Self::SupportSession => "Support session",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.name() == name)
    }

    /// Which fields it has besides the user's, and whether each must be filled in.
    #[must_use]
    pub fn fields(self) -> &'static [(Field, bool)] {
        match self {
            Self::JumpClient | Self::SupportSession => {
                &[(Field::Host, true), (Field::AdditionalIp, false)]
            }
            Self::RdpApplication => &[(Field::Host, true), (Field::Application, true)],
            Self::Web | Self::Kubernetes => &[(Field::Url, true)],
            Self::Rdp
            | Self::Vnc
            | Self::Shell
            | Self::SqlServer
            | Self::Postgres
            | Self::Mysql => &[(Field::Host, true)],
        }
    }

    fn target(self) -> (TargetKind, Purpose) {
        match self {
            Self::JumpClient => (TargetKind::JumpClient, Purpose::Logon),
            Self::Rdp => (TargetKind::Rdp, Purpose::Rdp),
            Self::RdpApplication => (TargetKind::RdpRemoteApp, Purpose::Application),
            Self::Vnc => (TargetKind::Vnc, Purpose::Logon),
            Self::Shell => (TargetKind::Shell, Purpose::Ssh),
            Self::Web => (TargetKind::Web, Purpose::Web),
            Self::SqlServer => (TargetKind::TunnelMssql, Purpose::Database),
            Self::Postgres => (TargetKind::TunnelPostgres, Purpose::Database),
            Self::Mysql => (TargetKind::TunnelMysql, Purpose::Database),
            Self::Kubernetes => (TargetKind::TunnelK8s, Purpose::Kubernetes),
            Self::SupportSession => (TargetKind::SupportSession, Purpose::Logon),
        }
    }
}

impl fmt::Display for JumpItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A field of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// Name of the console user.
    User,
    /// The distinguished name beside it.
    Dn,
    /// Name or address of the endpoint.
    Host,
    /// Another address of the endpoint.
    AdditionalIp,
    /// Address of a web page or a cluster.
    Url,
    /// Name of an application.
    Application,
}

impl Field {
    /// Its name in files, forms and, after two dashes, on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Dn => "dn",
            Self::Host => "host",
            Self::AdditionalIp => "additional-ip",
            Self::Url => "url",
            Self::Application => "application",
        }
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}: {message}", field.name())]
pub struct FieldProblem {
    /// Which one.
    pub field: Field,
    /// What is wrong, and what to write.
    pub message: String,
}

/// The question of a trial, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrialQuestion {
    /// Name of the console user, as the console would send it.
    pub user: String,
    /// The distinguished name beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dn: Option<String>,
    /// What the site calls the security provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Kind of Jump Item.
    #[serde(default)]
    pub item: JumpItem,
    /// Name or address of the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Another address of the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_ip: Option<String>,
    /// Address of a web page or a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Name of an application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
}

/// Longest field, in characters; the longest a site may send is a distinguished name.
const LONGEST: usize = 2048;

impl TrialQuestion {
    /// The question as a site would put it.
    ///
    /// # Errors
    ///
    /// What is wrong, field by field.
    pub fn check(&self) -> Result<Find, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let mut problem = |field: Field, message: String| {
            problems.push(FieldProblem { field, message });
        };
        if self.user.trim().is_empty() {
            problem(
                Field::User,
                "write the name as the console sends it: joe.user, \
                ACME\\joe.user or joe.user@acme.test"
                    .to_owned(),
            );
        }
        let given = |field: Field| match field {
            Field::User => Some(self.user.as_str()),
            Field::Dn => self.dn.as_deref(),
            Field::Host => self.host.as_deref(),
            Field::AdditionalIp => self.additional_ip.as_deref(),
            Field::Url => self.url.as_deref(),
            Field::Application => self.application.as_deref(),
        };
        let filled = |field: Field| given(field).filter(|text| !text.trim().is_empty());
        for (field, _) in self.item.fields() {
            if filled(*field).is_some_and(|text| text.chars().count() > LONGEST) {
                problem(*field, format!("it is longer than {LONGEST} characters"));
            }
        }
        for (field, is_required) in self.item.fields() {
            if *is_required && filled(*field).is_none() {
                problem(*field, format!("it is needed for {}", self.item.title()));
            }
        }
        for field in [Field::Host, Field::AdditionalIp, Field::Url, Field::Application] {
            let has = self.item.fields().iter().any(|(other, _)| *other == field);
            if !has && filled(field).is_some() {
                problem(field, format!("{} has no such field", self.item.title()));
            }
        }
        let address = filled(Field::AdditionalIp).map(|text| text.trim().parse::<IpAddr>());
        if let Some(Err(_)) = address {
            problem(
                Field::AdditionalIp,
                "this is no IP address; write 192.0.2.7 or 2001:db8::7".to_owned(),
            );
        }
        if let Some(text) = filled(Field::Url)
            && let Err(message) = check_url(text.trim())
        {
            problem(Field::Url, message);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let (kind, purpose) = self.item.target();
        let text = |field: Field| filled(field).map(|text| text.trim().to_owned());
        let ip = address.and_then(Result::ok);
        let target = Target {
            hostname: text(Field::Host),
            url: text(Field::Url),
            addresses: ip
                .map(|ip| Address { ip, scope: AddressScope::Private })
                .into_iter()
                .collect(),
            application: text(Field::Application)
                .map(|name| Application { remote_app: Some(name), ..Application::default() }),
            ..Target::of_kind(kind)
        };
        Ok(Find {
            meta: Meta { deadline_ms: Some(DEADLINE_MS), ..Meta::default() },
            session: SessionRef { lsid: None, phase: Phase::Test, custom: Default::default() },
            user: self.console_user(),
            target,
            purpose,
            want: Want {
                kinds: vec![
                    CredentialKind::UsernamePassword,
                    CredentialKind::SshPrivateKey,
                    CredentialKind::Application,
                ],
                max_results: None,
            },
        })
    }

    /// Nothing of the user's name is trimmed: a space that a console sends is part of it.
    fn console_user(&self) -> User {
        User {
            username: self.user.clone(),
            display_name: None,
            email: None,
            dn: self.dn.clone().filter(|dn| !dn.is_empty()),
            provider: self.provider.clone().filter(|name| !name.is_empty()).map(|name| Provider {
                kind: ProviderKind::Unknown,
                name: Some(name),
                id: None,
            }),
            ids: None,
        }
    }
}

/// How long a trial's search may take.
const DEADLINE_MS: u64 = 30_000;

/// A URL is not quoted in what is said about it: it may hold a password.
fn check_url(text: &str) -> Result<(), String> {
    let advice = "write for example https://web01.acme.test/login";
    let url = Url::parse(text).map_err(|error| format!("this is no URL ({error}); {advice}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("it begins neither with https:// nor with http://; {advice}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("it must not hold a user name or password; {advice}"));
    }
    if !url.has_host() {
        return Err(format!("it has no host; {advice}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(item: JumpItem, pairs: &[(Field, &str)]) -> TrialQuestion {
        let mut question =
            TrialQuestion { user: "joe".to_owned(), item, ..TrialQuestion::default() };
        for (field, text) in pairs {
            let text = (*text).to_owned();
            if *field == Field::User {
                question.user = text;
                continue;
            }
            let text = Some(text);
            match field {
                Field::User => {}
                Field::Dn => question.dn = text,
                Field::Host => question.host = text,
                Field::AdditionalIp => question.additional_ip = text,
                Field::Url => question.url = text,
                Field::Application => question.application = text,
            }
        }
        question
    }

    #[test]
    fn each_kind_of_jump_item_has_its_own_fields() {
        for item in JumpItem::ALL {
            assert_eq!(JumpItem::of_name(item.name()), Some(item));
            let empty = question(item, &[]).check().unwrap_err();
            let needed: Vec<_> = item
                .fields()
                .iter()
                .filter(|(_, needed)| *needed)
                .map(|(field, _)| *field)
                .collect();
            let told: Vec<_> = empty.iter().map(|problem| problem.field).collect();
            assert_eq!(told, needed, "{item}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        use Field::{AdditionalIp, Application, Host, Url, User};
        type Row = (JumpItem, &'static [(Field, &'static str)], &'static [Field]);
        let table: [Row; 8] = [
            (JumpItem::JumpClient, &[(Host, "app01")], &[]),
            (
                JumpItem::JumpClient,
                &[(Host, "app01"), (AdditionalIp, "10.0.0.300")],
                &[AdditionalIp],
            ),
            (JumpItem::JumpClient, &[(User, " "), (Host, " ")], &[User, Host]),
            (JumpItem::Web, &[(Url, "https://web01/login")], &[]),
            (JumpItem::Web, &[(Url, "web01")], &[Url]),
            (JumpItem::Web, &[(Url, "https://joe:pw@web01/")], &[Url]),
            (JumpItem::Web, &[(Url, "ftp://web01/"), (Host, "app01")], &[Host, Url]),
            (JumpItem::RdpApplication, &[(Host, "app01"), (Application, "erp")], &[]),
        ];
        for (item, pairs, expected) in table {
            let told = match question(item, pairs).check() {
                Ok(_) => Vec::new(),
                Err(problems) => problems.iter().map(|problem| problem.field).collect(),
            };
            assert_eq!(told, expected, "{item} {pairs:?}");
        }
        let told = question(JumpItem::Web, &[(Url, "https://joe:s3cret@web01/")]).check();
        assert!(!format!("{told:?}").contains("s3cret"));
    }

    #[test]
    fn the_question_is_what_a_site_would_ask() {
        let typed = question(
            JumpItem::JumpClient,
            &[(Field::Host, " app01 "), (Field::AdditionalIp, "10.1.2.3"), (Field::Dn, "")],
        );
        let find = typed.check().unwrap();
        assert_eq!(find.target.kind, TargetKind::JumpClient);
        assert_eq!(find.target.hostname.as_deref(), Some("app01"));
        assert_eq!(find.target.addresses[0].scope, AddressScope::Private);
        assert_eq!((find.session.phase, find.user.dn), (Phase::Test, None));
        let again: TrialQuestion = toml::from_str(&toml::to_string(&typed).unwrap()).unwrap();
        assert_eq!(again, typed);
    }
}
