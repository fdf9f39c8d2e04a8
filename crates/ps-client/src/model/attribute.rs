//! Attributes that systems and accounts can carry, and lists of addresses.

use super::rows::models;
use super::words::words;
use super::{AddressGroupId, AddressId, AttributeId, AttributeTypeId, OrganizationId, VaultTime};
use crate::answer::{Fields, Property, Readable, RowError, nesting};
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

/// An attribute.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attribute {
    /// The attribute.
    pub attribute: AttributeId,
    /// Its kind.
    pub kind: Option<AttributeTypeId>,
    /// The attribute it is part of.
    pub parent: Option<AttributeId>,
    /// Short name.
    pub short_name: Option<String>,
    /// Long name.
    pub long_name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Its value, if it has one.
    pub value: Option<i64>,
    /// Whether it is the vault's own.
    pub is_read_only: bool,
    /// The attributes that are part of it.
    pub children: Vec<Self>,
}

/// Attributes in attributes in attributes: lists and objects, so half as many levels.
const DEEPEST: usize = 32;

/// By hand, because it holds others of its kind.
impl Readable for Attribute {
    const HOLDS_SECRET: bool = false;

    fn read(fields: &Fields<'_>) -> Result<Self, RowError> {
        let property = "ChildAttributes";
        if fields.raw(property).is_some_and(|raw| nesting(raw.get()) > DEEPEST) {
            return Err(RowError { property, missing: false });
        }
        Ok(Self {
            attribute: Property::of(fields, "AttributeID")?,
            kind: Property::of(fields, "AttributeTypeID")?,
            parent: Property::of(fields, "ParentAttributeID")?,
            short_name: Property::of(fields, "ShortName")?,
            long_name: Property::of(fields, "LongName")?,
            description: Property::of(fields, "Description")?,
            value: Property::of(fields, "ValueInt")?,
            is_read_only: Property::of(fields, "IsReadOnly")?,
            children: Property::of(fields, property)?,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_in_attributes_are_read_and_endless_ones_are_refused() {
        let nested = |levels: usize| {
            let one = r#"{"AttributeID":1,"ShortName":"[\"{[[","ChildAttributes":["#;
            format!("{}{}", one.repeat(levels), "]}".repeat(levels))
        };
        let read = |levels| Fields::read(&nested(levels)).and_then(|row| Attribute::read(&row));
        assert_eq!(read(3).unwrap().children[0].children[0].children.len(), 0);
        assert_eq!(read(16).unwrap().children.len(), 1);
        assert!(read(18).is_err());
        assert!(read(100_000).is_err());
    }
}
