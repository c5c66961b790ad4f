//! The manifest as a table: RFC 4180, one line per output, for programs that do not read JSON.

use serde_json::Value;

use super::record::{Record, Status};

/// The columns, in order. New ones are added at the end, so that imports keep working.
pub const COLUMNS: [&str; 25] = [
    "path",
    "status",
    "reason",
    "detail",
    "sku",
    "look",
    "model",
    "variant_id",
    "variant",
    "changed",
    "export",
    "width",
    "height",
    "bytes",
    "hash",
    "key",
    "seed",
    "backend",
    "program",
    "scale",
    "px_per_mm",
    "photo",
    "photo_hash",
    "product_hashes",
    "settings",
];

/// The whole table with its header.
pub fn table<'r>(records: impl Iterator<Item = &'r Record>) -> String {
    let mut out = COLUMNS.join(",") + "\r\n";
    for record in records {
        let cells: Vec<String> = cells(record).iter().map(|cell| quoted(cell)).collect();
        out += &cells.join(",");
        out += "\r\n";
    }
    out
}

fn cells(r: &Record) -> [String; COLUMNS.len()] {
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let json = |v: &Value| if v.is_null() { String::new() } else { v.to_string() };
    let made_by = |key: &str| word(&r.made_by[key]);
    // One value per piece of a look.
    let pieces = |key: &str| {
        let pieces = r.result["pieces"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let values: Vec<String> = pieces.iter().map(|piece| word(&piece[key])).collect();
        values.join("+")
    };
    let others: Vec<&str> = r.inputs.iter().skip(1).map(|input| input.hash.as_str()).collect();
    let status = match r.status {
        Status::Done => "done",
        Status::Unfit => "unfit",
        Status::Rejected => "rejected",
        Status::Failed => "failed",
    };
    [
        r.path.clone(),
        status.into(),
        r.reason.clone().unwrap_or_default(),
        r.detail.clone().unwrap_or_default(),
        r.labels.skus.join("+"),
        r.labels.look.clone(),
        r.labels.model.clone(),
        r.labels.variant.id.clone(),
        r.labels.variant.name.clone(),
        json(&r.labels.changed),
        r.labels.export.clone(),
        number(r.width.map(u64::from)),
        number(r.height.map(u64::from)),
        number(r.bytes),
        r.hash.clone().unwrap_or_default(),
        r.key.clone(),
        r.seed.to_string(),
        made_by("backend"),
        made_by("program"),
        pieces("scale"),
        pieces("px_per_mm"),
        r.inputs
            .first()
            .map(|input| input.path.clone())
            .unwrap_or_default(),
        r.inputs
            .first()
            .map(|input| input.hash.clone())
            .unwrap_or_default(),
        others.join("+"),
        json(&r.labels.settings),
    ]
}

/// Texts without JSON's quotes.
fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ') {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::journal::tests::record;

    #[test]
    fn the_table_reads_back_as_it_was() {
        let mut one = record("a,b/\"x\".png", "k");
        one.detail = Some("two\nlines".into());
        one.labels.skus = vec!["R-1".into(), "R-2".into()];
        one.labels.changed = serde_json::json!({ "shadow": 0.5 });
        let text = table([&one].into_iter());
        // The preset's own CSV reader, written apart from this one.
        let rows = crate::preset::csv::parse(&text).expect("valid CSV");
        assert_eq!(rows.len(), 2);
        let cell = |name: &str| {
            let at = rows[0].iter().position(|c| c.text == name).expect("column");
            rows[1][at].text.clone()
        };
        assert_eq!(rows[1].len(), COLUMNS.len());
        assert_eq!(cell("path"), "a,b/\"x\".png");
        assert_eq!(cell("detail"), "two\nlines");
        assert_eq!(cell("sku"), "R-1+R-2");
        assert_eq!(cell("changed"), r#"{"shadow":0.5}"#);
        assert_eq!(cell("width"), "1");
    }
}
