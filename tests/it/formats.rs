//! Lines of a format that nobody configured, from their socket to the bill: quarantined, mended by a published format,
//! given again and counted once, and still so after a restart.

use crate::program::Place;
use std::io::Write;
use std::net::TcpStream;
use std::process::Output;
use std::time::SystemTime;

const FORMAT: &str = "EDGE2 %[date(0,ms)] %ST %B %[var(txn.cid)] %[var(txn.n)]";
const ATTRIBUTION: [&str; 10] = [
    "-a",
    "customer=var(txn.cid)",
    "-a",
    "began=date(0,ms)",
    "-a",
    "traffic==1",
    "-a",
    "service==seal",
    "-a",
    "network==mainnet",
];

/// Lines of three requests of customer 4242, two of them found, of 100 bytes each.
fn send(place: &Place) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let line =
        |n: usize, status: u16| format!("<134>Nov 21 22:01:17 gw haproxy[7]: EDGE2 {now} {status} 100 4242 {n}\n");
    let lines = [line(1, 200), line(2, 404), line(3, 201)].concat();
    TcpStream::connect(place.syslog).unwrap().write_all(lines.as_bytes()).unwrap();
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn with_format<'a>(words: &[&'a str], format: &'a str) -> Vec<&'a str> {
    [words, &[format], &ATTRIBUTION].concat()
}

#[test]
fn lines_of_an_unknown_format_are_mended_and_billed_once() {
    let place = Place::new();
    let first = place.up("auto");
    send(&place);
    place.ls_until(|said| said.matches("EDGE2").count() == 3);
    assert_eq!(place.stored().1, 0);

    // A string that does not fit says where; nothing has come of it.
    let misfit = place.run(&with_format(&["log-format", "try"], &FORMAT.replace("%ST %B", "%B %tsc")));
    assert!(String::from_utf8(misfit.stdout.clone()).unwrap().contains("character "), "{misfit:?}");
    assert!(refused(&misfit).contains("3 of 3 lines are not of this format"));
    let odd = place.run(&with_format(&["log-format", "publish", "edge2"], "EDGE2 %zz"));
    assert!(refused(&odd).contains("log_format at character 7"), "{odd:?}");
    assert_eq!(out(&place.run(&["log-format", "list"])), "");

    let fits = place.run(&with_format(&["log-format", "try"], FORMAT));
    assert_eq!(out(&fits).matches("customer_id 4242").count(), 3, "{fits:?}");
    assert_eq!(place.stored().1, 0);
    out(&place.run(&with_format(&["log-format", "publish", "edge2"], FORMAT)));
    // Asked right after: it is read behind what was published.
    assert!(place.run(&["quarantine", "replay"]).status.success());
    place.ls_until(|said| said.matches("accepted").count() == 3);
    let billed = "SELECT coalesce(sum(billable_requests), 0) || ' of ' || coalesce(sum(requests), 0) FROM ( \
        SELECT billable_requests, guaranteed + burst + rejected + client_error + server_error + other AS requests \
        FROM usage_per_hour WHERE customer_id = 4242) AS sums";
    place.database_says(billed, "2 of 3");

    // What comes now is read as it comes.
    send(&place);
    place.database_says(billed, "4 of 6");
    let (ended, log) = first.stop();
    assert!(ended.success(), "{log}");

    // A restart knows it still, and gives nothing twice.
    let second = place.up("auto");
    send(&place);
    place.database_says(billed, "6 of 9");
    assert!(refused_or_nothing(&place.run(&["quarantine", "replay", "--again"])));
    assert!(out(&place.run(&["log-format", "list"])).contains("edge2  in_force"));
    let (counts, records) = place.stored();
    assert_eq!((counts.received, counts.accepted, records), (12, 9, 9));

    assert!(place.run(&["log-format", "retire", "edge2"]).status.success());
    assert!(out(&place.run(&["log-format", "list"])).contains("edge2  retired"));
    let twice = place.run(&["log-format", "retire", "nobody"]);
    assert!(refused(&twice).contains("there is no such format"));
    let told = "SELECT (entity->'log_format'->>'is_in_force') FROM reference_entities WHERE kind = 'log_format'";
    place.database_says(told, "false");
    send(&place);
    place.ls_until(|said| said.matches("EDGE2").count() == 6);
    place.database_says(billed, "6 of 9");
    assert!(second.stop().0.success());
}

fn refused_or_nothing(output: &Output) -> bool {
    String::from_utf8_lossy(&output.stderr).contains("nothing to give again")
}
