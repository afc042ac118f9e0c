//! HAProxy's answers, read. Pure; `None` is what was not expected.

use suiftly_schema::fleet::{ServerReport, TEXT_CHARS_MAX};

/// One row of a stick table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// Its key, as HAProxy writes it.
    pub key: String,
    /// By how many requests that are under way it is tracked.
    pub uses: u32,
    /// Its counters by name, without the period of a rate: `gpc0`, `gpc0_rate`.
    pub counters: Vec<(String, u64)>,
}

impl TableRow {
    /// The counter of this name.
    pub fn counter(&self, name: &str) -> Option<u64> {
        self.counters.iter().find(|(there, _)| there == name).map(|&(_, value)| value)
    }
}

/// What `show info` tells of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessStatus {
    /// HAProxy's version, such as `2.6.12-1+deb12u4`.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// Seconds since its start.
    pub uptime_s: u64,
    /// Requests since its start, of all frontends.
    pub requests: u64,
    /// Log messages that it could not send. Stays 0 for most kinds of loss: only seq tells.
    pub dropped_logs: u64,
}

/// A map as `show map` lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadedMap {
    /// The number by which commands name it.
    pub id: i32,
    /// The version in force.
    pub version: u32,
    /// The version that was prepared last.
    pub last_version: u32,
    /// Entries of all versions, those that were never committed too.
    pub entries: usize,
}

/// `# table: seq, type: integer, size:1, used:1`, then a line per row.
pub(super) fn table(answer: &str, name: &str) -> Option<Vec<TableRow>> {
    let mut lines = answer.lines().filter(|line| !line.trim().is_empty());
    lines.next()?.strip_prefix("# table: ")?.strip_prefix(name)?.strip_prefix(',')?;
    lines.map(row).collect()
}

/// `0x55e011179ad8: key=1 use=0 exp=0 gpc0=37 gpc0_rate(1000)=6`. A key may hold spaces; what follows it may not.
pub(super) fn row(line: &str) -> Option<TableRow> {
    let (_, rest) = line.split_once(": key=")?;
    let (key, counters) = rest.rsplit_once(" use=")?;
    let (uses, counters) = counters.split_once(' ').unwrap_or((counters, ""));
    let counters = counters.split(' ').filter_map(|field| {
        let (name, value) = field.split_once('=')?;
        Some((name.split('(').next()?.to_owned(), value.parse().ok()?))
    });
    Some(TableRow { key: key.to_owned(), uses: uses.parse().ok()?, counters: counters.collect() })
}

/// `proc.boot: type=sint value=<1795302214397>`
pub(super) fn integer_variable(answer: &str) -> Option<i64> {
    let (_, value) = answer.split_once("type=sint value=<")?;
    value.split('>').next()?.parse().ok()
}

pub(super) fn info(answer: &str) -> Option<ProcessStatus> {
    let field = |name: &str| answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Some(ProcessStatus {
        version: field("Version")?.to_owned(),
        pid: field("Pid")?.parse().ok()?,
        uptime_s: field("Uptime_sec")?.parse().ok()?,
        requests: field("CumReq")?.parse().ok()?,
        dropped_logs: field("DroppedLogs")?.parse().ok()?,
    })
}

/// `1 (/etc/maps/keys.map) pattern loaded from file '…' used by map at … curr_ver=0 next_ver=1 entry_cnt=2`, if the map's
/// file has this name.
pub(super) fn loaded_map(line: &str, file: &str) -> Option<LoadedMap> {
    let (id, rest) = line.split_once(" (")?;
    let (path, rest) = rest.split_once(") pattern loaded from file ")?;
    let is_named = path.rsplit('/').next() == Some(file);
    let field = |name: &str| rest.split(' ').rev().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    is_named.then_some(())?;
    Some(LoadedMap {
        id: id.parse().ok()?,
        version: field("curr_ver")?.parse().ok()?,
        last_version: field("next_ver")?.parse().ok()?,
        entries: field("entry_cnt")?.parse().ok()?,
    })
}

/// `0x7f32a67f28a0 KEY VALUE`
pub(super) fn entry(line: &str) -> Option<(&str, &str)> {
    let (reference, entry) = line.split_once(' ')?;
    reference.strip_prefix("0x")?;
    Some(entry.split_once(' ').unwrap_or((entry, "")))
}

/// A line per use of the map, which must agree: `type=str, case=sensitive, found=yes, idx=tree, key="K", value="V", type="str"`.
pub(super) fn found(answer: &str) -> Option<Option<(String, String)>> {
    let mut finds = answer.lines().filter(|line| !line.is_empty()).map(found_in_line);
    let first = finds.next()??;
    finds.all(|find| find.as_ref() == Some(&first)).then_some(first)
}

fn found_in_line(line: &str) -> Option<Option<(String, String)>> {
    if line.ends_with("found=no") {
        return Some(None);
    }
    let quoted = |name: &str| Some(line.split_once(name)?.1.split_once('"')?.0.to_owned());
    line.contains("found=yes").then_some(())?;
    Some(Some((quoted(" key=\"")?, quoted(" value=\"")?)))
}

/// `New version created: 3`
pub(super) fn new_version(answer: &str) -> Option<u32> {
    answer.trim().strip_prefix("New version created: ")?.parse().ok()
}

/// Statistics as CSV, whose first line names the columns.
pub(super) fn servers(answer: &str) -> Option<Vec<ServerReport>> {
    let mut lines = answer.lines().filter(|line| !line.is_empty());
    let names: Vec<&str> = lines.next()?.strip_prefix("# ")?.split(',').collect();
    let column = |name: &str| names.iter().position(|there| *there == name);
    let columns = [column("pxname")?, column("svname")?, column("status")?, column("scur")?];
    lines.map(|line| server(line, columns)).collect()
}

