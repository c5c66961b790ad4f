use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Global, files};
use crate::imaging::{Encoding, Limits, Pixels, encode, write_atomic};
use crate::locate::overlay::overlay;
use crate::locate::report::report;
use crate::locate::{Anatomy, Side, Wants};
use crate::pipeline::{Located, Pipeline};

#[derive(Debug, Args)]
pub struct LocateArgs {
    /// Photographs or folders of them
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    /// Print one JSON object per photo and line
    #[arg(long)]
    json: bool,
    /// Draw what was found: a picture for one photo, a folder for several
    #[arg(long, value_name = "PNG")]
    overlay: Option<PathBuf>,
}

pub fn run(global: &Global, args: &LocateArgs) -> Result<(), Exit> {
    let photos = files::photographs(&args.photos)?;
    let names = files::unique_stems(&photos);
    let pipeline = Pipeline {
        engine: global.engine()?,
        limits: Limits::default(),
    };
    let mut failed = false;
    for (path, name) in photos.iter().zip(&names) {
        match pipeline.open(path, Wants::ALL) {
            Ok(located) => {
                tell(path, &located, args.json)?;
                if let Some(target) = &args.overlay {
                    let target = if photos.len() > 1 {
                        target.join(format!("{name}.png"))
                    } else {
                        target.clone()
                    };
                    draw(&located, &target)?;
                }
            }
            Err(error) => {
                eprintln!("error: {}: {error}", path.display());
                failed = true;
            }
        }
    }
    if failed { Err(Exit::SomeFailed) } else { Ok(()) }
}

fn tell(path: &Path, located: &Located, json: bool) -> Result<(), Exit> {
    let text = if json {
        let report = report(&path.display().to_string(), &located.anatomy);
        serde_json::to_string(&report)
            .map_err(|error| Exit::usage(format!("cannot print the report: {error}")))?
    } else {
        format!("{}: {}", path.display(), summary(&located.anatomy))
    };
    writeln!(std::io::stdout(), "{text}").map_err(|error| Exit::stdout(&error))
}

/// What was found, in a line for people.
fn summary(anatomy: &Anatomy) -> String {
    let mut found = Vec::new();
    for face in &anatomy.faces {
        let ears = [("left", &face.ears.left), ("right", &face.ears.right)]
            .into_iter()
            .filter(|(_, ear)| ear.hidden_by.is_none())
            .map(|(side, _)| side)
            .collect::<Vec<_>>();
        let ears = if ears.is_empty() {
            "no ear in view".into()
        } else {
            format!("{} ear in view", ears.join(" and "))
        };
        found.push(format!(
            "face turned {:.0}\u{b0} ({:.1} px per mm, {ears})",
            face.pose.yaw_deg, face.px_per_mm
        ));
    }
    if let Some(neck) = &anatomy.neck {
        found.push(format!("neck ({:.1} px per mm)", neck.px_per_mm));
    }
    for hand in &anatomy.hands {
        let side = match hand.handedness {
            Side::Left => "left",
            Side::Right => "right",
        };
        found.push(format!("{side} hand ({:.1} px per mm)", hand.px_per_mm));
    }
    if found.is_empty() {
        "nobody found".into()
    } else {
        found.join("; ")
    }
}

fn draw(located: &Located, target: &Path) -> Result<(), Exit> {
    let picture = overlay(&located.photo.pixels, &located.anatomy);
    if let Some(folder) = target.parent() {
        Exit::create_folder(folder)?;
    }
    encode(Pixels::Rgb(&picture), Encoding::Png, None)
        .and_then(|bytes| write_atomic(target, &bytes))
        .map_err(|error| Exit::picture(&error))
}
