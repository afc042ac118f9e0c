//! Random acts, one after the other, held against a model that keeps every month in a row of its own: whatever is done,
//! what came in is what is there, what was charged and what was paid out; and no month is charged more than it may be.

use super::*;
use crate::rules::calendar::month_of;

const STEPS: usize = 250;

/// What should be, all in cents.
struct Model {
    seed: u64,
    nonces: u64,
    came_in: u64,
    charged: u64,
    paid: u64,
    limit: u64,
    months: Vec<MonthModel>,
    requests: Vec<RequestModel>,
}

struct MonthModel {
    month: u32,
    authorised: u64,
    charged: u64,
    arrears: u64,
}

struct RequestModel {
    id: u64,
    amount: u64,
    due_ms: u64,
}

/// What may still be used of what is authorised; 0 is without limit.
fn left(authorised: u64, used: u64) -> u64 {
    if authorised == 0 { 1_000_000_000 } else { authorised - used }
}

impl Model {
    fn new(seed: u64) -> Self {
        // Opened in November; before, the first limit is in force.
        let month = |month| MonthModel { month, authorised: 5_000, charged: 0, arrears: 0 };
        let months = [202_609, 202_610, 202_611].map(month).into();
        let (nonces, charged, paid, requests) = (0, 0, 0, Vec::new());
        Self { seed, nonces, came_in: 50_000, charged, paid, limit: 5_000, months, requests }
    }

    /// A number below a bound. A linear congruential generator's high bits: the same walk for the same seed.
    fn draw(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    fn draw_at(&mut self, below: usize) -> usize {
        usize::try_from(self.draw(below as u64)).unwrap()
    }

    fn balance(&self) -> u64 {
        self.came_in - self.charged - self.paid
    }

    fn due(&self, now_ms: u64) -> u64 {
        self.requests.iter().filter(|request| request.due_ms <= now_ms).map(|request| request.amount).sum()
    }

    /// Those that have begun since: each is authorised what the limit is at its beginning.
    fn begin_months(&mut self, running: u32) {
        while let Some(last) = self.months.last().map(|last| last.month).filter(|last| *last < running) {
            let month = if last % 100 == 12 { last + 89 } else { last + 1 };
            self.months.push(MonthModel { month, authorised: self.limit, charged: 0, arrears: 0 });
        }
    }

    fn deposit(&mut self, desk: &mut Desk) -> Done {
        let amount = 1 + self.draw(20_000);
        self.came_in += amount;
        desk.deposit(OWNER, cents(amount))
    }

    fn set_limit(&mut self, desk: &mut Desk) -> Done {
        self.limit = if self.draw(5) == 0 { 0 } else { 1_000 + self.draw(9_000) };
        let running = self.months.last_mut().unwrap();
        let is_unlimited = self.limit == 0 || running.authorised == 0;
        running.authorised = if is_unlimited { 0 } else { self.limit.max(running.authorised) };
        desk.set_limit(OWNER, cents(self.limit))
    }

    fn charge(&mut self, desk: &mut Desk) -> Done {
        let last = self.months.len() - 1;
        let at = last - self.draw_at(5).min(last);
        let month = &self.months[at];
        let (number, mut room) = (month.month, left(month.authorised, month.charged));
        let is_arrears = at + 1 < last;
        if is_arrears {
            room = room.min(left(self.months[last].authorised, self.months[last].arrears));
        }
        room = room.min(self.balance().saturating_sub(self.due(desk.now_ms)));
        if room == 0 {
            return Ok(());
        }
        // Often all there is: the edge.
        let amount = if self.draw(3) == 0 { room } else { 1 + self.draw(room) };
        self.nonces += 1;
        self.charged += amount;
        self.months[at].charged += amount;
        if is_arrears {
            self.months[last].arrears += amount;
        }
        desk.charge(self.nonces, cents(amount), number)
    }

    fn refund(&mut self, desk: &mut Desk) -> Done {
        let last = self.months.len() - 1;
        let at = last - self.draw_at(5).min(last);
        let amount = 1 + self.draw(3_000);
        self.nonces += 1;
        self.came_in += amount;
        let month = &mut self.months[at];
        month.charged = month.charged.saturating_sub(amount);
        desk.refund(self.nonces, cents(amount), month.month)
    }

    fn request(&mut self, desk: &mut Desk) -> Done {
        let balance = self.balance();
        if balance == 0 || self.requests.len() == 8 {
            return Ok(());
        }
        let amount = 1 + self.draw(balance);
        let id = desk.request(OWNER, cents(amount))?;
        self.requests.push(RequestModel { id, amount, due_ms: desk.now_ms + DAY_MS });
        Ok(())
    }

    /// Pays a withdrawal that waits, early by the operator or when it is due by anybody, or takes it back.
    fn settle(&mut self, desk: &mut Desk) -> Done {
        if self.requests.is_empty() {
            return Ok(());
        }
        let at = self.draw_at(self.requests.len());
        let RequestModel { id, amount, due_ms } = self.requests.remove(at);
        if self.draw(4) == 0 {
            return desk.cancel(OWNER, id);
        }
        self.paid += amount.min(self.balance());
        if due_ms <= desk.now_ms { desk.pay(STRANGER, id) } else { desk.release(id) }
    }

    fn check(&self, desk: &Desk) {
        let (month, balance) = (self.months.last().unwrap(), self.balance());
        let expected = [balance, balance.saturating_sub(self.due(desk.now_ms)), month.charged, self.limit];
        assert_eq!(desk.state(month.month), expected.map(cents));
    }

    /// All coins there are, and every month's sum.
    fn check_all(&self, desk: &Desk) {
        assert_eq!([desk.paid(OWNER), desk.paid(TREASURY)], [cents(self.paid), 0]);
        assert_eq!(desk.funds(TREASURY), cents(self.charged));
        for month in &self.months {
            assert_eq!(desk.state(month.month)[2], cents(month.charged));
            assert!(month.authorised == 0 || month.charged <= month.authorised);
        }
    }
}

fn walk(seed: u64) -> Done {
    let (mut desk, mut model) = (Desk::with_account(cents(50_000), cents(5_000)), Model::new(seed));
    for _ in 0..STEPS {
        desk.pass(model.draw(6 * DAY_MS));
        model.begin_months(month_of(desk.now_ms));
        match model.draw(16) {
            0..2 => model.deposit(&mut desk)?,
            2..4 => model.set_limit(&mut desk)?,
            4..10 => model.charge(&mut desk)?,
            10..12 => model.refund(&mut desk)?,
            12..14 => model.request(&mut desk)?,
            _ => model.settle(&mut desk)?,
        }
        model.check(&desk);
    }
    model.check_all(&desk);
    assert!(model.months.len() > 14 && model.nonces > 50);
    desk.close()?;
    model.paid += model.balance();
    model.requests.clear();
    model.check(&desk);
    model.check_all(&desk);
    Ok(())
}

#[test]
fn walk_1() -> Done {
    walk(1)
}

#[test]
fn walk_2() -> Done {
    walk(0x5EED)
}

#[test]
fn walk_3() -> Done {
    walk(20_261_110)
}

#[test]
fn walk_4() -> Done {
    walk(u64::MAX)
}
