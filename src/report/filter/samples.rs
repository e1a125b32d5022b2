//! What the fields find in a real capture: eight sessions with two servers.

use std::path::Path;

use super::Filter;
use crate::capture::{self, Moment, OpenOptions};
use crate::diagnose::{Audience, Diagnosis, Judged, Severity, Stage, Status};
use crate::engine::{self, Options};

fn sessions(sample: &str) -> Vec<Judged> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample);
    let opened = capture::open(&[file], &OpenOptions::default());
    engine::analyse(opened.source, &Options::default()).sessions
}

/// The sample, the sixth session with a verdict of ours: these tests are about fields, not rules.
fn many() -> Vec<Judged> {
    let mut all = sessions("mixed-many.pcap");
    for j in &mut all {
        j.status = Status::Healthy;
        j.diagnoses.clear();
    }
    let at: Moment = all[5].session.first;
    all[5].status = Status::Stalled;
    all[5].diagnoses.push(
        Diagnosis::new("data-syn-unanswered", Severity::Critical, Stage::DataConnect)
            .summary("Never answered.")
            .reasoning("Not refused.")
            .evidence(at, "the first Dial")
            .advice(Audience::Firewall, "Open the range."),
    );
    all
}

fn ids(all: &[Judged], filter: &str) -> Vec<u64> {
    let filter = Filter::parse(filter).unwrap_or_else(|e| panic!("{filter}: {e}"));
    all.iter().filter(|j| filter.matches(j)).map(|j| j.session.id).collect()
}

#[test]
fn every_field() {
    let all = many();
    let first = all[0].session.client;
    let own = |text: &str| text.replace('$', &first.port.to_string());
    for (filter, wanted) in [
        ("", "1 2 3 4 5 6 7 8"),
        ("status:stalled", "6"),
        ("status:stalled,failed", "6"),
        ("not status:STALLED", "1 2 3 4 5 7 8"),
        ("server:10.88.1.3", "6"),
        ("server:10.88.1.2/31", "1 2 3 4 5 6 7 8"),
        ("server:10.*.1.3", "6"),
        ("client:10.88.1.3", ""),
        ("client:10.77.0.0/16", "1 2 3 4 5 6 7 8"),
        ("ip:10.88.1.3", "6"),
        ("ip:fd00::1", ""),
        ("code:data-syn-unanswered", "6"),
        ("code:data-*", "6"),
        ("severity:critical", "6"),
        ("severity:warning", ""),
        ("stage:data-connect", "6"),
        ("vantage:client", "1 2 3 4 5 6 7 8"),
        ("security:plain", "1 2 3 4 5 6 7 8"),
        ("login:refused", "4"),
        ("mode:active", "3 7"),
        ("verb:EPRT,PORT", "3 7"),
        ("verb:ep*t", "7"),
        ("verb:pasv or verb:epsv", "1 2 5 6 8"),
        ("control-port:21", "1 2 3 4 5 6 7 8"),
        ("control-port:22-30", ""),
        ("port:$", "1"),
        ("data-port:$", ""),
        ("id:2-3,8", "2 3 8"),
        ("id:>6", "7 8"),
        ("id:<=2", "1 2"),
        ("dial", "6"),
        ("range", "6"),
        ("10.88.1.3:21", "6"),
        ("\"Not refused\" not id:1", "6"),
        ("(id:1 or id:2) id:2,3", "2"),
    ] {
        let filter = own(filter);
        let found: Vec<String> = ids(&all, &filter).iter().map(u64::to_string).collect();
        assert_eq!(found.join(" "), wanted, "{filter}");
    }
}

#[test]
fn fields_of_transfers() {
    let all = many();
    let users: Vec<&str> = all.iter().filter_map(|j| j.session.user()).collect();
    assert_eq!(ids(&all, &format!("user:{}", users[0].to_uppercase())).first(), Some(&1));
    assert!(ids(&all, "user:nobody-of-this-name").is_empty());
    let some = all.iter().find(|j| j.session.transfers.iter().any(|t| t.path.is_some())).unwrap();
    let id = some.session.id;
    let path = some.session.transfers.iter().find_map(|t| some.session.path(t)).unwrap();
    assert!(ids(&all, &format!("path:\"{path}\"")).contains(&id));
    assert!(ids(&all, "path:*").contains(&id));
    let bytes = |j: &Judged| j.session.transfers.iter().filter_map(|t| t.bytes).sum::<u64>();
    let most = all.iter().map(bytes).max().unwrap();
    assert!(ids(&all, &format!("bytes:>{most}")).is_empty());
    assert!(!ids(&all, &format!("bytes:{most}")).is_empty());
    let data = all.iter().find_map(|j| j.session.channels.first()?.listening()).unwrap();
    assert!(!ids(&all, &format!("data-port:{}", data.port)).is_empty());
    assert!(!ids(&all, &format!("port:{0}-{0}", data.port)).is_empty());
    assert!(ids(&all, "duration:>3600").is_empty());
    assert_eq!(ids(&all, "duration:0-3600").len(), all.len());
    assert_eq!(ids(&sessions("ftps-implicit-vsftpd-curl.pcapng"), "security:implicit-tls"), [1]);
    assert_eq!(ids(&sessions("eprt-ipv6-vsftpd.pcap"), "mode:active ip:fd00::/8"), [1]);
}
