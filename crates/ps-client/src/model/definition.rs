//! Managed accounts as their administrators see them: definitions, read and written.

use secrecy::SecretString;

use super::change_rules::{ChangeRules, time_of_day};
use super::rows::models;
use super::words::words;
use super::{AccountId, ChangeState, PasswordRuleId, SystemId, VaultTime, WorkgroupId};
use crate::body::{Body, Members, Rule, bodies};

models! {
    /// An account's definition (the permission-based model).
    #[derive(PartialEq, Eq)]
    ManagedAccount {
        /// The account.
        account: AccountId = "ManagedAccountID",
        /// The system or directory it belongs to. For a linked account this is the directory, not
        /// the system it is linked to.
        system: SystemId = "ManagedSystemID",
        /// Its domain.
        domain: Option<String> = "DomainName",
        /// Its name.
        name: String = "AccountName",
        /// Distinguished name, of LDAP accounts.
        distinguished_name: Option<String> = "DistinguishedName",
        /// User principal name.
        user_principal_name: Option<String> = "UserPrincipalName",
        /// SAM account name.
        sam_account_name: Option<String> = "SAMAccountName",
        /// Description.
        description: Option<String> = "Description",
        /// Whether a failed change falls back to the password before.
        has_password_fallback: bool = "PasswordFallbackFlag",
        /// Whether it is the account that sessions log in with first.
        is_login_account: bool = "LoginAccountFlag",
        /// How its passwords are made; `None` is the default rule.
        password_rule: Option<PasswordRuleId> = "PasswordRuleID",
        /// Whether requestors see it through the API at all.
        is_api_enabled: bool = "ApiEnabled",
        /// Who is told of releases.
        notification_email: Option<String> = "ReleaseNotificationEmail",
        /// Whether services that run as it are given new passwords.
        changes_services: bool = "ChangeServicesFlag",
        /// Whether they are restarted then.
        restarts_services: bool = "RestartServicesFlag",
        /// Whether scheduled tasks that run as it are given new passwords.
        changes_tasks: bool = "ChangeTasksFlag",
        /// Usual length of a release, in minutes.
        release_minutes: Option<u32> = "ReleaseDuration",
        /// Longest release, in minutes.
        maximum_release_minutes: Option<u32> = "MaxReleaseDuration",
        /// Length of a release to ISA users, in minutes.
        isa_release_minutes: Option<u32> = "ISAReleaseDuration",
        /// Requests at the same time; 0 is unlimited.
        maximum_concurrent_requests: Option<u32> = "MaxConcurrentRequests",
        /// Whether the vault changes its password by itself.
        is_auto_managed: bool = "AutoManagementFlag",
        /// The same of its key.
        is_key_auto_managed: bool = "DSSAutoManagementFlag",
        /// Whether the password is tried regularly.
        checks_password: bool = "CheckPasswordFlag",
        /// Whether it is changed when that fails.
        resets_on_mismatch: bool = "ResetPasswordOnMismatchFlag",
        /// Whether the password is changed after a release.
        changes_after_release: bool = "ChangePasswordAfterAnyReleaseFlag",
        /// When it is changed by itself.
        change_frequency: Option<ChangeFrequency> = "ChangeFrequencyType",
        /// Days between, for [`ChangeFrequency::EveryDays`].
        change_every_days: Option<u32> = "ChangeFrequencyDays",
        /// Time of day, `HH:mm`, in UTC.
        change_time: Option<String> = "ChangeTime",
        /// When it will be changed.
        next_change: Option<VaultTime> = "NextChangeDate",
        /// When it was changed last.
        last_change: Option<VaultTime> = "LastChangeDate",
        /// The account whose password this one shares.
        parent: Option<AccountId> = "ParentAccountID",
        /// Whether it shares its password with a parent.
        is_synced: bool = "IsSubscribedAccount",
        /// Whether a change is queued or running.
        is_changing: bool = "IsChanging",
        /// Which of the two.
        change_state: Option<ChangeState> = "ChangeState",
        /// Whether it changes its own password (3.1).
        uses_own_credentials: Option<bool> = "UseOwnCredentials",
        /// Whether IIS application pools are given new passwords (3.2).
        changes_app_pools: Option<bool> = "ChangeIISAppPoolFlag",
        /// Whether they are restarted then (3.2).
        restarts_app_pools: Option<bool> = "RestartIISAppPoolFlag",
        /// Workgroup (3.3).
        workgroup: Option<WorkgroupId> = "WorkgroupID",
        /// Whether automatic logon is given new passwords (3.4).
        changes_auto_logon: Option<bool> = "ChangeWindowsAutoLogonFlag",
        /// Whether COM+ applications are (3.4).
        changes_com_plus: Option<bool> = "ChangeComPlusFlag",
        /// Whether DCOM applications are (3.4).
        changes_dcom: Option<bool> = "ChangeDComFlag",
        /// Whether SCOM run-as accounts are (3.4).
        changes_scom: Option<bool> = "ChangeSComFlag",
        /// Object identifier in Entra (3.5).
        object_id: Option<String> = "ObjectID",
    }
}

