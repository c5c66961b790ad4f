//! `--inpaint off`, `--inpaint band[=FILE][,steps=N]`, `--inpaint sd=DIR[,NAME=VALUE…]`.

use std::path::PathBuf;
use std::str::FromStr;

use crate::inpaint::Choice;
use crate::inpaint::sd::{SchedulerKind, SdSettings};

/// The engine as the command line names it; prompts have options of their own, for they hold commas.
#[derive(Debug, Clone, PartialEq)]
pub struct InpaintArg(pub Choice);

impl FromStr for InpaintArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',');
        let first = parts.next().unwrap_or_default().trim();
        let (engine, path) = match first.split_once('=') {
            Some((engine, path)) => (engine.trim(), Some(PathBuf::from(path.trim()))),
            None => (first, None),
        };
        let path = path.filter(|path| !path.as_os_str().is_empty());
        let mut choice = match (engine, path) {
            ("off", None) => Choice::Off,
            ("band", path) => Choice::Band { path, steps: None },
            ("sd", Some(path)) => Choice::Sd(Box::new(SdSettings::new(path))),
            ("sd", None) => return Err("name the folder of the export: sd=DIR".into()),
            _ => return Err(format!("'{first}' is no engine: off, band, band=FILE or sd=DIR")),
        };
        for part in parts {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| format!("'{part}': give NAME=VALUE"))?;
            set(&mut choice, name.trim(), value.trim())?;
        }
        Ok(Self(choice))
    }
}

fn set(choice: &mut Choice, name: &str, value: &str) -> Result<(), String> {
    let number = || {
        let number = value.parse::<f64>().ok().filter(|v| v.is_finite());
        number.ok_or_else(|| format!("{name}: '{value}' is no number"))
    };
    let whole = || {
        let whole = value.parse::<usize>().ok().filter(|v| *v > 0);
        whole.ok_or_else(|| format!("{name}: '{value}' is no whole number above 0"))
    };
    match (choice, name) {
        (Choice::Band { steps, .. }, "steps") => *steps = Some(whole()?),
        (Choice::Sd(sd), "steps") => sd.steps = whole()?,
        (Choice::Sd(sd), "strength") => sd.strength = number()?,
        (Choice::Sd(sd), "guidance") => sd.guidance = number()?,
        (Choice::Sd(sd), "scheduler") => {
            let kind = SchedulerKind::parse(value);
            sd.scheduler = Some(kind.ok_or_else(|| {
                let names = SchedulerKind::NAMES.map(|(name, _)| name).join(", ");
                format!("'{value}' is no scheduler: {names}")
            })?);
        }
        _ => {
            return Err(format!(
                "'{name}' is not known here: sd takes steps, strength, guidance and scheduler, band takes steps"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_and_their_settings() {
        let choice = |text: &str| InpaintArg::from_str(text).map(|arg| arg.0);
        assert_eq!(choice("off"), Ok(Choice::Off));
        let own = Choice::Band {
            path: None,
            steps: None,
        };
        assert_eq!(choice("band"), Ok(own));
        assert_eq!(
            choice("band=b.onnx,steps=6"),
            Ok(Choice::Band {
                path: Some("b.onnx".into()),
                steps: Some(6)
            })
        );
        let sd = SdSettings {
            steps: 12,
            strength: 0.5,
            guidance: 2.0,
            scheduler: Some(SchedulerKind::Lcm),
            ..SdSettings::new("models/sd".into())
        };
        let text = "sd=models/sd,steps=12,strength=0.5,guidance=2,scheduler=lcm";
        assert_eq!(choice(text), Ok(Choice::Sd(Box::new(sd))));
        for (text, wanted) in [
            ("sd", "sd=DIR"),
            ("sd=", "sd=DIR"),
            ("magic", "no engine"),
            ("off=3", "no engine"),
            ("sd=x,steps=0", "steps"),
            ("sd=x,strength=much", "strength"),
            ("sd=x,scheduler=best", "dpm++"),
            ("band=x,guidance=2", "not known"),
            ("sd=x,steps", "NAME=VALUE"),
        ] {
            let error = choice(text).expect_err(text);
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
