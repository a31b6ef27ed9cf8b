//! What a process uses, as Linux tells it in `/proc`.

use std::fs;
use std::io;

use rustix::process::{Resource, getrlimit, setrlimit};

/// What a process uses now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Resident memory in KiB.
    pub(crate) rss: u64,
    pub(crate) sockets: u64,
    /// CPU time since its start, in seconds.
    pub(crate) cpu: f64,
}

impl Usage {
    pub(crate) fn of(process: u32) -> io::Result<Self> {
        Ok(Self { rss: rss(process)?, sockets: sockets(process)?, cpu: cpu(process)? })
    }
}

pub(crate) fn sockets(process: u32) -> io::Result<u64> {
    let mut count = 0;
    for entry in fs::read_dir(format!("/proc/{process}/fd"))? {
        // One that was closed meanwhile is no socket.
        let target = fs::read_link(entry?.path());
        count += u64::from(
            target.is_ok_and(|to| to.as_os_str().as_encoded_bytes().starts_with(b"socket:")),
        );
    }
    Ok(count)
}

fn rss(process: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let rss = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    rss.ok_or_else(|| io::Error::other("no VmRSS in /proc"))
}

fn cpu(process: u32) -> io::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Fields 14 and 15; the second, the name in brackets, may have spaces.
    let fields = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').skip(11).take(2));
    let ticks: Option<u64> = fields.and_then(|fields| fields.map(|f| f.parse::<u64>().ok()).sum());
    let ticks = ticks.ok_or_else(|| io::Error::other("no CPU time in /proc"))?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Allows as many open files as the system does: a client is one, and four for server and proxy.
pub(crate) fn raise_file_limit() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}