fn server(line: &str, columns: [usize; 4]) -> Option<ServerReport> {
    let fields: Vec<&str> = line.split(',').collect();
    let text = |at: usize| Some(fields.get(columns[at])?.chars().take(TEXT_CHARS_MAX).collect());
    Some(ServerReport {
        backend: text(0)?,
        server: text(1)?,
        status: text(2)?,
        sessions: fields.get(columns[3])?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: &str = "# table: rate, type: string, size:102400, used:2\n\
        0x560f6193d370: key=12345:1 use=0 exp=9343 gpc0=16 gpc0_rate(1000)=6\n\
        0x560f6193d371: key=a use=1 b use=0 exp=9 shard=0 gpc0=1 gpc0_rate(1000)=0\n\n";

    const OPEN: &str = "0x55ab984b1db8: key=0;1795456916401;1;3;2;5;99;77;127.0.0.1;graphql/x;200 use=1 exp=7999 \
        bytes_out_cnt=2058";

    #[test]
    fn tables_as_haproxy_writes_them() {
        let rows = table(RATE, "rate").unwrap();
        assert_eq!((rows[0].key.as_str(), rows[1].key.as_str()), ("12345:1", "a use=1 b"));
        let open = row(OPEN).unwrap();
        assert_eq!((rows[0].uses, open.uses, open.counter("bytes_out_cnt")), (0, 1, Some(2_058)));
        assert_eq!((rows[0].counter("gpc0"), rows[0].counter("gpc0_rate")), (Some(16), Some(6)));
        assert_eq!((rows[1].counter("gpc0"), rows[1].counter("gpc1")), (Some(1), None));
        assert_eq!(table("# table: seq, type: integer, size:1, used:0\n\n", "seq"), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_table_is_none() {
        for answer in ["", "No such table\n", "# table: rates, type: string\n", "# table: rate, \nnonsense\n"] {
            assert_eq!(table(answer, "rate"), None, "{answer}");
        }
    }

    #[test]
    fn variables_and_status() {
        assert_eq!(integer_variable("proc.boot: type=sint value=<1795302214397>\n"), Some(1_795_302_214_397));
        for answer in ["", "Unknown variable\n", "proc.boot: type=str value=<1>\n", "type=sint value=<x>"] {
            assert_eq!(integer_variable(answer), None, "{answer}");
        }
        let text = "Name: HAProxy\nVersion: 2.6.12\nPid: 7\nUptime: 0d 0h\nUptime_sec: 61\nCumReq: 9\nDroppedLogs: 2\n";
        let status = ProcessStatus { version: "2.6.12".into(), pid: 7, uptime_s: 61, requests: 9, dropped_logs: 2 };
        assert_eq!(info(text), Some(status));
        assert_eq!(info("Name: HAProxy\n"), None);
    }

    #[test]
    fn maps_as_haproxy_lists_them() {
        let line = "1 (/a (b)/keys.map) pattern loaded from file '/a (b)/keys.map' used by map at file 'h.cfg' line 12. \
            curr_ver=8 next_ver=9 entry_cnt=2";
        let expected = LoadedMap { id: 1, version: 8, last_version: 9, entries: 2 };
        assert_eq!(loaded_map(line, "keys.map"), Some(expected));
        for (line, file) in [(line, "grants.map"), (line, "s.map"), ("# id (file) description", "keys.map"), ("", "")] {
            assert_eq!(loaded_map(line, file), None, "{line} {file}");
        }
        assert_eq!(entry("0x7f32a4046730 20:1 active,1,2,open"), Some(("20:1", "active,1,2,open")));
        assert_eq!(entry("0x7f32a4046730 20:1"), Some(("20:1", "")));
        assert_eq!(entry("Unknown map identifier."), None);
    }

    #[test]
    fn look_ups() {
        let yes = "type=beg, case=sensitive, found=yes, idx=tree, key=\"5:1:4C\", value=\"1\", type=\"str\"\n";
        let no = "type=beg, case=sensitive, found=no\n";
        let entry = Some(("5:1:4C".to_owned(), "1".to_owned()));
        let cases = [
            (format!("{yes}\n"), Some(entry.clone())),
            (format!("{yes}{yes}\n"), Some(entry)),
            (format!("{no}\n"), Some(None)),
            (format!("{yes}{no}\n"), None),
            ("\n".to_owned(), None),
            ("Unknown map identifier. Please use #<id> or <file>.\n".to_owned(), None),
        ];
        for (answer, expected) in cases {
            assert_eq!(found(&answer), expected, "{answer}");
        }
        assert_eq!((new_version("New version created: 3\n\n"), new_version("\n")), (Some(3), None));
    }

    #[test]
    fn servers_of_the_statistics() {
        let csv = "# pxname,svname,qcur,qmax,scur,smax,status,weight,\nseal,s1,0,0,3,9,UP,1,\nseal,b10,0,0,0,0,no check,1,\n\n";
        let server = |server: &str, status: &str, sessions| ServerReport {
            backend: "seal".into(),
            server: server.into(),
            status: status.into(),
            sessions,
        };
        assert_eq!(servers(csv), Some(vec![server("s1", "UP", 3), server("b10", "no check", 0)]));
        for answer in ["", "# pxname,svname\n", "# pxname,svname,scur,status\nseal,s1\n"] {
            assert_eq!(servers(answer), None, "{answer}");
        }
    }
}
