//! The other processes: building them, starting them, asking them.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::roster::{Client, Family};

/// Whatever goes wrong here is only told.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// An answer that takes longer than this does not come.
const PATIENCE: Duration = Duration::from_secs(180);

/// Builds the clients beside this program; without the crates that are compared to, if `own`.
///
/// # Errors
///
/// If cargo fails.
pub fn build(own: bool) -> Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--quiet",
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]);
    for family in [Family::Tokio, Family::AsyncStd] {
        cargo.args(["-p", family.program()]);
    }
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    if own {
        cargo.arg("--no-default-features");
    }
    if cargo.status()?.success() { Ok(()) } else { Err("the clients do not build".into()) }
}

/// A process that answers a line with a line, and is ended with this value.
#[derive(Debug)]
pub struct Process {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Process {
    /// The server, and the port where it listens.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn server() -> Result<(Self, u16)> {
        let server = Self::start(Command::new(std::env::current_exe()?).arg("serve"))?;
        let port = server.next_line()?.parse()?;
        Ok((server, port))
    }

    /// A client, under an allocator that counts or not.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn client(client: Client, counting: bool, port: u16) -> Result<Self> {
        Self::named(client.family, client.name, counting, port)
    }

    /// A client by its name.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn named(family: Family, name: &str, counting: bool, port: u16) -> Result<Self> {
        let suffix = if counting { "-counting" } else { "" };
        let program = format!("{}{suffix}{}", family.program(), std::env::consts::EXE_SUFFIX);
        let program = std::env::current_exe()?.with_file_name(program);
        let arguments = [name, &port.to_string()];
        Self::start(Command::new(program).args(arguments).env("ASYNC_STD_THREAD_COUNT", "1"))
    }

    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or("the process has no pipes")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(std::result::Result::ok);
            lines.map(|line| sender.send(line)).take_while(std::result::Result::is_ok).count()
        });
        Ok(Self { child, input, lines })
    }

    /// Says a line.
    ///
    /// # Errors
    ///
    /// If the process is gone.
    pub fn say(&mut self, line: &str) -> Result<()> {
        Ok(writeln!(self.input, "{line}")?)
    }

    /// The numbers that answer a line.
    ///
    /// # Errors
    ///
    /// If something else answers, or nothing.
    pub fn ask(&mut self, line: &str) -> Result<Vec<u64>> {
        self.say(line)?;
        let answer = self.next_line()?;
        let numbers = answer.split(' ').map(str::parse).collect::<std::result::Result<_, _>>();
        numbers.map_err(|_| answer.into())
    }

    /// The next line it says.
    ///
    /// # Errors
    ///
    /// If none comes.
    pub fn next_line(&self) -> Result<String> {
        Ok(self.lines.recv_timeout(PATIENCE).map_err(|_| "no answer came")?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
