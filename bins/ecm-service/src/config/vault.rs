//! `[[vault]]`: one place credentials come from.

mod file;
mod password_safe;
mod plugin;

use std::collections::BTreeMap;

use ecm_core::reason::ReasonTemplate;
use ecm_core::search_key::KeyKind;
use ecm_core::settings::{
    Approval, GivingBackSettings, JoinedRequests, LendingSettings, ReleaseMinutes, SearchSettings,
    SshKeys, VaultSettings,
};
use ecm_core::source::AccountKind;

use super::reader::{At, TableReader};
use super::{Context, key, read_name};

pub use file::{FileVaultConfig, Unlock};
pub use password_safe::{PasswordSafeConfig, VaultAuth};
pub use plugin::PluginVaultConfig;

/// One vault, checked.
#[derive(Debug, Clone)]
pub struct VaultConfig {
    /// Its name in logs, answers, credential ids and the ledger.
    pub name: String,
    /// How it is searched, and how its credentials are lent and given back.
    pub settings: VaultSettings,
    /// What it is.
    pub kind: VaultKind,
}

/// The kinds of these vaults, each once: what a site is told is behind this service.
#[must_use]
pub fn kinds_of(vaults: &[VaultConfig]) -> String {
    let mut kinds: Vec<&str> = vaults
        .iter()
        .map(|vault| match &vault.kind {
            VaultKind::PasswordSafe(_) => "password-safe",
            VaultKind::File(_) => "file",
            VaultKind::Plugin(config) => config.installed.manifest.name.as_str(),
        })
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.join(", ").chars().take(200).collect()
}

/// What a vault is.
#[derive(Debug, Clone)]
pub enum VaultKind {
    /// A Password Safe.
    PasswordSafe(Box<PasswordSafeConfig>),
    /// An encrypted file.
    File(FileVaultConfig),
    /// A plugin.
    Plugin(Box<PluginVaultConfig>),
}

/// The kinds, as they are written.
#[derive(Clone, Copy)]
enum Kind {
    PasswordSafe,
    File,
    Plugin,
}

impl VaultConfig {
    pub(crate) fn from_reader(
        mut reader: TableReader<'_, '_>,
        context: &Context<'_>,
        names: &mut BTreeMap<String, ()>,
    ) -> Option<Self> {
        let name = read_name(&mut reader, &key::VAULT_NAME, names);
        let kinds =
            [("password-safe", Kind::PasswordSafe), ("file", Kind::File), ("plugin", Kind::Plugin)];
        let kind = match reader.choice(&key::VAULT_KIND, &kinds) {
            Some(at) => Some(at.value),
            None if reader.has(key::VAULT_KIND.name) => None,
            None => Some(Kind::PasswordSafe),
        };
        // Of a kind that is wrong, nothing else can be judged.
        let kind = kind?;
        let lending = read_lending(&mut reader);
        let kind = match kind {
            Kind::PasswordSafe => PasswordSafeConfig::from_reader(&mut reader, context)
                .map(|config| VaultKind::PasswordSafe(Box::new(config))),
            Kind::File => FileVaultConfig::from_reader(&mut reader, context).map(VaultKind::File),
            Kind::Plugin => PluginVaultConfig::from_reader(&mut reader, context)
                .map(|config| VaultKind::Plugin(Box::new(config))),
        };
        let stands_in_for =
            reader.text(&key::VAULT_STANDS_IN_FOR).map(|text| text.value.to_owned());
        let search = reader.table("search").map_or_else(SearchSettings::default, read_search);
        reader.finish();
        Some(Self {
            name: name?,
            settings: VaultSettings {
                search,
                lending: lending?,
                giving_back: GivingBackSettings::default(),
                stands_in_for,
            },
            kind: kind?,
        })
    }

    /// Where it is, for people.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.kind {
            VaultKind::PasswordSafe(config) => config.url.to_string(),
            VaultKind::File(config) => config.file.display().to_string(),
            VaultKind::Plugin(config) => format!("plugin {}", config.installed.manifest.name),
        }
    }
}

/// Holds what stands in for what together: each names another vault, none is named twice, and they
/// do not go in circles.
pub(crate) fn check_stand_ins(vaults: &[VaultConfig]) -> Result<(), (String, &'static str)> {
    let names = |wanted: &str| vaults.iter().find(|vault| vault.name == wanted);
    let mut named = BTreeMap::new();
    for vault in vaults {
        let Some(other) = &vault.settings.stands_in_for else { continue };
        if names(other).is_none() {
            let message =
                format!("vault `{}` stands in for `{other}`, and there is none", vault.name);
            return Err((message, "correct `stands-in-for`"));
        }
        if let Some(first) = named.insert(other, &vault.name) {
            let message = format!("both `{first}` and `{}` stand in for `{other}`", vault.name);
            return Err((message, "let one of them stand in for the other one"));
        }
        let mut at = vault;
        for _ in vaults {
            match at.settings.stands_in_for.as_deref().and_then(names) {
                Some(next) if next.name == vault.name => {
                    let message = format!("vault `{}` stands in for itself", vault.name);
                    return Err((message, "remove one `stands-in-for`, so that one comes first"));
                }
                Some(next) => at = next,
                None => break,
            }
        }
    }
    Ok(())
}

