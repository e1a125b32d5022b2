//! Look-alikes of a control connection that dies, is cut for a while, or is damaged.

use super::super::scene::{ACK, FIN, RST, SYN_ACK, Scene, Tcp};
use super::nothing;

const PSH: u8 = 0x18;
/// Without ACK: from a host, or in the name of one, that doesn't know the connection.
const RST_ALONE: u8 = 0x04;

/// The client says a line, and sends it again a second apart.
fn says_again(s: &mut Scene, line: &str, times: u32) {
    s.client(line);
    let control = s.control;
    s.again(&control, true, PSH, line.len() as u32 + 2, times);
}

/// The server says a line that nobody acknowledges, and sends it again a second apart.
fn replies_again(s: &mut Scene, line: &str, times: u32) {
    let mut control = s.control;
    s.send(&mut control, false, PSH, format!("{line}\r\n").as_bytes());
    s.control = control;
    s.again(&control, false, PSH, line.len() as u32 + 2, times);
}

/// PASV, the data connection, RETR and its 150, some data.
fn retrieving(s: &mut Scene) -> Tcp {
    s.pasv(50000);
    let mut data = s.open("192.0.2.1:41000", "203.0.113.5:50000");
    s.asks("RETR a", "150 Here.");
    s.send(&mut data, false, PSH, b"some of it");
    s.send(&mut data, true, ACK, b"");
    data
}

#[test]
fn a_command_that_never_gets_through_and_one_that_is_still_on_its_way() {
    let mut s = Scene::new();
    says_again(&mut s, "CWD a", 12);
    assert_eq!(s.says(), ["critical command-unacknowledged"]);
    // It may still get through.
    let mut s = Scene::new();
    says_again(&mut s, "CWD a", 5);
    assert_eq!(s.says(), nothing());
    // Unless somebody has given up.
    let mut s = Scene::new();
    says_again(&mut s, "CWD a", 5);
    let mut control = s.control;
    s.send(&mut control, true, FIN, b"");
    assert_eq!(s.says(), ["critical command-unacknowledged"]);
}

#[test]
fn a_good_bye_that_gets_lost() {
    let mut s = Scene::new();
    says_again(s.lists(50000), "QUIT", 12);
    assert_eq!(s.says(), nothing());
    // After an hour of silence the connection is dead, and the work was done before.
    let mut s = Scene::new();
    says_again(s.lists(50000).wait(3_600_000), "QUIT", 12);
    assert_eq!(s.says(), ["warning control-dead"]);
}

#[test]
fn an_hour_of_silence_and_nothing_after_it() {
    let mut s = Scene::new();
    says_again(s.lists(50000).wait(3_600_000), "LIST", 12);
    assert_eq!(s.says(), ["critical control-dead"]);
    // An RST to the first word.
    for (line, severity) in [("LIST", "critical"), ("NOOP", "warning")] {
        let mut s = Scene::new();
        s.lists(50000).wait(3_600_000).client(line);
        let mut control = s.control;
        s.send(&mut control, false, RST_ALONE, b"");
        assert_eq!(s.says(), [format!("{severity} control-dead")], "{line}");
    }
    // A client that ends and leaves the late reply unread.
    let mut s = Scene::new();
    let mut data = retrieving(&mut s);
    s.close(&mut data, false);
    s.wait(90_000).server("226 Done.");
    let mut control = s.control;
    s.send(&mut control, true, RST, b"");
    assert!(!s.says().contains(&"critical control-dead".to_owned()));
    // In the flow of the dialogue it is another thing.
    let mut s = Scene::new();
    s.lists(50000).wait(5000).client("LIST");
    let mut control = s.control;
    s.send(&mut control, false, RST, b"");
    assert_eq!(s.says(), ["critical control-reset"]);
}

#[test]
fn a_reply_that_nobody_hears_any_more() {
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    s.wait(90_000);
    s.close(&mut data, false);
    replies_again(&mut s, "226 Done.", 12);
    assert_eq!(s.says(), ["critical control-dead", "info data-paused"]);
    // The client's own FIN crosses the reply, and its kernel says RST to the rest.
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    s.close(&mut data, false);
    s.server("226 Done.").leaves();
    assert_eq!(s.says(), nothing());
}

#[test]
fn both_connections_fall_silent() {
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    s.send(&mut data, false, PSH, &[b'x'; 1000]);
    s.again(&data, false, PSH, 1000, 6);
    replies_again(&mut s, "426 Broken.", 6);
    assert_eq!(s.says(), ["critical host-unreachable"]);
    // The control connection still answers.
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    s.send(&mut data, false, PSH, &[b'x'; 1000]);
    s.again(&data, false, PSH, 1000, 6);
    s.server("426 Broken.");
    assert_eq!(s.says(), ["critical data-path-dead"]);
}

