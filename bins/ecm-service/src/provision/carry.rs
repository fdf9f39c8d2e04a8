//! A plan, carried out step by step.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ps_client::endpoint::{
    managed_accounts, quick_rules, registrations, smart_rules, user_groups, users,
};
use ps_client::model::{
    AccessLevel, AccountId, AccountUpdate, MachineRule, NewAddressRule, NewLocalGroup,
    NewMachineRule, NewQuickRule, Registration, RegistrationId, RegistrationKind,
    RegistrationSettings, SmartRuleId, UserGroupId,
};
use ps_client::transport::Transport;
use ps_client::{Error, ErrorKind, Session};
use secrecy::{ExposeSecret as _, SecretString};

use super::undo::give_roles;
use super::wanted::address_kind;
use super::{Made, Plan, Seen, Step, UndoError, UndoFile, Wanted};

/// Why a plan was not carried out to its end. What was done before is done, and in the undo file.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// The vault refuses a step.
    #[error("the vault refuses: {step}\n  {cause}")]
    Vault {
        /// The step.
        step: String,
        /// Why.
        #[source]
        cause: Error,
    },
    /// Something that a step builds on is missing, because it has to be made by hand first.
    #[error("not possible yet: {step}\n  {missing} is missing")]
    Missing {
        /// The step.
        step: String,
        /// What.
        missing: &'static str,
    },
    /// The key of the new registration cannot be kept.
    #[error("the key of the registration cannot be written to {path}: {cause}")]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// What was done cannot be noted.
    #[error(transparent)]
    Undo(#[from] UndoError),
}

/// Carries out the steps of a plan, in order, and tells each one that is done. Each is noted in the
/// undo file at once.
///
/// # Errors
///
/// See [`CarryError`]. Planning anew and carrying that out goes on from there.
pub async fn carry_out<T: Transport>(
    session: &Session<T>,
    wanted: &Wanted,
    seen: &Seen,
    plan: &Plan,
    undo: &UndoFile,
    tell: &mut dyn FnMut(&Step),
) -> Result<(), CarryError> {
    let key_file = &wanted.registration.key_file;
    let makes_key = plan.steps.iter().any(|step| matches!(step, Step::CreateRegistration { .. }));
    // Before anything is made: what is made has to be noted, and a key has to be kept.
    undo.prepare()?;
    if makes_key && seen.has_key {
        let cause = io::Error::new(io::ErrorKind::AlreadyExists, "it is there; move it away");
        return Err(CarryError::KeyFile { path: key_file.clone(), cause });
    }
    let fetches = plan.steps.iter().any(|step| matches!(step, Step::FetchKey { .. }));
    if fetches {
        private_file(key_file)
            .map_err(|cause| CarryError::KeyFile { path: key_file.clone(), cause })?;
    }
    let mut work = Work {
        session,
        seen,
        undo,
        registration: seen.registration.as_ref().map(|door| door.id),
        group: seen.group.as_ref().map(|group| group.id),
        rules: seen.rules.iter().map(|(title, rule)| (title.clone(), rule.id)).collect(),
    };
    for step in &plan.steps {
        work.step(step, key_file).await?;
        tell(step);
    }
    Ok(())
}

struct Work<'a, T: Transport> {
    session: &'a Session<T>,
    seen: &'a Seen,
    undo: &'a UndoFile,
    registration: Option<RegistrationId>,
    group: Option<UserGroupId>,
    rules: BTreeMap<String, SmartRuleId>,
}

