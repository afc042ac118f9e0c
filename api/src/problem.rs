//! Problem documents (RFC 9457): every error of the API, with a stable code that programs can go by.
//!
//! What went wrong inside is logged and never shown: [`Problem::internal`] takes the error for the log alone.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use std::error::Error;
use suiftly_store::StoreError;
use utoipa::{IntoResponses, ToSchema};

/// What kind of error it is. Codes are never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// 400: a parameter or the body is not as it must be; see `errors`.
    Validation,
    /// 400: the answer would have too many parts; ask for less.
    TooBroad,
    /// 401: no token or session, or none that is valid.
    Unauthorized,
    /// 401: the signature is not the wallet's, or not of the challenge.
    InvalidSignature,
    /// 402: the balance does not cover it; `current_balance_usd`, `estimated_cost_usd` and `required_deposit_usd` say more.
    InsufficientBalance,
    /// 403: a write that another site asked the browser for.
    CrossSite,
    /// 403: the account is closed: it may only be looked at.
    AccountClosed,
    /// 403: the month's limit leaves no room for it; `max_monthly_usd`, `current_month_charged_usd`, `estimated_cost_usd`
    /// and `remaining_authorization_usd` say more.
    MonthlyLimitExceeded,
    /// 403: the operator's role does not allow it.
    Forbidden,
    /// 404: there is no such path.
    NotFound,
    /// 405: there is, but not by this method.
    MethodNotAllowed,
    /// 409: another request does the same; try again.
    Busy,
    /// 409: the idempotency key stands for another request.
    IdempotencyMismatch,
    /// 409: no challenge is pending for the address: it has expired, or was used. Ask for another.
    NoChallenge,
    /// 409: the write with this idempotency key was cut off. Look whether it was done, and use another key.
    OutcomeUnknown,
    /// 409: it would cost something else now than what was accepted: ask for a quote again.
    QuoteChanged,
    /// 409: the account is suspended or closed.
    AccountNotActive,
    /// 409: the service is enabled.
    AlreadyEnabled,
    /// 409: the service is not enabled.
    NotEnabled,
    /// 409: the service is so already, or is scheduled to be.
    AlreadySo,
    /// 409: nothing is scheduled that could be taken back.
    NothingScheduled,
    /// 409: more is in use than would be had.
    InUse,
    /// 409: as many API keys are there as the service includes; `slots`, `used` and `order` say more.
    KeyLimitReached,
    /// 409: another key has replaced it; `replaced_by` names it.
    KeyReplaced,
    /// 409: the key that it replaced can be used still; `replaced` names it.
    KeyOverlapping,
    /// 409: the key was made before keys were kept, and cannot be shown.
    KeyNotKept,
    /// 409: as many seal keys are there as the service includes; `slots`, `used` and `order` say more.
    SealKeyLimitReached,
    /// 409: as many packages are there as the service includes, or as a seal key may have; `slots`, `used` and `order` say more.
    PackageLimitReached,
    /// 409: the seal key has that package.
    PackageExists,
    /// 409: the key is deleted, for good.
    KeyDeleted,
    /// 409: as many alerts are set as may be.
    AlertLimitReached,
    /// 409: as many webhooks are there as may be.
    WebhookLimitReached,
    /// 409: nobody sends e-mail here.
    EmailNotConfigured,
    /// 409: the webhook is disabled.
    WebhookDisabled,
    /// 409: the delivery is under way already.
    DeliveryPending,
    /// 409: the reference was used for another customer or amount.
    ReferenceUsed,
    /// 409: the escrow will not do it; nothing has moved.
    EscrowRefused,
    /// 409: where a chain holds the funds, the owner signs it with their wallet.
    NotByApi,
    /// 409: the wallet has too little of the escrow's coin, or of SUI for the gas; `coin`, `has` and `wanted` say more.
    WalletShort,
    /// 409: the transaction before is signed, and not through yet; `digest` names it.
    TransactionPending,
    /// 409: no such transaction waits for a signature: it has expired, or another took its place. Ask for another.
    TransactionUnknown,
    /// 409: the price book cannot be published.
    PriceBookRefused,
    /// 409: the price book bills other requests than those that are counted.
    PriceBookIncomparable,
    /// 409: as many formats are published as may be.
    FormatLimitReached,
    /// 409: the clock cannot be moved so.
    ClockRefused,
    /// 409: another version of the vault is in force than the one that was named.
    VaultVersion,
    /// 409: somebody holds the vault.
    VaultFrozen,
    /// 409: nobody holds the vault.
    VaultNotFrozen,
    /// 409: a file of keys cannot be used; the keys in force stay.
    SecretsRefused,
    /// 409: there is no proof of the request, or none yet, or none any more; `detail` says which.
    ProofUnavailable,
    /// 409: it is not to be had of a cluster yet; `detail` says what to do instead.
    NotInCluster,
    /// 413: the body is too long.
    BodyTooLong,
    /// 415: the body is not JSON.
    UnsupportedMediaType,
    /// 429: too many failed attempts; `Retry-After` says how long to wait.
    TooManyAttempts,
    /// 429: more requests than may be; likewise.
    RateLimited,
    /// 429: too many API keys were made within the hour; `Retry-After` says how long to wait.
    TooManyCreations,
    /// 500: our fault.
    Internal,
    /// 503: the journal's tail is being replayed after a start.
    Recovering,
    /// 503: the server is about to end.
    Stopping,
    /// 503: what comes in has no room: the disk or the database is slow.
    Overloaded,
    /// 503: the database does not answer.
    StoreUnavailable,
    /// 503: the escrow does not answer.
    EscrowUnavailable,
    /// 503: the database is further behind than the live deltas reach back.
    CatchingUp,
    /// 503: as many streams are open as may be.
    TooManyStreams,
    /// 503: it took too long.
    Timeout,
}

