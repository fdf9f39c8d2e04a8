//! Keeps one plugin alive: started, served, and started again after each death.

use std::sync::Arc;
use std::time::Duration;

use ecm_core::source::{SourceError, SourceFailure};
use source_plugin::HealthState;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::backoff::Backoff;
use super::caller::{Caller, State, Told};
use super::launch::Launch;
use super::life::{Introduction, Life, LifeEnd, Pace};

/// Calls open at once.
pub const IN_FLIGHT: usize = 16;

/// Everything needed to run a plugin again and again.
pub struct Plugin {
    /// Name of its vault in the configuration.
    pub vault: String,
    /// How it is started.
    pub launch: Launch,
    /// How it is greeted.
    pub introduction: Introduction,
    /// How long it is waited for.
    pub pace: Pace,
}

/// A plugin that is kept alive. Dropping it kills the process.
pub struct Kept {
    caller: Caller,
    health: watch::Receiver<HealthState>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Kept {
    /// Starts the plugin and keeps it alive. Must be called within a runtime.
    #[must_use]
    pub fn start(plugin: Plugin) -> Self {
        let (orders, to_do) = mpsc::unbounded_channel();
        let (tell_state, state) = watch::channel(State::Starting);
        let (tell_health, health) = watch::channel(HealthState::Up);
        let (stop, stopped) = watch::channel(false);
        let caller = Caller {
            vault: plugin.vault.clone(),
            orders,
            places: Arc::new(Semaphore::new(IN_FLIGHT)),
            state,
            patience: plugin.pace.call,
        };
        let task = tokio::spawn(keep(plugin, to_do, tell_state, tell_health, stopped));
        Self { caller, health, stop, task }
    }

    /// Asks the plugin.
    #[must_use]
    pub fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// What the plugin last said of its health.
    #[must_use]
    pub fn health(&self) -> HealthState {
        self.health.borrow().clone()
    }

    /// Ends the plugin in good order, or kills it.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let mut state = self.caller.state.clone();
        // An error means that the keeper is gone, and the process with it.
        let _ = state.wait_for(|state| matches!(state, State::Stopped)).await;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(
    plugin: Plugin,
    mut orders: UnboundedReceiver<Told>,
    state: watch::Sender<State>,
    health: watch::Sender<HealthState>,
    mut stop: watch::Receiver<bool>,
) {
    let mut backoff = Backoff::default();
    let vault = plugin.vault.as_str();
    loop {
        state.send_replace(State::Starting);
        let began = Instant::now();
        let end = live(&plugin, &mut orders, &state, &health, &mut stop).await;
        if matches!(end, LifeEnd::Stopped) {
            break;
        }
        let why = end.to_string();
        let wait = backoff.after(began.elapsed());
        tracing::warn!(vault, why, again_in_ms = millis(wait), "the plugin is not there");
        state.send_replace(State::Waiting { why: why.clone() });
        tokio::select! {
            () = sleep(wait) => {}
            () = refuse(&mut orders, &why) => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    state.send_replace(State::Stopped);
}

/// One life from start to end.
async fn live(
    plugin: &Plugin,
    orders: &mut UnboundedReceiver<Told>,
    state: &watch::Sender<State>,
    health: &watch::Sender<HealthState>,
    stop: &mut watch::Receiver<bool>,
) -> LifeEnd {
    let vault = plugin.vault.as_str();
    let mut life = match Life::begin(vault, &plugin.launch, plugin.pace.write) {
        Ok(life) => life,
        Err(end) => return end,
    };
    let last_words = life.last_words();
    let greeted = tokio::select! {
        greeted = life.greet(&plugin.introduction, plugin.pace.greeting) => greeted,
        _ = stop.wait_for(|stop| *stop) => Err(LifeEnd::Stopped),
    };
    let end = match greeted {
        Ok(abilities) => {
            let (process, version) = (abilities.process, abilities.version.as_str());
            tracing::info!(vault, process, version, "the plugin serves");
            state.send_replace(State::Ready(Arc::new(abilities)));
            life.serve(orders, stop, &plugin.pace, |said| {
                health.send_replace(said.clone());
            })
            .await
        }
        Err(end) => end,
    };
    let how = life.end().await;
    match end {
        LifeEnd::Ended { .. } => {
            let said = last_words.lines().pop().map(|line| format!("; it said: {line}"));
            LifeEnd::Ended { how: format!("{how}{}", said.unwrap_or_default()) }
        }
        end => end,
    }
}

/// Answers whoever asks a plugin that is dead.
async fn refuse(orders: &mut UnboundedReceiver<Told>, why: &str) {
    while let Some(told) = orders.recv().await {
        if let Told::Order(order) = told {
            let words = format!("the plugin is not there: {why}");
            let _ = order.owed.reply.send(Err(SourceError::new(SourceFailure::Unreachable, words)));
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
