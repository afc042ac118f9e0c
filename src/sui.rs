//! How it stands with Sui, asked of each node by itself: for the watch of a running server, and for `suiftly doctor`.

use crate::config;
use suiftly_sui::{Address, Contract, Failure, House, LAG_CHECKPOINTS, Node, NodeError};

/// Who is asked, and about what.
pub(crate) struct Watched {
    nodes: [Node; 2],
    contract: Contract,
    /// The operator's address.
    operator: Address,
    gas_budget: u64,
}

/// What a node says, or why it says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeSeen {
    /// Its host, and its port if it has one.
    pub(crate) name: String,
    pub(crate) said: Result<Said, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// The newest checkpoint that it has.
    pub(crate) checkpoint: u64,
    /// What is in the operator's address balance, in MIST.
    pub(crate) gas: u64,
    /// Whether the chain takes gas out of address balances.
    pub(crate) takes_it: bool,
    /// Whether the node lists events, by which all that happens is followed.
    pub(crate) lists_events: bool,
    /// The house; or why it cannot be read.
    pub(crate) house: Result<House, String>,
}

impl Watched {
    /// Nothing connects before it is looked at. Has to be called within a tokio runtime.
    pub(crate) fn of(sui: &config::Sui) -> anyhow::Result<Self> {
        let (nodes, contract, operator) = (sui.each_node()?, sui.contract()?, sui.key()?.address());
        Ok(Self { nodes, contract, operator, gas_budget: sui.gas_budget })
    }

    pub(crate) const fn operator(&self) -> Address {
        self.operator
    }

    pub(crate) const fn contract(&self) -> &Contract {
        &self.contract
    }

    /// Asks both at once.
    pub(crate) async fn look(&self) -> [NodeSeen; 2] {
        let [one, other] = &self.nodes;
        let (one, other) = tokio::join!(self.look_at(one), self.look_at(other));
        [one, other]
    }

    async fn look_at(&self, node: &Node) -> NodeSeen {
        let said = self.ask(node).await.map_err(|error| error.to_string());
        NodeSeen { name: node.name().to_owned(), said }
    }

    async fn ask(&self, node: &Node) -> Result<Said, NodeError> {
        let (head, epoch) = (node.head().await?, node.epoch().await?);
        let gas = node.gas(self.operator).await?.value;
        let house = match node.object(self.contract.house.id).await?.value {
            Some(object) => self.contract.house(&object).map_err(|error| error.to_string()),
            None => Err(format!("there is no object {}", self.contract.house.id)),
        };
        let (checkpoint, takes_it) = (head.checkpoint, epoch.value.gas_from_balance);
        let listed = node.events(&self.contract, checkpoint..checkpoint + 1).await;
        // What else may be in the way of a list passes.
        let lists_events = !matches!(listed, Err(NodeError { failure: Failure::Unable(_), .. }));
        Ok(Said { checkpoint, gas, takes_it, lists_events, house })
    }

    /// How many charges the operator's gas pays for, at what one may cost: as both nodes say, the fewer.
    pub(crate) fn charges_left(&self, seen: &[NodeSeen; 2]) -> Option<u64> {
        let gas = seen.iter().map(|seen| seen.said.as_ref().ok().map(|said| said.gas));
        let least = gas.collect::<Option<Vec<_>>>()?.into_iter().min()?;
        least.checked_div(self.gas_budget)
    }
}

/// What keeps these nodes from being used at all, as they say it: nothing that passes by itself. What a node that does not
/// answer would say is not known.
pub(crate) fn cannot(seen: &[NodeSeen; 2]) -> Option<String> {
    let said = || seen.iter().filter_map(|seen| Some((seen.name.as_str(), seen.said.as_ref().ok()?)));
    if let Some((name, _)) = said().find(|(_, said)| !said.lists_events) {
        return Some(format!(
            "node {name} lists no events (ListEvents), and deposits and charges are followed by nothing else: name another \
             in billing.sui.nodes"
        ));
    }
    let lacks_gas = said().any(|(_, said)| !said.takes_it) && !said().any(|(_, said)| said.takes_it);
    lacks_gas.then(|| {
        "the chain takes no gas out of address balances (enable_address_balance_gas_payments is off in its protocol \
         configuration), and charges pay by nothing else: use a network that does"
            .to_owned()
    })
}

