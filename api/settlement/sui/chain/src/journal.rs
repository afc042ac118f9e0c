//! The file that a chain is kept in: its genesis, then every step, appended and synced before anybody is told of it.
//!
//! A record is its length and its CRC-32C, four bytes each, little-endian, and a [`Record`] in BCS. One that the file
//! ends in the middle of was told to nobody, and is cut off.

use crate::genesis::Genesis;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use sui_sdk_types::{Address, Transaction, TypeTag, UserSignature};

const HEAD_BYTES: usize = 8;

/// What is in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Record {
    Genesis(Genesis),
    Step(Step),
}

/// What moves a chain on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    Transaction { transaction: Box<Transaction>, signatures: Vec<UserSignature> },
    Clock(u64),
    Cut,
    Faucet { to: Address, coin: TypeTag, amount: u64, as_coin: bool },
}

/// The file, open for its end. Nobody else has it open.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
}

impl Journal {
    /// Opens a file, makes it if there is none, and reads what is in it.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Vec<Record>)> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock().map_err(|_| io::Error::other("another chain is kept in it"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (records, end) = read(&bytes)?;
        file.set_len(end as u64)?;
        file.seek(SeekFrom::End(0))?;
        Ok((Self { file }, records))
    }

    /// Appends a record. Where that fails the file may have half of it: nothing may be appended after.
    pub(crate) fn append(&mut self, record: &Record) -> io::Result<()> {
        let body = bcs::to_bytes(record).map_err(io::Error::other)?;
        let length = u32::try_from(body.len()).map_err(io::Error::other)?;
        let mut bytes = Vec::with_capacity(HEAD_BYTES + body.len());
        bytes.extend(length.to_le_bytes());
        bytes.extend(crc32c::crc32c(&body).to_le_bytes());
        bytes.extend(body);
        self.file.write_all(&bytes)?;
        self.file.sync_data()
    }
}

/// The records, and where the last whole one ends.
fn read(bytes: &[u8]) -> io::Result<(Vec<Record>, usize)> {
    let (mut records, mut at) = (Vec::new(), 0);
    while let Some((head, rest)) = bytes[at..].split_first_chunk::<HEAD_BYTES>() {
        let [length, sum] = [0, 4].map(|from| u32::from_le_bytes([0, 1, 2, 3].map(|byte| head[from + byte])));
        let Some(body) = usize::try_from(length).ok().and_then(|length| rest.get(..length)) else { break };
        let record = bcs::from_bytes(body).ok().filter(|_| crc32c::crc32c(body) == sum);
        records.push(record.ok_or_else(|| io::Error::other(format!("the record at byte {at} is damaged")))?);
        at += HEAD_BYTES + body.len();
    }
    Ok((records, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(records: &[Record]) -> Vec<u64> {
        let clock = |record: &Record| match record {
            Record::Step(Step::Clock(at)) => *at,
            other => panic!("{other:?}"),
        };
        records.iter().map(clock).collect()
    }

    #[test]
    fn what_was_appended_is_read_and_half_a_record_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain");
        let (mut journal, records) = Journal::open(&path).unwrap();
        assert!(records.is_empty());
        for at in [1, 2] {
            journal.append(&Record::Step(Step::Clock(at))).unwrap();
        }
        assert!(Journal::open(&path).unwrap_err().to_string().contains("another chain"));
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for cut in 1..whole.len() / 2 {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            let (mut journal, records) = Journal::open(&path).unwrap();
            assert_eq!(clocks(&records), [1]);
            journal.append(&Record::Step(Step::Clock(3))).unwrap();
            drop(journal);
            assert_eq!(clocks(&Journal::open(&path).unwrap().1), [1, 3]);
        }
    }

    #[test]
    fn a_damaged_record_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain");
        let (mut journal, _) = Journal::open(&path).unwrap();
        journal.append(&Record::Step(Step::Clock(7))).unwrap();
        drop(journal);
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(Journal::open(&path).unwrap_err().to_string().contains("the record at byte 0 is damaged"));
    }
}
