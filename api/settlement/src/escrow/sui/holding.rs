//! Owners who cannot be paid: the coin's issuer denies their address. Only the issuer can end that, and each try costs gas;
//! so it is tried later and later, and nobody else waits for it.

use super::errand::Errand;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::time::Duration;
use suiftly_sui::Address;
use tokio::time::Instant;

/// How long nothing is paid to them at first; twice as long each time, up to …
const FIRST: Duration = Duration::from_secs(60);
/// … this.
const LAST: Duration = Duration::from_secs(6 * 3_600);

/// The accounts of such owners.
#[derive(Debug, Default)]
pub(super) struct Holds(Mutex<BTreeMap<Address, Hold>>);

#[derive(Debug)]
struct Hold {
    until: Instant,
    tries: u32,
    cause: String,
}

impl Holds {
    /// What this errand would pay to the account's owner is denied.
    pub(super) fn hold(&self, errand: &Errand, cause: &str, now: Instant) {
        let mut holds = self.0.lock();
        let tries = holds.get(&errand.account).map_or(0, |hold| hold.tries);
        let wait = FIRST.saturating_mul(2_u32.saturating_pow(tries)).min(LAST);
        holds.insert(
            errand.account,
            Hold { until: now + wait, tries: tries.saturating_add(1), cause: cause.to_owned() },
        );
    }

    /// Whether it may be tried now.
    pub(super) fn check(&self, errand: &Errand, now: Instant) -> Result<(), String> {
        let holds = self.0.lock();
        match holds.get(&errand.account).filter(|hold| errand.pays_owner() && now < hold.until) {
            Some(Hold { cause, .. }) => Err(format!("its owner cannot be paid, and is tried later: {cause}")),
            None => Ok(()),
        }
    }

    /// They were paid.
    pub(super) fn release(&self, account: Address) {
        self.0.lock().remove(&account);
    }
}

#[cfg(test)]
mod tests {
    use super::super::errand::Task;
    use super::*;

    fn errand(account: u8, task: Task) -> Errand {
        Errand { key: "k".to_owned(), account: Address::new([account; 32]), task }
    }

    #[test]
    fn a_denied_owner_is_tried_later_and_later_and_nobody_else_waits() {
        let (holds, began) = (Holds::default(), Instant::now());
        let (pay, close) = (errand(1, Task::Release { request: 1 }), errand(1, Task::Close));
        let charge = errand(1, Task::Charge { amount: 1, nonce: [1; 32], month: 202_611, bill_root: [0; 32] });
        let other = errand(2, Task::Release { request: 1 });
        let mut at = began;
        for minutes in [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360] {
            assert_eq!(holds.check(&pay, at), Ok(()), "{minutes}");
            holds.hold(&pay, "denied", at);
            let until = at + Duration::from_secs(60 * minutes);
            let just_before = until - Duration::from_millis(1);
            for held in [&pay, &close] {
                assert!(holds.check(held, just_before).unwrap_err().contains("denied"), "{minutes}");
            }
            assert_eq!([&charge, &other].map(|free| holds.check(free, at)), [Ok(()), Ok(())]);
            at = until;
        }
        holds.hold(&pay, "denied", at);
        holds.release(pay.account);
        assert_eq!(holds.check(&pay, at), Ok(()));
    }
}