impl ProblemCode {
    const fn status(self) -> StatusCode {
        match self {
            Self::Validation | Self::TooBroad => StatusCode::BAD_REQUEST,
            Self::Unauthorized | Self::InvalidSignature => StatusCode::UNAUTHORIZED,
            Self::InsufficientBalance => StatusCode::PAYMENT_REQUIRED,
            Self::CrossSite | Self::AccountClosed | Self::Forbidden | Self::MonthlyLimitExceeded => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Busy
            | Self::IdempotencyMismatch
            | Self::NoChallenge
            | Self::OutcomeUnknown
            | Self::QuoteChanged
            | Self::KeyDeleted
            | Self::AlertLimitReached
            | Self::WebhookLimitReached
            | Self::EmailNotConfigured
            | Self::WebhookDisabled
            | Self::DeliveryPending
            | Self::ReferenceUsed
            | Self::EscrowRefused
            | Self::NotByApi
            | Self::WalletShort
            | Self::TransactionPending
            | Self::TransactionUnknown
            | Self::PriceBookRefused
            | Self::PriceBookIncomparable
            | Self::FormatLimitReached
            | Self::ClockRefused
            | Self::VaultVersion
            | Self::VaultFrozen
            | Self::VaultNotFrozen
            | Self::SecretsRefused
            | Self::ProofUnavailable
            | Self::NotInCluster
            | Self::AccountNotActive
            | Self::AlreadyEnabled
            | Self::NotEnabled
            | Self::AlreadySo
            | Self::NothingScheduled
            | Self::InUse
            | Self::KeyLimitReached
            | Self::KeyReplaced
            | Self::KeyOverlapping
            | Self::KeyNotKept
            | Self::SealKeyLimitReached
            | Self::PackageLimitReached
            | Self::PackageExists => StatusCode::CONFLICT,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyAttempts | Self::RateLimited | Self::TooManyCreations => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Recovering
            | Self::Stopping
            | Self::Overloaded
            | Self::StoreUnavailable
            | Self::EscrowUnavailable
            | Self::CatchingUp
            | Self::TooManyStreams
            | Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Validation => "The request is not valid",
            Self::TooBroad => "The answer would be too long",
            Self::Unauthorized => "Sign in first",
            Self::InsufficientBalance => "The balance does not cover it",
            Self::InvalidSignature => "The signature does not hold",
            Self::AccountClosed => "The account is closed",
            Self::CrossSite => "The request comes from another site",
            Self::MonthlyLimitExceeded => "The month's limit leaves no room for it",
            Self::Forbidden => "This takes another role",
            Self::NotFound => "There is nothing here",
            Self::MethodNotAllowed => "Not by this method",
            Self::Busy => "Another request does the same",
            Self::IdempotencyMismatch => "The idempotency key stands for another request",
            Self::NoChallenge => "There is no challenge to sign",
            Self::OutcomeUnknown => "Nobody knows whether it was done",
            Self::QuoteChanged => "It would cost something else now",
            Self::AccountNotActive => "The account is not active",
            Self::AlreadyEnabled => "The service is enabled",
            Self::NotEnabled => "The service is not enabled",
            Self::AlreadySo => "It is so already",
            Self::NothingScheduled => "Nothing is scheduled",
            Self::InUse => "More is in use",
            Self::KeyLimitReached => "No more API keys are included",
            Self::KeyReplaced => "Another key has replaced it",
            Self::KeyOverlapping => "The key that it replaced is in use still",
            Self::KeyNotKept => "The key cannot be shown",
            Self::SealKeyLimitReached => "No more seal keys are included",
            Self::PackageLimitReached => "No more packages are included",
            Self::PackageExists => "The seal key has that package",
            Self::KeyDeleted => "The key is deleted",
            Self::AlertLimitReached => "No more alerts may be set",
            Self::WebhookLimitReached => "No more webhooks may be made",
            Self::EmailNotConfigured => "Nobody sends e-mail here",
            Self::WebhookDisabled => "The webhook is disabled",
            Self::DeliveryPending => "The delivery is under way",
            Self::ReferenceUsed => "The reference was used for something else",
            Self::EscrowRefused => "The escrow refuses it",
            Self::NotByApi => "The owner signs this with their wallet",
            Self::WalletShort => "The wallet has too little",
            Self::TransactionPending => "The transaction before is under way",
            Self::TransactionUnknown => "There is no such transaction to sign",
            Self::EscrowUnavailable => "The escrow does not answer",
            Self::PriceBookRefused => "The price book cannot be published",
            Self::PriceBookIncomparable => "The price books cannot be compared",
            Self::FormatLimitReached => "No more formats may be published",
            Self::ClockRefused => "The clock cannot be moved so",
            Self::VaultVersion => "Another version of the vault is in force",
            Self::VaultFrozen => "The vault is held",
            Self::VaultNotFrozen => "Nobody holds the vault",
            Self::SecretsRefused => "The files of keys cannot be taken over",
            Self::ProofUnavailable => "There is no proof of it",
            Self::NotInCluster => "A cluster does not do this yet",
            Self::BodyTooLong => "The body is too long",
            Self::UnsupportedMediaType => "The body must be JSON",
            Self::TooManyAttempts => "Too many failed attempts",
            Self::RateLimited => "Too many requests",
            Self::TooManyCreations => "Too many API keys were made",
            Self::Internal => "Something went wrong on the server",
            Self::Recovering => "Starting: the journal is being replayed",
            Self::Stopping => "The server is about to end",
            Self::Overloaded => "There is no room for more",
            Self::StoreUnavailable => "The database does not answer",
            Self::CatchingUp => "The database is catching up",
            Self::TooManyStreams => "Too many streams are open",
            Self::Timeout => "It took too long",
        }
    }
}

