//! An FTP session, frame by frame: login, PASV, a download, QUIT.

use std::net::Ipv4Addr;

use super::tcp::{Flag, Tcp};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
/// A full segment of Ethernet.
const FULL: [u8; 1448] = [0x5a; 1448];

/// How far a session has come when its data begins to flow.
const TRANSFER: usize = 18;

/// A session.
pub struct Session {
    number: u32,
    step: usize,
    control: Tcp,
    data: Tcp,
    /// Full segments that are still to come.
    left: u32,
    /// Segments since the client's last ACK.
    unacknowledged: u32,
}

impl Session {
    /// The session with this number, which is told from the next million by its addresses and
    /// ports; it downloads so many full segments.
    pub fn new(number: u32, segments: u32) -> Self {
        let host = number % 62_500;
        let client = Ipv4Addr::new(10, 16, (host / 250) as u8, (host % 250 + 1) as u8);
        // In turn, so that ports are used again late.
        let port = 20_000 + 2 * (number / 62_500 % 20_000) as u16;
        Self {
            number,
            step: 0,
            control: Tcp::new((client, port), (SERVER, 21), number),
            data: Tcp::new((client, port + 1), (SERVER, Self::passive(number)), !number),
            left: segments,
            unacknowledged: 0,
        }
    }

    fn passive(number: u32) -> u16 {
        30_000 + (number % 30_000) as u16
    }

    /// The next packet is one of its download.
    pub fn transfers(&self) -> bool {
        self.step == TRANSFER
    }

    /// Writes the next packet to `out`; false when there is none left.
    pub fn next(&mut self, out: &mut Vec<u8>) -> bool {
        if self.step == TRANSFER {
            self.transfer(out);
            return true;
        }
        let port = Self::passive(self.number);
        let text: String;
        let say = |c: &mut Tcp, client, line: &str, out: &mut Vec<u8>| {
            c.send(client, Flag::None, line.as_bytes(), out);
        };
        let (c, d) = (&mut self.control, &mut self.data);
        match self.step {
            0 => c.send(true, Flag::Syn, b"", out),
            1 => c.send(false, Flag::Syn, b"", out),
            2 => c.send(true, Flag::None, b"", out),
            3 => say(c, false, "220 (vsFTPd 3.0.5)\r\n", out),
            4 => {
                text = format!("USER user{}\r\n", self.number % 1000);
                say(c, true, &text, out);
            }
            5 => say(c, false, "331 Please specify the password.\r\n", out),
            6 => say(c, true, "PASS secret\r\n", out),
            7 => say(c, false, "230 Login successful.\r\n", out),
            8 => say(c, true, "TYPE I\r\n", out),
            9 => say(c, false, "200 Switching to Binary mode.\r\n", out),
            10 => say(c, true, "PASV\r\n", out),
            11 => {
                let (high, low) = (port >> 8, port & 255);
                text = format!("227 Entering Passive Mode (10,9,0,1,{high},{low}).\r\n");
                say(c, false, &text, out);
            }
            12 => d.send(true, Flag::Syn, b"", out),
            13 => d.send(false, Flag::Syn, b"", out),
            14 => d.send(true, Flag::None, b"", out),
            15 => {
                text = format!("RETR file-{}.bin\r\n", self.number);
                say(c, true, &text, out);
            }
            16 => say(c, false, "150 Opening BINARY mode data connection.\r\n", out),
            17 => c.send(true, Flag::None, b"", out),
            19 => d.send(false, Flag::Fin, b"", out),
            20 => d.send(true, Flag::Fin, b"", out),
            21 => d.send(false, Flag::None, b"", out),
            22 => say(c, false, "226 Transfer complete.\r\n", out),
            23 => say(c, true, "QUIT\r\n", out),
            24 => say(c, false, "221 Goodbye.\r\n", out),
            25 => c.send(false, Flag::Fin, b"", out),
            26 => c.send(true, Flag::Fin, b"", out),
            27 => c.send(false, Flag::None, b"", out),
            _ => return false,
        }
        self.step += 1;
        true
    }

    /// Data, and an ACK of every second segment.
    fn transfer(&mut self, out: &mut Vec<u8>) {
        if self.unacknowledged == 2 || self.left == 0 {
            self.unacknowledged = 0;
            self.data.send(true, Flag::None, b"", out);
            self.step += usize::from(self.left == 0);
        } else {
            self.unacknowledged += 1;
            self.left -= 1;
            self.data.send(false, Flag::None, &FULL, out);
        }
    }
}
