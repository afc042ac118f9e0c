//! The descriptors that a service gets from its manager: from 3 on, in a row, as `sd_listen_fds(3)` has it.
//!
//! Their places are kept from the manager's start on. A place is filled for the moment in which a service is started, which
//! inherits what is not closed at `exec`, and is a placeholder at all other times.

use anyhow::{Context as _, ensure};
use nix::unistd::close;
use rustix::io::{DupFlags, dup2, dup3, fcntl_dupfd_cloexec};
use std::io::stdin;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd, RawFd};

/// Where they begin.
const FIRST: RawFd = 3;
/// As many as a run's gateways have connections, several times over.
pub(super) const SLOTS: usize = 128;

/// The places.
pub(super) struct Slots(Vec<OwnedFd>);

impl Slots {
    /// Takes them, before anything else has a descriptor.
    pub(super) fn reserve() -> anyhow::Result<Self> {
        let mut slots = Vec::with_capacity(SLOTS);
        let place = |at: RawFd| fcntl_dupfd_cloexec(stdin(), at).context("cannot keep a descriptor's place");
        for expected in (FIRST..).take(SLOTS) {
            let mut slot = place(expected)?;
            if slot.as_raw_fd() != expected {
                // Inherited: a shell that started us keeps copies of its own there, which nobody here knows of.
                close(expected).context("cannot close what was inherited")?;
                slot = place(expected)?;
            }
            ensure!(slot.as_raw_fd() == expected, "descriptor {expected} is somebody else's");
            slots.push(slot);
        }
        Ok(Self(slots))
    }

    /// Starts something that inherits these, and nothing else of ours.
    pub(super) fn giving<T>(
        &mut self,
        descriptors: &[&OwnedFd],
        start: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        ensure!(descriptors.len() <= self.0.len(), "{} descriptors are to be given, {SLOTS} can be", descriptors.len());
        let filled = self.0.iter_mut().zip(descriptors).try_for_each(|(slot, given)| dup2(given.as_fd(), slot));
        let started = filled.context("cannot put a descriptor into its place").and_then(|()| start());
        for slot in self.0.iter_mut().take(descriptors.len()) {
            dup3(stdin(), slot, DupFlags::CLOEXEC).context("cannot keep a descriptor's place")?;
        }
        started
    }
}
