//! The cluster that this machine's processes are of: whether their certificates are theirs, and whether the others can be
//! reached, are who they should be, and are of the same build. No link is made: who is asked for one is asked for what they
//! must refuse.

use super::finding::Finding;
use super::{Ground, certificates};
use crate::cluster::{Members, Part, PartArgs, Seat, tls_files};
use crate::config::Config;
use std::path::Path;
use std::time::Duration;
use suiftly_link::{HelloError, LinkError, Purpose, Role, connect};
use tokio::net::TcpStream;

const CHECK: &str = "cluster";
/// One of them may take so long.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    let config = &ground.config;
    let (Some(_), Some(dir)) = (&config.cluster.id, &config.cluster.tls_dir) else { return Vec::new() };
    // What is wrong with it is told with the configuration.
    let Ok(members) = Members::of(&config.cluster.hosts) else { return Vec::new() };
    let all: Vec<(Role, String)> = members.iter().map(|(role, address)| (role, address.to_owned())).collect();
    let here: Vec<Role> = all.iter().map(|(role, _)| role.clone()).chain([Role::Api]).collect();
    let here: Vec<Role> = here.into_iter().filter(|role| tls_files(dir, role).certificate.exists()).collect();
    if here.is_empty() {
        let seen = format!("{} holds no certificate of a process that cluster.hosts names", dir.display());
        return vec![Finding::look(
            CHECK,
            seen,
            "suiftly cluster certificate ROLE, where the CA is; copy its files here",
        )];
    }
    let mut findings = files(dir, &here);
    let seats: Vec<Seat> = here.iter().filter_map(|role| seat(config, role, &mut findings)).collect();
    let Some(seat) = seats.iter().find(|seat| seat.role.is_dataflow()).or(seats.first()) else { return findings };
    let others = all.into_iter().filter(|(role, _)| !here.contains(role));
    let asked = others.map(|(role, address)| {
        let seat = seat.clone();
        let asking = tokio::spawn({
            let (role, address) = (role.clone(), address.clone());
            async move { tokio::time::timeout(ANSWER_TIMEOUT, ask(&seat, &role, &address)).await }
        });
        (role, address, asking)
    });
    for (role, address, asking) in asked.collect::<Vec<_>>() {
        let heard = asking.await.ok().and_then(Result::ok).unwrap_or(Err(LinkError::TimedOut));
        findings.push(judge(&role, &address, &heard));
    }
    findings
}

/// Until when the certificates are good.
fn files(dir: &Path, here: &[Role]) -> Vec<Finding> {
    let own = here.iter().map(|role| tls_files(dir, role).certificate);
    own.chain([dir.join("ca.pem")]).map(|path| certificates::look(&path)).collect()
}

/// Who a process of this machine is; what keeps it from being that is told.
fn seat(config: &Config, role: &Role, findings: &mut Vec<Finding>) -> Option<Seat> {
    let (part, process) = match role {
        Role::Ingest(_) => (Part::Ingest, None),
        Role::Dataflow(number) => (Part::Dataflow, Some(*number)),
        Role::Api => (Part::Api, None),
    };
    let taken = Seat::take(config, part, &PartArgs { process, ..PartArgs::default() });
    let todo = "mend the configuration, or make the certificate anew: suiftly cluster certificate";
    match taken {
        Ok(seat) if seat.role == *role => Some(seat),
        Ok(seat) => {
            let seen = format!("there is a certificate of {role}, and this machine's ingester is {}", seat.role);
            findings.push(Finding::look(CHECK, seen, todo));
            None
        }
        Err(error) => {
            findings.push(Finding::wrong(CHECK, format!("{role} cannot run: {error:#}"), todo));
            None
        }
    }
}

/// Two processes of the dataflow say what does not fit before they say that there is no generation 0; of others the
/// certificate is looked at, and no more is said.
async fn ask(seat: &Seat, role: &Role, address: &str) -> Result<(), LinkError> {
    if seat.role.is_dataflow() && role.is_dataflow() {
        return connect(address, &seat.tls, role, Purpose::Mesh, &seat.node(0)).await.map(drop);
    }
    let stream = TcpStream::connect(address).await.map_err(LinkError::Connect)?;
    seat.tls.dial(stream, role).await.map(drop)
}

fn judge(role: &Role, address: &str, heard: &Result<(), LinkError>) -> Finding {
    let fine = || Finding::fine(CHECK, format!("{role} at {address} is who it should be"));
    let wrong = |seen: &str, todo: &str| Finding::wrong(CHECK, format!("{role} at {address}: {seen}"), todo);
    match heard {
        Ok(()) => fine(),
        Err(LinkError::Bye { why }) if *why == HelloError::Build.to_string() => wrong(
            "it is of another build",
            "install the same package on every machine of the dataflow, restart all together",
        ),
        Err(LinkError::Bye { why }) if is_of_a_generation(why) => fine(),
        Err(LinkError::Bye { why }) => wrong(why, "give both the same configuration"),
        Err(LinkError::Connect(error)) => {
            wrong(&error.to_string(), "see whether it runs, whether cluster.hosts is right, and what is between")
        }
        Err(LinkError::Tls(error)) => wrong(
            &format!("no TLS: {error}"),
            "certificates of both must be of the cluster's CA: suiftly cluster certificate",
        ),
        Err(error) => wrong(&error.to_string(), "see what it says itself: journalctl"),
    }
}

/// The last thing that is held against who says that they are of none.
fn is_of_a_generation(why: &str) -> bool {
    let refusal = HelloError::Generation { ours: 0, theirs: 0 }.to_string();
    refusal.split_once('0').is_some_and(|(begin, _)| why.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::super::finding::testing::assert_mark;
    use super::*;

    #[test]
    fn what_others_say_is_judged() {
        let bye = |error: HelloError| Err(LinkError::Bye { why: error.to_string() });
        for (heard, mark, says) in [
            (Ok(()), Mark::Fine, "who it should be"),
            (bye(HelloError::Generation { ours: 12, theirs: 0 }), Mark::Fine, "who it should be"),
            (bye(HelloError::Build), Mark::Wrong, "another build"),
            (bye(HelloError::Formats), Mark::Wrong, "bindings and formats"),
            (bye(HelloError::Cluster), Mark::Wrong, "another cluster"),
            (Err(LinkError::Connect(std::io::Error::other("refused"))), Mark::Wrong, "refused"),
            (Err(LinkError::Tls(std::io::Error::other("unknown issuer"))), Mark::Wrong, "unknown issuer"),
            (Err(LinkError::TimedOut), Mark::Wrong, "no link within"),
        ] {
            let finding = judge(&Role::Dataflow(1), "h:5515", &heard);
            assert!(finding.seen.contains(says), "{}", finding.seen);
            assert_mark(&finding, mark);
        }
    }
}