words! {
    /// When a password is changed by itself.
    ChangeFrequency {
        /// On the first day of the month.
        FirstOfMonth = "first",
        /// On the last day of the month.
        LastOfMonth = "last",
        /// Every so many days.
        EveryDays = "xdays",
    }
}

bodies! {
    /// What a managed account is to be. Everything but its name has a default in the vault.
    AccountSettings (
        /// Its name, at most 245 characters.
        name: text(245) = "AccountName",
    ) {
        /// Domain, at most 50 characters.
        domain: text(50) = "DomainName",
        /// Distinguished name, of LDAP accounts.
        distinguished_name: text(1000) = "DistinguishedName",
        /// User principal name, of Active Directory accounts.
        user_principal_name: text(500) = "UserPrincipalName",
        /// SAM account name, of Active Directory accounts.
        sam_account_name: text(20) = "SAMAccountName",
        /// The password; wanted unless the vault manages it. Some releases take 128 characters.
        password: secret(1000) = "Password",
        /// The private key. Without one, and with automatic management of keys, the vault makes
        /// and sets a new one at once.
        private_key: secret(65_536) = "PrivateKey",
        /// The passphrase of an encrypted key.
        passphrase: secret(1000) = "Passphrase",
        /// Whether a failed change falls back to the password before: no.
        password_fallback: flag = "PasswordFallbackFlag",
        /// Whether sessions log in with it first.
        login_account: flag = "LoginAccountFlag",
        /// Description, at most 1024 characters.
        description: text(1024) = "Description",
        /// How passwords are made: the default rule.
        password_rule: of(PasswordRuleId) = "PasswordRuleID",
        /// Whether requestors see it through the API: no.
        api_enabled: flag = "ApiEnabled",
        /// Who is told of releases.
        notification_email: text(255) = "ReleaseNotificationEmail",
        /// Whether services are given new passwords: no.
        change_services: flag = "ChangeServicesFlag",
        /// Whether they are restarted then: no.
        restart_services: flag = "RestartServicesFlag",
        /// Whether scheduled tasks are given new passwords: no.
        change_tasks: flag = "ChangeTasksFlag",
        /// Usual length of a release in minutes: 120.
        release_minutes: number(1, 525_600) = "ReleaseDuration",
        /// Longest release in minutes: 525600.
        maximum_release_minutes: number(1, 525_600) = "MaxReleaseDuration",
        /// Length of a release to ISA users in minutes: 120.
        isa_release_minutes: number(1, 525_600) = "ISAReleaseDuration",
        /// Requests at the same time: 1; 0 is unlimited.
        maximum_concurrent_requests: number(0, 999) = "MaxConcurrentRequests",
        /// Whether the vault changes the password by itself: no.
        auto_managed: flag = "AutoManagementFlag",
        /// The same of the key: no.
        key_auto_managed: flag = "DSSAutoManagementFlag",
        /// Whether the password is tried regularly: no.
        check_password: flag = "CheckPasswordFlag",
        /// Whether it is changed when that fails: no.
        reset_on_mismatch: flag = "ResetPasswordOnMismatchFlag",
        /// Whether the password is changed after a release: no.
        change_after_release: flag = "ChangePasswordAfterAnyReleaseFlag",
        /// When it is changed by itself: on the first of the month.
        change_frequency: of(ChangeFrequency) = "ChangeFrequencyType",
        /// Days between, for [`ChangeFrequency::EveryDays`].
        change_every_days: number(1, 999) = "ChangeFrequencyDays",
        /// Time of day, `HH:mm`, in UTC.
        change_time: text(5) = "ChangeTime",
        /// Date of the next change, `YYYY-MM-DD`.
        next_change: text(10) = "NextChangeDate",
        /// Whether it changes its own password (3.1).
        use_own_credentials: flag = "UseOwnCredentials",
        /// Whether IIS application pools are given new passwords (3.2).
        change_app_pools: flag = "ChangeIISAppPoolFlag",
        /// Whether they are restarted then (3.2).
        restart_app_pools: flag = "RestartIISAppPoolFlag",
        /// Workgroup (3.3).
        workgroup: of(WorkgroupId) = "WorkgroupID",
        /// Whether automatic logon is given new passwords (3.4).
        change_auto_logon: flag = "ChangeWindowsAutoLogonFlag",
        /// Whether COM+ applications are (3.4).
        change_com_plus: flag = "ChangeComPlusFlag",
        /// Whether DCOM applications are (3.4).
        change_dcom: flag = "ChangeDComFlag",
        /// Whether SCOM run-as accounts are (3.4).
        change_scom: flag = "ChangeSComFlag",
        /// Object identifier in Entra (3.5).
        object_id: text(36) = "ObjectID",
    } rules account_rules;
}

