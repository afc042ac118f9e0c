//! What others may not read or change: the configuration, what the server says it is, the data directory.

use super::Ground;
use crate::config::{Problems, has_password};
use nix::unistd::Uid;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Group and everybody may change it.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// Everybody may make and remove files in it, also those of others unless it is sticky.
const WRITABLE_BY_ALL: u32 = 0o002;
const STICKY: u32 = 0o1000;
/// Everybody may read it.
const READABLE_BY_ALL: u32 = 0o004;
/// Everybody may do anything with it.
const OPEN_TO_ALL: u32 = 0o007;
/// Group or everybody may do anything with it.
const OPEN_TO_OTHERS: u32 = 0o077;

pub(super) fn look(ground: &Ground<'_>, refused: &mut Problems) {
    let data_dir = seen(ground.data_dir, refused);
    if let Some(data_dir) = &data_dir {
        let is_ours = data_dir.mode() & OPEN_TO_ALL == 0;
        let path = ground.data_dir.display();
        refused
            .unless(is_ours, format_args!("{path} is open to everybody: chmod o-rwx it; logs and secrets are in it"));
    }
    let owner = data_dir.map(|data_dir| data_dir.uid());
    if let Some(path) = ground.file
        && let Some(metadata) = seen(path, refused)
    {
        unchanged(path, &metadata, owner, refused);
        let database = &ground.config.database;
        let holds = [&database.url, &database.migrate_url].into_iter().flatten().any(|url| has_password(url));
        let is_private = !holds || metadata.mode() & READABLE_BY_ALL == 0;
        let path = path.display();
        let problem = format_args!("{path} holds a database's password, and everybody can read it: chmod o-r it");
        refused.unless(is_private, problem);
    }
    if let Ok(metadata) = ground.system_conf.metadata() {
        unchanged(ground.system_conf, &metadata, owner, refused);
    }
    if let Some(dir) = &ground.config.secrets.dir {
        secret_dir(dir, refused);
    }
}

/// Nobody but root and the account that runs may change it: that is who owns the data directory, or who asks.
pub(super) fn unchanged(path: &Path, metadata: &Metadata, runs: Option<u32>, refused: &mut Problems) {
    let shown = path.display();
    let is_kept = metadata.mode() & WRITABLE_BY_OTHERS == 0;
    refused.unless(is_kept, format_args!("{shown} can be changed by others: chmod go-w it"));
    let owner = metadata.uid();
    let is_known = owner == 0 || owner == Uid::effective().as_raw() || Some(owner) == runs;
    refused.unless(is_known, format_args!("{shown} belongs to account {owner}, who could change it: chown root it"));
    let Some(dir) = path.parent() else { return };
    let is_open = dir.metadata().is_ok_and(|dir| dir.mode() & (WRITABLE_BY_ALL | STICKY) == WRITABLE_BY_ALL);
    let dir = dir.display();
    refused.unless(!is_open, format_args!("{dir} can be changed by everybody, and so {shown}: chmod o-w it"));
}

fn secret_dir(dir: &Path, refused: &mut Problems) {
    let Some(metadata) = seen(dir, refused) else { return };
    let shown = dir.display();
    refused.unless(metadata.is_dir(), format_args!("secrets.dir: {shown} is no directory"));
    let is_private = metadata.mode() & OPEN_TO_OTHERS == 0;
    refused.unless(is_private, format_args!("secrets.dir: {shown} is open to others: chmod 700 it"));
}

fn seen(path: &Path, refused: &mut Problems) -> Option<Metadata> {
    let cannot = |error| anyhow::anyhow!("cannot look at {}: {error}; `suiftly provision` makes it", path.display());
    refused.note(path.metadata().map_err(cannot))
}
