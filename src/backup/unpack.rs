//! Reads a backup: each member once, in order, held against its digest. What is not whole is told before anything is made
//! of it: whoever writes reads twice, the first time to verify.

use super::manifest::{CONFIGURATION, CONTENTS, Contents, DATABASE, JOURNAL, MANIFEST, Manifest, Member, SECRETS};
use anyhow::{Context, bail, ensure};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Manifest and contents are read into memory, and are no longer than this.
const LIST_BYTES_MAX: u64 = 64 << 20;
const READ_AHEAD_BYTES: usize = 1 << 20;

/// A backup that was read to its end, and is whole.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(super) manifest: Manifest,
    pub(super) contents: Contents,
}

/// Reads all of it and keeps nothing.
pub(super) fn verify(file: &Path, identities: &[age::x25519::Identity]) -> anyhow::Result<Verified> {
    read(file, identities, |_, _, from| {
        io::copy(from, &mut io::sink())?;
        Ok(())
    })
}

/// Reads it, and hands over each member but the manifest and the contents: its name, its length, its bytes.
pub(super) fn read(
    file: &Path,
    identities: &[age::x25519::Identity],
    mut each: impl FnMut(&str, u64, &mut dyn Read) -> anyhow::Result<()>,
) -> anyhow::Result<Verified> {
    let name = || file.display().to_string();
    let opened = File::open(file).with_context(|| format!("cannot open {}", name()))?;
    let decrypted = decrypt(file, BufReader::with_capacity(READ_AHEAD_BYTES, opened), identities)?;
    let damaged = || format!("{} is damaged or not whole", name());
    let decompressed = zstd::Decoder::new(decrypted).with_context(damaged)?;
    let mut archive = tar::Archive::new(decompressed);
    let (mut manifest, mut contents, mut members) = (None, None, Vec::new());
    for entry in archive.entries().with_context(damaged)? {
        let mut entry = entry.with_context(damaged)?;
        let (member, bytes) = (member_name(&entry).with_context(damaged)?, entry.size());
        ensure!(contents.is_none(), "{}: something stands behind its list of contents", damaged());
        let mut source = Hashed { from: &mut entry, sha256: Sha256::new(), bytes: 0 };
        match (member.as_str(), &manifest) {
            (MANIFEST, None) => {
                let json = whole(&mut source, bytes).with_context(damaged)?;
                manifest = Some(Manifest::read(&json).with_context(|| format!("cannot use {}", name()))?);
            }
            (CONTENTS, Some(_)) => contents = Some(Contents::read(&whole(&mut source, bytes).with_context(damaged)?)?),
            (_, Some(_)) => {
                each(&member, bytes, &mut source).with_context(damaged)?;
                io::copy(&mut source, &mut io::sink()).with_context(damaged)?;
            }
            (_, None) => bail!("{} is no backup: it does not begin with a manifest", name()),
        }
        ensure!(source.bytes == bytes, "{}: {member} is cut off", damaged());
        let sha256 = HEXLOWER.encode(&source.sha256.finalize());
        members.push(Member { name: member, bytes, sha256 });
    }
    // Tar has an end of its own; what stands behind it is read too, or nobody would miss it.
    io::copy(&mut archive.into_inner(), &mut io::sink()).with_context(damaged)?;
    let manifest = manifest.with_context(|| format!("{} is no backup: there is nothing in it", name()))?;
    let contents = contents.with_context(|| format!("{}: its end is missing", damaged()))?;
    members.pop();
    compare(&contents, &members).with_context(damaged)?;
    Ok(Verified { manifest, contents })
}

fn decrypt<R: io::BufRead>(
    file: &Path,
    from: R,
    identities: &[age::x25519::Identity],
) -> anyhow::Result<age::stream::StreamReader<R>> {
    let identities = identities.iter().map(|identity| identity as &dyn age::Identity);
    let decrypted = age::Decryptor::new_buffered(from).and_then(|decryptor| decryptor.decrypt(identities));
    let name = file.display();
    match decrypted {
        Ok(decrypted) => Ok(decrypted),
        Err(age::DecryptError::NoMatchingKeys) => {
            bail!("the identity does not open {name}: it was encrypted for other recipients")
        }
        Err(age::DecryptError::Io(error)) => Err(error).with_context(|| format!("cannot read {name}")),
        Err(age::DecryptError::InvalidHeader | age::DecryptError::UnknownFormat) => {
            bail!("{name} is no backup, or its beginning is damaged: it is not encrypted by age")
        }
        Err(error) => bail!("{name} is damaged or not whole: {error}"),
    }
}

/// A member's name, which is one of those that backups have: nothing leads out of where it is put.
fn member_name<R: Read>(entry: &tar::Entry<'_, R>) -> anyhow::Result<String> {
    let path = entry.path().context("a member's name cannot be read")?;
    let name = path.to_str().context("a member's name is no text")?;
    let plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    let is_known = [MANIFEST, CONTENTS, CONFIGURATION].contains(&name)
        || [SECRETS, DATABASE, JOURNAL].iter().any(|folder| name.strip_prefix(folder).is_some_and(plain));
    ensure!(is_known && entry.header().entry_type().is_file(), "{name:?} is no member of a backup");
    Ok(name.to_owned())
}

fn whole(from: &mut impl Read, bytes: u64) -> anyhow::Result<Vec<u8>> {
    ensure!(bytes <= LIST_BYTES_MAX, "a list of {bytes} bytes is too long");
    let mut read = Vec::new();
    from.read_to_end(&mut read)?;
    Ok(read)
}

fn compare(contents: &Contents, members: &[Member]) -> anyhow::Result<()> {
    for (listed, found) in contents.members.iter().zip(members) {
        ensure!(listed == found, "{} is not as it was written", listed.name);
    }
    let (listed, found) = (contents.members.len(), members.len());
    ensure!(listed == found, "it has {found} members, and lists {listed}");
    Ok(())
}

struct Hashed<R> {
    from: R,
    sha256: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.sha256.update(&into[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}
