//! How a link comes about: TLS, then hello both ways, all within [`HANDSHAKE_TIMEOUT`].
//!
//! Who dials says hello first and what the link is for; who answers refuses or says hello in turn; then the dialler may
//! still refuse. Who is refused is told why.

use crate::beat::Beat;
use crate::bye;
use crate::error::{HelloError, LinkError};
use crate::frame::Frame;
use crate::hello::{Hello, Node, Party};
use crate::kind::Kind;
use crate::role::{Purpose, Role};
use crate::running::{self, LinkReceiver, LinkSender};
use crate::tls::Tls;
use bytes::BytesMut;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsStream;

/// A link comes about within this time, or not. Less than the silence that ends one.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(4);

/// A hello, or a word of refusal, is no longer than this, whatever a later version adds.
const GREETING_BYTES_MAX: usize = 4 << 10;

/// Two processes that belong together and know each other, before they say anything of substance.
pub struct Link<S> {
    pub(crate) stream: TlsStream<S>,
    /// What was read and is not taken yet.
    pub(crate) buffer: BytesMut,
    pub(crate) peer: Party,
    version: u16,
}

impl<S> Link<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    /// Makes a link of a stream to somebody who must have this role. Fails with [`LinkError::Tls`] if it is another,
    /// with [`LinkError::Hello`] if we refuse them, with [`LinkError::Bye`] if they refuse us, and after
    /// [`HANDSHAKE_TIMEOUT`].
    pub async fn dial(stream: S, tls: &Tls, to: &Role, purpose: Purpose, us: &Node) -> Result<Self, LinkError> {
        in_time(async {
            let mut meeting = Meeting::over(tls.dial(stream, to).await?);
            let ours = Party { role: tls.role().clone(), hello: Hello::new(purpose, *us) };
            meeting.say(&ours.hello.to_frame()).await?;
            let theirs = meeting.hear().await?;
            meeting.agree(&ours, theirs).await
        })
        .await
    }

    /// Makes a link of a stream from somebody. Fails as [`Link::dial`] does.
    pub async fn accept(stream: S, tls: &Tls, us: &Node) -> Result<Self, LinkError> {
        in_time(async {
            let mut meeting = Meeting::over(tls.accept(stream).await?);
            let theirs = meeting.hear().await?;
            let ours = Party { role: tls.role().clone(), hello: Hello::new(theirs.purpose, *us) };
            let mut link = meeting.agree(&ours, theirs).await?;
            say(&mut link.stream, &ours.hello.to_frame()).await?;
            Ok(link)
        })
        .await
    }

    /// Begins to beat, as `pulse` says each time, and to listen. It goes on in a task of its own until one side ends
    /// it.
    pub fn start<P>(self, pulse: P) -> (LinkSender, LinkReceiver)
    where
        P: Fn() -> Beat + Send + 'static,
    {
        running::start(self, pulse)
    }
}

impl<S> Link<S> {
    /// The other side.
    pub const fn peer(&self) -> &Party {
        &self.peer
    }

    /// What the link is for.
    pub const fn purpose(&self) -> Purpose {
        self.peer.hello.purpose
    }

    /// What both speak.
    pub const fn version(&self) -> u16 {
        self.version
    }
}

/// Two who have shown their certificates.
struct Meeting<S> {
    stream: TlsStream<S>,
    buffer: BytesMut,
    role: Role,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Meeting<S> {
    fn over((stream, role): (TlsStream<S>, Role)) -> Self {
        Self { stream, buffer: BytesMut::new(), role }
    }

    async fn say(&mut self, frame: &Frame) -> Result<(), LinkError> {
        say(&mut self.stream, frame).await
    }

    async fn hear(&mut self) -> Result<Hello, LinkError> {
        let frame = running::next(&mut self.stream, &mut self.buffer, GREETING_BYTES_MAX).await?;
        match frame.kind {
            Kind::Hello => match Hello::decode(&frame.payload) {
                Ok(hello) => Ok(hello),
                Err(refusal) => Err(self.refuse(refusal).await),
            },
            Kind::Bye => Err(LinkError::Bye { why: bye::why(&frame.payload) }),
            other => Err(LinkError::NoHello(other)),
        }
    }

    async fn agree(mut self, ours: &Party, theirs: Hello) -> Result<Link<S>, LinkError> {
        let peer = Party { role: self.role.clone(), hello: theirs };
        match ours.agree(&peer) {
            Ok(version) => Ok(Link { stream: self.stream, buffer: self.buffer, peer, version }),
            Err(refusal) => Err(self.refuse(refusal).await),
        }
    }

    /// Says why not. That it could not be said changes nothing.
    async fn refuse(&mut self, refusal: HelloError) -> LinkError {
        let _ = self.say(&bye::frame(&refusal.to_string())).await;
        let _ = self.stream.shutdown().await;
        refusal.into()
    }
}

async fn say<W: AsyncWrite + Unpin>(stream: &mut W, frame: &Frame) -> Result<(), LinkError> {
    stream.write_all(&frame.encode()?).await.map_err(LinkError::Broken)?;
    stream.flush().await.map_err(LinkError::Broken)
}

pub(crate) async fn in_time<T>(link: impl Future<Output = Result<T, LinkError>>) -> Result<T, LinkError> {
    tokio::time::timeout(HANDSHAKE_TIMEOUT, link).await.map_err(|_| LinkError::TimedOut)?
}
