//! Small values of the preset: numbers within bounds, colours, byte counts, aspects.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::decode::{Decode, number_in};
use super::issue::Issues;
use super::node::Node;

/// Declares a number with bounds that reader and JSON Schema share.
macro_rules! bounded {
    ($(#[$meta:meta])* $name:ident, $low:expr, $high:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl Decode for $name {
            fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
                number_in(node, $low, $high, issues).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "number", "minimum": $low, "maximum": $high })
            }
        }
    };
}

bounded!(
    /// A length in millimetres: no jewel is smaller than a tenth of a millimetre or longer than two metres.
    Millimetres, 0.1, 2000.0
);
bounded!(
    /// A length in inches.
    Inches, 0.004, 78.0
);
bounded!(
    /// A US ring size.
    UsRingSize, 0.0, 16.0
);
bounded!(
    /// 0 to 1.
    Share, 0.0, 1.0
);
bounded!(
    /// 0 to 2, where 1 is as estimated.
    Strength, 0.0, 2.0
);
bounded!(
    /// Multiplies a size.
    Factor, 0.1, 10.0
);
bounded!(
    /// Degrees clockwise.
    Degrees, -360.0, 360.0
);
bounded!(
    /// How far pixels may be enlarged: 1 is not at all.
    Enlarge, 1.0, 8.0
);
bounded!(
    /// A share of the picture that is neither nothing nor everything.
    PartShare, 0.02, 0.98
);

impl Inches {
    pub fn to_mm(self) -> f64 {
        self.0 * 25.4
    }
}

impl UsRingSize {
    /// Inner diameter in mm: 11.63 at size 0 and 0.8128 more per size (ASTM-conforming US scale).
    pub fn to_mm(self) -> f64 {
        11.63 + 0.8128 * self.0
    }
}

/// A count of pixels along one side of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pixels(pub u32);

const LARGEST_SIDE: f64 = 20_000.0;

impl Decode for Pixels {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let value = number_in(node, 16.0, LARGEST_SIDE, issues)?;
        if value.fract() != 0.0 {
            issues.push(
                &node.place,
                format!("{} is not a whole number of pixels", node.describe()),
            );
            return None;
        }
        Some(Self(value as u32))
    }
}

impl JsonSchema for Pixels {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Pixels".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 16, "maximum": LARGEST_SIDE })
    }
}

/// JPEG quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JpegQuality(pub u8);

impl Decode for JpegQuality {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let value = number_in(node, 1.0, 100.0, issues)?;
        if value.fract() != 0.0 {
            issues.push(&node.place, format!("{} is not a whole number", node.describe()));
            return None;
        }
        Some(Self(value as u8))
    }
}

impl JsonSchema for JpegQuality {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "JpegQuality".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": 100 })
    }
}

/// A number of bytes: `10 MB` (powers of ten), `10 MiB` (powers of two) or a plain number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl std::str::FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let scale = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            "kib" => 1024.0,
            "mib" => 1024.0 * 1024.0,
            "gib" => 1024.0 * 1024.0 * 1024.0,
            _ => {
                return Err(format!(
                    "`{text}` is not a size: write 10 MB, 2 GiB or a number of bytes"
                ));
            }
        };
        match number.parse::<f64>() {
            Ok(n) if n.is_finite() && n * scale >= 1.0 && n * scale < 1e15 => Ok(Self((n * scale) as u64)),
            _ => Err(format!(
                "`{text}` is not a size: write 10 MB, 2 GiB or a number of bytes"
            )),
        }
    }
}

impl Decode for Bytes {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match node.scalar().unwrap_or_default().parse() {
            Ok(bytes) => Some(bytes),
            Err(_) => {
                let message = format!("a size such as 10 MB is needed, not {}", node.describe());
                issues.push(&node.place, message);
                None
            }
        }
    }
}

impl JsonSchema for Bytes {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 1 },
                { "type": "string", "pattern": "^[0-9.]+ *([kKmMgG]i?)?[bB]$" }
            ]
        })
    }
}

