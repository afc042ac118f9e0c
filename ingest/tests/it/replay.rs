//! `replay` held against plain recounts that share no code with it.

use crate::samples;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use suiftly_ingest::replay::{FramingOption, Input, Options, Output, ReplayError, Summary, run};
use suiftly_schema::time::UnixMillis;

const NOW: UnixMillis = UnixMillis(1_795_298_487_000);

fn options() -> Options {
    Options { output: Output::Json, ..Options::new(NOW) }
}

fn input(bytes: Vec<u8>) -> Input {
    Input::Reader("test".to_owned(), Box::new(Cursor::new(bytes)))
}

fn replay(options: &Options, inputs: Vec<Input>) -> Result<(Summary, String, String), ReplayError> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let summary = run(options, inputs, &mut out, &mut err)?;
    Ok((summary, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap()))
}

fn file(name: &str) -> Input {
    Input::Path(samples::path(name))
}

fn rows(json_lines: &str) -> Vec<Value> {
    json_lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Counts per (customer, service, network): requests, bytes, guaranteed, burst, rejected, 4xx, 5xx, other, billable.
type Recount = BTreeMap<[String; 3], [i64; 9]>;

fn add(recount: &mut Recount, key: [String; 3], traffic: &str, status: i64, bytes: i64) {
    let counts = recount.entry(key).or_default();
    let class = match (traffic, status / 100) {
        ("3" | "4" | "5" | "6", _) => 4,
        (_, 4) => 5,
        (_, 5) => 6,
        ("1", 2) => 2,
        ("2", 2) => 3,
        _ => 7,
    };
    counts[0] += 1;
    counts[1] += bytes;
    counts[class] += 1;
    counts[8] += i64::from(["1", "2"].contains(&traffic) && (100..400).contains(&status));
}

/// By splitting at spaces and nothing else.
fn recount_sf1(lines: &[String]) -> Recount {
    let mut recount = Recount::new();
    for line in lines {
        let t: Vec<&str> = line.split(" - - SF1 ").nth(1).unwrap().split(' ').collect();
        let key = [t[11], t[7], t[6]].map(|text| if text == "-" { "null".to_owned() } else { text.to_owned() });
        add(&mut recount, key, t[9], t[17].parse().unwrap(), t[18].parse().unwrap());
    }
    recount
}

/// The words after the date are: fe, be/srv, timers, status, bytes, …
fn recount_httplog(lines: &[String], capture: Option<usize>) -> Recount {
    let mut recount = Recount::new();
    for line in lines {
        let after_date = line.split("] ").last().unwrap();
        let after_date = if after_date.starts_with("fe") { after_date } else { line.split_once("] ").unwrap().1 };
        let t: Vec<&str> = after_date.split(' ').collect();
        let braces = line.split_once(" {").map(|(_, rest)| rest.split_once('}').unwrap().0);
        let customer = capture.and_then(|number| braces?.split('|').nth(number - 1)).unwrap_or("null");
        let key = [customer, "null", "null"].map(str::to_owned);
        add(&mut recount, key, "0", t[3].parse().unwrap(), t[4].parse().unwrap());
    }
    recount
}

fn recounted(rows: &[Value]) -> Recount {
    const COUNTS: [&str; 9] = [
        "requests",
        "bytes_sent",
        "guaranteed_2xx",
        "burst_2xx",
        "rejected",
        "client_errors",
        "server_errors",
        "other",
        "billable_requests",
    ];
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut recount = Recount::new();
    for row in rows {
        let key = [&row["customer_id"], &row["service_type"], &row["network"]].map(text);
        let counts = recount.entry(key).or_default();
        for (sum, name) in counts.iter_mut().zip(COUNTS) {
            *sum += row[name].as_i64().unwrap();
        }
    }
    recount
}

#[test]
fn sf1_totals_equal_a_recount() {
    let lines = samples::lines(samples::SF1);
    let (summary, out, err) = replay(&options(), vec![file(samples::SF1)]).unwrap();
    assert_eq!(recounted(&rows(&out)), recount_sf1(&lines));
    assert_eq!(summary.counts.accepted, lines.len() as u64);
    let first = format!("{0} accepted + 0 duplicates + 0 system messages + 0 rejected = {0} lines\n", lines.len());
    assert!(err.starts_with(&first), "{err}");
    let highest: u64 = lines.iter().map(|line| line.split(' ').nth(12).unwrap().parse().unwrap()).max().unwrap();
    assert_eq!(summary.missing, highest - lines.len() as u64);
}

#[test]
fn httplog_totals_equal_a_recount() {
    for (name, customer_capture) in
        [(samples::HTTPLOG_3164, Some(3)), (samples::HTTPLOG_3164, None), (samples::HTTPLOG_5424, None)]
    {
        let lines = samples::lines(name);
        let (summary, out, _) = replay(&Options { customer_capture, ..options() }, vec![file(name)]).unwrap();
        assert_eq!(recounted(&rows(&out)), recount_httplog(&lines, customer_capture), "{name} {customer_capture:?}");
        assert_eq!((summary.counts.accepted, summary.counts.rejected_total()), (lines.len() as u64, 0));
    }
}

#[test]
fn an_octet_counted_ring_totals_as_its_lines() {
    let frames = samples::ring_frames();
    for framing in [FramingOption::Auto, FramingOption::OctetCount] {
        let (summary, out, _) = replay(&Options { framing, ..options() }, vec![file(samples::RING)]).unwrap();
        assert_eq!(recounted(&rows(&out)), recount_httplog(&frames, None));
        assert_eq!(summary.counts.received, 600);
    }
}

#[test]
fn the_same_lines_twice_count_once_where_they_have_an_identity() {
    let once = replay(&options(), vec![file(samples::SF1)]).unwrap();
    let (twice, out, _) = replay(&options(), vec![file(samples::SF1), file(samples::SF1)]).unwrap();
    assert_eq!(out, once.1);
    assert_eq!((twice.counts.accepted, twice.counts.duplicates), (once.0.counts.accepted, once.0.counts.accepted));

    let (lines, half) =
        (samples::bytes(samples::SF1), samples::lines(samples::SF1).split_off(600).join("\n").into_bytes());
    let (mixed, out, _) = replay(&options(), vec![input(half), input(lines)]).unwrap();
    assert_eq!(out, once.1, "in another order");
    assert_eq!(mixed.counts.duplicates, once.0.counts.accepted - 600);
}

#[test]
fn two_homes_with_loss_are_billed_as_their_union() {
    let mut random = samples::Random::new(3);
    let lines: Vec<String> = (1..=50_000)
        .map(|seq| {
            let at = NOW.0 + seq / 100;
            format!(
                "SF1 {at} {at} 1 {seq} {seq} 17 1 1 2 1 0 {} 5 1 - 10.0.0.1 p 200 {seq} 1 0 0 0 0 0 -- b/s1 - -",
                seq % 9 + 1
            )
        })
        .collect();
    let mut homes = [Vec::new(), Vec::new()];
    let mut union = 0u64;
    for line in &lines {
        let kept = [random.below(5) > 0, random.below(5) > 0];
        for (home, kept) in homes.iter_mut().zip(kept) {
            if kept {
                home.extend_from_slice(line.as_bytes());
                home.push(b'\n');
            }
        }
        union += u64::from(kept[0] || kept[1]);
    }
    let (summary, _, _) = replay(&options(), homes.map(input).into()).unwrap();
    assert_eq!(summary.counts.accepted, union);
    assert_eq!(summary.missing, 50_000 - union);
}

#[test]
fn every_compression_is_read_and_known_by_its_bytes() {
    let plain = samples::bytes(samples::SF1);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&plain).unwrap();
    let gz = gz.finish().unwrap();
    let mut zst = zstd::Encoder::new(Vec::new(), 1).unwrap();
    zst.include_checksum(true).unwrap();
    zst.write_all(&plain).unwrap();
    let zst = zst.finish().unwrap();
    let xz = std::fs::read(samples::path(samples::SF1)).unwrap();
    let expected = replay(&options(), vec![input(plain)]).unwrap();
    for (name, bytes) in [("gz", gz), ("zst", zst), ("xz", xz)] {
        assert_eq!(replay(&options(), vec![input(bytes.clone())]).unwrap().1, expected.1, "{name}");
        let twice = [bytes.clone(), bytes.clone()].concat();
        let (summary, ..) = replay(&options(), vec![input(twice)]).unwrap();
        assert_eq!(summary.counts.duplicates, expected.0.counts.accepted, "{name}, two members");
        for cut in [7, bytes.len() / 2, bytes.len() - 1] {
            let error = replay(&options(), vec![input(bytes[..cut].to_vec())]).expect_err("cut");
            assert!(matches!(&error, ReplayError::Read { name, .. } if name == "test"), "{name} cut at {cut}: {error}");
        }
        let mut rotten = bytes;
        let at = rotten.len() / 2;
        rotten[at] ^= 0x55;
        assert!(replay(&options(), vec![input(rotten)]).is_err(), "{name} with a flipped byte");
    }
}

