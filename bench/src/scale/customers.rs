//! How customers are met: by Zipf's law, as the simulated gateways have it. Pure.

/// Ranks that are taken one by one; beyond, a fiftieth of a rank's number are taken for alike.
const ONE_BY_ONE: u64 = 1_000;
const ALIKE: u64 = 50;

/// Customers in groups: how many are met alike, and the share that each of them has of all lines.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Customers(Vec<(f64, f64)>);

impl Customers {
    /// So many, met in proportion to 1 / rank^exponent; 0 is evenly.
    pub(super) fn new(count: u64, exponent: f64) -> Self {
        let (mut groups, mut rank) = (Vec::new(), 1);
        while rank <= count {
            let alike = if rank < ONE_BY_ONE { 1 } else { rank / ALIKE };
            let alike = alike.min(count - rank + 1);
            let middle = rank as f64 + (alike - 1) as f64 / 2.0;
            groups.push((alike as f64, middle.powf(-exponent)));
            rank += alike;
        }
        let all: f64 = groups.iter().map(|(alike, weight)| alike * weight).sum();
        groups.iter_mut().for_each(|(_, weight)| *weight /= all);
        Self(groups)
    }

    /// How many different ones are met in so many lines, on average.
    pub(super) fn met_in(&self, lines: f64) -> f64 {
        self.0.iter().map(|(alike, share)| -(-lines * share).exp_m1() * alike).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stand_for_each_customer_alone() {
        let (count, lines) = (20_000_u64, 50_000.0_f64);
        for exponent in [0.0, 0.8, 1.0, 1.2] {
            let weights: Vec<f64> = (1..=count).map(|rank| (rank as f64).powf(-exponent)).collect();
            let all: f64 = weights.iter().sum();
            let exact: f64 = weights.iter().map(|weight| 1.0 - (-lines * weight / all).exp()).sum();
            let met = Customers::new(count, exponent).met_in(lines);
            assert!((met / exact - 1.0).abs() < 0.001, "{exponent}: {met} instead of {exact}");
        }
    }

    #[test]
    fn nobody_is_met_in_no_line_and_nobody_twice() {
        let customers = Customers::new(500, 1.0);
        assert_eq!(customers.met_in(0.0), 0.0);
        assert!((customers.met_in(1.0) - 1.0).abs() < 0.05, "the first few may be met again");
        assert!((customers.met_in(1e9) - 500.0).abs() < 1e-6);
    }
}
