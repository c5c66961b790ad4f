//! The fuzz targets on mutated seeds, for machines without a fuzzer: flipped, cut, doubled and spliced inputs.
//!
//! A few seconds here; for a night `PARURE_FUZZ_SECONDS=600 cargo test --test hostile_bytes`. What makes a target panic
//! is written to the temporary folder and named.

#[path = "fuzz/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Numbers by chance that are the same every time (SplitMix64, Steele et al. 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

fn seeds(folders: &[&str]) -> Vec<Vec<u8>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(home.join(folder)).expect("seeds"))
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| std::fs::read(path).expect("seed"))
        .collect()
}

/// Words that mean something to the readers, so that chance gets past their first checks.
const WORDS: [&[u8]; 20] = [
    b"\xff\xd8",
    b"\xff\xc0\x00\x11",
    b"\xff\xda",
    b"IHDR",
    b"IDAT",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x00",
    b"VP8L",
    b"ICCP",
    b"&a ",
    b"*a",
    b"{",
    b"[",
    b": ",
    b"\n  - ",
    b".nan",
    b"../",
    b"-1",
    b"1e309",
    b"\xc3\xa9",
];

fn mutated(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(6) {
        let at = chance.below(bytes.len());
        match chance.below(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << chance.below(8),
            1 if !bytes.is_empty() => bytes[at] = chance.next() as u8,
            2 => bytes.truncate(at),
            3 => {
                let end = (at + chance.below(64)).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let end = (at + chance.below(64)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = chance.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            5 => {
                let other = &seeds[chance.below(seeds.len())];
                let from = chance.below(other.len());
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            _ => {
                let word = WORDS[chance.below(WORDS.len())];
                bytes.splice(at..at, word.iter().copied());
            }
        }
    }
    bytes.truncate(1 << 16);
    bytes
}

/// Feeds a target for the time given; ends at the first input that makes it panic or take longer than ten seconds.
fn feed(name: &str, folders: &[&str], target: impl Fn(&[u8])) {
    let seconds = std::env::var("PARURE_FUZZ_SECONDS").map_or(3, |s| s.parse().expect("seconds"));
    let (seeds, mut chance) = (seeds(folders), Chance(20_260_101));
    let start = Instant::now();
    let mut inputs = 0u64;
    for seed in &seeds {
        target(seed);
    }
    while start.elapsed() < Duration::from_secs(seconds) {
        let bytes = mutated(&seeds, &mut chance);
        let before = Instant::now();
        let end = catch_unwind(AssertUnwindSafe(|| target(&bytes)));
        let took = before.elapsed();
        if end.is_err() || took > Duration::from_secs(10) {
            let path = std::env::temp_dir().join(format!("parure-{name}-{}", std::process::id()));
            std::fs::write(&path, &bytes).expect("written");
            panic!("{name}: input {inputs} ({took:?}) is in {}", path.display());
        }
        inputs += 1;
    }
    println!("{name}: {inputs} inputs in {:?}", start.elapsed());
    assert!(inputs > 0);
}

#[test]
fn presets() {
    let folder = tempfile::tempdir().expect("temp folder");
    feed("preset", &["tests/fuzz/corpus/preset"], |bytes| {
        targets::preset(bytes, folder.path())
    });
}

#[test]
fn decoders() {
    feed(
        "decoder",
        &["tests/fuzz/corpus/decoder", "tests/decode/files"],
        targets::decoder,
    );
}

#[test]
fn products() {
    feed("product", &["tests/fuzz/corpus/product"], targets::product);
}
