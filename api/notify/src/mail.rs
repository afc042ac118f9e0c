//! E-mail out, by SMTP: plain text, one message a delivery, with an id that is the same at each attempt.

mod text;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::fmt;
use std::time::Duration;
use suiftly_store::accounts::ClaimedDelivery;

/// For each answer of the server.
pub const SMTP_TIMEOUT: Duration = Duration::from_secs(10);
/// For a whole message.
pub const MAIL_TIMEOUT: Duration = Duration::from_secs(30);

/// How the connection is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// It is not: for a server on this machine.
    None,
    /// By STARTTLS, and not at all without it.
    Starttls,
    /// From the start.
    Tls,
}

/// Where mail is given.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpConfig {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept private.
    pub tls: SmtpTls,
    /// As whom, and with which password.
    pub credentials: Option<(String, String)>,
    /// Who writes: `Suiftly <alerts@example.com>`.
    pub from: String,
}

/// The password is not shown.
impl fmt::Debug for SmtpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.credentials.as_ref().map(|(user, _)| user);
        let mut shown = f.debug_struct("SmtpConfig");
        shown.field("host", &self.host).field("port", &self.port).field("tls", &self.tls);
        shown.field("user", &user).field("from", &self.from).finish_non_exhaustive()
    }
}

/// Why mail cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Nobody writes from there.
    #[error("cannot use {from:?} as the sender of e-mail: it must be an address, or a name and <an address>")]
    Sender {
        /// What was given.
        from: String,
    },
    /// TLS could not be set up.
    #[error("cannot set up TLS for e-mail: {0}")]
    Tls(String),
    /// There is nobody to write to.
    #[error("there is no e-mail address to write to")]
    NoAddress,
    /// No address.
    #[error("the e-mail address is none")]
    Address,
    /// The message cannot be written.
    #[error("the e-mail cannot be written: {0}")]
    Message(String),
    /// The server did not take it. What it said is not shown to customers.
    #[error("the mail server did not take it")]
    Server(#[source] lettre::transport::smtp::Error),
    /// It took too long.
    #[error("the mail server did not answer in time")]
    Timeout,
}

/// Gives messages to one server.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Connects for each message.
    pub fn new(config: &SmtpConfig) -> Result<Self, MailError> {
        let from: Mailbox = config.from.parse().map_err(|_| MailError::Sender { from: config.from.clone() })?;
        let parameters = || TlsParameters::new(config.host.clone()).map_err(|error| MailError::Tls(error.to_string()));
        let tls = match config.tls {
            SmtpTls::None => Tls::None,
            SmtpTls::Starttls => Tls::Required(parameters()?),
            SmtpTls::Tls => Tls::Wrapper(parameters()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(SMTP_TIMEOUT));
        if let Some((user, password)) = &config.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Sends a delivery to an address.
    pub async fn send(&self, delivery: &ClaimedDelivery, to: Option<&str>) -> Result<(), MailError> {
        let message = self.message(delivery, to)?;
        let sent = tokio::time::timeout(MAIL_TIMEOUT, self.transport.send(message)).await;
        match sent {
            Err(_) => Err(MailError::Timeout),
            Ok(Err(error)) if error.is_timeout() => Err(MailError::Timeout),
            Ok(Err(error)) => Err(MailError::Server(error)),
            Ok(Ok(_)) => Ok(()),
        }
    }

    fn message(&self, delivery: &ClaimedDelivery, to: Option<&str>) -> Result<Message, MailError> {
        // An address alone: a text with a name could name several.
        let to: lettre::Address = to.ok_or(MailError::NoAddress)?.parse().map_err(|_| MailError::Address)?;
        let (subject, body) = text::of(delivery);
        let id = format!("<delivery-{}@{}>", delivery.id, self.from.email.domain());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .map_err(|error| MailError::Message(error.to_string()))
    }
}
