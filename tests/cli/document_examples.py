#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Takes the commands out of a document, as they stand there.

usage: document_examples.py DOCUMENT DIRECTORY

Writes each example of a .md (indented blocks, the commands in the table "write", and those of a page for tldr, without
its {{}}; none of ``` boxes) or of a man page's section EXAMPLES to DIRECTORY/NN.KIND, where KIND says how it is run:
sh, make, snakemake or workflow.
"""
import pathlib
import re
import sys


def man_examples(text):
    section = re.search(r"^\.Sh EXAMPLES\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S)
    block = None
    for line in section.group(1).splitlines() if section else []:
        plain = line.replace(r"\e", "\\").replace(r"\(dq", '"').replace(r"\(aq", "'").replace(r"\-", "-")
        plain = plain.replace(r"\&", "")
        if line.startswith(".Bd -literal"):
            block = []
        elif line == ".Ed":
            yield "\n".join(block)
            block = None
        elif block is not None:
            block.append(plain)
        elif line.startswith(".Dl "):
            yield plain[len(".Dl "):]


def readme_examples(text):
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    for block in re.findall(r"(?:^(?: {4}.*)?\n)*(?:^ {4}.*\n)+", text, re.M):
        yield re.sub(r"^ {4}", "", block.strip("\n"), flags=re.M)
    for row in re.findall(r"^\|.*\|$", text, re.M):
        cell = row.split(" | ")[-1]
        for command in re.findall(r"`((?:mrf-|getm-)[^`]* [^`]*)`", cell):
            yield command
    for command in re.findall(r"^`(.*)`$", text, re.M):
        yield re.sub(r"\{\{|\}\}", "", command)


def kind_of(example):
    if example.startswith("rule "):
        return "snakemake"
    if re.search(r"^\S+.*:.*\n\t", example):
        return "make"
    if re.search(r"^\w+(\[n\])?: +\S", example, re.M):
        return "workflow"
    return "sh"


def main():
    document = pathlib.Path(sys.argv[1])
    text = document.read_text()
    examples = readme_examples(text) if document.suffix == ".md" else man_examples(text)
    for number, example in enumerate(examples, 1):
        path = pathlib.Path(sys.argv[2]) / f"{number:02}.{kind_of(example)}"
        path.write_text(example + "\n")


if __name__ == "__main__":
    main()
