//! The text report and the checklist over samples.

use std::path::Path;

use super::stages::{Mark, steps, telling_channel};
use super::{Gathered, TextOptions, Zone, text, told, wireshark};
use crate::capture;
use crate::engine::{self, Analysis};

fn analysed(sample: &str) -> Analysis {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample);
    let opened = capture::open(&[path], &capture::OpenOptions::default());
    engine::analyse(opened.source, &engine::Options::default())
}

fn options(width: u16) -> TextOptions {
    TextOptions { color: false, width, zone: Zone::Utc, only_problems: false, filtered: false }
}

fn shown(analysis: &Analysis, options: &TextOptions) -> String {
    let mut out = Vec::new();
    text(analysis, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The same of sessions that are told one by one, and let go unless they are shown; how many are.
fn gathered(mut analysis: Analysis, options: &TextOptions) -> (String, usize) {
    let mut gathered = Gathered::new(options.only_problems);
    // In whatever order.
    std::mem::take(&mut analysis.sessions).into_iter().rev().for_each(|j| gathered.add(j));
    let (sessions, tally) = gathered.shown();
    analysis.sessions = sessions;
    let mut out = Vec::new();
    told(&analysis, &tally, options, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), analysis.sessions.len())
}

#[test]
fn sessions_that_are_not_shown_are_let_go() {
    let samples = ["mixed-many.pcap", "forty-sessions-server.pcap", "control-refused.pcap"];
    for sample in samples {
        for only_problems in [false, true] {
            let options = TextOptions { only_problems, ..options(100) };
            let whole = analysed(sample);
            let (text, kept) = gathered(analysed(sample), &options);
            assert_eq!(text, shown(&whole, &options), "{sample}");
            let quiet = whole.sessions.iter().filter(|j| super::tally::is_quiet(j)).count();
            let let_go = if only_problems { quiet } else { 0 };
            assert_eq!(kept, whole.sessions.len() - let_go, "{sample}");
        }
    }
    // Many more than are listed.
    let mut many = analysed("forty-sessions-server.pcap");
    let mut again = analysed("forty-sessions-server.pcap");
    for analysis in [&mut many, &mut again] {
        let base = analysis.sessions.clone();
        analysis.sessions = (0..10)
            .flat_map(|_| base.clone())
            .zip(1..)
            .map(|(mut judged, id)| {
                judged.session.id = id;
                judged
            })
            .collect();
    }
    let whole = shown(&many, &options(100));
    let (text, kept) = gathered(again, &options(100));
    assert_eq!(text, whole);
    assert!(whole.contains(" more session"));
    assert!(kept < many.sessions.len());
}

fn marks(sample: &str) -> String {
    let analysis = analysed(sample);
    let judged = &analysis.sessions[0];
    steps(judged, telling_channel(judged)).iter().map(|s| s.mark.glyph()).collect()
}

#[test]
fn how_far_sessions_got() {
    assert_eq!(marks("passive-vsftpd-curl.pcapng"), "✓✓✓✓✓✓✓");
    assert_eq!(marks("control-unanswered.pcap"), "✗––––––");
    assert_eq!(marks("control-refused.pcap"), "✗––––––");
    assert_eq!(marks("banner-missing.pcap"), "✓✗–––––");
    assert_eq!(marks("login-refused.pcap"), "✓✓✗––––");
    assert_eq!(marks("active-blocked-server.pcap"), "✓✓✓✓✗–✗");
    assert_eq!(marks("passive-range-dropped-server.pcap"), "✓✓✓✓✗––");
    assert_eq!(marks("passive-range-dropped-router.pcap"), "✓✓✓✓✗––");
    assert_eq!(marks("ftps-range-blocked.pcap"), "✓✓––✗––");
}

#[test]
fn every_step_that_was_done_has_its_time() {
    let analysis = analysed("passive-vsftpd-curl.pcapng");
    let judged = &analysis.sessions[0];
    let steps = steps(judged, telling_channel(judged));
    assert!(steps.iter().all(|s| s.mark == Mark::Done && s.at.is_some()));
}

#[test]
fn the_filter_names_both_hosts_and_the_ports_that_tell() {
    let analysis = analysed("passive-range-dropped-router.pcap");
    let s = &analysis.sessions[0].session;
    let data = s.channels[0].connection.as_deref().unwrap().responder.port;
    let hosts = format!("ip.addr == {} && ip.addr == {}", s.client.ip, s.server.ip);
    let control = s.client.port;
    assert_eq!(wireshark::filter(s, &[]), format!("{hosts} && tcp.port == {control}"));
    assert_eq!(
        wireshark::filter(s, &[&s.channels[0]]),
        format!("{hosts} && (tcp.port == {control} || tcp.port == {data})")
    );
    let analysis = analysed("passive-range-rejected-icmpv6.pcap");
    let s = &analysis.sessions[0].session;
    assert!(wireshark::filter(s, &[]).starts_with("ipv6.addr == fd00:77::2 && "));
}

#[test]
fn a_filter_for_an_endpoint_that_nobody_dialled_names_it() {
    let analysis = analysed("active-blocked-client.pcap");
    let s = &analysis.sessions[0].session;
    let announced = s.channels[0].announcement.as_ref().unwrap().advertised.unwrap();
    let filter = wireshark::filter(s, &[&s.channels[0]]);
    let end = format!(" || (ip.addr == {} && tcp.port == {})", announced.ip, announced.port);
    assert!(filter.ends_with(&end), "{filter}");
}

#[test]
fn all_samples_fit_into_their_width_and_print_no_control_character() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.ends_with(".pcap") && !name.ends_with(".pcapng") {
            continue;
        }
        let analysis = analysed(&name);
        for width in [60, 100, 132] {
            let report = shown(&analysis, &options(width));
            for line in report.lines() {
                assert!(!line.contains(char::is_control), "{name}: {line:?}");
                assert_eq!(line, line.trim_end_matches(' '), "{name}");
                let columns = ratatui::text::Span::raw(line).width();
                // Lines to be copied and advice to be pasted stay in one piece.
                let whole = line.starts_with("    Wireshark ") || line.starts_with(&" ".repeat(16));
                assert!(whole || columns <= usize::from(width), "{name} {width}: {line}");
            }
        }
    }
}

