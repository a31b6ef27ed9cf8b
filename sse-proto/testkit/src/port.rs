//! A port of the loopback address on which connections are refused until it serves.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use socket2::{Domain, Socket, Type};

use crate::{Script, Server};

/// More than a test connects at once.
const BACKLOG: i32 = 1024;

/// A port that is taken but not served: whoever connects is refused.
///
/// ```
/// use std::net::TcpStream;
/// use sse_testkit::{Port, Reply};
///
/// # fn main() -> std::io::Result<()> {
/// let port = Port::reserve()?;
/// let addr = port.addr();
/// assert!(TcpStream::connect(addr).is_err());
/// let server = port.serve([Reply::stream()])?;
/// assert!(TcpStream::connect(addr).is_ok());
///
/// // An outage: refused for a while, then back at the same address.
/// let port = server.stop()?;
/// assert!(TcpStream::connect(addr).is_err());
/// let server = port.serve([Reply::stream()])?;
/// # drop(server);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Port {
    socket: Socket,
    addr: SocketAddr,
}

impl Port {
    /// Takes a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn reserve() -> io::Result<Self> {
        Self::at((Ipv4Addr::LOCALHOST, 0).into())
    }

    pub(crate) fn at(addr: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
        // Elsewhere it lets a port be taken although the connections of its last server are still
        // dying; on Windows that is always so, and the option means something else.
        #[cfg(not(windows))]
        socket.set_reuse_address(true)?;
        socket.bind(&addr.into())?;
        let addr = socket.local_addr()?.as_socket();
        let addr = addr.ok_or_else(|| io::Error::other("the socket has no IP address"))?;
        Ok(Self { socket, addr })
    }

    /// The address.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of a path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Listens with the shortest queue there is, and never accepts.
    #[cfg(feature = "scenarios")]
    pub(crate) fn clog(&self) -> io::Result<SocketAddr> {
        self.socket.listen(0)?;
        Ok(self.addr)
    }

    /// Starts a server here.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn serve(self, script: impl Into<Script>) -> io::Result<Server> {
        self.socket.listen(BACKLOG)?;
        Server::listen(TcpListener::from(self.socket), self.addr, script.into())
    }
}
