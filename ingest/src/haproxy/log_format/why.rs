//! Why a format cannot read a line, for whoever mends the format: where the line stops fitting, and what would fit there.

use super::attribution::Found;
use super::record::Line;
use super::{LogFormat, Mismatch, RecordFormat, Slots};
use crate::reject::Reject;
use suiftly_schema::ids::{Frontend, Network, Service};
use suiftly_schema::time::UnixMillis;

/// So much of a value is shown.
const SHOWN_BYTES: usize = 40;

/// Why a line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The byte of the line where it stops fitting, counted from 0; `None` where no place is to blame.
    pub at: Option<usize>,
    /// What is wrong, without the place.
    pub text: String,
}

impl Misfit {
    fn nowhere(text: impl Into<String>) -> Self {
        Self { at: None, text: text.into() }
    }
}

impl RecordFormat {
    /// Why a body that [`RecordFormat::parse_of`] refused with `reject` was. `written`: whether its header has a date.
    pub fn why_not(&self, line: &[u8], server: Option<i16>, written: bool, reject: Reject) -> Misfit {
        let mut slots = Slots::default();
        if let Err(mismatch) = self.format().read(line, &mut slots) {
            return self.format().misfit(&mismatch);
        }
        if slots.is_cut() && reject == Reject::FormatShape {
            return Misfit { at: Some(line.len()), text: "the line is cut off before what a record needs".to_owned() };
        }
        let line = Line { format: self, line, slots: &slots };
        line.wrong_entry()
            .or_else(|| line.no_date(written))
            .or_else(|| line.no_identity(server))
            .unwrap_or_else(|| Misfit::nowhere(format!("its values make no record ({})", reject.word())))
    }
}

impl LogFormat {
    fn misfit(&self, mismatch: &Mismatch) -> Misfit {
        let described = self.describe(mismatch);
        // The place is told by itself: the caller may count from elsewhere.
        let text = described.split_once(": ").map_or(described.as_str(), |(_, text)| text).to_owned();
        Misfit { at: Some(mismatch.at), text }
    }

