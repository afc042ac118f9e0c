//! The account that PostgreSQL runs as. It refuses to run as root, so root steps down to an account that exists.

use crate::StoreError;
use nix::unistd::{Uid, User, getgid};
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whom root steps down to, the first that exists: Debian's package makes `postgres`, every system has `nobody`.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// The account of the server.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) name: String,
    uid: u32,
    gid: u32,
    /// Whether we are somebody else (root) and must step down.
    steps_down: bool,
}

impl Account {
    /// Ours, or the one that root steps down to.
    pub(super) fn choose() -> Result<Self, StoreError> {
        let me = Uid::effective();
        if me.is_root() {
            let found = ACCOUNTS.iter().find_map(|name| User::from_name(name).ok().flatten());
            return found.map(|user| Self::of(user, true)).ok_or_else(|| {
                StoreError::cluster(
                    "run PostgreSQL",
                    "it may not run as root, and there is no account postgres or nobody",
                )
            });
        }
        match User::from_uid(me) {
            Ok(Some(user)) => Ok(Self { gid: getgid().as_raw(), ..Self::of(user, false) }),
            _ => {
                Err(StoreError::cluster("run PostgreSQL", format!("user id {me} has no entry in the list of accounts")))
            }
        }
    }

    fn of(user: User, steps_down: bool) -> Self {
        Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), steps_down }
    }

    /// A command that runs as this account, without our supplementary groups.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if self.steps_down {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// The names that may connect over the socket as the cluster's user: ours and the account's.
    pub(super) fn peers(&self) -> Vec<String> {
        let me = User::from_uid(Uid::effective()).ok().flatten().map(|user| user.name);
        let mut names = vec![self.name.clone()];
        names.extend(me.filter(|me| *me != self.name));
        names
    }

    /// Gives a file or directory of ours to the account.
    pub(super) fn give(&self, path: &Path) -> Result<(), StoreError> {
        if !self.steps_down {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid))
            .map_err(|error| StoreError::cluster(format!("give {} to {}", path.display(), self.name), error))
    }

    /// Makes a directory that only the account (and root) can enter, or takes one that is just so.
    ///
    /// Nothing else will do: whoever gets into the socket directory of somebody else's making could offer a server.
    pub(super) fn make_private_directory(&self, path: &Path) -> Result<(), StoreError> {
        let attempted = || format!("make the private directory {}", path.display());
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => self.give(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let found = fs::symlink_metadata(path).map_err(|error| StoreError::cluster(attempted(), error))?;
                if found.is_dir() && found.mode() & 0o077 == 0 && found.uid() == self.uid {
                    return Ok(());
                }
                let cause = format!("what is there is not a directory of account {} with mode 0700", self.name);
                Err(StoreError::cluster(attempted(), cause))
            }
            Err(error) => Err(StoreError::cluster(attempted(), error)),
        }
    }

    /// A directory of somebody else's could be changed under our hands.
    pub(super) fn check_owner_of(&self, directory: &Path) -> Result<(), StoreError> {
        let attempted = || format!("keep a cluster in {}", directory.display());
        let found = fs::metadata(directory).map_err(|error| StoreError::cluster(attempted(), error))?;
        if [self.uid, Uid::effective().as_raw()].contains(&found.uid()) {
            return Ok(());
        }
        Err(StoreError::cluster(attempted(), "the directory belongs to another account"))
    }

    /// Whether the account can get to `directory`, by the permission bits of it and all above it.
    pub(super) fn check_way_to(&self, directory: &Path) -> Result<(), StoreError> {
        match directory.ancestors().find(|step| !self.may_enter(step)) {
            None => Ok(()),
            Some(closed) => {
                let directory = PathBuf::from(closed);
                Err(StoreError::Untraversable { account: self.name.clone(), directory })
            }
        }
    }

    fn may_enter(&self, directory: &Path) -> bool {
        fs::metadata(directory).is_ok_and(|found| {
            let bit = match (found.uid() == self.uid, found.gid() == self.gid) {
                (true, _) => 0o100,
                (false, true) => 0o010,
                (false, false) => 0o001,
            };
            found.mode() & bit != 0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn stranger() -> Account {
        Account { name: "stranger".to_owned(), uid: 4_000_000, gid: 4_000_000, steps_down: false }
    }

    #[test]
    fn a_closed_directory_on_the_way_is_named() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("data");
        fs::create_dir(&inner).unwrap();
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let error = stranger().check_way_to(&inner).unwrap_err();
        assert!(matches!(error, StoreError::Untraversable { directory, .. } if directory == outer.path()));
        fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o711)).unwrap();
        stranger().check_way_to(&inner).unwrap();
    }

    #[test]
    fn a_directory_of_somebody_else_is_not_taken() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("socket");
        fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
        assert!(stranger().make_private_directory(&path).is_err());
        let link = outer.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let owner = Account { uid: Uid::effective().as_raw(), ..stranger() };
        owner.make_private_directory(&path).unwrap();
        assert!(owner.make_private_directory(&link).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(owner.make_private_directory(&path).is_err());
    }
}
