//! A simulator's control surface: JSON over plain HTTP on loopback.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One control surface.
#[derive(Debug)]
pub(super) struct ControlSurface {
    /// Scheme, host and port.
    url: String,
    agent: ureq::Agent,
}

impl ControlSurface {
    /// `url` as the simulator's ready file gives it: with the folder `/_sim` or without.
    pub(super) fn new(url: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .proxy(None)
            .build()
            .new_agent();
        let url = url.trim_end_matches('/').trim_end_matches("/_sim").to_owned();
        Self { url, agent }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn read<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let what = format!("GET {}{path}", self.url);
        let answer = self.agent.get(format!("{}{path}", self.url)).call();
        understand(&what, answer)
    }

    pub(super) fn order<T: DeserializeOwned>(&self, path: &str, body: &Value) -> anyhow::Result<T> {
        let what = format!("POST {}{path}", self.url);
        let answer = self.agent.post(format!("{}{path}", self.url)).send_json(body);
        understand(&what, answer)
    }
}

fn understand<T: DeserializeOwned>(
    what: &str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> anyhow::Result<T> {
    let mut answer = answer.with_context(|| format!("{what} failed"))?;
    let text = answer.body_mut().read_to_string().with_context(|| format!("{what} broke off"))?;
    if !answer.status().is_success() {
        bail!("{what} answered {}: {text}", answer.status());
    }
    serde_json::from_str(&text).with_context(|| format!("{what} answered something else: {text}"))
}
