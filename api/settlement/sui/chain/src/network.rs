//! A chain that several endpoints serve, kept in a file or not.

use crate::admit::Refusal;
use crate::genesis::Genesis;
use crate::journal::{Journal, Record, Step};
use crate::state::{Chain, Executed};
use parking_lot::Mutex;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use sui_sdk_types::{Address, Digest, Transaction, TypeTag, UserSignature};

/// Why there is no chain, or why it has stopped.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A cent of no units, or a treasury of nobody's.
    #[error("the contract refuses the genesis: a cent is a unit at least, and a treasury is not 0x0")]
    Genesis,
    /// The file cannot be read or written.
    #[error("the chain's file {path}: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The file has a chain with another beginning.
    #[error("{path} has a chain with another genesis")]
    Other {
        /// Which.
        path: PathBuf,
    },
    /// A step in the file cannot be done again.
    #[error("{path}: step {number} cannot be done again: {cause}")]
    Again {
        /// Which.
        path: PathBuf,
        /// Counted from 1.
        number: usize,
        /// Why.
        cause: String,
    },
    /// The chain refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An earlier step could not be written.
    #[error("the chain has stopped: a step could not be written to its file")]
    Stopped,
}

/// A chain that is shared.
#[derive(Clone)]
pub struct Network {
    state: Arc<Mutex<State>>,
}

struct State {
    chain: Chain,
    /// None: it is kept nowhere.
    file: Option<(PathBuf, Journal)>,
    /// A step could not be written: what is in memory is not what is kept.
    is_stopped: bool,
}

impl Network {
    /// A chain in memory.
    pub fn new(genesis: &Genesis) -> Result<Self, NetworkError> {
        let chain = Chain::new(genesis).ok_or(NetworkError::Genesis)?;
        Ok(Self::of(chain, None))
    }

    /// The chain that a file has, or a new one in it. Blocks while it does every step again.
    pub fn open(path: &Path, genesis: &Genesis) -> Result<Self, NetworkError> {
        let failed = |cause| NetworkError::File { path: path.to_owned(), cause };
        let mut chain = Chain::new(genesis).ok_or(NetworkError::Genesis)?;
        let (mut journal, records) = Journal::open(path).map_err(failed)?;
        if records.is_empty() {
            journal.append(&Record::Genesis(genesis.clone())).map_err(failed)?;
        }
        for (number, record) in records.into_iter().enumerate() {
            match record {
                Record::Genesis(kept) if number == 0 && kept == *genesis => {}
                Record::Step(step) if number > 0 => {
                    let again = |cause| NetworkError::Again { path: path.to_owned(), number, cause };
                    chain.step(step).map_err(again)?;
                }
                _ => return Err(NetworkError::Other { path: path.to_owned() }),
            }
        }
        Ok(Self::of(chain, Some((path.to_owned(), journal))))
    }

    fn of(chain: Chain, file: Option<(PathBuf, Journal)>) -> Self {
        Self { state: Arc::new(Mutex::new(State { chain, file, is_stopped: false })) }
    }

    /// Looks at the chain.
    pub fn look<R>(&self, at: impl FnOnce(&Chain) -> R) -> R {
        at(&self.state.lock().chain)
    }

    /// Executes a transaction, once. Blocks until it is written.
    pub fn execute(&self, transaction: &Transaction, signatures: &[UserSignature]) -> Result<Executed, NetworkError> {
        let mut state = self.state.lock();
        if let Some(executed) = state.chain.check(transaction, signatures)? {
            return Ok(executed);
        }
        let (kept, by) = (Box::new(transaction.clone()), signatures.to_vec());
        state.write(Step::Transaction { transaction: kept, signatures: by })?;
        Ok(state.chain.execute(transaction, signatures)?)
    }

    /// Sets the chain's clock, Unix milliseconds; an earlier time changes nothing. Blocks until it is written.
    pub fn set_clock(&self, now_ms: u64) -> Result<(), NetworkError> {
        let mut state = self.state.lock();
        if now_ms > state.chain.now_ms {
            state.write(Step::Clock(now_ms))?;
            state.chain.set_clock(now_ms);
        }
        Ok(())
    }

    /// Makes a checkpoint of what was executed since the last one, and answers its number, if there was something.
    pub fn cut(&self) -> Result<Option<u64>, NetworkError> {
        let mut state = self.state.lock();
        if !state.chain.is_pending() {
            return Ok(None);
        }
        state.write(Step::Cut)?;
        Ok(state.chain.cut())
    }

    /// Gives an address so many units of a coin out of nowhere: a coin object, or into its address balance. None: it
    /// would have more than there can be.
    pub fn faucet(
        &self,
        to: Address,
        coin: &TypeTag,
        amount: u64,
        as_coin: bool,
    ) -> Result<Option<Digest>, NetworkError> {
        let mut state = self.state.lock();
        if state.chain.funds(to, coin).checked_add(amount).is_none() {
            return Ok(None);
        }
        state.write(Step::Faucet { to, coin: coin.clone(), amount, as_coin })?;
        Ok(state.chain.faucet(to, coin, amount, as_coin))
    }
}

impl State {
    /// Writes what is about to be done.
    fn write(&mut self, step: Step) -> Result<(), NetworkError> {
        if self.is_stopped {
            return Err(NetworkError::Stopped);
        }
        let Some((path, journal)) = &mut self.file else { return Ok(()) };
        journal.append(&Record::Step(step)).map_err(|cause| {
            self.is_stopped = true;
            NetworkError::File { path: path.clone(), cause }
        })
    }
}

impl Chain {
    /// Does a step that was done before.
    fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Transaction { transaction, signatures } => {
                self.execute(&transaction, &signatures).map_err(|refusal| refusal.to_string())?;
            }
            Step::Clock(now_ms) => self.set_clock(now_ms),
            Step::Cut => {
                self.cut();
            }
            Step::Faucet { to, coin, amount, as_coin } => {
                self.faucet(to, &coin, amount, as_coin);
            }
        }
        Ok(())
    }
}
