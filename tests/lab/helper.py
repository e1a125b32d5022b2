"""FTP helpers that rewrite an announcement and get the rest wrong."""

from clients import ftplib
from faults import stalled
from rules import MASQUERADE
from servers import vsftpd
from table import Scenario, Take
from topology import Setting

# A stricter connection tracking resets the connection instead.
LIBERAL = Setting("gate", "sysctl -qw net.netfilter.nf_conntrack_tcp_be_liberal=1")
BROKEN = "control-sequence-broken"

SCENARIOS: list[Scenario] = [
    Scenario(
        "An FTP helper rewrites PORT, which becomes longer, and doesn't shift the sequence numbers after it.",
        vsftpd(), ftplib("give_up", active="yes", timeout=12),
        [Take("control-sequence-broken-client", "client", stalled("client", BROKEN,
              "The server acknowledges three bytes more than the client has sent; the client's TCP throws its replies away.")),
         Take("control-sequence-broken-server", "server", stalled("server", BROKEN,
              "PORT arrives longer than it left, the client's next packets begin three bytes before its end, and the 200 "
              "is never acknowledged."))],
        rules=[MASQUERADE, LIBERAL], mirror="PORT 10,77,1,2,=PORT 198,51,100,1,",
        fault="behind the client's gateway, which masquerades, a helper writes 198,51,100,1 for 10,77,1,2 into PORT"),
]
