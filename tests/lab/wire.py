"""A wire between two namespaces that takes time: two TAP devices and a heap.

veth alone has no delay, so a capture could not tell a near host from a far
one. Run as a program: wire.py NETNS_A IF_A NETNS_B IF_B DELAY_MS REWRITE [TAGS]

REWRITE names a file that may come later, with two lines: payload of TCP over
IPv4 that begins with the first one gets the second one instead, as a broken
helper for FTP does it, which doesn't adjust the sequence numbers after it.

With TAGS ("8100:77", or "88a8:5,8100:77") the wire has a switch in the middle
whose mirror port is the device "mirror" in the first namespace: it shows every
frame with these VLAN tags. A kernel without 802.1Q has no better.

On standard input it takes "overtake N": see overtaking.py.
"""

import ctypes
import fcntl
import heapq
import os
import select
import struct
import sys
import time

from overtaking import Overtakings

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


def checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def rewritten(frame: bytes, old: bytes, new: bytes) -> bytes:
    """The frame with other payload, if it begins with `old`."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return frame
    ip_end = 14 + (frame[14] & 15) * 4
    total = struct.unpack_from(">H", frame, 16)[0]
    tcp_end = ip_end + (frame[ip_end + 12] >> 4) * 4
    payload = frame[tcp_end:14 + total]
    if not payload.startswith(old):
        return frame
    ip, tcp = bytearray(frame[14:ip_end]), bytearray(frame[ip_end:tcp_end])
    payload = new + payload[len(old):]
    struct.pack_into(">H", ip, 2, len(ip) + len(tcp) + len(payload))
    ip[10:12] = tcp[16:18] = b"\0\0"
    pseudo = bytes(ip[12:20]) + struct.pack(">HH", 6, len(tcp) + len(payload))
    struct.pack_into(">H", ip, 10, checksum(bytes(ip)))
    struct.pack_into(">H", tcp, 16, checksum(pseudo + bytes(tcp) + payload))
    return frame[:14] + bytes(ip) + bytes(tcp) + payload


def tagged(frame: bytes, tags: str) -> bytes:
    words = [tag.split(":") for tag in tags.split(",")]
    return frame[:12] + b"".join(struct.pack(">HH", int(kind, 16), int(vlan)) for kind, vlan in words) + frame[12:]


def forward(left: int, right: int, delay: float, rewrite: str, mirror: int | None, tags: str) -> None:
    """Carries frames both ways, each `delay` seconds late, in order."""
    other = {left: right, right: left}
    late: list[tuple[float, int, int, bytes]] = []
    overtakings = Overtakings(sys.stdin.fileno())
    count = 0
    while True:
        for out, frame in overtakings.late():
            count += 1
            heapq.heappush(late, (time.monotonic() + delay, count, out, frame))
        now = time.monotonic()
        while late and late[0][0] <= now:
            _, _, out, frame = heapq.heappop(late)
            try:
                os.write(out, frame)
            except OSError:
                pass  # the far interface is still down
        wait = max(0.0, late[0][0] - now) if late else None
        for device in select.select([left, right, *overtakings.sources()], [], [], overtakings.wait(wait))[0]:
            if device not in other:
                overtakings.told([left, right])
                continue
            try:
                frame = os.read(device, 65536)
            except OSError:
                continue
            if os.path.exists(rewrite):
                with open(rewrite, "rb") as words:
                    frame = rewritten(frame, *words.read().split(b"\n")[:2])
            if mirror is not None:
                count += 1
                heapq.heappush(late, (time.monotonic() + delay / 2, count, mirror, tagged(frame, tags)))
            for frame in overtakings.take(other[device], frame):
                count += 1
                heapq.heappush(late, (time.monotonic() + delay, count, other[device], frame))


def main() -> None:
    netns_a, if_a, netns_b, if_b, delay_ms, rewrite = sys.argv[1:7]
    left, right = tap(netns_a, if_a), tap(netns_b, if_b)
    tags = sys.argv[7] if len(sys.argv) > 7 else ""
    mirror = tap(netns_a, "mirror") if tags else None
    print("ready", flush=True)
    forward(left, right, float(delay_ms) / 1000, rewrite, mirror, tags)


if __name__ == "__main__":
    main()
