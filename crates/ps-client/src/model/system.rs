//! Managed systems, read and written.

use super::change_rules::{ChangeRules, time_of_day};
use super::rows::models;
use super::words::{codes, words};
use super::{
    AccountId, ApplicationHostId, AssetId, ChangeFrequency, CloudId, DatabaseId, DirectoryId,
    DssKeyRuleId, FunctionalAccountId, OracleInternetDirectoryId, PasswordRuleId, PlatformId,
    SystemId, WorkgroupId,
};
use crate::body::{Rule, bodies};

models! {
    /// A machine, database, directory or cloud service that the vault manages.
    #[derive(PartialEq, Eq)]
    ManagedSystem {
        /// The system.
        system: SystemId = "ManagedSystemID",
        /// Its name.
        name: String = "SystemName",
        /// What it is.
        entity_type: Option<EntityKind> = "EntityTypeID",
        /// The asset it is, if it is one.
        asset: Option<AssetId> = "AssetID",
        /// The database it is.
        database: Option<DatabaseId> = "DatabaseID",
        /// The directory it is.
        directory: Option<DirectoryId> = "DirectoryID",
        /// The cloud service it is.
        cloud: Option<CloudId> = "CloudID",
        /// Host name.
        host_name: Option<String> = "HostName",
        /// DNS name.
        dns_name: Option<String> = "DnsName",
        /// NetBIOS name.
        netbios_name: Option<String> = "NetBiosName",
        /// Address.
        ip_address: Option<String> = "IPAddress",
        /// Platform.
        platform: Option<PlatformId> = "PlatformID",
        /// Workgroup.
        workgroup: Option<WorkgroupId> = "WorkgroupID",
        /// Database instance.
        instance: Option<String> = "InstanceName",
        /// Whether that is the default instance.
        is_default_instance: Option<bool> = "IsDefaultInstance",
        /// Template of a database.
        template: Option<String> = "Template",
        /// Forest of a directory.
        forest: Option<String> = "ForestName",
        /// Whether a directory is spoken to by TLS.
        uses_tls: Option<bool> = "UseSSL",
        /// Port.
        port: Option<u32> = "Port",
        /// Seconds before a connection is given up.
        timeout_seconds: Option<u32> = "Timeout",
        /// The Oracle internet directory that knows its services.
        oracle_directory: Option<OracleInternetDirectoryId> = "OracleInternetDirectoryID",
        /// Its service there.
        oracle_service: Option<String> = "OracleInternetDirectoryServiceName",
        /// How a directory's account names are written: 0 domain and account, 1 UPN, 2 SAM.
        account_name_format: Option<AccountNameFormat> = "AccountNameFormat",
        /// Address of a web console.
        access_url: Option<String> = "AccessURL",
        /// Description.
        description: Option<String> = "Description",
        /// Whom to write to.
        contact_email: Option<String> = "ContactEmail",
        /// How passwords are made; `None` is the default rule.
        password_rule: Option<PasswordRuleId> = "PasswordRuleID",
        /// How keys are made.
        key_rule: Option<DssKeyRuleId> = "DSSKeyRuleID",
        /// The account that sessions log in with first.
        login_account: Option<AccountId> = "LoginAccountID",
        /// Usual length of a release, in minutes.
        release_minutes: Option<u32> = "ReleaseDuration",
        /// Longest release, in minutes.
        maximum_release_minutes: Option<u32> = "MaxReleaseDuration",
        /// Length of a release to ISA users, in minutes.
        isa_release_minutes: Option<u32> = "ISAReleaseDuration",
        /// Whether the vault changes passwords there by itself.
        is_auto_managed: bool = "AutoManagementFlag",
        /// The account that the vault itself uses there.
        functional_account: Option<FunctionalAccountId> = "FunctionalAccountID",
        /// How rights are raised there: `sudo`, `pbrun`, `pmrun`.
        elevation_command: Option<String> = "ElevationCommand",
        /// How host keys are checked.
        host_key_checking: Option<HostKeyChecking> = "SshKeyEnforcementMode",
        /// Whether passwords are tried regularly.
        checks_password: bool = "CheckPasswordFlag",
        /// Whether they are changed when that fails.
        resets_on_mismatch: bool = "ResetPasswordOnMismatchFlag",
        /// Whether they are changed after a release.
        changes_after_release: bool = "ChangePasswordAfterAnyReleaseFlag",
        /// When they are changed by themselves.
        change_frequency: Option<ChangeFrequency> = "ChangeFrequencyType",
        /// Days between, for [`ChangeFrequency::EveryDays`].
        change_every_days: Option<u32> = "ChangeFrequencyDays",
        /// Time of day, `HH:mm`.
        change_time: Option<String> = "ChangeTime",
        /// Through which client accounts there are managed (3.1).
        remote_client: Option<RemoteClient> = "RemoteClientType",
        /// The host that applications there run on (3.2).
        application_host: Option<ApplicationHostId> = "ApplicationHostID",
        /// Whether it is such a host (3.2).
        is_application_host: Option<bool> = "IsApplicationHost",
    }
}

