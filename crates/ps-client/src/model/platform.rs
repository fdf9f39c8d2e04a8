//! Platforms, and the accounts and rules that management works with.

use super::rows::models;
use super::words::words;
use super::{
    ApplicationId, CustomPlatformId, DssKeyRuleId, EntityKind, FunctionalAccountId, NodeId,
    OperatingSystemId, PasswordRuleId, PlatformId, SmartRuleId, SystemId, TicketSystemId,
    VaultTime,
};
use crate::body::bodies;

models! {
    /// A platform: a kind of target, and what can be done with it.
    Platform {
        /// The platform.
        platform: PlatformId = "PlatformID",
        /// Its name.
        name: String = "Name",
        /// Its short name.
        short_name: Option<String> = "ShortName",
        /// Whether systems of it have a port.
        has_port: bool = "PortFlag",
        /// Which one unless it is said.
        default_port: Option<u32> = "DefaultPort",
        /// Whether rights can be raised there.
        can_elevate: bool = "SupportsElevationFlag",
        /// Whether its accounts have a domain.
        has_domain: bool = "DomainNameFlag",
        /// Whether the vault can change passwords by itself.
        can_auto_manage: bool = "AutoManagementFlag",
        /// The same of keys.
        can_auto_manage_keys: bool = "DSSAutoManagementFlag",
        /// Whether systems of it can be managed.
        is_manageable: bool = "ManageableFlag",
        /// Whether its accounts have keys.
        has_keys: bool = "DSSFlag",
        /// Whether sessions log in with an account of their own first.
        has_login_account: bool = "LoginAccountFlag",
        /// How sessions are opened.
        default_session: Option<String> = "DefaultSessionType",
        /// Whether it can be a host of applications.
        is_application_host: bool = "ApplicationHostFlag",
        /// Whether it needs one.
        needs_application_host: bool = "RequiresApplicationHost",
        /// Whether its functional accounts name a tenant.
        needs_tenant: bool = "RequiresTenantID",
        /// Whether they name an object.
        needs_object: bool = "RequiresObjectID",
        /// Whether they have a secret.
        needs_secret: bool = "RequiresSecret",
    }

    /// A kind of managed system.
    EntityType {
        /// The kind.
        kind: EntityKind = "EntityTypeID",
        /// Its name.
        name: String = "Name",
        /// Description.
        description: Option<String> = "Description",
    }

    /// A platform that somebody defined.
    CustomPlatform {
        /// The platform.
        platform: CustomPlatformId = "id",
        /// Its name.
        name: String = "name",
    }

    /// An account that the vault itself uses to manage others.
    FunctionalAccount {
        /// The account.
        functional_account: FunctionalAccountId = "FunctionalAccountID",
        /// Platform.
        platform: Option<PlatformId> = "PlatformID",
        /// Domain.
        domain: Option<String> = "DomainName",
        /// Its name.
        name: String = "AccountName",
        /// Display name.
        display_name: Option<String> = "DisplayName",
        /// Description.
        description: Option<String> = "Description",
        /// How rights are raised.
        elevation_command: Option<String> = "ElevationCommand",
        /// How many systems use it.
        systems: Option<u32> = "SystemReferenceCount",
        /// Tenant, in Entra.
        tenant: Option<String> = "TenantID",
        /// Object, in Entra.
        object: Option<String> = "ObjectID",
        /// Which cloud.
        azure_instance: Option<AzureInstance> = "AzureInstance",
    }

    /// A rule of how passwords are made.
    PasswordRule {
        /// The rule.
        rule: PasswordRuleId = "PasswordRuleID",
        /// Its name.
        name: String = "Name",
        /// Description.
        description: Option<String> = "Description",
        /// Fewest characters.
        minimum_length: Option<u32> = "MinimumLength",
        /// Most characters.
        maximum_length: Option<u32> = "MaximumLength",
        /// What may come first.
        first_character: Option<String> = "FirstCharacterRequirement",
        /// How many lower-case letters.
        lowercase: Option<String> = "LowercaseRequirement",
        /// How many upper-case letters.
        uppercase: Option<String> = "UppercaseRequirement",
        /// How many digits.
        digits: Option<String> = "NumericRequirement",
        /// How many symbols.
        symbols: Option<String> = "SymbolRequirement",
        /// Which lower-case letters.
        valid_lowercase: Option<String> = "ValidLowercaseCharacters",
        /// Which upper-case letters.
        valid_uppercase: Option<String> = "ValidUppercaseCharacters",
        /// Which symbols.
        valid_symbols: Option<String> = "ValidSymbols",
    }

    /// A rule of how SSH keys are made.
    DssKeyRule {
        /// The rule.
        rule: DssKeyRuleId = "DSSKeyRuleID",
        /// Its name.
        name: String = "Name",
        /// Description.
        description: Option<String> = "Description",
        /// Algorithm.
        key_type: Option<String> = "KeyType",
        /// Bits.
        key_size: Option<u32> = "KeySize",
        /// How it is encrypted.
        encryption: Option<String> = "EncryptionType",
        /// How the passphrase is made.
        password_rule: Option<PasswordRuleId> = "PasswordRuleID",
    }

    /// An operating system that assets can have.
    OperatingSystem {
        /// The operating system.
        operating_system: OperatingSystemId = "OperatingSystemID",
        /// Its name.
        name: String = "Name",
    }

    /// A ticket system that requests can name.
    TicketSystem {
        /// The ticket system.
        ticket_system: TicketSystemId = "TicketSystemID",
        /// Its name.
        name: String = "TicketSystemName",
        /// Description.
        description: Option<String> = "Description",
        /// Whether it is in use.
        is_active: bool = "IsActive",
        /// Whether it is meant where a request names none.
        is_default: bool = "IsDefaultSystem",
    }

    /// A node: a machine of the vault that proxies sessions.
    Node {
        /// The node.
        node: NodeId = "NodeID",
        /// Host name.
        host_name: Option<String> = "HostName",
        /// Display name.
        display_name: Option<String> = "DisplayName",
        /// When it was heard of last.
        last_heartbeat: Option<VaultTime> = "LastHeartbeat",
        /// Whether it is in use.
        is_active: bool = "IsActive",
    }

    /// An application that accounts are given to.
    Application {
        /// The application.
        application: ApplicationId = "ApplicationID",
        /// Its name.
        name: String = "Name",
        /// Display name.
        display_name: Option<String> = "DisplayName",
        /// Version.
        version: Option<String> = "Version",
        /// What is started.
        command: Option<String> = "Command",
        /// With which parameters; they may be templates that a password is filled into.
        parameters: Option<String> = "Parameters",
        /// Publisher.
        publisher: Option<String> = "Publisher",
        /// Kind.
        kind: Option<String> = "ApplicationType",
        /// The functional account that starts it.
        functional_account: Option<FunctionalAccountId> = "FunctionalAccountID",
        /// The system it is started on.
        system: Option<SystemId> = "ManagedSystemID",
        /// Whether it is in use.
        is_active: bool = "IsActive",
        /// The rule that collects it, on newer servers.
        rule: Option<SmartRuleId> = "SmartRuleID",
    }
}

