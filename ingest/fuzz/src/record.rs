//! What every accepted record promises, and a record as an SF1 line.

use std::fmt::Write as _;
use suiftly_ingest::haproxy::MAX_BYTES_SENT;
use suiftly_ingest::syslog::repeated::MAX_REPEATS;
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;

/// What the database, the sums and the views lean on.
pub(crate) fn assert_sound(record: &Record) {
    assert!((-1..=999).contains(&record.status_code), "{record:?}");
    assert!((UnixMillis::MIN..=UnixMillis::MAX).contains(&record.timestamp), "{record:?}");
    assert!(record.traffic_type <= 8, "{record:?}");
    assert!(record.bytes_sent <= MAX_BYTES_SENT, "{record:?}");
    assert!(record.customer_id.is_none_or(|id| id.get() > 0), "{record:?}");
    assert!(record.path_prefix.is_none_or(|path| !path.as_str().is_empty()), "{record:?}");
    assert!(record.termination.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "{record:?}");
    assert!((0..=19).contains(&record.backend_id), "{record:?}");
    // What is told of a stream is no request.
    let least = u32::from(!matches!(record.traffic_type, 7 | 8));
    assert!((least..=MAX_REPEATS).contains(&record.repeat), "{record:?}");
    assert_eq!(record.journal_offset, 0, "{record:?}");
    let timers = &record.timers;
    let phases = [timers.request_ms, timers.queue_ms, timers.connect_ms, timers.response_ms, Some(timers.total_ms)];
    assert!(phases.into_iter().flatten().all(|ms| ms >= 0), "{record:?}");
    if let Some(id) = record.line_id {
        assert_eq!(record.server_id, Some(id.server_id), "{record:?}");
        assert!((0..=UnixMillis::MAX.0).contains(&id.boot.0), "{record:?}");
    }
}

/// The SF1 body that says the same. The record must have an identity.
pub(crate) fn to_sf1(record: &Record) -> String {
    let id = record.line_id.expect("an SF1 record has an identity");
    let mut line = format!("SF1 {0} {0} {1} 0 {2}", record.timestamp.0, id.boot.0, id.seq);
    let mut put = |token: String| {
        // Writing to a String cannot fail.
        let _ = write!(line, " {}", if token.is_empty() { "-" } else { &token });
    };
    let or_unset = |number: Option<i64>| number.map_or_else(String::new, |number| number.to_string());
    let timer = |ms: Option<i32>| ms.unwrap_or(-1).to_string();
    put(id.server_id.to_string());
    put(or_unset(record.network.map(|network| network.number().into())));
    put(or_unset(record.service.map(|service| service.number().into())));
    put(or_unset(record.frontend.map(|frontend| frontend.number().into())));
    put(record.traffic_type.to_string());
    put(record.event_type.to_string());
    put(or_unset(record.customer_id.map(|id| id.get())));
    put(record.api_key_fp.to_string());
    put(or_unset(record.key_metadata.map(i64::from)));
    put(record.config_hex.map_or_else(String::new, |word| format!("{:016x}", word.cast_unsigned())));
    put(record.client_ip.map_or_else(String::new, |ip| ip.to_string()));
    put(record.path_prefix.map_or_else(String::new, |path| path.as_str().to_owned()));
    put(record.status_code.to_string());
    put(record.bytes_sent.to_string());
    put("0".to_owned());
    let timers = &record.timers;
    for ms in [timers.request_ms, timers.queue_ms, timers.connect_ms, timers.response_ms, Some(timers.total_ms)] {
        put(timer(ms));
    }
    put(record.termination.as_str().to_owned());
    put(if record.backend_id == 0 { "be/<NOSRV>".to_owned() } else { format!("be/s{}", record.backend_id) });
    put("unix".to_owned());
    put("id".to_owned());
    line
}
