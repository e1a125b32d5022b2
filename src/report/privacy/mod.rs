//! `--privacy`: addresses, names and paths masked, the same ones alike, so that a report can be
//! shown to others.
//!
//! The results are masked, not what is printed of them, so that every view shows the same.

mod addresses;
mod words;

use crate::diagnose::{Diagnosis, Finding, Judged};
use crate::engine::Analysis;
use crate::ftp::command::Verb;
use crate::session::{Because, Connection, MessageKind, Session, Transfer, TransferPath};

use addresses::Addresses;
use words::Words;

/// Stands for what is left out.
const HIDDEN: &str = "***";

/// Masks, remembering what it has masked as what.
#[derive(Debug, Default)]
pub struct Masker {
    addresses: Addresses,
    words: Words,
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
        self.findings(&mut analysis.findings);
        let files = &mut analysis.capture.files;
        for problem in &mut analysis.capture.problems {
            for (i, file) in files.iter().enumerate().filter(|(_, f)| !f.is_empty()) {
                problem.text = problem.text.replace(file.as_str(), &capture_name(i));
            }
            problem.text = self.ours(&problem.text);
        }
        for (i, file) in files.iter_mut().enumerate() {
            *file = capture_name(i);
        }
        // Comments say whatever their writers wanted to.
        analysis.capture.comments.clear();
    }

    /// Masks findings over sessions that were masked before.
    pub fn findings(&mut self, findings: &mut [Finding]) {
        self.words.recall();
        for finding in findings {
            self.diagnosis(&mut finding.diagnosis);
        }
    }

    /// Masks a session and its verdicts.
    pub fn session(&mut self, judged: &mut Judged) {
        let s = &mut judged.session;
        self.words.begin();
        self.learn(s);
        self.endpoints(s);
        self.texts(s);
        for d in &mut judged.diagnoses {
            self.diagnosis(d);
        }
    }

    /// What a session holds that isn't to be shown.
    fn learn(&mut self, s: &Session) {
        for e in &s.script.exchanges {
            self.learn_command(e.verb, s.script.argument(e));
        }
        if let Some(user) = s.user() {
            self.learn_user(user);
        }
        for path in s.transfers.iter().filter_map(|t| s.path(t)) {
            self.words.learn_path(path);
        }
        let replies = s.script.messages.iter().filter_map(|m| match m.kind {
            MessageKind::Reply(code, _) => Some((code, s.script.text(m)?)),
            _ => None,
        });
        for (code, text) in replies.chain(s.banner().map(|b| (220, b))) {
            self.learn_reply(code, text);
        }
    }

    fn learn_user(&mut self, user: &str) {
        self.words.learn("user", user);
        // DOMAIN\user, and user@host of virtual servers and proxies.
        for part in user.split(['\\', '@']).filter(|p| *p != user) {
            self.words.learn("user", part);
        }
    }

    fn learn_command(&mut self, verb: Verb, argument: &str) {
        match verb {
            Verb::USER => self.learn_user(argument),
            Verb::HOST => self.words.learn("host", argument),
            // Options of ls are nobody's secret.
            Verb::LIST | Verb::NLST | Verb::STAT => {
                let path = argument.split(' ').skip_while(|w| w.starts_with('-'));
                self.words.learn_path(&path.collect::<Vec<_>>().join(" "));
            }
            // Something else stands before the path.
            Verb::MFMT | Verb::MFF | Verb::SITE => {
                for word in argument.split(' ').skip(1) {
                    if word.contains(['/', '\\', '.']) || word.chars().any(char::is_alphabetic) {
                        self.words.learn_path(word);
                    }
                }
            }
            verb if is_path(verb) => self.words.learn_path(argument),
            _ => {}
        }
    }

    /// Replies name directories and files in their own way, and greetings name hosts.
    fn learn_reply(&mut self, code: u16, text: &str) {
        if code == 257 {
            let quoted = text.split('"').skip(1).step_by(2);
            quoted.for_each(|path| self.words.learn_path(path));
        }
        for token in text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '(')) {
            let token = token.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
            if token.starts_with('/') || token.get(1..3) == Some(":\\") {
                self.words.learn_path(token);
            } else if token.contains('@') {
                self.learn_user(token);
            } else if matches!(code, 220 | 221 | 230) && is_host(token) {
                self.words.learn("host", token);
            }
        }
    }

    fn endpoints(&mut self, s: &mut Session) {
        s.client.ip = self.addresses.mask(s.client.ip);
        s.server.ip = self.addresses.mask(s.server.ip);
        self.connection(&mut s.control);
        for c in &mut s.channels {
            if let Some(a) = &mut c.announcement {
                if let Some(e) = &mut a.advertised {
                    e.ip = self.addresses.mask(e.ip);
                }
                a.text = self.theirs(&a.text);
            }
            c.third_party = c.third_party.map(|ip| self.addresses.mask(ip));
            if let Some(p) = &mut c.partner {
                p.client.ip = self.addresses.mask(p.client.ip);
                p.server.ip = self.addresses.mask(p.server.ip);
            }
            for connection in c.connection.as_deref_mut().into_iter().chain(&mut c.attempts) {
                self.connection(connection);
            }
        }
    }

    fn connection(&mut self, c: &mut Connection) {
        c.initiator.ip = self.addresses.mask(c.initiator.ip);
        c.responder.ip = self.addresses.mask(c.responder.ip);
        for i in &mut c.icmp {
            i.error.from = self.addresses.mask(i.error.from);
            i.error.src.ip = self.addresses.mask(i.error.src.ip);
            i.error.dst.ip = self.addresses.mask(i.error.dst.ip);
        }
    }

    fn texts(&mut self, s: &mut Session) {
        // A greeting names hosts in its own way: only the software is kept of it.
        let software = s.software.clone().unwrap_or_else(|| HIDDEN.to_owned());
        let greeting = |text: &str| format!("{} {software}", text.get(..3).unwrap_or_default());
        let path = |t: &Transfer| s.path(t).map(ToOwned::to_owned);
        let paths: Vec<Option<String>> = s.transfers.iter().map(path).collect();
        let because = self.ours(&s.vantage.because.to_string());
        s.vantage.because = Because::Words(because.into());
        let verbs: Vec<Verb> = s.script.exchanges.iter().map(|e| e.verb).collect();
        s.script.map_kept(
            |verb, argument, reply| (self.argument(argument), self.reply(Some(verb), reply)),
            greeting,
        );
        for (t, path) in s.transfers.iter_mut().zip(paths) {
            t.path = path.map(|p| TransferPath::Own(self.argument(&p).into()));
        }
        s.script.map_texts(|kind, text| match (kind, text.split_once(' ')) {
            (MessageKind::Command(_), Some((verb, argument))) => {
                format!("{verb} {}", self.argument(argument))
            }
            (MessageKind::Reply(220, None), _) => greeting(text),
            (MessageKind::Reply(_, exchange), _) => {
                self.reply(exchange.and_then(|i| verbs.get(i as usize)).copied(), text)
            }
            // Whatever it is, it isn't FTP; nobody can tell what of it is a name.
            (MessageKind::ClientNoise | MessageKind::ServerNoise, _) => HIDDEN.to_owned(),
            _ => self.theirs(text),
        });
    }

    fn reply(&mut self, to: Option<Verb>, text: &str) -> String {
        let lists_files = matches!(to, Some(Verb::STAT | Verb::MLST | Verb::SITE | Verb::HELP));
        match (text.split_once('\n'), text.rsplit_once('\n')) {
            (Some((first, _)), Some((_, last))) if lists_files => {
                format!("{}\n {HIDDEN}\n{}", self.theirs(first), self.theirs(last))
            }
            _ => self.theirs(text),
        }
    }

    /// An argument that is known as a whole, else the text with what is known in it.
    fn argument(&mut self, argument: &str) -> String {
        match self.words.whole(argument) {
            Some(masked) => masked.to_owned(),
            None => self.theirs(argument),
        }
    }

    fn diagnosis(&mut self, d: &mut Diagnosis) {
        d.summary = self.ours(&d.summary);
        d.reasoning = self.ours(&d.reasoning);
        for e in &mut d.evidence {
            e.text = self.ours(&e.text);
        }
        for a in &mut d.advice {
            a.text = self.ours(&a.text);
            a.example = a.example.as_deref().map(|x| self.ours(x));
        }
    }

    /// A text of ours, with words and addresses masked.
    fn ours(&mut self, text: &str) -> String {
        self.addresses.mask_in(&self.words.mask_in(text, false), false)
    }

    /// A text that a host wrote, with words and addresses masked.
    fn theirs(&mut self, text: &str) -> String {
        self.addresses.mask_in(&self.words.mask_in(text, true), true)
    }
}

