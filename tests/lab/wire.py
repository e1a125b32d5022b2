"""A wire between two namespaces that takes time: two TAP devices and a heap.

veth alone has no delay, so a capture could not tell a near host from a far
one. Run as a program: wire.py NETNS_A IF_A NETNS_B IF_B DELAY_MS

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


def forward(left: int, right: int, delay: float) -> None:
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
            for frame in overtakings.take(other[device], frame):
                count += 1
                heapq.heappush(late, (time.monotonic() + delay, count, other[device], frame))


def main() -> None:
    netns_a, if_a, netns_b, if_b, delay_ms = sys.argv[1:6]
    left, right = tap(netns_a, if_a), tap(netns_b, if_b)
    print("ready", flush=True)
    forward(left, right, float(delay_ms) / 1000)


if __name__ == "__main__":
    main()
