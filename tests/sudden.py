"""Ends a tool before its time and tells how it went: prints its exit status as a shell would.

    sudden.py HOW[,HOW...] INPUT COMMAND...

HOW is TERM, INT or HUP: feeds it half of INPUT, waits until its unfinished output lies in the
current folder, and sends the signal; or PIPE: gives it INPUT, and a standard output nobody reads.

Signals that a parent ignores would stay ignored in the tool: here they are set back first.
"""

import os
import signal
import subprocess
import sys
import time

SIGNALS = (signal.SIGPIPE, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)


def reset_signals():
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


def unread():
    read_end, write_end = os.pipe()
    os.close(read_end)
    return write_end


def unfinished():
    return any(name.startswith(".") and name.endswith(".tmp") for name in os.listdir("."))


def end_by_signal(name, data, command):
    tool = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, preexec_fn=reset_signals
    )
    tool.stdin.write(data[: len(data) // 2])
    tool.stdin.flush()
    deadline = time.monotonic() + 60
    while not unfinished() and tool.poll() is None:
        if time.monotonic() > deadline:
            sys.exit("no unfinished output in 60 seconds")
        time.sleep(0.01)
    tool.send_signal(getattr(signal, "SIG" + name))
    return tool.wait()


def end_by_leaving(data, command):
    stdout = unread()
    tool = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=stdout, preexec_fn=reset_signals
    )
    tool.communicate(data)
    return tool.returncode


def main(how, path, command):
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with open(path, "rb") as f:
        data = f.read()
    statuses = []
    for name in how.split(","):
        status = end_by_leaving(data, command) if name == "PIPE" else end_by_signal(name, data, command)
        statuses.append(str(128 - status if status < 0 else status))
    print(*statuses)


main(sys.argv[1], sys.argv[2], sys.argv[3:])
