//! `parure try`.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

use super::{assert_keys, files_in, grey_picture, json_lines, landscape, parure, sample};

/// `parure try` of the sample solitaire ring, which is 17 mm wide inside.
fn try_ring(photos: &[PathBuf], out: &Path) -> Command {
    let mut command = parure();
    command
        .args([
            "try",
            "--json",
            "--kind",
            "ring",
            "--inner-diameter-mm",
            "17",
            "--product",
        ])
        .arg(sample("products/solitaire-diamond.png"))
        .args(photos)
        .arg("-o")
        .arg(out);
    command
}

#[test]
fn one_truncated_photo_among_ten_does_not_stop_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read(sample("models/hand-light.jpg")).unwrap();
    let photos: Vec<PathBuf> = (0..10)
        .map(|i| {
            let path = folder.path().join(format!("photo{i}.jpg"));
            let bytes = if i == 4 {
                &good[..good.len() / 2]
            } else {
                &good[..]
            };
            std::fs::write(&path, bytes).unwrap();
            path
        })
        .collect();
    let out = folder.path().join("out");
    let (code, lines, _) = json_lines(&mut try_ring(&photos, &out));
    assert_eq!(code, 1);
    let statuses: Vec<&str> = lines.iter().filter_map(|line| line["status"].as_str()).collect();
    let mut expected = ["done"; 10];
    expected[4] = "failed";
    assert_eq!(statuses, expected, "in the order of the photographs");
    let reason = lines[4]["reason"].as_str().unwrap();
    assert!(reason.contains("photo4.jpg"), "the file is named: {reason}");
    assert!(!reason.contains('\n'), "one line: {reason}");
    let pictures = files_in(&out);
    assert_eq!(
        pictures.len(),
        9,
        "nothing is left of the one that failed: {pictures:?}"
    );
    assert!(!pictures.iter().any(|name| name.starts_with("photo4")));
    // The same photograph gives the same bytes, whichever thread did it.
    let bytes: Vec<_> = pictures
        .iter()
        .map(|name| std::fs::read(out.join(name)).unwrap())
        .collect();
    assert!(bytes.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn without_json_the_damaged_photo_is_told_on_stderr() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.jpg");
    std::fs::write(&broken, b"\xff\xd8\xff\xe0").unwrap();
    let output = parure()
        .args(["try", "--kind", "ring", "--product"])
        .arg(sample("products/band-gold.png"))
        .arg(&broken)
        .arg("-o")
        .arg(folder.path().join("out"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("error: ") && stderr.contains("broken.jpg"),
        "{stderr}"
    );
}

#[test]
fn pictures_without_people_are_unfit_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let photos = [
        grey_picture(folder.path()),
        landscape(folder.path()),
        sample("products/watch-steel.png"),
    ];
    for (kind, product, reason) in [
        ("necklace", "pearls-classic", "no_face"),
        ("ring", "solitaire-diamond", "no_hand"),
        ("bracelet", "bangle-gold", "no_hand"),
        ("watch", "watch-steel", "no_hand"),
    ] {
        let out = folder.path().join(kind);
        let mut command = parure();
        command
            .args(["try", "--json", "--kind", kind, "--product"])
            .arg(sample(&format!("products/{product}.png")))
            .args(&photos)
            .arg("-o")
            .arg(&out);
        let (code, lines, stderr) = json_lines(&mut command);
        assert_eq!(code, 0, "unfit is an answer, not a failure: {stderr}");
        assert_eq!(lines.len(), photos.len());
        for line in &lines {
            assert_eq!(line["status"], "unfit", "{line}");
            assert!(line["reason"].as_str().unwrap().starts_with(reason), "{line}");
            assert!(line["output"].is_null());
        }
        assert_eq!(files_in(&out), [""; 0], "{kind}");
    }
}