#[test]
fn all_lines_are_accounted_for() {
    let mut bytes = samples::lines(samples::SF1)[..3].join("\r\n").into_bytes();
    bytes.extend_from_slice(b"\n\n<133>Nov 21 22:01:22 haproxy[1]: Proxy fe started.\nwhat\n\xff\n");
    bytes.extend_from_slice(&[b'x'; 40_000]);
    bytes.extend_from_slice(b"\nlast line");
    let (summary, _, err) = replay(&options(), vec![input(bytes)]).unwrap();
    let rejected = summary.counts.rejected.clone();
    assert_eq!(rejected, [("oversize".to_owned(), 1), ("unknown_format".to_owned(), 3)].into());
    assert_eq!((summary.counts.accepted, summary.counts.system, summary.counts.received), (3, 1, 8));
    assert!(err.contains("3 accepted + 0 duplicates + 1 system messages + 4 rejected = 8 lines\n"), "{err}");
    assert!(err.contains("rejected: oversize 1, unknown_format 3\n"), "{err}");
}

#[test]
fn errors_name_their_input_in_one_line() {
    let broken = [samples::bytes(samples::RING).as_slice(), b"garbage"].concat();
    let whole = samples::bytes(samples::RING);
    let cases = [
        (options(), Input::Path("no/such/file".into()), "cannot open no/such/file: "),
        (options(), Input::Path(env!("CARGO_MANIFEST_DIR").into()), "cannot read "),
        (options(), input(broken), "cannot read test: at byte 118092, no octet count where a frame should begin"),
        (Options { max_groups: 10, ..options() }, file(samples::SF1), "cannot total "),
    ];
    for (options, input, begins) in cases {
        let error = replay(&options, vec![input]).expect_err(begins).to_string();
        assert!(error.starts_with(begins) && !error.contains('\n'), "{error}");
    }
    let (summary, ..) = replay(&options(), vec![input(whole[..whole.len() - 1].to_vec())]).unwrap();
    assert_eq!(summary.counts.rejected, [("truncated".to_owned(), 1)].into());
}

