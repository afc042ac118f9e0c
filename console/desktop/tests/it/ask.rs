//! Questions of the page: what is sent, what is answered, and what is refused.

use suiftly_console::ask::{MAX_ANSWER_BYTES, MAX_BODY_BYTES, Question};
use suiftly_console::status::StatusView;
use tempfile::tempdir;

use crate::given::{Keys, NOWHERE, bare, console, get, named};
use crate::server::{Answer, answer, serve, status, stream};

#[tokio::test]
async fn a_question_goes_as_it_is_with_the_token_in_its_header_alone() {
    let said = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 3\r\ncontent-type: application/problem+json\r\n\
                content-length: 2\r\nconnection: close\r\n\r\n{}";
    let server = serve(vec![Answer::Close(said.into())]);
    let home = tempdir().expect("a folder");
    let console = console(&home, named(&server.address), &Keys::empty());
    let question = Question {
        method: "POST".into(),
        path: "/api/v1/customers/7/credit?dry=1".into(),
        body: Some(r#"{"amount":"5.00"}"#.into()),
        idempotency_key: Some("7f3a".into()),
    };
    let answered = console.ask(question).await.expect("an answer");
    assert_eq!((answered.status, answered.body.as_str()), (429, "{}"));
    assert_eq!(answered.content_type, "application/problem+json");
    assert_eq!(answered.retry_after.as_deref(), Some("3"));

    let request = server.requests.recv().expect("a request");
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/api/v1/customers/7/credit?dry=1"));
    assert_eq!(request.header("authorization"), Some("Bearer dev_token"));
    assert_eq!(request.header("idempotency-key"), Some("7f3a"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.body, r#"{"amount":"5.00"}"#);
}

#[tokio::test]
async fn what_may_not_be_asked_is_refused_before_anything_is_sent() {
    let home = tempdir().expect("a folder");
    let console = console(&home, named(NOWHERE), &Keys::empty());
    let post = |body: &str| Question { method: "POST".into(), body: Some(body.into()), ..get("/api/v1/a") };
    let keyed = |key: &str| Question { idempotency_key: Some(key.into()), ..post("{}") };
    let cases = [
        (Question { method: "PATCH".into(), ..get("/api/v1/a") }, "only GET, POST, PUT and DELETE"),
        (Question { method: "get".into(), ..get("/api/v1/a") }, "only GET, POST, PUT and DELETE"),
        (get("/metrics"), "not under /api/v1/"),
        (get("/api/v1/../../metrics"), "not a plain path"),
        (Question { body: Some("{}".into()), ..get("/api/v1/a") }, "a GET has no body"),
        (post("{"), "no JSON"),
        (post(&format!("\"{}\"", "x".repeat(MAX_BODY_BYTES))), "larger than 1 MiB"),
        (keyed(""), "idempotency key"),
        (keyed("a\r\nhost: evil"), "idempotency key"),
        (keyed(&"x".repeat(256)), "idempotency key"),
    ];
    for (question, words) in cases {
        let error = console.ask(question).await.expect_err(words);
        assert!(error.contains(words), "{error}");
    }
    let nowhere = console.ask(get("/api/v1/a")).await.expect_err("nobody there");
    assert_eq!(nowhere, format!("nothing answers at {NOWHERE}"));
}

#[tokio::test]
async fn without_a_server_nothing_is_asked() {
    let home = tempdir().expect("a folder");
    let console = console(&home, bare(), &Keys::empty());
    let error = console.ask(get("/api/v1/a")).await.expect_err("no server");
    assert!(error.contains("no server is followed"), "{error}");
}

#[tokio::test]
async fn answers_are_bounded_and_text() {
    let text = "text/plain";
    let head = |length: usize| {
        format!("HTTP/1.1 200 OK\r\ncontent-type: {text}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")
    };
    let endless = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(MAX_ANSWER_BYTES + 1));
    let mut broken = head(2).into_bytes();
    broken.extend(b"\xff\xff");
    for (said, words) in [
        (head(MAX_ANSWER_BYTES + 1).into_bytes(), "larger than 16 MiB"),
        (endless.into_bytes(), "larger than 16 MiB"),
        (broken, "no text"),
        (head(5).into_bytes(), "broke off"),
    ] {
        let server = serve(vec![Answer::Try(said)]);
        let home = tempdir().expect("a folder");
        let console = console(&home, named(&server.address), &Keys::empty());
        let error = console.ask(get("/api/v1/a?secret=1")).await.expect_err(words);
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("secret") && !error.contains("dev_token"), "{error}");
    }
    let largest = "x".repeat(MAX_ANSWER_BYTES);
    let server = serve(vec![Answer::Close(answer("200 OK", text, &largest))]);
    let home = tempdir().expect("a folder");
    let answered = console(&home, named(&server.address), &Keys::empty()).ask(get("/api/v1/a")).await;
    assert_eq!(answered.expect("an answer").body.len(), MAX_ANSWER_BYTES);
}

#[tokio::test]
async fn redirects_are_answers() {
    let said = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let server = serve(vec![Answer::Close(said.to_vec())]);
    let home = tempdir().expect("a folder");
    let console = console(&home, named(&server.address), &Keys::empty());
    assert_eq!(console.ask(get("/api/v1/a")).await.expect("an answer").status, 302);
}

#[tokio::test]
async fn a_token_that_is_refused_is_refused_for_the_stream_too() {
    let server =
        serve(vec![Answer::Hold(stream("event: snapshot\ndata: {}\n\n")), Answer::Close(status("401 Unauthorized"))]);
    let home = tempdir().expect("a folder");
    let console = console(&home, named(&server.address), &Keys::empty());
    let session = console.open().await.session;
    while console.pull(session).await.status != StatusView::Open {}
    assert_eq!(console.ask(get("/api/v1/a")).await.expect("an answer").status, 401);
    let reason = "the server does not know this token".to_owned();
    assert_eq!(console.pull(session).await.status, StatusView::Refused { reason });
}
