//! The package's files, laid out as they will lie on a server.

use crate::places::Places;
use crate::process::run;
use anyhow::Context as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FILE: u32 = 0o644;
const PROGRAM: u32 = 0o755;

const DOC: &str = "usr/share/doc/suiftly";
const MAN: &str = "usr/share/man/man1";

/// Single files: where they are in the checkout, and where they go.
const FILES: [(&str, &str); 12] = [
    ("packaging/systemd/suiftly.service", "usr/lib/systemd/system/suiftly.service"),
    ("packaging/systemd/suiftly.socket", "usr/lib/systemd/system/suiftly.socket"),
    ("packaging/systemd/suiftly-udp.socket", "usr/lib/systemd/system/suiftly-udp.socket"),
    ("packaging/systemd/suiftly-edge.service", "usr/lib/systemd/system/suiftly-edge.service"),
    ("packaging/systemd/suiftly-ingest.service", "usr/lib/systemd/system/suiftly-ingest.service"),
    ("packaging/systemd/suiftly-ingest.socket", "usr/lib/systemd/system/suiftly-ingest.socket"),
    ("packaging/systemd/suiftly-ingest-udp.socket", "usr/lib/systemd/system/suiftly-ingest-udp.socket"),
    ("packaging/systemd/suiftly-dataflow@.service", "usr/lib/systemd/system/suiftly-dataflow@.service"),
    ("packaging/systemd/suiftly-api.service", "usr/lib/systemd/system/suiftly-api.service"),
    ("packaging/suiftly.toml", "usr/share/doc/suiftly/examples/suiftly.toml"),
    ("packaging/deb/copyright", "usr/share/doc/suiftly/copyright"),
    ("packaging/deb/lintian-overrides", "usr/share/lintian/overrides/suiftly"),
];

/// Folders below packaging/ whose files are examples. Those that are not there yet are not shipped.
const EXAMPLES: [&str; 4] = ["haproxy", "nginx", "prometheus", "grafana"];

/// Completions as the program writes them, and where the shells look.
const COMPLETIONS: [(&str, &str); 3] = [
    ("suiftly.bash", "usr/share/bash-completion/completions/suiftly"),
    ("_suiftly", "usr/share/zsh/vendor-completions/_suiftly"),
    ("suiftly.fish", "usr/share/fish/vendor_completions.d/suiftly.fish"),
];

const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// Lays everything out, anew.
pub(crate) fn lay_out(places: &Places, release: bool, root: &Path, changelog: &str) -> anyhow::Result<()> {
    if root.exists() {
        fs::remove_dir_all(root).with_context(|| format!("cannot remove {}", root.display()))?;
    }
    let built = places.suiftly(release);
    let program = root.join("usr/bin/suiftly");
    make_parent(&program)?;
    run(Command::new("strip").arg("-o").arg(&program).arg(&built))?;
    set_mode(&program, PROGRAM)?;
    for (from, to) in FILES {
        copy(&places.root.join(from), &root.join(to))?;
    }
    for folder in EXAMPLES {
        let from = places.root.join("packaging").join(folder);
        if from.is_dir() {
            copy_all(&from, &root.join(DOC).join("examples").join(folder))?;
        }
    }
    copy_all(&places.web_files(), &root.join("usr/share/suiftly/web"))?;
    generated(&built, root)?;
    write_packed(&root.join(DOC).join("changelog.Debian"), changelog.as_bytes())?;
    let news = fs::read(places.root.join("CHANGELOG.md")).context("cannot read CHANGELOG.md")?;
    write_packed(&root.join(DOC).join("changelog"), &news)
}

/// Man pages and completions, which the program itself writes.
fn generated(built: &Path, root: &Path) -> anyhow::Result<()> {
    let man = root.join(MAN);
    run(Command::new(built).args(["generate", "man"]).arg(&man))?;
    let pages = fs::read_dir(&man).with_context(|| format!("there are no pages in {}", man.display()))?;
    for page in pages {
        let page = page?.path();
        set_mode(&page, FILE)?;
        run(Command::new("gzip").arg("-9n").arg(&page))?;
    }
    let made = root.join("completions");
    run(Command::new(built).args(["generate", "completions"]).arg(&made))?;
    for (from, to) in COMPLETIONS {
        copy(&made.join(from), &root.join(to))?;
    }
    fs::remove_dir_all(&made).context("cannot remove what was generated")
}

