//! Ctrl-C and the request to end: the first finishes what is in flight, the second ends at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Exit;

/// A flag that the first signal sets.
pub fn stop_on_signals() -> Result<Arc<AtomicBool>, Exit> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // In this order: the flag is still unset when the first signal asks whether to end at once.
        let register = signal_hook::flag::register_conditional_shutdown(signal, 75, stop.clone())
            .and_then(|_| signal_hook::flag::register(signal, stop.clone()));
        register.map_err(|error| Exit::usage(format!("signals cannot be handled: {error}")))?;
    }
    Ok(stop)
}
