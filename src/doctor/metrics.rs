//! The running server's `/metrics`, read back: names, labels and values, as far as the doctor asks.

/// A page of Prometheus' text format.
#[derive(Debug, Default)]
pub(super) struct Page<'p> {
    samples: Vec<(&'p str, &'p str, f64)>,
}

impl<'p> Page<'p> {
    /// What cannot be read is left out.
    pub(super) fn parse(text: &'p str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            Some((name, labels.trim_end_matches('}'), value.parse().ok()?))
        });
        Self { samples: samples.collect() }
    }

    /// The value of a metric without labels, or of its first sample.
    pub(super) fn get(&self, name: &str) -> Option<f64> {
        self.samples.iter().find(|(found, _, _)| *found == name).map(|(_, _, value)| *value)
    }

    /// Every sample of a metric: the value of one label, and its own.
    pub(super) fn by<'a>(&'a self, name: &'a str, label: &'a str) -> impl Iterator<Item = (&'p str, f64)> + 'a {
        self.samples.iter().filter(move |(found, _, _)| *found == name).filter_map(move |(_, labels, value)| {
            let of_label = labels.split(',').filter_map(|pair| pair.split_once('='));
            let (_, quoted) = of_label.into_iter().find(|(key, _)| *key == label)?;
            Some((quoted.trim_matches('"'), *value))
        })
    }

    /// The sample of one label's value.
    pub(super) fn of(&self, name: &str, label: &str, wanted: &str) -> Option<f64> {
        self.by(name, label).find(|(found, _)| *found == wanted).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read() {
        let page = Page::parse(
            "# HELP a_total of\n# TYPE a_total counter\na_total{job=\"x\",of=\"y\"} 3\na_total{job=\"z\"} 4\nb 0.25\nnonsense\n",
        );
        assert_eq!((page.get("b"), page.get("c")), (Some(0.25), None));
        assert_eq!(page.by("a_total", "job").collect::<Vec<_>>(), [("x", 3.0), ("z", 4.0)]);
        assert_eq!((page.of("a_total", "job", "z"), page.of("a_total", "job", "q")), (Some(4.0), None));
    }
}
