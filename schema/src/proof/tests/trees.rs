//! Trees, paths and consistency.

use super::leaves;
use crate::proof::subtrees::{self, SUBTREE_LEAVES, Subtrees, needed};
use crate::proof::tree::{self, Frontier, Hash, Tree, is_consistent, root_by_path};
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    leaves: Vec<String>,
    roots: Vec<Hash>,
    paths: Vec<PathVector>,
    consistency: Vec<ConsistencyVector>,
}

#[derive(Deserialize)]
struct PathVector {
    index: usize,
    count: usize,
    path: Vec<Hash>,
}

#[derive(Deserialize)]
struct ConsistencyVector {
    before: usize,
    count: usize,
    path: Vec<Hash>,
}

/// MTH, as the RFC defines it.
fn by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(b""),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            Hash::node(&by_definition(left), &by_definition(right))
        }
    }
}

/// PATH, as the RFC defines it.
fn path_by_definition(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, other) = if index < left.len() {
        (path_by_definition(index, left), right)
    } else {
        (path_by_definition(index - left.len(), right), left)
    };
    path.push(by_definition(other));
    path
}

/// The largest power of two below `count`.
fn split(count: usize) -> usize {
    (0..).map(|bit| 1 << bit).take_while(|size| *size < count).last().unwrap()
}

fn tree_of(leaves: &[Hash]) -> Tree {
    Tree { count: leaves.len() as u64, root: by_definition(leaves) }
}

#[test]
fn the_published_vectors() {
    let vectors: Vectors = serde_json::from_str(include_str!("../../../tests/data/proof/tree.json")).unwrap();
    let content = vectors.leaves.iter().map(|hex| HEXLOWER.decode(hex.as_bytes()).unwrap());
    let leaves: Vec<_> = content.map(|bytes| Hash::leaf(&bytes)).collect();
    assert_eq!((leaves.len(), vectors.roots.len(), vectors.paths.len(), vectors.consistency.len()), (8, 9, 36, 45));
    let mut frontier = Frontier::default();
    for (count, expected) in vectors.roots.iter().enumerate() {
        assert_eq!((frontier.root(), tree::root(&leaves[..count])), (*expected, *expected), "{count}");
        leaves.get(count).into_iter().for_each(|leaf| frontier.push(*leaf));
    }
    for PathVector { index, count, path } in &vectors.paths {
        assert_eq!(tree::path(&leaves[..*count], *index).as_ref(), Some(path), "{index} of {count}");
        let root = root_by_path(leaves[*index], *index as u64, *count as u64, path);
        assert_eq!(root, Some(vectors.roots[*count]), "{index} of {count}");
    }
    for ConsistencyVector { before, count, path } in &vectors.consistency {
        assert_eq!(tree::consistency(&leaves[..*count], *before).as_ref(), Some(path), "{before} of {count}");
        let [before, now] = [before, count].map(|count| Tree { count: *count as u64, root: vectors.roots[*count] });
        assert!(is_consistent(before, now, path), "{before:?} of {now:?}");
    }
}

#[test]
fn a_frontier_has_the_root_of_the_definition() {
    let (leaves, mut frontier) = (leaves(300), Frontier::default());
    for count in 0..=leaves.len() {
        assert_eq!((frontier.count(), frontier.root()), (count as u64, by_definition(&leaves[..count])));
        leaves.get(count).into_iter().for_each(|leaf| frontier.push(*leaf));
    }
}

#[test]
fn every_path_leads_to_the_root_and_to_no_other_place() {
    let leaves = leaves(70);
    for count in 1..=leaves.len() {
        let (leaves, root) = (&leaves[..count], by_definition(&leaves[..count]));
        for index in 0..count {
            let path = tree::path(leaves, index).unwrap();
            assert_eq!(path, path_by_definition(index, leaves), "{index} of {count}");
            let (leaf, index, count) = (leaves[index], index as u64, count as u64);
            assert_eq!(root_by_path(leaf, index, count, &path), Some(root), "{index} of {count}");
            for other in (0..count).filter(|other| *other != index) {
                assert_ne!(root_by_path(leaf, other, count, &path), Some(root), "{index} as {other} of {count}");
            }
            let longer = [&path[..], &[root]].concat();
            assert_eq!(root_by_path(leaf, index, count, &longer), None);
            let shorter = path.split_last().map(|(_, shorter)| root_by_path(leaf, index, count, shorter));
            assert_eq!(shorter.flatten(), None);
        }
        assert_eq!(tree::path(leaves, count), None);
    }
    for (index, count) in [(0, 0), (1, 1), (8, 8), (u64::MAX, u64::MAX)] {
        assert_eq!(root_by_path(leaves[0], index, count, &[]), None, "{index} of {count}");
    }
}

