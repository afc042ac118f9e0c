//! Answers that are made while the client takes them: bounded in memory, in number and in time.
//!
//! The first piece is made before the answer's head, so that what fails then is a problem document. What fails later breaks
//! the connection off, by an error of the body: half an answer never looks like a whole one.

use crate::app::App;
use crate::problem::{Problem, ProblemCode};
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use std::io;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// Downloads at once at most, of all customers; more are refused with 503.
pub(crate) const DOWNLOADS_MAX: usize = 16;
/// How long one may take: then its client takes too little to be waited for.
pub(crate) const DOWNLOAD_TIME_MAX: Duration = Duration::from_secs(15 * 60);

/// Makes an answer piece by piece.
pub(crate) trait Pieces: Send + 'static {
    /// The next piece; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, Problem>> + Send;
}

struct Download<P> {
    pieces: P,
    until: Instant,
    _permit: OwnedSemaphorePermit,
}

/// Begins a download.
pub(crate) async fn begin<P: Pieces>(
    app: &App,
    mut pieces: P,
    content_type: &'static str,
    file_name: &str,
) -> Result<Response, Problem> {
    let Ok(permit) = app.downloads.clone().try_acquire_owned() else {
        let detail = format!("{DOWNLOADS_MAX} downloads are under way, as many as may be");
        return Err(Problem::new(ProblemCode::Overloaded).detail(detail).retry_after_s(5));
    };
    let first = pieces.next().await?.unwrap_or_default();
    let download = Download { pieces, until: Instant::now() + DOWNLOAD_TIME_MAX, _permit: permit };
    // Whoever compresses asks again after the end.
    let body = futures::stream::once(async { Ok(first) }).chain(rest(download)).fuse();
    Ok((headers(content_type, file_name)?, Body::from_stream(body)).into_response())
}

/// The headers of something to be kept in a file.
pub(crate) fn headers(content_type: &'static str, file_name: &str) -> Result<[(HeaderName, HeaderValue); 2], Problem> {
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{file_name}\""));
    let disposition = disposition.map_err(|error| Problem::internal(&error))?;
    Ok([(header::CONTENT_TYPE, HeaderValue::from_static(content_type)), (header::CONTENT_DISPOSITION, disposition)])
}

fn rest<P: Pieces>(download: Download<P>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    futures::stream::unfold(Some(download), |download| async move {
        let mut download = download?;
        match tokio::time::timeout_at(download.until, download.pieces.next()).await {
            Ok(Ok(piece)) => piece.map(|piece| (Ok(piece), Some(download))),
            Ok(Err(problem)) => {
                tracing::warn!(code = ?problem.code, "a download is broken off");
                Some((Err(io::Error::other("the answer could not be completed")), None))
            }
            Err(_) => Some((Err(io::Error::other("the answer took too long")), None)),
        }
    })
}
