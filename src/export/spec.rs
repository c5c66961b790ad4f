//! What a shop takes, as data: the shipped exports are a table in YAML, read like a user's own.

use std::path::Path;

use serde::Serialize;

use crate::preset::decode::Decode;
use crate::preset::issue::{Issues, Place};
use crate::preset::parse::{self, Limits};
use crate::preset::schema::{Export, Fit, Format};
use crate::preset::settings::Background;

/// The shipped exports, in the format of a preset's `exports` list.
pub const SHIPPED: &str = include_str!("shipped.yaml");

/// Pixels of one exported picture.
const MOST_PIXELS: u64 = 100_000_000;

/// One export, checked and with every default filled in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExportSpec {
    pub name: String,
    pub size: Size,
    pub fit: Fit,
    /// sRGB colour of the bars of [`Fit::Pad`].
    pub pad: [u8; 3],
    pub format: Format,
    /// Best JPEG quality.
    pub quality: u8,
    /// Least JPEG quality that `max_bytes` may force.
    pub min_quality: u8,
    pub max_bytes: Option<u64>,
    pub min_bytes: Option<u64>,
    /// 0 to 1.
    pub sharpen: f64,
    /// Background for this shop where the settings keep the photo's own.
    pub background: Option<Background>,
}

/// The size of an exported picture; all in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Size {
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// Width to height; `None` keeps the picture's own.
    pub aspect: Option<f64>,
    pub short_side: Option<u32>,
    pub long_side: Option<u32>,
    pub max_side: Option<u32>,
    pub min_side: Option<u32>,
    pub max_enlarge: f64,
}

/// The shipped exports.
///
/// # Errors
/// The table in the program is wrong, which a test rules out.
pub fn shipped() -> Result<Vec<Export>, Issues> {
    let mut issues = Issues::default();
    let node = parse::parse(
        SHIPPED,
        &Path::new("shipped exports").into(),
        Limits::PRESET,
        &mut issues,
    );
    let list = node
        .and_then(|node| Vec::<Export>::decode(&node, &mut issues))
        .unwrap_or_default();
    if issues.is_empty() { Ok(list) } else { Err(issues) }
}

/// Lays an export over the one that it extends.
pub fn over(top: &Export, base: &Export) -> Export {
    let (t, b) = (top.clone(), base.clone());
    Export {
        name: t.name,
        extends: None,
        width: t.width.or(b.width),
        height: t.height.or(b.height),
        aspect: t.aspect.or(b.aspect),
        short_side: t.short_side.or(b.short_side),
        long_side: t.long_side.or(b.long_side),
        max_side: t.max_side.or(b.max_side),
        min_side: t.min_side.or(b.min_side),
        max_enlarge: t.max_enlarge.or(b.max_enlarge),
        fit: t.fit.or(b.fit),
        pad: t.pad.or(b.pad),
        format: t.format.or(b.format),
        quality: t.quality.or(b.quality),
        min_quality: t.min_quality.or(b.min_quality),
        max_bytes: t.max_bytes.or(b.max_bytes),
        min_bytes: t.min_bytes.or(b.min_bytes),
        sharpen: t.sharpen.or(b.sharpen),
        background: t.background.or(b.background),
    }
}

/// Fills in defaults and checks that the keys agree with each other.
pub fn resolve(export: &Export, issues: &mut Issues) -> Option<ExportSpec> {
    let place = &export.name.place;
    let px = |p: Option<crate::preset::values::Pixels>| p.map(|p| p.0);
    let size = Size {
        width: px(export.width),
        height: px(export.height),
        aspect: export.aspect.map(|a| a.0),
        short_side: px(export.short_side),
        long_side: px(export.long_side),
        max_side: px(export.max_side),
        min_side: px(export.min_side),
        max_enlarge: export.max_enlarge.map_or(1.0, |e| e.0),
    };
    let quality = export.quality.map_or(95, |q| q.0);
    let spec = ExportSpec {
        name: export.name.value.clone(),
        size,
        fit: export.fit.unwrap_or(Fit::Crop),
        pad: export.pad.map_or([255; 3], |c| c.0),
        format: export.format.unwrap_or(Format::Jpeg),
        quality,
        min_quality: export.min_quality.map_or(quality.min(70), |q| q.0),
        max_bytes: export.max_bytes.map(|b| b.0),
        min_bytes: export.min_bytes.map(|b| b.0),
        sharpen: export.sharpen.map_or(0.0, |s| s.0),
        background: export.background.clone(),
    };
    let before = issues.len();
    check(&spec, place, issues);
    (issues.len() == before).then_some(spec)
}

fn check(spec: &ExportSpec, place: &Place, issues: &mut Issues) {
    let size = &spec.size;
    let mut wrong = |message: String| issues.push(place, format!("export `{}`: {message}", spec.name));
    let edges = size.width.is_some() || size.height.is_some();
    let sides = size.short_side.is_some() || size.long_side.is_some();
    if edges && sides {
        wrong("width and height do not go with short_side and long_side".into());
    }
    if size.short_side.is_some() && size.long_side.is_some() {
        wrong("give short_side or long_side, not both".into());
    }
    if size.width.is_some() && size.height.is_some() && size.aspect.is_some() {
        wrong("width and height already make the aspect".into());
    }
    let pixels = u64::from(size.width.unwrap_or(1)) * u64::from(size.height.unwrap_or(1));
    if pixels > MOST_PIXELS {
        wrong(format!("{pixels} pixels: at most {MOST_PIXELS}"));
    }
    let shaped = size.aspect.is_some() || (size.width.is_some() && size.height.is_some());
    if spec.fit == Fit::Pad && !shaped {
        wrong("fit: pad needs an aspect, or width and height".into());
    }
    if let (Some(min), Some(max)) = (size.min_side, size.max_side)
        && min > max
    {
        wrong(format!("min_side {min} is more than max_side {max}"));
    }
    if spec.min_quality > spec.quality {
        wrong(format!(
            "min_quality {} is more than quality {}",
            spec.min_quality, spec.quality
        ));
    }
    if let (Some(min), Some(max)) = (spec.min_bytes, spec.max_bytes)
        && min > max
    {
        wrong(format!("min_bytes {min} is more than max_bytes {max}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_sound() {
        let mut issues = Issues::default();
        let shipped = shipped().expect("readable");
        let names: Vec<_> = shipped.iter().map(|e| e.name.value.as_str()).collect();
        for name in [
            "etsy",
            "amazon-secondary",
            "shopify",
            "instagram-portrait",
            "instagram-square",
            "google-merchant",
            "ebay",
            "master",
        ] {
            assert!(names.contains(&name), "{name} is missing");
        }
        for export in &shipped {
            assert!(resolve(export, &mut issues).is_some(), "{issues}");
        }
    }
}
