use super::*;
use crate::maps::{Maps, prefix};
use proptest::prelude::*;

/// Whether the gateway's configuration would let this key through from this address.
fn allows(maps: &Maps, key: &str, address: &str) -> bool {
    let Some(known) = maps.keys.get(key) else { return false };
    let account = format!("{}:1", field(known, 0).unwrap());
    let Some(grant) = maps.grants.get(&account) else { return false };
    let searched = format!("{account}:{}", prefix::of_address(address.parse().unwrap()));
    let is_listed = || maps.allow.keys().any(|prefix| searched.starts_with(prefix.as_str()));
    field(known, 5) == Some("active")
        && field(grant, 0) == Some("active")
        && (field(grant, 3) == Some("open") || is_listed())
}

const KEYS: [&str; 3] = ["A", "B", "C"];
const ADDRESSES: [&str; 4] = ["10.0.0.1", "10.16.0.1", "192.0.2.1", "::1"];
const PREFIXES: [&str; 5] = ["40A00", "40A", "4C0000201", "4", "6"];

/// A state of the maps: per key its customer and whether it is active, per customer its grant and its list.
fn state() -> impl Strategy<Value = Maps> {
    let keys = prop::collection::vec(prop::option::of((0u8..2, any::<bool>(), 0u8..2)), KEYS.len());
    let grants = prop::collection::vec(
        prop::option::of((any::<bool>(), prop::collection::btree_set(0..PREFIXES.len(), 0..3))),
        2,
    );
    (keys, grants).prop_map(|(keys, grants)| {
        let mut maps = Maps::default();
        for (key, row) in KEYS.iter().zip(keys) {
            if let Some((customer, is_active, metadata)) = row {
                let state = if is_active { "active" } else { "revoked" };
                maps.keys.insert((*key).to_owned(), format!("{customer},7,{metadata},1,1,{state}"));
            }
        }
        for (customer, row) in grants.into_iter().enumerate() {
            let Some((is_active, list)) = row else { continue };
            let listed = if list.is_empty() { "open" } else { "listed" };
            let state = if is_active { "active" } else { "suspended" };
            maps.grants.insert(format!("{customer}:1"), format!("{state},1,1,{listed}"));
            let prefixes = list.into_iter().map(|at| (format!("{customer}:1:{}", PREFIXES[at]), "1".to_owned()));
            maps.allow.extend(prefixes);
        }
        maps
    })
}

fn check(between: &Maps, old: &Maps, new: &Maps) -> Result<(), TestCaseError> {
    for key in KEYS {
        // Of a key that changes hands, what both allow are two things.
        let owner = |maps: &Maps| maps.keys.get(key).map(|known| field(known, 0).map(str::to_owned));
        let changes_hands = owner(old) != owner(new);
        for address in ADDRESSES {
            let [is, was, will] = [between, old, new].map(|maps| allows(maps, key, address));
            prop_assert!(!is || was || will, "{key} {address}: neither allows it; {between:?}");
            prop_assert!(is || !was || !will || changes_hands, "{key} {address}: both allow it; {between:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// One by one, and whole maps.
    #[test]
    fn between_two_commands_nothing_is_allowed_or_refused_that_should_not_be(old in state(), new in state()) {
        let phases = plan(&old.touched_to(&new));
        let (mut single, mut whole) = (old.clone(), old.clone());
        for phase in &phases {
            for step in &phase.steps {
                let one = Phase { map: phase.map, steps: vec![step.clone()] };
                let entries = single.of(phase.map).clone();
                *single.of_mut(phase.map) = content(entries, &one);
                check(&single, &old, &new)?;
            }
            let entries = whole.of(phase.map).clone();
            *whole.of_mut(phase.map) = content(entries, phase);
            check(&whole, &old, &new)?;
        }
        prop_assert_eq!(&single, &new);
        prop_assert_eq!(&whole, &new);
    }
}

#[test]
fn a_new_key_comes_after_its_grant_and_a_revoked_one_goes_first() {
    let maps = |keys: &[(&str, &str)], grants: &[(&str, &str)]| {
        let entries = |rows: &[(&str, &str)]| rows.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Maps { keys: entries(keys), grants: entries(grants), ..Maps::default() }
    };
    let old = maps(&[("A", "1,7,7,1,1,active"), ("C", "1,7,7,1,1,active")], &[("1:1", "suspended,1,1,open")]);
    let new = maps(
        &[("A", "1,7,7,1,1,revoked"), ("B", "2,7,7,1,1,active"), ("C", "2,7,7,1,1,active")],
        &[("1:1", "active,1,1,open"), ("2:1", "active,1,1,open")],
    );
    let phases = plan(&old.touched_to(&new));
    let told: Vec<(MapName, Vec<(&str, bool)>)> = phases
        .iter()
        .map(|phase| {
            let steps = phase.steps.iter().map(|step| (step.key.as_str(), step.change == Change::Remove));
            (phase.map, steps.collect())
        })
        .collect();
    assert_eq!(
        told,
        [
            (MapName::Keys, vec![("A", false), ("C", true)]),
            (MapName::Grants, vec![("1:1", false), ("2:1", false)]),
            (MapName::Keys, vec![("B", false), ("C", false)]),
        ]
    );
    assert_eq!(plan(&[]), Vec::new());
}
