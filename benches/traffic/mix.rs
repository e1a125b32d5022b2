//! What a busy server's interface sees: FTP sessions one after another, and other TCP.

use std::net::Ipv4Addr;

use super::session::Session;
use super::tcp::{Flag, Tcp};

/// Sessions that are open at once.
const SESSIONS: usize = 1000;
/// Connections that are no FTP.
const OTHERS: usize = 200;
const HALF: [u8; 700] = [0x33; 700];

/// Packets one after another, for ever. Of five, three are of FTP sessions and two are not.
pub struct Mix {
    sessions: Vec<Session>,
    others: Vec<Tcp>,
    begun: u32,
    turn: usize,
}

impl Mix {
    pub fn new() -> Self {
        let other = |n: u32| {
            let client = (Ipv4Addr::new(10, 17, 0, (n % 250 + 1) as u8), 40_000 + n as u16);
            Tcp::new(client, (Ipv4Addr::new(10, 9, 0, 2), 443), n)
        };
        let mut new = Self {
            sessions: Vec::new(),
            others: (0..OTHERS as u32).map(other).collect(),
            begun: 0,
            turn: 0,
        };
        new.sessions = (0..SESSIONS).map(|_| new.begin()).collect();
        new
    }

    fn begin(&mut self) -> Session {
        self.begun += 1;
        // From 40 to 139 segments, so that they don't all end together.
        Session::new(self.begun, 40 + self.begun.wrapping_mul(0x9e37_79b1) % 100)
    }

    /// Writes the next packet to `out`.
    pub fn next(&mut self, out: &mut Vec<u8>) {
        self.turn += 1;
        let round = self.turn / 5;
        match self.turn % 5 {
            0 => self.others[round % OTHERS].send(false, Flag::None, &HALF, out),
            1 => self.others[round % OTHERS].send(true, Flag::None, b"", out),
            turn => {
                let at = (round * 3 + turn - 2) % SESSIONS;
                if !self.sessions[at].next(out) {
                    self.sessions[at] = self.begin();
                    self.sessions[at].next(out);
                }
            }
        }
    }
}
