//! Lists of addresses that rules work with.

use super::declare::calls;
use crate::model::{Address, AddressGroup, AddressGroupId, AddressId, NewAddress, OrganizationId};

calls! {
    /// All lists.
    ListAddressGroups {}
        GET "AddressGroups"
        => list(AddressGroup), Seen, "Asset Management (Read)";

    /// One list. 404: there is none.
    GetAddressGroup {
        /// The list.
        group: AddressGroupId,
    }
        GET "AddressGroups" / group
        => object(AddressGroup), Seen, "Asset Management (Read)";

    /// The list of this name. 404: there is none.
    FindAddressGroup {
        /// Its name, at most 256 characters.
        name: String,
    }
        GET "AddressGroups" query { "name" = name }
        => object(AddressGroup), Seen, "Asset Management (Read)";

    /// The lists of an organization.
    ListAddressGroupsOfOrganization {
        /// The organization.
        organization: OrganizationId,
    }
        GET "Organizations" / organization / "AddressGroups"
        => list(AddressGroup), Seen, "Asset Management (Read)";

    /// Makes a list. 201.
    CreateAddressGroup {
        /// Its name, at most 256 characters.
        name: String,
    }
        POST "AddressGroups" json { "Name" = name name(256) }
        => object(AddressGroup), Seen, "Asset Management (Full)";

    /// Renames a list.
    UpdateAddressGroup {
        /// The list.
        group: AddressGroupId,
        /// Its new name.
        name: String,
    }
        PUT "AddressGroups" / group json { "Name" = name name(256) }
        => object(AddressGroup), Seen, "Asset Management (Full)";

    /// Deletes a list.
    DeleteAddressGroup {
        /// The list.
        group: AddressGroupId,
    }
        DELETE "AddressGroups" / group
        => nothing, Seen, "Asset Management (Full)";

    /// The entries of a list.
    ListAddresses {
        /// The list.
        group: AddressGroupId,
    }
        GET "AddressGroups" / group / "Addresses"
        => list(Address), Seen, "Asset Management (Read)";

    /// Puts an entry into a list. 201.
    CreateAddress {
        /// The list.
        group: AddressGroupId,
        /// The entry.
        new: NewAddress,
    }
        POST "AddressGroups" / group / "Addresses" json (new)
        => object(Address), Seen, "Asset Management (Full)";

    /// Takes all entries out of a list.
    DeleteAddresses {
        /// The list.
        group: AddressGroupId,
    }
        DELETE "AddressGroups" / group / "Addresses"
        => nothing, Seen, "Asset Management (Full)";

    /// One entry. 404: there is none.
    GetAddress {
        /// The entry.
        address: AddressId,
    }
        GET "Addresses" / address
        => object(Address), Seen, "Asset Management (Read)";

    /// Replaces an entry.
    UpdateAddress {
        /// The entry.
        address: AddressId,
        /// What it becomes.
        new: NewAddress,
    }
        PUT "Addresses" / address json (new)
        => object(Address), Seen, "Asset Management (Full)";

    /// Deletes an entry.
    DeleteAddress {
        /// The entry.
        address: AddressId,
    }
        DELETE "Addresses" / address
        => nothing, Seen, "Asset Management (Full)";
}
