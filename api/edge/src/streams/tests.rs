use super::*;
use crate::runtime::RuntimeSocket;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixListener;

const SERVER: i16 = 17;
const BOOT: UnixMillis = UnixMillis(1_795_456_915_710);
const NOW: UnixMillis = UnixMillis(1_795_456_920_000);

fn name(rt: u32) -> String {
    format!("{rt};1795456916401;1;3;2;5;99;77;127.0.0.1;graphql/x;200")
}

/// What a worker has under way: each answer's bytes so far, by its number.
fn open(boot: UnixMillis, rows: &[(u32, u64)]) -> Open {
    let row = |(rt, bytes): &(u32, u64)| OpenRow { rt: *rt, name: name(*rt), bytes: *bytes };
    Open { boot, rows: rows.iter().map(row).collect() }
}

/// What an ingester makes of lines: each counts once, by its birth and number.
#[derive(Default)]
struct Home(BTreeMap<(i64, u32), Line>);

#[derive(Clone, Debug, PartialEq)]
struct Line {
    traffic_type: u8,
    stream: String,
    bytes: u64,
    text: String,
}

impl Home {
    fn take(&mut self, batch: &Batch) {
        let mut rest = std::str::from_utf8(&batch.bytes).unwrap();
        while let Some((length, from)) = rest.split_once(' ') {
            let (message, after) = from.split_at(length.parse().unwrap());
            let of = LineName::of(message.as_bytes()).unwrap();
            assert_eq!(of.server_id, SERVER);
            let tokens: Vec<&str> = message.split_once("SF1 ").unwrap().1.split(' ').collect();
            let line = Line {
                traffic_type: tokens[9].parse().unwrap(),
                stream: tokens[28].to_owned(),
                bytes: tokens[18].parse().unwrap(),
                text: message.to_owned(),
            };
            let there = self.0.entry((of.boot_ms, of.seq)).or_insert_with(|| line.clone());
            assert_eq!(*there, line, "another line under the same number");
            rest = after;
        }
    }

    /// What counts of a stream.
    fn bytes(&self, boot: UnixMillis, rt: u32) -> u64 {
        let stream = format!("{}-{rt}", boot.0);
        self.0.values().filter(|line| line.stream == stream).map(|line| line.bytes).sum()
    }

    fn ends(&self) -> usize {
        self.0.values().filter(|line| line.traffic_type == STREAM_CLOSE).count()
    }
}

fn opened(dir: &Path) -> Meter {
    Meter::open(dir, SERVER, NOW).unwrap()
}

fn deliver(meter: &mut Meter, home: &mut Home) {
    let batch = meter.batch().unwrap();
    home.take(&batch);
    meter.sent(&batch).unwrap();
    assert_eq!(meter.waiting(), 0);
}

#[test]
fn a_stream_is_told_from_the_second_look_on_and_no_byte_twice() {
    let (dir, mut home) = (tempfile::tempdir().unwrap(), Home::default());
    let mut meter = opened(dir.path());
    meter.look(&open(BOOT, &[(7, 1_000), (8, 10)]), NOW).unwrap();
    assert_eq!((meter.waiting(), meter.open_streams()), (0, 2), "it may be over at once");
    for bytes in [2_000, 2_000, 5_500] {
        meter.look(&open(BOOT, &[(7, bytes)]), NOW).unwrap();
        deliver(&mut meter, &mut home);
        assert_eq!(home.bytes(BOOT, 7), bytes);
    }
    assert_eq!((home.0.len(), meter.told()), (2, Totals { lines: 2, bytes: 5_500 }));
    meter.look(&open(BOOT, &[]), NOW).unwrap();
    assert_eq!((meter.waiting(), meter.open_streams()), (0, 0), "its own line says the end");
    assert!(meter.spool.is_empty() && home.bytes(BOOT, 8) == 0);
}

#[test]
fn what_waits_is_a_line_a_stream_and_the_next_brings_the_rest() {
    let (dir, mut home) = (tempfile::tempdir().unwrap(), Home::default());
    let mut meter = opened(dir.path());
    for bytes in 1..=50 {
        meter.look(&open(BOOT, &[(7, bytes * 100), (9, bytes)]), NOW).unwrap();
        assert!(meter.waiting() <= 2);
    }
    deliver(&mut meter, &mut home);
    assert_eq!((home.bytes(BOOT, 7), home.bytes(BOOT, 9)), (200, 2));
    meter.look(&open(BOOT, &[(7, 5_000), (9, 50)]), NOW).unwrap();
    deliver(&mut meter, &mut home);
    assert_eq!((home.bytes(BOOT, 7), home.bytes(BOOT, 9)), (5_000, 50));
}

#[test]
fn when_the_worker_is_gone_the_end_is_told() {
    let (dir, mut home) = (tempfile::tempdir().unwrap(), Home::default());
    let mut meter = opened(dir.path());
    for bytes in [10, 20] {
        meter.look(&open(BOOT, &[(7, bytes), (8, 0)]), NOW).unwrap();
    }
    let next = BOOT.plus_ms(60_000);
    meter.look(&open(next, &[(7, 3)]), NOW).unwrap();
    deliver(&mut meter, &mut home);
    assert_eq!((home.ends(), home.bytes(BOOT, 7), meter.open_streams()), (1, 20, 1), "of what was told of");
    meter.look(&open(next, &[(7, 4)]), NOW).unwrap();
    deliver(&mut meter, &mut home);
    assert_eq!((home.bytes(BOOT, 7), home.bytes(next, 7)), (20, 4), "another worker's stream of that number");
}

/// Where an edge is killed: before what is done at a step, or after it.
const KILLS: usize = 4;

