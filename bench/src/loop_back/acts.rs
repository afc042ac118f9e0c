//! A round: a new customer does, or uses up, one thing after another.

use super::fleet::Fleet;
use super::player::Player;
use super::probe::{Crossing, Probe};
use super::results::{Kind, Measured, Results};
use crate::server::Server;
use anyhow::{Context, anyhow};
use std::net::SocketAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What a round needs.
pub(super) struct Round<'a> {
    pub(super) server: &'a Server,
    pub(super) fleet: &'a mut Fleet,
    pub(super) door: SocketAddr,
    /// Requests a second of a customer who uses something up.
    pub(super) speed: u32,
    pub(super) number: u32,
}

impl Round<'_> {
    /// Issues keys, revokes one, runs out of funds, deposits, reaches a limit.
    pub(super) fn play(mut self, results: &mut Results) -> anyhow::Result<()> {
        let mut player = Player::sign_up(self.server.customers(), self.number)?;
        self.fleet.await_in_sync()?;
        let (first, mut revoked) = self.issue(&mut player, results).context("issue a key")?;
        let (_, mut probe) = self.issue(&mut player, results).context("issue another key")?;
        self.revoke(&mut player, first, &mut revoked, results).context("revoke a key")?;
        let paid_for = player.until_empty(revoked.served + probe.served)?;
        let crossing = probe.run_out(paid_for, self.speed).context("use up the balance")?;
        self.crossed(Kind::Empty, crossing, results)?;
        self.deposit(&mut player, &mut probe, results).context("deposit")?;
        let paid_for = player.limit_closely(revoked.served + probe.served)?;
        let crossing = probe.run_out(paid_for, self.speed).context("reach the limit")?;
        self.crossed(Kind::Limit, crossing, results)
    }

    fn issue(&mut self, player: &mut Player, results: &mut Results) -> anyhow::Result<(i64, Probe)> {
        let began = Moment::now()?;
        let (id, key) = player.issue()?;
        let acted = Instant::now();
        let mut probe = Probe::open(self.door, &key)?;
        let answered = probe.until_served()?;
        self.took(Kind::Issue, began, Some(acted), answered, results)?;
        Ok((id, probe))
    }

    fn revoke(&mut self, player: &mut Player, id: i64, probe: &mut Probe, results: &mut Results) -> anyhow::Result<()> {
        let (began, acted, answered) = during(|| player.revoke(id), || probe.until_refused())?;
        self.took(Kind::Revoke, began, Some(acted), answered, results)
    }

    fn deposit(&mut self, player: &mut Player, probe: &mut Probe, results: &mut Results) -> anyhow::Result<()> {
        let (began, acted, answered) = during(|| player.deposit_plenty(), || probe.until_served())?;
        self.took(Kind::Deposit, began, Some(acted), answered, results)
    }

    fn crossed(&mut self, kind: Kind, crossing: Crossing, results: &mut Results) -> anyhow::Result<()> {
        let since = crossing.crossed.elapsed();
        let crossed = Moment { at: crossing.crossed, unix_ms: unix_ms()? - since.as_secs_f64() * 1_000.0 };
        results.overshoot(crossing.overshoot);
        self.took(kind, crossed, None, crossing.refused, results)
    }

    /// With where the time went, by the version that came of it.
    fn took(
        &mut self,
        kind: Kind,
        began: Moment,
        acted: Option<Instant>,
        answered: Instant,
        results: &mut Results,
    ) -> anyhow::Result<()> {
        let ms = |until: Instant| until.saturating_duration_since(began.at).as_secs_f64() * 1_000.0;
        let version = self.fleet.last_applied()?;
        let published = version.issued_at.0 as f64 - began.unix_ms;
        results.act(kind, Measured { took: ms(answered), api: acted.map(ms), published, version });
        Ok(())
    }
}

/// One moment, by both clocks.
#[derive(Clone, Copy)]
struct Moment {
    at: Instant,
    unix_ms: f64,
}

impl Moment {
    fn now() -> anyhow::Result<Self> {
        Ok(Self { at: Instant::now(), unix_ms: unix_ms()? })
    }
}

fn unix_ms() -> anyhow::Result<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?.as_secs_f64() * 1_000.0)
}

/// Acts while somebody looks on: when it began, when the act was done, when it was seen.
fn during(
    act: impl FnOnce() -> anyhow::Result<()> + Send,
    look: impl FnOnce() -> anyhow::Result<Instant>,
) -> anyhow::Result<(Moment, Instant, Instant)> {
    std::thread::scope(|scope| {
        let began = Moment::now()?;
        let acting = scope.spawn(|| act().map(|()| Instant::now()));
        let seen = look();
        let acted = acting.join().map_err(|_| anyhow!("a thread that acts panicked"))??;
        Ok((began, acted, seen?))
    })
}
