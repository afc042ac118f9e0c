//! A keyring's file: lines of a number and a key, the first of which is used. Numbers rise, so a greater one than the first
//! key's is announced and not used yet, and a smaller one is old; a comment says until when an old key was the first.

use anyhow::{Context, ensure};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use suiftly_schema::sealed::{KEYS_MAX, Keyring};
use suiftly_schema::time::UnixMillis;

const HEAD: &str = "# The first key is used, all are taken. `suiftly rotate` writes this file.\n";
const RETIRED: &str = "# until ";

/// The file's content.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct RingFile {
    path: PathBuf,
    name: &'static str,
    keys: Vec<Key>,
}

#[derive(Clone, PartialEq, Eq)]
struct Key {
    id: u16,
    hex: String,
    /// Since when another is the first; it is not known of keys that were put there by hand.
    retired_at: Option<UnixMillis>,
}

impl RingFile {
    /// Reads it. It must be there: without keys there is nothing to rotate.
    pub(super) fn read(path: &Path, name: &'static str) -> anyhow::Result<Self> {
        ensure!(
            path.is_file(),
            "there is no {}: the server's first start or `suiftly provision` makes it",
            path.display()
        );
        let text = crate::secrets::read(path)?;
        Keyring::parse(&text).with_context(|| format!("cannot read the keys in {}", path.display()))?;
        Ok(Self { path: path.to_owned(), name, keys: keys_of(&text) })
    }

    /// What the file is called.
    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The key that is used.
    pub(super) fn current(&self) -> u16 {
        self.keys[0].id
    }

    /// All of them, the one that is used first.
    pub(super) fn ids(&self) -> Vec<u16> {
        self.keys.iter().map(|key| key.id).collect()
    }

    /// The key that is there and not used yet.
    pub(super) fn announced(&self) -> Option<u16> {
        self.keys.iter().map(|key| key.id).filter(|id| *id > self.current()).max()
    }

    /// Keys of before, and until when each was the first.
    pub(super) fn old(&self) -> Vec<(u16, Option<UnixMillis>)> {
        let is_old = |key: &&Key| key.id < self.current();
        self.keys.iter().filter(is_old).map(|key| (key.id, key.retired_at)).collect()
    }

    /// As whoever uses the file reads it.
    pub(super) fn keyring(&self) -> anyhow::Result<Keyring> {
        Keyring::parse(&self.text()).with_context(|| format!("cannot read the keys in {}", self.path.display()))
    }

    /// Puts a key beside those that are there; its number.
    pub(super) fn announce(&mut self, hex: String) -> anyhow::Result<u16> {
        let path = self.path.display();
        ensure!(
            self.keys.len() < KEYS_MAX,
            "{path} holds {KEYS_MAX} keys, which is all that it may: take old ones out with --finish first"
        );
        let greatest = self.keys.iter().map(|key| key.id).max().unwrap_or(0);
        let id = greatest.checked_add(1).with_context(|| format!("{path}: key numbers are used up"))?;
        self.keys.push(Key { id, hex, retired_at: None });
        Ok(id)
    }

    /// Has this key used from now on.
    pub(super) fn promote(&mut self, id: u16, now: UnixMillis) {
        let Some(at) = self.keys.iter().position(|key| key.id == id).filter(|at| *at > 0) else { return };
        self.keys[0].retired_at = Some(now);
        let key = self.keys.remove(at);
        self.keys.insert(0, key);
    }

    /// Old keys of which nobody knows since when they are were retired now.
    pub(super) fn date(&mut self, now: UnixMillis) {
        let current = self.current();
        for key in self.keys.iter_mut().filter(|key| key.id < current) {
            key.retired_at.get_or_insert(now);
        }
    }

    /// Takes old keys out for which `may` holds, which is given since when they are retired. Their numbers.
    pub(super) fn drop_old(&mut self, may: impl Fn(Option<UnixMillis>) -> bool) -> Vec<u16> {
        let current = self.current();
        let (gone, kept) =
            std::mem::take(&mut self.keys).into_iter().partition(|key: &Key| key.id < current && may(key.retired_at));
        self.keys = kept;
        gone.into_iter().map(|key| key.id).collect()
    }

    /// Replaces the file: who reads it finds it as it was or as it is now, also after a power cut.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        Keyring::parse(&self.text()).context("keys that would not be read are not written")?;
        let owner = self.path.metadata().with_context(|| format!("cannot read {}", self.path.display()))?.uid();
        ensure!(
            me()? == owner,
            "{} is another account's: run it as that account (sudo -u suiftly suiftly rotate …)",
            self.path.display()
        );
        let fresh = self.path.with_extension("new");
        let write = || {
            // What an interrupted write has left is nobody's.
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
            file.write_all(self.text().as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)?;
            File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
        };
        write().with_context(|| format!("cannot write {}", self.path.display()))
    }

    fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for Key { id, hex, retired_at } in &self.keys {
            if let Some(at) = retired_at {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{RETIRED}{}", at.rfc3339());
            }
            let _ = writeln!(text, "{id} {hex}");
        }
        text
    }
}

