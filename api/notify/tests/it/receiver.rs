//! A customer's host: takes requests over TCP (or TLS), keeps them, and answers as it is told to. Written without the
//! program's own HTTP and HMAC.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// How a request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// With a status and an empty body.
    Status(u16),
    /// With a status and a place to go to.
    Redirect(u16, String),
    /// With these bytes.
    Raw(Vec<u8>),
    /// With a status, and a body that never ends.
    Endless(u16),
    /// Not at all.
    Silence,
    /// By closing the connection.
    Close,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) line: String,
    /// By name in small letters.
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Taken {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn number(&self) -> i64 {
        self.fields["suiftly-delivery"].parse().unwrap()
    }

    /// The time it was signed at, and which of its signatures each secret proves.
    pub(crate) fn proven_by(&self, secrets: &[&str]) -> (i64, Vec<bool>) {
        let mut parts = self.fields["suiftly-signature"].split(',');
        let at = parts.next().unwrap().strip_prefix("t=").unwrap();
        let signatures: Vec<&str> = parts.map(|part| part.strip_prefix("v1=").unwrap()).collect();
        let signed = [at.as_bytes(), b".", &self.body].concat();
        let proven = |secret: &&str| signatures.contains(&hex(&hmac(secret.as_bytes(), &signed)).as_str());
        (at.parse().unwrap(), secrets.iter().map(proven).collect())
    }
}

/// Takes requests until it is dropped.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    taken: Mutex<Vec<Taken>>,
    answers: Mutex<VecDeque<Answer>>,
    otherwise: Mutex<Option<Answer>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    came: Notify,
}

impl Receiver {
    /// One that answers 200.
    pub(crate) async fn start() -> Self {
        Self::listen(None).await
    }

    /// Likewise, by TLS.
    pub(crate) async fn start_tls(acceptor: TlsAcceptor) -> Self {
        Self::listen(Some(acceptor)).await
    }

    async fn listen(acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let of_task = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                of_task.connections.fetch_add(1, Ordering::SeqCst);
                let (shared, acceptor) = (Arc::clone(&of_task), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => shared.serve(stream).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                shared.serve(stream).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, shared, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?of=suiftly", self.port)
    }

    /// What the next requests are answered, one each; 200 after them.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.answers.lock().unwrap().extend(answers);
    }

    /// What requests are answered when there is nothing else.
    pub(crate) fn always(&self, answer: Answer) {
        *self.shared.otherwise.lock().unwrap() = Some(answer);
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The most requests that were open at once.
    pub(crate) fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }

    /// Until so many requests have come.
    pub(crate) async fn came(&self, requests: usize) {
        loop {
            let next = self.shared.came.notified();
            if self.taken().len() >= requests {
                return;
            }
            next.await;
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut stream = BufReader::new(stream);
        let Some(taken) = read(&mut stream).await else { return };
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_open.fetch_max(open, Ordering::SeqCst);
        self.taken.lock().unwrap().push(taken);
        let next = self.answers.lock().unwrap().pop_front();
        let answer = next.or_else(|| self.otherwise.lock().unwrap().clone()).unwrap_or(Answer::Status(200));
        self.came.notify_one();
        let answered = write(&mut stream, answer).await;
        drop(answered);
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn read(stream: &mut BufReader<impl AsyncRead + Unpin>) -> Option<Taken> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let mut fields = BTreeMap::new();
    loop {
        let mut field = String::new();
        stream.read_line(&mut field).await.ok()?;
        let Some((name, value)) = field.trim_end().split_once(": ") else { break };
        fields.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; fields.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some(Taken { line: line.trim_end().to_owned(), fields, body })
}

async fn write(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>, answer: Answer) -> std::io::Result<()> {
    match answer {
        Answer::Status(status) => {
            stream.write_all(format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").as_bytes()).await?;
        }
        Answer::Redirect(status, to) => {
            let head = format!("HTTP/1.1 {status} X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
        }
        Answer::Raw(bytes) => stream.write_all(&bytes).await?,
        Answer::Endless(status) => {
            stream.write_all(format!("HTTP/1.1 {status} X\r\nContent-Length: 99999999999\r\n\r\n").as_bytes()).await?;
            let much = vec![b'x'; 1 << 16];
            loop {
                stream.write_all(&much).await?;
            }
        }
        Answer::Silence => {
            // Until the other side has had enough.
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await?;
        }
        Answer::Close => return Ok(()),
    }
    stream.shutdown().await
}

/// HMAC-SHA256 as RFC 2104 writes it.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::digest([pad(0x36).as_slice(), message].concat());
    Sha256::digest([pad(0x5c).as_slice(), &inner].concat()).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
