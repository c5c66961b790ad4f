//! What lies behind the person.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::preset::decode::{Decode, record, words};
use crate::preset::issue::Issues;
use crate::preset::node::{Node, Value};
use crate::preset::path::PathText;
use crate::preset::values::{Colour, Share};

words! {
    pub enum Keep("background") {
        Keep = "keep",
    }
}

/// What lies behind the person: `keep`, or one of `solid`, `gradient`, `picture`, `blur`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Background {
    /// The photo's own.
    Keep,
    Solid(Colour),
    /// From the top colour to the bottom colour.
    Gradient([Colour; 2]),
    /// A picture, scaled to cover.
    Picture(PathText),
    /// The photo's own, out of focus: 0 to 1, where 1 blurs over a tenth of the picture's diagonal.
    Blur(Share),
}

record! {
    /// The mapping form of [`Background`].
    struct BackgroundKeys("the background") {
        /// One colour.
        solid: Option<Colour>,
        /// Top and bottom colour.
        gradient: Option<Vec<Colour>>,
        /// A picture, scaled to cover.
        picture: Option<PathText>,
        /// The photo's own background out of focus, 0 to 1.
        blur: Option<Share>,
    }
}

impl Decode for Background {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        if !matches!(node.value, Value::Map(_)) {
            return Keep::decode(node, issues).map(|Keep::Keep| Self::Keep);
        }
        let keys = BackgroundKeys::decode(node, issues)?;
        let gradient = match keys.gradient.map(<[Colour; 2]>::try_from) {
            Some(Err(_)) => {
                issues.push(&node.place, "a gradient has two colours: top and bottom");
                return None;
            }
            Some(Ok(colours)) => Some(colours),
            None => None,
        };
        let mut given = [
            keys.solid.map(Self::Solid),
            gradient.map(Self::Gradient),
            keys.picture.map(Self::Picture),
            keys.blur.map(Self::Blur),
        ]
        .into_iter()
        .flatten();
        match (given.next(), given.next()) {
            (Some(one), None) => Some(one),
            _ => {
                issues.push(
                    &node.place,
                    "a background is exactly one of solid, gradient, picture and blur",
                );
                None
            }
        }
    }
}

impl JsonSchema for Background {
    fn schema_name() -> Cow<'static, str> {
        "Background".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let keep = generator.subschema_for::<Keep>();
        let keys = generator.subschema_for::<BackgroundKeys>();
        json_schema!({ "anyOf": [keep, keys] })
    }
}
