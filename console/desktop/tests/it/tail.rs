//! The live tail through the console.

use suiftly_console::status::StatusView;
use suiftly_console::tail::MAX_EVENTS;
use tempfile::tempdir;

use crate::given::{Keys, bare, console, named};
use crate::server::{Answer, answer, serve, stream};

fn events(from: u32, count: u32) -> String {
    let event = |id| format!("id: {id}\nevent: lines\ndata: {{\"lines\":[{{}},{{}}],\"sampled\":8}}\n\n");
    (from..from + count).map(event).collect()
}

#[tokio::test]
async fn it_resumes_by_itself_and_says_what_went_by() {
    let many = u32::try_from(MAX_EVENTS).expect("small") + 10;
    let server = serve(vec![Answer::Close(stream(&events(1, 3))), Answer::HoldOnGo(stream(&events(4, many)))]);
    let home = tempdir().expect("a folder");
    let console = console(&home, named(&server.address), &Keys::empty());
    let tail = console.open_tail("customer_id=7&status=5xx").await.expect("a tail");
    let mut seen = 0;
    while seen < 3 {
        let batch = console.pull_tail(tail).await;
        assert_eq!((batch.tail, batch.dropped), (tail, 0));
        seen += batch.events.len();
    }
    server.go();
    let (mut seen, mut dropped) = (0, 0);
    while u64::try_from(seen).expect("small") + dropped / 10 < u64::from(many) {
        let batch = console.pull_tail(tail).await;
        seen += batch.events.len();
        dropped += batch.dropped;
        assert!(batch.events.len() <= MAX_EVENTS);
    }
    assert_eq!(console.pull_tail(tail).await.status, StatusView::Open);
    for last_id in [None, Some("3")] {
        let request = server.requests.recv().expect("a request");
        assert_eq!(request.path, "/api/v1/tail?customer_id=7&status=5xx");
        assert_eq!(request.header("authorization"), Some("Bearer dev_token"));
        assert_eq!(request.header("last-event-id"), last_id);
    }
}

#[tokio::test]
async fn there_is_one_at_most() {
    let server = serve(vec![Answer::Hold(stream(&events(1, 1))), Answer::Hold(stream(&events(2, 1)))]);
    let home = tempdir().expect("a folder");
    let console = console(&home, named(&server.address), &Keys::empty());
    let first = console.open_tail("").await.expect("a tail");
    while console.pull_tail(first).await.events.is_empty() {}
    let second = console.open_tail("status=404").await.expect("another");
    assert_ne!(first, second);
    let stale = console.pull_tail(first).await;
    assert_eq!((stale.tail, stale.events.len()), (second, 0));
    console.close_tail(first);
    while console.pull_tail(second).await.events.is_empty() {}
    console.close_tail(second);
    assert_eq!(console.pull_tail(second).await.tail, 0);
}

#[tokio::test]
async fn a_filter_that_the_server_does_not_take_is_said_and_not_tried_again() {
    let problem = r#"{"title":"Not valid","errors":[{"field":"status","message":"must be a class"}]}"#;
    let server = serve(vec![Answer::Close(answer("400 Bad Request", "application/problem+json", problem))]);
    let home = tempdir().expect("a folder");
    let console = console(&home, named(&server.address), &Keys::empty());
    let tail = console.open_tail("status=9xx").await.expect("a tail");
    loop {
        let StatusView::Refused { reason } = console.pull_tail(tail).await.status else { continue };
        assert_eq!(reason, "the server answers 400: Not valid; status: must be a class");
        return;
    }
}

#[tokio::test]
async fn it_needs_a_server_and_a_query() {
    let home = tempdir().expect("a folder");
    let console = console(&home, bare(), &Keys::empty());
    assert!(console.open_tail("").await.expect_err("no server").contains("no server"));
    assert!(console.open_tail("a b").await.expect_err("no query").contains("not percent-encoded"));
    assert_eq!(console.pull_tail(1).await.tail, 0);
}
