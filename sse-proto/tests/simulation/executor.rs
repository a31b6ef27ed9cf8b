//! The executor: tasks, wakers and turns in virtual time, in an order that chance picks.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use sse_proto::Instant;

use crate::sabotage::Sabotage;
use crate::tally::{Kind, Tally};
use crate::user::{Turn, User};
use crate::world::{Failure, Happening, Rule, World};

/// What a source takes in one poll at most, without giving anything out.
const MOST_AT_ONCE: u64 = 64;

/// Polls of one simulation, far above what any needs.
const MOST_POLLS: u32 = 10_000_000;

struct Executor {
    world: Rc<World>,
    tasks: Vec<Task>,
    ready: Vec<usize>,
    polls: u32,
}

struct Task {
    user: User,
    flag: Arc<Flag>,
    waker: Waker,
    state: State,
    /// When it was woken; the origin where it was not asleep.
    woken_at: Instant,
    /// Something was there for it when it was woken, so that a poll must bring something about.
    owed: bool,
    /// It was woken for no reason at all.
    teased: bool,
    /// How often others will still meddle.
    meddling: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Asleep,
    Ready,
    Postponed,
    Busy,
    Done,
}

/// Set when a waker was used.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs the simulation that the seed decides.
pub fn run(seed: u64, sabotage: Option<Sabotage>, verbose: bool) -> Result<Tally, Failure> {
    let world = Rc::new(World::new(seed, verbose));
    let clients = world.random.pick(&[1, 1, 2, 4, 16]);
    let mut executor = Executor { world, tasks: Vec::new(), ready: Vec::new(), polls: 0 };
    for client in 0..clients {
        executor.add(client, sabotage);
    }
    while !executor.world.has_failed() && executor.step() {}
    if let Some(client) = executor.tasks.iter().position(|task| task.state != State::Done) {
        executor.world.fail(client, Rule::LostWake, || "asleep for ever".into());
    }
    let Executor { world, tasks, .. } = executor;
    drop(tasks);
    match world.failure() {
        Some(failure) => Err(failure),
        None => Ok(world.tally.clone()),
    }
}

impl Executor {
    fn add(&mut self, client: usize, sabotage: Option<Sabotage>) {
        let random = &self.world.random;
        let (flag, waker) = new_waker();
        self.tasks.push(Task {
            user: User::new(client, &self.world, sabotage),
            flag,
            waker,
            state: State::Postponed,
            woken_at: Instant::ORIGIN,
            owed: false,
            teased: false,
            meddling: random.below(8),
        });
        self.world.plan(Instant::ORIGIN + random.millis(60_000), client, Happening::Turn);
        self.plan_meddling(client);
    }

    /// Polls a task, or lets time pass; false when there is nothing more to do.
    fn step(&mut self) -> bool {
        // What happens at the same time is sometimes seen at once, sometimes one by one.
        if !self.ready.is_empty() && (!self.world.more_now() || self.world.random.one_in(2)) {
            let place = self.world.random.below(self.ready.len() as u64) as usize;
            let client = self.ready.swap_remove(place);
            self.poll(client);
            return true;
        }
        let Some((client, happening)) = self.world.advance() else { return false };
        let task = &mut self.tasks[client];
        match happening {
            Happening::Arrival(number) => {
                let asleep = task.state == State::Asleep;
                if task.user.line.arrive(number) {
                    self.wake(client, asleep, true);
                }
            }
            Happening::Timer(number) => {
                task.user.line.fire(number);
                self.wake(client, false, false);
            }
            Happening::Meddling if task.state == State::Done => {}
            Happening::Meddling => self.meddle(client),
            Happening::Turn => {
                if task.state == State::Busy {
                    task.woken_at = Instant::ORIGIN;
                }
                task.state = State::Ready;
                self.ready.push(client);
            }
        }
        true
    }

    fn meddle(&mut self, client: usize) {
        let task = &mut self.tasks[client];
        if self.world.random.one_in(2) {
            self.world.count(Kind::Spurious);
            task.teased = true;
            task.waker.wake_by_ref();
            self.wake(client, false, false);
        } else {
            let asleep = task.state == State::Asleep;
            task.user.meddle();
            self.wake(client, asleep, true);
        }
        self.plan_meddling(client);
    }

    fn plan_meddling(&mut self, client: usize) {
        let task = &mut self.tasks[client];
        if task.meddling > 0 {
            task.meddling -= 1;
            let random = &self.world.random;
            let pause = random.millis(random.pick(&[100, 10_000, 100_000]));
            self.world.plan(self.world.now() + pause, client, Happening::Meddling);
        }
    }

    /// Looks whether a task was woken, and gives it a turn, now or later.
    fn wake(&mut self, client: usize, must: bool, owed: bool) {
        let (world, task) = (&self.world, &mut self.tasks[client]);
        if !task.flag.0.swap(false, Ordering::Relaxed) {
            if must {
                world.fail(client, Rule::LostWake, || "nobody is woken".into());
            }
            return;
        }
        world.count(Kind::Wake);
        task.owed |= owed;
        if task.state != State::Asleep {
            return;
        }
        task.woken_at = world.now();
        if world.random.one_in(16) {
            world.count(Kind::Postponed);
            task.state = State::Postponed;
            world.plan(world.now() + world.random.millis(200), client, Happening::Turn);
        } else {
            task.state = State::Ready;
            self.ready.push(client);
        }
    }

    fn poll(&mut self, client: usize) {
        let (world, task) = (&self.world, &mut self.tasks[client]);
        if world.random.one_in(16) {
            world.count(Kind::MovedWaker);
            (task.flag, task.waker) = new_waker();
        }
        self.polls += 1;
        if self.polls > MOST_POLLS {
            world.fail(client, Rule::WokenForNothing, || "it goes on for ever".into());
        }
        let owed = std::mem::take(&mut task.owed);
        let teased = std::mem::take(&mut task.teased);
        let before = task.user.line.progress();
        task.user.line.judge().woken_at(task.woken_at);
        task.flag.0.store(false, Ordering::Relaxed);
        let turn = task.user.poll(&mut Context::from_waker(&task.waker));
        match turn {
            Turn::Sleep => task.state = State::Asleep,
            Turn::Busy(time) => {
                task.state = State::Busy;
                world.plan(world.now() + time, client, Happening::Turn);
            }
            Turn::Done => {
                task.state = State::Done;
                world.tally.lived(world.now().since_origin());
            }
        }
        if turn == Turn::Sleep && before == task.user.line.progress() {
            // Only a timer may do that, which is armed once for something that has happened: that bounds it.
            if owed {
                world.fail(client, Rule::WokenForNothing, || "a poll changed nothing".into());
            } else if !teased {
                world.count(Kind::MovedDeadline);
            }
        }
        // It may have woken itself: after many chunks to let others have their turn, and then there need not be more of them.
        let yielded = task.user.line.progress() >= before + MOST_AT_ONCE;
        task.teased |= yielded;
        self.wake(client, false, !yielded);
    }
}

fn new_waker() -> (Arc<Flag>, Waker) {
    let flag = Arc::new(Flag::default());
    (Arc::clone(&flag), Waker::from(flag))
}
