//! The `parure` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    allocator::keep_small();
    parure::cli::main()
}

/// The system's allocator, told to keep a long run's memory small.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod allocator {
    use std::time::Duration;

    /// Heaps that all threads share. The GNU C library gives every thread one of its own, up to eight a core. Pictures are
    /// taken by one thread and given back by another, and what is free in one thread's heap is of no use to the others.
    const ARENAS: libc::c_int = 1;
    /// Pictures of many sizes leave gaps that no other fits into, and the heap grows for as long as a run takes: at these
    /// intervals the gaps' pages go back to the system.
    const TRIM: Duration = Duration::from_secs(4);

    /// Must be called before there are other threads.
    pub fn keep_small() {
        // SAFETY: mallopt(3) takes two numbers by value, no pointers, and keeps none. It is called first thing in `main`,
        // while there is one thread only, so that nothing allocates at the same time. A parameter or value that it does not
        // know it refuses by returning 0 and changes nothing; then memory is merely less flat.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, ARENAS);
        }
        // A thread that cannot be had costs memory alone.
        let _ = std::thread::Builder::new().name("trim".into()).spawn(|| {
            loop {
                std::thread::sleep(TRIM);
                // SAFETY: malloc_trim(3) is safe to call from any thread at any time; it takes a number by value, locks
                // each heap like an allocation does, and gives back only pages that hold nothing.
                unsafe {
                    libc::malloc_trim(0);
                }
            }
        });
    }
}
