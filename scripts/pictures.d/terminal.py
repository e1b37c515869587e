#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records what commands write to a terminal, and draws it.

usage: terminal.py record COMMAND... >RECORDING
       terminal.py draw RECORDING >PICTURE

A recording has the form asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/): each command, as a shell shows
it, and the bytes that it writes to a terminal of 84 columns, with their times.

The picture is an SVG of the screen at the end. What was erased meanwhile, the bar of a run, is shown first, in the row
where it was. A viewer without moving pictures shows the end only.
"""
import codecs
import fcntl
import html
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time

COLUMNS, ROWS = 84, 50
LINE, LETTER, LEFT, TOP = 18, 7.83, 16, 44  # pixels
BARS, BAR_SECONDS, SECONDS = 8, 0.6, 14  # how many states of the bar are shown, how long each, and all of it


def record(commands):
    print(json.dumps({"version": 2, "width": COLUMNS, "height": ROWS}))
    begin = time.monotonic()

    def write(text):
        print(json.dumps([round(time.monotonic() - begin, 3), "o", text]))

    for command in commands:
        write(f"$ {command}\r\n")
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        with subprocess.Popen(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs):
            os.close(theirs)
            decoder = codecs.getincrementaldecoder("utf-8")()
            while data := read(ours):
                if text := decoder.decode(data):
                    write(text)
        os.close(ours)


def read(terminal):
    """What is there next; nothing at the end, which a terminal reports as an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


class Screen:
    """The part of a terminal that the programs use: lines, a return to the first column, erasing what is below."""

    def __init__(self):
        self.lines = [""]
        self.row = self.column = 0
        self.erased = []  # row and text of lines that the cursor was in

    def write(self, text):
        for part in re.findall(r"\x1b\[J|\r|\n|[^\x00-\x1f\x7f]+|.", text, re.S):
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self.row += 1
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif part == "\x1b[J":
                line = self.lines[self.row]
                if line[self.column:].strip():
                    self.erased.append((self.row, line.rstrip()))
                self.lines[self.row:] = [line[:self.column]]
            elif part.isprintable():
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[:self.column] + part + line[self.column + len(part):]
                self.column += len(part)
            else:
                sys.exit(f"terminal.py: cannot draw {part!r}: a terminal has more than this program knows")


def text_of(row, line, name=""):
    colour = "#ffffff" if line.startswith("$ ") else "#b8c4ce"
    return (f'<text{name} x="{LEFT}" y="{TOP + LINE * row}" fill="{colour}" textLength="{len(line) * LETTER:.0f}" '
            f'lengthAdjust="spacingAndGlyphs">{html.escape(line, quote=False)}</text>')


def draw(recording):
    screen = Screen()
    with open(recording, encoding="utf-8") as file:
        json.loads(next(file))
        for line in file:
            screen.write(json.loads(line)[2])
    lines = [line.rstrip() for line in screen.lines]
    while not lines[-1]:
        lines.pop()
    bars = screen.erased
    if len({row for row, _ in bars}) > 1:
        sys.exit("terminal.py: cannot draw the recording: lines of several rows were erased")
    bars = [bars[at * len(bars) // BARS] for at in range(BARS)] if len(bars) >= BARS else bars
    first = bars[0][0] if bars else len(lines)

    width = COLUMNS * LETTER + 2 * LEFT
    height = TOP + LINE * len(lines) + 6
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
          f'height="{height}">')
    if bars:
        end = 100 * len(bars) * BAR_SECONDS / SECONDS
        print(f"<style>\n.bar {{ opacity: 0; animation: bar {SECONDS}s step-end infinite }}\n"
              f".end {{ animation: end {SECONDS}s step-end infinite }}\n"
              f"@keyframes bar {{ 0% {{ opacity: 1 }} {100 * BAR_SECONDS / SECONDS:.2f}% {{ opacity: 0 }} }}\n"
              f"@keyframes end {{ 0% {{ opacity: 0 }} {end:.2f}% {{ opacity: 1 }} }}\n"
              "@media (prefers-reduced-motion: reduce) { .bar, .end { animation: none } }\n</style>")
    print('<rect width="100%" height="100%" rx="8" fill="#1f2933"/>')
    for at, colour in enumerate(("#e36d5a", "#e0b252", "#6bb36b")):
        print(f'<circle cx="{20 + 18 * at}" cy="16" r="5" fill="{colour}"/>')
    print('<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13" xml:space="preserve">')
    for at, (row, line) in enumerate(bars):
        print(text_of(row, line, f' class="bar" style="animation-delay: {at * BAR_SECONDS:.1f}s"'))
    for row, line in enumerate(lines):
        if line:
            print(text_of(row, line, ' class="end"' if row >= first else ""))
    print("</g>\n</svg>")


def main():
    if len(sys.argv) > 2 and sys.argv[1] == "record":
        record(sys.argv[2:])
    elif len(sys.argv) == 3 and sys.argv[1] == "draw":
        draw(sys.argv[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
