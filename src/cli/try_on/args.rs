use std::path::PathBuf;

use clap::{Args, ValueEnum};
use glam::DVec2;

use super::also::Also;
use super::inpaint::InpaintArg;
use crate::cli::Exit;
use crate::fit::Controls;
use crate::inpaint::Choice;
use crate::locate::{FingerName, Side};
use crate::product::{Facts, Kind};
use crate::render::RenderSettings;

#[derive(Debug, Args)]
pub struct TryArgs {
    /// Product picture with a transparent background (PNG or WebP)
    #[arg(long, value_name = "FILE")]
    pub product: PathBuf,
    /// What the product is
    #[arg(long, value_enum)]
    pub kind: KindArg,
    /// Photographs of people, or folders of them
    #[arg(required = true, value_name = "PHOTO")]
    pub photos: Vec<PathBuf>,
    /// A further piece in the same picture: `--with necklace=pearls.png,chain_length_mm=420`
    #[arg(long = "with", value_name = "KIND=FILE[,NAME=VALUE]")]
    pub also: Vec<Also>,
    /// Folder for the finished pictures
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// Width of the piece as the product picture shows it
    #[arg(long, value_name = "N", help_heading = "True size", value_parser = millimetres, allow_negative_numbers = true)]
    pub width_mm: Option<f64>,
    /// Height of the piece as the product picture shows it
    #[arg(long, value_name = "N", help_heading = "True size", value_parser = millimetres, allow_negative_numbers = true)]
    pub height_mm: Option<f64>,
    /// Ring or bangle: inner diameter
    #[arg(long, value_name = "N", help_heading = "True size", value_parser = millimetres, allow_negative_numbers = true)]
    pub inner_diameter_mm: Option<f64>,
    /// Necklace or chain bracelet: whole length
    #[arg(long, value_name = "N", help_heading = "True size", value_parser = millimetres, allow_negative_numbers = true)]
    pub chain_length_mm: Option<f64>,
    /// Watch: case diameter without the crown
    #[arg(long, value_name = "N", help_heading = "True size", value_parser = millimetres, allow_negative_numbers = true)]
    pub case_diameter_mm: Option<f64>,
    /// Style, when the picture leaves it open: stud, hoop, drop, chain, pearls, bangle, link, …
    #[arg(long, value_name = "STYLE", help_heading = "True size")]
    pub style: Option<String>,

    /// Ring: which finger
    #[arg(long, value_enum, help_heading = "Placement")]
    pub finger: Option<FingerArg>,
    /// Which ear or hand, the subject's left or right
    #[arg(long, value_enum, default_value_t = SideArg::Both, help_heading = "Placement")]
    pub side: SideArg,
    /// Move the piece, mm to the right and down: `--offset-mm 1.5,-2`
    #[arg(long, value_name = "X,Y", value_parser = pair, allow_hyphen_values = true, help_heading = "Placement")]
    pub offset_mm: Option<DVec2>,
    /// Turn the piece clockwise
    #[arg(
        long,
        value_name = "DEG",
        default_value_t = 0.0,
        allow_hyphen_values = true,
        help_heading = "Placement"
    )]
    pub rotate_deg: f64,
    /// Multiply the true size
    #[arg(
        long,
        value_name = "FACTOR",
        default_value_t = 1.0,
        allow_negative_numbers = true,
        help_heading = "Placement"
    )]
    pub scale: f64,
    /// Place the piece even where the body part looks hidden
    #[arg(long, help_heading = "Placement")]
    pub allow_hidden: bool,

    /// Shadow strength: 0 none, 1 as estimated
    #[arg(
        long,
        value_name = "X",
        default_value_t = 1.0,
        allow_negative_numbers = true,
        help_heading = "Light"
    )]
    pub shadow: f64,
    /// Tone match: 0 off (the product's pixels exactly), 1 full within the bound
    #[arg(
        long,
        value_name = "X",
        default_value_t = 1.0,
        allow_negative_numbers = true,
        help_heading = "Light"
    )]
    pub tone: f64,

    /// Repaint the band of skin where metal meets it: off, band (the model that the program carries; so it is when nothing is said, unless the shadow is 0), band=FILE, or sd=DIR[,steps=N,strength=X,guidance=X,scheduler=NAME]
    #[arg(long, value_name = "ENGINE", help_heading = "Seam")]
    pub inpaint: Option<InpaintArg>,
    /// What `sd` is to paint
    #[arg(long, value_name = "TEXT", help_heading = "Seam")]
    pub prompt: Option<String>,
    /// What `sd` is not to paint
    #[arg(long, value_name = "TEXT", help_heading = "Seam")]
    pub negative_prompt: Option<String>,
    /// Seed of the painter's noise
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Seam")]
    pub seed: u64,

    /// File format of the pictures; without it the photo's own
    #[arg(long, value_enum)]
    pub format: Option<FormatArg>,
    /// Also write the visible jewelry's alpha and the shadow, at photo size, as they are before the seam is repainted
    #[arg(long, value_name = "DIR")]
    pub layers: Option<PathBuf>,
    /// Print one JSON object per photo and line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    Earring,
    Necklace,
    Ring,
    Bracelet,
    Watch,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Earring => Kind::Earring,
            KindArg::Necklace => Kind::Necklace,
            KindArg::Ring => Kind::Ring,
            KindArg::Bracelet => Kind::Bracelet,
            KindArg::Watch => Kind::Watch,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FingerArg {
    Thumb,
    Index,
    Middle,
    Ring,
    Pinky,
}

