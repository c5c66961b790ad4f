//! A run that a team can trust overnight: what fails fails alone, what is killed goes on, nothing depends on how.

mod shop;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use shop::{Ran, Shop, photo, product};

/// A ring and a bracelet on one hand, a pendant on one face: three pictures in two exports.
fn small() -> Shop {
    let shop = Shop::new();
    shop.write("photos/hand.jpg", photo("hand-light.jpg"));
    shop.write("photos/face.jpg", photo("face-light-up.jpg"));
    let preset = format!(
        "version: 1
output: {{folder: out, name: \"{{sku}}/{{model}}_{{export}}\"}}
products:
  - {{sku: R-1, file: {}, kind: ring, inner_diameter_mm: 18}}
  - {{sku: B-1, file: {}, kind: bracelet, style: bangle, inner_diameter_mm: 62}}
  - {{sku: N-1, file: {}, kind: necklace, chain_length_mm: 450}}
models:
  - {{photo: photos/hand.jpg, wears: [ring, bracelet]}}
  - {{photo: photos/face.jpg, wears: necklace}}
exports:
  - {{name: web, format: jpeg, long_side: 400}}
  - {{name: lossless, format: png, long_side: 240}}
",
        product("band-gold.png"),
        product("bangle-gold.png"),
        product("pendant-disc-gold.png"),
    );
    shop.write("p.yaml", preset);
    shop
}

#[test]
fn a_bad_photo_among_ten_fails_alone() {
    let shop = Shop::new();
    let good = photo("hand-light.jpg");
    for i in 0..9 {
        shop.write(&format!("photos/good-{i}.jpg"), &good);
    }
    shop.write("photos/bad.jpg", &good[..good.len() / 2]);
    let preset = format!(
        "version: 1
output: {{folder: out}}
products: [{{sku: R-1, file: {}, kind: ring, inner_diameter_mm: 18}}]
models: [{{folder: photos}}]
",
        product("band-gold.png")
    );
    shop.write("p.yaml", preset);
    let ran = shop.run(&["run", "p.yaml"]).code(1);
    assert_eq!(shop.pictures("out").len(), 9);
    let said: Vec<&str> = ran
        .err
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(said.len(), 1, "{}", ran.err);
    assert!(said[0].contains("bad.jpg"), "{}", said[0]);
    let summary = shop.summary("out");
    assert_eq!(
        (&summary["done"], &summary["failed"]["unreadable"]),
        (&9.into(), &1.into())
    );
}

#[test]
fn a_second_run_makes_nothing_and_a_change_remakes_what_it_touches() {
    let shop = small();
    let made = |ran: &shop::Ran| {
        let lines = ran.lines();
        let fresh = lines.iter().filter(|line| line["kept"] == false);
        let mut skus: Vec<String> = fresh
            .map(|line| line["output"]["skus"][0].as_str().expect("SKU").to_owned())
            .collect();
        skus.sort();
        skus
    };
    let first = shop.run(&["run", "p.yaml", "--json"]).code(0);
    assert_eq!(made(&first), ["B-1", "B-1", "N-1", "N-1", "R-1", "R-1"]);
    let pictures = shop.pictures("out");
    assert!(made(&shop.run(&["run", "p.yaml", "--json"]).code(0)).is_empty());

    // A file that was tampered with, cut short or removed is not trusted.
    shop.write("out/R-1/hand_web.jpg", b"not the picture");
    let cut = &pictures["B-1/hand_web.jpg"];
    shop.write("out/B-1/hand_web.jpg", &cut[..cut.len() - 1]);
    std::fs::remove_file(shop.path("out/N-1/face_lossless.png")).expect("there");
    assert_eq!(
        made(&shop.run(&["run", "p.yaml", "--json"]).code(0)),
        ["B-1", "N-1", "R-1"]
    );
    assert_eq!(shop.pictures("out"), pictures);

    // One product's size: that product, and nothing else.
    let text = std::fs::read_to_string(shop.path("p.yaml")).expect("preset");
    shop.write(
        "p.yaml",
        text.replace("inner_diameter_mm: 18", "inner_diameter_mm: 19"),
    );
    assert_eq!(
        made(&shop.run(&["run", "p.yaml", "--json"]).code(0)),
        ["R-1", "R-1"]
    );
    let forced = shop.run(&["run", "p.yaml", "--json", "--force"]).code(0);
    assert_eq!(made(&forced).len(), 6);
}

/// The manifest without what may differ from run to run: how long things took.
fn timeless(records: Vec<Value>) -> Vec<Value> {
    let strip = |mut record: Value| {
        record["timings_ms"] = Value::Null;
        // The pass over the seam tells its own time.
        if let Some(pass) = record["result"]["inpaint"].as_object_mut() {
            pass.remove("ms");
        }
        if let Some(result) = record["result"].as_object_mut() {
            result.retain(|key, _| !key.ends_with("_ms"));
        }
        record
    };
    records.into_iter().map(strip).collect()
}

/// A complete run of the small shop into `whole`, to measure others against; located photographs are kept in `cache`.
fn unbroken(shop: &Shop) -> (BTreeMap<String, Vec<u8>>, Vec<Value>) {
    shop.run(&["run", "p.yaml", "-o", "whole", "--cache", "cache"])
        .code(0);
    let pictures = shop.pictures("whole");
    assert_eq!(pictures.len(), 6);
    (pictures, timeless(shop.manifest("whole")))
}

#[test]
fn killed_at_any_moment_a_run_ends_with_the_same_bytes() {
    let shop = small();
    let (pictures, records) = unbroken(&shop);
    let start = Instant::now();
    shop.run(&["run", "p.yaml", "-o", "timed", "--cache", "cache"])
        .code(0);
    let whole = start.elapsed();
    // More kills for a night: PARURE_KILLS=50 cargo test --release --test batch killed
    let kills = std::env::var("PARURE_KILLS").map_or(6, |n| n.parse().expect("a number"));
    let mut interrupted = 0;
    for i in 0..kills {
        let out = format!("killed-{i}");
        let args = ["run", "p.yaml", "-o", &out, "--cache", "cache"];
        // Moments spread over the run by the golden ratio: no two alike, and the same every time.
        let moment = whole.mul_f64((f64::from(i) * 0.618_033_988_75).fract());
        let mut child = shop
            .parure(&args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("runs");
        std::thread::sleep(moment);
        // SIGKILL: nothing can be tidied up.
        child.kill().expect("killed");
        interrupted += usize::from(!child.wait().expect("ended").success());
        shop.run(&args).code(0);
        assert!(
            shop.pictures(&out) == pictures,
            "kill {i} after {moment:?}: other files or bytes"
        );
        assert_eq!(
            timeless(shop.manifest(&out)),
            records,
            "kill {i} after {moment:?}"
        );
        std::fs::remove_dir_all(shop.path(&out)).expect("removed");
    }
    assert!(interrupted > 0, "no kill came before the end");
}

#[test]
fn threads_and_shards_do_not_show() {
    let shop = small();
    let (pictures, records) = unbroken(&shop);
    for jobs in ["1", "2", "8"] {
        // Located anew: models, too, must not depend on the number of threads.
        let out = format!("jobs-{jobs}");
        shop.run(&["run", "p.yaml", "-o", &out, "--jobs", jobs, "--memory", "1MB"])
            .code(0);
        assert!(shop.pictures(&out) == pictures, "--jobs {jobs}");
        assert_eq!(timeless(shop.manifest(&out)), records, "--jobs {jobs}");
    }
    for shard in ["1/3", "2/3"] {
        shop.run(&[
            "run", "p.yaml", "-o", "shards", "--shard", shard, "--cache", "cache",
        ])
        .code(0);
    }
    let third = shop
        .parure(&["run", "p.yaml", "-o", "shards", "--cache", "cache"])
        .envs([("JOB_COMPLETION_INDEX", "2"), ("PARURE_SHARDS", "3")])
        .output();
    Ran::from(third.expect("runs")).code(0);
    assert!(shop.pictures("shards") == pictures);
    // All manifests together, and then the one of a run that finds everything there.
    let together = shop.run(&["manifest", "shards"]).code(0).lines();
    assert_eq!(together.len(), records.len());
    shop.run(&["run", "p.yaml", "-o", "shards", "--cache", "cache"])
        .code(0);
    assert_eq!(timeless(shop.manifest("shards")), records);
    assert_eq!(shop.summary("shards")["kept"], 6);
}

/// Starts a run with JSON lines and waits for its first picture.
fn first_picture(shop: &Shop, out: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let args = [
        "run", "p.yaml", "-o", out, "--json", "--jobs", "1", "--cache", "cache",
    ];
    let mut child = shop
        .parure(&args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a line");
    assert!(line.contains("\"output\""), "{line}");
    (child, lines)
}

#[cfg(unix)]
#[test]
fn ctrl_c_finishes_what_is_in_flight_and_leaves_the_rest() {
    let shop = small();
    let (pictures, records) = unbroken(&shop);
    let (child, lines) = first_picture(&shop, "out");
    let kill = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.expect("kill").success());
    // Whoever reads must go on reading, or the program waits to write.
    let rest: Vec<String> = lines.lines().map(|line| line.expect("text")).collect();
    Ran::from(child.wait_with_output().expect("ended")).code(75);
    let last: Value = serde_json::from_str(rest.last().expect("summary")).expect("JSON");
    assert!(last["summary"]["left"].as_u64() > Some(0), "{last}");
    let done = shop.pictures("out");
    assert!(!done.is_empty() && done.len() < pictures.len());
    assert!(
        done.iter().all(|(name, bytes)| pictures[name] == *bytes),
        "what was written is whole"
    );
    shop.run(&["run", "p.yaml", "-o", "out", "--cache", "cache"])
        .code(0);
    assert!(shop.pictures("out") == pictures);
    assert_eq!(timeless(shop.manifest("out")), records);
}

#[test]
fn a_photo_replaced_while_the_run_is_under_way_is_told_apart() {
    let shop = small();
    unbroken(&shop);
    let (child, lines) = first_picture(&shop, "out");
    let hand = shop.path("photos/hand.jpg");
    let (before, after) = (std::fs::read(&hand).expect("photo"), photo("hand-deep.jpg"));
    // The hand comes first: its group may be open or done. The face's is still to come.
    shop.write("photos/hand.jpg", &after);
    shop.write("photos/face.jpg", photo("face-deep-buzz.jpg"));
    lines.lines().for_each(|line| drop(line.expect("text")));
    child.wait_with_output().expect("ended");
    // Every record names the photo that its picture was made of.
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let known = [hash(&before), hash(&after)];
    for record in shop.manifest("out").iter().filter(|r| r["model"] == "hand") {
        let named = record["inputs"][0]["hash"].as_str().expect("hash");
        assert!(known.contains(&named.to_owned()));
    }
    // And the next run leaves nothing of the old photographs.
    shop.run(&["run", "p.yaml", "-o", "out", "--cache", "cache"])
        .code(0);
    shop.run(&["run", "p.yaml", "-o", "fresh", "--cache", "cache"])
        .code(0);
    assert!(shop.pictures("out") == shop.pictures("fresh"));
}

#[test]
fn a_corrupt_product_fails_alone() {
    let shop = small();
    let mut png = std::fs::read(product("band-gold.png")).expect("sample");
    let middle = png.len() / 2;
    png[middle] ^= 0x55;
    shop.write("broken.png", png);
    let text = std::fs::read_to_string(shop.path("p.yaml")).expect("preset");
    shop.write("p.yaml", text.replace(&product("band-gold.png"), "broken.png"));
    let ran = shop.run(&["run", "p.yaml"]).code(1);
    assert_eq!(shop.pictures("out").len(), 4);
    let errors: Vec<&str> = ran
        .err
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(errors.len(), 2, "{}", ran.err);
    assert!(
        errors
            .iter()
            .all(|line| line.contains("broken.png") && line.contains("R-1/")),
        "{errors:?}"
    );
}

#[cfg(unix)]
#[test]
fn an_unreadable_photo_fails_alone() {
    use std::os::unix::fs::PermissionsExt;
    let shop = small();
    let path = shop.path("photos/face.jpg");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).expect("set");
    if std::fs::read(&path).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    let ran = shop.run(&["run", "p.yaml"]).code(1);
    assert_eq!(shop.pictures("out").len(), 4);
    assert!(
        ran.err.contains("photos/face.jpg: Permission denied"),
        "{}",
        ran.err
    );
}

#[cfg(unix)]
#[test]
fn an_output_folder_that_cannot_be_written_is_told_at_once() {
    use std::os::unix::fs::PermissionsExt;
    let shop = small();
    shop.write("a-file", b"x");
    let ran = shop.run(&["run", "p.yaml", "-o", "a-file/out"]).code(2);
    assert!(ran.err.contains("a-file/out"), "{}", ran.err);
    std::fs::create_dir(shop.path("locked")).expect("folder");
    std::fs::set_permissions(shop.path("locked"), PermissionsExt::from_mode(0o555)).expect("set");
    if std::fs::write(shop.path("locked/probe"), b"x").is_ok() {
        eprintln!("the rest is skipped: this user may write everywhere");
        return;
    }
    let ran = shop.run(&["run", "p.yaml", "-o", "locked"]).code(2);
    assert!(ran.err.contains("locked"), "{}", ran.err);
    assert!(shop.pictures("locked").is_empty());
}

/// Runs the program in a shell that was prepared by `setup`; `None` when this machine does not allow that.
#[cfg(unix)]
fn in_shell(shop: &Shop, setup: &str, args: &str) -> Option<Ran> {
    let script = format!("{{ {setup}; }} 2>/dev/null || exit 99\nexec \"$0\" {args}");
    let ran = std::process::Command::new("bash")
        .args(["-c", &script, env!("CARGO_BIN_EXE_parure")])
        .current_dir(shop.path(""))
        .output();
    let ran = Ran::from(ran.ok()?);
    (ran.code != Some(99)).then_some(ran)
}

#[cfg(unix)]
#[test]
fn files_beyond_the_limit_of_the_system_halt_the_run() {
    let shop = small();
    let (pictures, _) = unbroken(&shop);
    // No room for the largest picture, and an error instead of a signal when it is tried.
    let largest = pictures.values().map(Vec::len).max().expect("pictures");
    let limit = format!("trap '' XFSZ && ulimit -f {}", largest / 1024);
    let Some(ran) = in_shell(&shop, &limit, "run p.yaml --jobs 1 --cache cache") else {
        eprintln!("skipped: no bash, or no limits");
        return;
    };
    let ran = ran.code(75);
    assert!(ran.err.contains("run again"), "{}", ran.err);
    let done = shop.pictures("out");
    assert!(
        done.iter().all(|(name, bytes)| pictures.get(name) == Some(bytes)),
        "nothing half written"
    );
    shop.run(&["run", "p.yaml", "--cache", "cache"]).code(0);
    assert!(shop.pictures("out") == pictures);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_halts_the_run() {
    let shop = small();
    let (pictures, _) = unbroken(&shop);
    std::fs::create_dir(shop.path("disk")).expect("folder");
    // A disk of 200 KiB in a name space of its own; what it holds is copied out before it goes.
    let script = "unshare -rm bash -c 'mount -t tmpfs -o size=200k none disk || exit 99; \
        \"$0\" run p.yaml -o disk --cache cache --jobs 1; code=$?; cp -r disk copy; exit $code' \"$0\"";
    let ran = std::process::Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_parure")])
        .current_dir(shop.path(""))
        .output();
    let ran = Ran::from(ran.expect("bash"));
    if !shop.path("copy").exists() {
        eprintln!("skipped: no disk can be mounted here: {}", ran.err);
        return;
    }
    let ran = ran.code(75);
    assert!(
        ran.err.contains("free some space") || ran.err.contains("disk is full"),
        "{}",
        ran.err
    );
    let done = shop.pictures("copy");
    assert!(done.len() < pictures.len());
    assert!(
        done.iter().all(|(name, bytes)| pictures.get(name) == Some(bytes)),
        "nothing half written"
    );
    // The copy is a folder like any other: the run goes on in it.
    shop.run(&["run", "p.yaml", "-o", "copy", "--cache", "cache"])
        .code(0);
    assert!(shop.pictures("copy") == pictures);
}

#[test]
fn pictures_of_earlier_presets_are_listed_and_pruned() {
    let shop = small();
    shop.run(&["run", "p.yaml"]).code(0);
    let text = std::fs::read_to_string(shop.path("p.yaml")).expect("preset");
    shop.write("p.yaml", text.replace("sku: B-1", "sku: B-2"));
    shop.write("out/B-1/mine.jpg", b"not of the program");
    shop.run(&["run", "p.yaml"]).code(0);
    assert_eq!(shop.summary("out")["stale"], 2);
    // Someone has worked on one of them since: it is listed, and stays.
    shop.write("out/B-1/hand_web.jpg", b"retouched");
    let listed = shop.run(&["prune", "p.yaml"]).code(0).out;
    assert_eq!(
        listed,
        "B-1/hand_lossless.png\nB-1/hand_web.jpg  (changed since: kept)\n"
    );
    assert_eq!(shop.pictures("out").len(), 9);
    shop.run(&["prune", "p.yaml", "--delete"]).code(0);
    let left = shop.pictures("out");
    assert!(!left.contains_key("B-1/hand_lossless.png"));
    assert_eq!(left["B-1/hand_web.jpg"], b"retouched");
    assert_eq!(left["B-1/mine.jpg"], b"not of the program");
    assert_eq!(shop.run(&["prune", "p.yaml"]).code(0).out.lines().count(), 1);
}

#[cfg(unix)]
#[test]
fn no_link_leads_a_picture_out_of_the_folder() {
    let shop = small();
    std::fs::create_dir_all(shop.path("elsewhere")).expect("folder");
    std::fs::create_dir_all(shop.path("out")).expect("folder");
    std::os::unix::fs::symlink(shop.path("elsewhere"), shop.path("out/R-1")).expect("link");
    let ran = shop.run(&["run", "p.yaml"]).code(1);
    assert_eq!(
        std::fs::read_dir(shop.path("elsewhere"))
            .expect("readable")
            .count(),
        0
    );
    assert!(ran.err.contains("link out of the output folder"), "{}", ran.err);
    assert_eq!(shop.summary("out")["done"], 4);
}

#[test]
fn work_makes_what_a_run_makes() {
    let shop = small();
    let (pictures, records) = unbroken(&shop);
    let jobs = shop.run(&["plan", "p.yaml", "--jobs", "-o", "out"]).code(0).out;
    assert_eq!(jobs.lines().count(), 3);
    let mut input = jobs.clone();
    input += "this is no job\n";
    input += "{\"id\": 7, \"preset\": \"p.yaml\", \"modle\": \"hand\"}\n";
    input += "{\"id\": 8, \"preset\": \"p.yaml\", \"model\": \"nobody\"}\n";
    input += "{\"id\": 9, \"preset\": {\"version\": 1, \"products\": [], \"models\": []}}\n";
    input += "{\"id\": 10, \"preset\": {\"version\": 1, \"products\": [], \"products\": []}}\n";
    let mut child = shop
        .parure(&["work", "--jobs", "2", "--cache", "cache"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("written");
    drop(stdin);
    let ran = Ran::from(child.wait_with_output().expect("ended")).code(1);
    let results = ran.lines();
    assert_eq!(results.len(), 8);
    let of = |id: Value| results.iter().find(|r| r["id"] == id).expect("a result").clone();
    assert_eq!(of(Value::Null)["status"], "refused");
    assert!(of(7.into())["error"].as_str().expect("why").contains("modle"));
    assert_eq!(of(8.into())["status"], "refused");
    assert!(
        of(9.into())["error"]
            .as_str()
            .expect("why")
            .contains("no products")
    );
    assert!(
        of(10.into())["error"]
            .as_str()
            .expect("why")
            .contains("line 8: not a job: `products` is given twice")
    );
    assert!(shop.pictures("out") == pictures);
    // Record by record what the run's manifest says.
    let mut told: Vec<Value> = results
        .iter()
        .flat_map(|r| r["outputs"].as_array().expect("list").clone())
        .collect();
    told.sort_by_key(|r| r["path"].to_string());
    let mut records = records;
    records.sort_by_key(|r| r["path"].to_string());
    assert_eq!(timeless(told), records);
}

/// A watch that looks ten times a second, waits so many seconds for a file to settle, and ends after six without work.
fn watch(shop: &Shop, settle: &str, more: &[&str]) -> Child {
    let mut args = vec![
        "watch",
        "p.yaml",
        "--every",
        "0.1",
        "--idle-exit",
        "6",
        "--settle",
        settle,
    ];
    args.extend(more);
    let mut command = shop.parure(&args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("runs")
}

#[test]
fn a_watched_folder_waits_for_files_that_are_still_being_written() {
    let shop = small();
    std::fs::remove_file(shop.path("photos/face.jpg")).expect("there");
    let text = std::fs::read_to_string(shop.path("p.yaml")).expect("preset");
    shop.write(
        "p.yaml",
        text.replace("photo: photos/face.jpg", "glob: photos/face*.jpg"),
    );
    let child = watch(&shop, "0.8", &["--cache", "cache"]);
    // Nothing to do yet; then a photo comes in three parts.
    std::thread::sleep(Duration::from_millis(500));
    let face = photo("face-light-up.jpg");
    for share in 1..=3 {
        shop.write("photos/face.jpg", &face[..face.len() * share / 3]);
        std::thread::sleep(Duration::from_millis(400));
    }
    let ran = Ran::from(child.wait_with_output().expect("ended")).code(0);
    assert!(ran.err.contains("waiting"), "{}", ran.err);
    assert!(!ran.err.contains("error: "), "{}", ran.err);
    assert_eq!(shop.pictures("out").len(), 6, "{}{}", ran.out, ran.err);
    // What a plain run makes of the same files.
    shop.run(&["run", "p.yaml", "-o", "plain", "--cache", "cache"])
        .code(0);
    assert!(shop.pictures("out") == shop.pictures("plain"));
}

/// A watch goes on while somebody else has the folder, and sees what changes in a catalogue, whose pictures stay.
#[test]
fn a_watch_outlasts_another_run_and_follows_the_catalogue() {
    let shop = Shop::new();
    shop.write("photos/hand.jpg", photo("hand-light.jpg"));
    let ring = product("band-gold.png");
    let row = |mm: &str| format!("sku,file,kind,inner_diameter_mm\nR-1,{ring},ring,{mm}\n");
    shop.write("table.csv", row("17"));
    shop.write(
        "p.yaml",
        "version: 1\noutput: {folder: out}\nproducts: [{catalogue: {file: table.csv}}]\nmodels: [{photo: photos/hand.jpg}]\nexports: [{name: web, width: 300}]\n",
    );
    std::fs::create_dir_all(shop.path("out/.parure")).expect("folder");
    let lock = std::fs::File::create(shop.path("out/.parure/lock")).expect("file");
    lock.lock().expect("free");
    let child = watch(&shop, "0.3", &[]);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(shop.pictures("out").is_empty(), "another has the folder");
    lock.unlock().expect("unlocked");
    let first = until(|| Some(shop.pictures("out")).filter(|pictures| pictures.len() == 1));
    shop.write("table.csv", row("19"));
    until(|| (shop.pictures("out") != first).then_some(()));
    let ran = Ran::from(child.wait_with_output().expect("ended")).code(0);
    assert_eq!(
        ran.err.matches("another run is working").count(),
        1,
        "{}",
        ran.err
    );
}

/// Whoever started the watch must not take a preset that was never right for a season without work.
#[test]
fn a_watch_that_ends_on_a_wrong_preset_says_so() {
    let shop = Shop::new();
    shop.write("p.yaml", "version: 1\nproduts: []\n");
    let ran = shop
        .run(&["watch", "p.yaml", "--every", "0.1", "--idle-exit", "0.5"])
        .code(2);
    assert!(ran.err.contains("produts"), "{}", ran.err);
}

/// Waits for something, a minute at most.
fn until<T>(mut seen: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = seen() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("did not happen within a minute");
}

/// Asked to end while jobs may still come, `work` ends so that the jobs without a result are given out again.
#[cfg(unix)]
#[test]
fn work_that_is_asked_to_end_says_that_there_was_more() {
    let shop = small();
    let mut child = shop
        .parure(&["work", "--jobs", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut stdin = child.stdin.take().expect("piped");
    let mut told = BufReader::new(child.stdout.take().expect("piped"));
    stdin.write_all(b"no job\n").expect("written");
    let mut line = String::new();
    told.read_line(&mut line).expect("a result");
    assert!(line.contains("line 1: not a job"), "{line}");
    let mut kill = std::process::Command::new("kill");
    let sent = kill.args(["-TERM", &child.id().to_string()]).status();
    assert!(sent.expect("runs").success());
    // Standard input stays open: there might be more.
    Ran::from(child.wait_with_output().expect("ended")).code(75);
    drop(stdin);
}
