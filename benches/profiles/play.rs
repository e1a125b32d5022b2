//! Sessions that are played step by step, many at once, from one seed.

use std::io::{self, Write};
use std::net::Ipv4Addr;

use crate::wire::{ACK, Capture, FIN, Net, PSH, RST, SYN, Segment};

/// A generator of numbers that is the same everywhere (SplitMix64).
#[derive(Clone, Copy)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
}

/// What goes wrong in a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    None,
    /// The passive port never answers.
    Unanswered,
    /// The passive port refuses.
    Refused,
}

/// One side's and the other's sequence numbers.
#[derive(Clone, Copy)]
struct Tcp {
    client: (Ipv4Addr, u16),
    server: (Ipv4Addr, u16),
    seq: [u32; 2],
}

impl Tcp {
    fn send<W: Write>(
        &mut self,
        out: &mut Capture<W>,
        at: u64,
        client: bool,
        flags: u8,
        payload: &[u8],
    ) -> io::Result<()> {
        let (from, to) =
            if client { (self.client, self.server) } else { (self.server, self.client) };
        let (own, other) = if client { (0, 1) } else { (1, 0) };
        let ack = if flags & ACK != 0 { self.seq[other] } else { 0 };
        out.segment(at, &Segment { from, to, seq: self.seq[own], ack, flags, payload })?;
        let control = u32::from(flags & (SYN | 1) != 0);
        self.seq[own] = self.seq[own].wrapping_add(payload.len() as u32 + control);
        Ok(())
    }

    fn open<W: Write>(&mut self, out: &mut Capture<W>, at: u64) -> io::Result<()> {
        self.send(out, at, true, SYN, b"")?;
        self.send(out, at, false, SYN | ACK, b"")?;
        self.send(out, at, true, ACK, b"")
    }

    /// A command and its reply, acknowledged.
    fn asks<W: Write>(
        &mut self,
        out: &mut Capture<W>,
        at: u64,
        command: &str,
        reply: &str,
    ) -> io::Result<()> {
        self.send(out, at, true, PSH, command.as_bytes())?;
        self.send(out, at, false, PSH, reply.as_bytes())?;
        self.send(out, at, true, ACK, b"")
    }

    fn close<W: Write>(&mut self, out: &mut Capture<W>, at: u64, client: bool) -> io::Result<()> {
        self.send(out, at, client, FIN, b"")?;
        self.send(out, at, !client, FIN, b"")?;
        self.send(out, at, client, ACK, b"")
    }
}

/// What was played, to compare with a report.
#[derive(Default, Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    pub sessions: u64,
    pub announcements: u64,
    pub connections: u64,
    pub bytes: u64,
    pub unanswered: u64,
    pub refused: u64,
}

/// How sessions go.
#[derive(Clone, Copy)]
pub struct Plan {
    pub files: u32,
    pub file: usize,
    /// QUIT at the end; else the session stays open.
    pub quits: bool,
    pub faults_per_thousand: u64,
    pub net: Net,
    /// Packets that change places with the one behind them, of their connection.
    pub swapped_per_thousand: u64,
}

impl Plan {
    /// IPv4 in order, and nothing goes wrong.
    pub const PLAIN: Self = Self {
        files: 1,
        file: 0,
        quits: true,
        faults_per_thousand: 0,
        net: Net::V4,
        swapped_per_thousand: 0,
    };
}

/// One session.
pub struct Session {
    number: u64,
    control: Tcp,
    data: Tcp,
    fault: Fault,
    step: u32,
    file: u32,
    sent: usize,
    random: Random,
}

impl Session {
    pub fn new(number: u64, plan: &Plan, seed: u64) -> Self {
        let mut random = Random(seed ^ number.wrapping_mul(0xA24B_AED4_963E_E407));
        let n = number as u32;
        let client = Ipv4Addr::from(0x0A00_0000 | (n / 40 + 256) & 0x00ff_ffff);
        let server = Ipv4Addr::new(192, 0, 2, 10);
        let port = 33_000 + (n % 40) as u16 * 500 + (random.below(400)) as u16;
        let fault = match random.below(1000) {
            x if x >= plan.faults_per_thousand => Fault::None,
            x if x % 2 == 0 => Fault::Unanswered,
            _ => Fault::Refused,
        };
        let tcp = |port, server_port, random: &mut Random| Tcp {
            client: (client, port),
            server: (server, server_port),
            seq: [random.next() as u32, random.next() as u32],
        };
        let control = tcp(port, 21, &mut random);
        let data = tcp(port, 0, &mut random);
        Self { number, control, data, fault, step: 0, file: 0, sent: 0, random }
    }