#[test]
fn the_wrong_body_part_is_unfit() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, product, photo) in [
        ("ring", "band-gold", "face-light-up"),
        ("necklace", "pearls-classic", "hand-light"),
    ] {
        let mut command = parure();
        command
            .args(["try", "--json", "--kind", kind, "--product"])
            .arg(sample(&format!("products/{product}.png")))
            .arg(sample(&format!("models/{photo}.jpg")))
            .arg("-o")
            .arg(folder.path());
        let (code, lines, _) = json_lines(&mut command);
        assert_eq!(
            (code, &lines[0]["status"]),
            (0, &Value::from("unfit")),
            "{}",
            lines[0]
        );
    }
    assert_eq!(files_in(folder.path()), [""; 0]);
}

#[test]
fn result_lines_have_the_documented_keys() {
    let folder = tempfile::tempdir().unwrap();
    let photo = sample("models/hand-light.jpg");
    let (code, lines, _) = json_lines(&mut try_ring(std::slice::from_ref(&photo), folder.path()));
    assert_eq!((code, lines.len()), (0, 1));
    let line = &lines[0];
    assert_keys(
        line,
        "photo product kind status reason output scale px_per_mm anchors inpaint timings_ms",
        "a result",
    );
    assert_keys(
        &line["timings_ms"],
        "decode locate fit render inpaint encode",
        "timings_ms",
    );
    for (stage, ms) in line["timings_ms"].as_object().unwrap() {
        assert!(ms.as_f64().unwrap() > 0.0, "{stage} took no time");
    }
    assert_eq!(
        (&line["kind"], &line["status"], &line["scale"]),
        (&"ring".into(), &"done".into(), &"given".into())
    );
    assert!(line["reason"].is_null());
    assert!(line["px_per_mm"].as_f64().unwrap() > 0.0);
    for anchor in line["anchors"].as_array().unwrap() {
        assert_keys(anchor, "name position px_per_mm", "an anchor");
    }
    assert!(!line["anchors"].as_array().unwrap().is_empty());
    let output = PathBuf::from(line["output"].as_str().unwrap());
    assert_eq!(output.extension().unwrap(), "jpg", "the photo's own format");
    assert_eq!(
        image::image_dimensions(&photo).unwrap(),
        image::image_dimensions(&output).unwrap()
    );
}

#[test]
fn a_size_that_nobody_gave_is_called_assumed() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = parure();
    command
        .args(["try", "--json", "--kind", "ring", "--product"])
        .arg(sample("products/solitaire-diamond.png"))
        .arg(sample("models/hand-light.jpg"))
        .arg("-o")
        .arg(folder.path());
    let (_, lines, _) = json_lines(&mut command);
    assert_eq!(lines[0]["scale"], "assumed");
}

#[test]
fn pictures_come_in_the_format_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let photo = sample("models/hand-light.jpg");
    for (format, extension, magic) in [
        ("png", "png", &b"\x89PNG"[..]),
        ("jpeg", "jpg", b"\xff\xd8\xff"),
        ("webp", "webp", b"RIFF"),
    ] {
        let out = folder.path().join(format);
        let mut command = try_ring(std::slice::from_ref(&photo), &out);
        let (code, lines, _) = json_lines(command.args(["--format", format]));
        assert_eq!(code, 0);
        let name = format!("hand-light_solitaire-diamond.{extension}");
        assert_eq!(files_in(&out), [name.as_str()]);
        assert_eq!(
            lines[0]["output"].as_str().map(Path::new),
            Some(out.join(&name).as_path())
        );
        assert!(
            std::fs::read(out.join(&name)).unwrap().starts_with(magic),
            "{format}"
        );
    }
    // Both lossless formats hold the same picture.
    let read = |path: &str| image::open(folder.path().join(path)).unwrap().to_rgb8();
    let png = read("png/hand-light_solitaire-diamond.png");
    assert!(png == read("webp/hand-light_solitaire-diamond.webp"));
}

