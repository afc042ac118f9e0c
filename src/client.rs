//! A client of the running `suiftly up`, for the commands that ask it: its operators' port, as the operator `local`, by
//! TLS where it has a certificate.

mod tls;

use crate::cli::Place;
use crate::config::Config;
use crate::secrets::{OPERATOR_TOKEN, Secrets};
use anyhow::Context;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use serde_json::Value;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// How long an answer may take: longer than the server lets itself.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(40);
/// How long whoever looks at a server again and again waits for one answer.
const ONCE_TIMEOUT: Duration = Duration::from_secs(5);
/// What the server refuses with when it will not the next time; it says so before it took anything.
const PASSING: [&str; 3] = ["recovering", "busy", "overloaded"];
/// How often it is asked then, and how long is waited in between.
const TURNS_MAX: u32 = 30;
const TURN_EVERY: Duration = Duration::from_secs(1);
/// The longest answer that is read: the loss report with all its ranges.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// Who is asked, and as whom.
pub(crate) struct Client {
    api: SocketAddr,
    token: String,
    tls: Option<Arc<ClientConfig>>,
}

impl Client {
    /// The server of this place.
    pub(crate) fn of(place: &Place) -> anyhow::Result<Self> {
        let config = Config::read(place.config.as_deref())?;
        Self::with_token(&config, own_token(&Secrets::of(place, &config)?)?)
    }

    /// The server of a configuration, asked with a token, which what is open to all needs not.
    pub(crate) fn with_token(config: &Config, token: String) -> anyhow::Result<Self> {
        let tls = config.admin.tls_certificate.as_deref().map(tls::trusting).transpose()?;
        Ok(Self { api: api_of(config.admin.listen)?, token, tls })
    }

    /// Reads a text once, within a time: for whoever looks whether there is somebody to ask.
    pub(crate) async fn look(&self, path: &str, within: Duration) -> anyhow::Result<String> {
        let asked = tokio::time::timeout(within, self.ask(Method::GET, path, None)).await;
        let (is_success, answer) = asked.context("the server did not answer in time")??;
        let text = String::from_utf8(answer.to_vec()).context("the server's answer is no text")?;
        if !is_success {
            anyhow::bail!("the server refused: {}", reason(&serde_json::from_str(&text).unwrap_or_default()));
        }
        Ok(text)
    }

    /// Whether anybody listens where the server is to be.
    pub(crate) async fn is_answered(&self) -> bool {
        TcpStream::connect(self.api).await.is_ok()
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.until_it_can(Method::GET, path, None).await
    }

    /// Has something done.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.until_it_can(Method::POST, path, Some(body)).await
    }

    /// Puts something in its place.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.until_it_can(Method::PUT, path, Some(body)).await
    }

    /// Takes something out of its place; there is no answer but that it is done.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.until_it_can(Method::DELETE, path, None).await.map(|_| ())
    }

    /// Reads once, and does not wait for a server that is starting.
    pub(crate) async fn get_once(&self, path: &str) -> anyhow::Result<Value> {
        let asked = tokio::time::timeout(ONCE_TIMEOUT, self.ask(Method::GET, path, None)).await;
        let (is_success, answer) = asked.context("the server did not answer in time")??;
        let answer: Value = serde_json::from_slice(&answer).context("the server's answer is no JSON")?;
        anyhow::ensure!(is_success, "the server refused: {}", reason(&answer));
        Ok(answer)
    }

    /// Asks again for a while when the server has just started, or answers somebody else.
    async fn until_it_can(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut turn = 1;
        loop {
            let asked = tokio::time::timeout(ANSWER_TIMEOUT, self.ask(method.clone(), path, body)).await;
            let (is_success, answer) = asked.context("the server did not answer in time")??;
            if is_success && answer.is_empty() {
                return Ok(Value::Null);
            }
            let answer: Value = serde_json::from_slice(&answer).context("the server's answer is no JSON")?;
            if is_success {
                return Ok(answer);
            }
            let passes = answer["code"].as_str().is_some_and(|code| PASSING.contains(&code));
            if turn == TURNS_MAX || !passes {
                anyhow::bail!("the server refused: {}", reason(&answer));
            }
            turn += 1;
            tokio::time::sleep(TURN_EVERY).await;
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<(bool, Bytes)> {
        let api = self.api;
        let stream = TcpStream::connect(api).await;
        let stream = stream.with_context(|| format!("cannot reach Suiftly at {api}: is it running?"))?;
        match &self.tls {
            None => self.ask_over(stream, method, path, body).await,
            Some(tls) => self.ask_over(tls::connect(Arc::clone(tls), api, stream).await?, method, path, body).await,
        }
    }

    async fn ask_over(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(bool, Bytes)> {
        let Self { api, token, .. } = self;
        let failed = || format!("cannot ask the server at {api}");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.with_context(failed)?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, api.to_string())
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.map(Value::to_string).unwrap_or_default())))
            .with_context(failed)?;
        let answer = sender.send_request(request).await.with_context(failed)?;
        let is_success = answer.status().is_success();
        let bytes = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let bytes = bytes.map_err(|error| anyhow::anyhow!("cannot read the server's answer: {error}"))?.to_bytes();
        connection.abort();
        Ok((is_success, bytes))
    }
}

/// What a problem document says: which field is wrong, or what there is to say of it.
fn reason(problem: &Value) -> String {
    let of_field = |error: &Value| Some(format!("{} {}", error["field"].as_str()?, error["message"].as_str()?));
    let fields: Vec<String> = problem["errors"].as_array().into_iter().flatten().filter_map(of_field).collect();
    if !fields.is_empty() {
        return fields.join("; ");
    }
    problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or("no reason given").to_owned()
}

/// Where a server that listens there is reached from this machine.
fn api_of(listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    anyhow::ensure!(listen.port() != 0, "admin.listen names no port: name the one that `suiftly up` listens on");
    Ok(match listen {
        SocketAddr::V4(addr) if addr.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, addr.port()).into(),
        SocketAddr::V6(addr) if addr.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, addr.port()).into(),
        addr => addr,
    })
}

/// The token that the server made at its start. Whoever asks makes none: no server would know it.
fn own_token(secrets: &Secrets) -> anyhow::Result<String> {
    let path = secrets.file(OPERATOR_TOKEN);
    anyhow::ensure!(
        path.exists(),
        "there is no {}: say with --data-dir which directory the running Suiftly has",
        path.display()
    );
    secrets.operator_token()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_refusal_names_its_fields() {
        let cases = [
            (
                serde_json::json!({"title": "t", "errors": [{"field": "name", "message": "must be short"}]}),
                "name must be short",
            ),
            (serde_json::json!({"title": "t", "detail": "d"}), "d"),
            (serde_json::json!({"title": "t"}), "t"),
            (serde_json::json!({}), "no reason given"),
        ];
        for (problem, expected) in cases {
            assert_eq!(reason(&problem), expected);
        }
    }

    #[test]
    fn a_server_that_listens_everywhere_is_reached_here() {
        let cases = [
            ("127.0.0.1:3000", Some("127.0.0.1:3000")),
            ("0.0.0.0:3000", Some("127.0.0.1:3000")),
            ("[::]:3000", Some("[::1]:3000")),
            ("192.0.2.7:80", Some("192.0.2.7:80")),
            ("127.0.0.1:0", None),
        ];
        for (listen, expected) in cases {
            let found = api_of(listen.parse().unwrap()).ok().map(|addr| addr.to_string());
            assert_eq!(found.as_deref(), expected, "{listen}");
        }
    }
}
