/// Random acts, one after the other, held against a model that keeps every month in a row of its own: whatever is done,
/// what came in is what is there, what was charged and what was paid out; and no month is charged more than it may be.
#[test_only]
module suiftly_escrow::walk_tests;

use std::unit_test::assert_eq;
use suiftly_escrow::calendar;
use suiftly_escrow::desk::{Self, Desk, cents, owner, treasury};

const DAY_MS: u64 = 86_400_000;
const STEPS: u64 = 250;

/// What should be, all in cents.
public struct Model has drop {
    seed: u64,
    nonces: u64,
    came_in: u64,
    charged: u64,
    paid: u64,
    limit: u64,
    months: vector<MonthModel>,
    requests: vector<RequestModel>,
}

public struct MonthModel has drop { month: u32, authorised: u64, charged: u64, arrears: u64 }

public struct RequestModel has drop { id: u64, amount: u64, due_ms: u64 }

/// A number below a bound. A linear congruential generator's high bits: the same walk for the same seed.
fun draw(model: &mut Model, below: u64): u64 {
    model.seed = ((model.seed as u128 * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % (1 << 64)) as u64;
    (model.seed >> 33) % below
}

fun balance(model: &Model): u64 { model.came_in - model.charged - model.paid }

fun due(model: &Model, now: u64): u64 {
    let mut due = 0;
    model.requests.do_ref!(|request| if (request.due_ms <= now) { due = due + request.amount; });
    due
}

/// Those that have begun since: each is authorised what the limit is at its beginning.
fun begin_months(model: &mut Model, running: u32) {
    while (model.months[model.months.length() - 1].month < running) {
        let month = model.months[model.months.length() - 1].month;
        let next = if (month % 100 == 12) month + 89 else month + 1;
        model.months.push_back(MonthModel { month: next, authorised: model.limit, charged: 0, arrears: 0 });
    }
}

fun left(authorised: u64, used: u64): u64 {
    if (authorised == 0) 1_000_000_000 else authorised - used
}

fun deposit(model: &mut Model, desk: &mut Desk) {
    let amount = 1 + model.draw(20_000);
    desk.deposit(owner(), cents(amount));
    model.came_in = model.came_in + amount;
}

fun set_limit(model: &mut Model, desk: &mut Desk) {
    let limit = if (model.draw(5) == 0) 0 else 1_000 + model.draw(9_000);
    desk.set_limit(owner(), cents(limit));
    model.limit = limit;
    let last = model.months.length() - 1;
    let running = &mut model.months[last];
    let is_unlimited = limit == 0 || running.authorised == 0;
    running.authorised = if (is_unlimited) 0 else limit.max(running.authorised);
}

fun charge(model: &mut Model, desk: &mut Desk) {
    let last = model.months.length() - 1;
    let at = last - model.draw(5).min(last);
    let (month, mut room) = (model.months[at].month, left(model.months[at].authorised, model.months[at].charged));
    let is_arrears = at + 1 < last;
    if (is_arrears) room = room.min(left(model.months[last].authorised, model.months[last].arrears));
    let (balance, due) = (model.balance(), model.due(desk.now()));
    room = room.min(balance - due.min(balance));
    if (room == 0) return;
    // Often all there is: the edge.
    let amount = if (model.draw(3) == 0) room else 1 + model.draw(room);
    model.nonces = model.nonces + 1;
    desk.charge(model.nonces, cents(amount), month);
    desk::fill(treasury(), cents(amount));
    model.charged = model.charged + amount;
    model.months[at].charged = model.months[at].charged + amount;
    if (is_arrears) model.months[last].arrears = model.months[last].arrears + amount;
}

fun refund(model: &mut Model, desk: &mut Desk) {
    let last = model.months.length() - 1;
    let at = last - model.draw(5).min(last);
    let amount = 1 + model.draw(3_000);
    model.nonces = model.nonces + 1;
    desk.refund(model.nonces, cents(amount), model.months[at].month);
    model.came_in = model.came_in + amount;
    let charged = model.months[at].charged;
    model.months[at].charged = charged - amount.min(charged);
}

fun request(model: &mut Model, desk: &mut Desk) {
    if (model.balance() == 0 || model.requests.length() == 8) return;
    let balance = model.balance();
    let amount = 1 + model.draw(balance);
    let id = desk.request(owner(), cents(amount));
    model.requests.push_back(RequestModel { id, amount, due_ms: desk.now() + DAY_MS });
}

/// Pays a withdrawal that waits, early by the operator or when it is due by anybody, or takes it back.
fun settle(model: &mut Model, desk: &mut Desk) {
    if (model.requests.is_empty()) return;
    let at = { let waiting = model.requests.length(); model.draw(waiting) };
    let RequestModel { id, amount, due_ms } = model.requests.remove(at);
    if (model.draw(4) == 0) return desk.cancel(owner(), id);
    if (due_ms <= desk.now()) desk.pay(desk::stranger(), id) else desk.release(id);
    model.paid = model.paid + amount.min(model.balance());
}

fun check(model: &Model, desk: &mut Desk) {
    let month = &model.months[model.months.length() - 1];
    let (balance, due) = (model.balance(), model.due(desk.now()));
    let expected = vector[balance, balance - due.min(balance), month.charged, model.limit].map!(|sum| cents(sum));
    assert_eq!(desk.state(month.month), expected);
}

/// All coins there are, and every month's sum.
fun check_all(model: &Model, desk: &mut Desk) {
    assert_eq!(vector[desk.paid(owner()), desk.paid(treasury())], vector[cents(model.paid), 0]);
    model.months.do_ref!(|month| {
        assert_eq!(desk.state(month.month)[2], cents(month.charged));
        assert!(month.authorised == 0 || month.charged <= month.authorised);
    });
}

fun walk(seed: u64) {
    let mut desk = desk::with_account(cents(50_000), cents(5_000));
    // Opened in November; before, the first limit is in force.
    let months = vector[202609, 202610, 202611].map!(
        |month| MonthModel {
            month,
            authorised: 5_000,
            charged: 0,
            arrears: 0,
        },
    );
    let mut model = Model {
        seed,
        nonces: 0,
        came_in: 50_000,
        charged: 0,
        paid: 0,
        limit: 5_000,
        months,
        requests: vector[],
    };
    STEPS.do!(|_| {
        let ms = model.draw(6 * DAY_MS);
        desk.pass(ms);
        let running = calendar::month_of(desk.now());
        model.begin_months(running);
        let act = model.draw(16);
        if (act < 2) model.deposit(&mut desk)
        else if (act < 4) model.set_limit(&mut desk)
        else if (act < 10) model.charge(&mut desk)
        else if (act < 12) model.refund(&mut desk)
        else if (act < 14) model.request(&mut desk)
        else model.settle(&mut desk);
        model.check(&mut desk);
    });
    model.check_all(&mut desk);
    assert!(model.months.length() > 14 && model.nonces > 50);
    desk.close();
    model.paid = model.paid + model.balance();
    model.requests = vector[];
    model.check(&mut desk);
    model.check_all(&mut desk);
    desk.end();
}

#[test]
fun walk_1() { walk(1) }

#[test]
fun walk_2() { walk(0x5EED) }

#[test]
fun walk_3() { walk(20_261_110) }

#[test]
fun walk_4() { walk(18_446_744_073_709_551_615) }