codes! {
    /// What a managed system is.
    EntityKind {
        /// A machine.
        Asset = 1,
        /// A database.
        Database = 2,
        /// A directory.
        Directory = 3,
        /// A cloud service.
        Cloud = 4,
    }

    /// How a directory's account names are written.
    AccountNameFormat {
        /// `DOMAIN\account`.
        DomainAndAccount = 0,
        /// As user principal name.
        UserPrincipalName = 1,
        /// As SAM account name.
        SamAccountName = 2,
    }

    /// How the host keys of a system are checked.
    HostKeyChecking {
        /// Not at all.
        Off = 0,
        /// The first one is trusted.
        Auto = 1,
        /// They are given.
        Strict = 2,
    }
}

words! {
    /// Through which client accounts of a system are managed.
    RemoteClient {
        /// None.
        Direct = "None",
        /// Endpoint Privilege Management.
        EndpointPrivilegeManagement = "EPM",
    }
}

bodies! {
    /// What a managed system is to be; the calls add what it is made of. Everything has a default
    /// in the vault but the platform.
    SystemSettings (
        /// Its platform.
        platform: of(PlatformId) = "PlatformID",
    ) {
        /// What it is; only where a system is made in a workgroup.
        entity_type: of(EntityKind) = "EntityTypeID",
        /// Host name, at most 128 characters; only where a system is made in a workgroup.
        host_name: text(128) = "HostName",
        /// Address, at most 46 characters.
        ip_address: text(46) = "IPAddress",
        /// DNS name, at most 225 characters.
        dns_name: text(225) = "DnsName",
        /// Database instance, at most 100 characters.
        instance: text(100) = "InstanceName",
        /// Whether that is the default instance.
        default_instance: flag = "IsDefaultInstance",
        /// Template of a database.
        template: text(255) = "Template",
        /// Forest, at most 64 characters.
        forest: text(64) = "ForestName",
        /// Whether a directory is spoken to by TLS.
        use_tls: flag = "UseSSL",
        /// The Oracle internet directory that knows its services.
        oracle_directory: of(OracleInternetDirectoryId) = "OracleInternetDirectoryID",
        /// Its service there, at most 200 characters.
        oracle_service: text(200) = "OracleInternetDirectoryServiceName",
        /// NetBIOS name, at most 15 characters.
        netbios_name: text(15) = "NetBiosName",
        /// Whom to write to.
        contact_email: text(1000) = "ContactEmail",
        /// Description, at most 255 characters.
        description: text(255) = "Description",
        /// Port.
        port: number(1, 65_535) = "Port",
        /// Seconds before a connection is given up.
        timeout_seconds: number(1, 32_767) = "Timeout",
        /// How passwords are made: the default rule.
        password_rule: of(PasswordRuleId) = "PasswordRuleID",
        /// How keys are made.
        key_rule: of(DssKeyRuleId) = "DSSKeyRuleID",
        /// The account that sessions log in with first.
        login_account: of(AccountId) = "LoginAccountID",
        /// How a directory's account names are written.
        account_name_format: of(AccountNameFormat) = "AccountNameFormat",
        /// Usual length of a release in minutes: 120.
        release_minutes: number(1, 525_600) = "ReleaseDuration",
        /// Longest release in minutes: 525600.
        maximum_release_minutes: number(1, 525_600) = "MaxReleaseDuration",
        /// Length of a release to ISA users in minutes: 120.
        isa_release_minutes: number(1, 525_600) = "ISAReleaseDuration",
        /// Whether the vault changes passwords by itself: no.
        auto_managed: flag = "AutoManagementFlag",
        /// The account that the vault itself uses there.
        functional_account: of(FunctionalAccountId) = "FunctionalAccountID",
        /// How rights are raised there: `sudo`, `pbrun`, `pmrun`.
        elevation_command: text(80) = "ElevationCommand",
        /// How host keys are checked.
        host_key_checking: of(HostKeyChecking) = "SshKeyEnforcementMode",
        /// Whether passwords are tried regularly: no.
        check_password: flag = "CheckPasswordFlag",
        /// Whether they are changed when that fails: no.
        reset_on_mismatch: flag = "ResetPasswordOnMismatchFlag",
        /// Whether they are changed after a release: no.
        change_after_release: flag = "ChangePasswordAfterAnyReleaseFlag",
        /// When they are changed by themselves: on the first of the month.
        change_frequency: of(ChangeFrequency) = "ChangeFrequencyType",
        /// Days between, for [`ChangeFrequency::EveryDays`].
        change_every_days: number(1, 999) = "ChangeFrequencyDays",
        /// Time of day, `HH:mm`.
        change_time: text(5) = "ChangeTime",
        /// Through which client accounts there are managed (3.1).
        remote_client: of(RemoteClient) = "RemoteClientType",
        /// The host that applications there run on (3.2).
        application_host: of(ApplicationHostId) = "ApplicationHostID",
        /// Whether it is such a host (3.2).
        is_application_host: flag = "IsApplicationHost",
        /// Address of a web console.
        access_url: text(2048) = "AccessURL",
    } rules system_rules;
}

