//! Runs scenarios over any transport of the shared client.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};

use futures_util::Stream;
use sse_proto::client::{Error, EventSource, Handle, Transport, Update};
use sse_proto::{Cause, Closed, EventRef, ReadyState};

use crate::scenario::{Adapter, Answer, Ask, Command, Cue, End, Entry, Quirk, Record, Tag, View};

/// A client over [`EventSource`], which makes it an [`Adapter`].
pub trait Client: Send + Sync + 'static {
    /// What the source runs on.
    type Transport: Transport;

    /// Makes the source of a request, as a user would. Called where futures run.
    fn source(&self, ask: &Ask) -> EventSource<Self::Transport>;

    /// Runs a future to its end on the client's runtime. All connections are closed when it returns.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Reads the rest of a body.
    fn read(
        &self,
        response: <Self::Transport as Transport>::Response,
    ) -> impl Future<Output = Vec<u8>>;

    /// See [`Adapter::lacks`].
    fn lacks(&self) -> &[(Tag, &'static str)] {
        &[]
    }

    /// See [`Adapter::quirks`].
    fn quirks(&self) -> &[Quirk] {
        &[]
    }
}

impl<C: Client> Adapter for C {
    fn follow(&self, ask: &Ask, record: &Record) {
        self.block_on(async {
            let source = self.source(ask);
            let follower = Follower::new(self, ask.view, source, record);
            follower.run().await;
        });
    }

    fn lacks(&self) -> &[(Tag, &'static str)] {
        Client::lacks(self)
    }

    fn quirks(&self) -> &[Quirk] {
        Client::quirks(self)
    }
}

/// A source on its way, with what the user does to it.
struct Follower<'a, C: Client> {
    client: &'a C,
    view: View,
    source: EventSource<C::Transport>,
    record: &'a Record,
    cues: Vec<(Cue, Command)>,
    /// The threads that act while the source is waited for, and what wakes them.
    elsewhere: Vec<(mpsc::Sender<()>, JoinHandle<()>)>,
}

type Told<T> = Result<Update<T>, Error<T>>;

/// What is next.
enum Next<T: Transport> {
    Update(Option<Told<T>>),
    Command(Command),
}

impl<'a, C: Client> Follower<'a, C> {
    fn new(
        client: &'a C,
        view: View,
        source: EventSource<C::Transport>,
        record: &'a Record,
    ) -> Self {
        let cues = record.cues();
        Self { client, view, source, record, cues, elsewhere: Vec::new() }
    }

    async fn run(mut self) {
        let mut commands = VecDeque::new();
        if self.view == View::Opened {
            match self.source.opened().await {
                Ok(_) => commands.extend(self.record.note(Entry::Opened)),
                Err(error) => return self.finish(Some(error)).await,
            }
        }
        loop {
            while let Some(command) = commands.pop_front() {
                if self.obey(command) {
                    drop(self.source);
                    return self.record.settle().await;
                }
            }
            match poll_fn(|cx| self.poll_next(cx)).await {
                Next::Command(command) => commands.push_back(command),
                Next::Update(Some(Ok(update))) => {
                    if let Some(entry) = self.entry(update) {
                        commands.extend(self.record.note(entry));
                    }
                }
                Next::Update(Some(Err(error))) => match error.decode_error() {
                    Some(skipped) => commands.extend(self.record.note(Entry::Skipped(skipped))),
                    None => return self.finish(Some(error)).await,
                },
                Next::Update(None) => return self.finish(None).await,
            }
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next<C::Transport>> {
        if let Poll::Ready(update) = self.poll_update(cx) {
            return Poll::Ready(Next::Update(update));
        }
        for n in 0..self.cues.len() {
            if self.cues[n].0.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Next::Command(self.cues.swap_remove(n).1));
            }
        }
        for (waiting, thread) in self.elsewhere.drain(..) {
            // One that is gone has nothing to do.
            let _ = waiting.send(());
            if self.record.time_is_virtual() {
                // An hour may be over before it has begun.
                let _ = thread.join();
            }
        }
        Poll::Pending
    }

    fn poll_update(&mut self, cx: &mut Context<'_>) -> Poll<Option<Told<C::Transport>>> {
        match self.view {
            View::Events => {
                // The two ways to an event take turns.
                let event = if self.source.stats().events.is_multiple_of(2) {
                    Pin::new(&mut self.source).poll_next(cx)
                } else {
                    let event = self.source.poll_next_ref(cx);
                    event.map(|event| event.map(|event| event.map(EventRef::into_owned)))
                };
                event.map(|event| event.map(|event| event.map(Update::Event)))
            }
            View::Updates | View::Opened => pin!(self.source.updates()).poll_next(cx),
        }
    }

