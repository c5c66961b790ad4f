//! Finding ONNX Runtime. The library is not linked: it is looked for when the program runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::{Environment, GlobalThreadPoolOptions};
use ort::ep::ExecutionProviderDispatch;
use ort::logging::LogLevel;

/// Why there is no ONNX Runtime.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum NoLibrary {
    /// Nobody asked for a certain library, and none is where libraries usually are.
    #[error("no ONNX Runtime library was found; give its path with --ort-lib or ORT_DYLIB_PATH")]
    NotFound,
    /// A library that was asked for, or that lies where libraries usually are, cannot be used.
    #[error("ONNX Runtime cannot be used: {0}; a library of version 1.{min} or newer is needed", min = ort::MINOR_VERSION)]
    Unusable(String),
}

/// One environment, with one pool of threads for all sessions: ONNX Runtime allows no more in a process. The first
/// caller's library and thread count stay.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// Loads the library and starts its environment; the given path only, else `ORT_DYLIB_PATH` only, else the places
/// where the system's loader looks for libraries, and the program's own folder.
pub(super) fn environment(given: Option<&Path>, threads: usize) -> Result<Environment, NoLibrary> {
    let mut slot = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = &*slot {
        return Ok(environment.clone());
    }
    let named = given.map(PathBuf::from).or_else(|| {
        let path = std::env::var_os("ORT_DYLIB_PATH")?;
        (!path.is_empty()).then(|| PathBuf::from(path))
    });
    let environment = match named {
        Some(path) => start(&path, threads)?,
        None => start_usual(threads)?,
    };
    Ok(slot.insert(environment).clone())
}

fn start_usual(threads: usize) -> Result<Environment, NoLibrary> {
    let mut failure = NoLibrary::NotFound;
    for name in usual_names() {
        match start(Path::new(name), threads) {
            // A library that is there but unusable is worth telling of, even when others are not there at all.
            Err(NoLibrary::NotFound) => {}
            Err(unusable) => failure = unusable,
            Ok(environment) => return Ok(environment),
        }
    }
    Err(failure)
}

fn usual_names() -> &'static [&'static str] {
    if cfg!(target_os = "windows") {
        &["onnxruntime.dll"]
    } else if cfg!(target_os = "macos") {
        &[
            "libonnxruntime.dylib",
            "/opt/homebrew/lib/libonnxruntime.dylib",
            "/usr/local/lib/libonnxruntime.dylib",
        ]
    } else {
        &["libonnxruntime.so", "libonnxruntime.so.1"]
    }
}

fn start(path: &Path, threads: usize) -> Result<Environment, NoLibrary> {
    // A bare name is for the loader to find; a path that is one must lead to a file.
    let bare = path.components().count() == 1 && !path.is_file();
    let path = if bare {
        path.to_owned()
    } else {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    };
    // The crate asserts that a library with ONNX Runtime's entry point answers as ONNX Runtime does.
    let builder = std::panic::catch_unwind(|| ort::init_from(&path))
        .unwrap_or_else(|_| Err(ort::LoadDynamicError::MissingApi { path: path.clone() }));
    let builder = match builder {
        Ok(builder) => builder,
        Err(ort::LoadDynamicError::Dlopen { .. }) if bare => return Err(NoLibrary::NotFound),
        Err(error) => return Err(NoLibrary::Unusable(error.to_string())),
    };
    let unusable = |error: ort::Error| NoLibrary::Unusable(format!("{}: {error}", path.display()));
    let pool = GlobalThreadPoolOptions::default()
        .with_intra_threads(threads)
        // Between two models much else is done with these cores.
        .and_then(|pool| pool.with_spin_control(false))
        .map_err(unusable)?;
    builder
        .with_name("parure")
        .with_telemetry(false)
        .with_global_thread_pool(pool)
        .with_execution_providers(execution_providers())
        .with_logger(Arc::new(log))
        .build()
        .map_err(unusable)
}

/// Accelerators in the order in which they are tried; what none of them takes, the CPU does.
#[allow(clippy::vec_init_then_push, unused_mut)]
fn execution_providers() -> Vec<ExecutionProviderDispatch> {
    let mut providers = Vec::new();
    #[cfg(feature = "tensorrt")]
    providers.push(ort::ep::TensorRT::default().build());
    #[cfg(feature = "cuda")]
    providers.push(ort::ep::CUDA::default().build());
    #[cfg(feature = "directml")]
    providers.push(ort::ep::DirectML::default().build());
    #[cfg(feature = "coreml")]
    providers.push(ort::ep::CoreML::default().build());
    // A model runs once a photograph: what its run took is better given back than kept in an arena for the next.
    providers.push(ort::ep::CPU::default().with_arena_allocator(false).build());
    providers
}

/// ONNX Runtime's own log, of which even the warnings are for its developers.
fn log(level: LogLevel, _category: &str, _id: &str, _location: &str, message: &str) {
    match level {
        LogLevel::Error | LogLevel::Fatal => tracing::warn!("ONNX Runtime: {message}"),
        LogLevel::Warning => tracing::debug!("ONNX Runtime: {message}"),
        LogLevel::Verbose | LogLevel::Info => tracing::trace!("ONNX Runtime: {message}"),
    }
}
