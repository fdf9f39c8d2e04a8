//! What was done, kept on disk, and how it is taken back.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use ps_client::endpoint::{
    managed_accounts, quick_rules, registrations, smart_rules, user_groups, users,
};
use ps_client::model::{
    AccessLevel, AccessPolicyId, AccountId, AccountUpdate, RegistrationId, RoleGrant, RoleGrants,
    RoleId, SmartRuleId, UserGroupId, UserId,
};
use ps_client::transport::Transport;
use ps_client::{Error, ErrorKind, Session};
use serde::{Deserialize, Serialize};

use super::carry::settings_of;

/// A change that was made, with what is needed to take it back. Identifiers are the vault's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "made", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[expect(missing_docs, reason = "the members are what their names say, and stand in a file")]
pub enum Made {
    /// The vault that all of these are of; stands first.
    At { vault: String },
    /// A registration.
    Registration { id: i64, name: String },
    /// A registration let in from more addresses, or was taken into use.
    Opened { id: i64, name: String, addresses: Vec<String>, was_active: bool },
    /// A group.
    Group { id: i64, name: String },
    /// A member of a group.
    Member { group: i64, user: i64, name: String },
    /// A Quick Rule with these accounts.
    QuickRule { id: i64, title: String, accounts: Vec<i64> },
    /// An account in a Quick Rule.
    Collected { rule: i64, account: i64, name: String },
    /// A group may see a rule.
    Seeable { group: i64, rule: i64, title: String },
    /// Roles of a group on a rule, and those it had before.
    Roles {
        group: i64,
        rule: i64,
        title: String,
        before: Vec<i64>,
        policy_before: Option<i64>,
        after: Vec<i64>,
    },
    /// An account is API-enabled.
    Enabled { account: i64, name: String },
}

/// What became of a change that was to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undone {
    /// It is taken back.
    Back(String),
    /// It was gone already.
    Gone(String),
    /// Somebody else has built on it since, so it stays.
    Left(String),
}

impl std::fmt::Display for Undone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Back(what) => write!(f, "- {what}"),
            Self::Gone(what) => write!(f, "  {what}: gone already"),
            Self::Left(what) => write!(f, "! left: {what}"),
        }
    }
}

/// The file that says what was made: one line each, oldest first.
#[derive(Debug, Clone)]
pub struct UndoFile {
    path: PathBuf,
    vault: String,
}

/// Why that file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// It cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It is of another vault, whose numbers mean other things here.
    #[error("{path} is of the vault {of}, not of {vault}; move it away")]
    OtherVault {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        of: String,
        /// The vault that is asked.
        vault: String,
    },
    /// A line of it cannot be read.
    #[error("{path}, line {line}: {cause}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line; the first is 1.
        line: usize,
        /// Why.
        cause: serde_json::Error,
    },
    /// The vault refuses to take something back.
    #[error("{what} cannot be taken back: {cause}")]
    Vault {
        /// What.
        what: String,
        /// Why.
        #[source]
        cause: Error,
    },
}

impl UndoFile {
    /// The file at this path, which need not be there yet, for the vault at this address.
    #[must_use]
    pub fn at(path: &Path, vault: &str) -> Self {
        Self { path: path.to_owned(), vault: vault.to_owned() }
    }

    /// Makes sure that lines can be added: before anything is changed.
    ///
    /// # Errors
    ///
    /// See [`UndoError`].
    pub fn prepare(&self) -> Result<(), UndoError> {
        match self.path.exists() {
            true => self.read().map(drop),
            false => self.add(&Made::At { vault: self.vault.clone() }),
        }
    }

    /// Adds a line, and waits until it is on disk.
    ///
    /// # Errors
    ///
    /// [`UndoError::File`].
    pub fn add(&self, made: &Made) -> Result<(), UndoError> {
        let write = || -> io::Result<()> {
            let mut line = serde_json::to_vec(made)?;
            line.push(b'\n');
            let mut options = OpenOptions::new();
            let mut file = options.create(true).truncate(false).write(true).open(&self.path)?;
            // Behind the last whole line: a machine that went down may have left half of one.
            let text = fs::read(&self.path)?;
            let whole = text.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
            let whole = u64::try_from(whole).unwrap_or(u64::MAX);
            file.set_len(whole)?;
            file.seek(io::SeekFrom::Start(whole))?;
            file.write_all(&line)?;
            file.sync_data()
        };
        write().map_err(|cause| self.failed(cause))
    }

