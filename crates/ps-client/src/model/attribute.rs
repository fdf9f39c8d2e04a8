//! Attributes that systems and accounts can carry, and lists of addresses.

use super::rows::models;
use super::words::words;
use super::{AddressGroupId, AddressId, AttributeId, AttributeTypeId, OrganizationId, VaultTime};
use crate::body::bodies;

models! {
    /// A kind of attribute.
    AttributeType {
        /// The kind.
        kind: AttributeTypeId = "AttributeTypeID",
        /// Its name.
        name: String = "Name",
        /// Whether it is the vault's own.
        is_read_only: bool = "IsReadOnly",
    }

    /// An attribute.
    Attribute {
        /// The attribute.
        attribute: AttributeId = "AttributeID",
        /// Its kind.
        kind: Option<AttributeTypeId> = "AttributeTypeID",
        /// The attribute it is part of.
        parent: Option<AttributeId> = "ParentAttributeID",
        /// Short name.
        short_name: Option<String> = "ShortName",
        /// Long name.
        long_name: Option<String> = "LongName",
        /// Description.
        description: Option<String> = "Description",
        /// Its value, if it has one.
        value: Option<i64> = "ValueInt",
        /// Whether it is the vault's own.
        is_read_only: bool = "IsReadOnly",
        /// The attributes that are part of it.
        children: Vec<Attribute> = "ChildAttributes",
    }

    /// A list of addresses.
    AddressGroup {
        /// The list.
        group: AddressGroupId = "AddressGroupID",
        /// Its name.
        name: String = "Name",
        /// Its organization.
        organization: Option<OrganizationId> = "OrganizationID",
    }

    /// An entry of such a list.
    Address {
        /// The entry.
        address: AddressId = "AddressID",
        /// The list.
        group: Option<AddressGroupId> = "AddressGroupID",
        /// How the value is to be read.
        kind: Option<AddressKind> = "Type",
        /// The value.
        value: Option<String> = "Value",
        /// Whether it is taken out of the list rather than in.
        is_omitted: bool = "Omit",
        /// When it was changed last.
        updated: Option<VaultTime> = "LastUpdateDate",
    }
}

words! {
    /// How an entry of a list of addresses is to be read.
    AddressKind {
        /// One address.
        Single = "single",
        /// From one address to another.
        Range = "range",
        /// A network, as in RFC 4632.
        Cidr = "cidr",
        /// A name.
        Name = "name",
    }
}

bodies! {
    /// An attribute that is to be.
    NewAttribute (
        /// Short name, at most 64 characters.
        short_name: text(64) = "ShortName",
        /// Long name, at most 64 characters.
        long_name: text(64) = "LongName",
        /// Description, at most 255 characters.
        description: text(255) = "Description",
    ) {
        /// The attribute it is part of.
        parent: of(AttributeId) = "ParentAttributeID",
        /// Its value.
        value: of(i64) = "ValueInt",
    };

    /// An entry of a list of addresses that is to be.
    NewAddress (
        /// How the value is to be read.
        kind: of(AddressKind) = "Type",
        /// The value, at most 255 characters.
        value: text(255) = "Value",
    ) {
        /// Whether it is taken out of the list rather than in: no.
        omit: flag = "Omit",
    };
}
