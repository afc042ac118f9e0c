//! How the server comes into PostgreSQL: by the Unix socket, by who it is, without a password.

use super::accounts::SERVER;
use super::cluster::{Cluster, SOCKET_DIR, sql};
use super::database::{MAINTENANCE, OWNS, RUNS};
use super::files::{self, Owned};
use super::machine::Server;
use super::step::{State, Step};
use anyhow::{Context, bail};
use std::time::{Duration, Instant};

const BEGIN: &str = "# suiftly: begin (made by `suiftly provision`)";
const END: &str = "# suiftly: end";
/// How long PostgreSQL may take to go by its files anew.
const RELOAD_LIMIT: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The server comes in as either role, by who it is; root does too, for the commands of whoever operates.
pub(crate) struct Access;

/// A file of PostgreSQL's, and the lines in it that are ours.
struct Lines {
    file: String,
    block: String,
}

impl Access {
    fn lines(server: &Server<'_>) -> anyhow::Result<[Lines; 2]> {
        let block = |lines: &str| format!("{BEGIN}\n{lines}{END}\n");
        let admit = format!("local all {RUNS},{OWNS} peer map=suiftly\n");
        let who = [SERVER, "root"].iter().flat_map(|who| [RUNS, OWNS].map(|role| format!("suiftly {who} {role}\n")));
        Ok([
            Lines { file: sql(server, MAINTENANCE, "SHOW hba_file")?, block: block(&admit) },
            Lines { file: sql(server, MAINTENANCE, "SHOW ident_file")?, block: block(&who.collect::<String>()) },
        ])
    }

    /// Whether the server's account is let in as both roles.
    fn is_let_in(server: &Server<'_>) -> anyhow::Result<bool> {
        let port = Cluster::of(server)?.port.to_string();
        for role in [RUNS, OWNS] {
            let psql = [
                "-u",
                SERVER,
                "--",
                "psql",
                "-X",
                "-tAq",
                "-w",
                "-h",
                SOCKET_DIR,
                "-p",
                &port,
                "-U",
                role,
                "-d",
                MAINTENANCE,
                "-c",
                "SELECT 1",
            ];
            if !server.succeeds("runuser", &psql)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A text with the block before everything else, once: the first line that fits counts. What stands between the marks goes;
/// a mark without the other is somebody's text.
fn with_block(text: &str, block: &str) -> String {
    let ours = text.find(BEGIN).and_then(|begin| {
        let end = begin + text[begin..].find(END)? + END.len();
        Some((begin, end + usize::from(text[end..].starts_with('\n'))))
    });
    let rest = ours.map_or_else(|| text.to_owned(), |(begin, end)| format!("{}{}", &text[..begin], &text[end..]));
    format!("{block}{rest}")
}

impl Step for Access {
    fn name(&self) -> &'static str {
        "access"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["roles", "accounts"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        for Lines { file, block } in Self::lines(server)? {
            let text = server.text(&file)?.with_context(|| format!("there is no {file}"))?;
            if with_block(&text, &block) != text {
                return Ok(State::Lacking(format!("{file} does not let the server in")));
            }
        }
        if !Self::is_let_in(server)? {
            return Ok(State::Lacking(format!("PostgreSQL does not let user {SERVER} in as {RUNS} and {OWNS}")));
        }
        Ok(State::Fine(format!("user {SERVER} comes in as {RUNS} and {OWNS} by the Unix socket")))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        for Lines { file, block } in Self::lines(server)? {
            let text = server.text(&file)?.with_context(|| format!("there is no {file}"))?;
            let wanted = with_block(&text, &block);
            if wanted != text {
                files::write(server, &Owned::file(file, "postgres", "postgres", 0o640), &wanted)?;
            }
        }
        sql(server, MAINTENANCE, "SELECT pg_reload_conf()")?;
        let until = Instant::now() + RELOAD_LIMIT;
        while !Self::is_let_in(server)? {
            if Instant::now() > until {
                bail!("PostgreSQL does not let user {SERVER} in; fix: look into its log, /var/log/postgresql");
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, with_block};

    #[test]
    fn our_lines_come_first_and_once() {
        let block = format!("{BEGIN}\nlocal all suiftly peer\n{END}\n");
        let theirs = "# PostgreSQL\nlocal all all peer\n";
        let once = with_block(theirs, &block);
        assert_eq!(once, format!("{block}{theirs}"));
        assert_eq!(with_block(&once, &block), once);
        let moved = format!("local all all trust\n{once}");
        assert_eq!(with_block(&moved, &block), format!("{block}local all all trust\n{theirs}"));
        let older = once.replace("suiftly peer", "suiftly trust");
        assert_eq!(with_block(&older, &block), once);
        assert_eq!(with_block("", &block), block);
        let half = format!("{BEGIN}\n{theirs}");
        assert_eq!(with_block(&half, &block), format!("{block}{half}"));
    }
}
