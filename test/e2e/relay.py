"""Passes TCP connections on from one network namespace to another: what listens on a machine's loopback and leads out of it, as a tunnel does.

Arguments: namespace, address and port to listen on; namespace, address and port to pass on to. `-` is the namespace of this process.
Says `ready` when it listens.
"""

import ctypes
import socket
import sys
import threading

CLONE_NEWNET = 0x40000000
OWN = open("/proc/self/ns/net")


def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    opened = OWN if namespace == "-" else open("/run/netns/" + namespace)
    if libc.setns(opened.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for one in (source, target):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(one, to):
    try:
        other = socket.create_connection(to)
    except OSError:
        one.close()
        return
    threading.Thread(target=copy, args=(one, other), daemon=True).start()
    copy(other, one)


def main():
    at, to = sys.argv[1:4], sys.argv[4:7]
    enter(at[0])
    server = socket.create_server((at[1], int(at[2])))
    enter(to[0])
    print("ready", flush=True)
    while True:
        one, _ = server.accept()
        threading.Thread(target=serve, args=(one, (to[1], int(to[2]))), daemon=True).start()


main()
