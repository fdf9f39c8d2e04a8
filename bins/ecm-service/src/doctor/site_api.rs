//! What a site's public APIs say of the account that serves it: its permissions, the site's clock,
//! and how many calls are left.

use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use site_api::Error;
use site_api::command::{ApiInfo, GetApiInfo};
use site_api::configuration::{JumpClient, List};
use tokio::time::timeout;

use super::Examination;
use crate::beside_link::SiteApi;
use crate::config::SiteConfig;

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// D23 and D29. Nothing here is needed to serve, so the worst that is found is what the settings
/// ask for and the account may not do.
pub(super) async fn examine(
    site: &SiteConfig,
    roots: &[CertificateDer<'static>],
    seen: &mut Examination,
) {
    let name = site.name.as_str();
    let api = match SiteApi::for_site(site, roots) {
        Ok(api) => api,
        Err(error) => return seen.skip("D23", name, error.to_string()),
    };
    match in_time(api.client().send(&GetApiInfo)).await {
        Ok(info) => permissions(site, &info, seen),
        Err(Trouble::Site(Error::Forbidden { .. } | Error::Refused { .. })) => {
            match site.enrichment.ticket {
                None => seen.skip("D23", name, "the account may not use the Command API"),
                Some(_) => seen.doubt(
                    "D23",
                    name,
                    "the account may not use the Command API, which ticket-number-attribute needs",
                    "grant it read-only commands at the site, or remove that key",
                ),
            }
        }
        Err(Trouble::Site(Error::NotFound { .. })) => {
            seen.skip("D23", name, "the site has no Command API");
        }
        Err(trouble) => seen.doubt("D23", name, trouble.words(), trouble.advice()),
    }
    budget(site, &api, seen).await;
}

fn permissions(site: &SiteConfig, info: &ApiInfo, seen: &mut Examination) {
    let name = site.name.as_str();
    if info.has("perm_ecm") == Some(false) {
        seen.bad(
            "D23",
            name,
            "the API account lacks the permission for Endpoint Credential Managers (perm_ecm)",
            "grant it at the site: Management, API Configuration, the account's permissions",
        );
    } else {
        let company = info.company_name.as_deref().unwrap_or("unnamed");
        let words = format!("API {} of `{company}`, the account may be an ECM", info.api_version);
        seen.good("D23", name, words);
    }
    let needs = [
        (site.reconcile_every.is_some(), "perm_reporting_support", "reconcile", "session reports"),
        (site.enrichment.jump_items, "perm_configuration", "enrich", "the Configuration API"),
    ];
    let lacking: Vec<String> = needs
        .into_iter()
        .filter(|(is_wanted, permission, ..)| *is_wanted && info.has(permission) == Some(false))
        .map(|(_, permission, key, what)| {
            format!("`{key}` is on, and the account has no right to {what} ({permission})")
        })
        .collect();
    if !lacking.is_empty() {
        let advice = "grant it at the site, or switch the key off";
        seen.doubt("D23", name, lacking.join("; "), advice);
    }
    if let Some(clock) = info.timestamp {
        let apart = Timestamp::now().duration_since(clock).unsigned_abs();
        if apart > super::SKEW {
            super::skewed(name, apart, seen);
        }
    }
}

/// D29. Only the JSON API says how many calls are left.
async fn budget(site: &SiteConfig, api: &SiteApi, seen: &mut Examination) {
    let name = site.name.as_str();
    let asked = in_time(api.client().send(&List::<JumpClient>::all())).await;
    match (api.client().budget(), asked) {
        (Some(budget), _) if budget.remaining.saturating_mul(10) < budget.limit => seen.doubt(
            "D29",
            name,
            format!("{} of {} calls are left", budget.remaining, budget.limit),
            "all programs of this API account share them: give the service an account of its own",
        ),
        (Some(budget), _) => {
            let words = format!("{} of {} calls are left", budget.remaining, budget.limit);
            seen.good("D29", name, words);
        }
        (None, Err(Trouble::Site(Error::Throttled { .. }))) => seen.doubt(
            "D29",
            name,
            "the site refuses further calls for now",
            "all programs of this API account share a budget: give the service an account of its own",
        ),
        (None, _) => seen.skip("D29", name, "the site does not say how many calls are left"),
    }
}

enum Trouble {
    Site(Error),
    Late,
}

impl Trouble {
    fn words(&self) -> String {
        match self {
            Self::Site(error) => error.to_string(),
            Self::Late => "the site's Command API did not answer in time".to_owned(),
        }
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Site(error) => error.advice(),
            Self::Late => "look at the site",
        }
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    match timeout(PATIENCE, call).await {
        Ok(answer) => answer.map_err(Trouble::Site),
        Err(_) => Err(Trouble::Late),
    }
}
