//! What may differ from picture to picture, and how the layers of a preset lie over each other.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::decode::{Decode, Fields, record, words};
use super::issue::{At, Issues};
use super::node::{Node, Value};
use super::values::{Colour, Degrees, Factor, Millimetres, PartShare, Share, Strength};

words! {
    /// Which ear or hand, the subject's own.
    pub enum WearSide("side") {
        Left = "left",
        Right = "right",
        /// Both ears; the best-seen hand.
        Both = "both",
    }
}

words! {
    pub enum Finger("finger") {
        Thumb = "thumb",
        Index = "index",
        Middle = "middle",
        Ring = "ring",
        Pinky = "pinky",
    }
}

record! {
    /// Settings of one picture. Nothing here is needed: what no layer sets keeps its default.
    #[derive(Default, PartialEq, Serialize)]
    pub struct Settings("the settings") {
        /// Which ears or which hand.
        #[serde(skip_serializing_if = "Option::is_none")]
        side: Option<WearSide>,
        /// Rings: which finger.
        #[serde(skip_serializing_if = "Option::is_none")]
        finger: Option<Finger>,
        /// Moves the piece, mm to the right and down in the picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        offset_mm: Option<Offset>,
        /// Turns the piece clockwise in the picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        rotate_deg: Option<Degrees>,
        /// Multiplies the true size. 1 is true.
        #[serde(skip_serializing_if = "Option::is_none")]
        scale: Option<Factor>,
        /// Necklaces: length when closed, in place of the product's.
        #[serde(skip_serializing_if = "Option::is_none")]
        chain_length_mm: Option<Millimetres>,
        /// Places the piece even where the body part is judged hidden.
        #[serde(skip_serializing_if = "Option::is_none")]
        allow_hidden: Option<bool>,
        /// Strength of the shadow: 0 none, 1 as estimated, up to 2.
        #[serde(skip_serializing_if = "Option::is_none")]
        shadow: Option<Strength>,
        /// Multiplies the softness of the shadow's edge.
        #[serde(skip_serializing_if = "Option::is_none")]
        shadow_softness: Option<Factor>,
        /// Where the light comes from: right, up, towards the camera. Estimated when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        light: Option<Direction>,
        /// Tone match of the piece to the photo: 0 product pixels exactly, 1 as the tier allows.
        #[serde(skip_serializing_if = "Option::is_none")]
        tone: Option<Share>,
        /// Matches the photo's blur and grain.
        #[serde(skip_serializing_if = "Option::is_none")]
        match_grain: Option<bool>,
        /// How much skin shows through stones.
        #[serde(skip_serializing_if = "Option::is_none")]
        see_through: Option<Share>,
        /// Repaints the thin band of skin where metal meets it.
        #[serde(skip_serializing_if = "Option::is_none")]
        inpaint: Option<Inpaint>,
        /// What lies behind the person.
        #[serde(skip_serializing_if = "Option::is_none")]
        background: Option<Background>,
        /// Which part of the photo is shown, before an export cuts it to its own shape.
        #[serde(skip_serializing_if = "Option::is_none")]
        crop: Option<Crop>,
        /// Seed of everything that is drawn by chance.
        #[serde(skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
    }
}

/// Lays `top` over `base`, key by key.
macro_rules! overlay {
    ($top:expr, $base:expr, $($key:ident),*) => {
        Settings { $( $key: $top.$key.clone().or_else(|| $base.$key.clone()), )* }
    };
}

/// Keeps what `top` sets and `base` does not have so.
macro_rules! difference {
    ($top:expr, $base:expr, $($key:ident),*) => {
        Settings { $( $key: if $top.$key == $base.$key { None } else { $top.$key.clone() }, )* }
    };
}

macro_rules! with_keys {
    ($do:ident, $top:expr, $base:expr) => {
        $do!(
            $top,
            $base,
            side,
            finger,
            offset_mm,
            rotate_deg,
            scale,
            chain_length_mm,
            allow_hidden,
            shadow,
            shadow_softness,
            light,
            tone,
            match_grain,
            see_through,
            inpaint,
            background,
            crop,
            seed
        )
    };
}

impl Settings {
    /// These settings where they say something, `base` where they do not.
    pub fn over(&self, base: &Settings) -> Settings {
        with_keys!(overlay, self, base)
    }

    /// What these settings say that `base` does not.
    pub fn beyond(&self, base: &Settings) -> Settings {
        with_keys!(difference, self, base)
    }

    /// The settings that make the composite itself, before background, crop and export.
    pub fn base_part(&self) -> Settings {
        Settings {
            background: None,
            crop: None,
            ..self.clone()
        }
    }
}

/// A shift in mm, right and down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Offset(pub [f64; 2]);

impl Decode for Offset {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let shift = <[f64; 2]>::decode(node, issues)?;
        if shift.iter().any(|v| v.abs() > 500.0) {
            issues.push(&node.place, "a shift of more than 500 mm is no fine adjustment");
            return None;
        }
        Some(Self(shift))
    }
}

impl JsonSchema for Offset {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Offset".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mm = json_schema!({ "type": "number", "minimum": -500, "maximum": 500 });
        json_schema!({ "type": "array", "items": mm, "minItems": 2, "maxItems": 2 })
    }
}

/// A direction towards the light, not of zero length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Direction(pub [f64; 3]);

impl Decode for Direction {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let v = <[f64; 3]>::decode(node, issues)?;
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        if !(1e-6..=1e6).contains(&length) {
            issues.push(&node.place, "the direction has no usable length");
            return None;
        }
        Some(Self(v.map(|x| x / length)))
    }
}

