//! What lies behind the person in an output.

use std::sync::{Arc, PoisonError};

use image::RgbImage;

use super::Line;
use super::worker::{Composite, Scene};
use crate::batch::{Inputs, Stop};
use crate::export::background::{Backdrop, replace};
use crate::imaging::{Mask, Photo};
use crate::preset::plan::OutputPlan;
use crate::preset::settings::Background;

impl Line<'_> {
    /// The composite before another background; `None` when the photo's own stays.
    pub(super) fn backed(
        &self,
        scene: &Scene,
        composite: &Composite,
        output: &OutputPlan,
        inputs: &Inputs,
    ) -> Result<Option<Arc<RgbImage>>, Stop> {
        if output.background == Background::Keep {
            return Ok(None);
        }
        let mut last = composite.backed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((background, picture)) = &*last
            && *background == output.background
        {
            return Ok(Some(picture.clone()));
        }
        let Some(person) = &scene.anatomy.person else {
            return Err(Stop::unfit(
                "no_person",
                "no person was found to put another background behind",
            ));
        };
        let mut other = None;
        if let Background::Picture(path) = &output.background {
            let input = inputs.read(&path.resolved())?;
            let photo = Photo::decode(&input.bytes, self.limits());
            let fail = |error| Stop::failed("unreadable", format!("{}: {error}", input.path.display()));
            other = Some(photo.map_err(fail)?.pixels);
        }
        let backdrop = match (&output.background, &other) {
            (Background::Solid(colour), _) => Backdrop::Solid(*colour),
            (Background::Gradient(colours), _) => Backdrop::Gradient(*colours),
            (Background::Blur(amount), _) => Backdrop::Blur(amount.0),
            (Background::Picture(_), Some(picture)) => Backdrop::Picture(picture),
            _ => return Ok(None),
        };
        let masks: Vec<&Mask> = composite
            .dressed
            .worn
            .iter()
            .map(|worn| &worn.rendered.jewelry)
            .collect();
        let jewelry = |x: i32, y: i32| {
            let inside = masks.iter().filter(|mask| mask.rect.contains(x, y));
            inside.map(|mask| mask.get(x, y)).fold(0.0, f32::max)
        };
        let at = |x: f64, y: f64| person.sample(glam::DVec2::new(x, y));
        let picture = Arc::new(replace(&composite.dressed.pixels, at, jewelry, &backdrop));
        *last = Some((output.background.clone(), picture.clone()));
        Ok(Some(picture))
    }
}
