//! HAProxy's own messages: servers going up and down, proxies starting and stopping, alerts, connection errors. They
//! go to the system log, never to the rejected.
//!
//! HAProxy logs requests at `info` and most of its own messages at `notice` or above, but levels can be capped
//! (`log … notice warning`) and headers can be missing, so the wording is looked at first. The wordings are those of
//! `send_log()` in HAProxy 1.8 to 3.x (server.c, proxy.c, check.c, backend.c, session.c, haproxy.c, mworker.c).

use crate::syslog::SyslogLine;
use memchr::memmem;

/// How its messages begin.
const PREFIXES: &[&[u8]] = &[
    b"Server ",
    b"Backup Server ",
    b"Health check for ",
    b"Backup Health check for ",
    b"Agent check for ",
    b"Proxy ",
    b"proxy ",
    b"Frontend ",
    b"frontend ",
    b"Backend ",
    b"backend ",
    b"Listener ",
    b"listener ",
    b"Connect from ",
    b"Stopping ",
    b"Pausing ",
    b"Resuming ",
    b"Enabling ",
    b"Enabled ",
    b"Disabling ",
    b"SIGHUP",
    b"Stopped ",
    b"Paused ",
    b"Resumed ",
    b"Loading success",
    b"New worker ",
    b"New program ",
    b"Current worker ",
    b"Former worker ",
    b"Program ",
    b"Reexecuting Master",
    b"Reloading HAProxy",
    b"Exiting Master",
    b"All workers exited",
    b"Some tasks resisted ",
    b"soft-stop running ",
    b"Grace period expired",
    b"Scheduling a soft-stop",
    b"Port ",
    b"Bind on socket ",
    b"Peers ",
    b"haproxy version is ",
    b"path to executable is ",
    b"[NOTICE]",
    b"[WARNING]",
    b"[ALERT]",
    b"[EMERG]",
];

/// Severities of its own messages: emergency, alert, warning, notice. Errors (3) are requests under
/// `option log-separate-errors`.
const OWN_SEVERITIES: [u8; 4] = [0, 1, 4, 5];

/// Whether a line that is no request is one of HAProxy's own messages.
pub fn is_own_message(line: &SyslogLine<'_>) -> bool {
    let by_wording = PREFIXES.iter().any(|prefix| line.body.starts_with(prefix));
    by_wording || (is_printable(line.body) && is_from_haproxy(line))
}

/// Whether a body of httplog's shape is a connection's error: `127.0.0.1:4711 [21/Nov/2026:20:54:59.964] fe/1: SSL
/// handshake failure`.
pub fn is_connection_error(body: &[u8]) -> bool {
    let after_date = memmem::find(body, b"] ").map_or(&b""[..], |at| &body[at + 2..]);
    let bind = after_date.split(|byte| *byte == b' ').next().unwrap_or_default();
    bind.ends_with(b":") && bind.contains(&b'/') && is_printable(body)
}

/// By the header: HAProxy's name and a level it has for itself.
fn is_from_haproxy(line: &SyslogLine<'_>) -> bool {
    line.app.is_some_and(|app| app.starts_with(b"haproxy"))
        && line.severity().is_some_and(|severity| OWN_SEVERITIES.contains(&severity))
}

fn is_printable(body: &[u8]) -> bool {
    !body.is_empty() && std::str::from_utf8(body).is_ok_and(|text| !text.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syslog;
    use suiftly_schema::time::UnixMillis;

    fn is_own(frame: &str) -> bool {
        is_own_message(&syslog::parse(frame.as_bytes(), UnixMillis(0)).unwrap())
    }

    #[test]
    fn haproxys_own_messages_are_known() {
        let bodies = [
            "Proxy fe_api started.",
            "Proxy fe_api stopped (cumulated conns: FE: 12, BE: 0).",
            "Server be_app/app1 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", check duration: 0ms. 2 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
            "Backup Server be_app/app9 is UP, reason: Layer7 check passed, code: 200, check duration: 1ms. 2 active and 1 backup servers online. 0 sessions requeued, 0 total in queue.",
            "Health check for server be_app/app1 failed, reason: Layer4 timeout, check duration: 2001ms, status: 2/3 UP.",
            "backend be_app has no server available!",
            "Stopping frontend fe_api in 0 ms.",
            "Connect from 127.0.0.1:4711 to 127.0.0.1:8080 (fe_api/HTTP)",
            "SIGHUP received, dumping servers states for proxy fe_api.",
            "Loading success.",
        ];
        for body in bodies {
            assert!(is_own(body), "{body}");
            assert!(is_own(&format!("<134>1 2026-11-21T22:01:17.199024+00:00 - haproxy 7555 - - {body}")), "{body}");
        }
        // Not in the list, but HAProxy says it at `notice`.
        assert!(is_own(
            "<133>Nov 21 20:54:59 haproxy[1]: be_app/app1 changed its IP from 10.0.0.1 to 10.0.0.2 by DNS."
        ));
    }

    #[test]
    fn others_are_not() {
        let frames = [
            "",
            "hello",
            "<134>Nov 21 20:54:59 haproxy[1]: something at info",
            "<133>Nov 21 20:54:59 sshd[1]: something at notice",
            "<133>Nov 21 20:54:59 haproxy[1]: bin\u{1}ary",
        ];
        for frame in frames {
            assert!(!is_own(frame), "{frame}");
        }
    }

    #[test]
    fn connection_errors() {
        assert!(is_connection_error(b"127.0.0.1:4711 [21/Nov/2026:20:54:59.964] fe/1: SSL handshake failure"));
        assert!(is_connection_error(
            b"::1:4711 [21/Nov/2026:20:54:59.964] fe/https: Connection error during SSL handshake"
        ));
        assert!(!is_connection_error(b"127.0.0.1:4711 [21/Nov/2026:20:54:59.964] fe be/s 0/0/0 200"));
        assert!(!is_connection_error(b"127.0.0.1:4711 [21/Nov"));
    }
}
