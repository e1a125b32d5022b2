//! The settings of the servers, one table a remedy.

use std::fmt::Display;

use super::Range;

/// Servers whose settings are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Software {
    /// vsftpd.
    Vsftpd,
    /// ProFTPD.
    Proftpd,
    /// Pure-FTPd.
    PureFtpd,
    /// FileZilla Server.
    FileZilla,
    /// Microsoft's FTP service, of IIS.
    Iis,
    /// pyftpdlib.
    Pyftpdlib,
}

impl Software {
    /// As in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vsftpd => "vsftpd",
            Self::Proftpd => "proftpd",
            Self::PureFtpd => "pure-ftpd",
            Self::FileZilla => "filezilla",
            Self::Iis => "iis",
            Self::Pyftpdlib => "pyftpdlib",
        }
    }

    /// From what a server says of itself.
    pub fn of(said: &str) -> Option<Self> {
        ALL.into_iter().find(|s| match s {
            Self::Iis => names(said, "microsoft") || names(said, "iis"),
            other => names(said, other.name()),
        })
    }

    /// From the heading of its lines in an example.
    pub fn of_heading(heading: &str) -> Option<Self> {
        ALL.into_iter().find(|s| begins(heading.as_bytes(), s.name()))
    }

    /// Windows is what it runs on, most often.
    pub fn on_windows(self) -> bool {
        matches!(self, Self::Iis | Self::FileZilla)
    }
}

/// Whether a name stands in a text, in upper or lower case.
fn names(text: &str, name: &str) -> bool {
    text.as_bytes().windows(name.len()).any(|w| begins(w, name))
}

fn begins(text: &[u8], name: &str) -> bool {
    text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
}

const ALL: [Software; 6] = [
    Software::Vsftpd,
    Software::Proftpd,
    Software::PureFtpd,
    Software::FileZilla,
    Software::Iis,
    Software::Pyftpdlib,
];

/// A line for each server that has the setting: the heading (which begins with the server's name)
/// and what to write there. `{first}`, `{last}`, `{after}` and `{address}` are filled in.
pub type Table = &'static [(&'static str, &'static str)];

pub const PASSIVE_RANGE: Table = &[
    ("vsftpd.conf", "pasv_min_port={first}\npasv_max_port={last}"),
    ("proftpd.conf", "PassivePorts {first} {last}"),
    ("pure-ftpd options (pure-ftpd.conf: PassivePortRange {first} {last})", "-p {first}:{last}"),
    (
        "FileZilla Server: Configure > Protocols settings > FTP and FTP over TLS > Passive mode",
        "Use custom port range: from {first} to {last}",
    ),
    (
        "IIS (appcmd), then restart the service",
        "appcmd set config /section:system.ftpServer/firewallSupport /lowDataChannelPort:{first} /highDataChannelPort:{last}\n\
         net stop ftpsvc && net start ftpsvc",
    ),
    ("pyftpdlib", "handler.passive_ports = range({first}, {after})"),
];

pub const EXTERNAL_ADDRESS: Table = &[
    ("vsftpd.conf", "pasv_address={address}"),
    ("proftpd.conf", "MasqueradeAddress {address}"),
    ("pure-ftpd options (pure-ftpd.conf: ForcePassiveIP {address})", "-P {address}"),
    (
        "FileZilla Server: Configure > Protocols settings > FTP and FTP over TLS > Passive mode",
        "Use the following host: {address}",
    ),
    (
        "IIS (appcmd)",
        "appcmd set config -section:system.applicationHost/sites /siteDefaults.ftpServer.firewallSupport.externalIp4Address:\"{address}\" /commit:apphost",
    ),
    ("pyftpdlib", "handler.masquerade_address = '{address}'"),
];

pub const OTHER_ADDRESSES: Table = &[
    ("vsftpd.conf", "pasv_promiscuous=YES"),
    ("proftpd.conf", "AllowForeignAddress on"),
    ("pure-ftpd options (pure-ftpd.conf: AllowUserFXP yes)", "-w"),
    (
        "IIS (appcmd)",
        "appcmd set config -section:system.applicationHost/sites /siteDefaults.ftpServer.security.dataChannelSecurity.matchClientAddressForPasv:\"False\" /commit:apphost",
    ),
    ("pyftpdlib", "handler.permit_foreign_addresses = True"),
];

/// Each server's default.
pub const CLIENTS_ADDRESS_ONLY: Table = &[
    ("vsftpd.conf", "port_promiscuous=NO\npasv_promiscuous=NO"),
    ("proftpd.conf", "AllowForeignAddress off"),
    ("pure-ftpd options, without -w and -W (pure-ftpd.conf: AllowUserFXP no)", ""),
    (
        "IIS (appcmd)",
        "appcmd set config -section:system.applicationHost/sites /siteDefaults.ftpServer.security.dataChannelSecurity.matchClientAddressForPort:\"True\" /commit:apphost\n\
         appcmd set config -section:system.applicationHost/sites /siteDefaults.ftpServer.security.dataChannelSecurity.matchClientAddressForPasv:\"True\" /commit:apphost",
    ),
    (
        "pyftpdlib",
        "handler.permit_foreign_addresses = False\nhandler.permit_privileged_ports = False",
    ),
];

