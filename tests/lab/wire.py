"""A wire between two namespaces that takes time: two TAP devices and a heap.

veth alone has no delay, so a capture could not tell a near host from a far
one. Run as a program: wire.py NETNS_A IF_A NETNS_B IF_B DELAY_MS

On standard input it takes "overtake N": from then on every Nth long frame lets
two others pass before it.
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


class Overtaking:
    """Holds every Nth long frame of a direction back until two others have passed."""

    LONG = 1000
    AT_MOST = 0.004  # seconds

    def __init__(self, every: int):
        self.every, self.count, self.left = every, 0, 0
        self.held: bytes | None = None
        self.until = 0.0

    def take(self, frame: bytes, now: float) -> list[bytes]:
        """The frames that go on now, in order."""
        if len(frame) < self.LONG:
            return [frame]
        self.count += 1
        if self.held is None:
            if self.count % self.every:
                return [frame]
            self.held, self.left, self.until = frame, 2, now + self.AT_MOST
            return []
        self.left -= 1
        return [frame, *self.release()] if self.left == 0 else [frame]

    def release(self) -> list[bytes]:
        frames, self.held = [self.held] if self.held else [], None
        return frames


def forward(left: int, right: int, delay: float) -> None:
    """Carries frames both ways, each `delay` seconds late, in order unless told otherwise."""
    other = {left: right, right: left}
    late: list[tuple[float, int, int, bytes]] = []
    overtaking: dict[int, Overtaking] = {}
    sources = [left, right, sys.stdin.fileno()]
    count = 0

    def send(out: int, frames: list[bytes]) -> None:
        nonlocal count
        for frame in frames:
            count += 1
            heapq.heappush(late, (time.monotonic() + delay, count, out, frame))

    while True:
        now = time.monotonic()
        for out, held in overtaking.items():
            if held.held and held.until <= now:
                send(out, held.release())
        while late and late[0][0] <= now:
            _, _, out, frame = heapq.heappop(late)
            try:
                os.write(out, frame)
            except OSError:
                pass  # the far interface is still down
        due = [late[0][0]] if late else []
        due += [held.until for held in overtaking.values() if held.held]
        wait = max(0.0, min(due) - now) if due else None
        for source in select.select(sources, [], [], wait)[0]:
            try:
                frame = os.read(source, 65536)
            except OSError:
                continue
            if source in other:
                out = other[source]
                send(out, overtaking[out].take(frame, time.monotonic()) if out in overtaking else [frame])
            elif frame:
                every = int(frame.split()[1])
                overtaking = {left: Overtaking(every), right: Overtaking(every)}
            else:
                sources.remove(source)


def main() -> None:
    netns_a, if_a, netns_b, if_b, delay_ms = sys.argv[1:6]
    left, right = tap(netns_a, if_a), tap(netns_b, if_b)
    print("ready", flush=True)
    forward(left, right, float(delay_ms) / 1000)


if __name__ == "__main__":
    main()
