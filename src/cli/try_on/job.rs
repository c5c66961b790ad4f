use std::path::{Path, PathBuf};
use std::time::Instant;

use image::GrayImage;

use super::args::{FormatArg, TryArgs};
use super::result::{AnchorReport, InpaintReport, Status, Timings, TryResult, ms};
use crate::cli::{Exit, files};
use crate::fit::Controls;
use crate::imaging::{Encoding, JPEG_QUALITY, Mask, PictureError, Pixels, encode, write_atomic};
use crate::inpaint::{InpaintSettings, Painter};
use crate::locate::Wants;
use crate::pipeline::{Dressed, LookItem, Pipeline, PipelineError, dress, seam};
use crate::product::{Piece, ScaleSource};
use crate::render::RenderSettings;

/// What all photographs of one command share.
pub struct Job<'a> {
    pub args: &'a TryArgs,
    pub pipeline: &'a Pipeline,
    /// The main product first.
    pub look: &'a [LookPiece],
    /// Repaints the seam, if anything does.
    pub painter: Option<&'a dyn Painter>,
    pub settings: RenderSettings,
}

/// A product that has been read, and how it is to be worn.
pub struct LookPiece {
    pub product: PathBuf,
    pub piece: Piece,
    pub controls: Controls,
}

impl Job<'_> {
    /// Dresses one photograph. The second value is set when the machine, not the photograph, is at fault.
    pub fn run(&self, photo: &Path, name: &str) -> (TryResult, Option<Exit>) {
        let mut result = TryResult {
            photo: photo.to_path_buf(),
            product: self.args.product.clone(),
            kind: self.args.kind.into(),
            status: Status::Failed,
            reason: None,
            output: None,
            scale: self
                .look
                .first()
                .map_or(ScaleSource::Assumed, |main| main.piece.scale),
            px_per_mm: None,
            anchors: Vec::new(),
            inpaint: None,
            timings_ms: Timings::default(),
        };
        let mut machine = None;
        match self.attempt(photo, name, &mut result) {
            Ok(status) => result.status = status,
            Err(Failure::Photo(reason)) => result.reason = Some(reason),
            Err(Failure::Output(error)) => {
                let exit = Exit::picture(&error);
                result.reason = Some(error.to_string());
                if matches!(exit, Exit::TryAgain(_)) {
                    machine = Some(exit);
                }
            }
        }
        (result, machine)
    }

    fn attempt(&self, photo: &Path, name: &str, result: &mut TryResult) -> Result<Status, Failure> {
        let located = self
            .pipeline
            .open(
                photo,
                Wants::for_kinds(self.look.iter().map(|item| item.piece.kind)),
            )
            .map_err(|error| Failure::Photo(error.to_string()))?;
        result.timings_ms.decode = ms(located.decode);
        result.timings_ms.locate = ms(located.locate);

        let look: Vec<LookItem> = self
            .look
            .iter()
            .map(|item| LookItem {
                piece: &item.piece,
                controls: item.controls.clone(),
                settings: self.settings.clone(),
            })
            .collect();
        let encoding = self
            .args
            .format
            .map_or(Encoding::like(located.photo.format), |format| match format {
                FormatArg::Png => Encoding::Png,
                FormatArg::Jpeg => Encoding::Jpeg {
                    quality: JPEG_QUALITY,
                },
                FormatArg::Webp => Encoding::WebP,
            });
        let mut dressed = match dress(&located.photo, &located.anatomy, &look) {
            Ok(dressed) => dressed,
            Err(error) => {
                result.reason = Some(self.explain(&error));
                return Ok(Status::Unfit);
            }
        };
        result.timings_ms.fit = ms(dressed.fit);
        result.timings_ms.render = ms(dressed.render);
        if let Some(painter) = self.painter {
            let settings = InpaintSettings {
                seed: self.args.seed,
                ..InpaintSettings::default()
            };
            let told = seam(&located.photo, &located.anatomy, &mut dressed, painter, &settings);
            result.timings_ms.inpaint = Some(ms(told.time));
            result.inpaint = Some(InpaintReport {
                engine: told.painter,
                pixels: told.pixels,
                tiles: told.tiles,
                dropped: told.dropped.iter().map(|tile| tile.fault.to_string()).collect(),
            });
        }
        result.px_per_mm = dressed
            .worn
            .iter()
            .find(|worn| worn.item == 0)
            .map(|worn| worn.placement.px_per_mm);
        result.anchors = dressed
            .worn
            .iter()
            .flat_map(|worn| &worn.placement.anchors)
            .map(|anchor| AnchorReport {
                name: anchor.name.clone(),
                position: anchor.position.to_array(),
                px_per_mm: anchor.px_per_mm,
            })
            .collect();
        drop(located);

        let start = Instant::now();
        let base = format!("{name}_{}", files::stem(&self.args.product));
        result.output = Some(self.write(&dressed, &base, encoding)?);
        result.timings_ms.encode = ms(start.elapsed());
        Ok(Status::Done)
    }

    /// The reason, led by the piece's name where the look has several.
    fn explain(&self, error: &PipelineError) -> String {
        match self.look.get(error.item) {
            Some(item) if self.look.len() > 1 => format!("{} ({})", error.unfit, item.product.display()),
            _ => error.unfit.to_string(),
        }
    }

    fn write(&self, dressed: &Dressed, base: &str, encoding: Encoding) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.args.layers {
            let (width, height) = dressed.pixels.dimensions();
            for (suffix, masks) in [
                (
                    "jewelry",
                    dressed
                        .worn
                        .iter()
                        .map(|w| &w.rendered.jewelry)
                        .collect::<Vec<_>>(),
                ),
                (
                    "shadow",
                    dressed.worn.iter().map(|w| &w.rendered.shadow).collect(),
                ),
            ] {
                let path = folder.join(format!("{base}_{suffix}.png"));
                store(&path, Pixels::Gray(&layer(&masks, width, height)), Encoding::Png)?;
            }
        }
        let path = self.args.output.join(format!("{base}.{}", encoding.extension()));
        store(&path, Pixels::Rgb(&dressed.pixels), encoding)?;
        Ok(path)
    }
}

