//! `parure accuracy FOLDER --seam`: the pass over the seam instead of placement.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::accuracy::AccuracyArgs;
use super::{Exit, Global};
use crate::accuracy::{self, seam};
use crate::infer::{self, Backend, Engine, InferOptions};
use crate::inpaint::{Choice, Painter};

/// Where the measured tables begin in a page that is written over; what stands before is kept.
const MARK: &str = "<!-- measured -->";
/// Shadows of each scene in pairs to train on.
const SHADOWS: u32 = 8;

pub fn run(global: &Global, args: &AccuracyArgs) -> Result<(), Exit> {
    let engine = global.engine()?;
    let all = accuracy::scenes(&args.folder).map_err(|e| fail(&args.folder, &e))?;
    let named = |path: &&PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        name.contains(args.scene.as_str())
    };
    let all: Vec<&PathBuf> = all.iter().filter(named).collect();
    if let Some(folder) = &args.pairs {
        return pairs(&all, engine.as_ref(), folder);
    }
    let choice = Choice::Band {
        path: args.band.clone(),
        steps: None,
    };
    let painter = open(&choice, &engine)?;
    let other = other(global, engine.name()).map(|other| open(&choice, &other));
    let other = other.transpose()?;
    let (embedded, ort) = match &other {
        Some(other) if engine.name() == "ort" => (other, Some(&painter)),
        other => (&painter, other.as_ref()),
    };
    let ort = ort.map(|painter| painter.as_ref());
    if let Some(folder) = &args.pictures {
        std::fs::create_dir_all(folder).map_err(|e| fail(folder, &e))?;
    }
    let (mut scenes, mut costs) = (Vec::new(), Vec::new());
    for path in all {
        match seam::measure(path, engine.as_ref(), painter.as_ref(), other.as_deref()) {
            Ok(None) => eprintln!("{}: no skin around its jewelry", path.display()),
            Ok(Some((scene, pictures))) => {
                eprintln!("{}", seam::line(&scene));
                if let Some(folder) = &args.pictures {
                    let file = folder.join(format!("{}.png", scene.name));
                    pictures.side_by_side().save(&file).map_err(|e| fail(&file, &e))?;
                }
                scenes.push(scene);
            }
            Err(error) => eprintln!("{}: {error}", path.display()),
        }
        if args.time {
            let cost = seam::cost(path, engine.as_ref(), embedded.as_ref(), ort);
            costs.extend(cost.map_err(|e| fail(path, &e))?);
        }
    }
    if scenes.is_empty() {
        return Err(fail(&args.folder, &"no scene could be measured"));
    }
    print!("{}", seam::table(&scenes, &costs));
    if let Some(page) = &args.write {
        let before = std::fs::read_to_string(page).unwrap_or_default();
        let text = before.split(MARK).next().unwrap_or_default();
        let measured = seam::markdown(&scenes, &costs);
        std::fs::write(page, format!("{text}{MARK}\n\n{measured}")).map_err(|e| fail(page, &e))?;
    }
    Ok(())
}

/// The pairs of all scenes, and `scale.csv`: name, pixels per millimetre.
fn pairs(scenes: &[&PathBuf], engine: &dyn Engine, folder: &Path) -> Result<(), Exit> {
    std::fs::create_dir_all(folder).map_err(|e| fail(folder, &e))?;
    let list = folder.join("scale.csv");
    let mut file = std::fs::File::create(&list).map_err(|e| fail(&list, &e))?;
    for path in scenes {
        match seam::write_pairs(path, engine, folder, SHADOWS) {
            Ok(None) => eprintln!("{}: no skin around its jewelry", path.display()),
            Ok(Some((name, px_per_mm))) => {
                writeln!(file, "{name},{px_per_mm:.4}").map_err(|e| fail(&list, &e))?;
            }
            Err(error) => eprintln!("{}: {error}", path.display()),
        }
    }
    Ok(())
}

fn open(choice: &Choice, engine: &Arc<dyn Engine>) -> Result<Arc<dyn Painter>, Exit> {
    let painter = choice.open(engine).map_err(Exit::usage)?;
    painter.ok_or_else(|| Exit::usage("nothing repaints".to_owned()))
}

/// The backend that is not used, where it can be had.
fn other(global: &Global, used: &str) -> Option<Arc<dyn Engine>> {
    let options = InferOptions {
        backend: if used == "ort" {
            Backend::Rten
        } else {
            Backend::Ort
        },
        ort_lib: global.ort_lib.clone(),
        models_dir: global.models.clone(),
        ..InferOptions::default()
    };
    infer::open(&options).ok()
}

fn fail(what: &Path, why: &dyn std::fmt::Display) -> Exit {
    Exit::usage(format!("{}: {why}", what.display()))
}
