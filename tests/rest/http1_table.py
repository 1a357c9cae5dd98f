#!/usr/bin/env python3
"""tests/rest/http1_table.py PORT [NAME]: sends http1_table.txt to an HTTP/1.1 server on loopback and prints each row that it
answers otherwise; by NAME ("nginx"), only where the table does not already say so. The server needs: 200 for GET /health
and for POST /echo and /ignore, 299 for GET /probe, and 404 otherwise. By hand: nginx and h2o are not part of the tests."""
import concurrent.futures
import pathlib
import re
import socket
import sys

PROBE = b"GET /probe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
BEGINNINGS = {"G": b"GET /health HTTP/1.1\r\nHost: a\r\n", "P": b"POST /echo HTTP/1.1\r\nHost: a\r\n",
              "I": b"POST /ignore HTTP/1.1\r\nHost: a\r\n", "V": b"POST /ignore HTTP/1.0\r\nHost: a\r\n"}
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
PIECE = re.compile(r"\{(\d+)\*(.*?)\}|\{(.)\}|\\x(..)|\\(.)|(.)", re.DOTALL)


def bytes_of(text):
    out = b""
    for count, repeated, beginning, code, escape, letter in PIECE.findall(text):
        if count:
            out += bytes_of(repeated) * int(count)
        elif beginning:
            out += BEGINNINGS[beginning]
        elif code:
            out += bytes([int(code, 16)])
        else:
            out += ESCAPES[escape] if escape else letter.encode()
    return out


def rows():
    name = expected = data = None
    notes = {}
    for line in (pathlib.Path(__file__).parent / "http1_table.txt").read_text().splitlines() + ["end = "]:
        if not line or line.startswith("#"):
            continue
        if line.startswith("  ") and data is None:
            data = line[2:]
        elif line.startswith("  "):
            server, note = line[2:].split(" ", 1)
            notes[server] = note.split(":")[0].strip()
        else:
            if name:
                yield name, expected, bytes_of(data), notes
            name, expected = line.rsplit(" = ", 1)
            data, notes = None, {}


def ask(port, data):
    answer = b""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(3)
        try:
            connection.sendall(data + PROBE)
            while piece := connection.recv(65536):
                answer += piece
        except TimeoutError:
            answer += b"HTTP/1.1 000 silent"
        except ConnectionError:
            pass
    statuses = [status.decode() for status in re.findall(rb"HTTP/1\.[01] (\d\d\d)", answer)]
    silent = "silent" if "000" in statuses else "close"
    statuses = [status for status in statuses if status != "000"]
    if statuses and statuses[-1] == "299":
        return " ".join(statuses[:-1] + ["open"])
    return " ".join(statuses + [silent])


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    port, server = int(sys.argv[1]), sys.argv[2] if len(sys.argv) == 3 else None
    table = list(rows())
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda row: ask(port, row[2]), table))
    differences = 0
    for (name, expected, _, notes), answer in zip(table, answers):
        if answer != notes.get(server, expected):
            differences += 1
            print(f"{name}: {answer}; the table says {notes.get(server, expected)}")
    print(f"{len(table)} rows, {differences} answered otherwise than the table says")


main()