impl JsonSchema for Direction {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Direction".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "type": "number" }, "minItems": 3, "maxItems": 3 })
    }
}

words! {
    /// Inpainting without further settings.
    pub enum InpaintWord("inpaint engine") {
        Off = "off",
        /// The compact bundled model.
        Band = "band",
    }
}

words! {
    pub enum InpaintEngine("inpaint engine") {
        Band = "band",
        /// A Stable Diffusion inpainting export in the usual ONNX folder layout.
        Sd = "sd",
    }
}

record! {
    /// An inpainting engine with its settings.
    #[derive(PartialEq, Serialize)]
    pub struct InpaintSettings("the inpaint settings") {
        engine: InpaintEngine,
        /// Folder of the model, for `sd`.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<PathText>,
        #[serde(skip_serializing_if = "Option::is_none")]
        steps: Option<u64>,
        /// How far the band may change.
        #[serde(skip_serializing_if = "Option::is_none")]
        strength: Option<Share>,
        #[serde(skip_serializing_if = "Option::is_none")]
        guidance: Option<Factor>,
        #[serde(skip_serializing_if = "Option::is_none")]
        scheduler: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        negative_prompt: Option<String>,
    }
}

/// `off`, `band`, or an engine with its settings.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Inpaint {
    Word(InpaintWord),
    Engine(Box<InpaintSettings>),
}

impl Decode for Inpaint {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match node.value {
            Value::Map(_) => InpaintSettings::decode(node, issues).map(|s| Self::Engine(Box::new(s))),
            _ => InpaintWord::decode(node, issues).map(Self::Word),
        }
    }
}

/// A file or folder named in a preset; relative to the file that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathText(pub At<String>);

impl PathText {
    /// The path from where the program runs.
    pub fn resolved(&self) -> std::path::PathBuf {
        let folder = self.0.place.file.parent().unwrap_or(std::path::Path::new(""));
        super::sources::tidy(&folder.join(&self.0.value))
    }
}

impl Serialize for PathText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.value)
    }
}

impl Decode for PathText {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let text = At::<String>::decode(node, issues)?;
        if text.value.contains('\0') {
            issues.push(&node.place, "a path cannot hold a zero byte");
            return None;
        }
        Some(Self(text))
    }
}

impl JsonSchema for PathText {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Path".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

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

words! {
    pub enum CropAround("crop") {
        /// The whole photo.
        None = "none",
        /// Face and pieces.
        Face = "face",
        /// The pieces.
        Piece = "piece",
    }
}

/// Which part of the photo is shown: `none`, `face`, `piece`, or `{around: piece, share: 0.3}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Crop {
    pub around: CropAround,
    /// Share of the shown part's shorter side that the subject takes.
    pub share: PartShare,
}

impl Crop {
    /// A crop with the share that suits its subject: a face wants room, a ring wants to be seen.
    pub fn around(around: CropAround) -> Self {
        let share = match around {
            CropAround::Piece => 0.35,
            _ => 0.6,
        };
        Self {
            around,
            share: PartShare(share),
        }
    }
}

record! {
    /// The mapping form of [`Crop`].
    struct CropKeys("the crop") {
        around: CropAround,
        /// Share of the shown part's shorter side that the subject takes.
        share: PartShare,
    }
}

impl Decode for Crop {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match node.value {
            Value::Map(_) => {
                CropKeys::decode(node, issues).map(|CropKeys { around, share }| Self { around, share })
            }
            _ => CropAround::decode(node, issues).map(Self::around),
        }
    }
}

impl JsonSchema for Crop {
    fn schema_name() -> Cow<'static, str> {
        "Crop".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = generator.subschema_for::<CropAround>();
        let keys = generator.subschema_for::<CropKeys>();
        json_schema!({ "anyOf": [word, keys] })
    }
}

/// The axes of a matrix: for every setting a list of values. The keys are those of [`Settings`], and `model`.
#[derive(Debug, Clone)]
pub struct Axes(pub Vec<Axis>);

#[derive(Debug, Clone)]
pub struct Axis {
    pub key: String,
    pub values: Vec<Node>,
    pub place: super::issue::Place,
}

impl Decode for Axes {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        // Keys are checked when each combination is read as settings.
        let fields = Fields::new(node, "a matrix", issues)?;
        let mut axes = Vec::new();
        for entry in fields.entries() {
            match &entry.value.value {
                Value::List(values) if !values.is_empty() => axes.push(Axis {
                    key: entry.key.clone(),
                    values: values.clone(),
                    place: entry.place.clone(),
                }),
                _ => issues.push(
                    &entry.value.place,
                    format!("the axis `{}` needs a list of values", entry.key),
                ),
            }
        }
        Some(Self(axes))
    }
}

impl JsonSchema for Axes {
    fn schema_name() -> Cow<'static, str> {
        "Axes".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = serde_json::Map::new();
        let settings = Settings::json_schema(generator);
        if let Some(serde_json::Value::Object(keys)) = settings.get("properties") {
            for (key, schema) in keys {
                properties.insert(
                    key.clone(),
                    serde_json::json!({ "type": "array", "items": schema, "minItems": 1 }),
                );
            }
        }
        let model = generator.subschema_for::<super::schema::Selection>();
        properties.insert(
            "model".into(),
            serde_json::json!({ "type": "array", "items": model, "minItems": 1 }),
        );
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}
