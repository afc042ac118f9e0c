//! How a chain begins: the contract published and locked, one house opened, one operator named.

use crate::machine::Machine;
use crate::objects::{CLOCK, Content, tag};
use crate::rules::Context;
use crate::rules::house::open_house;
use crate::rules::upgrades::Upgrades;
use crate::state::Chain;
use serde::{Deserialize, Serialize};
use sui_sdk_types::hash::Hasher;
use sui_sdk_types::{Address, GenesisTransaction, Identifier, Owner, TransactionKind, TypeTag};
use suiftly_sui::{Contract, SharedRef};

/// What a chain begins with. The same gives the same chain, with the same ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// Unix milliseconds, where the first epoch begins.
    pub at_ms: u64,
    /// Who has the contract's `AdminCap`.
    pub admin: Address,
    /// Who charges.
    pub operator: Address,
    /// Where charges go.
    pub treasury: Address,
    /// The coin's type, such as `0x…::usdc::USDC`. It need not be anywhere.
    pub coin: TypeTag,
    /// How many of its units make a cent.
    pub cent: u64,
    /// MIST for a unit of gas.
    pub gas_price: u64,
    /// When checkpoints are made.
    pub checkpoints: Cutting,
}

/// When what was executed is put into a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cutting {
    /// At once, each transaction into one of its own.
    Each,
    /// By [`Chain::cut`], and where an epoch ends.
    Told,
}

/// What a client has to know of the contract on a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The package, and the house of the coin.
    pub contract: Contract,
    /// The `AdminCap`, which the admin owns.
    pub admin_cap: Address,
    /// The shared `Upgrades`.
    pub upgrades: Address,
}

/// Objects are made in this order.
const PACKAGE: u64 = 0;
const ADMIN_CAP: u64 = 1;

impl Genesis {
    /// The package's id.
    pub fn package(&self) -> Address {
        Address::derive_id(self.seed(), PACKAGE)
    }

    fn seed(&self) -> sui_sdk_types::Digest {
        Hasher::digest(crate::rules::bytes(self))
    }
}

impl Chain {
    /// A chain with the contract on it, in its first checkpoint. None: a cent of no units, or a treasury of nobody's,
    /// which the contract refuses.
    pub fn new(genesis: &Genesis) -> Option<Self> {
        let mut ctx = Context::new(genesis.admin, genesis.at_ms, genesis.seed());
        let package = ctx.fresh_id();
        let admin_cap = ctx.fresh_id();
        let upgrades = Upgrades::lock(package, &mut ctx);
        let mut house = open_house(genesis.treasury, genesis.cent, &mut ctx).ok()?;
        house.name_operator(genesis.operator, &mut ctx).ok()?;
        let coin = vec![genesis.coin.clone()];
        let (clock_tag, clock) = Content::clock(genesis.at_ms);
        let admin_cap_tag = tag(package, "house", "AdminCap", Vec::new());

        let mut chain = Self::empty(genesis.clone());
        chain.begin_epoch(genesis.at_ms);
        let kind = TransactionKind::Genesis(GenesisTransaction { objects: Vec::new() });
        chain.system(kind, |machine: &mut Machine<'_>| {
            let shared = Owner::Shared(0);
            machine.put(CLOCK, clock_tag, shared, clock);
            let admin_cap_content = Content::Other(admin_cap.as_bytes().to_vec());
            machine.put(admin_cap, admin_cap_tag, Owner::Address(genesis.admin), admin_cap_content);
            let upgrades_tag = tag(package, "upgrades", "Upgrades", Vec::new());
            machine.put(upgrades.id, upgrades_tag, shared, Content::Upgrades(upgrades));
            machine.put(house.id, tag(package, "house", "House", coin.clone()), shared, Content::House(house));
            machine.tell(genesis.admin, &Identifier::from_static("house"), coin.first(), ctx.told);
        });
        chain.cut();
        Some(chain)
    }

    /// The contract.
    pub fn published(&self) -> Published {
        let seed = self.genesis.seed();
        // The capability that is locked in has an id too, before that of what it is locked in.
        let [admin_cap, upgrades, house] = [ADMIN_CAP, 3, 4].map(|number| Address::derive_id(seed, number));
        let package = self.genesis.package();
        let house = SharedRef { id: house, initial_version: 1 };
        let Genesis { coin, cent, .. } = self.genesis.clone();
        Published { contract: Contract { package, origin: package, house, coin, cent }, admin_cap, upgrades }
    }

    /// The chain's id: its first checkpoint's digest.
    pub fn id(&self) -> sui_sdk_types::Digest {
        self.checkpoints.first().map_or(sui_sdk_types::Digest::ZERO, |first| first.digest)
    }
}
