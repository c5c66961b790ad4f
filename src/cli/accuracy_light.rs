//! `parure accuracy FOLDER --light`: light and contact instead of placement.

use std::path::PathBuf;

use super::accuracy::AccuracyArgs;
use super::{Exit, Global};
use crate::accuracy::{self, light};

/// Where the measured tables begin in a page that is written over; what stands before is kept.
const MARK: &str = "<!-- measured -->";

pub fn run(global: &Global, args: &AccuracyArgs) -> Result<(), Exit> {
    let fail = |what: &std::path::Path, why: &dyn std::fmt::Display| {
        Exit::usage(format!("{}: {why}", what.display()))
    };
    let engine = global.engine()?;
    let all = accuracy::scenes(&args.folder).map_err(|e| fail(&args.folder, &e))?;
    let named = |path: &PathBuf| {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        name.contains(args.scene.as_str())
    };
    if let Some(folder) = &args.pictures {
        std::fs::create_dir_all(folder).map_err(|e| fail(folder, &e))?;
    }
    let (mut scenes, mut speeds) = (Vec::new(), Vec::new());
    for path in all.iter().filter(|p| named(p)) {
        match light::measure(path, engine.as_ref()) {
            Ok((scene, picture)) => {
                eprintln!("{}", light::line(&scene));
                if let Some(folder) = &args.pictures {
                    let file = folder.join(format!("{}.png", scene.name));
                    picture.save(&file).map_err(|e| fail(&file, &e))?;
                }
                scenes.push(scene);
            }
            Err(error) => eprintln!("{}: {error}", path.display()),
        }
        if args.time {
            speeds.extend(light::time(path, engine.as_ref()).map_err(|e| fail(path, &e))?);
        }
    }
    if scenes.is_empty() {
        return Err(fail(&args.folder, &"no scene could be measured"));
    }
    print!("{}", light::table(&scenes, &speeds));
    if let Some(page) = &args.write {
        let before = std::fs::read_to_string(page).unwrap_or_default();
        let text = before.split(MARK).next().unwrap_or_default();
        let measured = light::markdown(&scenes, &speeds);
        std::fs::write(page, format!("{text}{MARK}\n\n{measured}")).map_err(|e| fail(page, &e))?;
    }
    Ok(())
}
