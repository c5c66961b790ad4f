//! `parure try`: one product on every photograph that is named.

mod also;
mod args;
mod inpaint;
mod job;
mod result;

pub use args::TryArgs;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::ordered::Ordered;
use super::{Exit, Global, files};
use crate::fit::Controls;
use crate::imaging::{Limits, open_cutout};
use crate::locate::Wants;
use crate::pipeline::Pipeline;
use crate::product::{self, Facts, Kind};
use job::{Job, LookPiece};
use result::{Status, TryResult};

pub fn run(global: &Global, args: &TryArgs) -> Result<(), Exit> {
    let photos = files::photographs(&args.photos)?;
    let limits = Limits::default();
    let kinds = std::iter::once(args.kind).chain(args.also.iter().map(|also| also.kind));
    let models = Wants::for_kinds(kinds.map(Kind::from)).models();
    // Loading the models takes about as long as reading the products and the first photograph: side by side.
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| {
            let engine = global.engine()?;
            let loading = engine.clone();
            scope.spawn(move || loading.prepare(&models));
            Ok(engine)
        });
        let look = read_look(args, &limits)?;
        for folder in [Some(&args.output), args.layers.as_ref()].into_iter().flatten() {
            Exit::create_folder(folder)?;
        }
        let engine = opening
            .join()
            .unwrap_or_else(|_| Err(Exit::usage("the models cannot be opened: the loader panicked")))?;
        dress_all(args, &photos, &look, &Pipeline { engine, limits })
    })
}

fn read_look(args: &TryArgs, limits: &Limits) -> Result<Vec<LookPiece>, Exit> {
    let mut look = vec![read_piece(
        &args.product,
        args.kind.into(),
        &args.facts(),
        args.controls()?,
        limits,
    )?];
    for also in &args.also {
        let controls = Controls {
            finger: also.finger,
            ..Controls::default()
        };
        look.push(read_piece(
            &also.product,
            also.kind.into(),
            &also.facts,
            controls,
            limits,
        )?);
    }
    Ok(look)
}

fn dress_all(
    args: &TryArgs,
    photos: &[PathBuf],
    look: &[LookPiece],
    pipeline: &Pipeline,
) -> Result<(), Exit> {
    let painter = args.inpaint().open(&pipeline.engine).map_err(Exit::usage)?;
    let job = Job {
        args,
        pipeline,
        painter: painter.as_deref(),
        look,
        settings: args.settings(),
    };

    let all_done = AtomicBool::new(true);
    let broken_output = std::sync::Mutex::new(None);
    let teller = Ordered::new(|(result, try_again): (TryResult, Option<Exit>)| {
        if result.status == Status::Failed {
            all_done.store(false, Ordering::Relaxed);
        }
        let told = tell(&result, args.json).err();
        if let Some(exit) = try_again.or(told)
            && let Ok(mut slot) = broken_output.lock()
        {
            slot.get_or_insert(exit);
        }
    });
    let names = files::unique_stems(photos);
    photos
        .par_iter()
        .zip(&names)
        .enumerate()
        .for_each(|(index, (photo, name))| {
            teller.push(index, job.run(photo, name));
        });
    drop(teller);

    if let Some(exit) = broken_output.into_inner().unwrap_or_default() {
        return Err(exit);
    }
    if all_done.into_inner() {
        Ok(())
    } else {
        Err(Exit::SomeFailed)
    }
}

fn read_piece(
    product: &Path,
    kind: Kind,
    facts: &Facts,
    controls: Controls,
    limits: &Limits,
) -> Result<LookPiece, Exit> {
    let bad = |error: String| Exit::usage(format!("{}: {error}", product.display()));
    let cutout = open_cutout(product, limits).map_err(|error| Exit::usage(error.to_string()))?;
    let piece = product::read(&cutout, kind, facts).map_err(|error| bad(error.to_string()))?;
    Ok(LookPiece {
        product: product.to_path_buf(),
        piece,
        controls,
    })
}

/// One line per photo: JSON on stdout, or a sentence (failures on stderr).
fn tell(result: &TryResult, json: bool) -> Result<(), Exit> {
    let line = if json {
        serde_json::to_string(result).map_err(|e| Exit::usage(format!("cannot print the result: {e}")))?
    } else if result.status == Status::Failed {
        eprintln!("error: {}", result.sentence());
        return Ok(());
    } else {
        result.sentence()
    };
    writeln!(std::io::stdout(), "{line}").map_err(|error| Exit::stdout(&error))
}
