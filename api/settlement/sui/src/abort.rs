//! Why the contract refuses: its abort codes, by module. `packaging/escrow/interface.json` has the same list.

use std::fmt;

macro_rules! aborts {
    ($($module:literal { $(#[doc = $words:literal] $variant:ident = $name:literal, $code:literal;)* })*) => {
        /// What the contract refuses for. Shown in the words of its sources.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Abort {
            $($(#[doc = $words] $variant,)*)*
            /// The owner has an account already. It is the framework that refuses, in `0x2::derived_object`.
            AccountExists,
        }

        impl Abort {
            /// The contract's own, with module, name and code of each.
            pub const OF_CONTRACT: &'static [(Self, &'static str, &'static str, u64)] =
                &[$($((Self::$variant, $module, $name, $code),)*)*];

            const fn words(self) -> &'static str {
                match self {
                    $($(Self::$variant => $words,)*)*
                    Self::AccountExists => "The owner has an account already.",
                }
            }
        }
    };
}

aborts! {
    "house" {
        /// The house is of another version: call the package that is in force.
        Version = "EVersion", 1;
        /// The house has this version, or a newer one.
        NotNewer = "ENotNewer", 2;
        /// The sender is not, or no longer, one of the house's operators.
        NotOperator = "ENotOperator", 3;
        /// A cent is at least one unit.
        Cent = "ECent", 4;
        /// Amounts are whole cents, and not zero.
        Amount = "EAmount", 5;
        /// A limit is 0, for none, or at least $10, in whole cents.
        Limit = "ELimit", 6;
        /// The address is an operator already.
        IsOperator = "EIsOperator", 7;
        /// A treasury is an address that somebody has.
        Treasury = "ETreasury", 8;
        /// No other treasury is announced.
        TreasuryNotAnnounced = "ENotAnnounced", 9;
        /// The treasury was announced less than 7 days ago.
        TreasuryTooEarly = "ETooEarly", 10;
    }
    "allowance" {
        /// No month, or one that has not begun.
        Month = "EMonth", 20;
        /// The month would be charged more than its owner has authorised.
        Authorisation = "EAuthorisation", 21;
    }
    "account" {
        /// The account is another house's.
        WrongHouse = "EWrongHouse", 30;
        /// The sender is not the account's owner.
        NotOwner = "ENotOwner", 31;
        /// The account is closed.
        Closed = "EClosed", 32;
        /// There is less in the account, or the rest is due to its owner.
        Balance = "EBalance", 33;
        /// No such withdrawal waits.
        NoRequest = "ENoRequest", 34;
        /// The withdrawal is not due yet.
        NotDue = "ENotDue", 35;
        /// As many withdrawals wait as may.
        Requests = "ERequests", 36;
    }
    "escrow" {
        /// A bill's root has 32 bytes.
        Root = "ERoot", 40;
    }
    "upgrades" {
        /// The capability is another package's.
        WrongPackage = "EWrongPackage", 50;
        /// A digest has 32 bytes.
        Digest = "EDigest", 51;
        /// No new code is announced.
        UpgradeNotAnnounced = "ENotAnnounced", 52;
        /// The new code was announced less than 7 days ago.
        UpgradeTooEarly = "ETooEarly", 53;
    }
    "nonces" {
        /// A nonce has 32 bytes.
        Nonce = "ENonce", 60;
        /// The nonce has charged or refunded before.
        NonceUsed = "ENonceUsed", 61;
    }
}

impl Abort {
    /// The contract's abort with this code in this module.
    pub fn of(module: &str, code: u64) -> Option<Self> {
        let of = |row: &&(Self, &str, &str, u64)| (row.1, row.3) == (module, code);
        Self::OF_CONTRACT.iter().find(of).map(|(abort, ..)| *abort)
    }
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().trim())
    }
}
