//! Managed systems.

use crate::answer::{Fields, RowError};

use super::{SystemId, WorkgroupId};

/// A machine, database, directory or cloud service that the vault manages, as far as a broker
/// needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedSystem {
    /// The system.
    pub system: SystemId,
    /// Its name.
    pub name: String,
    /// Host name.
    pub host_name: Option<String>,
    /// DNS name.
    pub dns_name: Option<String>,
    /// NetBIOS name.
    pub netbios_name: Option<String>,
    /// Address.
    pub ip_address: Option<String>,
    /// Entity type: 1 asset, 2 database, 3 directory, 4 cloud.
    pub entity_type: Option<i64>,
    /// Platform number.
    pub platform: Option<i64>,
    /// Workgroup.
    pub workgroup: Option<WorkgroupId>,
    /// Database instance.
    pub instance: Option<String>,
    /// Port.
    pub port: Option<u32>,
    /// Address of a web console.
    pub access_url: Option<String>,
    /// Description.
    pub description: Option<String>,
}

impl ManagedSystem {
    pub(crate) fn read(row: &Fields<'_>) -> Result<Self, RowError> {
        Ok(Self {
            system: SystemId::new(row.id("ManagedSystemID")?),
            name: row.required("SystemName")?,
            host_name: row.text("HostName")?,
            dns_name: row.text("DnsName")?,
            netbios_name: row.text("NetBiosName")?,
            ip_address: row.text("IPAddress")?,
            entity_type: row.number("EntityTypeID")?,
            platform: row.number("PlatformID")?,
            workgroup: row.some_id("WorkgroupID")?.map(WorkgroupId::new),
            instance: row.text("InstanceName")?,
            port: row.minutes("Port")?,
            access_url: row.text("AccessURL")?,
            description: row.text("Description")?,
        })
    }
}

/// Filters of `GET ManagedSystems`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagedSystemQuery {
    /// Entity type.
    pub entity_type: Option<i64>,
    /// Name.
    pub name: Option<String>,
}