fn capture_name(index: usize) -> String {
    format!("capture-{}", index + 1)
}

/// A name with dots and a top-level domain.
fn is_host(token: &str) -> bool {
    let mut labels = token.split('.').rev();
    let top = labels.next().unwrap_or_default();
    let mut rest = labels.peekable();
    let word = |l: &str| !l.is_empty() && l.chars().all(|c| c.is_alphanumeric() || c == '-');
    top.len() >= 2
        && top.chars().all(char::is_alphabetic)
        && rest.peek().is_some()
        && rest.all(word)
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
                | Verb::RMDA
                | Verb::XRMD
                | Verb::RNFR
                | Verb::RNTO
                | Verb::SMNT
                | Verb::SIZE
                | Verb::DSIZ
                | Verb::MDTM
                | Verb::MLST
                | Verb::THMB
                | Verb::MFCT
                | Verb::XCRC
                | Verb::XMD5
                | Verb::XSHA
                | Verb::XSHA1
                | Verb::XSHA256
                | Verb::XSHA512
                | Verb::HASH
        )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::capture::{self, OpenOptions};
    use crate::engine::{self, Options};
    use crate::report::json;

    fn samples() -> impl Iterator<Item = std::path::PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
        std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng"))
    }

    fn document(a: &Analysis) -> String {
        let mut bytes = Vec::new();
        json::document(a, &json::summary(a.sessions.iter()), |_| true, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Everything said on the control connections.
    fn dialogue(a: &Analysis) -> String {
        let scripts = a.sessions.iter().map(|j| &j.session.script);
        scripts.flat_map(|s| s.messages.iter().filter_map(|m| s.text(m))).collect()
    }

    #[test]
    fn nothing_of_any_sample_is_left() {
        for sample in samples() {
            let opened = capture::open(std::slice::from_ref(&sample), &OpenOptions::default());
            let mut a = engine::analyse(opened.source, &Options::default());
            let mut secrets = vec!["10.77.".to_owned(), "10.88.".to_owned(), "fd00:77:".to_owned()];
            secrets.extend(["10,77,".to_owned(), "10,88,".to_owned(), "fd00:88:".to_owned()]);
            for s in a.sessions.iter().map(|j| &j.session) {
                let user = s.user().filter(|u| *u != "anonymous" && *u != "ftp");
                secrets.extend(user.map(ToOwned::to_owned));
                let paths = s.transfers.iter().filter_map(|t| s.path(t));
                secrets.extend(paths.map(ToOwned::to_owned));
            }
            secrets.retain(|w| w.chars().filter(|c| c.is_alphanumeric()).count() > 2);
            mask(&mut a);
            let shown = format!("{}{}", document(&a), dialogue(&a));
            for secret in secrets {
                assert!(!shown.contains(&secret), "{}: {secret} in {shown}", sample.display());
            }
            assert!(!shown.contains(&sample.display().to_string()));
        }
    }

    #[test]
    fn the_same_everywhere() {
        let all: Vec<_> = samples().filter(|p| p.to_string_lossy().contains("nat-")).collect();
        assert!(!all.is_empty());
        let run = || {
            let opened = capture::open(&all, &OpenOptions::default());
            let mut a = engine::analyse(opened.source, &Options::default());
            mask(&mut a);
            document(&a)
        };
        assert_eq!(run(), run());
    }

    #[test]
    fn replies_and_greetings() {
        let mut m = Masker::default();
        m.learn_reply(220, "220-Welcome to ftp.example.org, mail admin@example.org");
        m.learn_reply(257, "257 \"/home/alice\" is the current directory");
        m.learn_reply(250, "250 Now in /srv/secret.");
        m.learn_user("CORP\\bob");
        assert_eq!(
            m.ours("at ftp.example.org for bob: vsftpd.conf"),
            "at host-1 for user-6: vsftpd.conf"
        );
        let reply = m.theirs("150 Opening /srv/secret for alice (10,1,2,3,4,5)");
        assert!(!reply.contains("secret") && !reply.contains("alice"), "{reply}");
        assert!(reply.ends_with("(10,0,0,1,4,5)"));
        assert!(
            is_host("ftp.example.org") && !is_host("3.0.3") && !is_host("end.") && !is_host("a")
        );
    }
}
