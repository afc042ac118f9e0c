//! Details of a status, which nobody reads: taken off before tonic does.

use http_body_util::BodyExt as _;
use tonic::body::Body;
use tonic::codegen::http::Response;

const DETAILS: &str = "grpc-status-details-bin";

/// An answer without them, in its headers and behind its body. tonic 0.14 panics on details that are no base64, and a
/// panic ends the process: a node could end it by one header.
pub(super) fn without_details(answer: Response<Body>) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    head.headers.remove(DETAILS);
    let body = body.map_frame(|mut frame| {
        if let Some(trailers) = frame.trailers_mut() {
            trailers.remove(DETAILS);
        }
        frame
    });
    Response::from_parts(head, Body::new(body))
}
