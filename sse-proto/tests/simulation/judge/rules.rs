//! The rules, as they are checked.

use sse_proto::{Snapshot, Stats};

use super::{Counts, Judge, Phase};
use crate::network::TIMER_LATENESS;
use crate::world::Rule;

impl Judge {
    /// Whether a snapshot says what can be said now.
    pub fn check_snapshot(&self, snapshot: &Snapshot) {
        self.check_id("the snapshot", &snapshot.last_event_id);
        let time = snapshot.reconnection_time;
        let unread = !self.drained && time.is_some_and(|time| self.retries.contains(&time));
        if time != self.losses.server_time && !unread {
            self.fail(Rule::Outcome, || format!("{snapshot:?}: the reconnection time is wrong"));
        }
    }

    /// Whether the id is that of the last block that the client has read. What follows is checked at the same time.
    pub(super) fn check_id(&self, what: &str, id: &str) {
        let number = if id.is_empty() { Ok(0) } else { id.parse::<u64>() };
        let next = self.setup.stream.next_id(self.received);
        let right = match number {
            Err(_) => false,
            Ok(number) if self.setup.is_manual() => number == self.committed,
            Ok(number) if self.drained => number == self.brought_id,
            Ok(number) => self.received <= number && number <= self.brought_id && number < next,
        };
        if !right || (id == "0") {
            self.fail(Rule::LastEventId, || {
                let Self { received, committed, brought_id, .. } = self;
                format!("{what} has {id:?}: {received} received, {committed} committed, {brought_id} brought")
            });
        }
    }

    pub(super) fn check_stats(&self, stats: &Stats) {
        let Counts { attempts, opens, events, losses } = self.counts;
        let counted = (stats.attempts, stats.opens, stats.events, stats.losses);
        if counted != (attempts, opens, events, losses) {
            self.fail(Rule::Outcome, || {
                format!("{stats:?}: attempts {attempts}, opens {opens}, events {events}, losses {losses}")
            });
        }
    }

    /// Whether an attempt may be made now.
    pub(super) fn check_turn(&mut self) {
        let now = self.world.now();
        if !matches!(self.phase, Phase::Due | Phase::Lost) || self.closing {
            self.fail(Rule::Outcome, || format!("connects in phase {:?}", self.phase));
        }
        if now < self.next.earliest || self.woken_at > self.next.latest + TIMER_LATENESS {
            self.fail(Rule::Wait, || format!("connects although {:?}", self.next));
        }
        if let Some(why) = self.next.over {
            self.fail(Rule::Outcome, || format!("connects instead of {why:?}"));
        }
    }

    /// Everything that was brought must have come out.
    pub(super) fn check_drained(&mut self) {
        self.drained = true;
        if let Some(time) = self.retries.pop() {
            self.losses.server_time = Some(time);
            self.retries.clear();
        }
        let next = self.setup.stream.next_event(self.seen);
        if next <= self.brought || self.sentinel {
            let Self { seen, brought, sentinel, .. } = &*self;
            self.fail(Rule::ExactlyOnce, || {
                format!("kept back what follows {seen}: brought is {brought}, sentinel: {sentinel}")
            });
        }
        if self.comments > 0 && !self.setup.plain {
            self.fail(Rule::ExactlyOnce, || format!("kept back {} comments", self.comments));
        }
    }
}
