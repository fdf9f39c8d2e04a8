//! What a card was asked and what it answered, as the card itself saw it.

use std::sync::{Arc, Mutex};

use card_sim::Event;

/// Commands and responses, whole. Test cards only: PINs are in them.
#[derive(Clone, Default)]
pub(crate) struct Recording(Arc<Mutex<Vec<Exchange>>>);

/// A command and its response.
type Exchange = (Vec<u8>, Vec<u8>);

impl Recording {
    pub(crate) fn listener(&self) -> impl FnMut(&Event<'_>) + Send + 'static {
        let exchanges = Arc::clone(&self.0);
        move |event| {
            if let Event::Answered { command, response, .. } = event {
                let exchange = (command.bytes().to_vec(), response.bytes().to_vec());
                exchanges.lock().unwrap().push(exchange);
            }
        }
    }

    /// What was recorded since the last call, as lines of hexadecimal.
    pub(crate) fn take(&self) -> Vec<String> {
        let exchanges = std::mem::take(&mut *self.0.lock().unwrap());
        exchanges.iter().map(|(asked, said)| format!("{} -> {}", hex(asked), hex(said))).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
