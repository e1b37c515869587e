# SPDX-License-Identifier: MIT
"""Which inputs go with which filters, outputs and orders."""

# The views that an input can be given in.
TABLES = {"tsv": ("line", "tsvh"), "csv": ("line", "csvh"), "vcf": ("line", "vcfh")}


def views(kind):
    base = kind.removesuffix(".gz")
    if base in ("sam", "bam", "cram"):
        return ("sam", "samh", "bam")
    return TABLES.get(base, ("line",) if base == "text" else (base,))


def outputs(kind, filter_, view):
    """(name, --output-format, --output-record, options) of the outputs that a filter's records may go to."""
    gives = filter_.output(view)
    alignments = kind in ("sam", "bam", "cram")
    if view == "pairs":
        return [("T1.fq T2.fq", "", "", ()), ("T1.fq.gz T2.fq.gz", "", "", ()), ("both.fq", "", "", ())]
    if gives in ("sam", "samh", "bam") and not (gives == "sam" and not alignments):
        reference = () if kind == "cram" else ("-T", "ref.fa")
        form = ({"bam": "bam"}.get(gives, "sam")) if (gives == "bam") != (view == "bam") else ""
        made = [("out.sam", "", form, ()), ("out.bam", "", form, ()), ("out.cram", "", form, reference)]
        made += [("-", "sam", form, ()), ("-", "bam", form, ())]
        return made + ([("out.txt", "", "line", ())] if gives == "sam" else [])
    if gives == "fastq":
        return [("out.fq", "", "", ()), ("out.fastq.gz", "", "", ()), ("-", "", "fastq", ())]
    if gives == "fasta":
        return [("out.fa", "", "", ()), ("out.fasta.gz", "", "", ()), ("-", "", "fasta", ())]
    if gives in ("nul", "fixed", "three", "start"):
        form = {"fixed": "fixed:16", "three": "lines:3", "start": "start:BEGIN"}.get(gives, gives)
        return [("out.dat", "", form, ()), ("-", "", form, ())]
    form = "" if view in ("line", "json", "tsvh", "csvh", "vcfh") and kind not in ("sam", "bam", "cram") else "line"
    name = "out.vcf" if view == "vcfh" and gives == view else "out.txt"
    return [(name, "", form, ()), (name + ".gz", "", form, ()), ("-", "", form, ())]


def orders(filter_, view):
    """The orders that a filter can be asked for; behaviours that hide in the counts have no place in rows."""
    if filter_.name == "drops-and-doubles":
        return ("chunk", "seq", "any")
    if filter_.name.startswith("fastp"):
        return ("chunk", "rows", "any")  # it hangs when a number stands in front of a record
    return ("chunk", "seq", "rows", "any")


def transports(kind, view):
    return ("file", "fifos") if view == "pairs" else ("file", "pipe", "stdin", "fifo")
