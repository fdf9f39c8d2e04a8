//! API registrations: what programs sign in by.

use super::RegistrationId;
use super::rows::models;
use super::words::words;
use crate::body::bodies;

models! {
    /// An API registration.
    Registration {
        /// The registration.
        registration: RegistrationId = "Id",
        /// Its name.
        name: String = "Name",
        /// By what it lets in.
        kind: Option<RegistrationKind> = "RegistrationType",
        /// Whether it is in use.
        is_active: bool = "Active",
        /// Whether users see it.
        is_visible: bool = "Visible",
        /// Minutes that a token lives, of OAuth.
        token_minutes: Option<u32> = "AccessTokenDuration",
        /// Whether a second factor is wanted of users who have one.
        wants_second_factor: bool = "MultiFactorAuthenticationEnforced",
        /// Whether a client certificate is wanted.
        wants_client_certificate: bool = "ClientCertificateRequired",
        /// Whether the user's password is wanted.
        wants_password: bool = "UserPasswordRequired",
        /// Whether only the vendor's own runner is let in.
        wants_psrun: bool = "VerifyPsrunSignature",
        /// Whether a personal access token is wanted (3.1).
        wants_personal_token: bool = "PersonalAccessTokenRequired",
        /// The addresses that are let in.
        addresses: Vec<AddressRule> = "IPAuthenticationRules",
        /// The same of the address that a proxy names.
        forwarded_addresses: Vec<AddressRule> = "XForwardedForAuthenticationRules",
        /// Machines that the vendor's own runner is let in from.
        machines: Vec<MachineRule> = "PSRUNRules",
    }

    /// Addresses that are let in.
    AddressRule {
        /// Number of the rule.
        id: Option<i64> = "Id",
        /// How the value is to be read, such as `host`, `iprange` or `cidr`.
        kind: Option<String> = "Type",
        /// The value.
        value: Option<String> = "Value",
        /// Description.
        description: Option<String> = "Description",
    }

    /// A machine that the vendor's own runner is let in from.
    MachineRule {
        /// Number of the rule.
        id: Option<i64> = "Id",
        /// Address.
        ip_address: Option<String> = "IPAddress",
        /// Hardware address.
        mac_address: Option<String> = "MacAddress",
        /// Name.
        system_name: Option<String> = "SystemName",
        /// DNS name.
        fqdn: Option<String> = "FQDN",
        /// Domain.
        domain: Option<String> = "DomainName",
        /// User.
        user: Option<String> = "UserId",
        /// Volume.
        root_volume: Option<String> = "RootVolumeId",
        /// Operating system.
        os_version: Option<String> = "OSVersion",
    }
}

words! {
    /// By what an API registration lets in.
    RegistrationKind {
        /// By API key, as any of its users.
        ApiKey = "ApiKeyPolicy",
        /// By OAuth, as an application user.
        OAuth = "ApiAccessPolicy",
    }
}

bodies! {
    /// Addresses that are to be let in.
    NewAddressRule (
        /// How the value is to be read, such as `host`, `iprange` or `cidr`.
        kind: text(50) = "Type",
        /// The value.
        value: text(255) = "Value",
    ) {
        /// Number of a rule that is kept.
        id: of(i64) = "Id",
        /// Description.
        description: text(255) = "Description",
    };

    /// A machine that the vendor's own runner is to be let in from; what is set must fit.
    NewMachineRule () {
        /// Number of a rule that is kept.
        id: of(i64) = "Id",
        /// Address.
        ip_address: text(46) = "IPAddress",
        /// Hardware address.
        mac_address: text(128) = "MacAddress",
        /// Name.
        system_name: text(255) = "SystemName",
        /// DNS name.
        fqdn: text(255) = "FQDN",
        /// Domain.
        domain: text(255) = "DomainName",
        /// User.
        user: text(255) = "UserId",
        /// Volume.
        root_volume: text(255) = "RootVolumeId",
        /// Operating system.
        os_version: text(255) = "OSVersion",
    };

    /// What an API registration is to be.
    RegistrationSettings (
        /// Its name, at most 256 characters.
        name: text(256) = "Name",
        /// By what it lets in.
        kind: of(RegistrationKind) = "RegistrationType",
    ) {
        /// Whether it is in use: yes.
        active: flag = "Active",
        /// Whether users see it: yes.
        visible: flag = "Visible",
        /// Minutes that a token lives, of OAuth.
        token_minutes: number(1, 525_600) = "AccessTokenDuration",
        /// Whether a second factor is wanted of users who have one: yes.
        want_second_factor: flag = "MultiFactorAuthenticationEnforced",
        /// Whether a client certificate is wanted.
        want_client_certificate: flag = "ClientCertificateRequired",
        /// Whether the user's password is wanted.
        want_password: flag = "UserPasswordRequired",
        /// Whether only the vendor's own runner is let in.
        want_psrun: flag = "VerifyPsrunSignature",
        /// Whether a personal access token is wanted (3.1).
        want_personal_token: flag = "PersonalAccessTokenRequired",
        /// The addresses that are let in; without one of the three kinds of rules, nobody is.
        addresses: of(Vec<NewAddressRule>) = "IPAuthenticationRules",
        /// The same of the address that a proxy names.
        forwarded_addresses: of(Vec<NewAddressRule>) = "XForwardedForAuthenticationRules",
        /// Machines that the vendor's own runner is let in from.
        machines: of(Vec<NewMachineRule>) = "PSRUNRules",
    };
}
