//! Puts maps on disk for HAProxy's next start. A reader sees a whole old file or a whole new one, also after a power cut:
//! temporary name, sync, rename, sync of the directory.
//!
//! The three files change in the phases of [`plan`], so that a HAProxy that starts at any moment of it allows nothing that
//! neither version allows; files of which nothing changes are not written. The mark comes with the last of them.

use crate::EdgeError;
use crate::maps::plan::{self, plan};
use crate::maps::{self, Entries, MARK_KEY, MapName, Maps, Mark, Touched};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use suiftly_schema::vault::{GrantSet, Head};

/// Owner and group: the hashes of keys open nothing, yet nobody else needs them.
const MAP_MODE: u32 = 0o640;

/// The map files of a directory.
#[derive(Debug)]
pub struct MapFiles {
    dir: PathBuf,
    /// What they hold for certain, and for how many gateways; `None` until the first write, and after one that failed.
    held: Option<(GrantSet, u16)>,
}

impl MapFiles {
    /// The files in `dir`, which need not be there yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), held: None }
    }

    /// Makes empty files where there are none, since HAProxy does not start without; leaves alone what is there.
    pub fn ensure(&self) -> Result<(), EdgeError> {
        ensure(&self.dir)
    }

    /// Writes this version. `gateways` is how many share the limits of the region. Costs a file of those maps that differ
    /// from what was written last, and that of the mark.
    pub fn write(&mut self, set: &GrantSet, head: &Head, gateways: u16) -> Result<(), EdgeError> {
        let held = self.held.take().filter(|(_, there)| *there == gateways);
        let touched = match held {
            Some((held, _)) => maps::touched(&held, set, &held.changes_to(set), gateways)?,
            None => read_maps(&self.dir)?.touched_to(&Maps::render(set, gateways)?),
        };
        ensure(&self.dir)?;
        let wanted = |map| maps::render_map(map, set, gateways);
        write_phases(&self.dir, &touched, wanted, Some(Mark::of(head)))?;
        self.held = Some((set.clone(), gateways));
        Ok(())
    }
}

