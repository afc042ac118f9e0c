//! A runtime socket that shows a table of open streams as the test has it.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use suiftly_schema::time::UnixMillis;
use tempfile::TempDir;

type Rows = Arc<Mutex<Vec<(String, u64)>>>;

/// Its threads end with the test's process.
pub(super) struct Haproxy {
    dir: TempDir,
    rows: Rows,
}

/// What HAProxy calls the answer to its request of this number.
pub(super) fn stream_name(rt: u32) -> String {
    format!("{rt};1795456916000;1;3;2;5;16801928;10496;192.0.2.7;graphql;200")
}

impl Haproxy {
    /// A worker of this birth, with nothing under way.
    pub(super) fn start(boot: UnixMillis) -> Self {
        let (dir, rows) = (tempfile::tempdir().unwrap(), Rows::default());
        let listener = UnixListener::bind(dir.path().join("s")).unwrap();
        let shown = Arc::clone(&rows);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                // Whoever asks goes away when they like.
                let _ = answer(&stream, boot, &shown);
            }
        });
        Self { dir, rows }
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.dir.path().join("s")
    }

    /// What is under way from now on, each with its bytes.
    pub(super) fn shows(&self, rows: &[(String, u64)]) {
        *self.rows.lock().unwrap() = rows.to_vec();
    }
}

fn answer(stream: &UnixStream, boot: UnixMillis, rows: &Rows) -> io::Result<()> {
    let mut out = stream;
    for command in BufReader::new(stream).lines() {
        let answer = match command?.as_str() {
            "prompt" => String::new(),
            "get var proc.boot" => format!("proc.boot: type=sint value=<{}>\n", boot.0),
            "show table open data.bytes_out_cnt gt 0" => table(rows),
            other => panic!("{other}"),
        };
        out.write_all(format!("{answer}\n> ").as_bytes())?;
    }
    Ok(())
}

fn table(rows: &Rows) -> String {
    let rows = rows.lock().unwrap();
    let shown = rows.iter().filter(|(_, bytes)| *bytes > 0);
    let shown = shown.map(|(name, bytes)| format!("0x55ab984b1db8: key={name} use=1 exp=7999 bytes_out_cnt={bytes}\n"));
    format!("# table: open, type: string, size:102400, used:{}\n{}", rows.len(), shown.collect::<String>())
}
