//! How the appliance is.

use jiff::Timestamp;

use super::{flag, missing, owned, question, root};
use crate::call::{Answer, Call, Request};
use crate::error::Error;

/// `check_health`. Reading rights are enough.
#[derive(Debug, Clone, Copy, Default)]
pub struct CheckHealth;

/// What [`CheckHealth`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The appliance's id, 32 hexadecimal digits.
    pub appliance_id: Option<String>,
    /// Its name.
    pub appliance: Option<String>,
    /// Version and build, such as `19.1.8 (37380-0123456789abcdef)`.
    pub version: Option<String>,
    /// Whether it calls itself healthy.
    pub healthy: bool,
    /// `none`, `primary` or `backup`.
    pub failover_role: Option<String>,
    /// Addresses it shares with its partner and has switched on.
    pub shared_ips: Vec<String>,
    /// What is wrong.
    pub error_message: Option<String>,
    /// When data were last taken over from the partner.
    pub last_data_sync: Option<Timestamp>,
    /// How that went.
    pub last_data_sync_status: Option<String>,
}

impl Call for CheckHealth {
    type Answer = Health;
    const NAME: &'static str = "check_health";

    fn request(&self) -> Request {
        question(Self::NAME)
    }

    fn read(&self, answer: &Answer<'_>) -> Result<Health, Error> {
        let root = root(answer, "health_check")?;
        let appliance = root.child("appliance");
        let ips = root.child("enabled_shared_ips").map(|ips| ips.children("ip"));
        Ok(Health {
            appliance_id: appliance.and_then(|a| a.attribute("id")).map(str::to_owned),
            appliance: appliance.map(|a| a.text().to_owned()),
            version: owned(&root, "version"),
            healthy: root.text_of("success").and_then(flag).ok_or_else(|| missing("success"))?,
            failover_role: owned(&root, "failover_role"),
            shared_ips: ips.into_iter().flatten().map(|ip| ip.text().to_owned()).collect(),
            error_message: owned(&root, "error_message"),
            last_data_sync: root.child("last_data_sync_time").and_then(super::moment),
            last_data_sync_status: owned(&root, "last_data_sync_status"),
        })
    }
}
