//! Sui, where the escrow is a contract there: whether both nodes answer and agree, whether the house is what the
//! configuration says, whether it lists our operator, and whether that one can pay its gas.

use super::Ground;
use super::finding::Finding;
use crate::config::EscrowBackend;
use crate::sui::{NodeSeen, Said, Watched, lagging};
use suiftly_sui::{Address, Contract, House};

const CHECK: &str = "sui";
/// An operator whose gas pays for fewer charges is told of.
const CHARGES_LEFT_MIN: u64 = 1_000;

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    let billing = &ground.config.billing;
    if billing.escrow != EscrowBackend::Sui {
        return vec![Finding::skipped(CHECK, "the escrow is embedded: no chain holds the funds")];
    }
    match Watched::of(&billing.sui) {
        Ok(watched) => {
            let seen = watched.look().await;
            judge(&seen, (watched.operator(), watched.contract()), watched.charges_left(&seen))
        }
        Err(error) => vec![Finding::wrong(CHECK, format!("{error:#}"), "mend [billing.sui], or the key's file")],
    }
}

fn judge(seen: &[NodeSeen; 2], (operator, contract): (Address, &Contract), charges_left: Option<u64>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for node in seen {
        match &node.said {
            Ok(said) => findings.extend(of_chain(node, said, operator, contract)),
            Err(error) => {
                let todo = "until both answer nothing is believed: charges wait in doubt, deposits are not seen; use another \
                    node in billing.sui.nodes";
                findings.push(Finding::wrong(CHECK, error.clone(), todo));
            }
        }
    }
    if let Some(behind) = lagging(seen) {
        let todo = "a node that is behind is not believed; if it stays so, use another";
        findings.push(Finding::look(CHECK, format!("node {} is far behind the other", behind.name), todo));
    }
    findings.extend(charges_left.and_then(|left| of_gas(left, operator)));
    if findings.is_empty() {
        let names = seen.each_ref().map(|seen| seen.name.as_str()).join(" and ");
        let left = charges_left.unwrap_or_default();
        let seen = format!("{names} agree; the house lists operator {operator}, whose gas pays for {left} charges");
        findings.push(Finding::fine(CHECK, seen));
    }
    findings
}

/// What a node says of the chain and of the house.
fn of_chain(node: &NodeSeen, said: &Said, operator: Address, contract: &Contract) -> Option<Finding> {
    let wrong = |seen: String, todo: &str| Some(Finding::wrong(CHECK, format!("{}: {seen}", node.name), todo));
    if !said.takes_it {
        let todo = "charges need address balances: use a network that has them";
        return wrong("the chain takes no gas out of address balances".to_owned(), todo);
    }
    if !said.lists_events {
        let todo = "deposits and charges are followed by nothing else: name another in billing.sui.nodes";
        return wrong("it lists no events (ListEvents)".to_owned(), todo);
    }
    let House { initial_version, cent, operators, .. } = match &said.house {
        Ok(house) => house,
        Err(error) => return wrong(error.clone(), "billing.sui: mend house, coin or origin"),
    };
    if *initial_version != contract.house.initial_version {
        return wrong(format!("the house was shared at {initial_version}"), "mend billing.sui.house_version");
    }
    if *cent != contract.cent {
        return wrong(format!("the house has {cent} units in a cent"), "mend billing.sui.cent");
    }
    if !operators.contains(&operator) {
        let todo = "have the admin name it (house::name_operator), or use the key of one that is named";
        return wrong(format!("the house does not list operator {operator}"), todo);
    }
    None
}

fn of_gas(charges_left: u64, operator: Address) -> Option<Finding> {
    let todo = format!("send SUI to the address balance of {operator}: coins there do not pay");
    match charges_left {
        0 => Some(Finding::wrong(CHECK, "the operator's gas pays for no charge", todo)),
        1..CHARGES_LEFT_MIN => {
            Some(Finding::look(CHECK, format!("the operator's gas pays for {charges_left} charges"), todo))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::super::finding::testing::assert_mark;
    use super::*;
    use crate::sui::testing::{away, well};
    use suiftly_sui::SharedRef;

    const OPERATOR: Address = Address::new([7; 32]);

    fn contract() -> Contract {
        let house = SharedRef { id: Address::TWO, initial_version: 7 };
        let coin = "0xc01::usdc::USDC".parse().unwrap();
        Contract { package: Address::TWO, origin: Address::TWO, house, coin, cent: 10_000 }
    }

    fn node(name: &str) -> NodeSeen {
        well(name, 1_000, 5, OPERATOR)
    }

    /// A node that says something else.
    fn but(change: impl FnOnce(&mut Said)) -> NodeSeen {
        let mut node = node("other");
        change(node.said.as_mut().unwrap());
        node
    }

    #[test]
    fn a_chain_that_is_as_it_should_be_is_fine() {
        let [finding] = &judge(&[node("one"), node("other")], (OPERATOR, &contract()), Some(1_000))[..] else {
            panic!()
        };
        assert_mark(finding, Mark::Fine);
        assert!(finding.seen.contains("one and other agree") && finding.seen.contains("1000 charges"), "{finding:?}");
    }

    #[test]
    fn each_thing_that_is_not_is_told() {
        let cases = [
            (away("other"), Some(1_000), Mark::Wrong, "gives no answer"),
            (but(|said| said.checkpoint = 9_000), Some(1_000), Mark::Look, "node one is far behind"),
            (but(|said| said.takes_it = false), Some(1_000), Mark::Wrong, "takes no gas out of address balances"),
            (but(|said| said.lists_events = false), Some(1_000), Mark::Wrong, "other: it lists no events"),
            (but(|said| said.house = Err("no house".to_owned())), Some(1_000), Mark::Wrong, "no house"),
            (but(|said| said.house.as_mut().unwrap().initial_version = 8), Some(1_000), Mark::Wrong, "shared at 8"),
            (but(|said| said.house.as_mut().unwrap().cent = 1), Some(1_000), Mark::Wrong, "1 units in a cent"),
            (but(|said| said.house.as_mut().unwrap().operators.clear()), Some(1_000), Mark::Wrong, "does not list"),
            (node("other"), Some(999), Mark::Look, "pays for 999 charges"),
            (node("other"), Some(0), Mark::Wrong, "pays for no charge"),
        ];
        for (other, charges_left, mark, says) in cases {
            let found = judge(&[node("one"), other], (OPERATOR, &contract()), charges_left);
            let [finding] = &found[..] else { panic!("{says}: {found:?}") };
            assert_mark(finding, mark);
            assert!(finding.seen.contains(says), "{says}: {finding:?}");
        }
    }
}
