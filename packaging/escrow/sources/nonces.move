/// What each nonce of an account has done, for ever: so each charges or refunds once.
///
/// It is a dynamic field of the account itself, by the nonce. So its id follows from the account's id and the nonce: who
/// looks one up reads nothing else before.
module suiftly_escrow::nonces;

use sui::dynamic_field;

const NONCE_BYTES: u64 = 32;

/// A nonce has 32 bytes.
const ENonce: u64 = 60;
/// The nonce has charged or refunded before.
const ENonceUsed: u64 = 61;

/// What a nonce has done. The transaction is the one that wrote it: it is never written again.
public struct Done has copy, drop, store {
    kind: u8,
    /// Its place among the account's entries.
    seq: u64,
    amount: u64,
    month: u32,
    bill_root: vector<u8>,
    at_ms: u64,
}

/// What a nonce has done, if anything.
public(package) fun done(account: &UID, nonce: vector<u8>): Option<Done> {
    if (dynamic_field::exists_(account, nonce)) option::some(*dynamic_field::borrow(account, nonce)) else option::none()
}

/// That it is a nonce, and has done nothing yet.
public(package) fun check(account: &UID, nonce: &vector<u8>) {
    assert!(nonce.length() == NONCE_BYTES, ENonce);
    assert!(!dynamic_field::exists_(account, *nonce), ENonceUsed);
}

/// Writes down what a nonce has done.
public(package) fun write(
    account: &mut UID,
    nonce: vector<u8>,
    kind: u8,
    seq: u64,
    amount: u64,
    month: u32,
    bill_root: vector<u8>,
    at_ms: u64,
) {
    dynamic_field::add(account, nonce, Done { kind, seq, amount, month, bill_root, at_ms });
}

#[test_only]
public fun unpack_for_testing(done: Done): (u8, u64, u64, u32, vector<u8>, u64) {
    let Done { kind, seq, amount, month, bill_root, at_ms } = done;
    (kind, seq, amount, month, bill_root, at_ms)
}
