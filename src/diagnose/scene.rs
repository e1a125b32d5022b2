//! Sessions for tests, played segment by segment into the engine.

use crate::capture::{CaptureLoss, FrameRef, Moment, Timestamp};
use crate::decode::{Endpoint, Flags, IcmpError, IcmpKind, Segment, Seq, SynOptions};
use crate::diagnose::{Judged, judge};
use crate::engine::Engine;

pub const FIN: u8 = 0x11;
pub const SYN: u8 = 0x02;
pub const SYN_ACK: u8 = 0x12;
pub const RST: u8 = 0x14;
pub const ACK: u8 = 0x10;

/// One TCP connection: both ends and what each has sent.
#[derive(Clone, Copy, Debug)]
pub struct Tcp {
    pub from: Endpoint,
    pub to: Endpoint,
    sent: [u32; 2],
}

impl Tcp {
    /// The next sequence number of the initiator, or of the responder.
    pub fn sent(&self, initiator: bool) -> u32 {
        self.sent[usize::from(!initiator)]
    }
}

/// A capture at the client, whose packets have a TTL of 64; the server's have 60.
pub struct Scene {
    engine: Engine,
    /// Takes notes, and must say the same in the end.
    noting: Engine,
    ms: i64,
    order: u32,
    pub control: Tcp,
    client_ttl: u8,
    server_ttl: u8,
}

pub fn endpoint(text: &str) -> Endpoint {
    let (ip, port) = text.rsplit_once(':').unwrap();
    Endpoint::new(ip.parse().unwrap(), port.parse().unwrap())
}

impl Scene {
    /// Logged in, captured at the client.
    pub fn new() -> Self {
        Self::between("192.0.2.1:40000", "203.0.113.5:21", 64, 60)
    }

    /// Logged in, captured at the server.
    pub fn at_server() -> Self {
        Self::between("192.0.2.1:40000", "203.0.113.5:21", 60, 64)
    }

    pub fn between(client: &str, server: &str, client_ttl: u8, server_ttl: u8) -> Self {
        let mut scene = Self::connected(client, server, client_ttl, server_ttl);
        scene.server("220 (vsFTPd 3.0.3)");
        scene.asks("USER a", "331 Password.").asks("PASS b", "230 In.").asks("TYPE I", "200 Ok.");
        scene
    }

    /// Connected, and nothing said yet.
    pub fn connected(client: &str, server: &str, client_ttl: u8, server_ttl: u8) -> Self {
        let (from, to) = (endpoint(client), endpoint(server));
        let control = Tcp { from, to, sent: [100, 900] };
        let (engine, mut noting) = (Engine::new(&[]), Engine::new(&[]));
        noting.take_notes();
        let mut scene = Self { engine, noting, ms: 0, order: 0, control, client_ttl, server_ttl };
        let mut control = scene.open(client, server);
        std::mem::swap(&mut scene.control, &mut control);
        scene
    }

    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    pub fn wait(&mut self, ms: i64) -> &mut Self {
        self.ms += ms;
        self
    }

    fn moment(&mut self) -> Moment {
        self.ms += 1;
        self.order += 1;
        Moment {
            order: self.order.into(),
            time: Timestamp::from_nanos(self.ms * 1_000_000),
            frame: FrameRef { file: 0, number: self.order },
        }
    }

    /// A segment of `tcp`, from its initiator or its responder.
    pub fn send(&mut self, tcp: &mut Tcp, initiator: bool, flags: u8, payload: &[u8]) {
        let (own, other) = if initiator { (0, 1) } else { (1, 0) };
        let (seq, ack) = (tcp.sent[own], tcp.sent[other]);
        self.send_at(tcp, initiator, flags, seq, ack, payload, None);
        let control = u32::from(flags & 3 != 0);
        tcp.sent[own] = seq + payload.len() as u32 + control;
    }

    /// The same segment again, or any other, without advancing.
    #[allow(clippy::too_many_arguments, reason = "a segment has as many fields")]
    pub fn send_at(
        &mut self,
        tcp: &Tcp,
        initiator: bool,
        flags: u8,
        seq: u32,
        ack: u32,
        payload: &[u8],
        ttl: Option<u8>,
    ) {
        let (src, dst) = if initiator { (tcp.from, tcp.to) } else { (tcp.to, tcp.from) };
        let near = src.ip == self.control.from.ip;
        let usual = if near { self.client_ttl } else { self.server_ttl };
        let at = self.moment();
        let segment = Segment {
            src,
            dst,
            seq: Seq(seq),
            ack: Seq(ack),
            flags: Flags(flags),
            window: 5000,
            ttl: ttl.unwrap_or(usual),
            ip_id: None,
            checksum: self.order as u16,
            syn_options: SynOptions::default(),
            payload,
            payload_len: payload.len() as u32,
        };
        self.engine.segment(&segment, at);
        self.noting.segment(&segment, at);
    }

    pub fn tcp(&self, from: &str, to: &str) -> Tcp {
        Tcp { from: endpoint(from), to: endpoint(to), sent: [1000, 5000] }
    }

    pub fn open(&mut self, from: &str, to: &str) -> Tcp {
        let mut tcp = self.tcp(from, to);
        self.send(&mut tcp, true, SYN, b"");
        self.send(&mut tcp, false, SYN_ACK, b"");
        self.send(&mut tcp, true, ACK, b"");
        tcp
    }