    /// What an attribution may name, in the order of the string: aliases and expressions as [`super::FieldRef`] reads
    /// them; of captures the first.
    pub fn attributable(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let alias = || field.source.rsplit(['%', '}']).next().unwrap_or_default().to_owned();
            let name = match (field.role, &field.expression) {
                (super::alias::Role::RequestCaptures, _) => "hr[1]".to_owned(),
                (super::alias::Role::ResponseCaptures, _) => "hs[1]".to_owned(),
                (_, Some(expression)) => expression.clone(),
                _ => alias(),
            };
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl Line<'_, '_> {
    /// The first entry of the attribution whose value is none.
    fn wrong_entry(&self) -> Option<Misfit> {
        let said = &self.format.said;
        let entries: [(&str, &Found, &str, bool); 13] = [
            ("key", &said.key, "a number up to 4294967295", self.number::<u32>(&said.key).is_err()),
            ("key_metadata", &said.key_metadata, "a number", self.number::<i32>(&said.key_metadata).is_err()),
            (
                "service",
                &said.service,
                "a service",
                self.named(&said.service, Service::from_number, Service::from_word).is_err(),
            ),
            (
                "network",
                &said.network,
                "a network",
                self.named(&said.network, Network::from_number, Network::from_word).is_err(),
            ),
            ("server", &said.server, "a gateway's number", self.number::<i16>(&said.server).is_err()),
            (
                "frontend",
                &said.frontend,
                "a kind of frontend",
                self.named(&said.frontend, Frontend::from_number, Frontend::from_word).is_err(),
            ),
            ("traffic", &said.traffic, "a traffic type, 0 to 8", self.traffic_type().is_err()),
            ("event", &said.event, "a number up to 255", self.number::<u8>(&said.event).is_err()),
            ("config", &said.config, "16 hexadecimal digits", self.config_word().is_err()),
            ("client", &said.client, "an address", self.client().is_err()),
            ("began", &said.began, "a date", self.began().is_err()),
            ("boot", &said.boot, "an instant in ms", self.number::<i64>(&said.boot).is_err()),
            ("seq", &said.seq, "a number up to 4294967295", self.number::<u32>(&said.seq).is_err()),
        ];
        let (name, found, wanted, _) = entries.into_iter().find(|(.., is_wrong)| *is_wrong)?;
        let value = found.text(self.line, self.slots).unwrap_or_default();
        let shown = String::from_utf8_lossy(&value[..value.len().min(SHOWN_BYTES)]).into_owned();
        Some(Misfit {
            at: self.place(found, value),
            text: format!("{shown:?} is not {wanted}, which is to say the {name}"),
        })
    }

    /// Where in the line a value stands, unless it is no part of it.
    fn place(&self, found: &Found, value: &[u8]) -> Option<usize> {
        let field = match found {
            Found::Field(field) | Found::Capture { field, .. } => *field,
            Found::Mapped { from, .. } => return self.place(from, value),
            Found::Nothing | Found::Constant(_) => return None,
        };
        let (start, end) = self.slots.bounds(field)?;
        let within = value.as_ptr().addr().checked_sub(self.line.as_ptr().addr());
        within.filter(|at| (start..=end).contains(at)).or(Some(start))
    }

    fn no_date(&self, written: bool) -> Option<Misfit> {
        let has_none = self.timestamp(|| written.then_some(UnixMillis(0))).is_err();
        has_none
            .then(|| Misfit::nowhere("neither the format nor the line's header says when it was: attribute `began`"))
    }

    fn no_identity(&self, server: Option<i16>) -> Option<Misfit> {
        let said = self.number::<i16>(&self.format.said.server).ok().flatten().or(server);
        match self.line_id(said) {
            Ok(_) => None,
            Err(_) if said.is_none() => {
                Some(Misfit::nowhere("`boot` and `seq` number its lines, and nothing says of which `server`"))
            }
            Err(_) => {
                Some(Misfit::nowhere("`boot` or `seq` is not in the line: it could not be told from its duplicates"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::published::compile_published;
    use std::collections::BTreeMap;

    /// Why a line is not read: the place, and the words.
    fn why(text: &str, attribution: &[(&str, &str)], line: &str) -> (Option<usize>, String) {
        let entries: BTreeMap<String, String> =
            attribution.iter().map(|(name, from)| ((*name).to_owned(), (*from).to_owned())).collect();
        let format = compile_published(text, &entries).unwrap();
        let reject = format.parse_of(line.as_bytes(), None, || None, &mut super::Slots::default()).unwrap_err();
        let misfit = format.why_not(line.as_bytes(), None, false, reject);
        (misfit.at, misfit.text)
    }

    /// A format, its attribution, a line; where it stops fitting, and what is said.
    type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], &'c str, Option<usize>, &'c str);

    #[test]
    fn the_place_where_a_line_stops_fitting_is_told() {
        const NUMBERED: &str = "%[date(0,ms)] %ST %B %[var(txn.b)] %[var(txn.q)]";
        let identity = [("boot", "var(txn.b)"), ("seq", "var(txn.q)"), ("began", "date(0,ms)")];
        let began = ("began", "date(0,ms)");
        let cases: [Case<'_>; 8] = [
            ("%Ts %ST %B", &[], "1795298482 200", Some(11), "nothing ends for %ST"),
            ("%Ts %ST %B", &[], "1795298482 20x 7", Some(11), "not a value for %ST"),
            ("%Ts %ST %B", &[], "1795298482 200 7 9", Some(15), "not a value for %B"),
            ("%ST %B", &[], "200 7", None, "says when it was"),
            ("%Ts %ST %hr", &[("service", "hr[2]")], "1795298482 200 {a|beal}", Some(18), "\"beal\" is not a service"),
            ("%Ts %ST", &[("traffic", "=77")], "1795298482 200", None, "not a traffic type"),
            (NUMBERED, &identity, "1795298482000 200 7 5 6", None, "nothing says of which `server`"),
            (
                NUMBERED,
                &[identity[0], identity[1], began, ("server", "=7")],
                "1795298482000 200 7 5 -",
                None,
                "`boot` or `seq` is not",
            ),
        ];
        for (text, attribution, line, at, words) in cases {
            let (found, said) = why(text, attribution, line);
            assert!(said.contains(words), "{line:?}: {said}");
            assert_eq!(found, at, "{line:?}: {said}");
        }
    }

    #[test]
    fn what_can_be_attributed_is_listed() {
        let format =
            super::LogFormat::compile("%ci:%cp [%tr] %{+Q}r %hr %hs %[var(txn.c)] %{+Q}[req.hdr(x)] %ID").unwrap();
        assert_eq!(format.attributable(), ["ci", "cp", "tr", "r", "hr[1]", "hs[1]", "var(txn.c)", "req.hdr(x)", "ID"]);
        let all: BTreeMap<String, String> = [("customer", "hs[1]"), ("path", "r"), ("key", "req.hdr(x)")]
            .map(|(n, f)| (n.to_owned(), f.to_owned()))
            .into();
        assert!(super::super::published::attribute(format, &all).is_ok());
    }
}
