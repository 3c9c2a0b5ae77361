"""The cable between a store and its users, which breaks right after a chosen object was put.

    python benchmarks/cable.py LISTEN TARGET        each host:port

Hands bytes on, unchanged, between whoever connects and the target. On its input it takes `after TEXT SECONDS`: once a
request `PUT` whose path holds TEXT was answered with 200 and the answer was handed on, every connection is broken and
new ones are for so many seconds; then it works again. It prints the path that it broke after, and nothing else.

Belongs here: where a fault is made. Does not belong here: which one, and what has to follow (`store`).
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from contextlib import suppress

AT_ONCE = 1 << 20
"""Bytes that are handed on at a time"""
BROKEN = struct.pack("ii", 1, 0)
"""Closing without a farewell, as a cut does (SO_LINGER)"""


class Cable:
    """What goes through, and what breaks it."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.text = b""
        self.seconds = 0.0
        self.whole_from = 0.0
        self.lock = threading.Lock()
        self.ends: set[socket.socket] = set()

    def after(self, text: str, seconds: float) -> None:
        """Break for some seconds once an object whose path holds the text was put."""
        with self.lock:
            self.text, self.seconds = text.encode(), seconds

    def carry(self, user: socket.socket) -> None:
        """Carry one connection, both ways, until one of its ends closes it."""
        if time.monotonic() < self.whole_from:
            broken(user)
            return
        try:
            store = socket.create_connection(self.target)
        except OSError:
            broken(user)
            return
        with self.lock:
            self.ends |= {user, store}
        asked: list[bytes] = [b""]
        threading.Thread(target=self._hand_on, args=(store, user, asked, False), daemon=True).start()
        self._hand_on(user, store, asked, True)

    def _hand_on(self, one: socket.socket, other: socket.socket, asked: list[bytes], asks: bool) -> None:
        """`asked`: path of the request under way on this connection; one follows the other's answer."""
        with suppress(OSError):
            while data := one.recv(AT_ONCE):
                if asks and data.startswith((b"PUT ", b"GET ", b"HEAD ", b"POST ", b"DELETE ")):
                    asked[0] = data.split(b" ", 2)[1] if data.startswith(b"PUT ") else b""
                other.sendall(data)
                if not asks and data.startswith(b"HTTP/1.1 200"):
                    self._answered(asked[0])
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self.lock:
            self.ends -= {one, other}

    def _answered(self, path: bytes) -> None:
        with self.lock:
            if not path or not self.text or self.text not in path:
                return
            self.text, self.whole_from = b"", time.monotonic() + self.seconds
            ends, self.ends = self.ends, set()
        print(path.decode(), flush=True)
        for end in ends:
            broken(end)


def broken(end: socket.socket) -> None:
    """End a connection at once."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, BROKEN)
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def place(text: str) -> tuple[str, int]:
    """Host and port."""
    host, _, port = text.rpartition(":")
    return host, int(port)


def main() -> None:
    """Carry whatever comes, until the input ends."""
    cable, listening = Cable(place(sys.argv[2])), socket.create_server(place(sys.argv[1]))

    def accept() -> None:
        while True:
            user, _ = listening.accept()
            threading.Thread(target=cable.carry, args=(user,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    for line in sys.stdin:
        _, text, seconds = line.split()
        cable.after(text, float(seconds))


if __name__ == "__main__":
    main()
