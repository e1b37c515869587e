# SPDX-License-Identifier: MIT
"""Draws the seconds of a bench run as a bar chart: for each comparison a bar of ours and one of the peer."""

import html
import statistics

ROW, LABELS, WIDTH, TOP = 46, 330, 440, 74
INK, FAINT, OURS, PEER = "#1f2933", "#8795a1", "#2b7a78", "#c9d1d9"


def text(x, y, content, size=12, colour=INK, anchor="start"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">'
            f"{html.escape(content)}</text>")


def bar(y, length, colour):
    return f'<rect x="{LABELS}" y="{y}" width="{max(1, length):.1f}" height="16" fill="{colour}"/>'


def seconds(value):
    return f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"


def draw(rows, machine):
    medians = [(statistics.median(row["ours_s"]), statistics.median(row["theirs_s"])) for row in rows]
    most = max(map(max, medians), default=1) or 1
    height = TOP + ROW * len(rows) + 8
    data = (f"{machine['processor']}, {machine['cores']} cores; {machine['records']:,} generated records; "
            f"medians of {machine['pairs']} runs")
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LABELS + WIDTH + 80} {height}" '
             f'width="{LABELS + WIDTH + 80}" height="{height}" font-family="sans-serif">',
             '<rect width="100%" height="100%" fill="#ffffff"/>', text(12, 22, "Seconds, shorter is better", 15),
             text(12, 42, data, 12, FAINT), bar(50, 16, OURS).replace(f'x="{LABELS}"', 'x="12"'),
             text(34, 63, "mrf-tools"), bar(50, 16, PEER).replace(f'x="{LABELS}"', 'x="112"'),
             text(134, 63, "the program that is named")]
    for number, (row, (ours, theirs)) in enumerate(zip(rows, medians)):
        y = TOP + ROW * number
        parts += [text(LABELS - 10, y + 16, row["work"], 12, INK, "end"),
                  text(LABELS - 10, y + 33, row["against"], 11, FAINT, "end"),
                  bar(y + 4, ours / most * WIDTH, OURS), text(LABELS + ours / most * WIDTH + 6, y + 16, seconds(ours)),
                  bar(y + 21, theirs / most * WIDTH, PEER),
                  text(LABELS + theirs / most * WIDTH + 6, y + 33, seconds(theirs), 12, FAINT)]
    return "\n".join([*parts, "</svg>", ""])