#[test]
fn fins_that_get_lost_after_the_end() {
    let mut s = Scene::new();
    s.lists(50000).asks("QUIT", "221 Bye.");
    let mut control = s.control;
    s.send(&mut control, false, FIN, b"");
    s.send(&mut control, true, FIN, b"");
    s.again(&control, true, FIN, 0, 8);
    assert_eq!(s.says(), nothing());
}

#[test]
fn a_command_that_gets_through_in_the_end() {
    let mut s = Scene::new();
    says_again(&mut s, "CWD a", 4);
    assert_eq!(s.server("250 Ok.").quits().says(), ["warning control-interrupted"]);
    // One lost segment is an ordinary loss.
    let mut s = Scene::new();
    says_again(&mut s, "CWD a", 1);
    assert_eq!(s.server("250 Ok.").quits().says(), nothing());
    // Never sent again: the server takes its time.
    let mut s = Scene::new();
    s.client("CWD a").wait(8000).server("250 Ok.");
    assert_eq!(s.quits().says(), nothing());
}

#[test]
fn a_reply_that_comes_seconds_after_the_data() {
    let late = |mut s: Scene, verb: &str| {
        s.pasv(50000);
        let mut data = s.open("192.0.2.1:41000", "203.0.113.5:50000");
        s.asks(verb, "150 Here.");
        let upload = verb.starts_with("STOR");
        s.send(&mut data, upload, PSH, b"all of it");
        s.close(&mut data, upload);
        s.wait(5000).server("226 Done.").quits().says()
    };
    // Where lost packets can't be counted, a server that takes its time looks the same.
    assert_eq!(late(Scene::new(), "RETR a"), nothing());
    assert_eq!(late(Scene::new(), "STOR a"), nothing());
    assert_eq!(late(Scene::at_server(), "RETR a"), nothing());
}

#[test]
fn what_the_greeting_waits_for() {
    let asks = |answer: Option<u8>, ms: i64| {
        let mut s = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
        let asked = s.dial("203.0.113.5:50113", "192.0.2.1:113", 1);
        if let Some(flags) = answer {
            s.send_at(&asked, false, flags, 0, 1001, b"", None);
        }
        s.wait(ms).server("220 Ready.").quits().says()
    };
    assert_eq!(asks(None, 3000), ["warning ident-delay"]);
    assert_eq!(asks(Some(SYN_ACK), 3000), ["warning ident-delay"]);
    assert_eq!(asks(Some(RST), 3000), ["warning banner-late"]);
    assert_eq!(asks(None, 1000), nothing());
}

/// The client's FIN on the control connection.
fn hangs_up(s: &mut Scene) {
    let mut control = s.control;
    s.send(&mut control, true, FIN, b"");
    s.send(&mut control, false, ACK, b"");
    s.control = control;
}

#[test]
fn a_client_that_hangs_up_while_data_flows_and_one_that_is_killed() {
    let mut s = Scene::new();
    let mut data = retrieving(&mut s);
    hangs_up(&mut s);
    s.wait(2000);
    s.send(&mut data, false, PSH, b"more of it");
    s.close(&mut data, false);
    assert_eq!(s.server("226 Done.").says(), ["warning control-closed-early"]);
    // Killed: its kernel closes both at once and refuses the rest.
    let mut s = Scene::new();
    let mut data = retrieving(&mut s);
    hangs_up(&mut s);
    s.send(&mut data, true, FIN, b"");
    s.send(&mut data, false, PSH, b"more of it");
    s.send(&mut data, true, RST, b"");
    assert_eq!(s.server("426 Broken.").says(), ["info transfer-aborted"]);
}

#[test]
fn a_client_that_leaves_after_the_last_byte_or_after_a_long_wait() {
    let mut s = Scene::new();
    let mut data = retrieving(&mut s);
    s.close(&mut data, false);
    hangs_up(&mut s);
    assert_eq!(s.server("226 Done.").says(), nothing());
    let mut s = Scene::new();
    let mut data = retrieving(&mut s);
    s.wait(15_000);
    hangs_up(&mut s);
    s.close(&mut data, false);
    assert_eq!(s.says(), ["critical data-silent"]);
}

#[test]
fn a_client_that_hangs_up_on_its_own_upload() {
    let paused = ["warning control-closed-early", "info data-paused"].map(str::to_owned);
    for (ms, said) in [(5000, paused.to_vec()), (0, nothing())] {
        let mut s = Scene::new();
        s.pasv(50000);
        let mut data = s.open("192.0.2.1:41000", "203.0.113.5:50000");
        s.asks("STOR a", "150 Go on.");
        s.send(&mut data, true, PSH, b"some of it");
        hangs_up(&mut s);
        s.wait(ms);
        s.send(&mut data, true, PSH, b"more of it");
        s.close(&mut data, true);
        assert_eq!(s.server("226 Done.").says(), said, "{ms} ms");
    }
}

