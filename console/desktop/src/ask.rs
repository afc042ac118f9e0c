//! One question of the page to the server followed, and its answer: the page has no network of its own.
//!
//! It promises that a question goes to that server's API and nowhere else, that the token stands in the
//! `Authorization` header alone, and that question and answer are bounded, in bytes and in time.

use reqwest::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::api_path::ApiPath;
use crate::client::{ANSWER_TIME, explain};
use crate::target::Target;

/// Longest body of a question, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Longest answer, in bytes.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// Questions under way at once; the others wait their turn, within their time.
pub const MAX_AT_ONCE: usize = 8;
/// Longest idempotency key.
const MAX_KEY_BYTES: usize = 255;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What the page asks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: String,
    /// Under `/api/v1/`, with its query.
    pub path: String,
    /// JSON text.
    pub body: Option<String>,
    /// Makes a change happen once, however often it is asked for.
    pub idempotency_key: Option<String>,
}

/// What the server says to it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What the body is; empty where the server does not say.
    pub content_type: String,
    /// How long to wait before the next attempt, as the server puts it.
    pub retry_after: Option<String>,
    /// The body, as text.
    pub body: String,
}

/// A question that may be sent.
struct Checked {
    method: Method,
    path: ApiPath,
    body: Option<String>,
    idempotency_key: Option<HeaderValue>,
}

impl Question {
    fn check(self) -> Result<Checked, String> {
        let method = match self.method.as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "DELETE" => Method::DELETE,
            _ => return Err("only GET, POST, PUT and DELETE can be asked".into()),
        };
        let path = ApiPath::parse(&self.path).map_err(|error| error.to_string())?;
        if let Some(body) = &self.body {
            check_body(&method, body)?;
        }
        let idempotency_key = self.idempotency_key.map(|key| header(&key)).transpose()?;
        Ok(Checked { method, path, body: self.body, idempotency_key })
    }
}

fn check_body(method: &Method, body: &str) -> Result<(), String> {
    if method == Method::GET {
        return Err("a GET has no body".into());
    }
    if body.len() > MAX_BODY_BYTES {
        return Err("what is to be sent is larger than 1 MiB".into());
    }
    let valid = serde_json::from_str::<IgnoredAny>(body);
    valid.map(drop).map_err(|error| format!("what is to be sent is no JSON: {error}"))
}

fn header(key: &str) -> Result<HeaderValue, String> {
    let fits = (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    HeaderValue::from_str(key).ok().filter(|_| fits).ok_or_else(|| "the idempotency key is not usable".into())
}

/// Asks servers.
#[derive(Debug)]
pub struct Asker {
    client: Client,
    turns: Semaphore,
}

impl Asker {
    /// One that asks by this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, turns: Semaphore::new(MAX_AT_ONCE) }
    }

    /// Asks the target. Whatever the server says is an answer, refusals too.
    ///
    /// # Errors
    /// If the question may not be asked, or there is no answer: in one sentence, without the token.
    pub async fn ask(&self, target: &Target, question: Question) -> Result<Answer, String> {
        let question = question.check()?;
        let asking = async {
            // It is never closed.
            let _turn = self.turns.acquire().await.map_err(|error| error.to_string())?;
            let sent = self.prepare(target, question).send().await;
            let response = sent.map_err(|error| explain(&error, &target.address, ANSWER_TIME))?;
            read(response, target).await
        };
        let late = |_| format!("{} has not answered within {} s", target.address, ANSWER_TIME.as_secs());
        tokio::time::timeout(ANSWER_TIME, asking).await.map_err(late)?
    }

    fn prepare(&self, target: &Target, question: Checked) -> RequestBuilder {
        let mut request = request(&self.client, target, &question.path, question.method);
        if let Some(key) = question.idempotency_key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        match question.body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body),
            None => request,
        }
    }
}

/// A request for a path of the target's API, with the token.
pub(crate) fn request(client: &Client, target: &Target, path: &ApiPath, method: Method) -> RequestBuilder {
    client
        .request(method, target.address.api(path))
        .header(AUTHORIZATION, target.token.header())
        .header(ACCEPT, "*/*")
        .header(CACHE_CONTROL, "no-store")
}

async fn read(mut response: Response, target: &Target) -> Result<Answer, String> {
    let word = |name: HeaderName| response.headers().get(name)?.to_str().ok().map(str::to_owned);
    let (content_type, retry_after) = (word(CONTENT_TYPE).unwrap_or_default(), word(RETRY_AFTER));
    let too_large = || format!("the answer of {} is larger than 16 MiB: ask for less", target.address);
    if response.content_length().is_some_and(|length| length > MAX_ANSWER_BYTES as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error, &target.address, ANSWER_TIME))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    let body = String::from_utf8(body).map_err(|_| format!("the answer of {} is no text", target.address))?;
    Ok(Answer { status: response.status().as_u16(), content_type, retry_after, body })
}
