# SPDX-License-Identifier: MIT
"""Snakemake wrapper of mrf-run: copies of a filter side by side on one machine. meta.yaml says what it takes."""
import shlex

from snakemake.shell import shell


def unnamed(files):
    named = {file for _, value in files.items() for file in ([value] if isinstance(value, str) else value)}
    return [file for file in files if file not in named]


inputs = dict(snakemake.input.items())
outputs = dict(snakemake.output.items())
words = ["mrf-run", "--cpus", str(snakemake.threads)]
for file in unnamed(snakemake.input):
    words += ["-i", file]
for file in unnamed(snakemake.output):
    words += ["-o", file]
if "reference" in inputs:
    words += ["-T", inputs["reference"]]
for name in ("report", "side", "singles"):
    if name in outputs:
        words += [f"--{name}", outputs[name]]
if "index" in outputs:
    words.append("--write-index")

filter_words = snakemake.params.filter
if isinstance(filter_words, str):
    filter_words = ["bash", "-o", "pipefail", "-c", filter_words]

command = shlex.join(words)
extra = snakemake.params.get("extra", "")
filter_command = shlex.join(str(word) for word in filter_words)
log = snakemake.log_fmt_shell(stdout=False, stderr=True)
shell("{command} {extra} -- {filter_command} {log}")
