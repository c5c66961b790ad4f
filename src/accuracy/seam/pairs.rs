//! Composites such as this program makes, beside the pictures that they should be: what the model of the band learns from.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use glam::DVec3;
use image::RgbImage;

use super::Composite;
use crate::accuracy::light::{Opened, open, shadow_only};
use crate::accuracy::scene::SceneError;
use crate::imaging::{Mask, Rect};
use crate::infer::Engine;
use crate::inpaint::Noise;
use crate::inpaint::band::pixels;
use crate::render::RenderSettings;

/// Skin that is kept around the band, mm.
const MARGIN_MM: f64 = 8.0;

/// Writes `NAME.npy` into `folder`: bytes [h, w, 6 + 4 `shadows`] around the scene's jewelry. Planes: worn red, green, blue;
/// coverage; band; what is neither skin nor jewelry; then for each of `shadows` shadows, right and wrong ones, composite red, green, blue
/// and the shadow that was laid. Returns the pixels per millimetre; `None` when there is no band.
///
/// # Errors
/// A file is missing, or cannot be read or written.
pub fn write(
    json: &Path,
    engine: &dyn Engine,
    folder: &Path,
    shadows: u32,
) -> Result<Option<(String, f64)>, SceneError> {
    let scene = open(json, engine)?;
    let first = Composite::of(&scene, &settings(&scene, 0));
    let band = first.band();
    if band.is_empty() {
        return Ok(None);
    }
    let margin = (MARGIN_MM * band.px_per_mm).ceil() as u32;
    let frame = Rect::of_size(first.pixels.width(), first.pixels.height());
    let rect = band.weight.rect.grown(margin).clip(&frame);
    let mut planes = Vec::new();
    colours(&mut planes, &scene.worn, &rect);
    add(&mut planes, &rect, &band.alpha, 255.0);
    add(&mut planes, &rect, &band.weight, 255.0);
    add(&mut planes, &rect, &band.other, 255.0);
    for k in 0..shadows {
        let composite = match k {
            0 => None,
            k => Some(Composite::of(&scene, &settings(&scene, k))),
        };
        let composite = composite.as_ref().unwrap_or(&first);
        colours(&mut planes, &composite.pixels, &rect);
        // Beyond the band's own rectangle the shadow goes on.
        let mut shadow = Mask::filled(rect, 0.0);
        for ((x, y), v) in pixels(&rect).zip(&mut shadow.data) {
            let laid = composite.rendered.iter().map(|r| r.shadow.get(x, y));
            *v = laid.fold(0.0, f32::max);
        }
        add(&mut planes, &rect, &shadow, 255.0);
    }
    let path = folder.join(format!("{}.npy", scene.truth.name));
    let fail = |source| SceneError::Write {
        path: path.clone(),
        source,
    };
    npy(&path, &rect, &planes).map_err(fail)?;
    Ok(Some((scene.truth.name.clone(), band.px_per_mm)))
}

/// The shadow as it is, and others: light from elsewhere, stronger, fainter, harder, softer. The counter names the shadow,
/// so that a scene's shadows are the same in every run.
fn settings(scene: &Opened, k: u32) -> RenderSettings {
    let mut settings = shadow_only();
    let g: Vec<f64> = Noise::new(0x5eaf, u64::from(k))
        .gaussians(0, 5)
        .into_iter()
        .map(f64::from)
        .collect();
    // Every other one is as far off as the program is, the rest are farther.
    let off = if k % 2 == 1 { 0.1 } else { 0.3 };
    if k > 0 {
        settings.shadow_strength = (1.0 + off * g[3]).clamp(0.0, 2.0);
        settings.shadow_softness = (off * g[4]).exp();
    }
    // About where the light is; pictures of a neck or a finger alone tell nothing of it.
    let truth = scene
        .truth
        .light
        .as_ref()
        .map(|l| l.key_dir_camera_xyz_right_up_back);
    if let Some(truth) = truth
        && (k > 0 || scene.anatomy.light.is_none())
    {
        let direction = truth + off * DVec3::new(g[0], g[1], g[2]);
        settings.light_direction = Some(direction.to_array());
    }
    settings
}

fn colours(planes: &mut Vec<Vec<u8>>, picture: &RgbImage, rect: &Rect) {
    for k in 0..3 {
        let plane = pixels(rect).map(|(x, y)| picture.get_pixel(x as u32, y as u32).0[k]);
        planes.push(plane.collect());
    }
}

fn add(planes: &mut Vec<Vec<u8>>, rect: &Rect, mask: &Mask, codes: f32) {
    let plane = pixels(rect).map(|(x, y)| (mask.get(x, y) * codes).round().clamp(0.0, 255.0) as u8);
    planes.push(plane.collect());
}

/// NumPy's own format, version 1.0: a header of Python literals padded to 64 bytes, then the bytes in C order.
fn npy(path: &Path, rect: &Rect, planes: &[Vec<u8>]) -> std::io::Result<()> {
    let mut header = format!(
        "{{'descr': '|u1', 'fortran_order': False, 'shape': ({}, {}, {}), }}",
        rect.height,
        rect.width,
        planes.len()
    );
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(b"\x93NUMPY\x01\x00")?;
    file.write_all(&(header.len() as u16).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    let mut pixel = vec![0u8; planes.len()];
    for i in 0..rect.width as usize * rect.height as usize {
        for (byte, plane) in pixel.iter_mut().zip(planes) {
            *byte = plane[i];
        }
        file.write_all(&pixel)?;
    }
    file.flush()
}
