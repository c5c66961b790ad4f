//! Typed values out of nodes: every error is collected, unknown keys get a suggestion, and the reading goes on.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::issue::{At, Issues};
use super::node::{Entry, Node, Value};

/// A type that can be read from a preset.
pub trait Decode: Sized {
    /// `None` after an error, which is then in `issues`.
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self>;

    /// The value of a key that is not there; `None` when it must be.
    fn missing() -> Option<Self> {
        None
    }
}

/// What is not there is `None`; what is wrong is reported and `None`, so that the rest can still be checked.
impl<T: Decode> Decode for Option<T> {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        Some(if node.is_null() {
            None
        } else {
            T::decode(node, issues)
        })
    }
    fn missing() -> Option<Self> {
        Some(None)
    }
}

/// Items that are wrong are reported and left out.
impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        Some(match &node.value {
            _ if node.is_null() => Vec::new(),
            Value::List(items) => items.iter().filter_map(|item| T::decode(item, issues)).collect(),
            _ => {
                issues.push(&node.place, format!("a list is needed, not {}", node.describe()));
                Vec::new()
            }
        })
    }
    fn missing() -> Option<Self> {
        Some(Vec::new())
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone, Default)]
pub struct Many<T>(pub Vec<T>);

impl<T: Decode> Decode for Many<T> {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match &node.value {
            Value::List(_) => Vec::decode(node, issues).map(Self),
            _ => T::decode(node, issues).map(|one| Self(vec![one])),
        }
    }
    fn missing() -> Option<Self> {
        Some(Self(Vec::new()))
    }
}

impl<T: JsonSchema> JsonSchema for Many<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Many{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: Decode> Decode for At<T> {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        Some(At::new(T::decode(node, issues)?, node.place.clone()))
    }
}

impl Decode for String {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        const LONGEST: usize = 4096;
        match node.scalar() {
            Some(text) if text.len() > LONGEST => {
                issues.push(
                    &node.place,
                    format!("a text of {} bytes: at most {LONGEST}", text.len()),
                );
                None
            }
            Some(text) => Some(text.to_owned()),
            None => {
                issues.push(&node.place, format!("a text is needed, not {}", node.describe()));
                None
            }
        }
    }
}

impl Decode for bool {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match node.scalar() {
            Some("true" | "True" | "TRUE") => Some(true),
            Some("false" | "False" | "FALSE") => Some(false),
            _ => {
                issues.push(
                    &node.place,
                    format!("`true` or `false` is needed, not {}", node.describe()),
                );
                None
            }
        }
    }
}

impl Decode for f64 {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        // "nan" and "inf" parse as numbers in Rust and mean nothing in a preset.
        match node
            .scalar()
            .and_then(|text| text.parse::<f64>().ok())
            .filter(|v| v.is_finite())
        {
            Some(value) => Some(value),
            None => {
                issues.push(
                    &node.place,
                    format!("a number is needed, not {}", node.describe()),
                );
                None
            }
        }
    }
}

impl Decode for u64 {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match node.scalar().and_then(|text| text.parse().ok()) {
            Some(value) => Some(value),
            None => {
                let message = format!("a whole number from 0 is needed, not {}", node.describe());
                issues.push(&node.place, message);
                None
            }
        }
    }
}

impl<const N: usize> Decode for [f64; N] {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        if let Value::List(items) = &node.value
            && items.len() == N
        {
            let numbers: Vec<f64> = items
                .iter()
                .filter_map(|item| f64::decode(item, issues))
                .collect();
            return numbers.try_into().ok();
        }
        issues.push(
            &node.place,
            format!("a list of {N} numbers is needed, not {}", node.describe()),
        );
        None
    }
}

/// Reads a number within bounds, the bounds included.
pub fn number_in(node: &Node, low: f64, high: f64, issues: &mut Issues) -> Option<f64> {
    let value = f64::decode(node, issues)?;
    if !(low..=high).contains(&value) {
        issues.push(
            &node.place,
            format!("{} is not from {low} to {high}", node.describe()),
        );
        return None;
    }
    Some(value)
}

