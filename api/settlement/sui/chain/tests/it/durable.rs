//! A chain that is kept in a file: what was answered is there again, the same to the last digest.

use crate::world::{BEGIN, DAY_MS, World, genesis, usd};
use suiftly_chain::{Chain, Genesis, Network, NetworkError};

#[tokio::test]
async fn a_chain_is_the_same_after_it_was_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain");
    let network = Network::open(&path, &genesis()).unwrap();
    World::give(&network);
    let world = World::of(network).await;
    let account = world.open(usd(50)).await;
    let charged = world.act(&world.charge(account, 1, usd(5))).await;
    world.network.set_clock(BEGIN + DAY_MS).unwrap();
    let used = world.act(&world.charge(account, 1, usd(5))).await;
    let head = |world: &World| world.network.look(|chain| chain.head());
    let (before, seen) = (head(&world), world.pair().object(account.id).await.unwrap().value);
    assert!(matches!(Network::open(&path, &genesis()), Err(NetworkError::File { .. })));
    let World { endpoints, network, .. } = world;
    for endpoint in endpoints {
        endpoint.stop().await;
    }
    drop(network);

    let world = World::of(Network::open(&path, &genesis()).unwrap()).await;
    assert_eq!(head(&world), before);
    assert_eq!(world.pair().object(account.id).await.unwrap().value, seen);
    for executed in [charged, used] {
        assert_eq!(world.pair().executed(&executed.digest).await.unwrap().value, Some(executed));
    }
    // And it goes on.
    let charged = world.act(&world.charge(account, 2, usd(5))).await;
    assert!(charged.checkpoint > Some(before.0));
}

#[test]
fn another_genesis_or_none_at_all_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain");
    drop(Network::open(&path, &genesis()).unwrap());
    let other = Genesis { gas_price: 7, ..genesis() };
    assert!(matches!(Network::open(&path, &other), Err(NetworkError::Other { .. })));
    assert!(matches!(Network::new(&Genesis { cent: 0, ..genesis() }), Err(NetworkError::Genesis)));
    assert_eq!(
        Network::open(&path, &genesis()).unwrap().look(Chain::id),
        Network::new(&genesis()).unwrap().look(Chain::id)
    );
}
