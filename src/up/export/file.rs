//! `ma_vault.csv` on disk: a reader finds the whole former file or the whole new one, also after a power cut.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// The file's name.
pub(super) const NAME: &str = "ma_vault.csv";
/// While it is written. Whatever is named so is removed when the directory is written next.
const TEMPORARY: &str = ".tmp-ma_vault.csv";
/// Owner and group: who reads it has the vault key too.
const MODE: u32 = 0o640;
/// The longest that is read: four million rows of 128 bytes.
const BYTES_MAX: u64 = 512 << 20;

/// Replaces the file.
pub(super) fn write(dir: &Path, text: &str) -> io::Result<()> {
    let temporary = dir.join(TEMPORARY);
    fs::create_dir_all(dir)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(&temporary)?;
    // Whatever the process's mask is, and whoever made the file.
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, dir.join(NAME))?;
    File::open(dir)?.sync_all()
}

/// What is there; `None`: no file. What is no text is read as an empty one, which is no vault.
pub(super) fn read(dir: &Path) -> io::Result<Option<String>> {
    let path = dir.join(NAME);
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(metadata) if metadata.len() > BYTES_MAX => return Ok(Some(String::new())),
        Ok(_) => {}
    }
    Ok(Some(String::from_utf8(fs::read(path)?).unwrap_or_default()))
}
