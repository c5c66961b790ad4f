//! Which part of the picture an export shows, and at what size: geometry only.

use super::spec::ExportSpec;
use crate::preset::schema::Fit;
use crate::preset::settings::{Crop, CropAround};

/// An axis-aligned box in pixels, not of whole pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Area {
    pub fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { x, y, width, height }
    }

    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    pub fn union(&self, other: &Area) -> Area {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Area::new(
            x,
            y,
            self.right().max(other.right()) - x,
            self.bottom().max(other.bottom()) - y,
        )
    }

    fn clip(&self, to: &Area) -> Area {
        let (x, y) = (self.x.max(to.x), self.y.max(to.y));
        let (r, b) = (self.right().min(to.right()), self.bottom().min(to.bottom()));
        Area::new(x, y, (r - x).max(0.0), (b - y).max(0.0))
    }

    /// Grown on every side by a share of its longer side.
    fn grown(&self, share: f64) -> Area {
        let m = self.width.max(self.height) * share;
        Area::new(
            self.x - m,
            self.y - m,
            self.width + 2.0 * m,
            self.height + 2.0 * m,
        )
    }
}

/// What must be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Subject {
    /// Visible jewelry.
    pub pieces: Option<Area>,
    /// The face nearest to it.
    pub face: Option<Area>,
}

/// What an export shows of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Whole pixels of the picture: x, y, width, height.
    pub source: [u32; 4],
    /// Size that the source takes in the export.
    pub scaled: (u32, u32),
    /// Size of the export; larger than `scaled` when there are bars.
    pub canvas: (u32, u32),
}

impl Frame {
    /// Output pixels per source pixel.
    pub fn scale(&self) -> f64 {
        f64::from(self.scaled.0) / f64::from(self.source[2].max(1))
    }
}

/// Pieces keep this share of their longer side free around them.
const AIR: f64 = 0.06;

/// Frames a picture of `size` pixels.
///
/// # Errors
/// A sentence when the picture has too few pixels for the export.
pub fn frame(size: (u32, u32), subject: &Subject, crop: &Crop, spec: &ExportSpec) -> Result<Frame, String> {
    let photo = Area::new(0.0, 0.0, f64::from(size.0), f64::from(size.1));
    let aspect = match (spec.size.width, spec.size.height) {
        (Some(w), Some(h)) => Some(f64::from(w) / f64::from(h)),
        _ => spec.size.aspect,
    };
    // What is shown when nothing is cut to another shape.
    let own = window(&photo, subject, crop, photo.width / photo.height);
    let (source, fit) = match (spec.fit, aspect) {
        (Fit::Crop, Some(aspect)) => {
            let window = window(&photo, subject, crop, aspect);
            match cut(&photo, &window, subject, aspect) {
                Some(area) => (area, Fit::Crop),
                // No cut of this shape holds the pieces: bars are honest, half an earring is not.
                None => (own, Fit::Pad),
            }
        }
        (fit, _) => (own, fit),
    };
    let source = whole(&source, size);
    sized(source, fit, aspect, spec)
}

/// The part of the photo that the settings ask for, in the given shape (width to height) and no larger than the photo.
fn window(photo: &Area, subject: &Subject, crop: &Crop, shape: f64) -> Area {
    let both = match (subject.pieces, subject.face) {
        (Some(a), Some(b)) => Some(a.union(&b)),
        (a, b) => a.or(b),
    };
    let wanted = match crop.around {
        CropAround::None => None,
        CropAround::Piece => subject.pieces,
        CropAround::Face => both,
    };
    let Some(wanted) = wanted.map(|area| area.clip(photo)) else {
        return *photo;
    };
    let short = wanted.width.max(wanted.height).max(1.0) / crop.share.0;
    let (width, height) = (short * shape.max(1.0), short * (1.0 / shape).max(1.0));
    let room = (photo.width / width).min(photo.height / height).min(1.0);
    around(&wanted, width * room, height * room, photo)
}

/// An area of the given size around `middle`, moved to lie inside `within`.
fn around(middle: &Area, width: f64, height: f64, within: &Area) -> Area {
    let place = |centre: f64, size: f64, low: f64, room: f64| {
        (centre - size / 2.0).clamp(low, low + (room - size).max(0.0))
    };
    let (width, height) = (width.min(within.width), height.min(within.height));
    Area::new(
        place(middle.x + middle.width / 2.0, width, within.x, within.width),
        place(middle.y + middle.height / 2.0, height, within.y, within.height),
        width,
        height,
    )
}

