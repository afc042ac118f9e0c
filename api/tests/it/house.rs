//! A customers' API over a real PostgreSQL, and members who sign in there with wallets of their own.

use crate::world::{Answered, World, accounts, send};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use blake2::Blake2b;
use blake2::digest::{Digest, consts::U32};
use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use suiftly_schema::ids::CustomerId;
use suiftly_store::testing::TestDatabase;

/// The API, its world and its database.
pub(crate) struct House {
    pub(crate) world: World,
    pub(crate) router: Router,
    /// Past the API, for looking and for breaking things.
    pub(crate) client: suiftly_store::testing::Client,
    // Last: it goes when nobody uses it any more.
    pub(crate) database: TestDatabase,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// Changed before it is opened.
    pub(crate) async fn with(change: impl FnOnce(&mut World)) -> Self {
        let database = TestDatabase::create().await;
        let mut world = World::roomy();
        world.accounts = Some(accounts(database.config()));
        change(&mut world);
        let router = world.customer_router();
        let client = database.client().await;
        Self { world, router, client, database }
    }

    /// A customer who has signed in for the first time, with a wallet out of this number.
    pub(crate) async fn member(&self, number: u8) -> Member {
        let wallet = Wallet::new(number);
        let signed_in = wallet.sign_in(&self.router).await;
        let row = self.client.query_one("SELECT id FROM customers WHERE wallet_address = $1", &[&wallet.address]).await;
        let id = CustomerId::new(row.unwrap().get(0)).unwrap();
        Member { router: self.router.clone(), id, wallet, signed_in }
    }

    /// A number out of the database.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }
}

/// Somebody who has signed in, as a program does.
pub(crate) struct Member {
    router: Router,
    pub(crate) id: CustomerId,
    pub(crate) wallet: Wallet,
    /// The answer: `access_token`, `refresh_token`, `session_id`.
    pub(crate) signed_in: Value,
}

impl Member {
    pub(crate) fn text(&self, field: &str) -> &str {
        self.signed_in[field].as_str().unwrap()
    }

    /// Asks with the access token; `path` is below `/api/v1`.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answered {
        self.ask_with(&self.router, method, path, body, &[]).await
    }

    /// The same of another router, with more headers.
    pub(crate) async fn ask_with(
        &self,
        router: &Router,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answered {
        let bearer = format!("Bearer {}", self.text("access_token"));
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        send(router, request(method, path, body, &headers)).await
    }

    /// A successful answer.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answered = self.ask(Method::GET, path, None).await;
        assert_eq!(answered.status, StatusCode::OK, "{path}: {}", answered.body);
        answered.json()
    }
}

/// A request to `/api/v1` and this path, JSON in its body.
pub(crate) fn request(method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match body {
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    }
    .unwrap()
}

/// Asks by POST without any token.
pub(crate) async fn post(router: &Router, path: &str, body: Value) -> Answered {
    send(router, request(Method::POST, path, Some(body), &[])).await
}

/// A wallet with one Ed25519 key.
pub(crate) struct Wallet {
    key: SigningKey,
    pub(crate) address: String,
}

impl Wallet {
    pub(crate) fn new(number: u8) -> Self {
        let key = SigningKey::from_bytes(&[number; 32]);
        let hash = Blake2b::<U32>::new().chain_update([0]).chain_update(key.verifying_key().to_bytes()).finalize();
        Self { key, address: format!("0x{}", HEXLOWER.encode(&hash)) }
    }

    /// Signs a personal message of 128 to 16,383 bytes.
    pub(crate) fn sign(&self, message: &str) -> String {
        let (low, high) = (message.len() & 0x7f, message.len() >> 7);
        let uleb = [u8::try_from(low).unwrap() | 0x80, u8::try_from(high).unwrap()];
        self.sign_hash(
            &Blake2b::<U32>::new().chain_update([3, 0, 0]).chain_update(uleb).chain_update(message).finalize(),
        )
    }

    /// Signs a transaction, which is given in BCS.
    pub(crate) fn sign_transaction(&self, transaction: &[u8]) -> String {
        self.sign_hash(&Blake2b::<U32>::new().chain_update([0, 0, 0]).chain_update(transaction).finalize())
    }

    fn sign_hash(&self, hash: &[u8]) -> String {
        let (signature, key) = (self.key.sign(hash).to_bytes(), self.key.verifying_key().to_bytes());
        BASE64.encode(&[&[0], signature.as_slice(), &key].concat())
    }

    /// The message to sign.
    pub(crate) async fn challenge(&self, router: &Router) -> String {
        let challenge = post(router, "/auth/challenge", json!({"address": self.address})).await;
        assert_eq!(challenge.status, StatusCode::OK, "{}", challenge.body);
        challenge.json()["message"].as_str().unwrap().to_owned()
    }

    /// Signs in, tokens in the body.
    pub(crate) async fn sign_in(&self, router: &Router) -> Value {
        let signature = self.sign(&self.challenge(router).await);
        let body = json!({"address": self.address, "signature": signature, "tokens": "body"});
        let answered = post(router, "/auth/verify", body).await;
        assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
        answered.json()
    }
}
