"""Times packets that cross the router: sender and receiver are this one process, pinned to one processor, with a socket in each namespace.

Started with the names of both namespaces; a line {"mode", "count"} in gives {"nanoseconds": per operation} out.
"""

import ctypes
import json
import os
import socket
import sys
import time

SERVER = "10.0.2.20"
CLIENT = "10.0.1.10"
PORT = 5000
libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if libc.setns(descriptor, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(descriptor)


def main():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    client, server = sys.argv[1:3]
    enter(server)
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    sink.bind((SERVER, PORT))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind((SERVER, PORT))
    listener.listen(128)
    enter(client)
    source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    source.connect((SERVER, PORT))
    modes = {
        "stream": lambda count: stream(source, sink, count),
        "exchange": lambda count: exchange(source, sink, count),
        "connect": lambda count: connect(listener, count),
    }
    for line in sys.stdin:
        asked = json.loads(line)
        started = time.perf_counter_ns()
        modes[asked["mode"]](asked["count"])
        print(json.dumps({"nanoseconds": (time.perf_counter_ns() - started) / asked["count"]}), flush=True)


def stream(source, sink, count):
    """Small packets one way; taken in between, so that none is lost unseen."""
    for _ in range(count // 64):
        for _ in range(64):
            source.send(b"crenel")
        for _ in range(64):
            sink.recv(64)


def exchange(source, sink, count):
    for _ in range(count):
        source.send(b"crenel")
        _, peer = sink.recvfrom(64)
        sink.sendto(b"crenel", peer)
        source.recv(64)


def connect(listener, count):
    """Connect, ask, be answered, close: with a reset, so that no port waits."""
    for _ in range(count):
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        one.connect((SERVER, PORT))
        other, _ = listener.accept()
        one.send(b"crenel")
        other.recv(64)
        other.send(b"crenel")
        one.recv(64)
        one.close()
        other.close()


main()