/// The area of this aspect that shows the window, or as much of it as the photo allows; it holds the pieces, and the
/// face if it can. `None` when it cannot hold the pieces.
fn cut(photo: &Area, window: &Area, subject: &Subject, aspect: f64) -> Option<Area> {
    let width = window.width.max(window.height * aspect);
    let width = width.min(photo.width).min(photo.height * aspect);
    let height = width / aspect;
    let mut area = around(window, width, height, photo);
    if let Some(pieces) = subject.pieces {
        let must = pieces.clip(photo);
        let airy = pieces.grown(AIR).clip(photo);
        // The least that must be seen comes last, so that it has the last word.
        let wishes = [
            subject.face.map(|face| face.clip(photo).union(&airy)),
            Some(airy),
            Some(must),
        ];
        for wish in wishes.into_iter().flatten() {
            let shift = |low: f64, size: f64, from: f64, to: f64| {
                if to - from > size {
                    low
                } else {
                    low.clamp(to - size, from)
                }
            };
            area.x = shift(area.x, width, wish.x, wish.right());
            area.y = shift(area.y, height, wish.y, wish.bottom());
        }
        let holds = must.x >= area.x - 0.5
            && must.y >= area.y - 0.5
            && must.right() <= area.right() + 0.5
            && must.bottom() <= area.bottom() + 0.5;
        if !holds {
            return None;
        }
    } else if let Some(face) = subject.face {
        area = around(&face, width, height, photo);
    }
    Some(area)
}

/// Whole pixels inside the picture.
fn whole(area: &Area, size: (u32, u32)) -> [u32; 4] {
    let width = (area.width.round() as u32).clamp(1, size.0.max(1));
    let height = (area.height.round() as u32).clamp(1, size.1.max(1));
    let x = (area.x.round().max(0.0) as u32).min(size.0.saturating_sub(width));
    let y = (area.y.round().max(0.0) as u32).min(size.1.saturating_sub(height));
    [x, y, width, height]
}

