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
    /// Pictures of many sizes leave gaps that no other fits into, and the heap grows for as long as a run takes. From this
    /// many bytes in all on, the gaps' pages go back to the system, ...
    const FULL: u64 = 300 << 20;
    /// ... if gaps and program take this many: with large pictures there would be no end to it otherwise.
    const GAPS: u64 = 144 << 20;
    /// How often to look.
    const LOOK: Duration = Duration::from_millis(100);

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
            while let Some(resident) = resident() {
                if resident > FULL.max(GAPS.saturating_add(in_use())) {
                    // SAFETY: malloc_trim(3) is safe to call from any thread at any time; it takes a number by value,
                    // locks each heap like an allocation does, and gives back only pages that hold nothing.
                    unsafe {
                        libc::malloc_trim(0);
                    }
                }
                std::thread::sleep(LOOK);
            }
        });
    }

    /// Bytes that the heap lends out.
    fn in_use() -> u64 {
        // SAFETY: mallinfo2(3) takes nothing, locks each heap like an allocation does, and gives numbers by value.
        let info = unsafe { libc::mallinfo2() };
        (info.uordblks + info.hblkhd) as u64
    }

    /// Bytes of memory that the process has (proc(5): the second field of `statm`, in pages).
    fn resident() -> Option<u64> {
        let text = std::fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
        // SAFETY: sysconf(3) takes and gives a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        Some(pages.saturating_mul(u64::try_from(page).ok()?))
    }
}
