//! When a delivery that was not taken is made again. Pure.

/// The first retry is so long after the first attempt; each one after it waits twice as long.
pub const RETRY_FIRST_MS: i64 = 10_000;
/// No retry waits longer.
pub const RETRY_MAX_MS: i64 = 3_600_000;
/// Retries, after which a delivery is given up: four and a half hours after the first attempt.
pub const RETRIES_MAX: i32 = 12;

/// How long the next attempt waits after so many, in ms; `None`: there is none.
pub fn retry_after_ms(attempts: i32) -> Option<i64> {
    if attempts > RETRIES_MAX {
        return None;
    }
    let doublings = attempts.clamp(1, RETRIES_MAX).unsigned_abs() - 1;
    Some((RETRY_FIRST_MS << doublings).min(RETRY_MAX_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_to_an_hour_and_ends_after_twelve_retries() {
        let waits: Vec<i64> = (1..=20).map_while(retry_after_ms).map(|ms| ms / 1_000).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600, 3_600]);
        assert_eq!(retry_after_ms(i32::MAX), None);
    }
}
