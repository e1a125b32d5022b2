"""What a wire does that lets packets overtake others."""

import os
import time


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


class Overtakings:
    """Both directions of a wire; on standard input it is told "overtake N"."""

    def __init__(self, control: int):
        self.control: int | None = control
        self.directions: dict[int, Overtaking] = {}

    def sources(self) -> list[int]:
        return [] if self.control is None else [self.control]

    def told(self, outs: list[int]) -> None:
        words = os.read(self.control, 100).split()
        if words:
            self.directions = {out: Overtaking(int(words[1])) for out in outs}
        else:
            self.control = None

    def take(self, out: int, frame: bytes) -> list[bytes]:
        """The frames that go on now, in order."""
        held = self.directions.get(out)
        return held.take(frame, time.monotonic()) if held else [frame]

    def late(self) -> list[tuple[int, bytes]]:
        """Frames that nobody overtook for long enough, with where they go."""
        now = time.monotonic()
        over = [(out, held) for out, held in self.directions.items() if held.held and held.until <= now]
        return [(out, frame) for out, held in over for frame in held.release()]

    def wait(self, wait: float | None) -> float | None:
        """No longer than until one of those is due."""
        due = [max(0.0, held.until - time.monotonic()) for held in self.directions.values() if held.held]
        return min([*due, *([wait] if wait is not None else [])], default=None)
