"""Lets time pass in a namespace without waiting: what connection tracking and the sets of a table remember gets older.

In, a line of JSON each: {"note": true}: what is remembered now, and for how long
                         {"pass": seconds}: it is remembered so much shorter than it was when it was noted; what is over is forgotten
Out: {}
"""

import json
import math
import os
import socket
import struct
import subprocess
import sys
import time

TICK_SECONDS = 0.015
NETFILTER = 12
NEW, GET, DELETE = 0x100, 0x101, 0x102
REQUEST, ACK, DUMP = 0x1, 0x4, 0x300
ERROR, DONE = 2, 3
TUPLE_ORIG, TIMEOUT = 1, 7
NESTED = 0x8000
TABLE = {"family": "inet", "table": "crenel"}


class Conntrack:
    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
        self.socket.bind((0, 0))
        self.sequence = 0

    def ask(self, kind, flags, family, body=b""):
        """Sends a question; gives the messages of the answer."""
        self.sequence += 1
        head = struct.pack("=IHHII", 20 + len(body), kind, REQUEST | flags, self.sequence, 0)
        self.socket.send(head + struct.pack("=BBH", family, 0, 0) + body)
        while True:
            data = self.socket.recv(1 << 20)
            while data:
                length, answer, _, _, _ = struct.unpack_from("=IHHII", data)
                if answer == DONE:
                    return
                if answer == ERROR:
                    error = struct.unpack_from("=i", data, 16)[0]
                    # It may have ended by itself meanwhile.
                    if error not in (0, -2):
                        raise OSError(-error, os.strerror(-error))
                    return
                yield data[16:length]
                data = data[(length + 3) & ~3 :]

    def entries(self):
        """The connections, by family and tuple, with the seconds that are left of them, rounded up."""
        found = {}
        for message in self.ask(GET, DUMP, 0):
            parts = attributes(message[4:])
            if TIMEOUT in parts:
                found[message[0], parts[TUPLE_ORIG]] = struct.unpack(">I", parts[TIMEOUT])[0] + 1
        return found

    def leave(self, key, seconds):
        family, tuple_bytes = key
        body = attribute(TUPLE_ORIG | NESTED, tuple_bytes)
        kind = DELETE if seconds <= 0 else NEW
        if seconds > 0:
            body += attribute(TIMEOUT, struct.pack(">I", math.ceil(seconds)))
        for _ in self.ask(kind, ACK, family, body):
            pass


def attributes(data):
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


class Sets:
    def entries(self):
        """The elements of sets that forget, by set and JSON of the value, with the seconds that are left of them, rounded up."""
        text = subprocess.run(["nft", "-j", "-n", "list", "table", "inet", "crenel"], capture_output=True, text=True).stdout
        found = {}
        for one in json.loads(text or '{"nftables": []}')["nftables"]:
            of = one.get("set", {})
            for element in of.get("elem", []):
                inner = element.get("elem", {}) if isinstance(element, dict) else {}
                if "expires" in inner:
                    key = of["name"], json.dumps(inner["val"]), inner["timeout"]
                    found[key] = inner["expires"] + 1
        return found

    def leave(self, key, seconds):
        name, value, timeout = key
        value = json.loads(value)
        commands = [{"delete": {"element": {**TABLE, "name": name, "elem": [value]}}}]
        if seconds > 0:
            element = {"elem": {"val": value, "timeout": timeout, "expires": min(timeout, math.ceil(seconds))}}
            commands.append({"add": {"element": {**TABLE, "name": name, "elem": [element]}}})
        subprocess.run(["nft", "-j", "-f", "-"], input=json.dumps({"nftables": commands}), text=True, check=True)


class Memory:
    """One kind of memory. What is left is kept exactly: the kernel counts in whole seconds."""

    def __init__(self, kind):
        self.kind = kind
        self.left = {}

    def note(self):
        # The kernel tells whole seconds, and none less than it gave until its next tick.
        time.sleep(TICK_SECONDS)
        now = self.kind.entries()
        for key, seconds in now.items():
            known = self.left.get(key)
            # What was not refreshed since it was set is as old as it was made.
            if known is None or math.ceil(known) != seconds:
                self.left[key] = seconds
        self.left = {key: seconds for key, seconds in self.left.items() if key in now}

    def let_pass(self, gap):
        for key, seconds in list(self.left.items()):
            self.left[key] = seconds - gap
            self.kind.leave(key, self.left[key])


def main():
    memories = [Memory(Conntrack()), Memory(Sets())]
    for line in sys.stdin:
        command = json.loads(line)
        for memory in memories:
            if "note" in command:
                memory.note()
            else:
                memory.let_pass(command["pass"])
        print("{}", flush=True)


main()
