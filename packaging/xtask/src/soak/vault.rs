//! What is in force at the gateway, entry by entry, beside what the publisher has signed.

use crate::edge::SERVER_ID;
use crate::signals::Interrupt;
use anyhow::{Context as _, bail};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use suiftly_edge::directory;
use suiftly_edge::maps::{MARK_KEY, MapName, Maps, Mark};
use suiftly_edge::runtime::RuntimeSocket;
use suiftly_schema::vault::PublicKeys;

/// A version that has just been published arrives within this.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Waits until the maps of the running HAProxy are those of the publisher's version in force; says what that is.
pub(crate) fn must_agree(data_dir: &Path, socket: &Path, interrupt: &Interrupt) -> anyhow::Result<String> {
    let deadline = Instant::now() + ARRIVES_WITHIN;
    loop {
        match agree(data_dir, socket) {
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => {}
            agreed => return agreed,
        }
        if interrupt.wait(LOOK_EVERY) {
            bail!("interrupted");
        }
    }
}

fn agree(data_dir: &Path, socket: &Path) -> anyhow::Result<String> {
    let keys = data_dir.join("vault-public-keys");
    let keys = fs::read_to_string(&keys).with_context(|| format!("cannot read {}", keys.display()))?;
    let published = directory::read_current(&data_dir.join("vault"), &PublicKeys::parse(&keys)?)?;
    let published = published.context("nothing is published")?;
    let (wanted, mark) = (Maps::render(&published.set, published.head.share_of(SERVER_ID))?, Mark::of(&published.head));
    let (there, has) = in_force(socket)?;
    if has.as_deref() != Some(&mark.to_string()) {
        bail!("the gateway's maps are marked {has:?}, not {mark}");
    }
    let touched = there.touched_to(&wanted);
    if let Some(first) = touched.first() {
        bail!("{} entries of the gateway's maps differ from the publisher's, such as {}", touched.len(), first.key);
    }
    let entries: usize = MapName::ALL.iter().map(|map| wanted.of(*map).len()).sum();
    Ok(format!("version {mark}: {entries} entries of the gateway's maps are the publisher's"))
}

/// The maps, and the mark in them.
fn in_force(socket: &Path) -> anyhow::Result<(Maps, Option<String>)> {
    let mut session = RuntimeSocket::new(socket).open()?;
    let loaded = session.maps()?;
    let mut maps = Maps::default();
    for (map, loaded) in MapName::ALL.into_iter().zip(loaded) {
        let (entries, is_twice) = session.entries(loaded.id)?;
        anyhow::ensure!(!is_twice, "an entry of {map:?} is there twice");
        *maps.of_mut(map) = entries;
    }
    let mark = maps.grants.remove(MARK_KEY);
    Ok((maps, mark))
}
