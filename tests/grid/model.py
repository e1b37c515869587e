# SPDX-License-Identifier: MIT
"""What distributing records over workers and collecting them again is to give."""

import collections
import functools

# The name: bytes of a record without its newline, records, records a turn. Of these, mrf-distribute may hold
# 16 MiB, or 65,536 pieces, itself: what the cats get is to be more.
LENGTHS = {"1B": (1, 150_000, 1), "300B": (300, 105_000, 7), "100KB": (100_000, 320, 1), "3MB": (3_000_000, 11, 1)}


@functools.cache
def record(number, length):
    text = b"%d:" % number if length > 10 else b""
    return text + bytes([97 + number % 26]) * (length - len(text)) + b"\n"


def rows(parts, turn):
    """Round robin; nothing when the counts do not fit."""
    ring = [collections.deque(part) for part in parts]
    result, at, over = [], 0, False
    while ring:
        taken = [ring[at].popleft() for _ in range(min(turn, len(ring[at])))]
        if taken and over:
            return None
        result += taken
        if len(taken) < turn:
            over = True
            del ring[at]
        else:
            at += 1
        at = at if at < len(ring) else 0
    return result


def expected(cell, kinds):
    length, count, turn = LENGTHS[cell.length]
    copies = {"drops": 0, "doubles": 2}
    parts = [[] for _ in kinds]
    whole = []
    for number in range(count):
        worker = number // turn % len(kinds)
        same = [record(number, length)] * copies.get(kinds[worker], 1)
        parts[worker] += same
        whole += same
    if cell.order == "rows":
        return rows(parts, turn)
    return [one for part in parts for one in part] if cell.order == "concat" else whole


def numbered_parts(cell, kinds):
    """What each worker was given."""
    length, count, turn = LENGTHS[cell.length]
    parts = [[] for _ in kinds]
    for number in range(count):
        mark = b"%d\t" % number if cell.order == "seq" else b""
        parts[number // turn % len(kinds)].append(mark + record(number, length))
    return parts


def merged(cell, parts):
    """What the order makes of what the workers wrote."""
    _, _, turn = LENGTHS[cell.length]
    if cell.order == "rows":
        return rows(parts, turn)
    whole = [one for part in parts for one in part]
    if cell.order == "seq":
        whole.sort(key=lambda one: int(one.split(b"\t")[0]))
        return [one.partition(b"\t")[2] for one in whole]
    return whole


def is_same(cell, wanted, got):
    return sorted(wanted) == sorted(got.splitlines(True)) if cell.order == "any" else b"".join(wanted) == got


def judge_early_exit(cell, kinds, workers, got):
    """Both programs were content: all is there, or what is not was in a pipe when its reader went away, which
    no writer gets to know."""
    if is_same(cell, expected(cell, ["cat"] * len(kinds)), got):
        return None
    wrote = iter([worker.wrote for worker in workers if worker.kind == "exits"])
    parts = numbered_parts(cell, kinds)
    actual = [bytes(next(wrote)).splitlines(True) if kind == "exits" else part for kind, part in zip(kinds, parts)]
    actual = [[one if one.endswith(b"\n") else one + b"\n" for one in part] for part in actual]
    wanted = merged(cell, actual)
    if wanted is not None and is_same(cell, wanted, got):
        return "lost: in a pipe"
    return "wrong: not what the workers wrote"


def judge(cell, kinds, workers, statuses, got):
    """Nothing, or what is to be said of the result."""
    if cell.kind == "exits":
        return None if any(statuses) else judge_early_exit(cell, kinds, workers, got)
    wanted = expected(cell, kinds)
    if wanted is None:
        return None if statuses[1] == 3 else f"wrong: status {statuses}, expected 3 for the counts"
    if statuses != [0, 0]:
        return f"wrong: status {statuses}"
    return None if is_same(cell, wanted, got) else f"wrong: another result of {len(got)} bytes"
