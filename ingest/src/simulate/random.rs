//! Randomness that is the same for the same seed, on every machine and for ever: demos and tests rest on it.

/// SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Begins from a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, which is not 0. The bias is far below what anyone could see.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From 0 up to but not including 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of these, each as often as its weight says.
    pub(super) fn weighted<'a, T>(&mut self, choices: &'a [(u32, T)]) -> &'a T {
        let total: u64 = choices.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut left = self.below(total);
        for (weight, choice) in choices {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return choice,
            }
        }
        unreachable!("the weights add up to their total")
    }
}

/// Zipf's law over ranks 0, 1, …: rank k is met in proportion to 1 / (k + 1)^exponent.
#[derive(Clone, Debug)]
pub(super) struct Zipf {
    /// Up to each rank, inclusive; the last is 1.
    cumulative: Vec<f64>,
}

impl Zipf {
    pub(super) fn new(ranks: u32, exponent: f64) -> Self {
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = (1..=ranks.max(1))
            .map(|rank| {
                sum += f64::from(rank).powf(-exponent);
                sum
            })
            .collect();
        cumulative.iter_mut().for_each(|value| *value /= sum);
        Self { cumulative }
    }

    pub(super) fn sample(&self, random: &mut Random) -> usize {
        let at = random.unit();
        self.cumulative.partition_point(|up_to| *up_to <= at).min(self.cumulative.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn zipf_favours_the_first() {
        let (zipf, mut random) = (Zipf::new(10, 1.0), Random::new(1));
        let mut counts = [0; 10];
        for _ in 0..29_290 {
            counts[zipf.sample(&mut random)] += 1;
        }
        // The tenth harmonic number is 2.929, so rank k is expected 10,000 / (k + 1) times.
        for (rank, count) in counts.into_iter().enumerate() {
            let expected = 10_000.0 / (rank as f64 + 1.0);
            assert!((f64::from(count) - expected).abs() < 5.0 * expected.sqrt(), "rank {rank}: {count}");
        }
    }

    #[test]
    fn weights_count() {
        let mut random = Random::new(1);
        let mut counts = [0; 3];
        for _ in 0..1_000 {
            counts[*random.weighted(&[(1, 0), (0, 1), (3, 2)])] += 1;
        }
        assert!(counts[0] > 200 && counts[1] == 0 && counts[2] > 650, "{counts:?}");
    }
}
