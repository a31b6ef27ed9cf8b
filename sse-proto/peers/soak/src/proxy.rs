//! A TCP proxy that cuts, delays and resets at random bytes; what becomes of its n-th connection follows from a seed.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// What is read at once.
const BUFFER: usize = 16 * 1024;

/// The longest pause between two pieces.
const DELAY_MS: u64 = 100;

/// What the proxy has done so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) connections: AtomicU64,
    pub(crate) open: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) closed: AtomicU64,
    pub(crate) reset: AtomicU64,
    pub(crate) stalled: AtomicU64,
    pub(crate) delays: AtomicU64,
}

/// How a connection breaks.
#[derive(Clone, Copy, Debug)]
enum End {
    Close,
    Reset,
    /// Nothing comes any more until the client leaves.
    Stall,
}

/// What becomes of a connection.
#[derive(Debug)]
struct Fate {
    rng: Rng,
    /// Bytes of the client's that get through.
    up: u64,
    /// Bytes of the server's that get through.
    down: u64,
    end: End,
    /// The most bytes that are passed on at once.
    piece: usize,
    /// How many of a hundred pieces are late.
    late: u8,
}

impl Fate {
    fn new(seed: u64, number: u64) -> Self {
        // A Weyl sequence: neighbours get seeds that are far apart.
        let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let end = match rng.u8(..20) {
            0..9 => End::Close,
            9..18 => End::Reset,
            _ => End::Stall,
        };
        // As many cuts in the first byte of a head as in the kilobytes behind it, and so on.
        let most = 1 << rng.u32(..18);
        let mut down = rng.u64(..most);
        let mut up = u64::MAX;
        match rng.u8(..100) {
            0..3 => (up, down) = (0, 0),
            3..6 => up = rng.u64(1..300),
            _ => {}
        }
        let piece = match rng.u8(..50) {
            0 => 1,
            1..10 => 7,
            10..20 => 100,
            20..35 => 1460,
            _ => BUFFER,
        };
        // A large event that came in single bytes, many of them late, would take minutes.
        let late = if piece >= 100 && rng.u8(..10) == 0 { 30 } else { 2 };
        Self { rng, up, down, end, piece, late }
    }

    /// Refused before the server hears of it.
    fn is_refused(&self) -> bool {
        self.up == 0
    }
}

/// Accepts connections for the server and breaks them.
pub(crate) async fn run(listener: TcpListener, server: SocketAddr, seed: u64, faults: Arc<Faults>) {
    let mut number = 0;
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // Mostly for want of file descriptors, which come back.
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        faults.connections.fetch_add(1, Relaxed);
        faults.open.fetch_add(1, Relaxed);
        let (fate, faults) = (Fate::new(seed, number), Arc::clone(&faults));
        tokio::spawn(async move {
            // An error is a peer that left.
            let _ = pass(client, server, fate, &faults).await;
            faults.open.fetch_sub(1, Relaxed);
        });
        number += 1;
    }
}

async fn pass(
    mut client: TcpStream,
    server: SocketAddr,
    mut fate: Fate,
    faults: &Faults,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let end = fate.end;
    if fate.is_refused() {
        faults.refused.fetch_add(1, Relaxed);
    } else {
        let mut server = TcpStream::connect(server).await?;
        server.set_nodelay(true)?;
        let (mut from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let up = fate.up;
        let cut = tokio::select! {
            cut = forward(&mut from_client, to_server, up) => cut?,
            cut = dribble(from_server, to_client, &mut fate, faults) => cut?,
        };
        if !cut {
            return Ok(());
        }
        let count = match end {
            End::Close => &faults.closed,
            End::Reset => &faults.reset,
            End::Stall => &faults.stalled,
        };
        count.fetch_add(1, Relaxed);
        if let End::Stall = end {
            while from_client.read(&mut [0; 1024]).await? > 0 {}
            return Ok(());
        }
    }
    match end {
        End::Reset => client.set_zero_linger(),
        End::Close | End::Stall => client.shutdown().await,
    }
}

/// Passes so many bytes on; true if there were more, false if the sender left.
async fn forward(
    from: &mut ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut budget: u64,
) -> io::Result<bool> {
    let mut buf = vec![0; 1024];
    while budget > 0 {
        let read = from.read(&mut buf).await?;
        if read == 0 {
            return Ok(false);
        }
        let passed = read.min(usize::try_from(budget).unwrap_or(usize::MAX));
        to.write_all(&buf[..passed]).await?;
        budget -= passed as u64;
    }
    Ok(true)
}

/// The same in pieces, some of them late.
async fn dribble(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    fate: &mut Fate,
    faults: &Faults,
) -> io::Result<bool> {
    let mut buf = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buf).await?;
        if read == 0 {
            return Ok(false);
        }
        let mut rest = &buf[..read];
        while !rest.is_empty() {
            if fate.down == 0 {
                return Ok(true);
            }
            let most = fate.piece.min(usize::try_from(fate.down).unwrap_or(usize::MAX));
            let (piece, after) = rest.split_at(fate.rng.usize(1..=most).min(rest.len()));
            if fate.rng.u8(..100) < fate.late {
                faults.delays.fetch_add(1, Relaxed);
                sleep(Duration::from_millis(fate.rng.u64(..DELAY_MS))).await;
            }
            to.write_all(piece).await?;
            fate.down -= piece.len() as u64;
            rest = after;
        }
    }
}
