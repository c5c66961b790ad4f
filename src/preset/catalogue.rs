//! Product catalogues: a CSV, JSON or YAML table whose rows become products, every value with its place.

use std::path::Path;
use std::sync::Arc;

use super::csv;
use super::decode::Decode;
use super::issue::{At, Issues, Place, shorten};
use super::load::read_text;
use super::node::{Entry, Node, Value};
use super::parse::{self, Limits};
use super::path::PathText;
use super::schema::{Catalogue, Columns, Product};

const MOST_ROWS: usize = 100_000;

/// The products of a catalogue; `file` of each is resolved against the catalogue's `images` folder.
pub fn read(catalogue: &Catalogue, issues: &mut Issues) -> Vec<At<Product>> {
    let path = catalogue.file.resolved();
    let place = &catalogue.file.0.place;
    let text = match read_text(&path, Limits::CATALOGUE.bytes) {
        Ok(text) => text,
        Err(reason) => {
            issues.push(place, format!("{}: {reason}", path.display()));
            return Vec::new();
        }
    };
    let file: Arc<Path> = path.as_path().into();
    let extension = path.extension().map(|ext| ext.to_string_lossy().to_lowercase());
    let rows = match extension.as_deref() {
        Some("json") => json_rows(&text, &file, issues),
        Some("yaml" | "yml") => yaml_rows(&text, &file, issues),
        _ => csv_rows(&text, &file, issues),
    };
    let Some(rows) = rows else { return Vec::new() };
    if rows.len() > MOST_ROWS {
        issues.push(
            place,
            format!("{} rows: at most {MOST_ROWS} are read", rows.len()),
        );
        return Vec::new();
    }
    let names = names(catalogue.columns.as_ref().unwrap_or(&Columns::default()));
    check_columns(&names, &rows, issues);
    rows.iter()
        .filter_map(|row| product(row, catalogue, &names, issues))
        .collect()
}

