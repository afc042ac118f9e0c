//! What the program says of itself while it runs: to journald with fields and priorities where systemd reads it, else
//! on standard error, as text or as JSON.
//!
//! It is set up before anything else, out of `[log]` for the commands that serve and out of the environment for all:
//! `SUIFTLY_LOG` (levels) wins over `log.level`. A configuration that cannot be read is the command's to tell; what is
//! said until then is text.

use crate::cli::Command;
use crate::config::{Config, Log, LogOutput, log_filter};
use nix::sys::stat::fstat;
use std::io::IsTerminal;
use std::path::Path;
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// What names our lines in journald.
const SYSLOG_IDENTIFIER: &str = "suiftly";
/// Before the names of fields. journald drops a field whose name is not in capitals.
const FIELD_PREFIX: &str = "SUIFTLY";
/// What systemd sets: the device and inode of the stream that goes to journald.
const JOURNAL_STREAM: &str = "JOURNAL_STREAM";
const LEVELS: &str = "SUIFTLY_LOG";

/// Sets it up for a command.
pub(crate) fn start(command: &Command) {
    let log = config_of(command).and_then(|config| Config::read(config).ok()).map(|config| config.log);
    let log = log.unwrap_or_default();
    let environment = std::env::var(LEVELS).ok();
    let (filter, refused) = filter_of(&log, environment.as_deref());
    let (output, fallen_back) = match shape(log.format, is_read_by_journald()) {
        LogOutput::Journald => match journald() {
            Ok(layer) => (layer, None),
            Err(error) => (text(std::io::stderr, false), Some(error)),
        },
        LogOutput::Json => (json(std::io::stderr), None),
        LogOutput::Text | LogOutput::Auto => (text(std::io::stderr, std::io::stderr().is_terminal()), None),
    };
    tracing_subscriber::registry().with(output.with_filter(filter)).init();
    if let Some(error) = fallen_back {
        tracing::warn!(%error, "journald cannot be reached: text on standard error instead");
    }
    if let Some(levels) = refused {
        tracing::warn!(
            levels,
            "{LEVELS} cannot be read and is passed over: it must be such as info,suiftly_ingest=debug"
        );
    }
}

/// The configuration of a command that serves.
fn config_of(command: &Command) -> Option<Option<&Path>> {
    match command {
        Command::Up(args) => Some(args.place.config.as_deref()),
        Command::Serve(args) => Some(args.place.config.as_deref()),
        Command::Edge(args) => Some(args.config.as_deref()),
        _ => None,
    }
}

/// The environment's levels, if they can be read; and those that cannot.
fn filter_of<'e>(log: &Log, environment: Option<&'e str>) -> (EnvFilter, Option<&'e str>) {
    let ours = || log.filter().unwrap_or_else(|_| EnvFilter::new("info"));
    match environment.filter(|levels| !levels.is_empty()) {
        None => (ours(), None),
        Some(levels) => log_filter(levels).map_or_else(|_| (ours(), Some(levels)), |filter| (filter, None)),
    }
}

/// What is written, where `auto` leaves it open.
const fn shape(asked: LogOutput, is_read_by_journald: bool) -> LogOutput {
    match asked {
        LogOutput::Auto if is_read_by_journald => LogOutput::Journald,
        LogOutput::Auto => LogOutput::Text,
        asked => asked,
    }
}

/// Whether standard error is the stream that systemd connected to journald: a program that we start inherits the variable,
/// and may have another standard error.
fn is_read_by_journald() -> bool {
    let stream = std::env::var(JOURNAL_STREAM).ok();
    let Ok(stat) = fstat(std::io::stderr()) else { return false };
    stream.is_some_and(|stream| is_stream(&stream, stat.st_dev, stat.st_ino))
}

fn is_stream(text: &str, device: u64, inode: u64) -> bool {
    let number = |text: &str| text.parse::<u64>().ok();
    let parts = text.split_once(':').and_then(|(device, inode)| Some((number(device)?, number(inode)?)));
    parts == Some((device, inode))
}

type Output<S> = Box<dyn Layer<S> + Send + Sync>;

fn journald<S: Subscriber + for<'a> LookupSpan<'a>>() -> std::io::Result<Output<S>> {
    let layer = tracing_journald::layer()?.with_syslog_identifier(SYSLOG_IDENTIFIER.to_owned());
    Ok(Box::new(layer.with_field_prefix(Some(FIELD_PREFIX.to_owned()))))
}

fn text<S, W>(writer: W, colour: bool) -> Output<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    Box::new(tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colour).with_target(false))
}

fn json<S, W>(writer: W) -> Output<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().json().flatten_event(true);
    Box::new(layer.with_current_span(false).with_span_list(false).with_writer(writer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::io::Write;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().clone()).unwrap()
        }
    }

    #[test]
    fn what_is_left_open_is_journald_under_systemd_and_text_elsewhere() {
        for (asked, under_systemd, is) in [
            (LogOutput::Auto, true, LogOutput::Journald),
            (LogOutput::Auto, false, LogOutput::Text),
            (LogOutput::Json, true, LogOutput::Json),
            (LogOutput::Text, true, LogOutput::Text),
            (LogOutput::Journald, false, LogOutput::Journald),
        ] {
            assert_eq!(shape(asked, under_systemd), is, "{asked:?}");
        }
    }

    #[test]
    fn only_the_very_stream_is_journalds() {
        for (text, is) in
            [("8:42", true), ("8:43", false), ("9:42", false), ("8", false), ("", false), ("8:42:1", false)]
        {
            assert_eq!(is_stream(text, 8, 42), is, "{text:?}");
        }
    }

    #[test]
    fn a_json_line_has_its_time_level_message_and_fields_at_the_top() {
        let written = Written::default();
        let to = written.clone();
        let subscriber = tracing_subscriber::registry().with(json(move || to.clone()));
        tracing::subscriber::with_default(subscriber, || tracing::warn!(server = 17, "it is \"late\"\nby far"));
        let text = written.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((line["level"].as_str(), line["server"].as_i64()), (Some("WARN"), Some(17)), "{text}");
        assert_eq!(line["message"], "it is \"late\"\nby far");
        assert!(line["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{text}");
        assert!(line["target"].is_string(), "{text}");
    }

    #[test]
    fn the_environment_wins_and_nonsense_in_it_is_passed_over() {
        let log = Log { level: "warn".to_owned(), ..Log::default() };
        for (environment, filter, refused) in [
            (None, "tokio_postgres=warn,warn", None),
            (Some(""), "tokio_postgres=warn,warn", None),
            (Some("debug"), "tokio_postgres=warn,debug", None),
            (Some("a=b=c"), "tokio_postgres=warn,warn", Some("a=b=c")),
        ] {
            let (found, passed_over) = filter_of(&log, environment);
            assert_eq!((found.to_string().as_str(), passed_over), (filter, refused), "{environment:?}");
        }
    }
}
