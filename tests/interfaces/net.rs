//! Two hosts with a wire between them, as network namespaces.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// The server's address.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);
const CLIENT: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

/// The client's and the server's host; both have `eth0` and `lo`.
pub struct Net {
    /// Name of the client's namespace.
    pub client: String,
    /// Name of the server's.
    pub server: String,
}

impl Net {
    /// `None`, and says so, where there can be none.
    pub fn new(test: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let id = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = |host| format!("ftpscope-if-{}-{id}-{host}", std::process::id());
        let net = Self { client: name("client"), server: name("server") };
        if !rustix::process::geteuid().is_root() || !ip(&["netns", "add", &net.client]) {
            // Not a print macro: those are swallowed where a test passes.
            let mut err = std::io::stderr();
            let _ = writeln!(err, "{test} SKIPPED: network namespaces need root");
            return None;
        }
        assert!(ip(&["netns", "add", &net.server]));
        for host in [&net.client, &net.server] {
            assert!(ip(&["-n", host, "link", "set", "lo", "up"]));
        }
        net.wire();
        Some(net)
    }

    /// Lays the wire, for the first time or anew.
    pub fn wire(&self) {
        let (client, server) = (self.client.as_str(), self.server.as_str());
        let here = ["link", "add", "eth0", "netns", client, "type", "veth"];
        let there = ["peer", "name", "eth0", "netns", server];
        assert!(ip(&[&here[..], &there].concat()));
        for (host, address) in [(client, CLIENT), (server, SERVER)] {
            let address = format!("{address}/24");
            assert!(ip(&["-n", host, "addr", "add", &address, "dev", "eth0"]));
            assert!(ip(&["-n", host, "link", "set", "eth0", "up"]));
        }
    }

    /// Has `ip link` do something on the server's host.
    pub fn link(&self, words: &[&str]) {
        assert!(ip(&[&["-n", &self.server, "link"], words].concat()), "{words:?}");
    }

    /// Has the server's host drop, without a word, what comes to its passive ports. False, and says
    /// so, where nftables are missing.
    pub fn block(&self) -> bool {
        let chain = "add table inet t; add chain inet t c { type filter hook input priority 0; }; \
                     add rule inet t c iifname eth0 tcp dport 1024-65535 drop";
        let done = ip(&["netns", "exec", &self.server, "nft", chain]);
        if !done {
            let _ = writeln!(std::io::stderr(), "SKIPPED: nft(8) is missing");
        }
        done
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for host in [&self.client, &self.server] {
            ip(&["netns", "del", host]);
        }
    }
}

fn ip(words: &[&str]) -> bool {
    Command::new("ip").args(words).output().is_ok_and(|out| out.status.success())
}

/// Runs something on a host, on a thread of its own.
pub fn on<T: Send + 'static>(
    host: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let path = format!("/run/netns/{host}");
    std::thread::spawn(move || {
        let space = std::fs::File::open(path).unwrap();
        move_into_link_name_space(
            std::os::fd::AsFd::as_fd(&space),
            Some(LinkNameSpaceType::Network),
        )
        .unwrap();
        run()
    })
}
