"""Opens sockets in several namespaces and sends between them, as ordered by one document on stdin; prints who heard each of the sends.

In:  {"sockets": {name: {"namespace": text, "device": text, "kind": "udp4" | "udp6" | "icmp6" | "frames", "port": number, "join": group}},
      "sends": [{"from": name, "to": address, "port": number, "bytes": hex, "known": hex}, ...]}
Out: [[name, ...], ...]

A send is known again by some of its bytes. A socket of the kind `frames` hears all that comes in by its device.
"""

import ctypes
import json
import os
import select
import socket
import struct
import sys
import time

ETH_P_ALL = 3
CLONE_NEWNET = 0x40000000
WAIT_SECONDS = 0.25
LIBC = ctypes.CDLL(None, use_errno=True)


def main():
    document = json.load(sys.stdin)
    sockets = {name: opened(**of) for name, of in document["sockets"].items()}
    answers = []
    for send in document["sends"]:
        own = document["sockets"][send["from"]]
        drain(sockets)
        try:
            sockets[send["from"]].sendto(bytes.fromhex(send["bytes"]), address_of(own, send))
        except PermissionError:
            pass  # What a rule drops on its way out is told to who sent it.
        answers.append(heard(sockets, bytes.fromhex(send["known"]), send["from"]))
    print(json.dumps(answers))


def address_of(own, send):
    if own["kind"] == "udp4":
        return (send["to"], send["port"])
    enter(own["namespace"])
    return (send["to"], send["port"], 0, socket.if_nametoindex(own["device"]))


def opened(namespace, device, kind, port=0, join=None):
    enter(namespace)
    if kind == "frames":
        one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        one.bind((device, 0))
    elif kind == "udp4":
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        one.bind(("", port))
    else:
        one = wide_socket(device, kind, join)
        if kind == "udp6":
            one.bind(("::", port))
    one.setblocking(False)
    return one


def wide_socket(device, kind, join):
    what = (socket.SOCK_RAW, socket.IPPROTO_ICMPV6) if kind == "icmp6" else (socket.SOCK_DGRAM, 0)
    one = socket.socket(socket.AF_INET6, *what)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    index = socket.if_nametoindex(device)
    for hops in (socket.IPV6_UNICAST_HOPS, socket.IPV6_MULTICAST_HOPS):
        one.setsockopt(socket.IPPROTO_IPV6, hops, 255)
    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    if join is not None:
        group = socket.inet_pton(socket.AF_INET6, join) + struct.pack("@I", index)
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
    return one


def enter(namespace):
    with open(os.path.join("/run/netns", namespace)) as place:
        if LIBC.setns(place.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def heard(sockets, known, sender):
    """The sockets to which bytes came, but for the one that sent them."""
    names = set()
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        ready, _, _ = select.select(list(sockets.values()), [], [], 0.02)
        for name, one in sockets.items():
            if one in ready and any(known in data for data in taken(one)) and name != sender:
                names.add(name)
    return sorted(names)


def taken(one):
    """What has come in by a socket; what goes out by its device is seen there as well, and left out."""
    while True:
        try:
            data, address = one.recvfrom(65535)
        except BlockingIOError:
            return
        if not (one.family == socket.AF_PACKET and address[2] == socket.PACKET_OUTGOING):
            yield data


def drain(sockets):
    for one in sockets.values():
        for _ in taken(one):
            pass


main()
