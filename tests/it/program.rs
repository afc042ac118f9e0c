//! `suiftly` in a directory of its own, with ports of its own and a private database cluster.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use suiftly_schema::loss::LineCounts;
use suiftly_store::cluster::Cluster;
use suiftly_store::config::StoreConfig;
use suiftly_store::reader::Reader;
use suiftly_store::testing;
use tempfile::TempDir;

/// Longer than anything should take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Place {
    dir: TempDir,
    pub(crate) syslog: SocketAddr,
    api: SocketAddr,
    admin: SocketAddr,
}

impl Place {
    pub(crate) fn new() -> Self {
        // PostgreSQL runs as another account where the test runs as root.
        let open = std::fs::Permissions::from_mode(0o755);
        let dir = tempfile::Builder::new().prefix("suiftly-it-").permissions(open).tempdir().unwrap();
        Self { dir, syslog: free_address(), api: free_address(), admin: free_address() }
    }

    /// Where customers are served, and operators.
    pub(crate) const fn served_at(&self) -> (SocketAddr, SocketAddr) {
        (self.api, self.admin)
    }

    /// The program, to be given its arguments after the command's words.
    fn program(&self, words: &[&str], format: &str) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_suiftly"));
        program.args(words).arg("--data-dir").arg(self.data_dir()).current_dir(self.dir.path());
        program.env("SUIFTLY_INGEST__LISTEN", self.syslog.to_string()).env("SUIFTLY_INGEST__FORMAT", format);
        program.env("SUIFTLY_API__LISTEN", self.api.to_string()).env_remove("SUIFTLY_LOG");
        program.env("SUIFTLY_ADMIN__LISTEN", self.admin.to_string()).env("SUIFTLY_API__MOCK_AUTH", "true");
        program.stdin(Stdio::null());
        program
    }

    /// Where it keeps what it keeps.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// `suiftly up`, once it is running.
    pub(crate) fn up(&self, format: &str) -> Up {
        Up::started(&mut self.program(&["up"], format))
    }

    /// The same with more in its environment.
    pub(crate) fn up_with(&self, format: &str, environment: &[(&str, &str)]) -> Up {
        Up::started(self.program(&["up"], format).envs(environment.iter().copied()))
    }

    /// The same by a shell that systemd's way of passing sockets takes no more than: these come as standard input and output,
    /// and go on as the third and fourth descriptor. `environment` is what systemd sets besides.
    pub(crate) fn passing(&self, udp: &UdpSocket, tcp: &TcpListener, environment: &str) -> Command {
        let (udp, tcp) = (udp.try_clone().unwrap(), tcp.try_clone().unwrap());
        self.passing_both(OwnedFd::from(udp), OwnedFd::from(tcp), environment)
    }

    /// The same with any two.
    pub(crate) fn passing_both(&self, third: OwnedFd, fourth: OwnedFd, environment: &str) -> Command {
        let program = self.program(&["up"], "auto");
        let script = format!(
            "exec 3<&0 4>&1 </dev/null >/dev/null; LISTEN_FDS=2 LISTEN_PID=$$ {environment} exec \"$0\" \"$@\""
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).arg(program.get_program()).args(program.get_args());
        program.get_envs().for_each(|(name, value)| match value {
            Some(value) => drop(shell.env(name, value)),
            None => drop(shell.env_remove(name)),
        });
        shell.current_dir(self.dir.path());
        shell.stdin(third).stdout(fourth);
        shell
    }

    /// Sends so many realistic lines, and waits until they are counted.
    pub(crate) fn send_simulated(&self, lines: u64) {
        let began = Instant::now();
        while TcpStream::connect(self.admin).is_err() {
            assert!(began.elapsed() < PATIENCE, "nobody serves operators");
            std::thread::sleep(Duration::from_millis(20));
        }
        let sent = Command::new(env!("CARGO_BIN_EXE_suiftly"))
            .args([
                "simulate",
                "--rate",
                "5000",
                "--to",
                &format!("tcp://{}", self.syslog),
                "--lines",
                &lines.to_string(),
            ])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
        let counted = format!("suiftly_ingest_lines_total{{fate=\"accepted\"}} {lines}");
        while !self.metrics().lines().any(|line| line == counted) {
            assert!(began.elapsed() < PATIENCE, "{}", self.metrics());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The page of `/metrics`.
    pub(crate) fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.admin).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: suiftly\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// What is secret in the data directory, by file: each word of some length.
    pub(crate) fn secrets(&self) -> Vec<(String, String)> {
        let files = std::fs::read_dir(self.data_dir()).unwrap().map(Result::unwrap);
        let private = files
            .filter(|file| file.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o777 == 0o600));
        let words = private.flat_map(|file| {
            let (name, text) =
                (file.file_name().into_string().unwrap(), std::fs::read_to_string(file.path()).unwrap_or_default());
            let words: Vec<_> = text.split_whitespace().filter(|word| word.len() >= 32).map(str::to_owned).collect();
            words.into_iter().map(move |word| (name.clone(), word))
        });
        words.collect()
    }

    /// A command's output and whether it succeeded.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.program(words, "auto").output().unwrap()
    }

    /// `suiftly billing …`, whose place comes before what it is to do.
    pub(crate) fn billing(&self, words: &[&str]) -> Output {
        self.program(&["billing"], "auto").args(words).output().unwrap()
    }

    /// `suiftly quarantine ls`, until what it says is so.
    pub(crate) fn ls_until(&self, so: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let said = String::from_utf8(self.run(&["quarantine", "ls"]).stdout).unwrap();
            if so(&said) {
                return said;
            }
            assert!(began.elapsed() < PATIENCE, "{said}");
        }
    }

    /// What the journal's lines became, and how many raw records were written, as the database has it: retention may
    /// have taken the rows.
    pub(crate) fn stored(&self) -> (LineCounts, u64) {
        let store = self.store();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let journal = Reader::new(&store, "").unwrap().latest_journal().await.unwrap().unwrap();
            let totals = Reader::new(&store, &journal).unwrap().pipeline_totals().await.unwrap();
            (totals.counts, totals.records)
        })
    }

    fn store(&self) -> StoreConfig {
        Cluster::find(&self.data_dir().join("postgres")).unwrap().connection_config("suiftly_dev")
    }

    /// Runs statements.
    pub(crate) fn database_does(&self, statements: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { testing::connect(&self.store()).await.batch_execute(statements).await.unwrap() });
    }

    /// Asks until the answer, one text, is as expected.
    pub(crate) fn database_says(&self, query: &str, expected: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let began = Instant::now();
        runtime.block_on(async {
            let client = testing::connect(&self.store()).await;
            loop {
                let said: String = client.query_one(query, &[]).await.unwrap().get(0);
                if said == expected {
                    return;
                }
                assert!(began.elapsed() < PATIENCE, "{said}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A command that found no cluster running has left one behind.
        self.run(&["db", "stop"]);
    }
}

pub(crate) struct Up {
    child: Child,
    rest: Option<std::thread::JoinHandle<String>>,
}

impl Up {
    /// Starts it, and waits until it is running.
    pub(crate) fn started(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let (mut said, mut line) = (String::new(), String::new());
        while !line.contains("running") {
            said.push_str(&line);
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "it ended: {said}");
        }
        // Read on, so that it never waits for us.
        let rest = std::thread::spawn(move || {
            let _ = lines.read_to_string(&mut said);
            said
        });
        Self { child, rest: Some(rest) }
    }

    /// Ends it by SIGTERM; how it ended, and what it had said.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        (self.child.wait().unwrap(), self.rest.take().unwrap().join().unwrap())
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // After `stop` there is none.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that was free just now, by TCP and by UDP, below the ports that the system gives to clients: those could
/// be taken by any connection until the program binds, or while it is down. Each process begins elsewhere.
fn free_address() -> SocketAddr {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 9_984;
    const A_PROCESS: u32 = 48;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let turn = std::process::id() * A_PROCESS + TAKEN.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, u16::try_from(FIRST + turn % COUNT).unwrap()));
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}
