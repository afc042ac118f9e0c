//! What a customer configures of a service: who may use it.

use crate::body::Checks;
use crate::problem::Problem;
use serde::Deserialize;
use std::collections::BTreeSet;
use suiftly_schema::allowlist::{self, MAX_ADDRESSES, MAX_ORIGINS};
use suiftly_store::accounts::ServiceSettings;
use utoipa::ToSchema;

/// Who may use a service. What is left out stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsRequest {
    /// Addresses (`192.0.2.1`) and networks (`2001:db8::/32`), each once; none: all may. What is beyond a network's length
    /// is taken for zero.
    #[serde(default)]
    #[schema(max_items = 20, required = false, nullable = false, example = json!(["192.0.2.1", "2001:db8::/32"]))]
    pub ip_allowlist: Option<Vec<String>>,
    /// Web origins (`https://app.example.com`), each once.
    #[serde(default)]
    #[schema(max_items = 20, required = false, nullable = false, example = json!(["https://app.example.com"]))]
    pub origins: Option<Vec<String>>,
}

impl SettingsRequest {
    pub(super) fn checked(self) -> Result<ServiceSettings, Problem> {
        let Self { ip_allowlist, origins } = self;
        let mut checks = Checks::default();
        let settings = ServiceSettings {
            ip_allowlist: ip_allowlist.map(|list| {
                let must_be = "must be an address or a network, such as 192.0.2.1 or 2001:db8::/32";
                each(&mut checks, ("ip_allowlist", MAX_ADDRESSES), &list, allowlist::address, must_be)
            }),
            origins: origins.map(|list| {
                let must_be = "must be an origin of https, such as https://app.example.com";
                each(&mut checks, ("origins", MAX_ORIGINS), &list, allowlist::origin, must_be)
            }),
        };
        checks.finish(settings)
    }
}

/// Each entry in its one form, every bad one named by its place.
fn each(
    checks: &mut Checks,
    (field, max): (&str, u32),
    list: &[String],
    form: fn(&str) -> Option<String>,
    must_be: &str,
) -> Vec<String> {
    if list.len() > max as usize {
        checks.fail(field, format!("must be at most {max}"));
        return Vec::new();
    }
    let (mut seen, mut kept) = (BTreeSet::new(), Vec::with_capacity(list.len()));
    for (place, entry) in list.iter().enumerate() {
        let field = format!("{field}[{place}]");
        match form(entry) {
            None => checks.fail(&field, must_be),
            Some(form) if !seen.insert(form.clone()) => checks.fail(&field, format!("is there already, as {form}")),
            Some(form) => kept.push(form),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_entry_is_named_by_its_place() {
        let list = |entries: &[&str]| Some(entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>());
        let many = vec!["192.0.2.1"; 21];
        let cases = [
            (list(&["192.0.2.1", "192.0.2.77/24", "::ffff:192.0.2.2"]), None, ""),
            (list(&[]), list(&[]), ""),
            (list(&["192.0.2.1/32", "192.0.2.1"]), None, "ip_allowlist[1]"),
            (
                list(&["192.0.2.1/24", "x", "192.0.2.9/24"]),
                list(&["http://a.b"]),
                "ip_allowlist[1] ip_allowlist[2] origins[0]",
            ),
            (list(&many), None, "ip_allowlist"),
            (None, list(&["https://a.b", "https://A.b:443"]), "origins[1]"),
        ];
        for (ip_allowlist, origins, expected) in cases {
            let request = SettingsRequest { ip_allowlist, origins };
            let errors = request.clone().checked().err().map_or(Vec::new(), |problem| problem.errors);
            let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(named.join(" "), expected, "{request:?}");
        }
        let kept = SettingsRequest { ip_allowlist: list(&["192.0.2.77/24"]), origins: None }.checked().unwrap();
        assert_eq!(kept, ServiceSettings { ip_allowlist: list(&["192.0.2.0/24"]), origins: None });
    }
}
