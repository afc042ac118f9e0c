//! What production asks of one part of a cluster: the files of its links, and what else that part needs. Links are TLS
//! whatever the deployment; here is what makes them worth something.

use super::{Ground, Verdict, certificates, database, files, look as look_at_all, named, settings};
use crate::cluster::tls_files;
use crate::doctor;
use std::os::unix::fs::MetadataExt;
use suiftly_link::{Role, TlsFiles};

const KEY: &str = "cluster.tls_dir";

pub(super) fn look(ground: &Ground<'_>, role: &Role) -> Verdict {
    let mut verdict = match role {
        Role::Api => look_at_all(ground),
        Role::Ingest(_) | Role::Dataflow(_) => part(ground, role),
    };
    if ground.deployment.is_production() {
        links(ground, role, &mut verdict);
        // Lines are dated by the ingesters' clocks, and processes tell theirs to each other.
        let keeper = "nothing on this machine is known to keep its clock, by which a cluster's lines are dated";
        verdict.noted.unless(doctor::clock_keeper().is_some(), keeper);
    }
    verdict
}

/// What the API's guards hold it against where there is no API.
fn part(ground: &Ground<'_>, role: &Role) -> Verdict {
    let mut verdict = Verdict::default();
    if role.is_dataflow() {
        database::look(ground, &mut verdict.refused);
    }
    if ground.deployment.is_production() {
        settings::bound(ground.config, &mut verdict.refused);
        files::look(ground, &mut verdict.refused);
        named::formats(ground.config, &mut verdict);
        if !role.is_dataflow() {
            settings::lines(ground.config, &mut verdict.refused);
            named::pairs(ground.config, &mut verdict);
        }
    }
    verdict
}

/// Who could change the CA's file could let in whom they like.
fn links(ground: &Ground<'_>, role: &Role, verdict: &mut Verdict) {
    let Some(dir) = &ground.config.cluster.tls_dir else {
        return verdict.refused.add("cluster.tls_dir is not set: links want certificates");
    };
    let TlsFiles { certificate, key, ca } = tls_files(dir, role);
    certificates::pair((KEY, KEY), &certificate, &key, verdict);
    certificates::read(KEY, &ca, verdict);
    let runs = ground.data_dir.metadata().ok().map(|dir| dir.uid());
    for path in [&certificate, &key, &ca] {
        if let Ok(metadata) = path.metadata() {
            files::unchanged(path, &metadata, runs, &mut verdict.refused);
        }
    }
}