/// What is wrong with one parameter or field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Its name.
    pub field: String,
    /// What it must be.
    pub message: String,
}

impl FieldError {
    /// An error of a field.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}

/// A problem document, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` says which kind it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status.
    #[schema(value_type = i64)]
    pub status: u16,
    /// The kind, for programs.
    pub code: ProblemCode,
    /// More about this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub detail: Option<String>,
    /// What is wrong with which field; for `validation`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
    /// More members, by name, as the code says.
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: Map<String, Value>,
    /// Seconds to wait before another try: the `Retry-After` header.
    #[serde(skip)]
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem of a kind.
    pub fn new(code: ProblemCode) -> Self {
        let status = code.status().as_u16();
        Self {
            kind: "about:blank",
            title: code.title(),
            status,
            code,
            detail: None,
            errors: Vec::new(),
            members: Map::new(),
            retry_after_s: None,
        }
    }

    /// With more about it.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// With a member of its own.
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// With the time to wait.
    pub fn retry_after_s(self, seconds: u64) -> Self {
        Self { retry_after_s: Some(u32::try_from(seconds).unwrap_or(u32::MAX)), ..self }
    }

    /// Parameters or fields that are not valid.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(ProblemCode::Validation) }
    }

    /// Our fault: `error` and what it came from go to the log, not to the client.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = %chain(error), "a request failed");
        Self::new(ProblemCode::Internal)
    }
}

/// The store's fault, or its absence.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(%error, "a request needs the store");
            return Self::new(ProblemCode::StoreUnavailable).retry_after_s(1);
        }
        Self::internal(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// An error and what it came from, in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        line.push_str(": ");
        line.push_str(&inner.to_string());
        source = inner.source();
    }
    line
}

/// The problems that every guarded route may answer with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it documents; handlers answer with Problem itself")]
pub(crate) enum GuardedProblems {
    /// A parameter is not valid (`validation`), or the answer would be too long (`too_broad`).
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(Problem),
    /// No valid token or session (`unauthorized`).
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// Too many failed attempts (`too_many_attempts`).
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyAttempts(Problem),
    /// Our fault (`internal`).
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(Problem),
    /// Not now: `recovering`, `stopping`, `overloaded`, `store_unavailable`, `escrow_unavailable`, `catching_up`,
    /// `too_many_streams`, `timeout`.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
