//! A disk of the journal's own that is small enough to be filled: a file system in memory, mounted where the journal is.

use crate::process::{Lifeline, run_quietly};
use anyhow::{Context as _, ensure};
use nix::unistd::geteuid;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Room for a run of hours at the soak's rate, and little enough to be filled in memory.
const DISK_MEGABYTES: u32 = 512;
/// What fills it; the journal leaves alone what it does not know.
const FILLER: &str = "soak.filler";
const FILLER_PART_BYTES: [usize; 2] = [1 << 20, 4 << 10];

/// A mounted disk; it goes when dropped, and if we are killed.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    dir: PathBuf,
    lifeline: Lifeline,
}

impl SmallDisk {
    /// Mounts one there; an error in one line where that cannot be done.
    pub(crate) fn mount(dir: &Path) -> anyhow::Result<Self> {
        ensure!(geteuid().is_root(), "only root may mount a disk");
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let options = format!("size={DISK_MEGABYTES}m,mode=0700");
        let mut mount = Command::new("mount");
        run_quietly(mount.args(["-t", "tmpfs", "-o", &options, "suiftly-soak"]).arg(dir))?;
        let lifeline = Lifeline::tie(["umount".as_ref(), "-l".as_ref(), dir.as_os_str()])?;
        Ok(Self { dir: dir.to_owned(), lifeline })
    }

    /// Takes away what a run that was killed has left there.
    pub(crate) fn unmount_leftover(dir: &Path) -> anyhow::Result<()> {
        let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
        if is_mounted(&mounts, dir) { unmount(dir) } else { Ok(()) }
    }

    /// Fills it to the last page.
    pub(crate) fn fill(&self) -> anyhow::Result<()> {
        let path = self.filler();
        let mut filler = OpenOptions::new().create(true).append(true).open(&path);
        let filler = filler.as_mut().map_err(|error| anyhow::anyhow!("cannot write {}: {error}", path.display()))?;
        for part_bytes in FILLER_PART_BYTES {
            let part = vec![0; part_bytes];
            loop {
                match filler.write_all(&part) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error).context("cannot fill the journal's disk"),
                }
            }
        }
        Ok(())
    }

    /// There is room again.
    pub(crate) fn free(&self) -> anyhow::Result<()> {
        fs::remove_file(self.filler()).context("cannot free the journal's disk")
    }

    fn filler(&self) -> PathBuf {
        self.dir.join(FILLER)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Err(error) = unmount(&self.dir) {
            eprintln!("xtask: cannot unmount the journal's disk: {error:#}");
        }
        self.lifeline.cut();
    }
}

fn unmount(dir: &Path) -> anyhow::Result<()> {
    // Whoever still reads it may do so to its end.
    run_quietly(Command::new("umount").arg("-l").arg(dir))
}

/// Whether the kernel's table of mounts has it. Our paths have nothing in them that it would write otherwise.
fn is_mounted(mounts: &str, dir: &Path) -> bool {
    mounts.lines().filter_map(|line| line.split(' ').nth(1)).any(|mounted| Path::new(mounted) == dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_of_mounts() {
        let mounts = "/dev/vda / ext4 rw 0 0\nsuiftly-soak /var/lib/x/journal tmpfs rw 0 0\n";
        for (dir, is_there) in [("/var/lib/x/journal", true), ("/var/lib/x", false), ("/", true)] {
            assert_eq!(is_mounted(mounts, Path::new(dir)), is_there, "{dir}");
        }
    }
}
