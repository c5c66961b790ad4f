//! Every shipped export, read back by a reader that shares no code with the program: marker by marker, chunk by chunk.

mod shop;

use shop::{Shop, home, product};

/// What stands in a picture file.
#[derive(Debug, Default)]
struct Found {
    width: u32,
    height: u32,
    icc: Vec<u8>,
    xmp: String,
    /// JPEG: sampling factors of the components.
    sampling: Vec<u8>,
}

fn be(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |n, b| n << 8 | u32::from(*b))
}

/// JPEG (ITU T.81): segments up to the scan.
fn jpeg(bytes: &[u8]) -> Found {
    assert_eq!(bytes[..2], [0xff, 0xd8]);
    assert_eq!(
        bytes[bytes.len() - 2..],
        [0xff, 0xd9],
        "the file ends with its end marker"
    );
    let mut found = Found::default();
    let mut at = 2;
    loop {
        assert_eq!(bytes[at], 0xff);
        let (marker, length) = (bytes[at + 1], be(&bytes[at + 2..at + 4]) as usize);
        let body = &bytes[at + 4..at + 2 + length];
        match marker {
            0xc0..=0xc2 => {
                (found.height, found.width) = (be(&body[1..3]), be(&body[3..5]));
                found.sampling = (0..usize::from(body[5])).map(|i| body[7 + 3 * i]).collect();
            }
            0xe1 if body.starts_with(b"http://ns.adobe.com/xap/1.0/\0") => {
                found.xmp = String::from_utf8(body[29..].to_vec()).expect("UTF-8");
            }
            0xe2 if body.starts_with(b"ICC_PROFILE\0") => found.icc.extend(&body[14..]),
            0xda => return found,
            _ => {}
        }
        at += 2 + length;
    }
}

/// PNG (ISO 15948): chunks; the profile is inflated by the `png` crate alone.
fn png(bytes: &[u8]) -> Found {
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let mut found = Found::default();
    let mut at = 8;
    loop {
        let length = be(&bytes[at..at + 4]) as usize;
        let (kind, body) = (&bytes[at + 4..at + 8], &bytes[at + 8..at + 8 + length]);
        match kind {
            b"IHDR" => (found.width, found.height) = (be(&body[..4]), be(&body[4..8])),
            b"iTXt" if body.starts_with(b"XML:com.adobe.xmp\0") => {
                // Keyword, uncompressed, no language, no translated keyword.
                found.xmp = String::from_utf8(body[22..].to_vec()).expect("UTF-8");
            }
            b"IEND" => break,
            _ => {}
        }
        at += 12 + length;
    }
    assert_eq!(at + 12, bytes.len(), "the file ends with its end chunk");
    let reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .expect("PNG");
    found.icc = reader.info().icc_profile.as_deref().unwrap_or_default().to_vec();
    found
}

/// WebP (RFC 9649): RIFF chunks.
fn webp(bytes: &[u8]) -> Found {
    assert_eq!((&bytes[..4], &bytes[8..12]), (&b"RIFF"[..], &b"WEBP"[..]));
    let le = |b: &[u8]| b.iter().rev().fold(0u32, |n, b| n << 8 | u32::from(*b));
    assert_eq!(
        le(&bytes[4..8]) as usize + 8,
        bytes.len(),
        "the length is the file's"
    );
    let mut found = Found::default();
    let mut at = 12;
    while at + 8 <= bytes.len() {
        let length = le(&bytes[at + 4..at + 8]) as usize;
        let body = &bytes[at + 8..at + 8 + length];
        match &bytes[at..at + 4] {
            b"VP8X" => (found.width, found.height) = (le(&body[4..7]) + 1, le(&body[7..10]) + 1),
            b"ICCP" => found.icc = body.to_vec(),
            b"XMP " => found.xmp = String::from_utf8(body.to_vec()).expect("UTF-8"),
            _ => {}
        }
        at += 8 + length + length % 2;
    }
    found
}

/// The text of the first element of this name.
fn element<'x>(xmp: &'x str, name: &str) -> &'x str {
    let open = format!("<{name}>");
    let start = xmp.find(&open).unwrap_or_else(|| panic!("no {name} in {xmp}")) + open.len();
    let end = xmp[start..].find(&format!("</{name}>")).expect("closed") + start;
    &xmp[start..end]
}

/// What each shop asks for, worked out by hand for a photograph of 1024 × 1280: pixels, most bytes.
const EXPECTED: [(&str, u32, u32, usize); 10] = [
    // 2000 on the short side would enlarge 1.95 times; 1.5 is allowed.
    ("etsy", 1536, 1920, 10_000_000),
    ("amazon-secondary", 1600, 2000, 10_000_000),
    ("shopify", 2048, 2048, 20_000_000),
    ("instagram-portrait", 1080, 1350, 8_000_000),
    ("instagram-square", 1080, 1080, 8_000_000),
    ("google-merchant", 1600, 2000, 16_000_000),
    ("ebay", 1280, 1600, 12_000_000),
    ("photo", 1024, 1280, usize::MAX),
    ("master", 1024, 1280, usize::MAX),
    ("own-webp", 512, 640, usize::MAX),
];

