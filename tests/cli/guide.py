#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the blocks of a guide, as they stand there.

usage: guide.py GUIDE             prints the sections ("## ...") that have a block
       guide.py GUIDE --files     writes the files of all sections
       guide.py GUIDE SECTION     runs the blocks of this section in the working directory, in order

The words behind the language of a block ("```sh status=3") say what it is:

  LANGUAGE file=NAME   the text of the file NAME, executable when it begins with "#!"; files of earlier sections are
                       there too
  sh [status=N]        is run by bash -e -o pipefail, and ends with status N (default 0); what it writes by -o is there
                       then
  text                 what the block before it writes, standard error included; "..." is anything, also whole lines

A block of any other kind is an error. $SERVED takes the place of https://example.org.
"""
import dataclasses
import os
import pathlib
import re
import subprocess
import sys

EXAMPLE = "https://example.org"


@dataclasses.dataclass
class Block:
    section: str
    language: str
    words: dict
    text: str


def blocks_of(guide):
    section, block = "", None
    for line in guide.read_text().splitlines(keepends=True):
        if block is not None:
            if line.startswith("```"):
                yield block
                block = None
            else:
                block.text += line
        elif line.startswith("```"):
            language, *words = line[3:].split()
            block = Block(section, language, dict(word.split("=", 1) for word in words), "")
        elif line.startswith("## "):
            section = line[3:].strip()


def wrong(block, reason):
    sys.exit(f"{reason}\n--- {block.section}\n{block.text}---")


def write(block):
    path = pathlib.Path(block.words["file"])
    path.write_text(block.text.replace(EXAMPLE, os.environ.get("SERVED", EXAMPLE)))
    if block.text.startswith("#!"):
        path.chmod(0o755)


def run(block):
    text = block.text.replace(EXAMPLE, os.environ.get("SERVED", EXAMPLE))
    for result in results_of(block):
        pathlib.Path(result).unlink(missing_ok=True)
    done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", text], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=600)
    expected = int(block.words.get("status", "0"))
    if done.returncode != expected:
        wrong(block, f"status {done.returncode}, not {expected}: {done.stdout}")
    for result in results_of(block):
        if (expected == 0) != os.path.exists(result):
            wrong(block, f"{result} is {'not there' if expected == 0 else 'there'}: {done.stdout}")
    return done.stdout.replace(os.environ.get("SERVED", EXAMPLE), EXAMPLE)


def results_of(block):
    commands = re.sub(r"#.*|\\\n", "", block.text).splitlines()
    return [name for command in commands if not re.search(r" --(try|print|print-sh|dot|dry-run|shard-plan)\b", command)
            for name in re.findall(r" -o ([\w.-]+\.[a-z]+)", command)]


def compare(block, output):
    pattern = "".join("(?s:.*)" if part == "..." else re.escape(part)
                      for part in re.split(r"(\.\.\.)", block.text.rstrip("\n")))
    if not re.fullmatch(pattern, output.rstrip("\n")):
        wrong(block, f"the output is another one: {output}")


def main():
    blocks = list(blocks_of(pathlib.Path(sys.argv[1])))
    sections = list(dict.fromkeys(block.section for block in blocks))
    if len(sys.argv) < 3:
        print("\n".join(sections))
        return
    section = sys.argv[2]
    if section == "--files":
        for block in blocks:
            if "file" in block.words:
                write(block)
        return
    if section not in sections:
        sys.exit(f"no blocks in the section '{section}'")
    output = None
    for block in blocks:
        if sections.index(block.section) > sections.index(section):
            break
        if "file" in block.words:
            write(block)
        elif block.section != section:
            continue
        elif block.language == "sh":
            output = run(block)
        elif block.language == "text" and output is not None:
            compare(block, output)
        else:
            wrong(block, f"a block of the kind '{block.language}' is not run")


if __name__ == "__main__":
    main()