impl<T: Transport> Work<'_, T> {
    async fn step(&mut self, step: &Step, key_file: &Path) -> Result<(), CarryError> {
        if let Step::FetchKey { .. } = step {
            let registration = self.needed(step, self.registration, "the registration")?;
            let asked = registrations::GetRegistrationKey { registration };
            let key = self.send(step, self.session.send(&asked).await)?;
            return write_key(key_file, &key)
                .map_err(|cause| CarryError::KeyFile { path: key_file.to_owned(), cause });
        }
        let Some(made) = self.make(step).await? else { return Ok(()) };
        self.undo.add(&made)?;
        match made {
            Made::QuickRule { id: rule, .. } | Made::Collected { rule, .. } => {
                self.process(step, SmartRuleId::new(rule)).await
            }
            _ => Ok(()),
        }
    }

    /// Roles count for what a rule found when it was worked out last, so that is done at once.
    async fn process(&self, step: &Step, rule: SmartRuleId) -> Result<(), CarryError> {
        let process = smart_rules::ProcessSmartRule { rule, queue: None };
        match self.session.send(&process).await {
            // It is at it already.
            Err(error) if matches!(error.kind(), ErrorKind::Conflict(_)) => Ok(()),
            outcome => self.send(step, outcome).map(|_| ()),
        }
    }

    /// What was made; `None` for a step that makes nothing in the vault.
    async fn make(&mut self, step: &Step) -> Result<Option<Made>, CarryError> {
        let session = self.session;
        let made = match step {
            Step::FetchKey { .. } => return Ok(None),
            Step::CreateRegistration { name, addresses } => {
                let addresses = addresses.iter().map(|text| rule_of(text)).collect();
                let new = RegistrationSettings::new(name, RegistrationKind::ApiKey)
                    .addresses(addresses)
                    .active(true);
                let create = registrations::CreateRegistration { new, version: None };
                let door = self.send(step, session.send(&create).await)?;
                self.registration = Some(door.registration);
                Made::Registration { id: door.registration.number(), name: name.clone() }
            }
            Step::OpenRegistration { name, addresses, .. } => {
                let registration = self.needed(step, self.registration, "the registration")?;
                let get = registrations::GetRegistration { registration, version: None };
                let door = self.send(step, session.send(&get).await)?;
                let new = settings_of(&door, &|_| true, addresses).active(true);
                let update = registrations::UpdateRegistration { registration, new, version: None };
                self.send(step, session.send(&update).await)?;
                Made::Opened {
                    id: registration.number(),
                    name: name.clone(),
                    addresses: addresses.clone(),
                    was_active: door.is_active,
                }
            }
            Step::CreateGroup { name, .. } => {
                let registration = self.needed(step, self.registration, "the registration")?;
                let group = NewLocalGroup::new(name, "May use accounts in remote-support sessions")
                    .active(true)
                    .registrations(vec![registration]);
                let new = user_groups::NewUserGroup::Local(group);
                let create = user_groups::CreateUserGroup { new };
                let group = self.send(step, session.send(&create).await)?;
                self.group = Some(group.group);
                Made::Group { id: group.group.number(), name: name.clone() }
            }
            Step::AddUser { user: name, .. } => {
                let group = self.needed(step, self.group, "the group")?;
                let user = self.needed(step, self.seen.users.get(name).copied(), "the user")?;
                self.send(step, session.send(&users::AddUserToGroup { user, group }).await)?;
                let (group, user) = (group.number(), user.number());
                Made::Member { group, user, name: name.clone() }
            }
            Step::CreateQuickRule { title, .. } => {
                let accounts: Vec<AccountId> =
                    self.seen.accounts.values().map(|account| account.id).collect();
                let new = NewQuickRule::new(title).accounts(accounts.clone());
                let create = quick_rules::CreateQuickRule { new };
                let rule = self.send(step, session.send(&create).await)?;
                self.rules.insert(title.clone(), rule.rule);
                let accounts = accounts.into_iter().map(AccountId::number).collect();
                Made::QuickRule { id: rule.rule.number(), title: title.clone(), accounts }
            }
            Step::AddToQuickRule { title, account: name } => {
                let rule = self.rule(step, title)?;
                let account = self.seen.accounts.get(name).map(|account| account.id);
                let account = self.needed(step, account, "the account")?;
                let add = quick_rules::AddAccountToQuickRule { rule, account, feedback: None };
                self.send(step, session.send(&add).await)?;
                let (rule, account) = (rule.number(), account.number());
                Made::Collected { rule, account, name: name.clone() }
            }
            Step::OpenRule { rule: title, .. } => {
                let group = self.needed(step, self.group, "the group")?;
                let rule = self.rule(step, title)?;
                let level = AccessLevel::Read;
                let set = user_groups::SetAccessLevelOfGroup { group, rule, level };
                self.send(step, session.send(&set).await)?;
                let (group, rule) = (group.number(), rule.number());
                Made::Seeable { group, rule, title: title.clone() }
            }
            Step::GiveRole { rule: title, .. } => self.give_role(step, title).await?,
            Step::EnableAccount { account: name, id } => {
                let account = AccountId::new(*id);
                let get = managed_accounts::GetManagedAccount { account };
                let now = self.send(step, session.send(&get).await)?;
                let new = AccountUpdate::of(&now, |settings| settings.api_enabled(true));
                let update = managed_accounts::UpdateManagedAccount { account, new };
                self.send(step, session.send(&update).await)?;
                Made::Enabled { account: *id, name: name.clone() }
            }
        };
        Ok(Some(made))
    }

    /// Adds the role of requestors to those that the group has.
    async fn give_role(&self, step: &Step, title: &str) -> Result<Made, CarryError> {
        let group = self.needed(step, self.group, "the group")?;
        let rule = self.rule(step, title)?;
        let requestor = self.needed(step, self.seen.requestor, "the role Requestor")?;
        let policy = self.seen.policy.as_ref().map(|policy| policy.id);
        let policy = self.needed(step, policy, "the access policy")?;
        // As they are now: somebody may have changed them since the plan was shown.
        let asked = user_groups::ListRolesOfGroup { group, rule };
        let held = self.send(step, self.session.send(&asked).await)?;
        let mut before: Vec<i64> = held.iter().map(|role| role.role.number()).collect();
        before.sort_unstable();
        let mut after = before.clone();
        after.push(requestor.number());
        after.sort_unstable();
        after.dedup();
        let given = give_roles(self.session, group, rule, &after, Some(policy.number())).await;
        self.send(step, given)?;
        let policy_before =
            held.iter().find_map(|role| role.access_policy).map(|policy| policy.number());
        let (group, rule, title) = (group.number(), rule.number(), title.to_owned());
        Ok(Made::Roles { group, rule, title, before, policy_before, after })
    }

    fn rule(&self, step: &Step, title: &str) -> Result<SmartRuleId, CarryError> {
        self.needed(step, self.rules.get(title).copied(), "the rule")
    }

    fn needed<I>(
        &self,
        step: &Step,
        id: Option<I>,
        missing: &'static str,
    ) -> Result<I, CarryError> {
        id.ok_or_else(|| CarryError::Missing { step: step.to_string(), missing })
    }

    fn send<A>(&self, step: &Step, answer: Result<A, Error>) -> Result<A, CarryError> {
        answer.map_err(|cause| CarryError::Vault { step: step.to_string(), cause })
    }
}

