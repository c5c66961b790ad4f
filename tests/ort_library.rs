//! What happens when the ONNX Runtime library that is given is none. (One that is one stays for the whole process, so
//! tests with it are elsewhere.)

use std::path::{Path, PathBuf};

use parure::infer::{Backend, InferError, InferOptions, open};

fn options(backend: Backend, library: &Path) -> InferOptions {
    InferOptions {
        backend,
        ort_lib: Some(library.to_owned()),
        ..InferOptions::default()
    }
}

/// By name it is an error that names the file; in `auto` the embedded backend steps in.
fn assert_unusable(library: &Path, why: &str) {
    match open(&options(Backend::Ort, library)) {
        Err(InferError::Backend(message)) => {
            let name = library.file_name().unwrap().to_str().unwrap();
            assert!(message.contains(name) && message.contains(why), "{message}");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("{} was taken for ONNX Runtime", library.display()),
    }
    assert_eq!(open(&options(Backend::Auto, library)).unwrap().name(), "rten");
}

#[test]
fn a_text_file_a_missing_file_and_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("libonnxruntime.so");
    std::fs::write(&text, "not a library").unwrap();
    assert_unusable(&text, "failed to load");
    assert_unusable(&folder.path().join("missing.so"), "failed to load");
    assert_unusable(folder.path(), "failed to load");
}

#[cfg(target_os = "linux")]
#[test]
fn another_library() {
    // The C library's file, wherever this system keeps it.
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let line = maps
        .lines()
        .find(|l| l.contains("/libc.so") || l.contains("/libc-2") || l.contains("/ld-musl"))
        .unwrap();
    let library = PathBuf::from(&line[line.find('/').unwrap()..]);
    assert_unusable(&library, "OrtGetApiBase");
}

#[test]
fn the_embedded_backend_needs_no_library() {
    let options = InferOptions {
        backend: Backend::Rten,
        ..InferOptions::default()
    };
    assert_eq!(open(&options).unwrap().name(), "rten");
}
