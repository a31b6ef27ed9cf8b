//! Questions and answers between the processes: one line each, over standard input and output.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// How long an answer may take; longer than what a process waits for its own connections.
const PATIENCE: Duration = Duration::from_secs(30);

/// Another process of this program. It ends when it is dropped, since its standard input ends then.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Some until it is dropped.
    questions: Option<ChildStdin>,
    answers: Receiver<String>,
    /// What it said first.
    pub(crate) greeting: String,
}

impl Process {
    /// Starts this program with other arguments, and waits until it speaks.
    pub(crate) fn start(args: &[String]) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let questions = child.stdin.take();
        let output = child.stdout.take().ok_or("no pipe")?;
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            lines.map_while(|line| sender.send(line).ok()).for_each(drop);
        });
        let mut process = Self { child, questions, answers, greeting: String::new() };
        process.greeting = process.hear()?;
        Ok(process)
    }

    /// The answer to a question.
    pub(crate) fn ask(&mut self, question: &str) -> Result<String, Box<dyn Error>> {
        let mut pipe = self.questions.as_ref().ok_or("no pipe")?;
        writeln!(pipe, "{question}")?;
        self.hear()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn hear(&self) -> Result<String, Box<dyn Error>> {
        self.answers.recv_timeout(PATIENCE).map_err(|_| "a process does not answer".into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.questions = None;
        // One that hangs should not outlive the run.
        let ended = self.answers.recv_timeout(PATIENCE);
        if ended == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// The other side: greets, then answers each question until there are no more, or one has no answer.
pub(crate) fn answer(
    greeting: &str,
    mut answer: impl FnMut(&str) -> Option<String>,
) -> Result<(), Box<dyn Error>> {
    let mut output = io::stdout();
    writeln!(output, "{greeting}")?;
    for question in io::stdin().lines() {
        let Some(answer) = answer(&question?) else { break };
        writeln!(output, "{answer}")?;
    }
    Ok(())
}

/// A line of numbers.
pub(crate) fn numbers<const N: usize>(text: &str) -> Result<[u64; N], String> {
    let numbers: Option<Vec<u64>> = text.split(' ').map(|number| number.parse().ok()).collect();
    numbers.and_then(|n| n.try_into().ok()).ok_or_else(|| format!("no answer: {text:?}"))
}
