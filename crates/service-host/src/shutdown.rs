//! When to stop: signals of the operating system, and what systemd wants to hear.

use std::io;

/// Waits for requests to stop.
#[derive(Debug)]
pub struct StopSignals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl StopSignals {
    /// Starts to listen; from here on these signals no longer end the process by themselves.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one and names it.
    #[cfg(unix)]
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// Starts to listen.
    ///
    /// # Errors
    ///
    /// None on this system.
    #[cfg(not(unix))]
    pub fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next one and names it.
    #[cfg(not(unix))]
    pub async fn next(&mut self) -> &'static str {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            // Without a handler there is nothing to wait for; the process is ended from outside.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Tells systemd that the service is up. Does nothing elsewhere.
pub fn tell_ready() {
    #[cfg(target_os = "linux")]
    tell(&[sd_notify::NotifyState::Ready]);
}

/// Tells systemd that the service is stopping, and how long it may take.
pub fn tell_stopping(grace: std::time::Duration) {
    #[cfg(target_os = "linux")]
    {
        let extend = u32::try_from(grace.as_micros()).unwrap_or(u32::MAX);
        tell(&[
            sd_notify::NotifyState::Stopping,
            sd_notify::NotifyState::ExtendTimeoutUsec(extend),
        ]);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = grace;
}

#[cfg(target_os = "linux")]
fn tell(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}
