//! YAML text to a tree that remembers where every value stood, within limits that hold before anything grows.
//!
//! The usual serde route forgets positions after parsing and expands aliases before anyone can count them. Here the
//! parser's events are taken one by one: depth, values and alias copies are counted before memory is spent.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::issue::{Issues, Place, shorten};
use super::node::{Entry, Node, Value};

/// Bounds on one YAML or JSON file. All strict.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Nested lists and mappings.
    pub depth: usize,
    /// Values, copies made by aliases included.
    pub values: usize,
}

impl Limits {
    pub const PRESET: Limits = Limits {
        bytes: 4 << 20,
        depth: 64,
        values: 200_000,
    };
    /// Catalogues are lists of flat records, as long as the shop is large.
    pub const CATALOGUE: Limits = Limits {
        bytes: 32 << 20,
        depth: 16,
        values: 1_000_000,
    };
}

/// Parses one document. `None` when nothing usable was found; the reasons are in `issues`.
pub fn parse(text: &str, file: &Arc<Path>, limits: Limits, issues: &mut Issues) -> Option<Node> {
    let start = Place {
        file: file.clone(),
        line: 1,
        column: 1,
    };
    if text.len() > limits.bytes {
        issues.push(
            &start,
            format!("{} bytes: at most {} are read", text.len(), limits.bytes),
        );
        return None;
    }
    let mut builder = Builder {
        file,
        limits,
        stack: Vec::new(),
        anchors: BTreeMap::new(),
        values: 0,
        root: None,
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let step = match event {
            Ok((event, span)) => builder.take(event, span, issues),
            Err(error) => {
                issues.push(
                    &builder.place(*error.marker()),
                    format!("not valid YAML: {}", error.info()),
                );
                None
            }
        };
        step?;
    }
    if builder.root.is_none() {
        issues.push(&start, "the file is empty");
    }
    builder.root
}

/// A list or mapping whose end has not been read yet.
enum Open {
    List {
        items: Vec<Node>,
        place: Place,
        anchor: usize,
    },
    Map {
        entries: Entries,
        key: Option<(String, Place)>,
        place: Place,
        anchor: usize,
    },
}

struct Builder<'a> {
    file: &'a Arc<Path>,
    limits: Limits,
    stack: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    values: usize,
    root: Option<Node>,
}

impl Builder<'_> {
    fn place(&self, mark: Marker) -> Place {
        Place {
            file: self.file.clone(),
            line: u32::try_from(mark.line()).unwrap_or(u32::MAX),
            column: u32::try_from(mark.col() + 1).unwrap_or(u32::MAX),
        }
    }

    /// Takes one event; `None` ends the reading.
    fn take(&mut self, event: Event, span: Span, issues: &mut Issues) -> Option<()> {
        let place = self.place(span.start);
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                issues.push(
                    &place,
                    "a second document begins here: one file holds one document",
                );
                None
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &place, issues)?;
                self.count(1, &place, issues)?;
                let plain = style == ScalarStyle::Plain;
                let node = Node {
                    place,
                    value: Value::Scalar {
                        text: Cow::into_owned(text),
                        plain,
                    },
                };
                self.close(node, anchor, issues)
            }
            Event::Alias(id) => {
                let Some((target, size)) = self.anchors.get(&id) else {
                    issues.push(&place, "an alias inside the value that it stands for");
                    return None;
                };
                let size = *size;
                // Counted before the copy is made.
                let copy = (self.values + size <= self.limits.values).then(|| target.clone());
                self.count(size, &place, issues)?;
                self.close(copy?, 0, issues)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &place, issues)?;
                self.open(
                    Open::List {
                        items: Vec::new(),
                        place: place.clone(),
                        anchor,
                    },
                    &place,
                    issues,
                )
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &place, issues)?;
                let map = Open::Map {
                    entries: Entries::default(),
                    key: None,
                    place: place.clone(),
                    anchor,
                };
                self.open(map, &place, issues)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(Open::List { items, place, anchor }) => self.close(
                    Node {
                        place,
                        value: Value::List(items),
                    },
                    anchor,
                    issues,
                ),
                Some(Open::Map {
                    entries,
                    place,
                    anchor,
                    ..
                }) => self.close(
                    Node {
                        place,
                        value: Value::Map(entries.list),
                    },
                    anchor,
                    issues,
                ),
                None => None,
            },
            _ => Some(()),
        }
    }

    fn refuse_tag(&self, tag: Option<&saphyr_parser::Tag>, place: &Place, issues: &mut Issues) -> Option<()> {
        match tag {
            Some(tag) if !tag.is_yaml_core_schema() => {
                issues.push(
                    place,
                    format!("the tag `{}` is not understood", shorten(&tag.to_string())),
                );
                None
            }
            _ => Some(()),
        }
    }

    fn count(&mut self, values: usize, place: &Place, issues: &mut Issues) -> Option<()> {
        self.values = self.values.saturating_add(values);
        if self.values > self.limits.values {
            let most = self.limits.values;
            issues.push(
                place,
                format!("more than {most} values, aliases expanded: the file is refused"),
            );
            return None;
        }
        Some(())
    }

    fn open(&mut self, open: Open, place: &Place, issues: &mut Issues) -> Option<()> {
        self.count(1, place, issues)?;
        if let Some(Open::Map { key: None, .. }) = self.stack.last() {
            issues.push(place, "a list or mapping cannot be a key");
            return None;
        }
        if self.stack.len() >= self.limits.depth {
            issues.push(
                place,
                format!("nested more than {} deep: the file is refused", self.limits.depth),
            );
            return None;
        }
        self.stack.push(open);
        Some(())
    }

    /// Hands a finished value to what encloses it.
    fn close(&mut self, node: Node, anchor: usize, issues: &mut Issues) -> Option<()> {
        if anchor > 0 {
            let size = node.values();
            // The copy kept for aliases is memory too.
            self.count(size, &node.place.clone(), issues)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                None => {
                    let Some(text) = node.scalar() else {
                        issues.push(&node.place, "a key must be a word");
                        return None;
                    };
                    *key = Some((text.to_owned(), node.place));
                }
                Some((name, place)) if name == "<<" => entries.merge(node, &place, issues),
                Some((key, place)) => entries.add(
                    Entry {
                        key,
                        place,
                        value: node,
                    },
                    issues,
                ),
            },
        }
        Some(())
    }
}