fn account_rules(new: &AccountSettings) -> Result<(), Rule> {
    let rules = ChangeRules {
        release_minutes: new.release_minutes,
        maximum_release_minutes: new.maximum_release_minutes,
        frequency: new.change_frequency.as_ref(),
        every_days: new.change_every_days,
        time: new.change_time.as_deref(),
        next: new.next_change.as_deref(),
    };
    rules.check()
}

impl AccountSettings {
    /// The version of the body: the oldest that knows every member that is set, so that the vault
    /// leaves alone what nobody speaks of. Between members of one version it cannot: those that
    /// are left out take their defaults.
    #[must_use]
    pub fn version(&self) -> &'static str {
        let app_pools = [self.change_app_pools, self.restart_app_pools];
        let services =
            [self.change_auto_logon, self.change_com_plus, self.change_dcom, self.change_scom];
        let is_set = |flags: &[Option<bool>]| flags.iter().any(Option::is_some);
        let newest = [
            ("3.5", self.object_id.is_some()),
            ("3.4", is_set(&services)),
            ("3.3", self.workgroup.is_some()),
            ("3.2", is_set(&app_pools)),
            ("3.1", self.use_own_credentials.is_some()),
        ];
        newest.into_iter().find(|(_, is_used)| *is_used).map_or("3.0", |(version, _)| version)
    }

    /// What `account` is now, to be changed and written back: writing replaces the definition,
    /// and what is left out takes its default. What the vault did not tell of it is left out.
    #[must_use]
    pub fn of(account: &ManagedAccount) -> Self {
        let account = account.clone();
        Self {
            domain: account.domain,
            distinguished_name: account.distinguished_name,
            user_principal_name: account.user_principal_name,
            sam_account_name: account.sam_account_name,
            description: account.description,
            password_fallback: Some(account.has_password_fallback),
            login_account: Some(account.is_login_account),
            password_rule: account.password_rule,
            api_enabled: Some(account.is_api_enabled),
            notification_email: account.notification_email,
            change_services: Some(account.changes_services),
            restart_services: Some(account.restarts_services),
            change_tasks: Some(account.changes_tasks),
            release_minutes: account.release_minutes.filter(|minutes| *minutes > 0),
            maximum_release_minutes: account.maximum_release_minutes.filter(|minutes| *minutes > 0),
            isa_release_minutes: account.isa_release_minutes.filter(|minutes| *minutes > 0),
            maximum_concurrent_requests: account.maximum_concurrent_requests,
            auto_managed: Some(account.is_auto_managed),
            key_auto_managed: Some(account.is_key_auto_managed),
            check_password: Some(account.checks_password),
            reset_on_mismatch: Some(account.resets_on_mismatch),
            change_after_release: Some(account.changes_after_release),
            change_frequency: account.change_frequency,
            change_every_days: account.change_every_days.filter(|days| *days > 0),
            change_time: account.change_time.as_deref().and_then(time_of_day),
            // A time of the vault; only its date can be written.
            next_change: account
                .next_change
                .and_then(|time| time.as_written().get(..10).map(str::to_owned)),
            use_own_credentials: account.uses_own_credentials,
            change_app_pools: account.changes_app_pools,
            restart_app_pools: account.restarts_app_pools,
            workgroup: account.workgroup,
            change_auto_logon: account.changes_auto_logon,
            change_com_plus: account.changes_com_plus,
            change_dcom: account.changes_dcom,
            change_scom: account.changes_scom,
            object_id: account.object_id,
            ..Self::new(&account.name)
        }
    }
}