    /// Everything that was made, oldest first.
    ///
    /// # Errors
    ///
    /// See [`UndoError`].
    pub fn read(&self) -> Result<Vec<Made>, UndoError> {
        let text = fs::read_to_string(&self.path).map_err(|cause| self.failed(cause))?;
        // Half a line at the end was never finished.
        let whole = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or_default());
        let lines = whole.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let read = lines.map(|(at, line)| {
            serde_json::from_str(line).map_err(|cause| UndoError::Line {
                path: self.path.clone(),
                line: at + 1,
                cause,
            })
        });
        let mut made: Vec<Made> = read.collect::<Result<_, _>>()?;
        match made.first() {
            Some(Made::At { vault }) if *vault == self.vault => drop(made.remove(0)),
            Some(Made::At { vault }) => {
                let (path, of) = (self.path.clone(), vault.clone());
                return Err(UndoError::OtherVault { path, of, vault: self.vault.clone() });
            }
            _ => {}
        }
        Ok(made)
    }

    /// Puts what is left in the place of what there was; without anything, the file goes.
    fn keep(&self, made: &[Made]) -> Result<(), UndoError> {
        let write = || -> io::Result<()> {
            if made.is_empty() {
                return fs::remove_file(&self.path);
            }
            let beside = self.path.with_extension("new");
            let mut file = File::create(&beside)?;
            let first = Made::At { vault: self.vault.clone() };
            for one in std::iter::once(&first).chain(made) {
                serde_json::to_writer(&mut file, one)?;
                file.write_all(b"\n")?;
            }
            file.sync_data()?;
            fs::rename(&beside, &self.path)
        };
        write().map_err(|cause| self.failed(cause))
    }

    fn failed(&self, cause: io::Error) -> UndoError {
        UndoError::File { path: self.path.clone(), cause }
    }
}

/// Takes everything back that the file names, newest first, and tells each. What others have built
/// on since stays, and stays in the file. A failure ends it; what was taken back is no longer in
/// the file, so that the same command goes on from there.
///
/// # Errors
///
/// See [`UndoError`].
pub async fn take_back<T: Transport>(
    session: &Session<T>,
    file: &UndoFile,
    tell: &mut dyn FnMut(&Undone),
) -> Result<usize, UndoError> {
    let mut made = file.read()?;
    let mut left = Vec::new();
    let shared = others_in_group(session, &made).await;
    let shared =
        shared.map_err(|cause| UndoError::Vault { what: "the group".to_owned(), cause })?;
    while let Some(last) = made.pop() {
        let outcome = match shared && last.serves_the_group() {
            // Whoever has joined the group since works by what it was given.
            true => Ok(Undone::Left(format!("{}: the group has other members", last.words()))),
            false => one_back(session, &last).await,
        };
        let outcome = outcome.map_err(|cause| UndoError::Vault { what: last.words(), cause })?;
        tell(&outcome);
        if matches!(outcome, Undone::Left(_)) {
            left.insert(0, last);
        }
        let rest: Vec<Made> = made.iter().chain(&left).cloned().collect();
        file.keep(&rest)?;
    }
    Ok(left.len())
}

