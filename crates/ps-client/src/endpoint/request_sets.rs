//! Sets of requests: several kinds of access to one account, asked for together.

use super::declare::calls;
use crate::model::{NewRequestSet, RequestSet, StatusFilter};

calls! {
    /// Sets whose requests are not over.
    ListRequestSets {
        /// By state.
        status: StatusFilter,
    }
        GET "RequestSets" query { "status" = status }
        => list(RequestSet), Confirmed, "none for one's own";

    /// Asks for several kinds of access together. 201.
    CreateRequestSet {
        /// What is asked for.
        new: NewRequestSet,
    }
        POST "RequestSets" json (new)
        => object(RequestSet), Confirmed,
        "Requestor, Requestor/Approver or ISA role on the account";
}
