//! `--privacy`: addresses, names and paths masked, the same ones alike, so that a report can be
//! shown to others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::diagnose::{Diagnosis, Judged};
use crate::engine::Analysis;
use crate::ftp::command::Verb;
use crate::session::{Connection, MessageKind, Session};

/// Words shorter than this are masked only where they stand alone as an argument: replaced
/// everywhere, they would garble the sentences around them.
const SHORTEST: usize = 3;

/// Masks, remembering what it has masked as what. Numbers are given in order of appearance.
#[derive(Debug, Default)]
pub struct Masker {
    addresses: HashMap<IpAddr, IpAddr>,
    private: u32,
    public: u32,
    six: u32,
    words: HashMap<String, String>,
    /// Longest first, so that a path is replaced before a directory in it.
    by_length: Vec<String>,
}

/// Masks a whole analysis.
pub fn mask(analysis: &mut Analysis) {
    let mut masker = Masker::default();
    for judged in &mut analysis.sessions {
        masker.session(judged);
    }
    masker.capture(analysis);
}

impl Masker {
    /// Masks what is said of the capture, and its findings.
    pub fn capture(&mut self, analysis: &mut Analysis) {
        for (i, file) in analysis.capture.files.iter_mut().enumerate() {
            *file = format!("capture-{}", i + 1);
        }
        for finding in &mut analysis.findings {
            self.diagnosis(&mut finding.diagnosis);
        }
        analysis.capture.comments.clear();
    }

    /// Masks a session and its verdicts.
    pub fn session(&mut self, judged: &mut Judged) {
        let s = &mut judged.session;
        self.learn(s);
        self.endpoints(s);
        self.texts(s);
        for d in &mut judged.diagnoses {
            self.diagnosis(d);
        }
    }

