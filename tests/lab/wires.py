"""Classic pcap files as lists of packets, and what carries FTP elsewhere: tunnels, tags, radio."""

import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable

ETHERNET, RADIOTAP = 1, 127
IPV4, IPV6, MPLS, PPPOE = 0x0800, 0x86DD, 0x8847, 0x8864
# Devices that don't exist: routers, a switch, an access point.
HERE, THERE, STATION, POINT = (bytes.fromhex(f"0200000000{n:02x}") for n in (1, 2, 3, 4))


@dataclass
class Packet:
    seconds: int
    fraction: int  # micro- or nanoseconds, as the file's magic number says
    data: bytes
    wire: int      # bytes on the wire

    def carrying(self, data: bytes) -> "Packet":
        return replace(self, data=data, wire=self.wire - len(self.data) + len(data))


@dataclass
class Pcap:
    magic: int
    snaplen: int
    link: int
    packets: list[Packet]

    @staticmethod
    def read(path: Path) -> "Pcap":
        raw = path.read_bytes()
        magic, _, _, _, _, snaplen, link = struct.unpack_from("<IHHIIII", raw)
        packets, at = [], 24
        while at < len(raw):
            seconds, fraction, size, wire = struct.unpack_from("<IIII", raw, at)
            packets.append(Packet(seconds, fraction, raw[at + 16:at + 16 + size], wire))
            at += 16 + size
        return Pcap(magic, snaplen, link, packets)

    def bytes(self) -> bytes:
        out = [struct.pack("<IHHIIII", self.magic, 2, 4, 0, 0, self.snaplen, self.link)]
        for p in self.packets:
            out += [struct.pack("<IIII", p.seconds, p.fraction, len(p.data), p.wire), p.data]
        return b"".join(out)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ipv4(protocol: int, number: int, source: str, target: str, body: bytes) -> bytes:
    octets = [bytes(map(int, a.split("."))) for a in (source, target)]
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), number & 0xFFFF, 0x4000, 62, protocol, 0) + b"".join(octets)
    return head[:10] + checksum(head).to_bytes(2) + head[12:] + body


def ethernet(kind: int, body: bytes) -> bytes:
    return THERE + HERE + kind.to_bytes(2) + body


# --- each takes an Ethernet frame and its number, and gives what carries it -----
def gre(frame: bytes, number: int) -> bytes:
    """IP in GRE with a key (RFC 2890), between two routers."""
    head = struct.pack(">HHI", 0x2000, int.from_bytes(frame[12:14]), 77)
    return ethernet(IPV4, ipv4(47, number, "192.0.2.9", "192.0.2.10", head + frame[14:]))


def erspan_2(frame: bytes, number: int) -> bytes:
    """A switch's mirror over IP: ERSPAN type II, session 5, VLAN 77."""
    head = struct.pack(">HHIII", 0x1000, 0x88BE, number, 1 << 28 | 77 << 16 | 5, 9)
    return ethernet(IPV4, ipv4(47, number, "192.0.2.9", "192.0.2.10", head + frame))


def erspan_3(frame: bytes, number: int) -> bytes:
    """ERSPAN type III with the platform's subheader."""
    head = struct.pack(">HHI", 0x1000, 0x22EB, number) + struct.pack(
        ">IIHHII", 2 << 28 | 77 << 16 | 5, number * 1000, 0, 1, 3 << 26, number)
    return ethernet(IPV4, ipv4(47, number, "192.0.2.9", "192.0.2.10", head + frame))


def mpls(frame: bytes, _: int) -> bytes:
    """IP under two labels (RFC 3032)."""
    labels = struct.pack(">II", 1000 << 12 | 62, 2000 << 12 | 0x100 | 62)
    return ethernet(MPLS, labels + frame[14:])


def pseudowire(frame: bytes, _: int) -> bytes:
    """Ethernet under one label and a control word (RFC 4448)."""
    return ethernet(MPLS, struct.pack(">II", 3000 << 12 | 0x100 | 62, 0) + frame)


def pppoe(frame: bytes, _: int) -> bytes:
    """A DSL line: PPP over Ethernet (RFC 2516)."""
    protocol = 0x0057 if frame[12:14] == IPV6.to_bytes(2) else 0x0021
    return ethernet(PPPOE, struct.pack(">BBHHH", 0x11, 0, 9, len(frame) - 12, protocol) + frame[14:])


def radio(frame: bytes, number: int, up: bool) -> bytes:
    """IEEE 802.11 QoS data behind a radiotap header, unencrypted, with its frame check sequence."""
    tap = struct.pack("<BBHIQBB", 0, 0, 18, 0b111, number * 250, 0x10, 48)
    addresses = POINT + STATION + THERE if up else STATION + POINT + THERE
    mac = (struct.pack("<BBH", 0x88, 0x01 if up else 0x02, 44) + addresses
           + struct.pack("<HH", (number & 0xFFF) << 4, 0) + b"\xaa\xaa\x03\0\0\0" + frame[12:])
    return tap + mac + zlib.crc32(mac).to_bytes(4, "little")


def carried(by: Callable[[bytes, int], bytes]) -> Callable[[Pcap], Pcap]:
    """All of a capture inside something else."""
    def change(pcap: Pcap) -> Pcap:
        assert pcap.link == ETHERNET
        packets = [p.carrying(by(p.data, number)) for number, p in enumerate(pcap.packets)]
        return replace(pcap, packets=packets)
    return change


def on_air(station: bytes) -> Callable[[Pcap], Pcap]:
    """As a monitoring adapter sees the host with this address behind an access point."""
    def change(pcap: Pcap) -> Pcap:
        packets = [p.carrying(radio(p.data, n, p.data[26:30] == station)) for n, p in enumerate(pcap.packets)]
        return replace(pcap, link=RADIOTAP, packets=packets)
    return change
