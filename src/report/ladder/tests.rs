//! Ladders as they are drawn.

use std::path::Path;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::*;
use crate::capture::{self, FrameRef};
use crate::diagnose::{Severity, Stage};
use crate::engine;

fn at(order: u64, millis: i64) -> Moment {
    let number = u32::try_from(order).unwrap();
    let time = Timestamp::from_nanos(millis * 1_000_000);
    Moment { order, time, frame: FrameRef { file: 0, number } }
}

fn drawn(ladder: &Ladder, width: u16) -> Vec<String> {
    let area = Rect::new(0, 0, width, ladder.height(width));
    let mut buffer = Buffer::empty(area);
    ladder.render(area, &mut buffer);
    (0..area.height)
        .map(|y| (0..width).map(|x| buffer.cell((x, y)).unwrap().symbol()).collect::<String>())
        .map(|line| line.trim_end().to_owned())
        .collect()
}

fn stalled() -> Ladder {
    let heading = |client: &str, title: &str, server: &str| Heading {
        client: client.to_owned(),
        title: title.to_owned(),
        server: server.to_owned(),
    };
    let step = Step::Stall { length: Duration::from_secs(7), verdict: "3 SYNs unanswered".into() };
    Ladder {
        control: heading("10.77.1.2:51234", "control", "10.88.1.2:21"),
        data: vec![vec![DataChannel {
            id: 1,
            heading: heading(":40212", "data 1", ":50012"),
            life: Life { from: Some(at(2, 1)), established: None, until: None },
        }]],
        rungs: vec![
            Rung::arrow(at(1, 0), Lane::Control, true, "PASV", Tone::Plain),
            Rung::arrow(
                at(2, 1),
                Lane::Control,
                false,
                "227 Entering Passive Mode (10,88,1,2,195,92)",
                Tone::Plain,
            ),
            Rung::arrow(at(3, 2), Lane::Data(0), true, "SYN to 50012 ×3", Tone::Bad).lost(),
            Rung { at: None, lane: Lane::Data(0), step },
            Rung::arrow(at(6, 7002), Lane::Control, true, "QUIT", Tone::Plain),
            Rung { at: None, lane: Lane::Control, step: Step::Skipped(2) },
        ],
        origin: Timestamp::from_nanos(0),
        several_files: false,
        frame_columns: 1,
    }
}