/// vsftpd looks names up only where it was built to: elsewhere it won't start with the setting.
pub const NO_LOOKUPS: Table = &[
    (
        "vsftpd.conf",
        "tcp_wrappers=NO\n# reverse_lookup_enable=NO where vsftpd.conf(5) has it: others won't start with it",
    ),
    ("proftpd.conf", "UseReverseDNS off"),
    ("pure-ftpd options (pure-ftpd.conf: DontResolve yes)", "-H"),
];

pub const MORE_CLIENTS: Table = &[
    ("vsftpd.conf", "max_clients=200\nmax_per_ip=10"),
    ("proftpd.conf", "MaxInstances 200\nMaxClients 200\nMaxClientsPerHost 10"),
    (
        "pure-ftpd options (pure-ftpd.conf: MaxClientsNumber 200, MaxClientsPerIP 10)",
        "-c 200 -C 10",
    ),
    (
        "IIS (appcmd)",
        "appcmd set config -section:system.applicationHost/sites /siteDefaults.ftpServer.connections.maxConnections:\"200\" /commit:apphost",
    ),
    ("pyftpdlib", "server.max_cons = 200\nserver.max_cons_per_ip = 10"),
];

pub const LONGER_IDLE: Table = &[
    ("vsftpd.conf", "idle_session_timeout=900"),
    ("proftpd.conf", "TimeoutIdle 900\nTimeoutNoTransfer 900"),
    ("pure-ftpd options, minutes (pure-ftpd.conf: MaxIdleTime 30)", "-I 30"),
    (
        "IIS (appcmd)",
        "appcmd set config -section:system.applicationHost/sites /siteDefaults.ftpServer.connections.controlChannelTimeout:\"900\" /commit:apphost",
    ),
    ("FileZilla Server: Configure > Protocols settings", "Activity timeout: 900"),
    ("pyftpdlib", "handler.timeout = 900"),
];

pub const ENABLE_TLS: Table = &[
    (
        "vsftpd.conf",
        "ssl_enable=YES\nrsa_cert_file=/etc/ssl/certs/ftp.pem\nrsa_private_key_file=/etc/ssl/private/ftp.key",
    ),
    (
        "proftpd.conf",
        "LoadModule mod_tls.c\nTLSEngine on\nTLSRSACertificateFile /etc/ssl/certs/ftp.pem\nTLSRSACertificateKeyFile /etc/ssl/private/ftp.key",
    ),
    (
        "pure-ftpd options, with key and certificate in /etc/ssl/private/pure-ftpd.pem (pure-ftpd.conf: TLS 1)",
        "--tls=1",
    ),
    (
        "FileZilla Server: Configure > Server listeners",
        "Protocol: Require explicit FTP over TLS, or Explicit FTP over TLS and insecure plain FTP",
    ),
    (
        "IIS Manager: FTP SSL Settings",
        "Choose a certificate, then Allow SSL connections or Require SSL connections",
    ),
    ("pyftpdlib", "handler = TLS_FTPHandler\nhandler.certfile = '/etc/ssl/private/ftp.pem'"),
];

/// Data connections that resume no TLS session are accepted.
pub const NO_SESSION_REUSE: Table = &[
    ("vsftpd.conf", "require_ssl_reuse=NO"),
    ("proftpd.conf", "TLSOptions NoSessionReuseRequired"),
    (
        "FileZilla Server: Configure > Protocols settings > FTP and FTP over TLS",
        "Require TLS session resumption on data connection when using PROT P: off",
    ),
];

/// Logins in clear are refused.
pub const TLS_REQUIRED: Table = &[
    (
        "vsftpd.conf",
        "ssl_enable=YES\nrsa_cert_file=/etc/ssl/certs/ftp.pem\nrsa_private_key_file=/etc/ssl/private/ftp.key\nforce_local_logins_ssl=YES",
    ),
    (
        "proftpd.conf",
        "LoadModule mod_tls.c\nTLSEngine on\nTLSRSACertificateFile /etc/ssl/certs/ftp.pem\nTLSRSACertificateKeyFile /etc/ssl/private/ftp.key\nTLSRequired on",
    ),
    (
        "pure-ftpd options, with key and certificate in /etc/ssl/private/pure-ftpd.pem (pure-ftpd.conf: TLS 2)",
        "--tls=2",
    ),
    ("FileZilla Server: Configure > Server listeners", "Protocol: Require explicit FTP over TLS"),
    ("IIS Manager: FTP SSL Settings", "Choose a certificate, then Require SSL connections"),
    (
        "pyftpdlib",
        "handler = TLS_FTPHandler\nhandler.certfile = '/etc/ssl/private/ftp.pem'\nhandler.tls_control_required = True",
    ),
];

/// Data connections without TLS are accepted.
pub const CLEAR_DATA: Table = &[
    ("vsftpd.conf", "force_local_data_ssl=NO"),
    ("proftpd.conf", "TLSRequired ctrl"),
    ("pure-ftpd options; 3 wants TLS on data as well (pure-ftpd.conf: TLS 2)", "--tls=2"),
    ("pyftpdlib", "handler.tls_data_required = False"),
];

