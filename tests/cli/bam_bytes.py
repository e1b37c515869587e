# SPDX-License-Identifier: MIT
"""BAM, byte by byte, for tests: bam_bytes.py runs the Python that standard input has, with these functions."""
import struct
import sys
import zlib

EOF = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
HEADER = "@SQ\tSN:c1\tLN:1000\n"


def block(data, before=b"", name=b""):
    """A BGZF block; subfields `before` BC, and the file name of a gzip header."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = name + deflate.compress(data) + deflate.flush()
    extra = len(before) + 6
    front = struct.pack("<4BI2BH", 31, 139, 8, 12 if name else 4, 0, 0, 255, extra) + before
    front += b"BC" + struct.pack("<HH", 2, 12 + extra + len(packed) + 8 - 1)
    return front + packed + struct.pack("<II", zlib.crc32(data), len(data))


def header(text=HEADER, references=(("c1", 1000),)):
    text = text if isinstance(text, bytes) else text.encode()
    out = b"BAM\1" + struct.pack("<I", len(text)) + text + struct.pack("<I", len(references))
    for name, length in references:
        out += struct.pack("<I", len(name) + 1) + name.encode() + b"\0" + struct.pack("<I", length)
    return out


def record(name="r", flag=4, reference=-1, position=-1, mapq=0, cigar=(), sequence="", qualities=None, tags=b"",
           size=None):
    """`cigar` is of (length, operation); `size` is what the record says of itself."""
    codes = ["=ACMGRSVTWYHKDBN".index(base) for base in sequence] + [0] * (len(sequence) % 2)
    name = name.encode() + b"\0"
    body = struct.pack("<iiBBHHHiiii", reference, position, len(name), mapq, 4680, len(cigar), flag, len(sequence),
                       -1, -1, 0)
    body += name + b"".join(struct.pack("<I", length << 4 | "MIDNSHP=X".index(kind)) for length, kind in cigar)
    body += bytes(codes[i] << 4 | codes[i + 1] for i in range(0, len(codes), 2))
    body += (b"\xff" * len(sequence) if qualities is None else bytes(qualities)) + tags
    return struct.pack("<I", len(body) if size is None else size) + body


def blocks(data):
    return b"".join(block(data[at:at + 60000]) for at in range(0, len(data), 60000))


def write(path, *records, head=None):
    """A whole BAM file."""
    data = (header() if head is None else head) + b"".join(records)
    with open(path, "wb") as out:
        out.write(blocks(data) + EOF)


if __name__ == "__main__":
    exec(sys.stdin.read())