#[test]
fn a_beginning_is_shown_and_nothing_else() {
    let (leaves, others) = (leaves(64), leaves(65));
    let roots: Vec<_> = (0..=leaves.len()).map(|count| tree_of(&leaves[..count])).collect();
    for now in 0..=leaves.len() {
        for before in 0..=now {
            let proof = tree::consistency(&leaves[..now], before).unwrap();
            assert!(is_consistent(roots[before], roots[now], &proof), "{before} of {now}");
            for changed in 0..proof.len() {
                let mut proof = proof.clone();
                proof[changed].0[7] ^= 1;
                assert!(!is_consistent(roots[before], roots[now], &proof), "{before} of {now}, {changed}");
                proof.remove(changed);
                assert!(!is_consistent(roots[before], roots[now], &proof), "{before} of {now}, without {changed}");
            }
            let longer = [&proof[..], &[roots[now].root]].concat();
            assert!(!is_consistent(roots[before], roots[now], &longer), "{before} of {now}");
            let forged = Tree { root: others[64], ..roots[before] };
            assert!(!is_consistent(forged, roots[now], &proof), "{before} of {now}");
            let forged = Tree { root: others[64], ..roots[now] };
            // No leaves are the beginning of any tree: the one proof that says nothing of the larger one.
            assert_eq!(is_consistent(roots[before], forged, &proof), before == 0 && now > 0, "{before} of {now}");
            assert!(before == now || !is_consistent(roots[now], roots[before], &proof), "{now} of {before}");
        }
        assert_eq!(tree::consistency(&leaves[..now], now + 1), None);
    }
}

#[test]
fn a_path_from_one_subtree_is_the_path() {
    const SIZE: usize = SUBTREE_LEAVES;
    let all = leaves(3 * SIZE + 5);
    for count in [1, 2, SIZE - 1, SIZE, SIZE + 1, 2 * SIZE, 2 * SIZE + 1, 3 * SIZE, 3 * SIZE + 5] {
        let (leaves, mut kept) = (&all[..count], Subtrees::default());
        leaves.iter().for_each(|leaf| kept.push(*leaf));
        let roots = kept.roots();
        assert_eq!((kept.count(), kept.root()), (count as u64, tree::root(leaves)));
        assert_eq!(roots.len(), count.div_ceil(SIZE));
        let edges = [0, 1, SIZE - 1, SIZE, SIZE + 1, 2 * SIZE - 1, 2 * SIZE, 3 * SIZE, 3 * SIZE + 4, count - 1];
        for index in edges.into_iter().filter(|index| *index < count) {
            let needed = needed(index as u64, count as u64);
            let subtree = &leaves[usize::try_from(needed.start).unwrap()..usize::try_from(needed.end).unwrap()];
            let path = subtrees::path(index as u64, subtree, &roots);
            assert_eq!(path, tree::path(leaves, index), "{index} of {count}");
            assert!(path.is_some_and(|path| path == path_by_definition(index, leaves)));
            let missing = subtrees::path(index as u64, &subtree[1..], &roots);
            assert_eq!(missing, None, "without its first leaf");
            assert_eq!(subtrees::path(index as u64, subtree, &roots[1..]).filter(|_| index < SIZE), None);
        }
        assert_eq!(subtrees::path(count as u64 + SIZE as u64, leaves, &roots), None);
    }
    assert_eq!((Subtrees::default().count(), Subtrees::default().root()), (0, Hash::of_no_leaves()));
}

proptest! {
    #[test]
    fn any_tree_and_any_place(
        count in 1usize..600, index in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
    ) {
        let leaves = leaves(count);
        let (index, before) = (index.index(count), other.index(count + 1));
        let path = tree::path(&leaves, index).unwrap();
        let root = root_by_path(leaves[index], index as u64, count as u64, &path);
        prop_assert_eq!(root, Some(by_definition(&leaves)));
        let proof = tree::consistency(&leaves, before).unwrap();
        prop_assert!(is_consistent(tree_of(&leaves[..before]), tree_of(&leaves), &proof));
        let after = &leaves[count - before..];
        prop_assert!(before == 0 || before == count || !is_consistent(tree_of(after), tree_of(&leaves), &proof));
    }

    #[test]
    fn no_path_makes_it_panic(index: u64, count: u64, length in 0usize..70) {
        let path = leaves(length);
        let root = root_by_path(Hash::of_no_leaves(), index, count, &path);
        prop_assert!(root.is_none() || index < count);
        let [before, now] = [index, count].map(|count| Tree { count, root: Hash::of_no_leaves() });
        let says_nothing = path.is_empty() && (before.count == 0 || before == now);
        prop_assert!(says_nothing || !is_consistent(before, now, &path));
    }
}
