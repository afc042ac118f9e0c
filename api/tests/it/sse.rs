//! Reading a stream's events, one by one, as slowly as a test likes.

use crate::world::TOKEN;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use std::time::Duration;
use tower::ServiceExt;

/// One event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: Value,
    pub(crate) retry: Option<String>,
}

/// An open stream. Nothing is read ahead of what is asked for.
pub(crate) struct Events {
    body: Body,
    text: String,
}

/// What comes beside everything else, whenever something has changed.
const REVISIONS: &str = "revisions";

impl Events {
    pub(crate) async fn open(router: &Router, query: &str, last_event_id: Option<&str>) -> Self {
        let mut request =
            Request::get(format!("/api/v1/stream?{query}")).header("authorization", format!("Bearer {TOKEN}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let request = request.header("accept-encoding", "gzip, br").body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers().get("content-encoding"), None);
        Self { body: response.into_body(), text: String::new() }
    }

    /// Of a body that was opened otherwise.
    pub(crate) fn reading(body: Body) -> Self {
        Self { body, text: String::new() }
    }

    /// The next event but revisions, or `None` at the stream's end. Paused time moves on by itself.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let event = self.any().await?;
            if event.name != REVISIONS {
                return Some(event);
            }
        }
    }

    /// The next revisions.
    pub(crate) async fn next_revisions(&mut self) -> Event {
        loop {
            let event = self.any().await.expect("the stream goes on");
            if event.name == REVISIONS {
                return event;
            }
        }
    }

    async fn any(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = parse(event);
                self.text = rest.to_owned();
                return Some(event);
            }
            let frame = self.body.frame().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }

    /// The next event that is no `pipeline`.
    pub(crate) async fn next_usage(&mut self) -> Event {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.name != "pipeline" {
                return event;
            }
        }
    }

    /// What comes within a time of tokio's clock.
    pub(crate) async fn within(&mut self, time: Duration) -> Vec<Event> {
        let end = tokio::time::Instant::now() + time;
        let mut events = Vec::new();
        while let Ok(Some(event)) = tokio::time::timeout_at(end, self.next()).await {
            events.push(event);
        }
        events
    }
}

fn parse(text: &str) -> Event {
    let mut event = Event::default();
    for line in text.lines() {
        let (field, value) = line.split_once(':').unwrap();
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => event.name = value.to_owned(),
            "id" => event.id = Some(value.parse().unwrap()),
            "data" => event.data = serde_json::from_str(value).unwrap(),
            "retry" => event.retry = Some(value.to_owned()),
            other => panic!("no such field: {other}"),
        }
    }
    event
}
