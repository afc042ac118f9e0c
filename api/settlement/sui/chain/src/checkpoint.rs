//! Checkpoints, linked by their digests; epochs of a day each; the clock, which is handed in.

use crate::genesis::Cutting;
use crate::machine::Machine;
use crate::objects::{CLOCK, Content};
use crate::state::{Chain, Checkpoint, Epoch, Executed};
use sui_sdk_types::{
    CheckpointContents, CheckpointSummary, CheckpointTransactionInfo, ConsensusCommitPrologue, EndOfEpochData,
    GasCostSummary, TransactionKind,
};

const EPOCH_MS: u64 = 86_400_000;
/// The version of the protocol that this chain says it has: address balances pay for gas since then.
pub(crate) const PROTOCOL: u64 = 125;

impl Chain {
    /// Sets the chain's clock. It never goes back: an earlier time changes nothing. Each day that has gone by since
    /// genesis ends an epoch.
    pub fn set_clock(&mut self, now_ms: u64) {
        if now_ms <= self.now_ms {
            return;
        }
        while self.epochs.last().is_some_and(|epoch| now_ms >= epoch.start_ms + EPOCH_MS) {
            self.end_epoch();
        }
        self.tick(now_ms);
        self.cut_each();
    }

    /// Puts what was executed since the last checkpoint into one. Answers its number; none: there was nothing.
    pub fn cut(&mut self) -> Option<u64> {
        self.is_pending().then(|| self.checkpoint(None))
    }

    /// Whether something was executed since the last checkpoint.
    pub(crate) fn is_pending(&self) -> bool {
        self.begin_of(self.checkpoints.len()) < self.executed.len()
    }

    pub(crate) fn cut_each(&mut self) {
        if self.genesis.checkpoints == Cutting::Each {
            self.cut();
        }
    }

    pub(crate) fn begin_epoch(&mut self, start_ms: u64) {
        self.epochs.push(Epoch { start_ms, first_checkpoint: self.checkpoints.len() as u64 });
    }

    /// The last checkpoint of an epoch, at its last instant: the next epoch's first.
    fn end_epoch(&mut self) {
        let next_ms = self.epochs.last().map_or(0, |epoch| epoch.start_ms) + EPOCH_MS;
        self.tick(next_ms);
        let committee = Vec::new();
        self.checkpoint(Some(EndOfEpochData {
            next_epoch_committee: committee,
            next_epoch_protocol_version: PROTOCOL,
            epoch_commitments: Vec::new(),
        }));
        self.begin_epoch(next_ms);
    }

    /// The system's transaction that moves the clock on.
    fn tick(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        let round = self.executed.len() as u64;
        let kind = ConsensusCommitPrologue { epoch: self.epoch(), round, commit_timestamp_ms: now_ms };
        self.system(TransactionKind::ConsensusCommitPrologue(kind), |machine: &mut Machine<'_>| {
            machine.set_content(CLOCK, Content::Clock { id: CLOCK, now_ms });
        });
    }

    fn checkpoint(&mut self, end_of_epoch_data: Option<EndOfEpochData>) -> u64 {
        let number = self.checkpoints.len();
        let transactions: Vec<_> = self.executed[self.begin_of(number)..].iter().map(info).collect();
        let contents = CheckpointContents::new_v1(transactions);
        let summary = CheckpointSummary {
            epoch: self.epoch(),
            sequence_number: number as u64,
            network_total_transactions: self.executed.len() as u64,
            content_digest: contents.digest(),
            previous_digest: self.checkpoints.last().map(|before| before.digest),
            epoch_rolling_gas_cost_summary: self.gas_of_epoch(),
            timestamp_ms: self.now_ms,
            checkpoint_commitments: Vec::new(),
            end_of_epoch_data,
            version_specific_data: Vec::new(),
        };
        let digest = summary.digest();
        self.checkpoints.push(Checkpoint { summary, digest, end: self.executed.len() });
        number as u64
    }

    /// What gas has cost in the epoch so far: the last checkpoint's sum, unless it was the epoch before, and what
    /// came since.
    fn gas_of_epoch(&self) -> GasCostSummary {
        let before = self.checkpoints.last().filter(|before| before.summary.epoch == self.epoch());
        let sum = before.map(|before| before.summary.epoch_rolling_gas_cost_summary.clone()).unwrap_or_default();
        self.executed[self.begin_of(self.checkpoints.len())..].iter().fold(sum, |sum, executed| {
            let gas = executed.effects.gas_summary();
            GasCostSummary::new(
                sum.computation_cost + gas.computation_cost,
                sum.storage_cost + gas.storage_cost,
                sum.storage_rebate + gas.storage_rebate,
                sum.non_refundable_storage_fee + gas.non_refundable_storage_fee,
            )
        })
    }

    /// What a checkpoint holds.
    pub(crate) fn contents(&self, checkpoint: usize) -> CheckpointContents {
        let end = self.checkpoints.get(checkpoint).map_or(0, |checkpoint| checkpoint.end);
        CheckpointContents::new_v1(self.executed[self.begin_of(checkpoint)..end].iter().map(info).collect())
    }
}

fn info(executed: &Executed) -> CheckpointTransactionInfo {
    CheckpointTransactionInfo::new(executed.digest, executed.effects.digest(), executed.signatures.clone())
}