/// Bytes of the client or the server as they are.
fn raw(s: &mut Scene, client: bool, bytes: &[u8]) {
    let mut control = s.control;
    s.send(&mut control, client, PSH, bytes);
    s.send(&mut control, !client, ACK, b"");
    s.control = control;
}

#[test]
fn lines_that_end_and_lines_that_do_not() {
    let malformed = ["warning dialogue-malformed"];
    let says = |bytes: &[u8], reply: &[u8]| {
        let mut s = Scene::new();
        raw(&mut s, true, bytes);
        raw(&mut s, false, reply);
        s.quits().says()
    };
    assert_eq!(says(b"NOOP\n", b"200 Ok.\r\n"), malformed);
    assert_eq!(says(b"NOOP\r\n", b"200 Ok.\n"), malformed);
    assert_eq!(says(b"NOOP\r\n", b"Hello.\r\n200 Ok.\r\n"), malformed);
    assert_eq!(
        says(&[b"CWD ", [b'x'; 5000].as_slice(), b"\r\n"].concat(), b"550 No.\r\n"),
        malformed
    );
    assert_eq!(says(b"\xff\xfb\x01NOOP\r\n", b"200 Ok.\r\n"), malformed);
    // Text inside of a reply, an empty line, Telnet's Synch.
    assert_eq!(says(b"HELP\r\n", b"214-Help:\nmore\r\n\r\n214 End.\r\n"), malformed);
    assert_eq!(says(b"HELP\r\n", b"214-Help:\r\nmore\n\r\n214 End.\r\n"), nothing());
    assert_eq!(says(b"\xff\xf4\xff\xf2ABOR\r\n", b"226 Ok.\r\n"), nothing());
    // Bytes of something else.
    assert_eq!(says(b"\xff\xfb\x01\x83q\n\x00\x17\r\n", b"500 What?\r\n"), nothing());
}

#[test]
fn a_line_and_a_reply_that_never_end() {
    for (client, bytes) in [(true, b"PASV".as_slice()), (false, b"211-Features:\r\n UTF8\r\n")] {
        for (ms, left, said) in [
            (20_000, false, vec!["critical dialogue-malformed"]),
            (5000, true, vec!["critical dialogue-malformed"]),
            (1000, false, vec![]),
        ] {
            let mut s = Scene::new();
            if !client {
                s.client("FEAT");
            }
            raw(&mut s, client, bytes);
            s.wait(ms);
            if left {
                hangs_up(&mut s);
            } else {
                let control = s.control;
                s.send_at(&control, true, ACK, 1, 1, b"", None);
            }
            assert_eq!(s.says(), said, "{client} {ms}");
        }
    }
}

/// PORT, and its reply in a segment that acknowledges `more` bytes than it had.
fn port_answered(s: &mut Scene, more: u32) -> (Tcp, u32, u32) {
    s.client("PORT 192,0,2,1,160,0");
    let control = s.control;
    let (sent, replied) = (control.sent(true), control.sent(false));
    s.send_at(&control, false, PSH, replied, sent + more, b"200 Ok.\r\n", None);
    (control, sent, replied)
}

#[test]
fn acknowledgments_of_what_was_never_sent() {
    let said = "critical control-sequence-broken";
    for (more, expected) in [(3, true), (0, false)] {
        let mut s = Scene::new();
        let (control, ..) = port_answered(&mut s, more);
        s.again(&control, true, PSH, 22, 6);
        assert_eq!(s.wait(5000).says().contains(&said.to_owned()), expected, "{more}");
    }
    // The capture missed three bytes, and what follows fits the numbers.
    let mut s = Scene::new();
    let (mut control, sent, _) = port_answered(&mut s, 3);
    s.send_at(&control, true, PSH, sent + 3, 0, b"NOOP\r\n", None);
    s.again(&control, true, PSH, 22, 6);
    s.send(&mut control, false, ACK, b"");
    assert!(!s.says().contains(&said.to_owned()));
}

#[test]
fn keep_alives_are_numbered_one_lower() {
    for (lower, expected) in [(1, false), (3, true)] {
        let mut s = Scene::new();
        s.asks("PORT 192,0,2,1,160,0", "200 Ok.");
        let (control, sent) = (s.control, s.control.sent(true));
        for _ in 0..5 {
            s.wait(1000);
            s.send_at(&control, true, ACK, sent - lower, control.sent(false), b"", None);
        }
        let said = s.says().contains(&"critical control-sequence-broken".to_owned());
        assert_eq!(said, expected, "{lower}");
    }
}