/// Key of a product and the column that holds it.
type Names = Vec<(&'static str, Option<At<String>>)>;

fn names(columns: &Columns) -> Names {
    let c = columns.clone();
    vec![
        ("sku", c.sku),
        ("file", c.file),
        ("kind", c.kind),
        ("title", c.title),
        ("width_mm", c.width_mm),
        ("width_in", c.width_in),
        ("height_mm", c.height_mm),
        ("height_in", c.height_in),
        ("inner_diameter_mm", c.inner_diameter_mm),
        ("inner_diameter_in", c.inner_diameter_in),
        ("us_ring_size", c.us_ring_size),
        ("chain_length_mm", c.chain_length_mm),
        ("chain_length_in", c.chain_length_in),
        ("case_diameter_mm", c.case_diameter_mm),
        ("case_diameter_in", c.case_diameter_in),
        ("style", c.style),
    ]
}

/// A column that is mapped must be there.
fn check_columns(names: &Names, rows: &[Node], issues: &mut Issues) {
    let mut known: Vec<&str> = Vec::new();
    for row in rows.iter().take(100) {
        if let Value::Map(entries) = &row.value {
            for entry in entries {
                if !known.contains(&entry.key.as_str()) {
                    known.push(&entry.key);
                }
            }
        }
    }
    for column in names.iter().filter_map(|(_, column)| column.as_ref()) {
        if !rows.is_empty() && !known.contains(&column.value.as_str()) {
            issues.unknown(
                &column.place,
                "the catalogue has no column",
                &column.value,
                known.iter().copied(),
            );
        }
    }
}

/// One row as a product: its columns under the product's own keys, then read like any product of a preset.
fn product(row: &Node, catalogue: &Catalogue, names: &Names, issues: &mut Issues) -> Option<At<Product>> {
    let Value::Map(cells) = &row.value else {
        issues.push(
            &row.place,
            format!("a product is a record, not {}", row.describe()),
        );
        return None;
    };
    let mut entries = Vec::new();
    for (key, column) in names {
        let name = column.as_ref().map_or(*key, |c| c.value.as_str());
        let Some(cell) = cells.iter().find(|e| e.key == name) else {
            continue;
        };
        let text = cell.value.scalar().map(str::trim).unwrap_or_default();
        if text.is_empty() && matches!(cell.value.value, Value::Scalar { .. }) {
            continue;
        }
        let mut value = cell.value.clone();
        if let Value::Scalar { text: cell_text, .. } = &mut value.value {
            *cell_text = match *key {
                "kind" => kind_word(text, catalogue),
                _ => text.to_owned(),
            };
        }
        entries.push(Entry {
            key: (*key).to_owned(),
            place: cell.place.clone(),
            value,
        });
    }
    let node = Node {
        place: row.place.clone(),
        value: Value::Map(entries),
    };
    let mut product = Product::decode(&node, issues)?;
    if let (Some(file), Some(images)) = (&mut product.file, &catalogue.images) {
        // Absolute, or relative to where the program runs: joined to the images folder, not to the catalogue's own.
        let joined = images.resolved().join(&file.0.value);
        let absolute = std::path::absolute(&joined).unwrap_or(joined);
        *file = PathText(At::new(
            absolute.to_string_lossy().into_owned(),
            file.0.place.clone(),
        ));
    }
    Some(At::new(product, row.place.clone()))
}

/// The kind's own word for the shop's.
fn kind_word(text: &str, catalogue: &Catalogue) -> String {
    let mapped = catalogue.kinds.as_ref().and_then(|kinds| kinds.0.get(text));
    match mapped {
        Some(kind) => super::schema::KINDS
            .iter()
            .find(|(_, k)| k == kind)
            .map_or(text, |(word, _)| word)
            .to_owned(),
        None => text.to_lowercase(),
    }
}

fn csv_rows(text: &str, file: &Arc<Path>, issues: &mut Issues) -> Option<Vec<Node>> {
    let at = |line, column| Place {
        file: file.clone(),
        line,
        column,
    };
    let rows = match csv::parse(text) {
        Ok(rows) => rows,
        Err((line, column, reason)) => {
            issues.push(&at(line, column), reason);
            return None;
        }
    };
    let mut rows = rows.into_iter();
    let Some(header) = rows.next() else {
        issues.push(&at(1, 1), "the catalogue is empty");
        return None;
    };
    let mut nodes = Vec::new();
    for row in rows {
        let place = row.first().map_or(at(1, 1), |cell| at(cell.line, cell.column));
        if let Some(extra) = row.get(header.len()) {
            let message = format!("a row of {} cells under {} columns", row.len(), header.len());
            issues.push(&at(extra.line, extra.column), message);
            continue;
        }
        let entries = header.iter().zip(row).map(|(name, cell)| {
            let place = at(cell.line, cell.column);
            let value = Value::Scalar {
                text: cell.text,
                plain: false,
            };
            Entry {
                key: name.text.trim().to_owned(),
                place: place.clone(),
                value: Node { place, value },
            }
        });
        let entries = entries.collect();
        nodes.push(Node {
            place,
            value: Value::Map(entries),
        });
    }
    Some(nodes)
}

fn json_rows(text: &str, file: &Arc<Path>, issues: &mut Issues) -> Option<Vec<Node>> {
    let at = |line: usize, column: usize| Place {
        file: file.clone(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
    };
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let message = format!("not valid JSON: {}", shorten(&error.to_string()));
        issues.push(&at(error.line(), error.column()), message);
        return None;
    }
    // JSON is YAML, but for tabs as white space and pairs of surrogate escapes.
    yaml_rows(&json_as_yaml(text), file, issues)
}

/// The rows of a list, or of the first list in a mapping.
fn yaml_rows(text: &str, file: &Arc<Path>, issues: &mut Issues) -> Option<Vec<Node>> {
    let node = parse::parse(text, file, Limits::CATALOGUE, issues)?;
    match node.value {
        Value::List(rows) => Some(rows),
        Value::Map(entries) => {
            let list = entries.into_iter().find_map(|e| match e.value.value {
                Value::List(rows) => Some(rows),
                _ => None,
            });
            if list.is_none() {
                issues.push(&node.place, "the catalogue holds no list of products");
            }
            list
        }
        Value::Scalar { .. } => {
            issues.push(&node.place, "the catalogue holds no list of products");
            None
        }
    }
}

fn json_as_yaml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut used = c.len_utf8();
        match c {
            '"' => {
                inside = !inside;
                out.push(c);
            }
            '\\' if inside => match surrogates(rest) {
                Some(pair) => {
                    out.push(pair);
                    used = 12;
                }
                None => {
                    let escape: String = rest.chars().take(2).collect();
                    used = escape.len();
                    out.push_str(&escape);
                }
            },
            '\t' if !inside => out.push(' '),
            _ => out.push(c),
        }
        rest = rest.get(used..).unwrap_or_default();
    }
    out
}

/// The character that an escape like `\ud83d\ude00` at the start of `text` stands for.
fn surrogates(text: &str) -> Option<char> {
    let unit = |at: usize| -> Option<u16> {
        let escape = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    char::decode_utf16([unit(0)?, unit(6)?])
        .next()?
        .ok()
        .filter(|c| *c as u32 > 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_with_tabs_and_surrogate_pairs_reads_as_yaml() {
        let text = "[\n\t{\"title\":\t\"a \\ud83d\\ude00 \\\"b\\\" \\u00e9\"}\n]";
        let mut issues = Issues::default();
        let rows = json_rows(text, &Path::new("c.json").into(), &mut issues).expect("valid");
        assert!(issues.is_empty(), "{issues}");
        let Value::Map(cells) = &rows[0].value else {
            panic!()
        };
        assert_eq!(cells[0].value.scalar(), Some("a 😀 \"b\" é"));
        assert_eq!(cells[0].place.line, 2);
    }
}
