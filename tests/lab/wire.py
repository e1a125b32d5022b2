"""A wire between two namespaces that takes time: two TAP devices and a heap.

veth alone has no delay, so a capture could not tell a near host from a far
one. Run as a program: wire.py NETNS_A IF_A NETNS_B IF_B DELAY_MS [TAGS | OLD=NEW]

With TAGS ("8100:77", or "88a8:5,8100:77") the wire has a switch in the middle
whose mirror port is the device "mirror" in the first namespace: it shows every
frame with these VLAN tags. A kernel without 802.1Q has no better.

With OLD=NEW it is an FTP helper as there should be none: in what goes to port 21
it writes NEW for OLD, and leaves all sequence numbers after it as they were.
"""

import ctypes
import fcntl
import heapq
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
CLONE_NEWNET = 0x40000000


def enter(netns: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{netns}", "rb") as handle:
        if libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {netns}")


def tap(netns: str, name: str) -> int:
    enter(netns)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


def tagged(frame: bytes, tags: str) -> bytes:
    words = [tag.split(":") for tag in tags.split(",")]
    return frame[:12] + b"".join(struct.pack(">HH", int(kind, 16), int(vlan)) for kind, vlan in words) + frame[12:]


def checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return (total & 0xFFFF) + (total >> 16) ^ 0xFFFF


def rewritten(frame: bytes, old: bytes, new: bytes) -> bytes:
    """What is said to port 21 over IPv4, with a right length and right checksums."""
    if frame[12:14] != b"\x08\0" or frame[23] != 6 or frame[36:38] != (21).to_bytes(2) or old not in frame:
        return frame
    ip, tcp = bytearray(frame[14:34]), bytearray(frame[34:14 + int.from_bytes(frame[16:18])].replace(old, new))
    ip[2:4], ip[10:12], tcp[16:18] = (20 + len(tcp)).to_bytes(2), b"\0\0", b"\0\0"
    ip[10:12] = checksum(bytes(ip)).to_bytes(2)
    tcp[16:18] = checksum(bytes(ip[12:20]) + struct.pack(">HH", 6, len(tcp)) + bytes(tcp)).to_bytes(2)
    return frame[:14] + bytes(ip) + bytes(tcp)


def forward(left: int, right: int, delay: float, mirror: int | None, tags: str) -> None:
    """Carries frames both ways, each `delay` seconds late, in order."""
    other = {left: right, right: left}
    late: list[tuple[float, int, int, bytes]] = []
    old, new = (word.encode() for word in tags.split("=")) if "=" in tags else (b"", b"")
    count = 0
    while True:
        now = time.monotonic()
        while late and late[0][0] <= now:
            _, _, out, frame = heapq.heappop(late)
            try:
                os.write(out, frame)
            except OSError:
                pass  # the far interface is still down
        wait = max(0.0, late[0][0] - now) if late else None
        for device in select.select([left, right], [], [], wait)[0]:
            try:
                frame = os.read(device, 65536)
            except OSError:
                continue
            count += 1
            if old:
                frame = rewritten(frame, old, new)
            if mirror is not None:
                heapq.heappush(late, (time.monotonic() + delay / 2, count, mirror, tagged(frame, tags)))
                count += 1
            heapq.heappush(late, (time.monotonic() + delay, count, other[device], frame))


def main() -> None:
    netns_a, if_a, netns_b, if_b, delay_ms = sys.argv[1:6]
    left, right = tap(netns_a, if_a), tap(netns_b, if_b)
    tags = sys.argv[6] if len(sys.argv) > 6 else ""
    mirror = tap(netns_a, "mirror") if tags and "=" not in tags else None
    print("ready", flush=True)
    forward(left, right, float(delay_ms) / 1000, mirror, tags)


if __name__ == "__main__":
    main()
