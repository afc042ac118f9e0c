//! Who this process is in the cluster: by the command line and the configuration, and by its certificate.

use super::{ClusterId, Members};
use crate::config::Config;
use crate::sources;
use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use suiftly_link::{Door, Node, NodeNow, Role, Tls, TlsFiles};
use suiftly_schema::shard::SHARDS;
use tokio::net::TcpListener;

/// The version of the rule by which lines come to shards. Who places them otherwise is not linked.
const PLACEMENT: u16 = 1;
/// The program that runs, whatever lies in its place by now.
const THIS_PROGRAM: &str = "/proc/self/exe";
const READ_BYTES: usize = 64 << 10;

/// A part of a cluster's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Takes lines in and keeps them in a journal of its own. It has no database.
    Ingest,
    /// Turns lines into usage and dollars, for its share of the customers, and stores them.
    Dataflow,
    /// The API, the manager, the publisher: beside the database.
    Api,
}

/// What a process of a cluster is told on the command line.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PartArgs {
    /// Run one part of a cluster alone (see cluster.id). Without it, every role in this one process.
    #[arg(long, value_enum, value_name = "ROLE")]
    pub(crate) role: Option<Part>,
    /// With --role dataflow: this process's number, from 0.
    #[arg(long, value_name = "K", requires = "role")]
    pub(crate) process: Option<u16>,
    /// With --role dataflow: how many there are; an error unless as many are named.
    #[arg(long, value_name = "N", requires = "process")]
    pub(crate) processes: Option<u16>,
    /// Where each process is reached: lines `ROLE = "host:port"`, TOML. Without it, cluster.hosts.
    #[arg(long, value_name = "FILE", requires = "role")]
    pub(crate) hosts: Option<PathBuf>,
}

/// One process's place among the others.
#[derive(Clone)]
pub(crate) struct Seat {
    /// Who it is.
    pub(crate) role: Role,
    /// Who the others are.
    pub(crate) members: Members,
    /// Workers of each process of the dataflow.
    pub(crate) threads: u16,
    /// What its links are made by.
    pub(crate) tls: Tls,
    id: ClusterId,
    listen: Option<String>,
    build: [u8; 32],
    formats: [u8; 32],
}

impl Seat {
    /// Of this part.
    pub(crate) fn take(config: &Config, part: Part, args: &PartArgs) -> anyhow::Result<Self> {
        let id = config.cluster.id()?.context("cluster.id is not set: `suiftly cluster init` makes one")?;
        let members = args.hosts.as_deref().map_or_else(|| Members::of(&config.cluster.hosts), Members::read)?;
        let role = role_of(config, part, args)?;
        let threads = check(&role, &members, config.dataflow.workers, args)?;
        let files = tls_files(tls_dir(config)?, &role);
        let tls = Tls::read(&files)?;
        let named = tls.role();
        ensure!(*named == role, "{} is the certificate of {named}, not of {role}", files.certificate.display());
        let own = config.cluster.listen.map(|listen| listen.to_string());
        let listen = own.or_else(|| members.address(&role).map(str::to_owned));
        Ok(Self { role, members, threads, tls, id, listen, build: build()?, formats: sources::fingerprint(config)? })
    }

    /// How many processes the dataflow has.
    pub(crate) fn processes(&self) -> usize {
        self.members.processes()
    }

    /// What it says of itself in a run of the cluster; 0: of none yet.
    pub(crate) fn node(&self, generation: u64) -> Node {
        let (process, processes, threads) = match self.role {
            Role::Dataflow(number) => (number, u16::try_from(self.processes()).unwrap_or(u16::MAX), self.threads),
            Role::Ingest(_) | Role::Api => (0, 0, 0),
        };
        let (cluster, build, formats) = (self.id.0, self.build, self.formats);
        Node { cluster, generation, process, processes, threads, placement: PLACEMENT, build, formats }
    }

    /// Listens for the others, who are told what it says of itself by then.
    pub(crate) async fn open_door(&self, now: NodeNow) -> anyhow::Result<Door> {
        let listen = self.listen.as_deref().with_context(|| format!("nobody says where {} listens", self.role))?;
        let listener = TcpListener::bind(listen).await;
        let listener = listener.with_context(|| format!("cannot listen for links on {listen}"))?;
        Ok(Door::open(listener, self.tls.clone(), now))
    }
}

/// The files of who has this role.
pub(crate) fn tls_files(dir: &Path, role: &Role) -> TlsFiles {
    TlsFiles {
        certificate: dir.join(format!("{role}.pem")),
        key: dir.join(format!("{role}-key.pem")),
        ca: dir.join("ca.pem"),
    }
}

fn tls_dir(config: &Config) -> anyhow::Result<&Path> {
    let dir = config.cluster.tls_dir.as_deref();
    dir.context("cluster.tls_dir is not set: `suiftly cluster certificate` writes what belongs there")
}

/// Which program this is: the SHA-256 of its file.
fn build() -> anyhow::Result<[u8; 32]> {
    let read = || {
        let (mut program, mut digest) = (File::open(THIS_PROGRAM)?, Sha256::new());
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match program.read(&mut buffer)? {
                0 => return Ok::<[u8; 32], std::io::Error>(digest.finalize().into()),
                read => digest.update(&buffer[..read]),
            }
        }
    };
    read().context("cannot read this very program")
}

