//! Servers that are done together: a cluster's dataflow, whose processes are of one build. The version is installed
//! everywhere; once all have it, they are restarted, and none if one has not got it.

use super::here::is_gathering;
use super::host::Host;
use super::plan::Request;
use super::rolling::{Following, Say, Wait, Wish, give, judged};
use anyhow::{Context, ensure};

/// Does them, each at its place among the hosts. One that does not get ready goes back by itself; since none runs without
/// the others, all of them do then.
pub(super) fn together(
    wish: &Wish,
    mut asked: Vec<(usize, Request)>,
    hosts: &mut [Box<dyn Host>],
    say: Say<'_>,
    wait: Wait<'_>,
) -> anyhow::Result<()> {
    for (at, request) in &mut asked {
        request.gathers = true;
        let host = &mut hosts[*at];
        give(wish, host.as_mut(), request).with_context(|| format!("nothing was changed; {}", host.name()))?;
    }
    let begun = asked.into_iter().map(|(at, request)| (at, request, Following::after(hosts[at].begin())));
    let begun: Vec<_> = begun.collect();
    let (mut troubles, mut waiting) = (Vec::new(), Vec::new());
    for (at, request, mut following) in begun {
        let host = &mut hosts[at];
        say(&format!("  {}:\n", host.name()))?;
        match following.follow(wish, host.as_mut(), &request, is_gathering, say, wait) {
            Ok(status) if is_gathering(&status) && status.outcome.is_none() => waiting.push((at, request, following)),
            Ok(status) => troubles.extend(judged(status).err().map(|error| format!("{}: {error:#}", host.name()))),
            Err(error) => troubles.push(format!("{}: {error:#}", host.name())),
        }
    }
    for (at, request, _) in &waiting {
        if let Err(error) = hosts[*at].gather(request, troubles.is_empty()) {
            // It goes back when it has heard nothing for long enough.
            say(&format!("  {}: {error:#}\n", hosts[*at].name()))?;
        }
    }
    for (at, request, mut following) in waiting {
        let host = &mut hosts[at];
        say(&format!("  {}:\n", host.name()))?;
        let ended = following.follow(wish, host.as_mut(), &request, |_| false, say, wait).and_then(judged);
        troubles.extend(ended.err().map(|error| format!("{}: {error:#}", host.name())));
    }
    ensure!(troubles.is_empty(), "{}", troubles.join("; "));
    Ok(())
}
