# SPDX-License-Identifier: MIT
"""Workers that live in one process, one at a time doing what a process that blocks would do."""

import fcntl
import os
import select
import time

GET_PIPE_SIZE, SET_PIPE_SIZE = 1032, 1031  # fcntl(2)


def keep_size(pipe, capacity):
    """The programs make their pipes larger where they may; this takes it back."""
    try:
        if fcntl.fcntl(pipe, GET_PIPE_SIZE) > capacity:
            fcntl.fcntl(pipe, SET_PIPE_SIZE, capacity)
    except OSError:
        pass


class Worker:
    def __init__(self, kind, source, sink, step, capacity):
        self.kind, self.source, self.sink, self.step, self.capacity = kind, source, sink, step, capacity
        self.held = bytearray()
        self.pending = memoryview(b"")
        self.ended = False
        self.rested = True
        self.wrote = bytearray()

    def wants(self):
        """The descriptor that a process would block on, and for what."""
        if self.sink is None or (self.kind == "slow" and not self.rested):
            return None
        if self.pending:
            return self.sink, select.POLLOUT
        return None if self.ended else (self.source, select.POLLIN)

    def work(self):
        self.rested = False
        keep_size(self.source, self.capacity)
        keep_size(self.sink, self.capacity)
        if self.pending:
            try:
                written = os.write(self.sink, self.pending)
                self.wrote += self.pending[:written] if self.kind == "exits" else b""
                self.pending = self.pending[written:]
            except BlockingIOError:
                return
            except BrokenPipeError:
                return self.close()
        else:
            self.take(os.read(self.source, self.step))
        if not self.pending and (self.ended or self.kind == "exits"):
            self.close()

    def take(self, data):
        self.ended = not data
        if self.kind in ("cat", "slow", "exits"):
            self.pending = memoryview(data)
        elif self.kind != "drops":
            self.held += data
            self.pending = memoryview(self.due())

    def due(self):
        if self.kind == "doubles":
            whole = self.held.rfind(b"\n") + 1
            records = bytes(self.held[:whole]).splitlines(True)
            del self.held[:whole]
            return b"".join(record + record for record in records)
        if not self.ended and (self.kind == "silent" or len(self.held) < 1 << 20):
            return b""
        due = bytes(self.held)
        self.held.clear()
        return due

    def close(self):
        if self.sink is not None:
            os.close(self.source)
            os.close(self.sink)
            self.sink = None
            self.pending = memoryview(b"")


def drive(workers, programs, longest):
    """Works until all programs have ended, or no worker has had anything to do for so many seconds, which is True."""
    poll = select.epoll()
    by_end = {end: worker for worker in workers for end in (worker.source, worker.sink)}
    watched = {}

    def watch(worker):
        wanted = worker.wants()
        if watched.get(worker) == wanted:
            return
        if watched.get(worker) and worker.sink is not None:
            poll.unregister(watched[worker][0])
        watched[worker] = wanted
        if wanted:
            poll.register(*wanted)

    for worker in workers:
        watch(worker)
    moved = time.monotonic()
    slow = [worker for worker in workers if worker.kind == "slow"]
    while any(program.poll() is None for program in programs):
        if time.monotonic() - moved > longest:
            return True
        for end, _ in poll.poll(0.001 if slow else 0.01):
            worker = by_end.get(end)
            if worker is not None and worker.sink is not None and worker.wants() and worker.wants()[0] == end:
                worker.work()
                moved = time.monotonic()
                watch(worker)
        for worker in slow:
            worker.rested = True
            watch(worker)
    return False