fn rule_of(text: &str) -> NewAddressRule {
    NewAddressRule::new(address_kind(text).unwrap_or("host"), text)
}

/// A registration as it is, with those of its addresses that are kept, and with more. A change
/// replaces it as a whole.
pub(super) fn settings_of(
    door: &Registration,
    is_kept: &dyn Fn(&str) -> bool,
    more: &[String],
) -> RegistrationSettings {
    let rules = |rules: &[ps_client::model::AddressRule]| -> Vec<NewAddressRule> {
        let written = rules.iter().filter_map(|rule| Some((rule, rule.value.as_deref()?)));
        written
            .filter(|(_, value)| is_kept(value))
            .map(|(rule, value)| {
                let kind = rule.kind.as_deref().or_else(|| address_kind(value));
                let mut new = NewAddressRule::new(kind.unwrap_or("host"), value);
                if let Some(id) = rule.id {
                    new = new.id(id);
                }
                match &rule.description {
                    Some(description) => new.description(description),
                    None => new,
                }
            })
            .collect()
    };
    let mut addresses = rules(&door.addresses);
    addresses.extend(more.iter().map(|text| rule_of(text)));
    let kind = door.kind.clone().unwrap_or(RegistrationKind::ApiKey);
    let mut settings = RegistrationSettings::new(&door.name, kind)
        .active(door.is_active)
        .visible(door.is_visible)
        .want_second_factor(door.wants_second_factor)
        .want_client_certificate(door.wants_client_certificate)
        .want_password(door.wants_password)
        .want_psrun(door.wants_psrun)
        .addresses(addresses)
        .forwarded_addresses(rules(&door.forwarded_addresses))
        .machines(door.machines.iter().map(machine_of).collect());
    if let Some(minutes) = door.token_minutes {
        settings = settings.token_minutes(minutes);
    }
    settings
}

fn machine_of(rule: &MachineRule) -> NewMachineRule {
    let mut new = NewMachineRule::new();
    if let Some(id) = rule.id {
        new = new.id(id);
    }
    type Set = fn(NewMachineRule, &str) -> NewMachineRule;
    let members: [(&Option<String>, Set); 8] = [
        (&rule.ip_address, |new, text| new.ip_address(text)),
        (&rule.mac_address, |new, text| new.mac_address(text)),
        (&rule.system_name, |new, text| new.system_name(text)),
        (&rule.fqdn, |new, text| new.fqdn(text)),
        (&rule.domain, |new, text| new.domain(text)),
        (&rule.user, |new, text| new.user(text)),
        (&rule.root_volume, |new, text| new.root_volume(text)),
        (&rule.os_version, |new, text| new.os_version(text)),
    ];
    for (text, set) in members {
        if let Some(text) = text {
            new = set(new, text);
        }
    }
    new
}

/// Writes a key to a file that its owner alone can read.
fn write_key(path: &Path, key: &SecretString) -> io::Result<()> {
    let mut file = private_file(path)?;
    file.set_len(0)?;
    file.write_all(key.expose_secret().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Opens a file for its owner alone, and makes it if it is not there.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
