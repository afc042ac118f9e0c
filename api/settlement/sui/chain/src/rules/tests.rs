//! The contract's tests, in Rust: a file for each of `packaging/escrow/tests`, with tests of the same names.

mod calendar_tests;
mod coin_tests;
mod entry_tests;
mod house_tests;
mod month_tests;
mod nonce_tests;
mod operator_tests;
mod owner_tests;
mod upgrade_tests;
mod version_tests;
mod walk_tests;
mod wrong_house_tests;

use super::account::Account;
use super::escrow::{self, Charge};
use super::house::{self, House};
use super::{Context, Stop, Told};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use sui_sdk_types::{Address, Digest};
use suiftly_sui::{Abort, Entry};

const CENT: u64 = 10_000;
const DAY_MS: u64 = 86_400_000;
/// 2026-11-10T00:00:00Z.
const BEGIN: u64 = 1_794_268_800_000;
const NOVEMBER: u32 = 202_611;

const ADMIN: Address = Address::from_static("0xad");
const OPERATOR: Address = Address::from_static("0x0b");
const TREASURY: Address = Address::from_static("0x7e");
const OWNER: Address = Address::from_static("0xa1");
const STRANGER: Address = Address::from_static("0xa2");

type Done = Result<(), Stop>;

const fn usd(dollars: u64) -> u64 {
    dollars * 100 * CENT
}

const fn cents(cents: u64) -> u64 {
    cents * CENT
}

fn nonce(number: u64) -> [u8; 32] {
    let mut nonce = [7; 32];
    nonce[..8].copy_from_slice(&number.to_le_bytes());
    nonce
}

fn root() -> [u8; 32] {
    std::array::from_fn(|at| u8::try_from(at).unwrap())
}

fn order(nonce: &[u8], root: &[u8], amount: u64, month: u32) -> Charge {
    Charge { amount, nonce: nonce.to_vec(), month, bill_root: root.to_vec() }
}

trait Refused {
    /// That it was refused for this reason.
    fn refused(self, why: Abort) -> Done;
}

impl<T: std::fmt::Debug> Refused for Result<T, Stop> {
    fn refused(self, why: Abort) -> Done {
        assert_eq!(self.map(|_| ()), Err(Stop::Abort(why)));
        Ok(())
    }
}

/// A house with an operator, accounts, a clock; each act is one transaction of whoever does it.
struct Desk {
    house: House,
    accounts: BTreeMap<Address, Account>,
    now_ms: u64,
    transactions: u8,
    /// What the last transaction has told.
    told: Vec<Told>,
    /// What addresses were paid in coins, and into their address balances.
    paid: BTreeMap<Address, u64>,
    funds: BTreeMap<Address, u64>,
}

impl Desk {
    fn new() -> Self {
        Self::of(CENT, OPERATOR)
    }

    fn of(cent: u64, operator: Address) -> Self {
        let mut ctx = Context::new(ADMIN, BEGIN, Digest::ZERO);
        let house = house::open_house(TREASURY, cent, &mut ctx).unwrap();
        let (paid, funds) = (BTreeMap::new(), BTreeMap::new());
        let mut desk =
            Self { house, accounts: BTreeMap::new(), now_ms: BEGIN, transactions: 0, told: Vec::new(), paid, funds };
        desk.admin(|house, ctx| house.name_operator(operator, ctx)).unwrap();
        desk
    }

    /// With the owner's account open.
    fn with_account(first: u64, limit: u64) -> Self {
        let mut desk = Self::new();
        desk.open(OWNER, first, limit).unwrap();
        desk
    }

    /// One transaction: all of it, or nothing.
    fn act<T>(
        &mut self,
        sender: Address,
        act: impl FnOnce(&mut House, &mut BTreeMap<Address, Account>, &mut Context) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        self.transactions = self.transactions.wrapping_add(1);
        let mut ctx = Context::new(sender, self.now_ms, Digest::new([self.transactions; 32]));
        let (mut house, mut accounts) = (self.house.clone(), self.accounts.clone());
        let done = act(&mut house, &mut accounts, &mut ctx)?;
        (self.house, self.accounts, self.told) = (house, accounts, ctx.told);
        for payment in ctx.paid {
            let sums = if payment.coin.is_some() { &mut self.paid } else { &mut self.funds };
            *sums.entry(payment.to).or_default() += payment.amount;
        }
        Ok(done)
    }

    fn admin(&mut self, act: impl FnOnce(&mut House, &mut Context) -> Done) -> Done {
        self.act(ADMIN, |house, _, ctx| act(house, ctx))
    }

    /// An act on an owner's account.
    fn on<T>(
        &mut self,
        sender: Address,
        owner: Address,
        act: impl FnOnce(&House, &mut Account, &mut Context) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        self.act(sender, |house, accounts, ctx| act(house, accounts.get_mut(&owner).unwrap(), ctx))
    }

    fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
    }

    fn open(&mut self, owner: Address, first: u64, limit: u64) -> Done {
        self.act(owner, |house, accounts, ctx| {
            accounts.insert(owner, escrow::open(house, first, limit, ctx)?);
            Ok(())
        })
    }

    fn deposit(&mut self, sender: Address, funds: u64) -> Done {
        self.on(sender, OWNER, |house, account, ctx| escrow::deposit(house, account, funds, ctx))
    }

    fn set_limit(&mut self, sender: Address, limit: u64) -> Done {
        self.on(sender, OWNER, |house, account, ctx| escrow::set_limit(house, account, limit, ctx))
    }

    fn request(&mut self, sender: Address, amount: u64) -> Result<u64, Stop> {
        self.on(sender, OWNER, |house, account, ctx| escrow::request_withdrawal(house, account, amount, ctx))
    }

    fn cancel(&mut self, sender: Address, request: u64) -> Done {
        self.on(sender, OWNER, |house, account, ctx| escrow::cancel_withdrawal(house, account, request, ctx))
    }

    fn pay(&mut self, sender: Address, request: u64) -> Done {
        self.on(sender, OWNER, |house, account, ctx| escrow::pay_withdrawal(house, account, request, ctx))
    }

    fn charge(&mut self, number: u64, amount: u64, month: u32) -> Done {
        self.charge_by(OPERATOR, number, amount, month)
    }

    fn charge_by(&mut self, sender: Address, number: u64, amount: u64, month: u32) -> Done {
        self.charge_with(sender, OWNER, &order(&nonce(number), &root(), amount, month))
    }

    fn charge_with(&mut self, sender: Address, owner: Address, order: &Charge) -> Done {
        self.on(sender, owner, |house, account, ctx| escrow::charge(house, account, order, ctx))
    }

    fn refund(&mut self, number: u64, amount: u64, month: u32) -> Done {
        self.refund_by(OPERATOR, number, amount, month)
    }

    fn refund_by(&mut self, sender: Address, number: u64, amount: u64, month: u32) -> Done {
        let order = order(&nonce(number), &[], amount, month);
        self.on(sender, OWNER, |house, account, ctx| escrow::refund(house, account, &order, ctx))
    }

    fn release(&mut self, request: u64) -> Done {
        self.release_by(OPERATOR, request)
    }

    fn release_by(&mut self, sender: Address, request: u64) -> Done {
        self.on(sender, OWNER, |house, account, ctx| escrow::release_withdrawal(house, account, request, ctx))
    }

    fn close(&mut self) -> Done {
        self.close_by(OPERATOR)
    }

    fn close_by(&mut self, sender: Address) -> Done {
        self.on(sender, OWNER, escrow::close)
    }

    fn account(&self) -> &Account {
        &self.accounts[&OWNER]
    }

    /// The balance, what may be charged of it, what a month was charged, the limit in force.
    fn state(&self, month: u32) -> [u64; 4] {
        let account = self.account();
        let charged = account.allowance.charged(month);
        [account.balance(), account.chargeable(self.now_ms), charged, account.allowance.limit()]
    }

    /// All that an address was paid in coins.
    fn paid(&self, to: Address) -> u64 {
        self.paid.get(&to).copied().unwrap_or_default()
    }

    /// All that went into an address balance.
    fn funds(&self, of: Address) -> u64 {
        self.funds.get(&of).copied().unwrap_or_default()
    }

    /// The entries of the transaction that was just done.
    fn entries(&self) -> Vec<Entry> {
        let entries = self.told.iter().filter(|told| told.name == "Entry");
        entries.map(|told| bcs::from_bytes(&told.contents).unwrap()).collect()
    }

    /// How many events of a name the transaction that was just done has told.
    fn count(&self, name: &str) -> usize {
        self.told.iter().filter(|told| told.name == name).count()
    }
}

/// What the contract's tests ask that has no meaning here, and why.
const WITHOUT_MEANING: [(&str, &str, &str); 1] = [(
    "upgrade_tests",
    "another_packages_capability_is_not_locked_in",
    "no package is published here: a chain begins with its own capability locked in",
)];

/// The names that follow `#[test`, in a file of Move or of Rust.
fn names(path: &Path, function: &str) -> BTreeSet<String> {
    let source = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (mut names, mut is_test) = (BTreeSet::new(), false);
    for line in source.lines().map(str::trim_start) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[test,");
        if let (true, Some(rest)) = (is_test, line.strip_prefix(function)) {
            names.insert(rest.split('(').next().unwrap_or_default().to_owned());
            is_test = false;
        }
    }
    names
}

#[test]
fn each_of_the_contracts_tests_has_one_of_the_same_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (theirs, ours) = (root.join("../../../../packaging/escrow/tests"), root.join("src/rules/tests"));
    let mut files = 0;
    for file in std::fs::read_dir(theirs).unwrap() {
        let path = file.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut expected = names(&path, "fun ");
        if expected.is_empty() {
            continue;
        }
        for (_, name, _) in WITHOUT_MEANING.iter().filter(|(file, ..)| *file == stem) {
            assert!(expected.remove(*name), "{stem}: {name} is no test of the contract's");
        }
        assert_eq!(names(&ours.join(format!("{stem}.rs")), "fn "), expected, "{stem}");
        files += 1;
    }
    assert_eq!(files, std::fs::read_dir(ours).unwrap().count());
}
