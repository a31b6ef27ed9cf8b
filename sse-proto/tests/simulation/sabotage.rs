//! Faults that are planted into the network, to see that the simulation finds them.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// The request is sent without its `Last-Event-ID`.
    ForgetsId,
    /// Every body ends as if its last block were whole.
    CompletesCutBlock,
    /// The timer fires when nine tenths of the wait are over.
    FiresEarly,
    /// Now and then nobody is woken when something arrives.
    SleepsOn,
    /// The client is woken at once whenever it goes to sleep.
    WakesInVain,
}