#[test]
fn layers_are_written_at_photo_size_and_agree_with_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    // PNG in, so that the picture out is lossless and can be compared pixel by pixel.
    let photo = folder.path().join("photo.png");
    let before = image::open(sample("models/hand-light.jpg")).unwrap().to_rgb8();
    before.save(&photo).unwrap();
    let (layers, out) = (folder.path().join("layers"), folder.path().join("out"));
    // Layers are what the seam is painted over.
    try_ring(&[photo], &out)
        .args(["--inpaint", "off"])
        .arg("--layers")
        .arg(&layers)
        .assert()
        .success();
    assert_eq!(
        files_in(&layers),
        [
            "photo_solitaire-diamond_jewelry.png",
            "photo_solitaire-diamond_shadow.png"
        ]
    );
    let layer = |kind: &str| {
        let path = layers.join(format!("photo_solitaire-diamond_{kind}.png"));
        image::open(path).unwrap().to_luma8()
    };
    let (jewelry, shadow) = (layer("jewelry"), layer("shadow"));
    let after = image::open(out.join("photo_solitaire-diamond.png"))
        .unwrap()
        .to_rgb8();
    assert_eq!(jewelry.dimensions(), before.dimensions());
    assert_eq!(shadow.dimensions(), before.dimensions());
    let solid = jewelry.pixels().filter(|p| p.0[0] > 250).count();
    assert!(solid > 100, "the piece is seen: {solid}");
    assert!(shadow.pixels().any(|p| p.0[0] > 10), "so is its shadow");

    let mut changed = 0;
    for (x, y, pixel) in after.enumerate_pixels() {
        if before.get_pixel(x, y) != pixel {
            changed += 1;
            // 8-bit layers cannot tell the faintest rim: one pixel around them may change.
            let near = (y.saturating_sub(1)..=y + 1)
                .flat_map(|y| (x.saturating_sub(1)..=x + 1).map(move |x| (x, y)))
                .any(|(x, y)| {
                    [&jewelry, &shadow]
                        .iter()
                        .any(|layer| layer.get_pixel_checked(x, y).is_some_and(|p| p.0[0] > 0))
                });
            assert!(near, "({x}, {y}) changed away from jewelry and shadow");
        }
    }
    assert!(
        changed > solid / 2,
        "{changed} pixels changed under {solid} solid ones"
    );
}

#[test]
fn folders_are_searched_and_names_stay_apart() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    let hand = sample("models/hand-light.jpg");
    std::fs::copy(&hand, photos.join("a.jpg")).unwrap();
    std::fs::write(photos.join("notes.txt"), "no picture").unwrap();
    let twin = folder.path().join("a.jpg");
    std::fs::copy(&hand, &twin).unwrap();
    let out = folder.path().join("out");
    let (code, lines, _) = json_lines(&mut try_ring(&[photos, twin], &out));
    assert_eq!((code, lines.len()), (0, 2));
    assert_eq!(
        files_in(&out),
        ["a-2_solitaire-diamond.jpg", "a_solitaire-diamond.jpg"]
    );
}

/// The export's weights are random: it paints, all of it is far from skin and dropped, and the picture is the one without.
#[test]
fn a_stable_diffusion_export_runs_and_what_is_far_from_skin_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let export = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inpaint/sd");
    let sd = format!("sd={},steps=3,strength=0.4,scheduler=euler", export.display());
    let pictures = ["off", &sd].map(|engine| {
        let out = folder.path().join(&engine[..2]);
        let mut command = try_ring(&[sample("models/hand-light.jpg")], &out);
        let (code, lines, _) = json_lines(command.args(["--inpaint", engine, "--format", "png"]));
        assert_eq!(code, 0);
        let told = &lines[0]["inpaint"];
        if engine == "off" {
            assert!(told.is_null(), "{told}");
        } else {
            assert_eq!(told["engine"], "sd");
            assert!(told["pixels"].as_u64() > Some(500), "{told}");
            let dropped = told["dropped"].as_array().unwrap();
            assert_eq!(dropped.len() as u64, told["tiles"].as_u64().unwrap());
            assert!(
                dropped.iter().all(|why| why.as_str().unwrap().contains("skin")),
                "{told}"
            );
        }
        std::fs::read(lines[0]["output"].as_str().unwrap()).unwrap()
    });
    assert!(pictures[0] == pictures[1], "the picture without the pass");
}
