"""Times packets that cross routers: sender and receiver are this one process, pinned to one processor, with sockets in the namespaces of both.

Started with the two namespaces of each lane; a line {"mode", "family", "count", "rounds", "lanes"} in gives a list out, for each lane one of
nanoseconds per operation, round by round. Lanes take turns every few milliseconds, so that whatever else the machine does meets all alike.
"""

import ctypes
import json
import os
import socket
import sys
import time

PORT = 5000
CLOSED = 5001
ADDRESSES = {
    4: (socket.AF_INET, "10.0.2.20"),
    6: (socket.AF_INET6, "fd00:0:0:2::14"),
}
PATIENCE_SECONDS = 5
libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if libc.setns(descriptor, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(descriptor)


class Lane:
    """A client and a server with a router between them."""

    def __init__(self, client, server):
        self.client = client
        self.sockets = {family: self.open(server, *at) for family, at in ADDRESSES.items()}

    def open(self, server, family, address):
        enter(server)
        sink, closed = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        sink.bind((address, PORT))
        closed.bind((address, CLOSED))
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.bind((address, PORT))
        listener.listen(128)
        enter(self.client)
        source = socket.socket(family, socket.SOCK_DGRAM)
        source.connect((address, PORT))
        for one in (sink, listener, source):
            one.settimeout(PATIENCE_SECONDS)
        closed.settimeout(0.05)
        return source, sink, listener, closed

    def stream(self, family, count):
        """Small packets one way; taken in between, so that none is lost unseen."""
        source, sink, _, _ = self.sockets[family]
        for _ in range(count // 64):
            for _ in range(64):
                source.send(b"crenel")
            for _ in range(64):
                sink.recv(64)

    def exchange(self, family, count):
        source, sink, _, _ = self.sockets[family]
        for _ in range(count):
            source.send(b"crenel")
            _, peer = sink.recvfrom(64)
            sink.sendto(b"crenel", peer)
            source.recv(64)

    def connect(self, family, count):
        """Connect, ask, be answered, close: with a reset, so that no port waits."""
        listener = self.sockets[family][2]
        kind, address = ADDRESSES[family]
        for _ in range(count):
            one = socket.socket(kind, socket.SOCK_STREAM)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            one.connect((address, PORT))
            other, _ = listener.accept()
            one.send(b"crenel")
            other.recv(64)
            other.send(b"crenel")
            one.recv(64)
            one.close()
            other.close()

    def guards(self, family, _count):
        """Whether the port that no rule opens is closed."""
        source, _, _, closed = self.sockets[family]
        source.sendto(b"crenel", (ADDRESSES[family][1], CLOSED))
        try:
            closed.recv(64)
        except TimeoutError:
            return
        raise AssertionError("a packet got through that no rule lets through")


def times(lanes, asked):
    found = [[] for _ in lanes]
    for turn in range(asked["rounds"]):
        for place in range(len(lanes)):
            # No lane always comes after the same one.
            at = (place + turn if turn % 2 == 0 else turn - place) % len(lanes)
            lane = lanes[at]
            enter(lane.client)
            run = getattr(lane, asked["mode"])
            # Once unmeasured: the lanes before it had the caches.
            run(asked["family"], asked["count"])
            started = time.perf_counter_ns()
            run(asked["family"], asked["count"])
            found[at].append((time.perf_counter_ns() - started) / asked["count"])
        time.sleep(0.0005)
    return found


def main():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    lanes = [Lane(*pair.split(",")) for pair in sys.argv[1:]]
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(times([lanes[at] for at in asked["lanes"]], asked)), flush=True)


main()