fn system_rules(new: &SystemSettings) -> Result<(), Rule> {
    if new.auto_managed == Some(true) && new.functional_account.is_none() {
        return Err("AutoManagementFlag needs a FunctionalAccountID");
    }
    let rules = ChangeRules {
        release_minutes: new.release_minutes,
        maximum_release_minutes: new.maximum_release_minutes,
        frequency: new.change_frequency.as_ref(),
        every_days: new.change_every_days,
        time: new.change_time.as_deref(),
        next: None,
    };
    rules.check()
}

impl SystemSettings {
    /// The version of the body: the oldest that knows every member that is set, so that the vault
    /// leaves alone what nobody speaks of.
    #[must_use]
    pub fn version(&self) -> &'static str {
        let hosts = self.application_host.is_some() || self.is_application_host.is_some();
        let newest = [("3.2", hosts), ("3.1", self.remote_client.is_some())];
        newest.into_iter().find(|(_, is_used)| *is_used).map_or("3.0", |(version, _)| version)
    }

    /// What `system` is now, to be changed and written back: writing replaces the definition, and
    /// what is left out takes its default. What the vault did not tell of it is left out. `None` when the vault did not say its platform.
    #[must_use]
    pub fn of(system: &ManagedSystem) -> Option<Self> {
        let platform = system.platform?;
        let system = system.clone();
        Some(Self {
            entity_type: system.entity_type,
            host_name: system.host_name,
            ip_address: system.ip_address,
            dns_name: system.dns_name,
            instance: system.instance,
            default_instance: system.is_default_instance,
            template: system.template,
            forest: system.forest,
            use_tls: system.uses_tls,
            oracle_directory: system.oracle_directory,
            oracle_service: system.oracle_service,
            netbios_name: system.netbios_name,
            contact_email: system.contact_email,
            description: system.description,
            port: system.port.filter(|port| *port > 0),
            timeout_seconds: system.timeout_seconds.filter(|seconds| *seconds > 0),
            password_rule: system.password_rule,
            key_rule: system.key_rule,
            login_account: system.login_account,
            account_name_format: system.account_name_format,
            release_minutes: system.release_minutes.filter(|minutes| *minutes > 0),
            maximum_release_minutes: system.maximum_release_minutes.filter(|minutes| *minutes > 0),
            isa_release_minutes: system.isa_release_minutes.filter(|minutes| *minutes > 0),
            auto_managed: Some(system.is_auto_managed),
            functional_account: system.functional_account,
            elevation_command: system.elevation_command,
            host_key_checking: system.host_key_checking,
            check_password: Some(system.checks_password),
            reset_on_mismatch: Some(system.resets_on_mismatch),
            change_after_release: Some(system.changes_after_release),
            change_frequency: system.change_frequency,
            change_every_days: system.change_every_days.filter(|days| *days > 0),
            change_time: system.change_time.as_deref().and_then(time_of_day),
            remote_client: system.remote_client,
            application_host: system.application_host,
            is_application_host: system.is_application_host,
            access_url: system.access_url,
            ..Self::new(platform)
        })
    }
}

/// Filters of `GET ManagedSystems`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagedSystemQuery {
    /// Kind.
    pub entity_type: Option<EntityKind>,
    /// Name.
    pub name: Option<String>,
}
