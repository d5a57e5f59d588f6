//! One right of one holder, through time, and rule 3.

/// When a right was given, and when it was taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline(Vec<Event>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Given { position: u64 },
    Taken { position: u64, seen: u64 },
}

impl Event {
    const fn position(self) -> u64 {
        match self {
            Self::Given { position } | Self::Taken { position, .. } => position,
        }
    }
}

impl Timeline {
    /// Given by the operation at this place in the feed.
    pub fn give(&mut self, position: u64) {
        self.0.push(Event::Given { position });
    }

    /// Taken away by the operation at this place, whose author had seen so much of the feed.
    pub fn take(&mut self, position: u64, seen: u64) {
        if self.holds() {
            self.0.push(Event::Taken { position, seen });
        }
    }

    /// Whether the right stands after all that was replayed.
    pub fn holds(&self) -> bool {
        matches!(self.0.last(), Some(Event::Given { .. }))
    }

    /// Whether the right was ever given.
    pub fn ever(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether the right stood in the feed of this size.
    pub fn held_at(&self, size: u64) -> bool {
        self.held_since(size).is_some()
    }

    /// Where the right was given that stood in the feed of this size.
    pub fn held_since(&self, size: u64) -> Option<u64> {
        match self.0.iter().rev().find(|event| event.position() < size) {
            Some(Event::Given { position }) => Some(*position),
            _ => None,
        }
    }

    /// Where the right was given first.
    pub fn begun(&self) -> Option<u64> {
        self.0.first().map(|event| event.position())
    }

    /// Rule 3: whether an operation at this place, whose author had seen so much, could use the right.
    ///
    /// What gave the right lies in the feed that the author had seen; and each operation that took it away had seen the
    /// author's operation, unless the right was given back in the feed that the author had seen.
    pub fn allows(&self, position: u64, seen: u64) -> bool {
        self.allows_since(position, seen).is_some()
    }

    /// As [`Timeline::allows`]: where the right was given that could be used.
    pub fn allows_since(&self, position: u64, seen: u64) -> Option<u64> {
        let given = self.0.iter().rposition(|event| matches!(event, Event::Given { position } if *position < seen))?;
        let stands = self.0.iter().skip(given).all(|event| match event {
            Event::Given { .. } => true,
            Event::Taken { seen: covered, .. } => position < *covered,
        });
        self.0.get(given).filter(|_| stands).map(|event| event.position())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feed_decides() {
        let mut right = Timeline::default();
        right.give(3);
        assert!(!right.allows(3, 3), "not before it was seen");
        assert!(right.allows(9, 4));
        right.take(20, 15);
        assert!(right.allows(14, 4), "what the ending covers stands");
        assert!(!right.allows(15, 4) && !right.allows(30, 4), "nothing beyond what the ending covers");
        assert!(!right.allows(30, 21), "nor after it");
        right.give(40);
        assert!(right.allows(50, 41));
        assert!(!right.allows(50, 40), "given back only for who has seen it");
        assert!(right.held_at(41) && !right.held_at(40) && right.held_at(20) && !right.held_at(21));
    }
}