words! {
    /// Which of the vendor's clouds.
    AzureInstance {
        /// The public one.
        Public = "AzurePublic",
        /// That of the government of the United States.
        UsGovernment = "AzureUsGovernment",
    }
}

bodies! {
    /// A functional account that is to be. Platform, domain, name and display name together must
    /// be new.
    NewFunctionalAccount (
        /// Platform.
        platform: of(PlatformId) = "PlatformID",
        /// Its name, at most 245 characters.
        name: text(245) = "AccountName",
    ) {
        /// Domain, at most 500 characters.
        domain: text(500) = "DomainName",
        /// Display name, at most 100 characters.
        display_name: text(100) = "DisplayName",
        /// Description, at most 1000 characters.
        description: text(1000) = "Description",
        /// Password.
        password: secret(1000) = "Password",
        /// Private key.
        private_key: secret(65_536) = "PrivateKey",
        /// Its passphrase.
        passphrase: secret(1000) = "Passphrase",
        /// How rights are raised, at most 80 characters.
        elevation_command: text(80) = "ElevationCommand",
        /// Tenant, in Entra.
        tenant: text(36) = "TenantID",
        /// Object, in Entra.
        object: text(36) = "ObjectID",
        /// Client secret, in Entra.
        secret: secret(255) = "Secret",
        /// E-mail address of a service account.
        service_account_email: text(255) = "ServiceAccountEmail",
        /// Which cloud.
        azure_instance: of(AzureInstance) = "AzureInstance",
    };
}
