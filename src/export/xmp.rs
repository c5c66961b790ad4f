//! The XMP packet of an exported picture: who made it, what it shows, and how machines may know that it was composed.

use std::fmt::Write;

/// IPTC digital source types (newscodes).
const COMPOSITE: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeCapture";
const COMPOSITE_WITH_AI: &str =
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

/// What a picture's metadata says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Description {
    pub creator: Option<String>,
    pub description: Option<String>,
    pub copyright: Option<String>,
    /// SKUs among them.
    pub keywords: Vec<String>,
    /// A generative model repainted a part.
    pub generative: bool,
    /// Hash of everything that the picture depends on.
    pub key: String,
    pub variant: String,
}

/// The packet, without time stamps: the same picture has the same bytes.
pub fn packet(d: &Description) -> String {
    let mut x = String::new();
    x.push_str("<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n");
    x.push_str("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n");
    x.push_str(" <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n");
    x.push_str("  <rdf:Description rdf:about=\"\"\n");
    x.push_str("    xmlns:dc=\"http://purl.org/dc/elements/1.1/\"\n");
    x.push_str("    xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\"\n");
    x.push_str("    xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\"\n");
    x.push_str("    xmlns:parure=\"urn:parure:1\">\n");
    let source = if d.generative {
        COMPOSITE_WITH_AI
    } else {
        COMPOSITE
    };
    let _ = writeln!(
        x,
        "   <Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>"
    );
    let _ = writeln!(
        x,
        "   <xmp:CreatorTool>Parure {}</xmp:CreatorTool>",
        env!("CARGO_PKG_VERSION")
    );
    if let Some(creator) = &d.creator {
        let _ = writeln!(
            x,
            "   <dc:creator><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq></dc:creator>",
            escape(creator)
        );
    }
    for (name, text) in [("description", &d.description), ("rights", &d.copyright)] {
        if let Some(text) = text {
            let text = escape(text);
            let _ = writeln!(
                x,
                "   <dc:{name}><rdf:Alt><rdf:li xml:lang=\"x-default\">{text}</rdf:li></rdf:Alt></dc:{name}>"
            );
        }
    }
    if !d.keywords.is_empty() {
        let items: String = d
            .keywords
            .iter()
            .map(|k| format!("<rdf:li>{}</rdf:li>", escape(k)))
            .collect();
        let _ = writeln!(x, "   <dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>");
    }
    let _ = writeln!(x, "   <parure:settings>{}</parure:settings>", escape(&d.key));
    let _ = writeln!(x, "   <parure:variant>{}</parure:variant>", escape(&d.variant));
    x.push_str("  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"r\"?>");
    x
}

/// Text as XML takes it; control characters, which XML cannot hold, are left out. Bounded, because a JPEG segment is.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(2_000) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' && c != '\t' => {}
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_break_the_packet() {
        let d = Description {
            creator: Some("A & B <c> \"d\" \u{0}\u{1b}".into()),
            keywords: vec!["</rdf:li>".into()],
            ..Description::default()
        };
        let text = packet(&d);
        assert!(text.contains("A &amp; B &lt;c&gt; &quot;d&quot; </rdf:li>"));
        assert!(text.contains("<rdf:li>&lt;/rdf:li&gt;</rdf:li>"));
        assert!(text.contains("digitalsourcetype/compositeCapture<"));
        assert!(
            packet(&Description {
                generative: true,
                ..d
            })
            .contains("compositeWithTrainedAlgorithmicMedia<")
        );
    }
}
