//! Beats: who lives says so.

use crate::error::FrameError;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::kind::Kind;
use std::time::Duration;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;

/// How often each side says that it lives.
pub const BEAT_EVERY: Duration = Duration::from_millis(500);
/// Who is not heard for so long is taken for dead, and so is who takes nothing for so long.
pub const SILENCE: Duration = Duration::from_secs(5);

/// A sign of life: clock i64 ms · durable u64 · ordered u64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    /// The sender's clock, within [`UnixMillis::MIN`]..=[`UnixMillis::MAX`].
    pub clock: UnixMillis,
    /// The last epoch that is durable at an ingester or in the order, or that was received by who follows them.
    pub durable: Epoch,
    /// The last epoch of the order that the database holds, by process 0; else 0.
    pub ordered: Epoch,
}

impl Beat {
    /// As a frame.
    pub fn to_frame(self) -> Frame {
        let fields = [self.clock.0.to_le_bytes(), self.durable.to_le_bytes(), self.ordered.to_le_bytes()];
        Frame::new(Kind::Beat, fields.concat())
    }

    /// Out of a frame's payload.
    pub fn decode(payload: &[u8]) -> Result<Self, FrameError> {
        let mut fields = Fields(payload);
        let beat = Self::read(&mut fields).filter(|beat| {
            // Who reckons with it must not overflow.
            fields.0.is_empty() && (UnixMillis::MIN..=UnixMillis::MAX).contains(&beat.clock)
        });
        beat.ok_or(FrameError::Content(Kind::Beat))
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { clock: UnixMillis(fields.i64()?), durable: fields.u64()?, ordered: fields.u64()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_comes_back_whole_or_not_at_all() {
        let beat = Beat { clock: UnixMillis(1_795_298_482_000), durable: 7, ordered: u64::MAX };
        let payload = beat.to_frame().payload;
        assert_eq!(Beat::decode(&payload), Ok(beat));
        for length in 0..payload.len() {
            assert_eq!(Beat::decode(&payload[..length]), Err(FrameError::Content(Kind::Beat)), "{length}");
        }
        assert_eq!(Beat::decode(&[&payload[..], &[0]].concat()), Err(FrameError::Content(Kind::Beat)));
    }

    #[test]
    fn a_clock_that_no_calendar_holds_is_refused() {
        for clock in [i64::MIN, -1, UnixMillis::MAX.0 + 1, i64::MAX] {
            let beat = Beat { clock: UnixMillis(clock), ..Beat::default() };
            assert_eq!(Beat::decode(&beat.to_frame().payload), Err(FrameError::Content(Kind::Beat)), "{clock}");
        }
    }
}
