//! Attributes that systems and accounts can carry.

use super::declare::calls;
use crate::model::{
    AccountId, AssetId, Attribute, AttributeId, AttributeType, AttributeTypeId, NewAttribute,
    SystemId,
};

calls! {
    /// All kinds of attributes.
    ListAttributeTypes {}
        GET "AttributeTypes"
        => list(AttributeType), Seen, "Attribute Management (Read)";

    /// One kind of attribute. 404: there is none.
    GetAttributeType {
        /// The kind.
        kind: AttributeTypeId,
    }
        GET "AttributeTypes" / kind
        => object(AttributeType), Seen, "Attribute Management (Read)";

    /// Makes a kind of attribute. 201.
    CreateAttributeType {
        /// Its name, at most 64 characters.
        name: String,
    }
        POST "AttributeTypes" json { "Name" = name name(64) }
        => object(AttributeType), Seen, "Attribute Management (Read/Write)";

    /// Deletes a kind of attribute.
    DeleteAttributeType {
        /// The kind.
        kind: AttributeTypeId,
    }
        DELETE "AttributeTypes" / kind
        => nothing, Seen, "Attribute Management (Read/Write)";

    /// The attributes of one kind.
    ListAttributesOfType {
        /// The kind.
        kind: AttributeTypeId,
    }
        GET "AttributeTypes" / kind / "Attributes"
        => list(Attribute), Seen, "Attribute Management (Read)";

    /// One attribute. 404: there is none.
    GetAttribute {
        /// The attribute.
        attribute: AttributeId,
    }
        GET "Attributes" / attribute
        => object(Attribute), Seen, "Attribute Management (Read)";

    /// Makes an attribute. 201.
    CreateAttribute {
        /// Its kind.
        kind: AttributeTypeId,
        /// The attribute.
        new: NewAttribute,
    }
        POST "AttributeTypes" / kind / "Attributes" json (new)
        => object(Attribute), Seen, "Attribute Management (Read/Write)";

    /// Deletes an attribute.
    DeleteAttribute {
        /// The attribute.
        attribute: AttributeId,
    }
        DELETE "Attributes" / attribute
        => nothing, Seen, "Attribute Management (Read/Write)";

    /// The attributes of an account.
    ListAttributesOfAccount {
        /// The account.
        account: AccountId,
    }
        GET "ManagedAccounts" / account / "Attributes"
        => list(Attribute), Seen,
        "Password Safe Account Management (Read) and Attribute Management (Read)";

    /// Gives an account an attribute. 201.
    AssignAttributeToAccount {
        /// The account.
        account: AccountId,
        /// The attribute.
        attribute: AttributeId,
    }
        POST "ManagedAccounts" / account / "Attributes" / attribute
        => object(Attribute), Seen,
        "Password Safe Account Management (Full) and Attribute Management (Read)", Safe;

    /// Takes an attribute from an account.
    UnassignAttributeFromAccount {
        /// The account.
        account: AccountId,
        /// The attribute.
        attribute: AttributeId,
    }
        DELETE "ManagedAccounts" / account / "Attributes" / attribute
        => nothing, Seen, "Password Safe Account Management (Full)";

    /// Takes all attributes from an account.
    UnassignAttributesFromAccount {
        /// The account.
        account: AccountId,
    }
        DELETE "ManagedAccounts" / account / "Attributes"
        => nothing, Seen, "Password Safe Account Management (Full)";

    /// The attributes of a system.
    ListAttributesOfSystem {
        /// The system.
        system: SystemId,
    }
        GET "ManagedSystems" / system / "Attributes"
        => list(Attribute), Seen,
        "Password Safe System Management (Read) and Attribute Management (Read)";

    /// Gives a system an attribute. 201.
    AssignAttributeToSystem {
        /// The system.
        system: SystemId,
        /// The attribute.
        attribute: AttributeId,
    }
        POST "ManagedSystems" / system / "Attributes" / attribute
        => object(Attribute), Seen,
        "Password Safe System Management (Read/Write) and Attribute Management (Read)", Safe;

    /// Takes an attribute from a system.
    UnassignAttributeFromSystem {
        /// The system.
        system: SystemId,
        /// The attribute.
        attribute: AttributeId,
    }
        DELETE "ManagedSystems" / system / "Attributes" / attribute
        => nothing, Seen, "Password Safe System Management (Read/Write)";

    /// Takes all attributes from a system.
    UnassignAttributesFromSystem {
        /// The system.
        system: SystemId,
    }
        DELETE "ManagedSystems" / system / "Attributes"
        => nothing, Seen, "Password Safe System Management (Read/Write)";

    /// The attributes of an asset.
    ListAttributesOfAsset {
        /// The asset.
        asset: AssetId,
    }
        GET "Assets" / asset / "Attributes"
        => list(Attribute), Seen, "Asset Management (Read) and Attribute Management (Read)";

    /// Gives an asset an attribute. 201.
    AssignAttributeToAsset {
        /// The asset.
        asset: AssetId,
        /// The attribute.
        attribute: AttributeId,
    }
        POST "Assets" / asset / "Attributes" / attribute
        => object(Attribute), Seen, "Asset Management (Full) and Attribute Management (Read)",
        Safe;

    /// Takes an attribute from an asset.
    UnassignAttributeFromAsset {
        /// The asset.
        asset: AssetId,
        /// The attribute.
        attribute: AttributeId,
    }
        DELETE "Assets" / asset / "Attributes" / attribute
        => nothing, Seen, "Asset Management (Full)";

    /// Takes all attributes from an asset.
    UnassignAttributesFromAsset {
        /// The asset.
        asset: AssetId,
    }
        DELETE "Assets" / asset / "Attributes"
        => nothing, Seen, "Asset Management (Full)";
}
