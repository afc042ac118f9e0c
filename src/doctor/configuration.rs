//! What the server says it is, its configuration, and what its deployment refuses.

use super::Ground;
use super::finding::Finding;
use crate::guards;
use crate::place::{Deployment, SYSTEM_CONF, of_server};
use std::path::Path;

pub(super) fn check(ground: &Ground) -> Vec<Finding> {
    let system = of_server(Path::new(SYSTEM_CONF)).map_err(|error| format!("{error:#}"));
    let config = ground.place.config.as_deref().map(|path| path.display().to_string());
    let found = ground.problems.iter().collect::<Vec<_>>().join("\n");
    let mut findings = vec![deployment(&system), configuration(config.as_deref(), &found)];
    if found.is_empty() && ground.place.deployment().is_ok() {
        let refused = guards::check(&ground.place, &ground.config).err().map(|error| format!("{error:#}"));
        findings.push(guarded(refused.as_deref()));
    }
    findings
}

fn deployment(system: &Result<Option<Deployment>, String>) -> Finding {
    const CHECK: &str = "deployment";
    match system {
        Ok(Some(deployment)) => Finding::fine(CHECK, format!("{deployment}, as {SYSTEM_CONF} says")),
        Ok(None) => Finding::skipped(
            CHECK,
            format!("development: there is no {SYSTEM_CONF}, so this is somebody's own machine"),
        ),
        Err(error) => {
            Finding::wrong(CHECK, error.clone(), format!("write DEPLOYMENT_TYPE=production into {SYSTEM_CONF}"))
        }
    }
}

fn configuration(path: Option<&str>, problems: &str) -> Finding {
    const CHECK: &str = "configuration";
    let named = path.map_or_else(|| "the defaults and the environment".to_owned(), ToOwned::to_owned);
    match problems {
        "" => Finding::fine(CHECK, format!("{named}: it can be read, and its parts agree")),
        problems => {
            let seen = format!("{named} cannot be used:\n{problems}");
            Finding::wrong(CHECK, seen, "mend what is named; `suiftly config check` says whether it is right")
        }
    }
}

fn guarded(refused: Option<&str>) -> Finding {
    const CHECK: &str = "guards";
    match refused {
        None => Finding::fine(CHECK, "nothing that this deployment refuses"),
        Some(refused) => Finding::wrong(
            CHECK,
            refused,
            "until it is mended the server does not start; `suiftly config check` says more",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::super::finding::testing::assert_mark;
    use super::*;

    #[test]
    fn what_it_is_how_it_is_set_and_what_is_refused() {
        for (finding, mark) in [
            (deployment(&Ok(Some(Deployment::Production))), Mark::Fine),
            (deployment(&Ok(None)), Mark::Skipped),
            (deployment(&Err("it says nothing".to_owned())), Mark::Wrong),
            (configuration(Some("/etc/suiftly/suiftly.toml"), ""), Mark::Fine),
            (configuration(None, "api.listen is no address"), Mark::Wrong),
            (guarded(None), Mark::Fine),
            (guarded(Some("api.mock_auth is not for production")), Mark::Wrong),
        ] {
            assert_mark(&finding, mark);
        }
    }
}
