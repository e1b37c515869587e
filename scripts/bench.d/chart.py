# SPDX-License-Identifier: MIT
"""Draws the ratios of a bench run as a bar chart: a bar that ends before 1 is faster than its peer."""

import html

ROW, LABELS, WIDTH, TOP = 30, 430, 420, 64
INK, FAINT, BAR, MISSED = "#1f2933", "#8795a1", "#2b7a78", "#c0562f"


def text(x, y, content, size=12, colour=INK, anchor="start"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">'
            f"{html.escape(content)}</text>")


def line(x, top, bottom, colour, dashes=""):
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="{colour}" stroke-dasharray="{dashes}"/>'


def draw(rows, machine):
    most = max([1.25, *(max(row["ratio"], row["target"]) for row in rows)]) * 1.05
    height = TOP + ROW * len(rows) + 16

    def at(ratio):
        return LABELS + ratio / most * WIDTH

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABELS + WIDTH + 60}" height="{height}" '
             'font-family="sans-serif">', '<rect width="100%" height="100%" fill="#ffffff"/>',
             text(12, 22, "Wall time as a share of the peer's (median of alternating pairs)", 15),
             text(12, 42, f"{machine}; the small line is the target", 12, FAINT),
             line(at(1), TOP - 8, height - 12, FAINT, "3 3"), text(at(1), TOP - 12, "peer = 1", 11, FAINT, "middle")]
    for number, row in enumerate(rows):
        y = TOP + ROW * number
        parts += [text(LABELS - 10, y + 13, row["work"], 12, INK, "end"),
                  text(LABELS - 10, y + 25, f"against {row['against']}", 10, FAINT, "end"),
                  f'<rect x="{LABELS}" y="{y + 4}" width="{max(1, at(row["ratio"]) - LABELS):.1f}" height="18" '
                  f'fill="{MISSED if row["missed"] else BAR}"/>',
                  line(at(row["target"]), y + 1, y + 25, INK),
                  text(max(at(row["ratio"]), at(row["target"])) + 6, y + 17, f"{row['ratio']:.2f}")]
    return "\n".join([*parts, "</svg>", ""])
