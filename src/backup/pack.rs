//! Writes a backup: tar, zstd and age, one within the other, into one file. Nothing is kept in memory but a part.

use super::manifest::{CONTENTS, Contents, MANIFEST, Manifest, Member, Reach};
use age::stream::StreamWriter;
use anyhow::Context;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Closed segments are compressed already, and a dump shrinks well even so.
const COMPRESS_LEVEL: i32 = 3;
const PRIVATE: u32 = 0o600;

/// A backup that is being written.
pub(super) struct Pack<W: Write> {
    tar: tar::Builder<zstd::Encoder<'static, StreamWriter<Hashed<W>>>>,
    members: Vec<Member>,
    stop: Arc<AtomicBool>,
}

impl<W: Write> Pack<W> {
    /// Begins one, with its manifest. It ends with an error soon after `stop` is set.
    pub(super) fn begin(
        out: W,
        recipients: &[age::x25519::Recipient],
        manifest: &Manifest,
        stop: Arc<AtomicBool>,
    ) -> anyhow::Result<Self> {
        let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).context("cannot encrypt a backup")?;
        let out = Hashed { out, sha256: Sha256::new(), bytes: 0 };
        let encrypted = encryptor.wrap_output(out).context("cannot write the backup")?;
        let compressed = zstd::Encoder::new(encrypted, COMPRESS_LEVEL).context("cannot compress a backup")?;
        let mut pack = Self { tar: tar::Builder::new(compressed), members: Vec::new(), stop };
        pack.add(MANIFEST, &serde_json::to_vec_pretty(manifest).context("cannot encode the manifest")?)?;
        Ok(pack)
    }

    /// Adds a member.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.add_from(name, bytes.len() as u64, bytes)
    }

    /// Adds a member of exactly so many bytes.
    pub(super) fn add_from(&mut self, name: &str, bytes: u64, from: impl Read) -> anyhow::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(PRIVATE);
        header.set_mtime(0);
        let mut source = Source { from: from.take(bytes), sha256: Sha256::new(), bytes: 0, stop: &self.stop };
        self.tar
            .append_data(&mut header, name, &mut source)
            .with_context(|| format!("cannot write {name} into the backup"))?;
        anyhow::ensure!(source.bytes == bytes, "{name} became shorter while it was copied");
        let sha256 = HEXLOWER.encode(&source.sha256.finalize());
        self.members.push(Member { name: name.to_owned(), bytes, sha256 });
        Ok(())
    }

    /// Ends it with the list of what is in it; answers where it was written to, its length and its SHA-256.
    pub(super) fn finish(mut self, journal: Reach) -> anyhow::Result<(W, u64, String)> {
        let contents = Contents { members: std::mem::take(&mut self.members), journal };
        self.add(CONTENTS, &serde_json::to_vec_pretty(&contents).context("cannot encode the contents")?)?;
        let end = || {
            let hashed = self.tar.into_inner()?.finish()?.finish()?;
            Ok::<_, io::Error>((hashed.out, hashed.bytes, HEXLOWER.encode(&hashed.sha256.finalize())))
        };
        end().context("cannot write the backup's end")
    }
}

/// What is read into a member.
struct Source<'a, R> {
    from: R,
    sha256: Sha256,
    bytes: u64,
    stop: &'a AtomicBool,
}

impl<R: Read> Read for Source<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("the backup was stopped"));
        }
        let read = self.from.read(into)?;
        self.sha256.update(&into[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// What is written, with its SHA-256.
struct Hashed<W> {
    out: W,
    sha256: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
