#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: one_at_a_time.py collect|distribute|distribute-to-one STREAMS LINES PROGRAM [OPTION...]

Holds STREAMS FIFOs open at the program, sends LINES lines through it, each after the one before has come out,
and prints the processor time of the program in milliseconds: its work for one line, and none for the streams
that have nothing to do. With distribute-to-one only the first FIFO has a reader.
"""
import os
import resource
import select
import subprocess
import sys
import tempfile


def collect(command, names, lines):
    with subprocess.Popen(command + names, stdout=subprocess.PIPE) as program:
        writers = [os.open(name, os.O_WRONLY) for name in names]
        for number in range(lines):
            os.write(writers[number * 7919 % len(names)], b"line\n")
            if os.read(program.stdout.fileno(), 100) != b"line\n":
                sys.exit("another line than was written")
        for writer in writers:
            os.close(writer)
    return program.returncode


def distribute(command, names, lines, opened=None):
    readers = [os.open(name, os.O_RDONLY | os.O_NONBLOCK) for name in names[:opened]]
    poll = select.epoll()
    for reader in readers:
        poll.register(reader, select.EPOLLIN)
    with subprocess.Popen(command + names, stdin=subprocess.PIPE) as program:
        for _ in range(lines):
            os.write(program.stdin.fileno(), b"line\n")
            [(reader, _)] = poll.poll()
            if os.read(reader, 100) != b"line\n":
                sys.exit("another line than was written")
        if opened:
            program.terminate()
        program.stdin.close()
    return 0 if opened else program.returncode


def distribute_to_one(command, names, lines):
    return distribute(command, names, lines, opened=1)


def main():
    way, streams, lines, *command = sys.argv[1:]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as directory:
        names = [f"{directory}/{number}" for number in range(int(streams))]
        for name in names:
            os.mkfifo(name)
        ways = {"collect": collect, "distribute": distribute, "distribute-to-one": distribute_to_one}
        status = ways[way](command, names, int(lines))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(round(1000 * (used.ru_utime + used.ru_stime)))
    return status


if __name__ == "__main__":
    sys.exit(main())
