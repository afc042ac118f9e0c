//! Signatures of real wallets' code: `@mysten/sui` signs, by Node.js, and the API takes what holds and nothing else.

use crate::house::{House, post};
use axum::http::StatusCode;
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const SCHEMES: [&str; 3] = ["ED25519", "Secp256k1", "Secp256r1"];

/// Has messages signed: address and signature of each.
fn signed(orders: &[Value]) -> Vec<(String, String)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../console/ui/test/sign.mjs");
    let mut node = Command::new("node")
        .arg(&script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test runs Node.js: install it (`cargo xtask test` does)");
    node.stdin.take().unwrap().write_all(json!(orders).to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{} failed: are the packages there? `npm ci` in console/", script.display());
    let signed: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    signed.iter().map(|one| (text(&one["address"]), text(&one["signature"]))).collect()
}

fn order(scheme: &str, seed: u8, message: &str) -> Value {
    json!({"scheme": scheme, "seed": format!("{seed:02x}").repeat(32), "message": message})
}

#[tokio::test]
async fn wallets_of_all_three_schemes_sign_in_and_no_bit_may_change() {
    let house = House::with(|world| {
        world.config.limits.failed_attempts = 10_000;
        // One bit after the other is more than an address may ask for.
        world.config.limits.address.per_second = 0;
    })
    .await;
    let known = signed(&SCHEMES.map(|scheme| order(scheme, 7, "who are you?")));
    let mut messages = Vec::new();
    for (address, _) in &known {
        let challenge = post(&house.router, "/auth/challenge", json!({"address": address})).await;
        messages.push(challenge.json()["message"].as_str().unwrap().to_owned());
    }
    let orders: Vec<_> = SCHEMES.iter().zip(&messages).map(|(scheme, message)| order(scheme, 7, message)).collect();
    for ((address, signature), scheme) in signed(&orders).into_iter().zip(SCHEMES) {
        let verify = async |signature: &str| {
            post(&house.router, "/auth/verify", json!({"address": address, "signature": signature, "tokens": "body"}))
                .await
        };
        let bytes = BASE64.decode(signature.as_bytes()).unwrap();
        // Flag, signature and key: each bit once. The message's own are turned in the unit tests of `auth::sui`.
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let status = verify(&BASE64.encode(&changed)).await.status;
            assert!(matches!(status.as_u16(), 400 | 401), "{scheme} bit {bit}: {status}");
        }
        assert_eq!(house.count("SELECT count(*) FROM sessions").await, 0, "{scheme}");
        let answered = verify(&signature).await;
        assert_eq!(answered.status, StatusCode::OK, "{scheme}: {}", answered.body);
        house.client.batch_execute("DELETE FROM sessions").await.unwrap();
    }
    assert_eq!(house.count("SELECT count(*) FROM customers").await, 3);
}

/// A signature of each bit of another message, and of another wallet's, by the wallets' own code.
#[tokio::test]
async fn signatures_of_other_messages_do_not_sign_in() {
    let house = House::with(|world| world.config.limits.failed_attempts = 10_000).await;
    for scheme in SCHEMES {
        let (address, _) = signed(&[order(scheme, 7, "who are you?")]).remove(0);
        let challenge = post(&house.router, "/auth/challenge", json!({"address": address})).await;
        let message = challenge.json()["message"].as_str().unwrap().to_owned();
        // ASCII with its lowest seven bits turned stays text.
        let changed = (0..message.len()).map(|at| {
            let mut bytes = message.clone().into_bytes();
            bytes[at] ^= 1 << (at % 7);
            String::from_utf8(bytes).unwrap()
        });
        let mut orders: Vec<_> = changed.map(|message| order(scheme, 7, &message)).collect();
        orders.push(order(scheme, 8, &message));
        for (at, (_, signature)) in signed(&orders).into_iter().enumerate() {
            let body = json!({"address": address, "signature": signature});
            let answered = post(&house.router, "/auth/verify", body).await;
            assert_eq!(answered.problem(), "invalid_signature", "{scheme} {at}");
        }
    }
}
