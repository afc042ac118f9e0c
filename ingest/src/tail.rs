//! The journal's tail, decoded once more beside a running ingest: for a taker that fell behind and let batches pass.
//!
//! It gives the batches that ingest gave: decoding is a function of the stored state and the blocks alone. The journal is
//! in use meanwhile; what is not released stays where it is.

use crate::decode::{DecodeConfig, Decoder};
use crate::error::IngestError;
use crate::journal::JournalReader;
use crate::live::Resume;
use crate::sequencer::REWARM_BYTES;
use std::path::{Path, PathBuf};
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;

/// Reads on from a watermark.
pub struct Tail {
    dir: PathBuf,
    decoder: Decoder,
    blocks: JournalReader,
    /// The last epoch that was read.
    last: Epoch,
}

impl Tail {
    /// Goes on after `resume`, as ingest would at a start: it must be what was stored with its epoch.
    pub fn open(dir: &Path, config: DecodeConfig, resume: &Resume) -> Result<Self, IngestError> {
        let decoder = resume.decoder(config)?;
        let blocks = JournalReader::from_before_end_of(dir, resume.epoch, REWARM_BYTES)?;
        Ok(Self { dir: dir.to_owned(), decoder, blocks, last: resume.epoch })
    }

    /// The next batch up to `through`, which must be on the disk; `None` when there is none before it any more. Epochs
    /// whose blocks are damaged are left out.
    pub fn next(&mut self, through: Epoch) -> Result<Option<Batch>, IngestError> {
        let mut is_fresh = false;
        while self.last < through {
            let Some(block) = self.blocks.next() else {
                if !self.blocks.lost().is_nothing() {
                    let blocks = self.blocks.lost().blocks;
                    tracing::error!(blocks, last = self.last, "part of the journal is damaged and was left out");
                }
                // A reader ends where the journal ended when it was made.
                if is_fresh {
                    return Ok(None);
                }
                self.blocks = JournalReader::from_epoch(&self.dir, self.last + 1)?;
                is_fresh = true;
                continue;
            };
            let block = block?;
            if block.epoch <= self.last {
                self.decoder.rewarm(&block);
                continue;
            }
            self.last = block.epoch;
            return Ok(Some(self.decoder.decode(&block)));
        }
        Ok(None)
    }
}
