//! Assets, databases, directories, workgroups and organizations.

use super::change_rules::ChangeRules;
use super::rows::models;
use super::{
    AccountNameFormat, AssetId, ChangeFrequency, DatabaseId, DirectoryId, FunctionalAccountId,
    OrganizationId, PasswordRuleId, PlatformId, VaultTime, WorkgroupId,
};
use crate::body::{Rule, bodies};

models! {
    /// An asset: a machine as the vault's inventory knows it, managed or not.
    Asset {
        /// The asset.
        asset: AssetId = "AssetID",
        /// Its workgroup.
        workgroup: Option<WorkgroupId> = "WorkgroupID",
        /// Its name.
        name: Option<String> = "AssetName",
        /// DNS name.
        dns_name: Option<String> = "DnsName",
        /// Domain.
        domain: Option<String> = "DomainName",
        /// Address.
        ip_address: Option<String> = "IPAddress",
        /// Hardware address.
        mac_address: Option<String> = "MacAddress",
        /// What kind of machine.
        kind: Option<String> = "AssetType",
        /// Operating system.
        operating_system: Option<String> = "OperatingSystem",
        /// Description, on newer servers.
        description: Option<String> = "Description",
        /// When it came into the inventory.
        created: Option<VaultTime> = "CreateDate",
        /// When it was changed last.
        updated: Option<VaultTime> = "LastUpdateDate",
    }

    /// A workgroup: a part of the inventory.
    Workgroup {
        /// The workgroup.
        workgroup: WorkgroupId = "ID",
        /// Its name.
        name: String = "Name",
        /// Its organization.
        organization: Option<OrganizationId> = "OrganizationID",
    }

    /// An organization: a tenant of the vault.
    Organization {
        /// The organization.
        organization: OrganizationId = "OrganizationID",
        /// Its name.
        name: String = "Name",
        /// Whether it is in use.
        is_active: bool = "IsActive",
    }

    /// A database on an asset.
    Database {
        /// The database.
        database: DatabaseId = "DatabaseID",
        /// Its asset.
        asset: Option<AssetId> = "AssetID",
        /// Platform.
        platform: Option<PlatformId> = "PlatformID",
        /// Instance.
        instance: Option<String> = "InstanceName",
        /// Whether that is the default instance.
        is_default_instance: bool = "IsDefaultInstance",
        /// Port.
        port: Option<u32> = "Port",
        /// Version.
        version: Option<String> = "Version",
        /// Template.
        template: Option<String> = "Template",
    }

    /// A directory.
    Directory {
        /// The directory.
        directory: DirectoryId = "DirectoryID",
        /// Its workgroup.
        workgroup: Option<WorkgroupId> = "WorkgroupID",
        /// Platform.
        platform: Option<PlatformId> = "PlatformID",
        /// Domain.
        domain: Option<String> = "DomainName",
        /// Forest.
        forest: Option<String> = "ForestName",
        /// NetBIOS name of the domain.
        netbios_name: Option<String> = "NetBiosName",
        /// Whether it is spoken to by TLS.
        uses_tls: bool = "UseSSL",
        /// Port.
        port: Option<u32> = "Port",
        /// Seconds before a connection is given up.
        timeout_seconds: Option<u32> = "Timeout",
        /// Description.
        description: Option<String> = "Description",
        /// Whom to write to.
        contact_email: Option<String> = "ContactEmail",
        /// How passwords are made.
        password_rule: Option<PasswordRuleId> = "PasswordRuleID",
        /// Usual length of a release, in minutes.
        release_minutes: Option<u32> = "ReleaseDuration",
        /// Longest release, in minutes.
        maximum_release_minutes: Option<u32> = "MaxReleaseDuration",
        /// Length of a release to ISA users, in minutes.
        isa_release_minutes: Option<u32> = "ISAReleaseDuration",
        /// How account names are written.
        account_name_format: Option<AccountNameFormat> = "AccountNameFormat",
        /// Whether the vault changes passwords there by itself.
        is_auto_managed: bool = "AutoManagementFlag",
        /// The account that the vault itself uses there.
        functional_account: Option<FunctionalAccountId> = "FunctionalAccountID",
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
    }
}