/// Adds what dpkg reads: the description, the maintainer's scripts, the sums.
pub(crate) fn describe(places: &Places, root: &Path, control: &str) -> anyhow::Result<()> {
    let described = root.join("DEBIAN");
    let sums = sums(root)?;
    for script in SCRIPTS {
        copy(&places.root.join("packaging/deb").join(script), &described.join(script))?;
        set_mode(&described.join(script), PROGRAM)?;
    }
    for (name, text) in [("control", control), ("md5sums", &sums)] {
        let path = described.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        set_mode(&path, FILE)?;
    }
    Ok(())
}

/// What the files take on a disk, in KiB, as Debian counts: each rounded up.
pub(crate) fn size_kib(root: &Path) -> anyhow::Result<u64> {
    let mut kib = 0;
    for path in files(root)? {
        kib += root.join(path).metadata()?.len().div_ceil(1024);
    }
    Ok(kib)
}

fn sums(root: &Path) -> anyhow::Result<String> {
    let mut summing = Command::new("md5sum");
    let output = summing.arg("--").args(files(root)?).current_dir(root).stdin(Stdio::null()).output();
    let output = output.context("cannot run `md5sum`")?;
    anyhow::ensure!(output.status.success(), "`md5sum` failed");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// All files below a directory, by their paths from there, in order.
pub(crate) fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut found, mut waiting) = (Vec::new(), vec![root.to_owned()]);
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).with_context(|| format!("cannot read {}", dir.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push(path.strip_prefix(root)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Copies the files of a directory and of those in it.
pub(crate) fn copy_all(from: &Path, to: &Path) -> anyhow::Result<()> {
    files(from)?.iter().try_for_each(|path| copy(&from.join(path), &to.join(path)))
}

pub(crate) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    make_parent(to)?;
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    set_mode(to, FILE)
}

fn write_packed(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    make_parent(path)?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    set_mode(path, FILE)?;
    run(Command::new("gzip").arg("-9n").arg(path))
}

/// Directories are as dpkg wants them, whatever this process's mask is.
fn make_parent(path: &Path) -> anyhow::Result<()> {
    let parent = path.parent().context("a path has a parent")?;
    if parent.is_dir() {
        return Ok(());
    }
    make_parent(parent)?;
    fs::create_dir(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    set_mode(parent, PROGRAM)
}

fn set_mode(path: &Path, mode: u32) -> anyhow::Result<()> {
    let set = fs::set_permissions(path, Permissions::from_mode(mode));
    set.with_context(|| format!("cannot set the mode of {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_copied_in_order_and_readable_by_all() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("a/b/to"));
        for name in ["z", "deep/a"] {
            make_parent(&from.join(name)).unwrap();
            fs::write(from.join(name), name).unwrap();
            set_mode(&from.join(name), 0o600).unwrap();
        }
        copy_all(&from, &to).unwrap();
        assert_eq!(files(&to).unwrap(), [PathBuf::from("deep/a"), PathBuf::from("z")]);
        assert_eq!(to.join("deep/a").metadata().unwrap().permissions().mode() & 0o777, FILE);
        assert_eq!(to.join("deep").metadata().unwrap().permissions().mode() & 0o777, PROGRAM);
        assert_eq!(size_kib(&to).unwrap(), 2);
    }

    #[test]
    fn what_is_shipped_is_in_the_checkout() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let scripts = SCRIPTS.map(|script| format!("packaging/deb/{script}"));
        for file in FILES.iter().map(|(from, _)| (*from).to_owned()).chain(scripts) {
            assert!(root.join(&file).is_file(), "there is no {file}");
        }
    }
}