    /// Plays the next step. Returns in how many µs the one after it is due; `None` at the end.
    pub fn step<W: Write>(
        &mut self,
        plan: &Plan,
        payload: &[u8],
        at: u64,
        out: &mut Capture<W>,
        truth: &mut Truth,
    ) -> io::Result<Option<u64>> {
        let control = &mut self.control;
        match self.step {
            0 => {
                truth.sessions += 1;
                control.open(out, at)?;
                control.send(out, at, false, PSH, b"220 (vsFTPd 3.0.5)\r\n")?;
                control.send(out, at, true, ACK, b"")?;
            }
            1 => control.asks(out, at, "USER bench\r\n", "331 Please specify the password.\r\n")?,
            2 => control.asks(out, at, "PASS not-a-secret\r\n", "230 Login successful.\r\n")?,
            3 => control.asks(out, at, "TYPE I\r\n", "200 Switching to Binary mode.\r\n")?,
            4 => {
                truth.announcements += 1;
                // One after another, as servers give them: by chance, of a million sessions a few would
                // be given one that another session of the same host waits on.
                let turn = self.number * u64::from(plan.files) + u64::from(self.file);
                let port = 50_000 + (turn % 10_000) as u16;
                let (command, reply) = passive(plan.net, port);
                control.asks(out, at, command, &reply)?;
                let own = control.client.1 + 1 + (self.file % 50) as u16;
                self.data.client.1 = own;
                self.data.server.1 = port;
                self.data.seq = [self.random.next() as u32, self.random.next() as u32];
                self.sent = 0;
            }
            5 => return self.dial(at, out, truth),
            10.. => return self.syn_again(at, out),
            6 => {
                let burst = 16.min((plan.file - self.sent).div_ceil(1448));
                for i in 0..burst {
                    let length = 1448.min(plan.file - self.sent);
                    self.data.send(out, at, false, ACK, &payload[..length])?;
                    self.sent += length;
                    if i % 2 == 1 {
                        self.data.send(out, at, true, ACK, b"")?;
                    }
                }
                if self.sent < plan.file {
                    return Ok(Some(300));
                }
            }
            7 => {
                truth.bytes += plan.file as u64;
                self.data.close(out, at, false)?;
                control.send(out, at, false, PSH, b"226 Transfer complete.\r\n")?;
                control.send(out, at, true, ACK, b"")?;
                self.file += 1;
                if self.file < plan.files {
                    self.step = 4;
                    return Ok(Some(1000));
                }
            }
            8 if plan.quits => {
                control.asks(out, at, "QUIT\r\n", "221 Goodbye.\r\n")?;
                control.close(out, at, false)?;
                return Ok(None);
            }
            _ => return Ok(None),
        }
        self.step += 1;
        Ok(Some(5_000 + self.random.below(40_000)))
    }

    /// The client dials, and what comes of it.
    fn dial<W: Write>(
        &mut self,
        at: u64,
        out: &mut Capture<W>,
        truth: &mut Truth,
    ) -> io::Result<Option<u64>> {
        truth.connections += 1;
        let control = &mut self.control;
        match self.fault {
            Fault::None => {
                self.data.open(out, at)?;
                let name = format!("RETR file-{}.bin\r\n", self.file);
                control.asks(out, at, &name, "150 Opening BINARY mode data connection.\r\n")?;
                self.step = 6;
                return Ok(Some(500));
            }
            Fault::Unanswered => {
                truth.unanswered += 1;
                self.step = 10;
                return self.syn_again(at, out);
            }
            Fault::Refused => {
                truth.refused += 1;
                self.data.send(out, at, true, SYN, b"")?;
                self.data.seq[1] = 0;
                self.data.send(out, at, false, RST, b"")?;
            }
        }
        control.close(out, at, true)?;
        Ok(None)
    }

    /// A SYN without an answer, sent again after 1, 2 and 4 s; then the client leaves.
    fn syn_again<W: Write>(&mut self, at: u64, out: &mut Capture<W>) -> io::Result<Option<u64>> {
        let times = self.step - 10;
        if times == 4 {
            self.control.close(out, at, true)?;
            return Ok(None);
        }
        let isn = self.data.seq;
        self.data.send(out, at, true, SYN, b"")?;
        self.data.seq = isn;
        self.step += 1;
        Ok(Some(1_000_000 << times))
    }
}

/// What asks for a passive port, and the reply (RFC 2428 for IPv6).
fn passive(net: Net, port: u16) -> (&'static str, String) {
    let (high, low) = (port / 256, port % 256);
    match net {
        Net::V6 => ("EPSV\r\n", format!("229 Extended Passive Mode (|||{port}|).\r\n")),
        _ => ("PASV\r\n", format!("227 Passive Mode (192,0,2,10,{high},{low}).\r\n")),
    }
}
