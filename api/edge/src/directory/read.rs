//! Reading the current version, within bounds, and believing it by its signature and its root alone.

use super::{CURRENT, DirectoryError, HEAD_FILE, ROWS_FILE, Stored};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use suiftly_schema::vault::frame::ROWS_MAX;
use suiftly_schema::vault::head::HEAD_BYTES_MAX;
use suiftly_schema::vault::{Assembler, GrantSet, Head, PublicKeys, SignedHead};

/// A head's file at most, in bytes: the head stands in it as a JSON string, whose quotes are escaped.
const HEAD_FILE_BYTES_MAX: u64 = 2 * HEAD_BYTES_MAX as u64 + 1_024;
/// A row is no longer than this, in bytes.
const ROW_BYTES_MAX: u64 = 64 << 10;
/// How often the link is followed anew when what it named was removed in the meantime.
const TURNS_MAX: u32 = 5;

/// The current version, if there is one and it is to be believed. Verifies its signature and its root.
pub fn read_current(dir: &Path, trusted: &PublicKeys) -> Result<Option<Stored>, DirectoryError> {
    let mut turn = 1;
    loop {
        let Some(path) = current(dir)? else { return Ok(None) };
        match read_version(&path, trusted) {
            Err(DirectoryError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound && turn < TURNS_MAX && current(dir)? != Some(path) =>
            {
                turn += 1;
            }
            read => return read.map(Some),
        }
    }
}

fn current(dir: &Path) -> Result<Option<PathBuf>, DirectoryError> {
    let link = dir.join(CURRENT);
    match std::fs::read_link(&link) {
        Ok(target) => Ok(Some(dir.join(target))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DirectoryError::io("following the link", link)(error)),
    }
}

fn read_version(path: &Path, trusted: &PublicKeys) -> Result<Stored, DirectoryError> {
    let damaged = |cause: String, head| DirectoryError::Damaged { path: path.to_owned(), cause, head };
    let refused = |cause, head| DirectoryError::Refused { path: path.to_owned(), cause, head };
    let signed = read_signed(path)?;
    let head = signed.verify(trusted).map_err(|cause| refused(cause, None))?;
    let signed_head = || Some(Box::new(head.clone()));
    if head.keys.max(head.access) > ROWS_MAX {
        return Err(damaged("more rows than a set may have".to_owned(), signed_head()));
    }
    let set = read_set(path, &head)?;
    let mut assembler = Assembler::new(trusted.clone());
    assembler.hold(&signed, set.clone()).map_err(|cause| refused(cause, signed_head()))?;
    Ok(Stored { head, signed, set })
}

fn read_signed(path: &Path) -> Result<SignedHead, DirectoryError> {
    let file = path.join(HEAD_FILE);
    let mut text = Vec::new();
    let read = File::open(&file).and_then(|file| file.take(HEAD_FILE_BYTES_MAX + 1).read_to_end(&mut text));
    read.map_err(DirectoryError::io("reading", &file))?;
    let damaged = |cause| DirectoryError::Damaged { path: path.to_owned(), cause, head: None };
    if text.len() as u64 > HEAD_FILE_BYTES_MAX {
        return Err(damaged(format!("{HEAD_FILE} is longer than {HEAD_FILE_BYTES_MAX} bytes")));
    }
    serde_json::from_slice(&text).map_err(|error| damaged(format!("{HEAD_FILE}: {error}")))
}

fn read_set(path: &Path, head: &Head) -> Result<GrantSet, DirectoryError> {
    let file = path.join(ROWS_FILE);
    let opened = File::open(&file).map_err(DirectoryError::io("reading", &file))?;
    let mut rows = Rows { reader: BufReader::new(opened), line: Vec::new(), number: 0 };
    let damaged = |cause: String| {
        let head = Some(Box::new(head.clone()));
        DirectoryError::Damaged { path: path.to_owned(), cause: format!("{ROWS_FILE}: {cause}"), head }
    };
    let mut set = GrantSet::default();
    for _ in 0..head.keys {
        set.put_key(rows.next().map_err(damaged)?);
    }
    for _ in 0..head.access {
        set.put_access(rows.next().map_err(damaged)?);
    }
    rows.end().map_err(damaged)?;
    Ok(set)
}

struct Rows {
    reader: BufReader<File>,
    line: Vec<u8>,
    number: u64,
}

impl Rows {
    fn next<T: DeserializeOwned>(&mut self) -> Result<T, String> {
        self.number += 1;
        self.line.clear();
        let number = self.number;
        let read = self.reader.by_ref().take(ROW_BYTES_MAX).read_until(b'\n', &mut self.line);
        read.map_err(|error| format!("line {number}: {error}"))?;
        if self.line.last() != Some(&b'\n') {
            return Err(format!("line {number} is cut off, too long or missing"));
        }
        serde_json::from_slice(&self.line).map_err(|error| format!("line {number}: {error}"))
    }

    fn end(&mut self) -> Result<(), String> {
        let left = self.reader.fill_buf().map_err(|error| error.to_string())?;
        if left.is_empty() { Ok(()) } else { Err(format!("more follows after line {}", self.number)) }
    }
}