bodies! {
    /// What an asset is to be.
    AssetSettings (
        /// Address, at most 46 characters.
        ip_address: text(46) = "IPAddress",
    ) {
        /// Name, at most 128 characters.
        name: text(128) = "AssetName",
        /// DNS name, at most 255 characters.
        dns_name: text(255) = "DnsName",
        /// Domain, at most 64 characters.
        domain: text(64) = "DomainName",
        /// Hardware address, at most 128 characters.
        mac_address: text(128) = "MacAddress",
        /// What kind of machine, at most 64 characters.
        kind: text(64) = "AssetType",
        /// Description, at most 255 characters.
        description: text(255) = "Description",
        /// Operating system, at most 255 characters.
        operating_system: text(255) = "OperatingSystem",
        /// Workgroup, where an asset moves to another.
        workgroup: of(WorkgroupId) = "WorkgroupID",
    };

    /// Assets that are looked for: each criterion exact, without case, all of them together.
    AssetSearch () {
        /// Name.
        name: text(128) = "AssetName",
        /// DNS name.
        dns_name: text(255) = "DnsName",
        /// Domain.
        domain: text(64) = "DomainName",
        /// Address.
        ip_address: text(46) = "IPAddress",
        /// Hardware address.
        mac_address: text(128) = "MacAddress",
        /// What kind of machine.
        kind: text(64) = "AssetType",
    } rules something_is_looked_for;

    /// A workgroup that is to be.
    NewWorkgroup (
        /// Its name, at most 256 characters.
        name: text(256) = "Name",
    ) {
        /// Its organization; the default one unless it is said.
        organization: of(OrganizationId) = "OrganizationID",
    };

    /// What a database is to be.
    DatabaseSettings (
        /// Platform.
        platform: of(PlatformId) = "PlatformID",
    ) {
        /// Instance, at most 100 characters.
        instance: text(100) = "InstanceName",
        /// Whether that is the default instance.
        default_instance: flag = "IsDefaultInstance",
        /// Port.
        port: number(1, 65_535) = "Port",
        /// Version, at most 20 characters.
        version: text(20) = "Version",
        /// Template.
        template: text(255) = "Template",
    } rules instance_has_a_name;

    /// What a directory is to be.
    DirectorySettings (
        /// Platform.
        platform: of(PlatformId) = "PlatformID",
        /// Domain, at most 50 characters.
        domain: text(50) = "DomainName",
    ) {
        /// Forest, at most 64 characters.
        forest: text(64) = "ForestName",
        /// NetBIOS name of the domain, at most 15 characters.
        netbios_name: text(15) = "NetBiosName",
        /// Whether it is spoken to by TLS: no.
        use_tls: flag = "UseSSL",
        /// Port.
        port: number(1, 65_535) = "Port",
        /// Seconds before a connection is given up.
        timeout_seconds: number(1, 32_767) = "Timeout",
        /// Description, at most 255 characters.
        description: text(255) = "Description",
        /// Whom to write to.
        contact_email: text(1000) = "ContactEmail",
        /// How passwords are made: the default rule.
        password_rule: of(PasswordRuleId) = "PasswordRuleID",
        /// Usual length of a release in minutes: 120.
        release_minutes: number(1, 525_600) = "ReleaseDuration",
        /// Longest release in minutes: 525600.
        maximum_release_minutes: number(1, 525_600) = "MaxReleaseDuration",
        /// Length of a release to ISA users in minutes: 120.
        isa_release_minutes: number(1, 525_600) = "ISAReleaseDuration",
        /// How account names are written.
        account_name_format: of(AccountNameFormat) = "AccountNameFormat",
        /// Whether the vault changes passwords by itself: no.
        auto_managed: flag = "AutoManagementFlag",
        /// The account that the vault itself uses there.
        functional_account: of(FunctionalAccountId) = "FunctionalAccountID",
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
    } rules directory_rules;
}

fn something_is_looked_for(search: &AssetSearch) -> Result<(), Rule> {
    let AssetSearch { name, dns_name, domain, ip_address, mac_address, kind } = search;
    let criteria = [name, dns_name, domain, ip_address, mac_address, kind];
    if criteria.into_iter().flatten().all(String::is_empty) {
        return Err("a search for assets has at least one criterion");
    }
    Ok(())
}

fn instance_has_a_name(new: &DatabaseSettings) -> Result<(), Rule> {
    if new.instance.is_none() && new.default_instance != Some(true) {
        return Err("InstanceName is wanted unless IsDefaultInstance is set");
    }
    Ok(())
}

fn directory_rules(new: &DirectorySettings) -> Result<(), Rule> {
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