/// Reads a word from a table of names.
pub fn one_of<T: Copy>(node: &Node, what: &str, names: &[(&str, T)], issues: &mut Issues) -> Option<T> {
    let Some(text) = node.scalar() else {
        issues.push(&node.place, format!("{what} is a word, not {}", node.describe()));
        return None;
    };
    let found = names.iter().find(|(name, _)| *name == text);
    if found.is_none() {
        issues.unknown(
            &node.place,
            &format!("unknown {what}"),
            text,
            names.iter().map(|(name, _)| *name),
        );
    }
    found.map(|(_, value)| *value)
}

/// The keys of one mapping: those asked for are known, all others are errors.
pub struct Fields<'n> {
    node: &'n Node,
    entries: &'n [Entry],
    what: &'static str,
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// `what` names the mapping in errors: `a product`, `the output section`.
    pub fn new(node: &'n Node, what: &'static str, issues: &mut Issues) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            issues.push(
                &node.place,
                format!("{what} is a mapping of keys, not {}", node.describe()),
            );
            return None;
        };
        Some(Self {
            node,
            entries,
            what,
            known: Vec::new(),
        })
    }

    /// The value of `key`, which becomes known.
    pub fn node(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        self.entries.iter().find(|e| e.key == key).map(|e| &e.value)
    }

    pub fn get<T: Decode>(&mut self, key: &'static str, issues: &mut Issues) -> Option<T> {
        match self.node(key) {
            Some(node) => T::decode(node, issues),
            None => {
                let missing = T::missing();
                if missing.is_none() {
                    issues.push(&self.node.place, format!("{} needs `{key}`", self.what));
                }
                missing
            }
        }
    }

    /// Everything that is there, known or not.
    pub fn entries(&self) -> &'n [Entry] {
        self.entries
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self, issues: &mut Issues) {
        for entry in self.entries {
            if !self.known.contains(&entry.key.as_str()) {
                let what = format!("{} has no key", self.what);
                issues.unknown(&entry.place, &what, &entry.key, self.known.iter().copied());
            }
        }
    }
}

/// Declares a mapping of the preset once: the struct, its JSON Schema and its reader with the same keys.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident ($what:literal) {
            $( $(#[$fmeta:meta])* $field:ident : $type:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields, transform = $name::tell_needed)]
        $vis struct $name { $( $(#[$fmeta])* pub $field: $type, )* }

        impl $name {
            /// Tells in the schema which keys must be there: those that the reader cannot do without.
            fn tell_needed(schema: &mut schemars::Schema) {
                let needed: Vec<&str> = [
                    $( <$type as $crate::preset::decode::Decode>::missing()
                        .is_none()
                        .then_some(stringify!($field)), )*
                ]
                .into_iter()
                .flatten()
                .collect();
                if needed.is_empty() {
                    schema.remove("required");
                } else {
                    schema.insert("required".into(), needed.into());
                }
            }
        }

        impl $crate::preset::decode::Decode for $name {
            fn decode(
                node: &$crate::preset::node::Node,
                issues: &mut $crate::preset::issue::Issues,
            ) -> Option<Self> {
                let mut fields = $crate::preset::decode::Fields::new(node, $what, issues)?;
                $( let $field = fields.get::<$type>(stringify!($field), issues); )*
                fields.finish(issues);
                Some(Self { $( $field: $field?, )* })
            }
        }
    };
}
pub(crate) use record;

/// Declares the words that a key may take: the enum, its JSON Schema, its reader and its wire name.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident ($what:literal) {
            $( $(#[$vmeta:meta])* $variant:ident = $word:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        $vis enum $name { $( $(#[$vmeta])* #[serde(rename = $word)] $variant, )* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$( Self::$variant, )*];

            /// The word in the preset.
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl $crate::preset::decode::Decode for $name {
            fn decode(
                node: &$crate::preset::node::Node,
                issues: &mut $crate::preset::issue::Issues,
            ) -> Option<Self> {
                $crate::preset::decode::one_of(node, $what, &[$( ($word, Self::$variant), )*], issues)
            }
        }
    };
}
pub(crate) use words;