/// Which versions and ciphers a server takes.
pub const TLS_VERSIONS: Table = &[
    ("vsftpd.conf", "ssl_tlsv1=YES\nssl_ciphers=HIGH"),
    ("proftpd.conf", "TLSProtocol TLSv1.2 TLSv1.3"),
    ("pure-ftpd options (pure-ftpd.conf: TLSCipherSuite HIGH)", "-J HIGH"),
    (
        "FileZilla Server: Configure > Protocols settings > FTP and FTP over TLS",
        "Minimum allowed TLS version: v1.2",
    ),
];

/// Uploads that end without a close_notify are accepted.
pub const LAX_TLS_CLOSE: Table = &[("vsftpd.conf", "strict_ssl_read_eof=NO")];

/// The client's host is not asked who its user is.
pub const NO_IDENT: Table =
    &[("proftpd.conf", "<IfModule mod_ident.c>\n  IdentLookups off\n</IfModule>")];

/// Probes on an idle control connection, more often than a NAT forgets it.
pub const KEEP_ALIVE: Table = &[("proftpd.conf", "SocketOptions keepalive 60:10:5")];

pub const SOURCE_PORT_20: Table = &[
    ("vsftpd.conf", "connect_from_port_20=YES\nftp_data_port=20"),
    ("proftpd.conf", "RootRevoke off"),
];

/// A wide range of ports that can't be guessed, protected by TLS.
pub const HARD_TO_STEAL: Table = &[
    (
        "vsftpd.conf",
        "pasv_promiscuous=NO\npasv_min_port=49152\npasv_max_port=65535\nrequire_ssl_reuse=YES",
    ),
    ("proftpd.conf", "PassivePorts 49152 65535\nTLSRequired on"),
    (
        "pure-ftpd options (pure-ftpd.conf: PassivePortRange 49152 65535, TLS 2)",
        "-p 49152:65535 --tls=2",
    ),
    (
        "FileZilla Server: Configure > Protocols settings > FTP and FTP over TLS",
        "Require TLS session resumption on data connection when using PROT P: on",
    ),
    (
        "IIS (appcmd)",
        "appcmd set config -section:system.applicationHost/sites /siteDefaults.ftpServer.security.dataChannelSecurity.matchClientAddressForPasv:\"True\" /commit:apphost",
    ),
    (
        "pyftpdlib",
        "handler.permit_foreign_addresses = False\nhandler.passive_ports = range(49152, 65536)",
    ),
];

/// All of them.
pub const TABLES: &[Table] = &[
    PASSIVE_RANGE,
    EXTERNAL_ADDRESS,
    OTHER_ADDRESSES,
    CLIENTS_ADDRESS_ONLY,
    NO_LOOKUPS,
    MORE_CLIENTS,
    LONGER_IDLE,
    ENABLE_TLS,
    NO_SESSION_REUSE,
    LAX_TLS_CLOSE,
    TLS_REQUIRED,
    CLEAR_DATA,
    TLS_VERSIONS,
    NO_IDENT,
    KEEP_ALIVE,
    SOURCE_PORT_20,
    HARD_TO_STEAL,
];

/// What a table says, filled in, for this server; for all of them when it isn't known. `None` when
/// the server has no such setting.
pub fn settings(
    software: Option<Software>,
    table: Table,
    range: Range,
    address: impl Display,
) -> Option<String> {
    // A heading begins with one server's name.
    let of_this = |line: &&(&str, &str)| {
        software.is_none_or(|software| begins(line.0.as_bytes(), software.name()))
    };
    let fill = |text: String| {
        if !text.contains('{') {
            return text;
        }
        text.replace("{first}", &range.first.to_string())
            .replace("{last}", &range.last.to_string())
            .replace("{after}", &(u32::from(range.last) + 1).to_string())
            .replace("{address}", &address.to_string())
    };
    let mut lines = table.iter().filter(of_this).map(|(heading, text)| match *text {
        "" => fill(["# ", heading].concat()),
        text => fill(["# ", heading, "\n", text].concat()),
    });
    let mut all = lines.next()?;
    for line in lines {
        all.push('\n');
        all.push_str(&line);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_heading_names_its_server_once() {
        for table in TABLES {
            let mut named: Vec<_> = table.iter().map(|(h, _)| Software::of_heading(h)).collect();
            assert!(named.iter().all(Option::is_some), "{table:?}");
            named.sort_unstable();
            named.dedup();
            assert_eq!(named.len(), table.len(), "{table:?}");
        }
    }

    #[test]
    fn what_servers_say_of_themselves() {
        let of = |s: &str| Software::of(s).map(Software::name);
        assert_eq!(of("vsFTPd 3.0.3"), Some("vsftpd"));
        assert_eq!(of("Microsoft FTP Service"), Some("iis"));
        assert_eq!(of("FileZilla Server 1.8.0"), Some("filezilla"));
        assert_eq!(of("Serv-U"), None);
    }
}
