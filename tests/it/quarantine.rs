//! A line that cannot be read, from its socket to the bill after the fix.

use crate::program::Place;
use std::io::Write;
use std::net::TcpStream;
use std::time::SystemTime;
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_schema::time::UnixMillis;

/// A line of HAProxy's stock httplog, which a server that is told to read SF1 alone does not know.
const SECRET: &str = "/customers-own-path";
const HTTPLOG: &str = "<134>Nov 21 22:01:17 gw haproxy[7]: 192.0.2.1:51234 [21/Nov/2026:22:01:17.199] fe be/s1 \
    0/0/1/9/10 200 7 - - ---- 1/1/0/0/0 0/0 \"GET /customers-own-path HTTP/1.1\"\n";

/// A line of the gateway's own, dated long before its receipt.
fn old_line() -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let long_ago = UnixMillis(i64::try_from(now).unwrap()).plus_ms(-8 * 24 * 3_600_000);
    let mut line = Vec::new();
    SimulatedGateway::new(&GatewayOptions::default(), long_ago).line(long_ago, &mut line);
    line.push(b'\n');
    line
}

fn said(output: &std::process::Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn lines_given_again_after_a_fix_are_billed_once() {
    let place = Place::new();
    let strict = place.up("sf1");
    let mut stream = TcpStream::connect(place.syslog).unwrap();
    stream.write_all(&[HTTPLOG.as_bytes(), &old_line()].concat()).unwrap();
    drop(stream);
    let listed = place.ls_until(|said| said.contains("unknown_format") && said.contains("time_window"));
    assert!(listed.contains(SECRET), "{listed}");
    assert_eq!((place.stored().0.received, place.stored().1), (2, 0));
    let offset = listed.lines().find(|line| line.contains(SECRET)).unwrap().split(' ').next().unwrap();
    let shown = place.run(&["quarantine", "show", offset, "--raw"]);
    assert_eq!(shown.stdout, HTTPLOG.trim_end().as_bytes());
    let (ended, log) = strict.stop();
    assert!(ended.success(), "{log}");
    assert!(!log.contains(SECRET), "a customer's line is no log of ours: {log}");

    // Without a server there is nobody to ask.
    let refused = place.run(&["quarantine", "replay"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("is it running?"));

    let fixed = place.up("auto");
    assert!(said(&place.run(&["quarantine", "replay"])).contains("2 lines were given again"));
    place.ls_until(|said| said.matches("accepted").count() == 2);
    let (counts, records) = place.stored();
    assert_eq!((counts.received, counts.accepted, records), (4, 2, 2), "each came twice and is billed once");
    assert!(said(&place.run(&["quarantine", "replay", "--again"])).contains("nothing to give again"));
    let (ended, log) = fixed.stop();
    assert!(ended.success() && !log.contains(SECRET), "{log}");

    let again = place.up("sf1");
    assert!(said(&place.run(&["quarantine", "replay", "--again"])).contains("nothing to give again"));
    assert_eq!(place.stored(), (counts, records));
    assert!(again.stop().0.success());
}