    fn entry(&self, update: Update<C::Transport>) -> Option<Entry> {
        Some(match update {
            Update::Opened => {
                if self.source.response().is_none() {
                    self.record.fault("there is no response after the opening");
                }
                Entry::Opened
            }
            Update::Event(event) => Entry::Event {
                event_type: event.event_type().to_owned(),
                data: event.data().to_owned(),
                id: event.last_event_id().to_owned(),
            },
            Update::Comment(text) => Entry::Comment(text),
            Update::Late => Entry::Late,
            Update::Lost(loss) => {
                let Some(wait) = loss.lost.retry_in else {
                    self.record.fault("a loss without another attempt");
                    return None;
                };
                let error = loss.error.as_ref().map(|error| explain(error));
                if error.is_some() != (loss.lost.cause == Cause::Transport) {
                    self.record.fault("the transport's error belongs to what it failed");
                }
                let answered = match loss.lost.cause {
                    Cause::Status(status) => Some(status),
                    _ => None,
                };
                if loss.response.as_ref().map(|it| C::Transport::head(it).status) != answered {
                    self.record.fault("the response belongs to a status that is retried");
                }
                Entry::Lost { cause: loss.lost.cause, wait, error }
            }
            _ => {
                self.record.fault("an update that the scenarios do not know");
                return None;
            }
        })
    }

    /// Does it; true where nothing more is to be done.
    fn obey(&mut self, command: Command) -> bool {
        match command {
            Command::Leave => return true,
            Command::Close => self.source.close(),
            Command::Restart => self.source.restart(),
            Command::Commit(id) => self.source.commit(&id),
            Command::SetLastEventId(id) => {
                if let Err(error) = self.source.set_last_event_id(&id) {
                    self.record.fault(error.to_string());
                }
            }
            Command::CloseElsewhere => self.elsewhere(Handle::close),
            Command::RestartElsewhere => self.elsewhere(Handle::restart),
        }
        false
    }

    /// Does it on another thread, once the source has nothing to give.
    fn elsewhere(&mut self, act: fn(&Handle)) {
        let handle = self.source.handle();
        let (waiting, is_waiting) = mpsc::channel();
        let thread = thread::spawn(move || {
            if is_waiting.recv().is_ok() {
                act(&handle);
            }
        });
        self.elsewhere.push((waiting, thread));
    }

    async fn finish(mut self, error: Option<Error<C::Transport>>) {
        let mut end = match error {
            None => End::new(self.reason().await),
            Some(error) => self.explain_end(error).await,
        };
        for _ in 0..2 {
            let more = poll_fn(|cx| pin!(self.source.updates()).poll_next(cx)).await;
            let event = poll_fn(|cx| Pin::new(&mut self.source).poll_next(cx)).await;
            if more.is_some() || event.is_some() {
                self.record.fault("something came after the end");
            }
        }
        if self.source.ready_state() != ReadyState::Closed {
            self.record.fault("not closed after the end");
        }
        self.count(&mut end);
        self.record.end(end);
        if self.record.must_settle() {
            self.record.settle().await;
        }
    }

    /// Why a source ended that gives no error for it.
    async fn reason(&mut self) -> Closed {
        match self.source.opened().await {
            Ok(_) => self.record.fault("open after the end"),
            Err(error) => match error.closed_because() {
                Some(why) if why.is_clean() => return why,
                why => self.record.fault(format!("no error, but {why:?}")),
            },
        }
        Closed::EndOfStream
    }

    async fn explain_end(&self, error: Error<C::Transport>) -> End {
        let why = error.closed_because().unwrap_or(Closed::ByUser);
        if why.is_clean() {
            // What `opened` says where the source itself says nothing.
            return End::new(why);
        }
        let refused = error.is_refused();
        if format!("{error:?}").contains("secret") {
            self.record.fault("the error shows the address");
        }
        match error.response() {
            None if refused => self.record.fault("the error has lost the response"),
            // It would keep the connection open.
            Some(_) if !refused => self.record.fault("the error holds a response that was lost"),
            _ => {}
        }
        let end = End::new(why).error(error.transport_error().map(|error| explain(error)));
        match error.into_response() {
            Some(response) if refused => {
                let head = C::Transport::head(&response);
                let (status, content_type) = (head.status, head.content_type.map(<[u8]>::to_vec));
                let body = self.client.read(response).await;
                end.answer(Some(Answer { status, content_type, body }))
            }
            _ => end,
        }
    }

    /// Compares what the source counted with what it gave.
    fn count(&self, end: &mut End) {
        let log = self.record.log();
        let stats = self.source.stats();
        let count = |like: fn(&Entry) -> bool| {
            log.entries.iter().filter(|(_, entry)| like(entry)).count() as u64
        };
        let mut pairs = vec![
            ("events", stats.events, count(|entry| matches!(entry, Entry::Event { .. }))),
            ("skipped blocks", stats.skipped, count(|entry| matches!(entry, Entry::Skipped(_)))),
        ];
        // Losses before the opening that was waited for are not told.
        if self.view == View::Updates {
            let last = matches!(end.why, Closed::Lost { .. });
            let lost = count(|entry| matches!(entry, Entry::Lost { .. })) + u64::from(last);
            pairs.extend([
                ("openings", stats.opens, count(|entry| matches!(entry, Entry::Opened))),
                ("comments", stats.comments, count(|entry| matches!(entry, Entry::Comment(_)))),
                ("losses", stats.losses, lost),
            ]);
        }
        for (what, counted, noted) in pairs {
            if counted != noted {
                self.record.fault(format!("{counted} {what} were counted, {noted} came"));
            }
        }
    }
}

/// An error with all its causes.
fn explain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += ": ";
        text += &error.to_string();
        cause = error.source();
    }
    text
}

impl<C: Client> fmt::Debug for Follower<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Follower").field(&self.source).finish()
    }
}