/// Whose fault a failure is.
enum Failure {
    Photo(String),
    Output(PictureError),
}

fn store(path: &Path, pixels: Pixels, encoding: Encoding) -> Result<(), Failure> {
    encode(pixels, encoding, None)
        .and_then(|bytes| write_atomic(path, &bytes))
        .map_err(Failure::Output)
}

/// Masks of several pieces as one 8-bit picture of photo size: the stronger value wins where they meet.
fn layer(masks: &[&Mask], width: u32, height: u32) -> GrayImage {
    let mut picture = GrayImage::new(width, height);
    for mask in masks {
        for (i, value) in mask.data.iter().enumerate() {
            let (w, i) = (mask.rect.width.max(1), i as u32);
            let x = u32::try_from(mask.rect.x).map(|x| x + i % w);
            let y = u32::try_from(mask.rect.y).map(|y| y + i / w);
            if let (Ok(x), Ok(y)) = (x, y)
                && let Some(pixel) = picture.get_pixel_mut_checked(x, y)
            {
                pixel.0[0] = pixel.0[0].max((value.clamp(0.0, 1.0) * 255.0).round() as u8);
            }
        }
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Rect;

    #[test]
    fn layers_keep_the_stronger_value_and_stay_inside() {
        let a = Mask {
            rect: Rect::new(1, 1, 2, 1),
            data: vec![0.5, 1.0],
            outside: 0.0,
        };
        let b = Mask {
            rect: Rect::new(1, 1, 1, 3),
            data: vec![0.2, 0.4, 0.6],
            outside: 0.0,
        };
        let picture = layer(&[&a, &b], 3, 3);
        assert_eq!(picture.as_raw(), &[0, 0, 0, 0, 128, 255, 0, 102, 0]);
    }
}