    /// A SYN, sent `times`, one second apart.
    pub fn dial(&mut self, from: &str, to: &str, times: u32) -> Tcp {
        let tcp = self.tcp(from, to);
        for i in 0..times {
            self.wait(if i == 0 { 0 } else { 999 });
            self.send_at(&tcp, true, SYN, tcp.sent[0], 0, b"", None);
        }
        tcp
    }

    /// So much has been sent by `send_at`.
    pub fn advance(&self, tcp: &mut Tcp, initiator: bool, bytes: u32) {
        tcp.sent[usize::from(!initiator)] += bytes;
    }

    /// The last segment's bytes again and again, a second apart.
    pub fn again(&mut self, tcp: &Tcp, initiator: bool, flags: u8, len: u32, times: u32) {
        let (own, other) = if initiator { (0, 1) } else { (1, 0) };
        let payload = vec![b'x'; len as usize];
        let seq = tcp.sent[own] - len - u32::from(flags & 3 != 0);
        for _ in 0..times {
            self.wait(1000);
            self.send_at(tcp, initiator, flags, seq, tcp.sent[other], &payload, None);
        }
    }

    /// RST to a SYN.
    pub fn refuse(&mut self, tcp: &Tcp, ttl: u8) {
        self.send_at(tcp, false, RST, 0, tcp.sent[0] + 1, b"", Some(ttl));
    }

    /// ICMP error that quotes the SYN.
    pub fn icmp(&mut self, tcp: &Tcp, from: &str, kind: IcmpKind) {
        let at = self.moment();
        let error = IcmpError {
            from: from.parse().unwrap(),
            ttl: 60,
            kind,
            icmp_type: 3,
            icmp_code: 13,
            src: tcp.from,
            dst: tcp.to,
            seq: Seq(tcp.sent[0]),
        };
        self.engine.icmp(&error, at);
        self.noting.icmp(&error, at);
    }

    /// The capture lost packets.
    pub fn lost(&mut self, loss: CaptureLoss) {
        self.engine.lost(loss);
        self.noting.lost(loss);
    }

    /// Both FINs, the initiator's first if `initiator`.
    pub fn close(&mut self, tcp: &mut Tcp, initiator: bool) {
        self.send(tcp, initiator, FIN, b"");
        self.send(tcp, !initiator, FIN, b"");
        self.send(tcp, initiator, ACK, b"");
    }

    pub fn client(&mut self, line: &str) -> &mut Self {
        let mut control = self.control;
        self.send(&mut control, true, 0x18, format!("{line}\r\n").as_bytes());
        self.control = control;
        self
    }

    pub fn server(&mut self, line: &str) -> &mut Self {
        let mut control = self.control;
        self.send(&mut control, false, 0x18, format!("{line}\r\n").as_bytes());
        self.send(&mut control, true, ACK, b"");
        self.control = control;
        self
    }

    pub fn asks(&mut self, command: &str, reply: &str) -> &mut Self {
        self.client(command).server(reply)
    }

    /// PASV, a listing, all well.
    pub fn lists(&mut self, port: u16) -> &mut Self {
        self.pasv(port);
        let mut data =
            self.open(&format!("192.0.2.1:{}", port - 9000), &format!("203.0.113.5:{port}"));
        self.asks("LIST", "150 Here it comes.");
        self.send(&mut data, false, 0x18, b"-rw-r--r-- a\r\n");
        self.send(&mut data, true, ACK, b"");
        self.close(&mut data, false);
        self.server("226 Done.")
    }

    /// PASV and its 227, with the server's own address.
    pub fn pasv(&mut self, port: u16) -> &mut Self {
        let (high, low) = (port / 256, port % 256);
        self.asks("PASV", &format!("227 Entering Passive Mode (203,0,113,5,{high},{low})."))
    }

    /// QUIT, 221, FINs.
    pub fn quits(&mut self) -> &mut Self {
        self.asks("QUIT", "221 Bye.").leaves()
    }

    /// FINs without a word.
    pub fn leaves(&mut self) -> &mut Self {
        let mut control = self.control;
        self.close(&mut control, true);
        self.control = control;
        self
    }

    /// From now on the scene speaks over this control connection; returns the one before.
    pub fn turns_to(&mut self, control: Tcp) -> Tcp {
        std::mem::replace(&mut self.control, control)
    }

    /// The verdict on its only session, some time after the last packet.
    pub fn judged(&mut self) -> Judged {
        let mut all = self.all_judged();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    /// The verdicts on its sessions, some time after the last packet.
    pub fn all_judged(&mut self) -> Vec<Judged> {
        let [mut sessions, noted] = [&mut self.engine, &mut self.noting].map(|engine| {
            engine.finish();
            let closed = engine.take_finished();
            closed.into_iter().map(|c| c.session()).collect::<Vec<_>>()
        });
        assert_eq!(format!("{sessions:#?}"), format!("{noted:#?}"));
        sessions.sort_by_key(|s| s.id);
        sessions.into_iter().map(judge).collect()
    }

    /// Codes and severities of the verdict, but for the capture's, and for the password in clear
    /// that all these sessions have.
    pub fn says(&mut self) -> Vec<String> {
        let judged = self.judged();
        Self::told(&judged)
    }

    /// The same of one verdict.
    pub fn told(judged: &Judged) -> Vec<String> {
        let usual = |code: &str| code.starts_with("capture-") || code == "cleartext-login";
        let told = judged.diagnoses.iter().filter(|d| !usual(d.code));
        told.map(|d| format!("{} {}", d.severity.name(), d.code)).collect()
    }
}
