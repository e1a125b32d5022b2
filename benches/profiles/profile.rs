//! The five profiles.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::Ipv4Addr;
use std::path::Path;

use crate::play::{Plan, Random, Session, Truth};
use crate::wire::{ACK, Capture, Segment};

/// A capture to be made.
#[derive(Clone, Copy)]
pub struct Profile {
    pub name: &'static str,
    /// At scale 1.
    pub sessions: u64,
    /// Open at the same time.
    pub together: u64,
    pub plan: Plan,
    pub snaplen: usize,
    pub pcapng: bool,
    /// Packets of other traffic for each packet of FTP.
    pub background: u64,
}

const WHOLE: usize = 262_144;

pub static PROFILES: &[Profile] = &[
    Profile {
        name: "bulk",
        sessions: 600,
        together: 20,
        plan: Plan { files: 4, file: 1_000_000, ..Plan::PLAIN },
        snaplen: WHOLE,
        pcapng: false,
        background: 0,
    },
    Profile {
        name: "chatty",
        sessions: 271_000,
        together: 500,
        plan: Plan { files: 1, file: 2_000, faults_per_thousand: 10, ..Plan::PLAIN },
        snaplen: WHOLE,
        pcapng: false,
        background: 0,
    },
    Profile {
        name: "mixed",
        sessions: 2_000,
        together: 50,
        plan: Plan { files: 2, file: 20_000, faults_per_thousand: 10, ..Plan::PLAIN },
        snaplen: WHOLE,
        pcapng: true,
        background: 9,
    },
    Profile {
        name: "snap96",
        sessions: 1_150,
        together: 20,
        plan: Plan { files: 4, file: 1_000_000, ..Plan::PLAIN },
        snaplen: 96,
        pcapng: false,
        background: 0,
    },
    Profile {
        name: "open",
        sessions: 1_000_000,
        together: u64::MAX,
        plan: Plan { files: 1, file: 500, quits: false, ..Plan::PLAIN },
        snaplen: WHOLE,
        pcapng: false,
        background: 0,
    },
];

/// Packets and truth of a capture that was made.
pub struct Made {
    pub packets: u64,
    pub truth: Truth,
}

/// Writes a profile's capture; the same seed and scale give the same bytes.
pub fn make(profile: &Profile, scale: f64, seed: u64, path: &Path) -> io::Result<Made> {
    let sessions = ((profile.sessions as f64 * scale) as u64).max(1);
    let payload: Vec<u8> = (0..1448_u32).map(|i| (i * 7) as u8).collect();
    let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    make_into(file, profile, sessions, &payload, seed)
}

/// Writes so many sessions in a profile's manner; their files' bytes are those of `payload`, again
/// and again.
pub fn make_into<W: Write>(
    file: W,
    profile: &Profile,
    sessions: u64,
    payload: &[u8],
    seed: u64,
) -> io::Result<Made> {
    let Plan { net, swapped_per_thousand, .. } = profile.plan;
    let out = Capture::new(file, profile.pcapng, profile.snaplen)?;
    let mut out = out.over(net, swapped_per_thousand, seed);
    let mut truth = Truth::default();
    let mut random = Random(seed);
    let mut due: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    let mut playing: Vec<Session> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut begun = 0;
    let mut begin =
        |at: u64, due: &mut BinaryHeap<_>, playing: &mut Vec<Session>, free: &mut Vec<usize>| {
            if begun == sessions {
                return;
            }
            let session = Session::new(begun, &profile.plan, seed);
            begun += 1;
            let place = match free.pop() {
                Some(place) => {
                    playing[place] = session;
                    place
                }
                None => {
                    playing.push(session);
                    playing.len() - 1
                }
            };
            due.push(Reverse((at, place)));
        };
    let start = 1_767_225_600_000_000;
    for i in 0..profile.together.min(sessions) {
        begin(start + i * 37, &mut due, &mut playing, &mut free);
    }
    while let Some(Reverse((at, place))) = due.pop() {
        let before = out.packets;
        match playing[place].step(&profile.plan, payload, at, &mut out, &mut truth)? {
            Some(wait) => due.push(Reverse((at + wait, place))),
            None => {
                free.push(place);
                begin(at + 10, &mut due, &mut playing, &mut free);
            }
        }
        for _ in 0..(out.packets - before) * profile.background {
            other(&mut out, at, payload, &mut random)?;
        }
    }
    Ok(Made { packets: out.finish()?, truth })
}

/// A packet of web traffic, between one of some thousand pairs of hosts.
fn other<W: Write>(
    out: &mut Capture<W>,
    at: u64,
    payload: &[u8],
    random: &mut Random,
) -> io::Result<()> {
    let n = random.below(20_000) as u32;
    let client = (Ipv4Addr::from(0x0AC0_0000 | n), 40_000 + (n % 20_000) as u16);
    let server = (Ipv4Addr::new(198, 51, 100, (n % 200) as u8), 443);
    let length = if random.below(3) == 0 { 0 } else { payload.len() };
    let seq = random.next() as u32;
    let payload = &payload[..length];
    out.segment(at, &Segment { from: server, to: client, seq, ack: 1, flags: ACK, payload })
}
