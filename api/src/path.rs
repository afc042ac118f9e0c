//! Segments of paths: as axum's extractor, but what cannot be one, such as bytes that are no text, is answered by our
//! problem document: it names nothing.

use crate::app::App;
use crate::problem::{Problem, ProblemCode};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// The segments that a route's pattern names.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let found = axum::extract::Path::<T>::from_request_parts(parts, app).await;
        found.map(|axum::extract::Path(segments)| Self(segments)).map_err(|_| Problem::new(ProblemCode::NotFound))
    }
}
