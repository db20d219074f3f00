"""Sends packets to and from a machine and says which got through: one process with sockets in two namespaces, so that order is kept.

Arguments: the namespace around the machine, the machine's own. `weth0` is the far end of its interface, `wbeside0` of one without rules.
In:  {"rules": text?, "forget": true?, "send": [["in", frame], ["out", packet], ...], "last": [frame, packet]}, packets in hex
Out: {"got": [hex, ...], "isOver": bool, "error": text}

Rules are lines for nft; what is to be forgotten are all connections.

What comes in is seen after all of the machine's input hooks, by nflog; what goes out on the wire.
"""

import ctypes
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

ETH_P_ALL = 3
CLONE_NEWNET = 0x40000000
NETLINK_NETFILTER = 12
SO_MARK = 36
# Packets of ours carry it: the machine sends nothing else.
MARK = 0x77
GROUP = 7
WAIT_SECONDS = 5


def main():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    wires = {}
    enter(sys.argv[1])
    for device in ("weth0", "wbeside0"):
        one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        one.bind((device, 0))
        one.setblocking(False)
        wires[device] = one
    enter(sys.argv[2])
    machine = Machine(wires)
    for line in sys.stdin:
        batch = json.loads(line)
        print(json.dumps(machine.play(batch)), flush=True)


def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/run/netns/" + namespace) as opened:
        if libc.setns(opened.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


class Machine:
    def __init__(self, wires):
        self.wires = wires
        self.log = open_log()
        self.scope = socket.if_nametoindex("eth0")
        self.raw4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.raw4.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.raw6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        for one in (self.raw4, self.raw6):
            one.setsockopt(socket.SOL_SOCKET, SO_MARK, MARK)
        self.got = []

    def play(self, batch):
        error = apply(batch["rules"]) if "rules" in batch else ""
        if "forget" in batch:
            forget()
        frame, packet = (bytes.fromhex(one) for one in batch["last"])
        self.collect()
        self.got = []
        is_in = False
        is_over = True
        for direction, text in batch["send"]:
            data = bytes.fromhex(text)
            if direction == "in":
                self.wires["weth0"].send(data)
            else:
                # What came in is remembered before anything answers it.
                is_over = is_over and (not is_in or self.wait_in(frame))
                self.send_out(data)
            is_in = direction == "in"
            self.collect()
        is_over = is_over and self.wait_in(frame)
        self.send_out(packet)
        is_over = is_over and self.wait(packet)
        return {"got": [one.hex() for one in self.got], "isOver": is_over, "error": error}

    def send_out(self, packet):
        try:
            if packet[0] >> 4 == 4:
                self.raw4.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))
            else:
                to = socket.inet_ntop(socket.AF_INET6, packet[24:40])
                self.raw6.sendto(packet, (to, 0, 0, self.scope if to.startswith("f") else 0))
        except PermissionError:
            # So the kernel says that a rule refused it.
            pass

    def wait_in(self, frame):
        self.wires["wbeside0"].send(frame)
        return self.wait(frame)

    def wait(self, sought):
        """Until what was sent past the rules has come through: everything before it has been judged."""
        end = sought[-8:]
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if self.collect(end):
                return True
            select.select([self.log, *self.wires.values()], [], [], 0.05)
        return False

    def collect(self, sought=None):
        found = False
        for one in (self.log, *self.wires.values()):
            while True:
                try:
                    data, address = one.recvfrom(65535)
                except BlockingIOError:
                    break
                if one is self.log:
                    packets = payloads(data)
                else:
                    # What this process sent itself is seen as well.
                    packets = [] if address[2] == socket.PACKET_OUTGOING else [data]
                for packet in packets:
                    if sought is not None and packet.endswith(sought):
                        found = True
                    else:
                        self.got.append(packet)
        return found


def open_log():
    log = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    log.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    log.bind((0, 0))
    # Bind the group, copy whole packets, and hand over each at once (linux/netfilter/nfnetlink_log.h).
    configure(log, attribute(1, struct.pack("!B", 1)))
    configure(log, attribute(2, struct.pack("!IBB", 0xFFFF, 2, 0)))
    configure(log, attribute(5, struct.pack("!I", 1)))
    log.setblocking(False)
    return log


def configure(log, body):
    request(log, (4 << 8) | 1, struct.pack("!BBH", 0, 0, GROUP) + body)


def forget():
    """Deletes every connection, of both families (IPCTNL_MSG_CT_DELETE without a tuple)."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as table:
        for family in (socket.AF_INET, socket.AF_INET6):
            request(table, (1 << 8) | 2, struct.pack("!BBH", family, 0, 0))


def apply(rules):
    ran = subprocess.run(["nft", "-f", "-"], input=rules, capture_output=True, text=True)
    return ran.stderr if ran.returncode != 0 else ""


def request(netlink, kind, payload):
    netlink.send(struct.pack("=IHHII", 16 + len(payload), kind, 5, 0, 0) + payload)
    error = struct.unpack_from("=i", netlink.recv(4096), 16)[0]
    if error != 0:
        raise OSError(-error, "netlink")


def attribute(kind, value):
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + bytes(-length % 4)


def payloads(data):
    """The packets of netlink messages."""
    packets = []
    while len(data) >= 20:
        length = struct.unpack_from("=I", data)[0]
        at = 20
        while at + 4 <= length:
            size, kind = struct.unpack_from("=HH", data, at)
            if kind & 0x7FFF == 9:
                packets.append(data[at + 4 : at + size])
            at += max(4, (size + 3) & ~3)
        data = data[(length + 3) & ~3 :]
    return packets


main()
