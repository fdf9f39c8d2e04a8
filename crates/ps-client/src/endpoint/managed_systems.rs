//! Managed systems.

use http::Method;

use super::declare::{calls, paged};
use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::body::Rule;
use crate::error::Error;
use crate::model::{
    AssetId, DatabaseId, DirectoryId, FunctionalAccountId, ManagedSystem, ManagedSystemQuery,
    SmartRuleId, SystemId, SystemSettings, WorkgroupId,
};

/// One page of the managed systems. *Confirmed*; shapes *seen*.
///
/// Call: `GET ManagedSystems`. Permission: Password Safe System Management (Read). Answers an
/// array, or an envelope when a limit is given. [`crate::Session::managed_systems`] pages.
#[derive(Clone, Debug)]
pub struct ListManagedSystems {
    /// Filters.
    pub query: ManagedSystemQuery,
    /// Rows to answer.
    pub limit: u32,
    /// Rows to skip first.
    pub offset: u32,
}

impl Endpoint for ListManagedSystems {
    type Answer = Vec<ManagedSystem>;
    const NAME: &'static str = "GET ManagedSystems";
    const RELEASES_SECRET: bool = false;

    fn request(&self) -> ApiRequest {
        ApiRequest::new(Method::GET, &["ManagedSystems"])
            .set("type", &self.query.entity_type)
            .set("name", &self.query.name)
            .set("limit", &self.limit)
            .set("offset", &self.offset)
            .list()
    }

    fn read(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error> {
        answer.list(Self::NAME)
    }
}

calls! {
    @also [ListManagedSystems "Password Safe System Management (Read)" Confirmed Safe]

    /// One system.
    GetManagedSystem {
        /// The system.
        system: SystemId,
    }
        GET "ManagedSystems" / system
        => object(ManagedSystem), Seen, "Password Safe System Management (Read)";

    /// The managed system that an asset is, as a list of one. 404, or none: it is not managed.
    ListSystemsOfAsset {
        /// The asset.
        asset: AssetId,
    }
        GET "Assets" / asset / "ManagedSystems"
        => list(ManagedSystem), Seen, "Password Safe System Management (Read)";

    /// The managed system that a database is, as a list of one. 404, or none: it is not managed.
    ListSystemsOfDatabase {
        /// The database.
        database: DatabaseId,
    }
        GET "Databases" / database / "ManagedSystems"
        => list(ManagedSystem), Seen, "Password Safe System Management (Read)";

    /// The managed system that a directory is, as a list of one. 404, or none: it is not managed.
    ListSystemsOfDirectory {
        /// The directory.
        directory: DirectoryId,
    }
        GET "Directories" / directory / "ManagedSystems"
        => list(ManagedSystem), Seen, "Password Safe System Management (Read)";

    /// The systems that a functional account manages.
    ListSystemsOfFunctionalAccount {
        /// The functional account.
        functional_account: FunctionalAccountId,
    }
        GET "FunctionalAccounts" / functional_account / "ManagedSystems"
        => list(ManagedSystem), Seen, "Password Safe System Management (Read)";

    /// One page of the systems of a workgroup.
    ListSystemsOfWorkgroup {
        /// The workgroup.
        workgroup: WorkgroupId,
        /// Rows to answer.
        limit: u32,
        /// Rows to skip first.
        offset: u32,
    }
        GET "Workgroups" / workgroup / "ManagedSystems"
        query { "limit" = limit, "offset" = offset }
        => list(ManagedSystem), Seen, "Password Safe System Management (Read)";

    /// One page of the systems that a Smart Rule collects.
    ListSystemsOfSmartRule {
        /// The rule.
        rule: SmartRuleId,
        /// Rows to answer.
        limit: u32,
        /// Rows to skip first.
        offset: u32,
    }
        GET "SmartRules" / rule / "ManagedSystems" query { "limit" = limit, "offset" = offset }
        => list(ManagedSystem), Seen, "Password Safe System Management (Read), and Read on the rule";

    /// Puts an asset under management. 201, or 200 when it was managed already.
    CreateSystemOfAsset {
        /// The asset.
        asset: AssetId,
        /// What it becomes.
        new: SystemSettings,
    }
        POST "Assets" / asset / "ManagedSystems" query { "version" = (new.version) } json (new)
        => object(ManagedSystem), Seen, "Password Safe System Management (Read/Write)", Safe;

    /// Puts a database under management. 201, or 200 when it was managed already.
    CreateSystemOfDatabase {
        /// The database.
        database: DatabaseId,
        /// What it becomes.
        new: SystemSettings,
    }
        POST "Databases" / database / "ManagedSystems" json (new)
        => object(ManagedSystem), Seen, "Password Safe System Management (Read/Write)", Safe;

    /// Makes a managed system in a workgroup, whatever it is. 201.
    CreateSystemInWorkgroup {
        /// The workgroup.
        workgroup: WorkgroupId,
        /// The system; says what it is and what it is called.
        new: SystemSettings,
    }
        POST "Workgroups" / workgroup / "ManagedSystems" query { "version" = (new.version) }
        json (new)
        rules system_says_what_it_is
        => object(ManagedSystem), Seen, "Password Safe System Management (Read/Write)";

    /// Replaces a definition: what is left out takes its default. So read it, and send what
    /// [`SystemSettings::of`] makes of it. The version of the body is the oldest that knows what is
    /// set.
    UpdateManagedSystem {
        /// The system.
        system: SystemId,
        /// What it becomes.
        new: SystemSettings,
    }
        PUT "ManagedSystems" / system query { "version" = (new.version) } json (new)
        => object(ManagedSystem), Seen, "Password Safe System Management (Read/Write)";

    /// Takes a system and its accounts out of management.
    DeleteManagedSystem {
        /// The system.
        system: SystemId,
    }
        DELETE "ManagedSystems" / system
        => nothing, Seen, "Password Safe System Management (Read/Write)";
}

fn system_says_what_it_is(call: &CreateSystemInWorkgroup) -> Result<(), Rule> {
    match (call.new.entity_type, &call.new.host_name) {
        (Some(_), Some(_)) => Ok(()),
        _ => Err("a system in a workgroup has EntityTypeID and HostName"),
    }
}

paged! {
    ListSystemsOfWorkgroup of ManagedSystem by system: SystemId;
    ListSystemsOfSmartRule of ManagedSystem by system: SystemId;
}