#[test]
fn the_three_outputs() {
    let httplog = |customer: &str| {
        format!(
            "127.0.0.1:1 [21/Nov/2026:20:54:59.969] fe be/s1 0/0/0/0/0 200 89 - - ---- 1/1/1/1/0 0/0 {{{customer}}} \"GET / HTTP/1.1\"\n"
        )
    };
    let sf1 = "SF1 1795298481991 - 1 1 1 17 1 1 2 2 0 42 5 1 - 10.0.0.1 p 200 11 1 0 0 0 0 0 -- b/s1 - -\n";
    let bytes =
        [httplog("say \"hi\", you").as_str(), sf1, &httplog("").replace(" 200 ", " 503 ")].concat().into_bytes();
    let with = |output| {
        let options = Options { output, customer_capture: Some(1), ..options() };
        replay(&options, vec![input(bytes.clone())]).unwrap().1
    };
    let row = |customer: Value, service: Value, hour: &str, counts: [i64; 9]| {
        json!({"customer_id": customer, "service_type": service, "network": service, "hour": hour,
               "requests": counts[0], "bytes_sent": counts[1], "guaranteed_2xx": counts[2], "burst_2xx": counts[3],
               "rejected": counts[4], "client_errors": counts[5], "server_errors": counts[6], "other": counts[7],
               "billable_requests": counts[8]})
    };
    let expected = [
        row(Value::Null, Value::Null, "2026-11-21T20:00:00Z", [1, 89, 0, 0, 0, 0, 1, 0, 0]),
        row(json!(42), json!(1), "2026-11-21T22:00:00Z", [1, 11, 0, 1, 0, 0, 0, 0, 1]),
        row(json!("say \"hi\", you"), Value::Null, "2026-11-21T20:00:00Z", [1, 89, 0, 0, 0, 0, 0, 1, 0]),
    ];
    assert_eq!(rows(&with(Output::Json)), expected);
    let csv = "customer_id,service_type,network,hour,requests,bytes_sent,guaranteed_2xx,burst_2xx,rejected,client_errors,\
               server_errors,other,billable_requests\n\
               ,,,2026-11-21T20:00:00Z,1,89,0,0,0,0,1,0,0\n\
               42,1,1,2026-11-21T22:00:00Z,1,11,0,1,0,0,0,0,1\n\
               \"say \"\"hi\"\", you\",,,2026-11-21T20:00:00Z,1,89,0,0,0,0,0,1,0\n";
    assert_eq!(with(Output::Csv), csv);
    let table = with(Output::Table);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines.iter().all(|line| line.len() == lines[0].len()), "columns are aligned:\n{table}");
    let words: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(words[..6], ["42", "seal", "mainnet", "2026-11-21T22:00:00Z", "1", "11"]);
    assert_eq!(lines[4].split_whitespace().take(3).collect::<Vec<_>>(), ["total", "3", "189"]);
}
