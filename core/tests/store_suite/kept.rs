//! What engines keep for each other.

use std::sync::Arc;

use strongroom::store::Kept;

use crate::Place;
use crate::world::id;

/// Later than any clock.
const LATER: u64 = 1 << 50;

pub(crate) async fn what_is_kept_is_found_until_it_is_over(place: Place) {
    let store = place.store.as_ref();
    let (one, two) = (id("one"), id("two"));
    let kept = async |kind, key| store.kept(kind, key).await.unwrap();
    assert_eq!(kept(Kept::Session, one).await, None);
    store.keep(Kept::Session, one, vec![1, 2, 3], LATER).await.unwrap();
    assert_eq!(kept(Kept::Session, one).await, Some(vec![1, 2, 3]));
    assert_eq!(kept(Kept::Session, one).await, Some(vec![1, 2, 3]), "looking takes nothing away");
    assert_eq!((kept(Kept::Session, two).await, kept(Kept::Challenge, one).await), (None, None));

    store.keep(Kept::Session, one, Vec::new(), LATER).await.unwrap();
    store.keep(Kept::Session, two, vec![4], LATER).await.unwrap();
    assert_eq!((kept(Kept::Session, one).await, kept(Kept::Session, two).await), (Some(Vec::new()), Some(vec![4])));
    store.keep(Kept::Session, two, vec![5], 1).await.unwrap();
    assert_eq!(kept(Kept::Session, two).await, None, "its time is over");
    assert_eq!(store.take_kept(Kept::Session, two).await.unwrap(), None);
}

pub(crate) async fn one_of_many_takes_it(place: Place) {
    let store = Arc::clone(&place.store);
    let nonce = id("nonce");
    store.keep(Kept::Challenge, nonce, vec![7], LATER).await.unwrap();
    let takers: Vec<_> = (0..16)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.take_kept(Kept::Challenge, nonce).await.unwrap() })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    assert_eq!(taken, [vec![7]]);
    assert_eq!(store.kept(Kept::Challenge, nonce).await.unwrap(), None);
}
