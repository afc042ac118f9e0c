//! The running server, asked by its operators' port: its roles, lag, loss, what is rejected, the vault and the fleet,
//! the manager's jobs, backups. With the server down that is said, and the rest is skipped.

mod fleet;
mod flow;
mod jobs;

use super::Ground;
use super::finding::Finding;
use super::metrics::Page;
use crate::client::Client;
use crate::secrets::{self, OPERATOR_TOKEN, Secrets};
use serde_json::Value;
use std::time::Duration;

/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

/// What a running server said.
#[derive(Debug, Default)]
pub(super) struct Running {
    /// Why it is not up, or cannot be asked.
    why_not: Option<String>,
    health: Value,
    metrics: String,
    /// Why what needs a token was not asked.
    without_token: Option<String>,
    loss: Value,
    fleet: Value,
    vault: Value,
    jobs: Value,
}

impl Running {
    pub(super) const fn is_up(&self) -> bool {
        self.why_not.is_none()
    }

    /// When the disks are full, by place, as the server has watched them.
    pub(super) fn times_to_full(&self) -> Vec<(String, Duration)> {
        let page = Page::parse(&self.metrics);
        let by_place = page.by("suiftly_disk_time_to_full_seconds", "place");
        by_place.filter_map(|(place, left)| Some((place.to_owned(), Duration::try_from_secs_f64(left).ok()?))).collect()
    }
}

/// Asks. A token that is missing is not made.
pub(super) async fn look(ground: &Ground) -> Running {
    let token = token(ground);
    let (token, without_token) =
        token.map_or_else(|error| (String::new(), Some(format!("{error:#}"))), |token| (token, None));
    let down = |error: anyhow::Error| Running { why_not: Some(format!("{error:#}")), ..Running::default() };
    let client = match Client::with_token(&ground.config, token) {
        Ok(client) => client,
        Err(error) => return down(error),
    };
    let health = match client.look("/health", ANSWER_TIMEOUT).await {
        Ok(health) => health,
        Err(error) => return down(error),
    };
    let mut running = Running { health: json(&health), without_token, ..Running::default() };
    running.metrics = client.look("/metrics", ANSWER_TIMEOUT).await.unwrap_or_default();
    if running.without_token.is_none() {
        running.without_token = ask(&client, &mut running).await.err().map(|error| format!("{error:#}"));
    }
    running
}

async fn ask(client: &Client, running: &mut Running) -> anyhow::Result<()> {
    running.loss = json(&client.look("/api/v1/loss", ANSWER_TIMEOUT).await?);
    running.fleet = json(&client.look("/api/v1/fleet", ANSWER_TIMEOUT).await?);
    running.vault = json(&client.look("/api/v1/vault/status", ANSWER_TIMEOUT).await?);
    // Without the database there is no answer to this one.
    running.jobs = client.look("/api/v1/jobs", ANSWER_TIMEOUT).await.map_or(Value::Null, |text| json(&text));
    Ok(())
}

fn token(ground: &Ground) -> anyhow::Result<String> {
    let file = Secrets::of(&ground.place, &ground.config)?.file(OPERATOR_TOKEN);
    anyhow::ensure!(file.exists(), "there is no operator's token in {}", file.display());
    secrets::read(&file)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

pub(super) fn check(ground: &Ground, running: &Running) -> Vec<Finding> {
    let backup = &ground.config.backup;
    let schedule = jobs::Schedule {
        late_after: backup.late_after(),
        has_recipients: !backup.recipients.is_empty(),
        is_cluster: ground.config.cluster.id.is_some(),
    };
    let is_production = ground.place.deployment().is_ok_and(|deployment| deployment.is_production());
    let newest = jobs::newest_backup(&backup.dir(&ground.place.data_dir));
    let mut findings = if running.is_up() { of_running(running) } else { vec![down(running, is_production)] };
    findings.push(jobs::backups(newest, &schedule, is_production));
    findings
}

fn down(running: &Running, is_production: bool) -> Finding {
    let why = running.why_not.clone().unwrap_or_default();
    let seen = format!("it is down: {why}; roles, lag, loss, the fleet and jobs are not known");
    if is_production {
        return Finding::wrong("server", seen, "systemctl start suiftly; journalctl -u suiftly -e says why it ended");
    }
    Finding::skipped("server", seen)
}

fn of_running(running: &Running) -> Vec<Finding> {
    let page = Page::parse(&running.metrics);
    let mut findings = vec![flow::roles(&running.health)];
    findings.extend(flow::lag(&page));
    findings.push(flow::rejected(&page));
    if let Some(why) = &running.without_token {
        let todo = "run it as root or as the server's account; `suiftly operator add` makes tokens";
        findings.push(Finding::look("server", format!("it cannot be asked for everything: {why}"), todo));
        return findings;
    }
    findings.extend(flow::loss(&running.loss));
    findings.push(fleet::vault(&running.vault));
    findings.extend(fleet::edges(&running.fleet));
    findings.extend(jobs::jobs(&running.jobs));
    findings
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::super::finding::testing::assert_mark;
    use super::*;

    #[test]
    fn a_server_that_is_down_is_wrong_where_it_should_be_up() {
        let running = Running { why_not: Some("connection refused".to_owned()), ..Running::default() };
        assert_mark(&down(&running, true), Mark::Wrong);
        assert_mark(&down(&running, false), Mark::Skipped);
        assert!(running.times_to_full().is_empty() && !running.is_up());
    }

    #[test]
    fn a_server_without_a_token_is_asked_for_what_is_open() {
        let metrics = "suiftly_disk_time_to_full_seconds{place=\"data\"} 90\n".to_owned();
        let running = Running { without_token: Some("permission denied".to_owned()), metrics, ..Running::default() };
        assert_eq!(running.times_to_full(), [("data".to_owned(), Duration::from_secs(90))]);
        let findings = of_running(&running);
        assert!(findings.iter().any(|finding| finding.seen.contains("permission denied")), "{findings:?}");
    }
}