#[test]
fn every_shipped_export_is_what_its_shop_asks_for() {
    let shop = Shop::new();
    let names: Vec<&str> = EXPECTED
        .iter()
        .map(|(name, ..)| *name)
        .filter(|n| *n != "own-webp")
        .collect();
    let preset = format!(
        "version: 1
output: {{folder: out, name: \"{{export}}\"}}
metadata:
  creator: Ædes & Söhne
  copyright: © <2026>
  description: \"{{title}} ({{sku}}) on {{model}}\"
  keywords: [jewelry]
products: [{{sku: N&1, title: Gold disc, file: {}, kind: necklace, chain_length_mm: 450}}]
models: [{{id: lena, photo: {}}}]
exports: [{}, {{name: own-webp, format: webp, long_side: 640}}]
",
        product("pendant-disc-gold.png"),
        home().join("samples/models/face-light-up.jpg").display(),
        names.join(", "),
    );
    shop.write("p.yaml", preset);
    shop.run(&["run", "p.yaml"]).code(0);
    let (pictures, records) = (shop.pictures("out"), shop.manifest("out"));
    assert_eq!(pictures.len(), EXPECTED.len());
    for (name, width, height, most) in EXPECTED {
        let record = records.iter().find(|r| r["export"] == name).expect("a record");
        let path = record["path"].as_str().expect("path");
        let bytes = &pictures[path];
        let found = match path.rsplit('.').next() {
            Some("jpg") => jpeg(bytes),
            Some("png") => png(bytes),
            Some("webp") => webp(bytes),
            other => panic!("{other:?}"),
        };
        assert_eq!((found.width, found.height), (width, height), "{name}");
        assert!(bytes.len() <= most, "{name}: {} bytes", bytes.len());
        assert_eq!(record["bytes"], bytes.len(), "{name}");
        assert_eq!(record["hash"], blake3::hash(bytes).to_hex().as_str(), "{name}");
        if path.ends_with(".jpg") {
            assert_eq!(found.sampling, [0x11; 3], "{name}: full-resolution colour");
        }
        // ICC.1: the signature, an RGB profile, the length in its own header, and sRGB by its name.
        assert_eq!(
            (&found.icc[36..40], &found.icc[16..20]),
            (&b"acsp"[..], &b"RGB "[..]),
            "{name}"
        );
        assert_eq!(be(&found.icc[..4]) as usize, found.icc.len(), "{name}");
        assert!(found.icc.windows(4).any(|w| w == b"sRGB"), "{name}");
        let xmp = &found.xmp;
        assert_eq!(
            element(xmp, "Iptc4xmpExt:DigitalSourceType"),
            "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
            "{name}"
        );
        assert!(
            element(xmp, "dc:creator").contains("<rdf:li>Ædes &amp; Söhne</rdf:li>"),
            "{name}"
        );
        assert!(element(xmp, "dc:rights").contains("© &lt;2026&gt;"), "{name}");
        assert!(
            element(xmp, "dc:description").contains("Gold disc (N&amp;1) on lena"),
            "{name}"
        );
        let keywords = element(xmp, "dc:subject");
        assert!(
            keywords.contains("<rdf:li>N&amp;1</rdf:li>") && keywords.contains("<rdf:li>jewelry</rdf:li>"),
            "{name}"
        );
        assert_eq!(element(xmp, "parure:settings"), record["key"], "{name}");
        // And an ordinary decoder agrees that these are pictures.
        let decoded = image::load_from_memory(bytes).expect("decodable");
        assert_eq!((decoded.width(), decoded.height()), (width, height), "{name}");
    }
}

#[test]
fn byte_caps_are_met_by_quality_and_what_cannot_be_met_is_told() {
    let shop = Shop::new();
    let preset = format!(
        "version: 1
output: {{folder: out, name: \"{{export}}\"}}
products: [{{sku: N-1, file: {}, kind: necklace, chain_length_mm: 450}}]
models: [{{id: lena, photo: {}}}]
exports:
  - {{name: roomy, quality: 95, min_quality: 30}}
  - {{name: capped, quality: 95, min_quality: 30, max_bytes: 90 kB}}
  - {{name: impossible, quality: 95, min_quality: 90, max_bytes: 20 kB}}
  - {{name: vast, long_side: 4000, width: 4000, height: 4000}}
",
        product("pendant-disc-gold.png"),
        home().join("samples/models/face-light-up.jpg").display(),
    );
    // Two ways to say a size at once are a mistake in the preset.
    shop.write("p.yaml", &preset);
    assert!(shop.run(&["plan", "p.yaml"]).code(2).err.contains("p.yaml:9"));
    shop.write("p.yaml", preset.replace("long_side: 4000, ", ""));
    let ran = shop.run(&["run", "p.yaml"]).code(1);
    let pictures = shop.pictures("out");
    assert_eq!(pictures.keys().collect::<Vec<_>>(), ["capped.jpg", "roomy.jpg"]);
    let capped = pictures["capped.jpg"].len();
    assert!(pictures["roomy.jpg"].len() > 90_000);
    assert!(
        (75_000..=90_000).contains(&capped),
        "{capped} bytes: as near to the cap as quality goes"
    );
    assert!(ran.err.contains("impossible"), "{}", ran.err);
    let summary = shop.summary("out");
    assert_eq!(summary["failed"]["over_max_bytes"], 1);
    assert_eq!(summary["unfit"]["too_small_for_export"], 1);
}