/// Width to height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Aspect(pub f64);

impl Decode for Aspect {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let ratio = node.scalar().and_then(|text| match text.split_once(':') {
            Some((w, h)) => Some(w.trim().parse::<f64>().ok()? / h.trim().parse::<f64>().ok()?),
            None => text.parse::<f64>().ok(),
        });
        match ratio.filter(|r| (0.05..=20.0).contains(r)) {
            Some(ratio) => Some(Self(ratio)),
            None => {
                let message = format!("an aspect such as 4:5 is needed, not {}", node.describe());
                issues.push(&node.place, message);
                None
            }
        }
    }
}

impl JsonSchema for Aspect {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Aspect".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "pattern": "^[0-9.]+ *: *[0-9.]+$" },
                { "type": "number", "minimum": 0.05, "maximum": 20 }
            ]
        })
    }
}

/// An sRGB colour: `#rrggbb`, `#rgb` or one of a few names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Colour(pub [u8; 3]);

const COLOURS: [(&str, [u8; 3]); 6] = [
    ("white", [255; 3]),
    ("black", [0; 3]),
    ("grey", [128; 3]),
    ("gray", [128; 3]),
    ("ivory", [255, 255, 240]),
    ("beige", [245, 245, 220]),
];

impl From<Colour> for String {
    fn from(c: Colour) -> String {
        let [r, g, b] = c.0;
        format!("#{r:02x}{g:02x}{b:02x}")
    }
}

impl TryFrom<String> for Colour {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl std::str::FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, rgb)) = COLOURS.iter().find(|(name, _)| *name == text) {
            return Ok(Self(*rgb));
        }
        let hex = text
            .strip_prefix('#')
            .filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
        let digits = hex.and_then(|h| u32::from_str_radix(h, 16).ok());
        match (hex.map(str::len), digits) {
            (Some(6), Some(v)) => Ok(Self([(v >> 16) as u8, (v >> 8) as u8, v as u8])),
            (Some(3), Some(v)) => Ok(Self(
                [(v >> 8 & 15) as u8, (v >> 4 & 15) as u8, (v & 15) as u8].map(|d| d * 17),
            )),
            _ => Err(format!("`{text}` is not a colour")),
        }
    }
}

impl Decode for Colour {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match node.scalar().unwrap_or_default().parse() {
            Ok(colour) => Some(colour),
            Err(_) => {
                let message = format!("a colour is needed, not {}", node.describe());
                issues.hint(
                    &node.place,
                    message,
                    "write \"#rrggbb\" in quotes, or white, black, grey, ivory, beige",
                );
                None
            }
        }
    }
}

impl JsonSchema for Colour {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Colour".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = COLOURS.iter().map(|(name, _)| *name).collect();
        json_schema!({
            "anyOf": [
                { "type": "string", "pattern": "^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$" },
                { "enum": names }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_counts_read_as_written() {
        assert_eq!("10 MB".parse(), Ok(Bytes(10_000_000)));
        assert_eq!("2GiB".parse(), Ok(Bytes(2 << 30)));
        assert_eq!("1.5kb".parse(), Ok(Bytes(1500)));
        assert_eq!("77".parse(), Ok(Bytes(77)));
        for wrong in ["", "MB", "-1 MB", "1 TB", "1e9 GB", "0"] {
            assert!(wrong.parse::<Bytes>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn colours_read_as_on_the_web() {
        assert_eq!("#fA0".parse(), Ok(Colour([255, 170, 0])));
        assert_eq!("#102030".parse(), Ok(Colour([16, 32, 48])));
        assert_eq!(String::from(Colour([16, 32, 48])), "#102030");
        for wrong in ["102030", "#12", "#12345g", "#+12345", "whit"] {
            assert!(wrong.parse::<Colour>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_us_seven_ring_is_17_3_mm() {
        assert!((UsRingSize(7.0).to_mm() - 17.32).abs() < 0.01);
    }
}