fn role_of(config: &Config, part: Part, args: &PartArgs) -> anyhow::Result<Role> {
    match (part, args.process) {
        (Part::Dataflow, Some(number)) => Ok(Role::Dataflow(number)),
        (Part::Dataflow, None) => anyhow::bail!("--role dataflow needs --process K: which of them is this?"),
        (Part::Ingest | Part::Api, Some(_)) => anyhow::bail!("--process goes with --role dataflow alone"),
        (Part::Ingest, None) => {
            let name = config.cluster.name.clone();
            name.map(Role::Ingest).context("cluster.name is not set: what is this ingester called?")
        }
        (Part::Api, None) => Ok(Role::Api),
    }
}

/// That it belongs to them, and how many workers each process of the dataflow has.
fn check(role: &Role, members: &Members, threads: usize, args: &PartArgs) -> anyhow::Result<u16> {
    let processes = members.processes();
    ensure!(processes > 0, "no process of the dataflow is named: cluster.hosts, or --hosts FILE");
    let said = args.processes.map_or(processes, usize::from);
    ensure!(said == processes, "--processes is {said}, and {processes} are named");
    let is_named = *role == Role::Api || members.address(role).is_some();
    ensure!(is_named, "{role} is not among the processes that are named: nobody would know it");
    let workers = processes * threads;
    ensure!(workers <= SHARDS, "{processes} processes of {threads} workers are more than {SHARDS} shards");
    Ok(u16::try_from(threads)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Ca;
    use std::time::Duration;

    const HOSTS: &str = "ingest-a = \"127.0.0.1:5515\"\ndataflow-0 = \"127.0.0.1:5516\"\n\
                         dataflow-1 = \"127.0.0.1:5517\"\n";

    struct House(tempfile::TempDir);

    impl House {
        /// With certificates for these.
        fn new(roles: &[&str]) -> (Self, Config) {
            let house = Self(tempfile::tempdir().unwrap());
            let ca = Ca::make(&house.0.path().join("ca")).unwrap();
            let tls = house.0.path().join("tls");
            for role in roles {
                ca.certificate(&role.parse().unwrap(), &tls, Duration::from_secs(3_600)).unwrap();
            }
            std::fs::write(house.0.path().join("hosts"), HOSTS).unwrap();
            let mut config = Config::default();
            config.cluster.id = Some(ca.id.to_string());
            config.cluster.name = Some("a".to_owned());
            config.cluster.tls_dir = Some(tls);
            (house, config)
        }

        fn args(&self, process: Option<u16>, processes: Option<u16>) -> PartArgs {
            PartArgs { process, processes, hosts: Some(self.0.path().join("hosts")), ..PartArgs::default() }
        }
    }

    #[test]
    fn a_process_knows_who_it_is() {
        let (house, config) = House::new(&["ingest-a", "dataflow-1", "api"]);
        let numbered = |process, processes| house.args(process, processes);
        for (part, args, role, numbers) in [
            (Part::Ingest, numbered(None, None), "ingest-a", (0, 0, 0)),
            (Part::Dataflow, numbered(Some(1), Some(2)), "dataflow-1", (1, 2, 1)),
            (Part::Dataflow, numbered(Some(1), None), "dataflow-1", (1, 2, 1)),
            (Part::Api, numbered(None, None), "api", (0, 0, 0)),
        ] {
            let seat = Seat::take(&config, part, &args).unwrap();
            let node = seat.node(7);
            assert_eq!((seat.role.to_string().as_str(), seat.processes()), (role, 2));
            assert_eq!((node.process, node.processes, node.threads), numbers, "{role}");
            assert_eq!(node.generation, 7);
            assert_eq!(Some(ClusterId(node.cluster)), config.cluster.id().unwrap());
        }
    }

    #[test]
    fn who_does_not_belong_there_is_told_why() {
        let (house, config) = House::new(&["ingest-a", "dataflow-0", "dataflow-2"]);
        type Case = (Part, PartArgs, fn(&mut Config), &'static str);
        let cases: [Case; 9] = [
            (Part::Ingest, house.args(None, None), |config| config.cluster.id = None, "cluster.id is not set"),
            (Part::Ingest, house.args(None, None), |config| config.cluster.name = None, "cluster.name is not set"),
            (Part::Ingest, house.args(None, None), |config| config.cluster.tls_dir = None, "tls_dir is not set"),
            (Part::Ingest, PartArgs::default(), |_| (), "no process of the dataflow is named"),
            (Part::Ingest, house.args(Some(0), None), |_| (), "goes with --role dataflow alone"),
            (Part::Dataflow, house.args(None, None), |_| (), "needs --process K"),
            (Part::Dataflow, house.args(Some(2), None), |_| (), "dataflow-2 is not among"),
            (Part::Dataflow, house.args(Some(0), Some(3)), |_| (), "--processes is 3, and 2 are named"),
            (Part::Dataflow, house.args(Some(0), None), |config| config.dataflow.workers = 129, "more than 256 shards"),
        ];
        for (part, args, change, says) in cases {
            let mut config = config.clone();
            change(&mut config);
            let error = format!("{:#}", Seat::take(&config, part, &args).err().unwrap());
            assert!(error.contains(says), "{says}: {error}");
        }
    }

    #[test]
    fn anothers_certificate_is_not_taken_for_ones_own() {
        let (house, config) = House::new(&["dataflow-0", "dataflow-1"]);
        let dir = config.cluster.tls_dir.clone().unwrap();
        for (from, to) in [("dataflow-1.pem", "dataflow-0.pem"), ("dataflow-1-key.pem", "dataflow-0-key.pem")] {
            std::fs::copy(dir.join(from), dir.join(to)).unwrap();
        }
        let error = Seat::take(&config, Part::Dataflow, &house.args(Some(0), None)).err().unwrap().to_string();
        assert!(error.contains("is the certificate of dataflow-1, not of dataflow-0"), "{error}");
    }
}