impl From<FingerArg> for FingerName {
    fn from(finger: FingerArg) -> Self {
        match finger {
            FingerArg::Thumb => FingerName::Thumb,
            FingerArg::Index => FingerName::Index,
            FingerArg::Middle => FingerName::Middle,
            FingerArg::Ring => FingerName::Ring,
            FingerArg::Pinky => FingerName::Pinky,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SideArg {
    Left,
    Right,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    Png,
    Jpeg,
    Webp,
}

pub fn millimetres(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(mm) if mm.is_finite() && mm > 0.0 && mm <= 2000.0 => Ok(mm),
        _ => Err("give millimetres above 0 and up to 2000".into()),
    }
}

fn pair(text: &str) -> Result<DVec2, String> {
    let parse = |part: &str| {
        part.trim()
            .parse::<f64>()
            .ok()
            .filter(|v| v.is_finite() && v.abs() <= 1000.0)
    };
    text.split_once(',')
        .and_then(|(x, y)| Some(DVec2::new(parse(x)?, parse(y)?)))
        .ok_or_else(|| "give two numbers of mm, as in 1.5,-2".into())
}

impl TryArgs {
    pub fn facts(&self) -> Facts {
        Facts {
            width_mm: self.width_mm,
            height_mm: self.height_mm,
            inner_diameter_mm: self.inner_diameter_mm,
            chain_length_mm: self.chain_length_mm,
            case_diameter_mm: self.case_diameter_mm,
            style: self.style.clone(),
        }
    }

    /// # Errors
    /// A number is out of its range.
    pub fn controls(&self) -> Result<Controls, Exit> {
        let in_range = |name: &str, v: f64, lo: f64, hi: f64| {
            if v.is_finite() && (lo..=hi).contains(&v) {
                Ok(v)
            } else {
                Err(Exit::usage(format!(
                    "--{name} is {v}: give a number from {lo} to {hi}"
                )))
            }
        };
        in_range("shadow", self.shadow, 0.0, 2.0)?;
        in_range("tone", self.tone, 0.0, 1.0)?;
        Ok(Controls {
            offset_mm: self.offset_mm.unwrap_or_default(),
            rotate_deg: in_range("rotate-deg", self.rotate_deg, -360.0, 360.0)?,
            scale: in_range("scale", self.scale, 0.05, 20.0)?,
            side: match self.side {
                SideArg::Left => Some(Side::Left),
                SideArg::Right => Some(Side::Right),
                SideArg::Both => None,
            },
            finger: self.finger.map(FingerName::from),
            chain_length_mm: None,
            allow_hidden: self.allow_hidden,
        })
    }

    /// The engine for the seam, with the prompts.
    pub fn inpaint(&self) -> Choice {
        let Some(InpaintArg(mut choice)) = self.inpaint.clone() else {
            return Choice::usual(self.shadow);
        };
        if let Choice::Sd(sd) = &mut choice {
            if let Some(prompt) = &self.prompt {
                sd.prompt.clone_from(prompt);
            }
            if let Some(prompt) = &self.negative_prompt {
                sd.negative_prompt.clone_from(prompt);
            }
        }
        choice
    }

    pub fn settings(&self) -> RenderSettings {
        RenderSettings {
            seed: self.seed,
            shadow_strength: self.shadow,
            tone: self.tone,
            ..RenderSettings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_outside_the_world_are_refused() {
        for bad in ["0", "-3", "NaN", "inf", "1e9", "ten"] {
            assert!(millimetres(bad).is_err(), "{bad} was taken");
        }
        assert_eq!(millimetres("17.5"), Ok(17.5));
    }

    #[test]
    fn offsets_are_two_numbers() {
        assert_eq!(pair("1.5,-2"), Ok(DVec2::new(1.5, -2.0)));
        for bad in ["1", "1,2,3", "a,b", "NaN,0", "1e9,0"] {
            assert!(pair(bad).is_err(), "{bad} was taken");
        }
    }
}
