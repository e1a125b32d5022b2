//! As little FTP as a session needs.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::time::Duration;

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
    on(host, move || {
        let mut client = Client::log_in(server);
        let mut channel = TcpStream::connect(client.passive(server)).unwrap();
        client.say(&format!("RETR {bytes}"));
        let mut file = Vec::new();
        channel.read_to_end(&mut file).unwrap();
        assert_eq!(file.len(), bytes);
        drop(channel);
        client.reply();
        client.say("QUIT");
    })
    .join()
    .unwrap();
}

/// Dials a passive port that doesn't answer, for some seconds, on a thread of its own.
pub fn dial_in_vain(host: &str, server: Ipv4Addr) {
    on(host, move || {
        let mut client = Client::log_in(server);
        let endpoint = client.passive(server);
        TcpStream::connect_timeout(&endpoint, Duration::from_secs(12)).unwrap_err();
    });
}

struct Client {
    control: TcpStream,
    replies: Lines<BufReader<TcpStream>>,
}

impl Client {
    fn log_in(server: Ipv4Addr) -> Self {
        let control = TcpStream::connect((server, 21)).unwrap();
        let replies = BufReader::new(control.try_clone().unwrap()).lines();
        let mut client = Self { control, replies };
        client.reply();
        client.say("USER anna");
        client.say("PASS secret");
        client
    }

    fn reply(&mut self) -> String {
        self.replies.next().unwrap().unwrap()
    }

    fn say(&mut self, command: &str) -> String {
        self.control.write_all(format!("{command}\r\n").as_bytes()).unwrap();
        self.reply()
    }

    fn passive(&mut self, server: Ipv4Addr) -> SocketAddr {
        let reply = self.say("PASV");
        let numbers = reply[reply.find('(').unwrap() + 1..].trim_end_matches(')').split(',');
        let numbers: Vec<u16> = numbers.map(|n| n.parse().unwrap()).collect();
        SocketAddr::from((server, numbers[4] << 8 | numbers[5]))
    }
}