    fn address(&mut self, ip: IpAddr) -> IpAddr {
        if let Some(known) = self.addresses.get(&ip) {
            return *known;
        }
        let masked = match ip {
            IpAddr::V4(v4) if v4.is_loopback() || v4.is_unspecified() || v4.is_broadcast() => ip,
            IpAddr::V6(v6) if v6.is_loopback() || v6.is_unspecified() => ip,
            // What kind of address it is matters to the verdicts, so that stays: private ones stay
            // private, public ones come from the ranges for documentation (RFC 5737, 3849).
            IpAddr::V4(v4) if is_private(v4) => {
                self.private += 1;
                IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + self.private))
            }
            IpAddr::V4(_) => {
                self.public += 1;
                let (net, host) = ((self.public - 1) / 254 % 3, (self.public - 1) % 254 + 1);
                let base = [0xc000_0200u32, 0xc633_6400, 0xcb00_7100];
                let base = base.get(net as usize).copied().unwrap_or(0xc000_0200);
                IpAddr::V4(Ipv4Addr::from(base + host))
            }
            IpAddr::V6(v6) => {
                self.six += 1;
                let local = v6.segments()[0] & 0xfe00 == 0xfc00;
                let base = if local { 0xfd00u128 << 112 } else { 0x2001_0db8u128 << 96 };
                IpAddr::V6(Ipv6Addr::from(base + u128::from(self.six)))
            }
        };
        self.addresses.insert(ip, masked);
        masked
    }

    fn word(&mut self, kind: &str, word: &str) {
        if word.is_empty() || self.words.contains_key(word) || word == "anonymous" {
            return;
        }
        let name = format!("{kind}-{}", self.words.len() + 1);
        self.words.insert(word.to_owned(), name);
        if word.chars().count() >= SHORTEST {
            let at = self.by_length.partition_point(|w| w.len() >= word.len());
            self.by_length.insert(at, word.to_owned());
        }
    }

    /// What a session holds that isn't to be shown.
    fn learn(&mut self, s: &Session) {
        if let Some(user) = &s.user {
            self.word("user", user);
        }
        for e in &s.script.exchanges {
            if is_path(e.verb) {
                self.word("path", &e.argument);
            } else if matches!(e.verb, Verb::USER | Verb::HOST) {
                self.word("user", &e.argument);
            }
        }
        for path in s.transfers.iter().filter_map(|t| t.path.as_deref()) {
            if path != "/" {
                self.word("path", path);
            }
        }
    }

    fn endpoints(&mut self, s: &mut Session) {
        s.client.ip = self.address(s.client.ip);
        s.server.ip = self.address(s.server.ip);
        self.connection(&mut s.control);
        for c in &mut s.channels {
            if let Some(a) = &mut c.announcement {
                if let Some(e) = &mut a.advertised {
                    e.ip = self.address(e.ip);
                }
                a.text = self.text(&a.text);
            }
            c.third_party = c.third_party.map(|ip| self.address(ip));
            for connection in c.connection.iter_mut().chain(&mut c.attempts) {
                self.connection(connection);
            }
        }
    }

    fn connection(&mut self, c: &mut Connection) {
        c.initiator.ip = self.address(c.initiator.ip);
        c.responder.ip = self.address(c.responder.ip);
        for i in &mut c.icmp {
            i.error.from = self.address(i.error.from);
            i.error.src.ip = self.address(i.error.src.ip);
            i.error.dst.ip = self.address(i.error.dst.ip);
        }
    }

    fn texts(&mut self, s: &mut Session) {
        // A greeting names hosts in its own way: only the software is kept of it.
        let greeting = s.banner.clone();
        s.banner = s.banner.as_deref().map(|b| {
            let code = b.get(..3).unwrap_or_default();
            format!("{code} {}", s.software.as_deref().unwrap_or("***"))
        });
        let banner = s.banner.clone();
        s.user = s.user.as_deref().map(|u| self.argument(u));
        for e in &mut s.script.exchanges {
            e.argument = self.argument(&e.argument);
            e.reply_text = self.text(&e.reply_text);
        }
        for t in &mut s.transfers {
            t.path = t.path.as_deref().map(|p| self.argument(p));
        }
        s.script.map_texts(|kind, text| match (kind, text.split_once(' ')) {
            (MessageKind::Command(_), Some((verb, argument))) => {
                format!("{verb} {}", self.argument(argument))
            }
            (MessageKind::Reply(..), _) if greeting.as_deref() == Some(text) => {
                banner.clone().unwrap_or_default()
            }
            _ => self.text(text),
        });
    }

    /// An argument that is known as a whole, else the text with what is known in it.
    fn argument(&mut self, argument: &str) -> String {
        match self.words.get(argument) {
            Some(masked) => masked.clone(),
            None => self.text(argument),
        }
    }

    fn diagnosis(&mut self, d: &mut Diagnosis) {
        d.summary = self.text(&d.summary);
        d.reasoning = self.text(&d.reasoning);
        for e in &mut d.evidence {
            e.text = self.text(&e.text);
        }
        for a in &mut d.advice {
            a.text = self.text(&a.text);
            a.example = a.example.as_deref().map(|x| self.text(x));
        }
    }

    /// A text with the words that are known, and every address, masked.
    fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for word in &self.by_length {
            if text.contains(word.as_str())
                && let Some(masked) = self.words.get(word)
            {
                text = text.replace(word.as_str(), masked);
            }
        }
        self.addresses_in(&text)
    }

    fn addresses_in(&mut self, text: &str) -> String {
        let part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | ',');
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(part) {
            let (before, from) = rest.split_at(start);
            out.push_str(before);
            let end = from.find(|c| !part(c)).unwrap_or(from.len());
            let (run, after) = from.split_at(end);
            out.push_str(&self.run(run));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// A run of digits and separators: an address, an address and a port, or six numbers.
    fn run(&mut self, run: &str) -> String {
        let bare = run.trim_end_matches(['.', ',', ':']);
        let tail = run.get(bare.len()..).unwrap_or_default();
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return format!("{}{tail}", self.address(ip));
        }
        if let Some((ip, port)) = bare.rsplit_once(':')
            && let Ok(v4) = ip.parse::<Ipv4Addr>()
        {
            return format!("{}:{port}{tail}", self.address(v4.into()));
        }
        let numbers: Vec<u8> = bare.split(',').filter_map(|n| n.parse().ok()).collect();
        if let ([a, b, c, d, h, l], 5) = (numbers.as_slice(), bare.matches(',').count()) {
            let ip = self.address(Ipv4Addr::new(*a, *b, *c, *d).into());
            let octets = ip.to_string().replace('.', ",");
            return format!("{octets},{h},{l}{tail}");
        }
        run.to_owned()
    }
}

fn is_private(ip: Ipv4Addr) -> bool {
    // CGNAT (RFC 6598) counts as private: to the verdicts it does.
    ip.is_private() || ip.is_link_local() || matches!(ip.octets(), [100, 64..=127, ..])
}

/// The argument is a path.
fn is_path(verb: Verb) -> bool {
    verb.is_transfer()
        || matches!(
            verb,
            Verb::CWD
                | Verb::XCWD
                | Verb::DELE
                | Verb::MKD
                | Verb::XMKD
                | Verb::RMD
                | Verb::XRMD
                | Verb::RNFR
                | Verb::RNTO
                | Verb::SIZE
                | Verb::MDTM
                | Verb::MLST
                | Verb::STAT
                | Verb::MFMT
                | Verb::SITE
                | Verb::XCRC
                | Verb::XMD5
                | Verb::HASH
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_every_form_are_masked_alike() {
        let mut m = Masker::default();
        let text = "10.1.2.3:21 says (10,1,2,3,4,1), 203.0.113.9. and [2001:db8:7::9]:21, 1.2 s";
        let masked = m.text(text);
        assert_eq!(
            masked,
            "10.0.0.1:21 says (10,0,0,1,4,1), 192.0.2.1. and [2001:db8::1]:21, 1.2 s"
        );
        assert_eq!(m.text(text), masked);
    }

    #[test]
    fn longer_words_first() {
        let mut m = Masker::default();
        m.word("path", "/home");
        m.word("path", "/home/alice/x");
        assert_eq!(m.text("RETR /home/alice/x in /home"), "RETR path-2 in path-1");
    }
}