/// Makes `dir`, and empty map files where there are none; leaves alone what is there.
pub fn ensure(dir: &Path) -> Result<(), EdgeError> {
    make_dir(dir)?;
    for map in MapName::ALL {
        let path = dir.join(map.file());
        match OpenOptions::new().write(true).create_new(true).mode(MAP_MODE).open(&path) {
            Err(source) if source.kind() != ErrorKind::AlreadyExists => {
                return Err(EdgeError::WriteMap { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Writes these maps, without a mark, to `dir`, which is made if it is not there.
pub fn write_maps(dir: &Path, wanted: &Maps) -> Result<(), EdgeError> {
    let touched = read_maps(dir)?.touched_to(wanted);
    ensure(dir)?;
    write_phases(dir, &touched, |map| Ok(wanted.of(map).clone()), None)
}

/// What the files hold, without the mark. Those that are not there hold nothing.
fn read_maps(dir: &Path) -> Result<Maps, EdgeError> {
    let mut there = Maps::default();
    for map in MapName::ALL {
        let path = dir.join(map.file());
        match fs::read(&path) {
            Ok(bytes) => *there.of_mut(map) = parse(&String::from_utf8_lossy(&bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(EdgeError::ReadMap { path, source }),
        }
    }
    there.grants.remove(MARK_KEY);
    Ok(there)
}

/// As HAProxy reads a map file; of a key that is there twice, the first counts.
fn parse(text: &str) -> Entries {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut entries = Entries::new();
    for line in lines {
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        entries.entry(key.to_owned()).or_insert_with(|| value.trim_start().to_owned());
    }
    entries
}

/// `wanted` renders a map as it shall be in the end.
fn write_phases(
    dir: &Path,
    touched: &[Touched],
    wanted: impl Fn(MapName) -> Result<Entries, EdgeError>,
    mark: Option<Mark>,
) -> Result<(), EdgeError> {
    let phases = plan(touched);
    for (at, phase) in phases.iter().enumerate() {
        if mark.is_some() && phase.map == MapName::Grants && at + 1 == phases.len() {
            // It is written with its mark below.
            break;
        }
        let before = plan::before(wanted(phase.map)?, phase.map, touched);
        let made = phases[..=at].iter().filter(|made| made.map == phase.map);
        replace(dir, phase.map, &made.fold(before, plan::content))?;
    }
    let Some(mark) = mark else { return Ok(()) };
    let mut grants = wanted(MapName::Grants)?;
    grants.insert(MARK_KEY.to_owned(), mark.to_string());
    replace(dir, MapName::Grants, &grants)
}

fn make_dir(dir: &Path) -> Result<(), EdgeError> {
    fs::create_dir_all(dir).map_err(|source| EdgeError::WriteMap { path: dir.to_owned(), source })
}

fn replace(dir: &Path, map: MapName, entries: &Entries) -> Result<(), EdgeError> {
    let path = dir.join(map.file());
    let temporary = dir.join(format!(".{}.{}", map.file(), std::process::id()));
    let written = write_synced(&temporary, &maps::text(entries)).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        // The first error is the one to report; what is left behind is overwritten next time.
        let _ = fs::remove_file(&temporary);
    }
    let synced = written.and_then(|()| File::open(dir)?.sync_all());
    synced.map_err(|source| EdgeError::WriteMap { path, source })
}

fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(MAP_MODE).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt as _;
    use suiftly_schema::ids::{CustomerId, Network, Service};
    use suiftly_schema::reference::KeyLife;
    use suiftly_schema::spend::SpendState;
    use suiftly_schema::time::UnixMillis;
    use suiftly_schema::vault::Root;
    use suiftly_schema::view::{AccessGrant, KeyGrant};

    fn maps(keys: &[(&str, &str)], grants: &[(&str, &str)], allow: &[&str]) -> Maps {
        let entries = |rows: &[(&str, &str)]| rows.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let allow: Vec<_> = allow.iter().map(|key| (*key, "1")).collect();
        Maps { keys: entries(keys), grants: entries(grants), allow: entries(&allow) }
    }

    fn read(dir: &Path, map: MapName) -> String {
        fs::read_to_string(dir.join(map.file())).unwrap()
    }

    #[test]
    fn replaces_all_and_leaves_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("deep/maps");
        write_maps(&dir, &maps(&[("A", "1")], &[("1:1", "active,1,1,listed")], &["1:1:4"])).unwrap();
        write_maps(&dir, &maps(&[("C", "3")], &[], &["1:1:6"])).unwrap();
        assert_eq!(MapName::ALL.map(|map| read(&dir, map)), ["C 3\n", "", "1:1:6 1\n"]);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 3);
        for map in MapName::ALL {
            let mode = fs::metadata(dir.join(map.file())).unwrap().permissions().mode();
            assert_eq!(mode & 0o007, 0, "{mode:o}");
        }
    }

    #[test]
    fn versions_one_after_another_and_after_a_restart() {
        let root = tempfile::tempdir().unwrap();
        let head = |version| Head {
            format: 1,
            era: UnixMillis(5),
            version,
            refill: 0,
            root: Root([0; 32]),
            keys: 0,
            access: 0,
            epoch: 0,
            as_of: UnixMillis(0),
            issued_at: UnixMillis(0),
            regions: BTreeMap::new(),
        };
        let key = |n: u64, customer| KeyGrant {
            key_sha256: format!("{n:064X}"),
            customer_id: CustomerId::new(customer).unwrap(),
            service: Service::Seal,
            network: Network::Mainnet,
            api_key_fp: 7,
            key_metadata: 8,
            state: KeyLife::Active,
        };
        let access = |customer, allowlist: &[&str]| AccessGrant {
            customer_id: CustomerId::new(customer).unwrap(),
            service: Service::Seal,
            is_enabled: true,
            state: SpendState::Active,
            guaranteed_per_second: 10,
            burst_per_second: 10,
            allowlist: allowlist.iter().map(|&one| one.to_owned()).collect(),
        };
        let sets = [
            GrantSet::of([key(1, 1), key(2, 2)], [access(1, &[]), access(2, &["10.0.0.0/8"])]),
            GrantSet::of([key(1, 2), key(3, 1)], [access(1, &["10.0.0.0/7"]), access(2, &[])]),
            GrantSet::of([], [access(2, &["::/0"])]),
            GrantSet::default(),
        ];
        let mut files = MapFiles::new(root.path());
        for (at, (version, gateways)) in (1u64..).zip([1, 1, 2, 2, 1, 3, 3, 1]).enumerate() {
            if at % 3 == 2 {
                files = MapFiles::new(root.path());
            }
            let set = &sets[at % sets.len()];
            files.write(set, &head(version), gateways).unwrap();
            let mut wanted = Maps::render(set, gateways).unwrap();
            assert_eq!(read_maps(root.path()).unwrap(), wanted);
            wanted.grants.insert(MARK_KEY.to_owned(), format!("{version}/5"));
            assert_eq!(read(root.path(), MapName::Grants), maps::text(&wanted.grants));
        }
    }

    #[test]
    fn empty_files_are_made_and_none_is_emptied() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("keys.map"), "A 1\n").unwrap();
        ensure(root.path()).unwrap();
        assert_eq!(MapName::ALL.map(|map| read(root.path(), map)), ["A 1\n", "", ""]);
    }

    #[test]
    fn what_does_not_change_is_not_written() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path();
        let before = maps(&[("A", "1,1,1,1,1,active")], &[("1:1", "active,1,1,open")], &[]);
        write_maps(dir, &before).unwrap();
        let written = |map: MapName| fs::metadata(dir.join(map.file())).unwrap().modified().unwrap();
        let keys = written(MapName::Keys);
        let after = maps(&[("A", "1,1,1,1,1,active")], &[("1:1", "suspended,1,1,open")], &[]);
        write_maps(dir, &after).unwrap();
        assert_eq!(read(dir, MapName::Grants), "1:1 suspended,1,1,open\n");
        assert_eq!(written(MapName::Keys), keys);
    }

    #[test]
    fn a_failure_names_the_file_and_leaves_no_temporary() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("grants.map")).unwrap();
        let error = write_maps(root.path(), &maps(&[], &[("1:1", "x")], &[])).unwrap_err().to_string();
        assert!(error.contains("grants.map"), "{error}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