/// What a managed account becomes: its settings, and the system it stays on.
#[derive(Clone, Debug)]
pub struct AccountUpdate {
    system: SystemId,
    settings: AccountSettings,
}

impl AccountUpdate {
    /// An account on `system` becomes `settings`.
    #[must_use]
    pub fn new(system: SystemId, settings: AccountSettings) -> Self {
        Self { system, settings }
    }

    /// `account` as it is, but for what `change` changes.
    ///
    /// ```
    /// # fn example(account: &ps_client::model::ManagedAccount) {
    /// use ps_client::model::AccountUpdate;
    ///
    /// let update = AccountUpdate::of(account, |settings| settings.api_enabled(true));
    /// # }
    /// ```
    #[must_use]
    pub fn of(
        account: &ManagedAccount,
        change: impl FnOnce(AccountSettings) -> AccountSettings,
    ) -> Self {
        Self::new(account.system, change(AccountSettings::of(account)))
    }
}

impl AccountUpdate {
    pub(crate) fn version(&self) -> &'static str {
        self.settings.version()
    }
}

impl Body for AccountUpdate {
    fn members(&self, members: &mut Members<'_>) {
        members.put("ManagedSystemID", &self.system);
        self.settings.members(members);
    }

    fn check(&self) -> Result<(), Rule> {
        self.settings.check()
    }
}

/// A managed account that is to be: its settings, and where its first secret comes from. The
/// vault refuses one with neither.
#[derive(Clone, Debug)]
pub struct NewManagedAccount(AccountSettings);

impl NewManagedAccount {
    /// With this password.
    #[must_use]
    pub fn with_password(settings: AccountSettings, password: SecretString) -> Self {
        Self(settings.password(password))
    }

    /// With this private key; give the passphrase of an encrypted one in the settings.
    #[must_use]
    pub fn with_key(settings: AccountSettings, private_key: SecretString) -> Self {
        Self(settings.private_key(private_key))
    }

    /// The vault makes its passwords by itself.
    #[must_use]
    pub fn auto_managed(settings: AccountSettings) -> Self {
        Self(settings.auto_managed(true))
    }
}

impl NewManagedAccount {
    pub(crate) fn version(&self) -> &'static str {
        self.0.version()
    }
}

impl Body for NewManagedAccount {
    fn members(&self, members: &mut Members<'_>) {
        self.0.members(members);
    }

    fn check(&self) -> Result<(), Rule> {
        self.0.check()
    }
}
