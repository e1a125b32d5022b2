//! As little FTP as a session needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;

use crate::net::on;

/// Serves on a host for as long as the test runs. Returns when it listens.
pub fn serve(host: &str) {
    let (ready, listening) = channel();
    on(host, move || {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 21)).unwrap();
        ready.send(()).unwrap();
        // The host may be gone before the test is.
        while let Ok((control, _)) = listener.accept() {
            let _ = session(control);
        }
    });
    listening.recv().unwrap();
}

fn session(mut control: TcpStream) -> std::io::Result<()> {
    let IpAddr::V4(own) = control.local_addr()?.ip() else { return Ok(()) };
    let commands = BufReader::new(control.try_clone()?).lines();
    control.write_all(b"220 ready\r\n")?;
    let mut data: Option<TcpListener> = None;
    for command in commands {
        let command = command?;
        let reply = match command.split(' ').next().unwrap_or_default() {
            "USER" => "331 password\r\n".to_owned(),
            "PASS" => "230 logged in\r\n".to_owned(),
            "PASV" => {
                let listener = TcpListener::bind((own, 0))?;
                let port = listener.local_addr()?.port();
                data = Some(listener);
                let [a, b, c, d] = own.octets();
                format!(
                    "227 Entering Passive Mode ({a},{b},{c},{d},{},{})\r\n",
                    port >> 8,
                    port & 255
                )
            }
            "RETR" => {
                control.write_all(b"150 here it comes\r\n")?;
                let bytes: usize = command[5..].parse().unwrap();
                let (mut channel, _) = data.take().unwrap().accept()?;
                channel.write_all(&vec![b'x'; bytes])?;
                drop(channel);
                "226 done\r\n".to_owned()
            }
            "QUIT" => {
                control.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => "502 no\r\n".to_owned(),
        };
        control.write_all(reply.as_bytes())?;
    }
    Ok(())
}

/// Fetches so many bytes from a server, on a host.
pub fn fetch(host: &str, server: Ipv4Addr, bytes: usize) {
    let client = on(host, move || {
        let mut control = TcpStream::connect((server, 21)).unwrap();
        let mut replies = BufReader::new(control.try_clone().unwrap()).lines();
        let mut say = |command: &str| {
            if !command.is_empty() {
                control.write_all(format!("{command}\r\n").as_bytes()).unwrap();
            }
            replies.next().unwrap().unwrap()
        };
        say("");
        say("USER anna");
        say("PASS secret");
        let reply = say("PASV");
        let numbers = reply[reply.find('(').unwrap() + 1..].trim_end_matches(')').split(',');
        let numbers: Vec<u16> = numbers.map(|n| n.parse().unwrap()).collect();
        let port = numbers[4] << 8 | numbers[5];
        let mut channel = TcpStream::connect(SocketAddr::from((server, port))).unwrap();
        say(&format!("RETR {bytes}"));
        let mut file = Vec::new();
        channel.read_to_end(&mut file).unwrap();
        assert_eq!(file.len(), bytes);
        drop(channel);
        say("");
        say("QUIT");
    });
    client.join().unwrap();
}
