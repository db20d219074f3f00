"""Speaks TCP from its namespace as ordered by lines of JSON, and answers each order with a line.

{"listen": port}                          accepts connections; each is told who it comes from, and hears again what it says
{"dial": name, "to": [address, port]}     opens a connection and keeps it: {"from": address as the other end sees it} or {"error": text}
{"say": name}                             sends on a connection and waits for the echo: {"heard": bool}
{"tell": port}                            sends on the connection that was accepted last at a port, and waits for nothing: {}
{"hear": name}                            waits on a connection for what the other end tells: {"heard": bool}
"""

import json
import socket
import sys
import threading

PATIENCE_SECONDS = 0.6


accepted = {}


def main():
    open_ones = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "listen" in order:
            answer = listen(order["listen"])
        elif "dial" in order:
            answer = dial(open_ones, order["dial"], order["to"])
        elif "tell" in order:
            accepted[order["tell"]].sendall(b"y")
            answer = {}
        elif "hear" in order:
            answer = {"heard": hear(open_ones[order["hear"]])}
        else:
            answer = {"heard": say(open_ones[order["say"]])}
        print(json.dumps(answer), flush=True)


def listen(port):
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)

    def accept():
        while True:
            one, address = server.accept()
            accepted[port] = one
            threading.Thread(target=echo, args=(one, address[0]), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return {}


def echo(one, address):
    one.sendall((address.removeprefix("::ffff:") + "\n").encode())
    while data := one.recv(1024):
        one.sendall(data)


def dial(open_ones, name, to):
    try:
        one = socket.create_connection(tuple(to), PATIENCE_SECONDS)
        open_ones[name] = one
        return {"from": one.recv(1024).decode().strip()}
    except OSError as error:
        return {"error": str(error)}


def say(one):
    try:
        one.sendall(b"x")
    except OSError:
        return False
    return hear(one)


def hear(one):
    one.settimeout(PATIENCE_SECONDS)
    try:
        return one.recv(1024) != b""
    except OSError:
        return False


main()