/// The one that is further behind the other than is believed.
pub(crate) fn lagging(seen: &[NodeSeen; 2]) -> Option<&NodeSeen> {
    let newest = seen.iter().filter_map(|seen| Some(seen.said.as_ref().ok()?.checkpoint)).max()?;
    let is_behind = |seen: &&NodeSeen| seen.said.as_ref().is_ok_and(|said| newest - said.checkpoint > LAG_CHECKPOINTS);
    seen.iter().find(is_behind)
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A node that is well, at a checkpoint, and knows of this much gas and this operator.
    pub(crate) fn well(name: &str, checkpoint: u64, gas: u64, operator: Address) -> NodeSeen {
        let house = House {
            initial_version: 7,
            version: 1,
            cent: 10_000,
            treasury: Address::TWO,
            operators: vec![Address::TWO, operator],
        };
        let said = Said { checkpoint, gas, takes_it: true, lists_events: true, house: Ok(house) };
        NodeSeen { name: name.to_owned(), said: Ok(said) }
    }

    pub(crate) fn away(name: &str) -> NodeSeen {
        NodeSeen { name: name.to_owned(), said: Err(format!("node {name} gives no answer: unavailable")) }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{away, well};
    use super::*;
    use suiftly_chain::{Cutting, Endpoint, Faults, Genesis, Network};
    use tokio::net::TcpListener;

    #[test]
    fn one_is_behind_beyond_what_is_believed() {
        let operator = Address::ZERO;
        let at = |one, other| [well("one", one, 5, operator), well("other", other, 5, operator)];
        assert_eq!(lagging(&at(1_000, 1_000)), None);
        assert_eq!(lagging(&at(1_000, 1_000 + LAG_CHECKPOINTS)), None);
        assert_eq!(lagging(&at(1_000, 1_001 + LAG_CHECKPOINTS)).map(|seen| seen.name.as_str()), Some("one"));
        assert_eq!(lagging(&[away("one"), well("other", 5, 5, operator)]), None);
    }

    /// A node that says something else.
    fn but(name: &str, change: impl FnOnce(&mut Said)) -> NodeSeen {
        let mut node = well(name, 5, 5, Address::ZERO);
        change(node.said.as_mut().unwrap());
        node
    }

    #[test]
    fn nodes_that_cannot_be_used_are_told_of_and_those_that_are_away_are_not() {
        let (one, other) = (|| well("one", 5, 5, Address::ZERO), || well("other", 5, 5, Address::ZERO));
        let no_gas = |name| but(name, |said| said.takes_it = false);
        let no_lists = |name| but(name, |said| said.lists_events = false);
        for can in [[one(), other()], [away("one"), away("other")], [no_gas("one"), other()]] {
            assert_eq!(cannot(&can), None, "{can:?}");
        }
        for (seen, says) in [
            ([one(), no_lists("other")], "node other lists no events (ListEvents)"),
            ([no_lists("one"), away("other")], "node one lists no events"),
            ([no_gas("one"), no_gas("other")], "enable_address_balance_gas_payments is off"),
            ([away("one"), no_gas("other")], "the chain takes no gas out of address balances"),
        ] {
            let told = cannot(&seen).unwrap();
            assert!(told.contains(says), "{says}: {told}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_local_chain_can_be_used() {
        let genesis = Genesis {
            at_ms: 1_795_392_000_000,
            admin: Address::new([1; 32]),
            operator: Address::new([2; 32]),
            treasury: Address::new([3; 32]),
            coin: "0xc01::usdc::USDC".parse().unwrap(),
            cent: 10_000,
            gas_price: 1_000,
            checkpoints: Cutting::Each,
        };
        let network = Network::new(&genesis).unwrap();
        let (chain, contract) = network.look(|chain| (chain.id(), chain.published().contract));
        let (mut endpoints, mut nodes) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let endpoint = Endpoint::start(network.clone(), listener, Faults::default()).unwrap();
            nodes.push(Node::new(&endpoint.url(), chain).unwrap());
            endpoints.push(endpoint);
        }
        let nodes: [Node; 2] = nodes.try_into().map_err(|_| "two").unwrap();
        let watched = Watched { nodes, contract, operator: genesis.operator, gas_budget: 50 };
        let seen = watched.look().await;
        assert!(
            seen.iter().all(|seen| seen.said.as_ref().is_ok_and(|said| said.takes_it && said.lists_events)),
            "{seen:?}"
        );
        assert_eq!(cannot(&seen), None);
    }

    #[tokio::test]
    async fn charges_are_those_that_the_lesser_balance_pays() {
        let node = || Node::new("http://127.0.0.1:1", "4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S".parse().unwrap());
        let house = suiftly_sui::SharedRef { id: Address::TWO, initial_version: 7 };
        let coin = "0xc01::usdc::USDC".parse().unwrap();
        let contract = Contract { package: Address::TWO, origin: Address::TWO, house, coin, cent: 10_000 };
        let (nodes, operator) = ([node().unwrap(), node().unwrap()], Address::ZERO);
        let watched = Watched { nodes, contract, operator, gas_budget: 50 };
        let of = |one, other| watched.charges_left(&[well("a", 1, one, operator), well("b", 1, other, operator)]);
        assert_eq!((of(500, 149), of(49, 500)), (Some(2), Some(0)));
        assert_eq!(watched.charges_left(&[well("a", 1, 500, operator), away("b")]), None);
        assert!(watched.look().await.iter().all(|seen| seen.said.is_err()), "nobody listens there");
    }
}