/// What happens when the access policy wants approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnApproval {
    ApproveByApprover,
    Wait,
    Refuse,
}

fn read_lending(reader: &mut TableReader<'_, '_>) -> Option<LendingSettings> {
    let default = LendingSettings::default();
    let approver = read_approver(reader);
    let on_approval = read_approval(reader, reader.has(key::VAULT_APPROVER.name));
    let minutes = reader.number(&key::VAULT_RELEASE_DURATION, 1..=ReleaseMinutes::MAX);
    let reason = read_reason(reader);
    let joined = [("leave", JoinedRequests::Leave), ("check-in", JoinedRequests::CheckIn)];
    let joined_requests = reader.choice(&key::VAULT_JOINED_REQUESTS, &joined).map(|at| at.value);
    // An approver who is not to be asked must not be asked.
    let (approver, approval) = match on_approval? {
        OnApproval::ApproveByApprover => (approver?, Approval::Refuse),
        OnApproval::Wait => (None, Approval::Wait),
        OnApproval::Refuse => (None, Approval::Refuse),
    };
    Some(LendingSettings {
        release_minutes: minutes
            .and_then(|minutes| ReleaseMinutes::try_from(minutes).ok())
            .unwrap_or(default.release_minutes),
        reason: reason?,
        approver,
        approval,
        joined_requests: joined_requests.unwrap_or(default.joined_requests),
        ..default
    })
}

/// The outer `Option` is `None` when the key is wrong.
fn read_approver(reader: &mut TableReader<'_, '_>) -> Option<Option<String>> {
    match reader.text(&key::VAULT_APPROVER) {
        Some(text) => Some(Some(text.value.to_owned())),
        None if reader.has(key::VAULT_APPROVER.name) => None,
        None => Some(None),
    }
}

fn read_reason(reader: &mut TableReader<'_, '_>) -> Option<ReasonTemplate> {
    let Some(At { value, span }) = reader.text(&key::VAULT_REASON) else {
        let is_wrong = reader.has(key::VAULT_REASON.name);
        return if is_wrong { None } else { Some(ReasonTemplate::default()) };
    };
    match ReasonTemplate::parse(value) {
        Ok(template) => Some(template),
        Err(error) => {
            let advice = format!("write for example: reason = {}", key::VAULT_REASON.example);
            reader.problem(span, error.to_string(), advice);
            None
        }
    }
}

fn read_approval(reader: &mut TableReader<'_, '_>, has_approver: bool) -> Option<OnApproval> {
    let choices = [
        ("approve-by-approver", OnApproval::ApproveByApprover),
        ("wait", OnApproval::Wait),
        ("refuse", OnApproval::Refuse),
    ];
    match reader.choice(&key::VAULT_APPROVAL, &choices) {
        Some(At { value: OnApproval::ApproveByApprover, span }) if !has_approver => {
            reader.problem(
                span,
                "`approval` is approve-by-approver, but there is no `approver`",
                format!("add for example: approver = {}", key::VAULT_APPROVER.example),
            );
            None
        }
        Some(At { value, .. }) => Some(value),
        None if reader.has(key::VAULT_APPROVAL.name) => None,
        None if has_approver => Some(OnApproval::ApproveByApprover),
        None => Some(OnApproval::Refuse),
    }
}

fn read_search(mut reader: TableReader<'_, '_>) -> SearchSettings {
    let default = SearchSettings::default();
    let kinds = [
        ("local", AccountKind::Local),
        ("linked", AccountKind::Linked),
        ("application", AccountKind::Application),
    ];
    let kinds = reader.choices(&key::SEARCH_KINDS, &kinds);
    let searches = |kind| kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind));
    let keys = [
        ("host", KeyKind::Host),
        ("short-name", KeyKind::ShortName),
        ("fqdn", KeyKind::Fqdn),
        ("address", KeyKind::Address),
        ("url-host", KeyKind::UrlHost),
        ("application", KeyKind::Application),
    ];
    let ssh_keys = [
        ("never", SshKeys::Never),
        ("in-place-of-passwords", SshKeys::InPlaceOfPasswords),
        ("beside-passwords", SshKeys::BesidePasswords),
    ];
    let settings = SearchSettings {
        local_accounts: searches(AccountKind::Local),
        linked_accounts: searches(AccountKind::Linked),
        application_accounts: searches(AccountKind::Application),
        match_on: reader.choices(&key::SEARCH_MATCH_ON, &keys).unwrap_or(default.match_on),
        public_addresses: reader
            .switch(&key::SEARCH_PUBLIC_ADDRESSES)
            .map_or(default.public_addresses, |at| at.value),
        ssh_keys: reader
            .choice(&key::SEARCH_SSH_KEYS, &ssh_keys)
            .map_or(default.ssh_keys, |at| at.value),
        application_names: reader.words(&key::SEARCH_APPLICATION_NAMES).unwrap_or_default(),
        questions_at_a_time: usize::from(
            reader.number(&key::SEARCH_PARALLEL, 1..=32_u8).unwrap_or(8),
        ),
    };
    reader.finish();
    settings
}
