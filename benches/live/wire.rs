//! Two namespaces with a veth pair between them, and a sender at one end.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use pcap::Capture;

use crate::traffic::Mix;

/// The receiving end.
pub const INTERFACE: &str = "eth0";
/// The sending end.
const OUT: &str = "wire0";
/// Between two bursts.
const PAUSE: Duration = Duration::from_micros(200);

/// A host that sends and a host that captures.
pub struct Wire {
    from: String,
    to: String,
}

/// What became of a sending.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Packets a second.
    pub rate: f64,
    /// Packets that the sender handed to the kernel.
    pub sent: u64,
}

fn run(words: &[&str]) -> Result<(), String> {
    let said = Command::new(words[0]).args(&words[1..]).output();
    match said {
        Ok(said) if said.status.success() => Ok(()),
        Ok(said) => {
            let why = String::from_utf8_lossy(&said.stderr).trim().to_owned();
            Err(format!("{}: {why}", words.join(" ")))
        }
        Err(e) => Err(format!("{}: {e}", words[0])),
    }
}

impl Wire {
    /// Makes it.
    ///
    /// # Errors
    /// Why it can't be made here.
    pub fn new() -> Result<Self, String> {
        let id = std::process::id();
        let wire = Self { from: format!("bench{id}a"), to: format!("bench{id}b") };
        run(&["ip", "netns", "add", &wire.from])?;
        run(&["ip", "netns", "add", &wire.to])?;
        let (from, to) = (wire.from.as_str(), wire.to.as_str());
        let pair = ["netns", from, "type", "veth", "peer", "name", INTERFACE, "netns", to];
        run(&[&["ip", "link", "add", OUT], &pair[..]].concat())?;
        for (host, interface) in [(from, OUT), (to, INTERFACE)] {
            // Nobody else is to send.
            let quiet = "net.ipv6.conf.all.disable_ipv6=1";
            run(&["ip", "netns", "exec", host, "sysctl", "-qw", quiet])?;
            run(&["ip", "-n", host, "link", "set", interface, "up", "arp", "off"])?;
        }
        Ok(wire)
    }

    /// A command that runs a program on the capturing host.
    pub fn there<'a>(&'a self, program: &[&'a str]) -> Vec<&'a str> {
        [&["ip", "netns", "exec", self.to.as_str()], program].concat()
    }

    /// Packets that arrived so far.
    pub fn arrived(&self) -> u64 {
        let file = format!("/sys/class/net/{INTERFACE}/statistics/rx_packets");
        let words = self.there(&["cat", &file]).into_iter().map(str::to_owned);
        let words: Vec<String> = words.collect();
        let said = Command::new(&words[0]).args(&words[1..]).output().unwrap();
        String::from_utf8_lossy(&said.stdout).trim().parse().unwrap()
    }

    /// Begins to send so many packets a second (0: as many as it can) for so many seconds.
    pub fn send(&self, rate: u64, seconds: u64) -> Sender {
        let program = std::env::current_exe().unwrap();
        let child = Command::new("ip")
            .args(["netns", "exec", &self.from])
            .arg(program)
            .args([SEND, &rate.to_string(), &seconds.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Sender(child)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for host in [&self.from, &self.to] {
            let _ = run(&["ip", "netns", "delete", host]);
        }
    }
}

/// A sender that runs.
pub struct Sender(Child);

impl Sender {
    /// Ends it.
    pub fn stop(mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Sent {
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        self.0.wait().unwrap();
        let mut words = text.split_whitespace();
        let mut next = || words.next().and_then(|w| w.parse::<f64>().ok());
        let (Some(sent), Some(seconds)) = (next(), next()) else {
            panic!("the sender failed: {text}");
        };
        Sent { rate: sent / seconds, sent: sent as u64 }
    }
}

/// The word by which the benchmark runs itself as a sender.
pub const SEND: &str = "--send-packets";

/// Sends, and says how many packets in how many seconds.
pub fn sender(rate: u64, seconds: u64) {
    let mut out = Capture::from_device(OUT).unwrap().snaplen(64).open().unwrap();
    // It would see its own packets as well.
    out.filter("less 1", true).unwrap();
    let (mut mix, mut frame) = (Mix::new(), Vec::new());
    let (began, length) = (Instant::now(), Duration::from_secs(seconds));
    let mut sent = 0u64;
    while began.elapsed() < length {
        let due = match rate {
            0 => sent + 64,
            rate => (began.elapsed().as_secs_f64() * rate as f64) as u64,
        };
        // In between it is looked whether it is time to end.
        let now = due.saturating_sub(sent).min(256);
        for _ in 0..now {
            mix.next(&mut frame);
            out.sendpacket(frame.as_slice()).unwrap();
        }
        sent += now;
        if sent >= due && rate > 0 {
            sleep(PAUSE);
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{sent} {seconds}");
}
