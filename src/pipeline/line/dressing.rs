//! Settings of a preset as fit and render take them.

use crate::fit::Controls;
use crate::locate::{FingerName, Side};
use crate::preset::schema::Tier;
use crate::preset::settings::{Finger, Settings, WearSide};
use crate::render::RenderSettings;

/// How the piece is worn.
pub fn controls(s: &Settings) -> Controls {
    let default = Controls::default();
    Controls {
        offset_mm: s
            .offset_mm
            .map_or(default.offset_mm, |o| glam::DVec2::from_array(o.0)),
        rotate_deg: s.rotate_deg.map_or(default.rotate_deg, |d| d.0),
        scale: s.scale.map_or(default.scale, |f| f.0),
        side: match s.side {
            Some(WearSide::Left) => Some(Side::Left),
            Some(WearSide::Right) => Some(Side::Right),
            Some(WearSide::Both) | None => None,
        },
        finger: s.finger.map(|finger| match finger {
            Finger::Thumb => FingerName::Thumb,
            Finger::Index => FingerName::Index,
            Finger::Middle => FingerName::Middle,
            Finger::Ring => FingerName::Ring,
            Finger::Pinky => FingerName::Pinky,
        }),
        chain_length_mm: s.chain_length_mm.map(|mm| mm.0),
        allow_hidden: s.allow_hidden.unwrap_or(default.allow_hidden),
    }
}

/// How it is drawn; the tier bounds how far metal may be tinted.
pub fn render_settings(s: &Settings, tier: Tier) -> RenderSettings {
    let default = RenderSettings::default();
    RenderSettings {
        shadow_strength: s.shadow.map_or(default.shadow_strength, |v| v.0),
        shadow_softness: s.shadow_softness.map_or(default.shadow_softness, |v| v.0),
        light_direction: s.light.map(|v| v.0),
        tone: s.tone.map_or(default.tone, |v| v.0),
        max_delta_e: match tier {
            Tier::Social => 6.0,
            Tier::Listing => 4.0,
            Tier::Editorial => 2.5,
        },
        match_grain: s.match_grain.unwrap_or(default.match_grain),
        see_through: s.see_through.map_or(default.see_through, |v| v.0),
        seed: s.seed.unwrap_or(default.seed),
    }
}
