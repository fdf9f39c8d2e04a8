//! Workgroups: the parts of the inventory.

use super::declare::calls;
use crate::model::{NewWorkgroup, Workgroup, WorkgroupId};

calls! {
    /// All workgroups.
    ListWorkgroups {}
        GET "Workgroups"
        => list(Workgroup), Confirmed, "any signed-in user";

    /// One workgroup. 404: there is none.
    GetWorkgroup {
        /// The workgroup.
        workgroup: WorkgroupId,
    }
        GET "Workgroups" / workgroup
        => object(Workgroup), Confirmed, "any signed-in user";

    /// The workgroup of this name. 404: there is none.
    FindWorkgroup {
        /// Its name.
        name: String,
    }
        GET "Workgroups" query { "name" = name }
        => object(Workgroup), Confirmed, "any signed-in user";

    /// Makes a workgroup. 201.
    CreateWorkgroup {
        /// The workgroup.
        new: NewWorkgroup,
    }
        POST "Workgroups" json (new)
        => object(Workgroup), Confirmed, "administrator";
}
