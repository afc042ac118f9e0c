//! Puts rendered maps on disk for HAProxy's next start. A reader sees a whole old file or a whole new one, also after a
//! power cut: temporary name, sync, rename, sync of the directory.

use crate::EdgeError;
use crate::maps::{GRANTS_MAP, KEYS_MAP, Maps};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Owner and group: the hashes of keys open nothing, yet nobody else needs them.
const MAP_MODE: u32 = 0o640;

/// Writes both maps to `dir`, which is made if it is not there. The grants go first: a key without its grant is
/// refused, so between the two renames nothing is allowed that neither version allows.
pub fn write_maps(dir: &Path, maps: &Maps) -> Result<(), EdgeError> {
    fs::create_dir_all(dir).map_err(|source| EdgeError::WriteMap { path: dir.to_owned(), source })?;
    for (name, text) in [(GRANTS_MAP, &maps.grants), (KEYS_MAP, &maps.keys)] {
        replace(dir, name, text).map_err(|source| EdgeError::WriteMap { path: dir.join(name), source })?;
    }
    Ok(())
}

fn replace(dir: &Path, name: &str, text: &str) -> io::Result<()> {
    let temporary = dir.join(format!(".{name}.{}", std::process::id()));
    let written = write_synced(&temporary, text).and_then(|()| fs::rename(&temporary, dir.join(name)));
    if written.is_err() {
        // The first error is the one to report; what is left behind is overwritten next time.
        let _ = fs::remove_file(&temporary);
    }
    written.and_then(|()| File::open(dir)?.sync_all())
}

fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(MAP_MODE).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn maps(keys: &str, grants: &str) -> Maps {
        Maps { keys: keys.to_owned(), grants: grants.to_owned() }
    }

    #[test]
    fn replaces_both_and_leaves_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("deep/maps");
        write_maps(&dir, &maps("a 1\n", "b 2\n")).unwrap();
        write_maps(&dir, &maps("c 3\n", "")).unwrap();
        assert_eq!(fs::read_to_string(dir.join(KEYS_MAP)).unwrap(), "c 3\n");
        assert_eq!(fs::read_to_string(dir.join(GRANTS_MAP)).unwrap(), "");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 2);
        let mode = fs::metadata(dir.join(KEYS_MAP)).unwrap().permissions().mode();
        assert_eq!(mode & 0o007, 0, "{mode:o}");
    }

    #[test]
    fn a_failure_names_the_file_and_leaves_no_temporary() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(GRANTS_MAP)).unwrap();
        fs::write(root.path().join(GRANTS_MAP).join("in the way"), "").unwrap();
        let error = write_maps(root.path(), &maps("", "")).unwrap_err().to_string();
        assert!(error.contains("grants.map"), "{error}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