fn sized(source: [u32; 4], fit: Fit, aspect: Option<f64>, spec: &ExportSpec) -> Result<Frame, String> {
    let size = &spec.size;
    let (w, h) = (f64::from(source[2]), f64::from(source[3]));
    // What the sizes are asked of: the canvas when it has bars.
    let (cw, ch) = match (fit, aspect) {
        (Fit::Pad, Some(aspect)) => (w.max(h * aspect), h.max(w / aspect)),
        _ => (w, h),
    };
    let exact = size.width.is_some() && size.height.is_some() && fit != Fit::Contain;
    let mut scale = match (size.width, size.height, size.short_side, size.long_side) {
        (Some(width), Some(height), ..) => (f64::from(width) / cw).min(f64::from(height) / ch),
        (Some(width), ..) => f64::from(width) / cw,
        (_, Some(height), ..) => f64::from(height) / ch,
        (.., Some(short), _) => f64::from(short) / cw.min(ch),
        (.., Some(long)) => f64::from(long) / cw.max(ch),
        _ => 1.0,
    };
    if scale > size.max_enlarge {
        if exact {
            return Err(format!(
                "{w} × {h} pixels would be enlarged {scale:.2} times; `{}` allows {}",
                spec.name, size.max_enlarge
            ));
        }
        scale = size.max_enlarge;
    }
    if let Some(most) = size.max_side {
        scale = scale.min(f64::from(most) / cw.max(ch));
    }
    let px = |v: f64| (v * scale).round().max(1.0) as u32;
    let mut scaled = (px(w), px(h));
    let mut canvas = (px(cw), px(ch));
    if let (true, Some(width), Some(height)) = (exact, size.width, size.height) {
        canvas = (width, height);
        if fit == Fit::Crop {
            scaled = canvas;
        }
    }
    scaled = (scaled.0.min(canvas.0), scaled.1.min(canvas.1));
    let short = canvas.0.min(canvas.1);
    if let Some(least) = size.min_side.filter(|least| short < *least) {
        return Err(format!(
            "the shorter side comes to {short} pixels; `{}` needs {least}",
            spec.name
        ));
    }
    Ok(Frame {
        source,
        scaled,
        canvas,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::values::PartShare;
    use proptest::prelude::*;

    fn spec(name: &str) -> ExportSpec {
        let shipped = super::super::spec::shipped().expect("readable");
        let export = shipped.iter().find(|e| e.name.value == name).expect("known");
        super::super::spec::resolve(export, &mut crate::preset::Issues::default()).expect("sound")
    }

    fn none() -> Crop {
        Crop::around(CropAround::None)
    }

    #[test]
    fn a_square_from_a_portrait_keeps_the_piece() {
        // Piece near the bottom edge of a 3:4 portrait: a centred square would cut it off.
        let piece = Area::new(900.0, 3600.0, 300.0, 300.0);
        let subject = Subject {
            pieces: Some(piece),
            face: None,
        };
        let frame = frame((3000, 4000), &subject, &none(), &spec("instagram-square")).expect("large enough");
        assert_eq!(frame.canvas, (1080, 1080));
        assert_eq!(frame.source[2..], [3000, 3000]);
        assert!(frame.source[1] + 3000 >= 3900);
    }

    #[test]
    fn face_and_piece_are_both_kept_when_they_can_be() {
        let subject = Subject {
            pieces: Some(Area::new(1400.0, 2500.0, 200.0, 200.0)),
            face: Some(Area::new(1000.0, 300.0, 900.0, 1100.0)),
        };
        let frame = frame((3000, 4000), &subject, &none(), &spec("instagram-square")).expect("large enough");
        assert!(frame.source[1] <= 300, "{frame:?}");
    }

    #[test]
    fn a_necklace_wider_than_the_cut_gets_bars() {
        let subject = Subject {
            pieces: Some(Area::new(10.0, 900.0, 3980.0, 300.0)),
            face: None,
        };
        let frame =
            frame((4000, 2000), &subject, &none(), &spec("instagram-portrait")).expect("large enough");
        assert_eq!(frame.canvas, (1080, 1350));
        assert_eq!((frame.source, frame.scaled), ([0, 0, 4000, 2000], (1080, 540)));
    }

    #[test]
    fn sizes_follow_the_shop() {
        let whole = |name, size| frame(size, &Subject::default(), &none(), &spec(name));
        assert_eq!(whole("etsy", (3000, 4000)).expect("ok").canvas, (2000, 2667));
        assert_eq!(
            whole("etsy", (1000, 1600)).expect("ok").canvas,
            (1500, 2400),
            "enlarged as far as allowed"
        );
        assert!(
            whole("etsy", (600, 600)).is_err(),
            "900 px is too little for this shop"
        );
        let narrow = whole("amazon-secondary", (1000, 6000)).expect_err("narrow");
        assert!(narrow.contains("333"), "{narrow}");
        assert_eq!(whole("master", (123, 45)).expect("ok").canvas, (123, 45));
        assert_eq!(whole("shopify", (4096, 4096)).expect("ok").canvas, (2048, 2048));
        assert!(
            whole("shopify", (900, 900))
                .expect_err("small")
                .contains("enlarged")
        );
    }

    #[test]
    fn a_close_crop_shows_the_piece_at_its_share() {
        let piece = Area::new(1000.0, 1000.0, 100.0, 80.0);
        let crop = Crop {
            around: CropAround::Piece,
            share: PartShare(0.25),
        };
        let frame = frame(
            (4000, 3000),
            &Subject {
                pieces: Some(piece),
                face: None,
            },
            &crop,
            &spec("master"),
        )
        .expect("ok");
        assert_eq!(frame.source[3], 400);
        let middle = f64::from(frame.source[0]) + f64::from(frame.source[2]) / 2.0;
        assert!((middle - 1050.0).abs() <= 0.5, "{middle}");
    }

    #[test]
    fn a_close_crop_in_another_shape_is_as_close() {
        let subject = Subject {
            pieces: Some(Area::new(1000.0, 1000.0, 100.0, 80.0)),
            face: None,
        };
        let crop = Crop {
            around: CropAround::Piece,
            share: PartShare(0.05),
        };
        let square = frame((3000, 4000), &subject, &crop, &spec("instagram-square")).expect("ok");
        assert_eq!(square.source[2..], [2000, 2000]);
        let portrait = frame((3000, 4000), &subject, &crop, &spec("instagram-portrait")).expect("ok");
        assert_eq!(portrait.source[2..], [2000, 2500]);
    }

    proptest! {
        /// Whatever the numbers, the source lies inside the photo, and what is cut holds the piece.
        #[test]
        fn frames_are_sound(
            w in 200u32..6000, h in 200u32..6000, x in 0.0f64..1.0, y in 0.0f64..1.0,
            pw in 0.01f64..1.0, ph in 0.01f64..1.0, share in 0.02f64..0.98, which in 0usize..9, around in 0usize..3,
        ) {
            let names = ["photo", "master", "etsy", "amazon-secondary", "shopify", "instagram-portrait",
                "instagram-square", "google-merchant", "ebay"];
            let (fw, fh) = (f64::from(w), f64::from(h));
            let piece = Area::new(x * fw * (1.0 - pw), y * fh * (1.0 - ph), pw * fw, ph * fh);
            let crop = Crop {
                around: [CropAround::None, CropAround::Face, CropAround::Piece][around],
                share: PartShare(share),
            };
            let spec = spec(names[which]);
            if let Ok(frame) = frame((w, h), &Subject { pieces: Some(piece), face: None }, &crop, &spec) {
                let [sx, sy, sw, sh] = frame.source.map(f64::from);
                prop_assert!(sx + sw <= fw && sy + sh <= fh);
                prop_assert!(frame.scaled.0 <= frame.canvas.0 && frame.scaled.1 <= frame.canvas.1);
                prop_assert!(piece.x >= sx - 1.5 && piece.y >= sy - 1.5);
                prop_assert!(piece.right() <= sx + sw + 1.5 && piece.bottom() <= sy + sh + 1.5);
                let stretch = (f64::from(frame.scaled.0) / sw) / (f64::from(frame.scaled.1) / sh);
                let slack = 1.0 + 1.5 / f64::from(frame.scaled.0.min(frame.scaled.1)) + 1.5 / sw.min(sh);
                prop_assert!(stretch < slack && stretch > 1.0 / slack, "{stretch} {frame:?}");
            }
        }
    }
}
