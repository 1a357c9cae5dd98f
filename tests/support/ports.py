"""Ports of 127.0.0.1 for programs that cannot pick one and say which."""
import socket
import time


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def wait_until_it_listens(process, port, seconds=30):
    """Returns when `process` listens on `port`. RuntimeError when it ends first, or after `seconds`."""
    limit = time.monotonic() + seconds
    pause = 0.0005
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None:
                raise RuntimeError(f"ended with {process.poll()} before it listened: {process.args}") from None
            if time.monotonic() > limit:
                raise RuntimeError(f"does not listen after {seconds} s: {process.args}") from None
        time.sleep(pause)  # the kernel tells nobody that a port has begun to listen
        pause = min(2 * pause, 0.05)