/// The keys of a text that is known to be a keyring.
fn keys_of(text: &str) -> Vec<Key> {
    let mut retired_at = None;
    let mut keys = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(at) = line.strip_prefix(RETIRED) {
            retired_at = UnixMillis::parse_rfc3339(at.trim());
        } else if let Some((id, hex)) = line.split_once(char::is_whitespace).filter(|_| !line.starts_with('#'))
            && let Ok(id) = id.parse()
        {
            keys.push(Key { id, hex: hex.trim().to_owned(), retired_at: retired_at.take() });
        }
    }
    keys
}

/// Which account this process acts for.
fn me() -> anyhow::Result<u32> {
    Ok(Path::new("/proc/self").metadata().context("cannot read /proc/self")?.uid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn key(digit: &str) -> String {
        digit.repeat(64)
    }

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jwt-keys");
        crate::secrets::write_private(&path, text.as_bytes()).unwrap();
        (dir, path)
    }

    #[test]
    fn a_key_is_announced_then_used_then_old_then_gone() {
        let (_dir, path) = file(&format!("1 {}", key("a")));
        let mut ring = RingFile::read(&path, "jwt-keys").unwrap();
        assert_eq!((ring.current(), ring.announced(), ring.old()), (1, None, vec![]));
        assert_eq!(ring.announce(key("b")).unwrap(), 2);
        ring.write().unwrap();
        let mut ring = RingFile::read(&path, "jwt-keys").unwrap();
        assert_eq!((ring.ids(), ring.current(), ring.announced()), (vec![1, 2], 1, Some(2)));
        ring.promote(2, NOW);
        ring.write().unwrap();
        let mut ring = RingFile::read(&path, "jwt-keys").unwrap();
        assert_eq!((ring.ids(), ring.announced(), ring.old()), (vec![2, 1], None, vec![(1, Some(NOW))]));
        ring.promote(2, NOW.plus_ms(1));
        assert_eq!(ring.old(), [(1, Some(NOW))], "twice");
        assert_eq!(ring.drop_old(|at| at < Some(NOW)), Vec::<u16>::new());
        assert_eq!(ring.drop_old(|at| at <= Some(NOW)), [1]);
        ring.write().unwrap();
        assert_eq!(RingFile::read(&path, "jwt-keys").unwrap().ids(), [2]);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn keys_that_were_put_there_by_hand_are_dated_when_they_are_seen() {
        let (_dir, path) = file(&format!("# mine\n3 {}\n\n2 {}\n", key("a"), key("b")));
        let mut ring = RingFile::read(&path, "jwt-keys").unwrap();
        assert_eq!(ring.old(), [(2, None)]);
        ring.date(NOW);
        ring.date(NOW.plus_ms(5));
        assert_eq!(ring.old(), [(2, Some(NOW))]);
    }

    #[test]
    fn what_is_left_of_an_interrupted_write_does_no_harm() {
        let (_dir, path) = file(&format!("1 {}", key("a")));
        fs::write(path.with_extension("new"), "half").unwrap();
        let mut ring = RingFile::read(&path, "jwt-keys").unwrap();
        ring.announce(key("b")).unwrap();
        ring.write().unwrap();
        assert_eq!(RingFile::read(&path, "jwt-keys").unwrap().ids(), [1, 2]);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_refused_without_being_shown() {
        let full: String = (1..=KEYS_MAX).map(|id| format!("{id} {}\n", key("a"))).collect();
        let (_dir, path) = file(&full);
        let error = RingFile::read(&path, "jwt-keys").unwrap().announce(key("b")).unwrap_err().to_string();
        assert!(error.contains("--finish"), "{error}");
        let (_dir, path) = file("hunter2");
        let error = format!("{:#}", RingFile::read(&path, "jwt-keys").err().unwrap());
        assert!(error.contains("line 1") && !error.contains("hunter2"), "{error}");
        let error = RingFile::read(&path.with_extension("none"), "jwt-keys").err().unwrap().to_string();
        assert!(error.contains("suiftly provision"), "{error}");
        let (_dir, path) = file(&format!("65535 {}", key("a")));
        assert!(RingFile::read(&path, "jwt-keys").unwrap().announce(key("b")).is_err());
    }
}