#[test]
fn killed_anywhere_it_tells_each_byte_once() {
    for kill in 0..KILLS {
        for at in 1..6 {
            let (dir, mut home) = (tempfile::tempdir().unwrap(), Home::default());
            let mut meter = opened(dir.path());
            for step in 0..8_u64 {
                let rows = [(7, step * 1_000), (8 + u32::try_from(step / 3).unwrap(), step + 5)];
                let is_killed = |here| step == at && kill == here;
                if is_killed(0) {
                    meter = opened(dir.path());
                }
                meter.look(&open(BOOT, &rows), NOW).unwrap();
                if is_killed(1) {
                    meter = opened(dir.path());
                }
                let batch = meter.batch().unwrap();
                home.take(&batch);
                if is_killed(2) {
                    meter = opened(dir.path());
                    continue;
                }
                meter.sent(&batch).unwrap();
                if is_killed(3) {
                    meter = opened(dir.path());
                }
            }
            meter.look(&open(BOOT, &[(7, 9_000), (10, 99)]), NOW).unwrap();
            deliver(&mut meter, &mut home);
            meter.look(&open(BOOT, &[(7, 9_500), (10, 99)]), NOW).unwrap();
            deliver(&mut meter, &mut home);
            assert_eq!((home.bytes(BOOT, 7), home.bytes(BOOT, 10)), (9_500, 99), "kill {kill} at {at}");
        }
    }
}

#[test]
fn a_line_that_was_cut_short_on_the_disk_was_never_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("17.spool");
    let mut meter = opened(dir.path());
    for bytes in [100, 200] {
        meter.look(&open(BOOT, &[(7, bytes)]), NOW).unwrap();
    }
    let mut told = Home::default();
    deliver(&mut meter, &mut told);
    let before = fs::read(&path).unwrap().len();
    meter.look(&open(BOOT, &[(7, 300)]), NOW).unwrap();
    drop(meter);
    let whole = fs::read(&path).unwrap();
    for length in before..=whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let (mut meter, mut home) = (opened(dir.path()), Home(told.0.clone()));
        meter.look(&open(BOOT, &[(7, 450)]), NOW).unwrap();
        deliver(&mut meter, &mut home);
        meter.look(&open(BOOT, &[(7, 500)]), NOW).unwrap();
        deliver(&mut meter, &mut home);
        assert_eq!(home.bytes(BOOT, 7), 500, "cut at {length} of {}", whole.len());
    }
}

#[test]
fn after_a_restart_what_was_there_is_sent_byte_for_byte_and_new_lines_have_another_birth() {
    let (dir, mut home) = (tempfile::tempdir().unwrap(), Home::default());
    let mut meter = opened(dir.path());
    for bytes in [10, 20] {
        meter.look(&open(BOOT, &[(7, bytes)]), NOW).unwrap();
    }
    deliver(&mut meter, &mut home);
    let first: Vec<String> = home.0.values().map(|line| line.text.clone()).collect();
    drop(meter);
    // A clock that was set back must not bring a number again.
    let mut meter = Meter::open(dir.path(), SERVER, NOW.plus_ms(-3_600_000)).unwrap();
    assert_eq!(meter.waiting(), 1);
    let batch = meter.batch().unwrap();
    assert_eq!(String::from_utf8(batch.bytes.clone()).unwrap(), format!("{} {}", first[0].len(), first[0]));
    meter.sent(&batch).unwrap();
    meter.look(&open(BOOT, &[(7, 30)]), NOW).unwrap();
    deliver(&mut meter, &mut home);
    let births: Vec<i64> = home.0.keys().map(|(birth, _)| *birth).collect();
    assert_eq!((births, home.bytes(BOOT, 7)), (vec![NOW.0, NOW.0 + 1], 30));
}

/// A HAProxy that answers the commands of one session, and tells them.
fn played(table: String) -> (tempfile::TempDir, std::thread::JoinHandle<Vec<String>>) {
    let directory = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(directory.path().join("s")).unwrap();
    let haproxy = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut commands = BufReader::new(stream.try_clone().unwrap()).lines();
        let answers = [String::new(), format!("proc.boot: type=sint value=<{}>\n", BOOT.0), table];
        let answer = |answer: String| {
            let command = commands.next().unwrap().unwrap();
            stream.write_all(format!("{answer}\n> ").as_bytes()).unwrap();
            command
        };
        answers.into_iter().map(answer).collect()
    });
    (directory, haproxy)
}

#[test]
fn the_table_of_a_worker_is_read() {
    let row = |key: String, more: &str| format!("0x55ab984b1db8: key={key} {more}\n");
    let table = [
        "# table: open, type: string, size:102400, used:4\n".to_owned(),
        row(name(7), "use=1 exp=7999 bytes_out_cnt=2058"),
        row(name(8), "use=0 exp=8999 bytes_out_cnt=13059"),
        row(name(9), "use=1 exp=9999 shard=0 bytes_out_cnt=18446744073709551615"),
        row("what is this".to_owned(), "use=1 exp=9999 bytes_out_cnt=1"),
    ];
    let (directory, haproxy) = played(table.concat());
    let found = Open::read(&RuntimeSocket::new(directory.path().join("s"))).unwrap();
    assert_eq!(found, open(BOOT, &[(7, 2_058), (9, u64::MAX)]));
    let asked = haproxy.join().unwrap();
    assert_eq!(asked, ["prompt", "get var proc.boot", "show table open data.bytes_out_cnt gt 0"]);
}

#[test]
fn a_haproxy_without_the_table_is_told() {
    let (directory, haproxy) = played("No such table\n".to_owned());
    let error = Open::read(&RuntimeSocket::new(directory.path().join("s"))).unwrap_err().to_string();
    assert!(error.contains("No such table"), "{error}");
    haproxy.join().unwrap();
}
