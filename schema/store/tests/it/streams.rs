//! The rows of open streams: put, changed and let go of with their epochs, and read back where a writer goes on.

use crate::model::{Model, start};
use crate::writer::contents;
use std::sync::Arc;
use suiftly_schema::stream::{OpenStream, StreamId};
use suiftly_schema::time::UnixMillis;
use suiftly_store::testing::TestDatabase;
use suiftly_store::writer::{Commit, Writer};

fn stream(rt: u32, told_bytes: u64, is_final: bool) -> OpenStream {
    let id = StreamId { server_id: 17, boot: UnixMillis(5), rt };
    OpenStream { id, told_bytes, is_final, heard_at: start().plus_ms(rt.into()) }
}

#[tokio::test]
async fn open_streams_are_as_the_last_epoch_left_them_however_epochs_are_merged() {
    let gone = |rt: u32| stream(rt, 0, false).id;
    let far = OpenStream { told_bytes: i64::MAX.cast_unsigned(), ..stream(u32::MAX, 0, true) };
    let steps: [(&[OpenStream], &[StreamId]); 4] = [
        (&[stream(1, 10, false), stream(2, 20, false), far], &[]),
        (&[stream(1, 30, false)], &[gone(2)]),
        // Known anew after it was let go of; and one is let go of that was never stored.
        (&[stream(2, 1, true), stream(3, 5, false)], &[gone(1), gone(9)]),
        (&[stream(1, 7, true)], &[gone(3)]),
    ];
    let mut model = Model::default();
    let commits: Vec<Arc<Commit>> = steps
        .iter()
        .map(|(streams, ended)| {
            let commit = Commit::clone(&model.commit(vec![]));
            Arc::new(Commit { streams: streams.to_vec(), ended: ended.to_vec(), ..commit })
        })
        .collect();
    let mut all = Vec::new();
    for at_once in 1..=commits.len() {
        let database = TestDatabase::create().await;
        let (mut writer, resume) = Writer::open(database.config(), "j").await.unwrap();
        assert!(resume.streams.is_empty());
        for commits in commits.chunks(at_once) {
            writer.commit(commits).await.unwrap();
        }
        drop(writer);
        let (_, resume) = Writer::open(database.config(), "j").await.unwrap();
        assert_eq!(resume.streams, [stream(1, 7, true), stream(2, 1, true), far], "{at_once} at once");
        all.push(contents(&database.client().await).await);
    }
    assert!(all.iter().all(|contents| *contents == all[0]));
}