/// Whether a group that was made has members that were not put into it here.
async fn others_in_group<T: Transport>(session: &Session<T>, made: &[Made]) -> Result<bool, Error> {
    let group = made.iter().find_map(|one| match one {
        Made::Group { id, .. } => Some(UserGroupId::new(*id)),
        _ => None,
    });
    let Some(group) = group else { return Ok(false) };
    let ours = |user: UserId| {
        made.iter().any(|one| matches!(one, Made::Member { user: id, .. } if *id == user.number()))
    };
    match session.send(&users::ListUsersOfGroup { group }).await {
        Ok(members) => Ok(members.iter().any(|member| !ours(member.user))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

impl Made {
    /// Whether members of the group depend on it.
    fn serves_the_group(&self) -> bool {
        !matches!(self, Self::At { .. } | Self::Member { .. })
    }

    fn words(&self) -> String {
        match self {
            Self::At { vault } => vault.clone(),
            Self::Registration { name, .. } => format!("API registration `{name}`"),
            Self::Opened { name, .. } => format!("addresses of `{name}`"),
            Self::Group { name, .. } => format!("user group `{name}`"),
            Self::Member { name, .. } => format!("membership of `{name}`"),
            Self::QuickRule { title, .. } => format!("Quick Rule `{title}`"),
            Self::Collected { name, .. } => format!("`{name}` in the Quick Rule"),
            Self::Seeable { title, .. } => format!("access to the rule `{title}`"),
            Self::Roles { title, .. } => format!("roles on the rule `{title}`"),
            Self::Enabled { name, .. } => format!("API-enabling of `{name}`"),
        }
    }
}

async fn one_back<T: Transport>(session: &Session<T>, made: &Made) -> Result<Undone, Error> {
    let what = made.words();
    let outcome = match made {
        Made::At { .. } => Ok(false),
        Made::Registration { id, .. } => {
            let registration = RegistrationId::new(*id);
            session.send(&registrations::DeleteRegistration { registration }).await.map(|()| true)
        }
        Made::Opened { id, addresses, was_active, .. } => {
            let registration = RegistrationId::new(*id);
            let get = registrations::GetRegistration { registration, version: None };
            match session.send(&get).await {
                Ok(door) => {
                    let kept = |value: &str| !addresses.iter().any(|one| one == value);
                    let new = settings_of(&door, &kept, &[]).active(*was_active);
                    let update =
                        registrations::UpdateRegistration { registration, new, version: None };
                    session.send(&update).await.map(|_| true)
                }
                Err(error) => Err(error),
            }
        }
        Made::Group { id, .. } => {
            let group = UserGroupId::new(*id);
            match session.send(&users::ListUsersOfGroup { group }).await {
                Ok(members) if !members.is_empty() => {
                    return Ok(Undone::Left(format!("{what} has other members")));
                }
                Ok(_) => session.send(&user_groups::DeleteUserGroup { group }).await.map(|()| true),
                Err(error) => Err(error),
            }
        }
        Made::Member { group, user, .. } => {
            let (group, user) = (UserGroupId::new(*group), UserId::new(*user));
            session.send(&users::RemoveUserFromGroup { user, group }).await.map(|()| true)
        }
        Made::QuickRule { id, accounts, .. } => {
            let rule = SmartRuleId::new(*id);
            match session.send(&quick_rules::ListAccountsOfQuickRule { rule }).await {
                Ok(now) => {
                    let other = now.iter().any(|one| !accounts.contains(&one.account.number()));
                    if other {
                        return Ok(Undone::Left(format!("{what} has other accounts")));
                    }
                    session.send(&quick_rules::DeleteQuickRule { rule }).await.map(|()| true)
                }
                Err(error) => Err(error),
            }
        }
        Made::Collected { rule, account, .. } => {
            let (rule, account) = (SmartRuleId::new(*rule), AccountId::new(*account));
            let take = quick_rules::RemoveAccountFromQuickRule { rule, account, feedback: None };
            session.send(&take).await.map(|_| true)
        }
        Made::Seeable { group, rule, .. } => {
            let (group, rule) = (UserGroupId::new(*group), SmartRuleId::new(*rule));
            let list = smart_rules::ListSmartRulesOfUserGroup { group, access_levels: None };
            match session.send(&list).await {
                Ok(now) => {
                    let level = now.iter().find(|one| one.rule == rule).and_then(|one| one.level);
                    match level.unwrap_or(AccessLevel::None) {
                        AccessLevel::None => Ok(false),
                        AccessLevel::Read => {
                            let level = AccessLevel::None;
                            let set = user_groups::SetAccessLevelOfGroup { group, rule, level };
                            session.send(&set).await.map(|()| true)
                        }
                        _ => return Ok(Undone::Left(format!("{what} is more than Read now"))),
                    }
                }
                Err(error) => Err(error),
            }
        }
        Made::Roles { group, rule, before, policy_before, after, .. } => {
            let (group, rule) = (UserGroupId::new(*group), SmartRuleId::new(*rule));
            match session.send(&user_groups::ListRolesOfGroup { group, rule }).await {
                Ok(now) => {
                    let mut now: Vec<i64> = now.iter().map(|role| role.role.number()).collect();
                    now.sort_unstable();
                    if now != *after {
                        return Ok(Undone::Left(format!("{what} are others now")));
                    }
                    give_roles(session, group, rule, before, *policy_before).await.map(|()| true)
                }
                Err(error) => Err(error),
            }
        }
        Made::Enabled { account, .. } => {
            let account = AccountId::new(*account);
            match session.send(&managed_accounts::GetManagedAccount { account }).await {
                Ok(now) if now.is_api_enabled => {
                    let new = AccountUpdate::of(&now, |settings| settings.api_enabled(false));
                    let update = managed_accounts::UpdateManagedAccount { account, new };
                    session.send(&update).await.map(|_| true)
                }
                Ok(_) => Ok(false),
                Err(error) => Err(error),
            }
        }
    };
    match outcome {
        Ok(true) => Ok(Undone::Back(what)),
        Ok(false) => Ok(Undone::Gone(what)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound) => Ok(Undone::Gone(what)),
        Err(error) => Err(error),
    }
}

/// Puts these roles of a group on a rule in the place of those it has.
pub(super) async fn give_roles<T: Transport>(
    session: &Session<T>,
    group: UserGroupId,
    rule: SmartRuleId,
    roles: &[i64],
    policy: Option<i64>,
) -> Result<(), Error> {
    if roles.is_empty() {
        return session.send(&user_groups::DeleteRolesOfGroup { group, rule }).await;
    }
    let roles = roles.iter().map(|role| RoleGrant::new(RoleId::new(*role))).collect();
    let mut grants = RoleGrants::new(roles);
    if let Some(policy) = policy {
        grants = grants.access_policy(AccessPolicyId::new(policy));
    }
    session.send(&user_groups::SetRolesOfGroup { group, rule, grants }).await
}
