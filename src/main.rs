//! The `parure` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    allocator::bound_arenas();
    parure::cli::main()
}

/// The system's allocator, told to keep a long run's memory small.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod allocator {
    /// Heaps that all threads share. The GNU C library gives every thread one of its own, up to eight a core. Pictures are
    /// taken by one thread and given back by another, and what is free in one thread's heap is of no use to the others.
    const ARENAS: libc::c_int = 1;

    /// Must be called before there are other threads.
    pub fn bound_arenas() {
        // SAFETY: mallopt(3) takes two numbers by value, no pointers, and keeps none. It is called first thing in `main`,
        // while there is one thread only, so that nothing allocates at the same time. A parameter or value that it does not
        // know it refuses by returning 0 and changes nothing; then memory is merely less flat.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, ARENAS);
        }
    }
}
