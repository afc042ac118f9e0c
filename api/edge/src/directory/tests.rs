use super::*;
use crate::testing::Publisher;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use suiftly_schema::vault::PublicKeys;

fn trusted() -> PublicKeys {
    Publisher::new(0).trusted()
}

fn put(dir: &Path, keys: i64, era: i64, version: u64) -> GrantSet {
    let publisher = Publisher::of(keys, UnixMillis(era), version);
    write(dir, publisher.signed(), publisher.set()).unwrap();
    publisher.set().clone()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_was_written_is_read_and_old_versions_go() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("deep/vault");
    assert_eq!(read_current(&dir, &trusted()).unwrap(), None);
    for version in 1..=5 {
        let set = put(&dir, i64::try_from(version).unwrap() * 7, 9, version);
        let read = read_current(&dir, &trusted()).unwrap().unwrap();
        assert_eq!((read.head.version, &read.set), (version, &set));
    }
    put(&dir, 0, 10, 1);
    assert_eq!(names(&dir), ["10-1", "9-4", "9-5", "current"], "a later era is newer, {VERSIONS_KEPT} are kept");
    assert_eq!(read_current(&dir, &trusted()).unwrap().unwrap().set, GrantSet::default());
    let mode = |path: &str| fs::metadata(dir.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("current"), mode("current/head.json"), mode("current/rows.ndjson")), (0o750, 0o640, 0o640));
}

#[test]
fn what_a_dead_writer_left_behind_is_no_obstacle() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join(".tmp-new")).unwrap();
    fs::write(root.path().join(".tmp-new/head.json"), "{").unwrap();
    std::os::unix::fs::symlink("9-1", root.path().join(".tmp-link")).unwrap();
    put(root.path(), 1, 9, 1);
    // The same version again does not touch what was there, though that is damaged.
    fs::write(root.path().join("9-1/rows.ndjson"), "").unwrap();
    let set = put(root.path(), 1, 9, 1);
    assert_eq!(names(root.path()), ["9-1", "9-1.2", "current"]);
    assert_eq!(read_current(root.path(), &trusted()).unwrap().unwrap().set, set);
    (0..5).for_each(|_| drop(put(root.path(), 1, 9, 1)));
    assert_eq!(read_current(root.path(), &trusted()).unwrap().unwrap().set, set);
    assert!(names(root.path()).len() <= VERSIONS_KEPT + 1, "{:?}", names(root.path()));
}

#[test]
fn damage_is_told_and_never_believed() {
    type Harm = fn(&Path);
    fn edit(path: &Path, file: &str, change: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(path.join(file)).unwrap();
        fs::write(path.join(file), change(text)).unwrap();
    }
    let cases: &[(Harm, &str, bool)] = &[
        (|at| edit(at, ROWS_FILE, |text| text[..text.len() - 1].to_owned()), "line 6 is cut off", true),
        (|at| edit(at, ROWS_FILE, |text| text + "{}\n"), "more follows after line 6", true),
        (|at| edit(at, ROWS_FILE, |_| String::new()), "line 1 is cut off, too long or missing", true),
        (|at| edit(at, ROWS_FILE, |text| "x".repeat(1 << 20) + &text), "line 1 is cut off, too long", true),
        (|at| edit(at, ROWS_FILE, |text| text.replace("\"api_key_fp\":7", "\"api_key_fp\":8")), "signed root", true),
        (|at| edit(at, ROWS_FILE, |text| text.replace("active", "lively")), "unknown variant", true),
        (|at| edit(at, HEAD_FILE, |text| text.replace("\\\"version\\\":1", "\\\"version\\\":2")), "signature", false),
        (|at| edit(at, HEAD_FILE, |_| String::new()), "head.json: EOF", false),
        (|at| edit(at, HEAD_FILE, |_| " ".repeat(1 << 20)), "head.json is longer", false),
        (|at| edit(at, HEAD_FILE, |text| text.replace("\"key_id\":1", "\"key_id\":2")), "not trusted", false),
        (|at| fs::remove_file(at.join(ROWS_FILE)).unwrap(), "No such file", false),
        (|at| fs::remove_dir_all(at).unwrap(), "No such file", false),
    ];
    for (harm, told, keeps_head) in cases {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), 3, 9, 1);
        harm(&root.path().join("9-1"));
        let error = read_current(root.path(), &trusted()).unwrap_err();
        assert!(error.to_string().contains(told), "{told}: {error}");
        assert_eq!(error.head().map(|head| head.version), keeps_head.then_some(1), "{told}");
    }
}

#[test]
fn a_reader_never_meets_half_a_version() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), 1, 9, 1);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut last = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let version = read_current(root.path(), &trusted()).unwrap().unwrap().head.version;
                assert!(version >= last, "{version} after {last}");
                last = version;
            }
        });
        for version in 2..200 {
            put(root.path(), i64::try_from(version % 9).unwrap(), 9, version);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        reading.join().unwrap();
    });
}

#[test]
fn names_of_versions() {
    assert_eq!(version_of("1795302214397-42"), Some((UnixMillis(1_795_302_214_397), 42)));
    assert_eq!(version_of("-5-1"), Some((UnixMillis(-5), 1)));
    assert_eq!(version_of("5-1.2"), Some((UnixMillis(5), 1)));
    for name in ["current", "5", "5-", "-", "05-1", "5-+1", ".tmp-new"] {
        assert_eq!(version_of(name), None, "{name}");
    }
}