/// Entries of a mapping under construction.
#[derive(Default)]
struct Entries {
    list: Vec<Entry>,
    /// Keys in `list`: a search of the list for each key would take quadratic time.
    keys: BTreeSet<String>,
}

impl Entries {
    fn add(&mut self, entry: Entry, issues: &mut Issues) {
        if self.keys.insert(entry.key.clone()) {
            return self.list.push(entry);
        }
        let message = format!("`{}` is given twice", shorten(&entry.key));
        match self.list.iter().find(|e| e.key == entry.key) {
            Some(first) => issues.hint(
                &entry.place,
                message,
                format!("first on line {}", first.place.line),
            ),
            None => issues.push(&entry.place, message),
        }
    }

    /// YAML's `<<`: takes over the entries that the mapping has not given itself so far.
    fn merge(&mut self, node: Node, place: &Place, issues: &mut Issues) {
        match node.value {
            Value::Map(more) => {
                for entry in more {
                    if self.keys.insert(entry.key.clone()) {
                        self.list.push(entry);
                    }
                }
            }
            Value::List(items) => items.into_iter().for_each(|item| self.merge(item, place, issues)),
            Value::Scalar { .. } => issues.push(place, "`<<` takes a mapping"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, String> {
        let mut issues = Issues::default();
        let node = parse(text, &Path::new("p.yaml").into(), Limits::PRESET, &mut issues);
        match node {
            Some(node) if issues.is_empty() => Ok(node),
            _ => Err(issues.to_string()),
        }
    }

    fn get<'n>(node: &'n Node, key: &str) -> &'n Node {
        let Value::Map(entries) = &node.value else {
            panic!("{node:?}")
        };
        &entries.iter().find(|e| e.key == key).expect(key).value
    }

    #[test]
    fn values_know_their_line_and_column() {
        let node = read("a: 1\nlist:\n  - x\n  - {k: \"v\"}\n").expect("valid");
        let Value::List(items) = &get(&node, "list").value else {
            panic!()
        };
        assert_eq!(items[0].place.to_string(), "p.yaml:3:5");
        assert_eq!(get(&items[1], "k").place.to_string(), "p.yaml:4:9");
    }

    #[test]
    fn a_key_given_twice_is_an_error() {
        assert_eq!(
            read("a: 1\nb: 2\na: 3\n").expect_err("twice"),
            "p.yaml:3:1: `a` is given twice (first on line 1)"
        );
    }

    #[test]
    fn aliases_and_merge_keys_work_within_reason() {
        let node = read("base: &b {x: 1, y: 2}\nuse:\n  x: 5\n  <<: *b\n").expect("valid");
        assert_eq!(get(get(&node, "use"), "x").scalar(), Some("5"));
        assert_eq!(get(get(&node, "use"), "y").scalar(), Some("2"));
    }

    #[test]
    fn an_alias_bomb_is_refused_before_it_grows() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for i in 1..30 {
            let refs = vec![format!("*a{}", i - 1); 10].join(",");
            text += &format!("a{i}: &a{i} [{refs}]\n");
        }
        assert!(read(&text).expect_err("bomb").contains("aliases expanded"));
    }

    #[test]
    fn deep_nesting_is_refused() {
        for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
            let text = open.repeat(10_000) + &close.repeat(10_000);
            assert!(read(&text).is_err(), "{open}");
        }
        let block: String = (0..1000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
        assert!(
            read(&block)
                .expect_err("deep")
                .contains("nested more than 64 deep")
        );
    }

    #[test]
    fn foreign_tags_second_documents_and_odd_keys_are_refused() {
        assert!(read("a: !include x\n").expect_err("tag").contains("tag"));
        assert!(
            read("a: 1\n---\nb: 2\n")
                .expect_err("two")
                .contains("second document")
        );
        assert!(read("[a]: 1\n").expect_err("key").contains("key"));
        assert!(read("a: &x [*x]\n").is_err());
        assert!(read("").is_err());
    }
}
