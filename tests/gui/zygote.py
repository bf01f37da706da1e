"""Engines for the tests of the window without two seconds of importing torch each: a process that has imported the engine, and forks.

The window starts this file as its engine (`python zygote.py SOCKET`); it hands its stdin, stdout and stderr to the server, whose child
runs the engine's own loop on them, and waits for that child's end. What the tests then talk to is the real engine in a process of its own;
only its birth is quicker. Tests of births and deaths start the real command instead.
"""

from __future__ import annotations

import array
import contextlib
import os
import signal
import socket
import sys


def client(path: str) -> None:
    """Stand for the engine: hand the pipes over, then live as long as the child does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(path)
        fds = array.array("i", [0, 1, 2])
        arguments = "\0".join(sys.argv[2:]).encode()
        line.sendmsg([arguments or b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1):  # the ends are the child's now
            os.dup2(null, fd)
        line.recv(1)  # nothing is ever said: the child's end closes it


def server(path: str) -> None:
    """Import the engine once, then fork for whoever comes."""
    import scoreviz.engine.loop  # noqa: F401 - this is what takes two seconds

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(16)
        print("ready", flush=True)
        while True:
            line, _ = listener.accept()
            said, extra, _flags, _address = line.recvmsg(4096, socket.CMSG_SPACE(3 * 4))
            fds = array.array("i")
            for _level, _kind, data in extra:
                fds.frombytes(data)
            if os.fork() == 0:
                listener.close()
                _engine(list(fds), [word for word in said.decode().split("\0") if word])
            for fd in fds:
                os.close(fd)
            line.close()  # the child has its own


def _engine(fds: list[int], arguments: list[str]) -> None:
    """In the child: the engine's main, on these pipes."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for target, fd in enumerate(fds):
        os.dup2(fd, target)
        os.close(fd)
    from scoreviz.engine import __main__

    os.nice = lambda _by: 0  # type: ignore[assignment]  # going after everybody else, it would wait for the other worker's tests
    sys.argv = ["scoreviz.engine", "--stdio", *arguments]
    with contextlib.suppress(SystemExit):
        __main__.main()
    os._exit(0)


if __name__ == "__main__":
    (server if sys.argv[1] == "--serve" else client)(sys.argv[2] if sys.argv[1] == "--serve" else sys.argv[1])
