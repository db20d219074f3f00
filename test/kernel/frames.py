"""Sends and receives raw frames on the devices of its namespace: batches come as lines of JSON, what arrived goes back as one line.

In:  {"send": [[device, hex], ...], "last": hex}
Out: {"got": [[device, hex], ...]}

`last` ends the frame that comes through after all others: the process stays on one processor, where frames keep their order.
"""

import json
import os
import select
import socket
import sys
import time

ETH_P_ALL = 3
WAIT_SECONDS = 5


def main():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    sockets = {}
    for device in sys.argv[1:]:
        one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        one.bind((device, 0))
        one.setblocking(False)
        sockets[device] = one
    names = {one.fileno(): device for device, one in sockets.items()}
    for line in sys.stdin:
        batch = json.loads(line)
        drain(sockets)
        got = []
        last = bytes.fromhex(batch["last"])
        is_over = False
        for index, (device, frame) in enumerate(batch["send"]):
            sockets[device].send(bytes.fromhex(frame))
            # What arrives is taken while more is sent: a socket holds only so much.
            if index % 128 == 127:
                is_over = collect(sockets.values(), names, last, got) or is_over
        deadline = time.monotonic() + WAIT_SECONDS
        while not is_over and time.monotonic() < deadline:
            ready, _, _ = select.select(list(sockets.values()), [], [], 0.05)
            is_over = collect(ready, names, last, got)
        print(json.dumps({"got": got, "isOver": is_over}), flush=True)


def collect(ready, names, last, got):
    """Takes what has arrived; whether the last frame was among it."""
    is_over = False
    for one in ready:
        while True:
            try:
                frame, address = one.recvfrom(65535)
            except BlockingIOError:
                break
            # What this process sent itself is seen as well.
            if address[2] == socket.PACKET_OUTGOING:
                continue
            if frame.endswith(last):
                is_over = True
            else:
                got.append([names[one.fileno()], frame.hex()])
    return is_over


def drain(sockets):
    for one in sockets.values():
        while True:
            try:
                one.recv(65535)
            except BlockingIOError:
                break


main()
