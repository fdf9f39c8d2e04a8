//! Traces for whoever has a collector: OTLP over HTTP, when the configuration has `[traces]`.
//!
//! What is sent is the spans that the log knows too: the site's question with its reference, and
//! each call to a vault with its name, try, status and time. No event, no name of a person and no
//! secret goes there.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use service_host::logging::SpanLayer;
use url::Url;

/// How long the collector may take for what it is sent.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the collector may take for what is left at the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracesConfig {
    /// The collector's address for traces, as `http://127.0.0.1:4318/v1/traces`.
    pub endpoint: Url,
    /// Of how many questions one is traced, 1 for all.
    pub one_in: u32,
}

/// The way to the collector. What is still under way is sent by [`close`](Self::close).
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to collect. Must be called outside of an asynchronous runtime; nothing is sent before
    /// there is something to send, and a collector that is away is told of in the log.
    ///
    /// # Errors
    ///
    /// When there can be no client for this address.
    pub fn begin(config: &TracesConfig) -> Result<(Self, SpanLayer), ExporterBuildError> {
        // To the collector that was named, and nowhere else.
        let client = reqwest::blocking::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .map_err(|error| ExporterBuildError::InternalFailure(error.to_string()))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(config.endpoint.as_str())
            .with_timeout(PATIENCE)
            .build()?;
        let share = 1.0 / f64::from(config.one_in.max(1));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share))))
            .with_resource(
                Resource::builder_empty()
                    .with_service_name("ecm-service")
                    .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
                    .build(),
            )
            .build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("ecm-service"))
            .with_location(false)
            .with_threads(false);
        Ok((Self(provider), Box::new(layer)))
    }

    /// Sends what is left, and ends.
    pub fn close(self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST_WORDS) {
            tracing::debug!(%error, "the collector did not take the last traces");
        }
    }
}
