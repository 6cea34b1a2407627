//! A server under measurement: its process, CPU time and memory.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, io, thread};

use crate::system::{Failure, instant};

/// Ticks per second of `/proc/PID/stat`: 100 on every relevant Linux.
const TICK: Duration = Duration::from_millis(10);

/// A running server; killed on drop.
pub struct Process {
    child: Child,
    port: u16,
}

impl Process {
    /// Wraps a child that listens on `port`.
    pub fn new(child: Child, port: u16) -> Self {
        Self { child, port }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// CPU time of all its threads, user and system.
    pub fn cpu(&self) -> Result<Duration, Failure> {
        cpu_of(&self.child.id().to_string())
    }

    /// Resident memory in MiB.
    pub fn memory(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kibibytes: u32 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(f64::from(kibibytes) / 1024.0)
    }

    /// Kills it, as a power cut would.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// CPU time of a process, `self` for this one.
pub fn cpu_of(pid: &str) -> Result<Duration, Failure> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("an unreadable /proc/PID/stat")?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u32>);
    let user = ticks.next().ok_or("no utime")??;
    let system = ticks.next().ok_or("no stime")??;
    Ok(TICK * user + TICK * system)
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Starts `command` and waits until `port` answers `path` with 200. The second value is the time from start to that
/// answer.
pub fn start(command: &mut Command, port: u16, path: &str) -> Result<(Process, Duration), Failure> {
    start_patiently(command, port, path, Patience { all: Duration::from_secs(30), each: Duration::from_micros(200) })
}

/// How long to wait for a first answer.
#[derive(Clone, Copy)]
pub struct Patience {
    /// Until it is given up.
    pub all: Duration,
    /// Between two attempts.
    pub each: Duration,
}

/// As [`start`], for a server that takes longer.
pub fn start_patiently(
    command: &mut Command,
    port: u16,
    path: &str,
    patience: Patience,
) -> Result<(Process, Duration), Failure> {
    let begun = instant();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let mut process = Process::new(child, port);
    while begun.elapsed() < patience.all {
        if answers(port, path) {
            return Ok((process, begun.elapsed()));
        }
        if let Some(status) = process.child.try_wait()? {
            return Err(format!("the server ended before it answered: {status}").into());
        }
        thread::sleep(patience.each);
    }
    Err("the server does not answer".into())
}

fn answers(port: u16, path: &str) -> bool {
    let attempt = || -> io::Result<bool> {
        let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer.starts_with(b"HTTP/1.1 200"))
    };
    attempt().unwrap_or(false)
}
