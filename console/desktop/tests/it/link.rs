//! The link opens, resumes, gives up and is bounded, as the window sees it through the feed.

use std::sync::Arc;

use suiftly_console::client::Clients;
use suiftly_console::feed::{Feed, FeedSink, Session};
use suiftly_console::link::Link;
use suiftly_console::sink::Message;
use suiftly_console::sse::MAX_LINE_BYTES;
use suiftly_console::status::{Status, StatusView};
use suiftly_console::target::{Address, Target, Token};

use crate::server::{Answer, Server, answer, serve, status, stream};

struct Window {
    feed: Arc<Feed>,
    session: Session,
    /// What the window has been told and has not looked at.
    events: std::collections::VecDeque<Message>,
    status: StatusView,
}

impl Window {
    fn on(address: &str) -> Self {
        let feed = Arc::new(Feed::default());
        let session = feed.begin(Status::Connecting);
        tokio::spawn(link(address, &feed, session).run());
        Self { feed, session, events: std::collections::VecDeque::new(), status: StatusView::Connecting }
    }

    async fn pull(&mut self) {
        let batch = self.feed.pull(self.session).await;
        self.status = batch.status;
        self.events.extend(batch.events);
    }

    async fn next(&mut self) -> (String, String) {
        while self.events.is_empty() {
            self.pull().await;
        }
        let message = self.events.pop_front().expect("not empty");
        (message.name, message.data)
    }

    async fn unreachable(&mut self) -> String {
        loop {
            if let StatusView::Unreachable { reason, .. } = &self.status {
                return reason.clone();
            }
            self.pull().await;
        }
    }
}

fn link(address: &str, feed: &Arc<Feed>, session: Session) -> Link<FeedSink> {
    let address = Address::parse(address).expect("an address");
    let (url, token) = (address.stream(), Token::parse("dev_token").expect("a token"));
    let clients = Clients::new(None).expect("clients");
    Link::new(clients.streams, Target { address, token }, url, FeedSink { feed: Arc::clone(feed), session })
}

fn said(name: &str, data: &str) -> (String, String) {
    (name.into(), data.into())
}

#[tokio::test]
async fn events_reach_the_window_with_the_token_sent() {
    let server = serve(vec![Answer::Hold(stream(
        "event: snapshot\nid: 812\ndata: {\"epoch\":812}\n\nevent: pipeline\ndata: {}\n\n",
    ))]);
    let mut window = Window::on(&server.address);
    assert_eq!(window.next().await, said("snapshot", "{\"epoch\":812}"));
    assert_eq!(window.next().await, said("pipeline", "{}"));
    assert_eq!(window.status, StatusView::Open);

    let request = server.requests.recv().expect("a request");
    assert_eq!(request.path, "/api/v1/stream");
    assert_eq!(request.header("authorization"), Some("Bearer dev_token"));
    assert_eq!(request.header("accept"), Some("text/event-stream"));
    assert_eq!(request.header("last-event-id"), None);
}

#[tokio::test]
async fn a_broken_stream_resumes_after_the_last_event_it_had() {
    let server = serve(vec![
        Answer::Close(stream(
            "id: 812\nevent: snapshot\ndata: a\n\nevent: pipeline\ndata: p\n\nid: 813\ndata: unfinish",
        )),
        Answer::Hold(stream("id: 813\nevent: delta\ndata: b\n\n")),
    ]);
    let mut window = Window::on(&server.address);
    assert_eq!(window.next().await, said("snapshot", "a"));
    assert_eq!(window.next().await, said("pipeline", "p"));
    assert_eq!(window.next().await, said("delta", "b"));
    assert_eq!(window.status, StatusView::Open);
    assert_eq!(last_ids(&server, 2), [None, Some("812".into())]);
}

#[tokio::test]
async fn after_a_reset_it_asks_for_a_snapshot() {
    let server = serve(vec![
        Answer::Close(stream("id: 812\nevent: snapshot\ndata: a\n\nevent: reset\ndata: {}\n\n")),
        Answer::Hold(stream("id: 900\nevent: snapshot\ndata: b\n\n")),
    ]);
    let mut window = Window::on(&server.address);
    for expected in [said("snapshot", "a"), said("reset", "{}"), said("snapshot", "b")] {
        assert_eq!(window.next().await, expected);
    }
    assert_eq!(last_ids(&server, 2), [None, None]);
}

#[tokio::test]
async fn a_refused_token_is_said_and_not_tried_again() {
    let problem = r#"{"type":"about:blank","title":"Not valid","status":400,"code":"validation"}"#;
    for (said, words) in [
        (status("401 Unauthorized"), "the server does not know this token"),
        (status("403 Forbidden"), "this token may not read the live stream"),
        (answer("400 Bad Request", "application/problem+json", problem), "the server answers 400: Not valid"),
    ] {
        let server = serve(vec![Answer::Close(said)]);
        let feed = Arc::new(Feed::default());
        let session = feed.begin(Status::Connecting);
        // It returns: a link that tried again would not.
        link(&server.address, &feed, session).run().await;
        assert_eq!(feed.pull(session).await.status, StatusView::Refused { reason: words.into() });
    }
}

#[tokio::test]
async fn what_is_no_stream_is_said_in_words_and_tried_again() {
    let other =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi".to_vec();
    let redirect =
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let cases = [
        (status("503 Service Unavailable"), "the server is starting, recovering or full"),
        (status("429 Too Many Requests"), "the server takes no more requests from here for a while"),
        (status("404 Not Found"), "the server answers 404"),
        (redirect.to_vec(), "the server answers 302"),
        (other, "what answers there is not Suiftly: no event stream"),
        (stream(""), "the server ended the stream"),
        (b"garbage\r\n\r\n".to_vec(), "broke off"),
        (stream("data: \"\n\n").into_iter().chain(*b"data: \xff\n").collect(), "not UTF-8"),
    ];
    for (answer, words) in cases {
        let server = serve(vec![Answer::Close(answer), Answer::HoldOnGo(stream("event: snapshot\ndata: back\n\n"))]);
        let mut window = Window::on(&server.address);
        let reason = window.unreachable().await;
        server.go();
        assert!(reason.contains(words), "{reason}");
        while window.next().await.1 != "back" {}
        assert_eq!(window.status, StatusView::Open);
    }
}

#[tokio::test]
async fn a_port_without_a_server_is_said() {
    let address = serve(Vec::new()).close();
    let mut window = Window::on(&address);
    assert_eq!(window.unreachable().await, format!("nothing answers at {address}"));
}

#[tokio::test]
async fn a_line_without_end_is_given_up_at_its_bound() {
    let endless = "x".repeat(MAX_LINE_BYTES + 1);
    let server =
        serve(vec![Answer::Hold(stream(&endless)), Answer::HoldOnGo(stream("event: snapshot\ndata: back\n\n"))]);
    let mut window = Window::on(&server.address);
    assert!(window.unreachable().await.contains("a line of more than"));
    server.go();
    assert_eq!(window.next().await, said("snapshot", "back"));
}

fn last_ids(server: &Server, count: usize) -> Vec<Option<String>> {
    let requests = server.requests.iter().take(count);
    requests.map(|request| request.header("last-event-id").map(str::to_owned)).collect()
}
