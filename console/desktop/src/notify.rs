//! Native notifications, by the desktop's own service (the Desktop Notifications Specification, over D-Bus).

use std::collections::HashMap;

use zbus::Connection;
use zbus::zvariant::Value;

/// Longest title shown, in characters.
const MAX_TITLE_CHARS: usize = 120;
/// Longest text shown, in characters.
const MAX_BODY_CHARS: usize = 1_000;

/// As long as the desktop finds right.
const DEFAULT_TIME: i32 = -1;

/// Shows a notification.
///
/// # Errors
/// If there is nobody who shows them: in one sentence.
pub async fn show(bus: &Connection, title: &str, body: &str) -> Result<(), String> {
    let (title, body) = (line(title), marked(body));
    if title.is_empty() {
        return Err("a notification has a title".into());
    }
    let hints: HashMap<&str, Value<'_>> = HashMap::from([("desktop-entry", "suiftly-console".into())]);
    let no_actions: &[&str] = &[];
    let message = ("Suiftly console", 0_u32, "suiftly-console", title, body, no_actions, hints, DEFAULT_TIME);
    let service = Some("org.freedesktop.Notifications");
    let shown = bus
        .call_method(service, "/org/freedesktop/Notifications", service, "Notify", &message)
        .await
        .and_then(|answer| answer.body().deserialize::<u32>());
    shown.map(drop).map_err(|error| nobody(&error))
}

/// Why nothing was shown.
#[must_use]
pub fn nobody(error: &zbus::Error) -> String {
    tracing::debug!("no notification: {error}");
    "nothing in this session shows notifications".into()
}

fn line(text: &str) -> String {
    let spaced = text.chars().map(|char| if char.is_control() { ' ' } else { char });
    spaced.take(MAX_TITLE_CHARS).collect::<String>().trim().to_owned()
}

/// Services read the text as markup: what came from outside must not be any.
fn marked(text: &str) -> String {
    let mut marked = String::new();
    for char in text.chars().filter(|char| *char == '\n' || !char.is_control()).take(MAX_BODY_CHARS) {
        match char {
            '&' => marked.push_str("&amp;"),
            '<' => marked.push_str("&lt;"),
            '>' => marked.push_str("&gt;"),
            char => marked.push(char),
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_bounded_and_no_markup() {
        assert_eq!(line("DOWN\n seal-1 \u{7}"), "DOWN  seal-1");
        assert_eq!(marked("<a href=\"x\">&\r\nb"), "&lt;a href=\"x\"&gt;&amp;\nb");
        assert_eq!(line(&"é".repeat(500)).chars().count(), MAX_TITLE_CHARS);
        assert_eq!(marked(&"é".repeat(5_000)).chars().count(), MAX_BODY_CHARS);
    }
}
