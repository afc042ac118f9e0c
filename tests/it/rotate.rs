//! Secrets that change while the server runs and customers ask: no request fails, every session goes on, and what an old key
//! has sealed, signed or encrypted is under the new one before the old one goes.

use crate::program::{Place, Up};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use suiftly_schema::sealed::Keyring;
use suiftly_schema::vault::SigningKeys;
use suiftly_schema::vault::csv::{decrypt, parse};

const PATIENCE: Duration = Duration::from_secs(120);

/// A request and its answer: the status and the JSON.
fn ask(at: SocketAddr, method: &str, path: &str, token: &str, body: Option<&Value>) -> (u16, Value) {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let body = body.map(Value::to_string).unwrap_or_default();
    let head = format!(
        "{method} /api/v1{path} HTTP/1.1\r\nhost: {at}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A server with seeded customers, whose keys gateways have.
struct Scene {
    place: Place,
    _up: Up,
    api: SocketAddr,
    admin: SocketAddr,
}

impl Scene {
    fn open() -> Self {
        let place = Place::new();
        let up = place.up("auto");
        let seeded = place.run(&["seed"]);
        assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
        let (api, admin) = place.served_at();
        let scene = Self { place, _up: up, api, admin };
        until("the seeded keys stand in the file", || scene.csv_keys().len() > 1);
        scene
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.place.data_dir().join(name)).unwrap()
    }

    fn ids(&self, name: &str) -> Vec<u16> {
        Keyring::parse(&self.file(name)).unwrap().ids()
    }

    /// Which vault key each row of the file is under.
    fn csv_keys(&self) -> Vec<u16> {
        let ring = Keyring::parse(&self.file("vault-keys")).unwrap();
        let path = self.place.data_dir().join("vault/ma_vault.csv");
        let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
        parse(&text).unwrap().iter().map(|row| decrypt(&ring, row.encrypted_key).unwrap().0).collect()
    }

    /// `suiftly rotate`; what it says, and whether it succeeds.
    fn rotate(&self, words: &[&str]) -> (bool, String) {
        let done = self.place.run(&[&["rotate"], words].concat());
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8(said).unwrap())
    }

    fn rotated(&self, words: &[&str]) -> String {
        let (is_done, said) = self.rotate(words);
        assert!(is_done, "{words:?}: {said}");
        said
    }

    /// What an operator is answered.
    fn operated(&self, path: &str) -> Value {
        let token = self.file("operator-token");
        let (status, answer) = ask(self.admin, "GET", path, token.trim(), None);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Signs the owner of the first seeded key in: access and refresh token.
    fn sign_in(&self) -> (String, String) {
        let keys: Value = serde_json::from_str(&self.file("demo-keys.json")).unwrap();
        let address = keys[0]["wallet_address"].as_str().unwrap();
        let (status, _) = ask(self.api, "POST", "/auth/challenge", "", Some(&json!({"address": address})));
        assert_eq!(status, 200);
        let signed = json!({"address": address, "signature": "mock", "tokens": "body"});
        tokens(ask(self.api, "POST", "/auth/verify", "", Some(&signed)))
    }

    fn refresh(&self, refresh: &str) -> (u16, Value) {
        ask(self.api, "POST", "/auth/refresh", "", Some(&json!({"refresh_token": refresh})))
    }
}

fn tokens((status, answer): (u16, Value)) -> (String, String) {
    assert_eq!(status, 200, "{answer}");
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

/// Somebody who asks without a pause, and looks at a key of theirs in full: a token is read and a secret is opened.
struct Customer {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
    asking: std::thread::JoinHandle<()>,
}

impl Customer {
    fn of(scene: &Scene) -> Self {
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (api, (access, _)) = (scene.api, scene.sign_in());
        let keys = ask(api, "GET", "/keys", &access, None).1;
        let key = keys["items"][0]["id"].as_i64().unwrap();
        let asking = std::thread::spawn({
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            move || {
                while !stop.load(Ordering::Relaxed) {
                    let (status, answer) = ask(api, "GET", "/me", &access, None);
                    assert_eq!(status, 200, "{answer}");
                    let (status, answer) = ask(api, "POST", &format!("/keys/{key}/reveal"), &access, None);
                    assert_eq!(status, 200, "{answer}");
                    asked.fetch_add(2, Ordering::Relaxed);
                    // Below the customer's rate limit.
                    std::thread::sleep(Duration::from_millis(25));
                }
            }
        });
        Self { stop, asked, asking }
    }

    /// Ends, having been answered well to the last, also after what was done before.
    fn end(self) {
        let so_far = self.asked.load(Ordering::Relaxed);
        until("the customer goes on asking", || {
            self.asked.load(Ordering::Relaxed) > so_far + 2 || self.asking.is_finished()
        });
        self.stop.store(true, Ordering::Relaxed);
        self.asking.join().unwrap();
    }
}

/// As if it had happened long ago: what waits for days is over.
fn backdate(scene: &Scene, name: &str) {
    let path = scene.place.data_dir().join(name);
    let text = scene.file(name);
    let dated =
        |line: &str| if line.starts_with("# until ") { "# until 2020-01-01T00:00:00Z" } else { line }.to_owned();
    let text: Vec<_> = text.lines().map(dated).collect();
    std::fs::write(path, text.join("\n")).unwrap();
}

#[test]
fn nobody_notices_that_keys_change() {
    let scene = Scene::open();
    let (customer, before) = (Customer::of(&scene), scene.sign_in());

    // Tokens: those of before go on, also into the next pair.
    let said = scene.rotated(&["jwt"]);
    assert!(said.contains("signed by key 2") && said.contains("old key 1 stays until"), "{said}");
    assert_eq!(scene.ids("jwt-keys"), [2, 1]);
    let (access, _) = tokens(scene.refresh(&before.1));
    for token in [&before.0, &access, &scene.sign_in().0] {
        assert_eq!(ask(scene.api, "GET", "/me", token, None).0, 200);
    }
    assert!(scene.rotated(&["jwt", "--finish"]).contains("old key 1 stays"), "too early");
    customer.end();
    backdate(&scene, "jwt-keys");
    assert!(scene.rotated(&["jwt", "--finish"]).contains("taken out: key 1"));
    assert_eq!(ask(scene.api, "GET", "/me", &before.0, None).0, 401, "signed by a key that is gone");
    assert_eq!(ask(scene.api, "GET", "/me", &access, None).0, 200);

    // Secrets at rest.
    let customer = Customer::of(&scene);
    let said = scene.rotated(&["at-rest", "--no-wait"]);
    assert!(said.contains("rows were sealed anew") && said.contains("the old key stays until"), "{said}");
    scene.place.database_says("SELECT string_agg(DISTINCT get_byte(sealed_key, 2)::text, ',') FROM api_keys", "2");
    backdate(&scene, "at-rest-keys");
    assert!(scene.rotated(&["at-rest"]).contains("taken out: [1]"));
    assert_eq!(scene.ids("at-rest-keys"), [2]);

    // The file for gateways: readers first.
    assert!(scene.csv_keys().iter().all(|id| *id == 1));
    assert!(scene.rotated(&["vault"]).contains("not used yet"));
    assert!(scene.rotated(&["vault"]).contains("vault key 2"), "twice is once");
    assert_eq!((scene.ids("vault-keys"), scene.csv_keys().contains(&2)), (vec![1, 2], false));
    let rows = scene.csv_keys().len();
    let said = scene.rotated(&["vault", "--finish"]);
    assert!(said.contains(&format!("{rows} rows")), "{said}");
    assert_eq!((scene.ids("vault-keys"), scene.csv_keys()), (vec![2], vec![2; rows]));
    customer.end();

    let standing = scene.rotated(&[]);
    assert_eq!(standing.matches("has them").count(), 4, "{standing}");
    let said = scene.rotated(&["jwt", "--end-sessions"]);
    assert!(said.contains("everybody signs in again") && scene.ids("jwt-keys") == [3], "{said}");
    assert_eq!(ask(scene.api, "GET", "/me", &access, None).0, 401);
    scene.sign_in();
    let told = "SELECT string_agg(DISTINCT action, ' ' ORDER BY action) FROM activity WHERE action LIKE 'secrets.%'";
    scene.place.database_says(told, "secrets.reload secrets.reseal");
}

#[test]
fn nobody_signs_before_edges_believe_it() {
    let scene = Scene::open();
    let signing = || SigningKeys::parse(&scene.file("vault-signing-keys")).unwrap();
    let report = |version: u64| {
        let trusts = signing().public().marks();
        let told = json!({"at": 1, "started_at": 1, "era": 1, "version": version, "applied": [], "refused": [],
            "gateways": [], "trusts": if version == 0 { trusts[..1].to_vec() } else { trusts }});
        assert_eq!(ask(scene.admin, "POST", "/edge/report", scene.file("edge-token").trim(), Some(&told)).0, 204);
    };
    report(0);
    let said = scene.rotated(&["signing", "--no-wait"]);
    assert!(said.contains("does not sign yet: local has not told"), "{said}");
    assert_eq!((signing().ids(), scene.operated("/secrets")["signed_by"].as_u64()), (vec![1, 2], Some(1)));
    assert_eq!(scene.file("vault-public-keys"), signing().public().text(), "edges beside the server are given both");

    // It knows the key now, and has not got what is signed by it.
    report(1);
    let said = scene.rotated(&["signing", "--finish"]);
    assert!(said.contains("signed by key 2; local has not taken version"), "{said}");
    assert_eq!((signing().ids(), scene.operated("/secrets")["signed_by"].as_u64()), (vec![2, 1], Some(2)));
    report(scene.operated("/vault/status")["version"]["version"].as_u64().unwrap());
    let said = scene.rotated(&["signing", "--finish"]);
    assert!(said.contains("taken out: [1]"), "{said}");
    assert_eq!((signing().ids(), scene.file("vault-public-keys")), (vec![2], signing().public().text()));
    let (is_held, said) = scene.rotate(&["signing", "--finish"]);
    assert!(is_held && said.contains("nothing was begun"), "{said}");
}

#[test]
fn what_cannot_be_taken_over_changes_nothing() {
    let scene = Scene::open();
    let (access, _) = scene.sign_in();
    let token = scene.place.data_dir().join("jwt-keys");
    let good = scene.file("jwt-keys");
    std::fs::write(&token, "hunter2").unwrap();
    let (is_done, said) = scene.rotate(&["vault"]);
    assert!(!is_done && said.contains("jwt-keys") && said.contains("keys in force stay"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    assert_eq!(ask(scene.api, "GET", "/me", &access, None).0, 200);
    std::fs::write(&token, good).unwrap();
    assert!(scene.rotated(&["vault"]).contains("vault key 2"), "the same command again goes on");
    let old = scene.file("operator-token");
    assert!(scene.rotated(&["operator-token"]).contains("new token"));
    assert_ne!(scene.file("operator-token"), old);
    until("the old token is refused", || ask(scene.admin, "GET", "/secrets", old.trim(), None).0 == 401);
    assert_eq!(scene.operated("/secrets")["rings"].as_array().unwrap().len(), 4);
}
