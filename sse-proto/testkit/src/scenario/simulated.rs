//! Runs scenarios over a network that is simulated.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::scenario::build::AtFirst;
use crate::scenario::place::Place;
use crate::scenario::record::Cue;
use crate::scenario::run::{run, run_each};
use crate::scenario::{Adapter, Report, Scenario};
use crate::simulated::Network;
use crate::{Request, Script, Tally};

/// Two origins, as a loopback address has them.
const AUTHORITIES: [&str; 2] = ["127.0.0.1:8001", "127.0.0.1:8002"];

/// Runs all scenarios for which the client lacks nothing, each over a network of its own: its client connects through that, and
/// takes its time from it. There is no TLS.
///
/// The client must see what it would see over sockets, and each attempt must come when its wait is over, to the nanosecond.
pub fn run_simulated<A: Adapter>(
    client: impl Fn(&Network) -> A + Sync,
    scenarios: Vec<Scenario>,
) -> Report {
    run_each(scenarios, |scenario| {
        let network = Network::new();
        let place = |authority| Arc::new(Simulated::new(&network, authority)) as Arc<dyn Place>;
        run(&Arc::new(client(&network)), scenario, || Ok(AUTHORITIES.map(place)))
    })
}

/// One of the origins.
struct Simulated {
    network: Network,
    authority: &'static str,
    url: String,
}

impl Simulated {
    fn new(network: &Network, authority: &'static str) -> Self {
        network.refuse(authority);
        Self { network: network.clone(), authority, url: format!("http://{authority}") }
    }
}

impl Place for Simulated {
    fn url(&self) -> &str {
        &self.url
    }

    fn elapsed(&self) -> Duration {
        self.network.now()
    }

    fn begin(&self, at_first: AtFirst, script: Script) -> io::Result<()> {
        match at_first {
            AtFirst::Served => self.up(script),
            AtFirst::Refused => {}
            AtFirst::Unanswered => self.network.ignore(self.authority),
        }
        Ok(())
    }

    fn up(&self, script: Script) {
        self.network.serve(self.authority, script);
    }

    fn down(&self) {
        self.network.refuse(self.authority);
    }

    fn until(&self, reached: fn(&Tally) -> bool) -> Cue {
        let reached = self.network.until(self.authority, reached);
        Box::pin(async move {
            reached.await;
        })
    }

    fn requests(&self) -> Vec<Request> {
        self.network.requests(self.authority)
    }

    fn trouble(&self) -> Vec<String> {
        match self.network.tally(self.authority).open {
            0 => Vec::new(),
            open => vec![format!("{open} connections are left")],
        }
    }

    fn calls(&self) -> Option<Vec<Duration>> {
        Some(self.network.calls())
    }
}