#[test]
fn a_capture_without_sessions_says_what_it_held() {
    let mut analysis = Analysis::default();
    assert!(shown(&analysis, &options(80)).contains("It holds no packets."));
    analysis.capture.packets = 7;
    analysis.overview.tcp_segments = 5;
    analysis.overview.tcp_ports = [(22, 4), (8080, 1)].into();
    analysis.overview.unknown_links = [(capture::LinkType(147), 2)].into();
    let report = shown(&analysis, &options(80));
    for part in ["No FTP in this capture.", "22 (ssh) 4 · 8080 1", "SFTP", "type 147", "--port N"]
    {
        assert!(report.contains(part), "{part}: {report}");
    }
    let filtered = TextOptions { filtered: true, ..options(80) };
    assert!(shown(&analysis, &filtered).contains("No FTP session matches."));
}

#[test]
fn the_checklist_has_six_items_a_session() {
    let analysis = analysed("active-blocked-server.pcap");
    let mut out = Vec::new();
    crate::report::check::check(&analysis, &options(100), &mut out).unwrap();
    let report = String::from_utf8(out).unwrap();
    let items: Vec<&str> =
        report.lines().skip(1).take(6).map(|l| l.get(..23).unwrap_or(l).trim()).collect();
    let expected = [
        "✓ handshake",
        "✓ login",
        "✓ announcement",
        "✗ data connection",
        "– transfer",
        "✗ final reply",
    ];
    assert_eq!(items, expected);
}
