//! Backups that must not be restored: damaged, cut off, of another key, into what is there already. Each is refused in
//! words that say why, and leaves nothing.

use super::report::Report;
use super::{Scene, text};
use anyhow::{Context as _, ensure};
use std::fs;
use std::path::Path;

/// Tries each.
pub(super) fn each(scene: &Scene, backup: &Path, report: &mut Report) -> anyhow::Result<()> {
    let bytes = fs::read(backup).with_context(|| format!("cannot read {}", backup.display()))?;
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    let (identity, other) = (text(&scene.identity())?, text(&scene.work.join("other-identity"))?);
    scene.suiftly(&["backup", "key", "--out", &other])?;
    let cases: [(&str, &[u8], &str, &str); 5] = [
        ("a flipped bit in the middle", &flipped, &identity, "damaged"),
        ("the last 100 bytes are missing", &bytes[..bytes.len() - 100], &identity, "damaged"),
        ("half of it is missing", &bytes[..bytes.len() / 2], &identity, "damaged"),
        ("another identity", &bytes, &other, "encrypted for other recipients"),
        ("no backup at all", b"nothing", &identity, "is no backup"),
    ];
    for (name, content, identity, says) in cases {
        let file = scene.work.join("refused.tar.zst.age");
        fs::write(&file, content).with_context(|| format!("cannot write {}", file.display()))?;
        let into = scene.work.join("refused");
        refused(scene, (&file, &into, identity), (name, says), report)?;
        ensure!(!into.exists(), "{name}: something was made of it");
    }
    let (kept, name) = (scene.work.join("alone"), "a directory that is not empty");
    refused(scene, (backup, &kept, &identity), (name, "is not empty"), report)?;
    ensure!(kept.join("journal").is_dir(), "{name}: what was there is gone");
    Ok(())
}

fn refused(
    scene: &Scene,
    (file, into, identity): (&Path, &Path, &str),
    (name, says): (&str, &str),
    report: &mut Report,
) -> anyhow::Result<()> {
    let (file, into) = (text(file)?, text(into)?);
    let (succeeded, said) = scene.attempt(&["restore", &file, "--into", &into, "--identity", identity])?;
    ensure!(!succeeded, "{name}: it was restored");
    ensure!(said.contains(says), "{name}: {said}");
    let shown = said.trim().replace(&format!("{}/", scene.work.display()), "");
    report.line(&format!("- {name}: `{shown}`"));
    Ok(())
}