#[test]
fn a_stall_is_a_gap_in_its_lane() {
    let expected = expect_test::expect![[r#"
        >       time   frame  client             control              server  client      data 1      server
        >                     10.77.1.2:51234                   10.88.1.2:21  :40212                  :50012
        >    0.000 s       1  │ PASV ─────────────────────────────────────▶│
        >    0.001 s       2  │◀── 227 Entering Passiv… (10,88,1,2,195,92) │  ┊                            ┊
        >    0.002 s       3  │                                            │  ┊ SYN to 50012 ×3 ───────✗   ┊
        >        ⋮            ┊                                            ┊  ┊                            ┊
        >        ⋮            ┊                                            ┊  ┊ 3 SYNs unanswered · 7.0 s  ┊
        >        ⋮            ┊                                            ┊  ┊                            ┊
        >    7.002 s       6  │ QUIT ─────────────────────────────────────▶│  ┊                            ┊
        >        ⋮            ┊                   2 more                   ┊  ┊                            ┊"#]];
    let lines: Vec<String> = drawn(&stalled(), 98).iter().map(|l| format!("> {l}")).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn every_width_can_be_drawn() {
    for width in 0..200 {
        let ladder = stalled();
        drawn(&ladder, width);
        drawn(&Ladder { data: Vec::new(), ..ladder }, width);
    }
}

/// Where there is no room for several lanes, there is one, and its headings are whole.
#[test]
fn headings_never_run_together() {
    let words = ["time", "frame", "client", "server", "control", "data", "1"];
    let ends = ["10.77.1.2:51234", "10.88.1.2:21", ":51234", ":21", ":40212", ":50012"];
    for width in 32..200 {
        let lines = drawn(&stalled(), width);
        assert!(lines[0].split_whitespace().all(|w| words.contains(&w)), "{width}: {}", lines[0]);
        assert!(lines[1].split_whitespace().all(|w| ends.contains(&w)), "{width}: {}", lines[1]);
    }
    // The headings are those of the lane under the cursor.
    let ladder = stalled();
    let heading = |selected: usize| {
        let area = Rect::new(0, 0, 40, 8);
        let mut buffer = Buffer::empty(area);
        let selected = Some(selected);
        let times = Times::SinceStart;
        Window { ladder: &ladder, first: 0, above: 0, selected, times }.render(area, &mut buffer);
        let line = |y| (0..40).map(|x| buffer.cell((x, y)).unwrap().symbol()).collect::<String>();
        line(0) + &line(1)
    };
    assert!(heading(0).contains("control") && heading(0).contains(":51234"), "{}", heading(0));
    assert!(heading(2).contains("data 1") && heading(2).contains(":50012"), "{}", heading(2));
}

fn judged(sample: &str) -> Judged {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample);
    let opened = capture::open(&[path], &capture::OpenOptions::default());
    engine::analyse(opened.source, &engine::Options::default()).sessions.remove(0)
}

#[test]
fn the_window_shows_announcement_command_stall_and_what_followed() {
    let judged = judged("active-blocked-server.pcap");
    let dial = judged.session.channels[0].connection.as_deref().unwrap();
    let diagnosis = Diagnosis::new("data-syn-unanswered", Severity::Critical, Stage::DataConnect)
        .channel(1)
        .evidence(dial.first, "SYN");
    let ladder = Ladder::around(&judged, &diagnosis, false);
    let texts: Vec<&str> = ladder
        .rungs
        .iter()
        .map(|r| match &r.step {
            Step::Arrow { text, .. } => text.split(' ').next().unwrap(),
            Step::Stall { verdict, .. } => verdict.as_str(),
            Step::Mark { text, .. } => text.as_str(),
            Step::Pause(_) | Step::Skipped(_) => "…",
        })
        .collect();
    let syns = format!("{} SYNs unanswered", dial.from_initiator.syns);
    let expected = ["…", "200", "PORT", "200", "RETR", "SYN", &syns, "425", "QUIT", "…"];
    assert_eq!(texts, expected);
    assert!(ladder.rungs.len() <= 20);
}

#[test]
fn a_diagnosis_without_evidence_has_a_ladder_too() {
    let judged = judged("control-unanswered.pcap");
    let diagnosis = Diagnosis::new("control-unanswered", Severity::Critical, Stage::ControlConnect);
    let ladder = Ladder::around(&judged, &diagnosis, false);
    assert!(!ladder.rungs.is_empty() && ladder.data.is_empty());
}

/// What was waited for is found without a ladder: it is what stands in the ladder, on all samples.
#[test]
fn a_gap_is_the_stall_of_its_ladder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "pcap" || e == "pcapng"));
    let mut found = 0;
    for file in files {
        let opened = capture::open(std::slice::from_ref(&file), &capture::OpenOptions::default());
        for judged in engine::analyse(opened.source, &engine::Options::default()).sessions {
            let s = &judged.session;
            let channels: Vec<Option<&Channel>> =
                s.channels.iter().map(Some).chain([None]).collect();
            for diagnosis in &judged.diagnoses {
                for channel in &channels {
                    let shown = window::around(s, diagnosis, *channel);
                    let at = shown.iter().position(|r| matches!(r.step, Step::Stall { .. }));
                    let drawn = at.map(|i| {
                        let Step::Stall { verdict, .. } = &shown[i].step else { unreachable!() };
                        let before = shown[..i].iter().rev().find_map(|r| r.at).unwrap();
                        let after = shown[i..].iter().find_map(|r| r.at).unwrap();
                        (before, after, shown[i].lane, verdict.clone())
                    });
                    let gap = window::gap(s, diagnosis, *channel);
                    assert_eq!(gap, drawn, "{} {}", file.display(), diagnosis.code);
                    found += usize::from(gap.is_some());
                }
            }
        }
    }
    assert!(found > 100, "{found}");
}
