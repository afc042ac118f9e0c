//! The ledger's nouns: accounts, and transfers between them. A transfer debits one account and credits another by the same
//! amount, so debits equal credits in every transaction; it is never changed, and reversed only by another that names it.

use crate::ids::CustomerId;
use crate::money::MicroUsd;
use crate::time::{BillingMonth, UnixMillis};

macro_rules! worded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its word in tables and answers.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The one with this word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}

worded! {
    /// An account. The first three are each customer's own; the others the house's.
    Account {
        /// What we hold of theirs in escrow: a liability.
        Escrow = "escrow";
        /// What they owe: an asset.
        Receivable = "receivable";
        /// Credits granted and not used: a liability.
        Credits = "credits";
        /// What was earned.
        Revenue = "revenue";
        /// What was given away: limit waivers and credits.
        Waivers = "waivers";
        /// Charges in flight: an asset.
        Suspense = "suspense";
        /// What the escrow holds for customers: an asset.
        Custody = "custody";
        /// What was drawn: an asset.
        Treasury = "treasury";
    }
}

worded! {
    /// Why an amount is moved.
    Kind {
        /// What was held before there was a ledger: custody to escrow.
        Opening = "opening";
        /// A deposit: custody to escrow.
        Deposit = "deposit";
        /// A withdrawal: escrow to custody.
        Withdrawal = "withdrawal";
        /// A tier or an add-on: receivable to revenue.
        Subscription = "subscription";
        /// Rated usage: receivable to revenue; a correction, the other way.
        Usage = "usage";
        /// A charge is intended: suspense to receivable.
        ChargeIntent = "charge_intent";
        /// It was drawn: escrow to suspense.
        Charge = "charge";
        /// The funds have come: treasury to custody.
        Drawn = "drawn";
        /// It was refused: the intent's reversal.
        ChargeRefused = "charge_refused";
        /// What passes the limit: waivers to receivable.
        LimitWaiver = "limit_waiver";
        /// A credit is granted: waivers to credits.
        Credit = "credit";
        /// It is used: credits to receivable.
        CreditApplied = "credit_applied";
        /// More was drawn than a month came to in the end: receivable to credits.
        Excess = "excess";
        /// A note after the close: receivable and revenue.
        Note = "note";
        /// Funds given back: credits to escrow, and custody to treasury.
        Refund = "refund";
    }
}

/// An amount moved. `debit` and `credit` are accounts of `customer_id` where they are a customer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Whose business it is.
    pub customer_id: CustomerId,
    /// Why.
    pub kind: Kind,
    /// The account debited.
    pub debit: Account,
    /// The account credited.
    pub credit: Account,
    /// How much; greater than zero.
    pub amount: MicroUsd,
    /// The billing month it belongs to.
    pub month: Option<BillingMonth>,
    /// What it comes from; no two transfers have the same. Parts of one transaction differ after a `#`.
    pub reference: String,
    /// The transfer it reverses, by its number in the ledger.
    pub reverses: Option<i64>,
    /// What people said of it.
    pub memo: Option<String>,
    /// When, by the manager's clock.
    pub posted_at: UnixMillis,
}

impl Transfer {
    /// Moves an amount that may be negative: then the other way round. `None` for zero.
    pub fn signed(
        (customer_id, month): (CustomerId, Option<BillingMonth>),
        kind: Kind,
        (debit, credit): (Account, Account),
        amount: MicroUsd,
        reference: String,
        posted_at: UnixMillis,
    ) -> Option<Self> {
        let (debit, credit) = if amount.0 < 0 { (credit, debit) } else { (debit, credit) };
        let amount = if amount.0 < 0 { -amount } else { amount };
        let transfer =
            Self { customer_id, kind, debit, credit, amount, month, reference, reverses: None, memo: None, posted_at };
        (amount.0 > 0).then_some(transfer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_back() {
        for account in Account::ALL {
            assert_eq!(Account::from_word(account.word()), Some(*account));
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(*kind));
        }
        assert_eq!(Account::from_word("cash"), None);
    }

    #[test]
    fn a_negative_amount_moves_the_other_way() {
        let of = |amount| {
            let whose = (CustomerId::new(1).unwrap(), None);
            let moved = Transfer::signed(
                whose,
                Kind::Usage,
                (Account::Receivable, Account::Revenue),
                MicroUsd(amount),
                "x".to_owned(),
                UnixMillis(0),
            );
            moved.map(|moved| (moved.debit, moved.credit, moved.amount.0))
        };
        assert_eq!(of(5), Some((Account::Receivable, Account::Revenue, 5)));
        assert_eq!(of(-5), Some((Account::Revenue, Account::Receivable, 5)));
        assert_eq!(of(0), None);
    }
}
