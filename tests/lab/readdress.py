"""Other addresses for a capture's hosts, in the headers and in what FTP says of them."""

import struct
from dataclasses import replace
from typing import Callable

from wires import ETHERNET, IPV4, Packet, Pcap, checksum

TCP = 6


def octets(address: str) -> bytes:
    return bytes(map(int, address.split(".")))


def to(addresses: dict[str, str]) -> Callable[[Pcap], Pcap]:
    def change(pcap: Pcap) -> Pcap:
        assert pcap.link == ETHERNET
        flows = Flows()
        return replace(pcap, packets=[readdressed(p, addresses, flows) for p in pcap.packets])
    return change


class Flows:
    """By how much each direction has become longer, from which sequence number on."""

    def __init__(self) -> None:
        self.longer: dict[tuple, list[tuple[int, int]]] = {}

    def shift(self, flow: tuple, number: int) -> int:
        changes = self.longer.get(flow, [])
        return number + sum(by for after, by in changes if (number - after) & 0xFFFFFFFF < 1 << 31) & 0xFFFFFFFF

    def change(self, flow: tuple, end: int, by: int) -> None:
        changes = self.longer.setdefault(flow, [])
        if by and (end, by) not in changes:
            changes.append((end, by))


def readdressed(p: Packet, addresses: dict[str, str], flows: Flows) -> Packet:
    data = p.data
    if int.from_bytes(data[12:14]) != IPV4 or data[23] != TCP:
        raise ValueError("only TCP over IPv4 can be given other addresses")
    size, tcp = 14 + int.from_bytes(data[16:18]), 14 + (data[14] & 15) * 4
    payload_at = tcp + (data[tcp + 12] >> 4) * 4
    head, payload = bytearray(data[:payload_at]), data[payload_at:size]
    ends = data[26:30] + data[tcp:tcp + 2], data[30:34] + data[tcp + 2:tcp + 4]
    seq, ack = struct.unpack_from(">II", data, tcp + 4)
    new = payload
    for old, other in addresses.items():
        new = new.replace(old.replace(".", ",").encode() + b",", other.replace(".", ",").encode() + b",")
        for at in (26, 30):
            if data[at:at + 4] == octets(old):
                head[at:at + 4] = octets(other)
    struct.pack_into(">I", head, tcp + 4, flows.shift(ends, seq) & 0xFFFFFFFF)
    flows.change(ends, (seq + len(payload)) & 0xFFFFFFFF, len(new) - len(payload))
    if head[tcp + 13] & 0x10:
        struct.pack_into(">I", head, tcp + 8, flows.shift(ends[::-1], ack) & 0xFFFFFFFF)
    struct.pack_into(">H", head, 16, size - 14 + len(new) - len(payload))
    struct.pack_into(">H", head, 24, 0)
    struct.pack_into(">H", head, 24, checksum(bytes(head[14:tcp])))
    struct.pack_into(">H", head, tcp + 16, 0)
    pseudo = bytes(head[26:34]) + struct.pack(">HH", TCP, len(head) - tcp + len(new))
    struct.pack_into(">H", head, tcp + 16, checksum(pseudo + bytes(head[tcp:]) + new))
    return p.carrying(bytes(head) + new)
