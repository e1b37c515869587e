// SPDX-License-Identifier: MIT
// An example of mrf-run as a Nextflow process: copies of a filter side by side on one machine. The tests of mrf-tools
// do not run it.
//
//   include { MRF_RUN } from './mrf_run'
//   workflow { MRF_RUN(Channel.fromPath('*.bam').map { [[id: it.baseName], it] }, file('filter.py')) }

process MRF_RUN {
    tag "${meta.id}"
    cpus 4

    input:
    tuple val(meta), path(alignments)
    path filter

    output:
    tuple val(meta), path("${meta.id}.filtered.bam"), emit: bam
    tuple val(meta), path("${meta.id}.report.json"), emit: report

    script:
    def options = task.ext.args ?: ''
    """
    mrf-run --cpus ${task.cpus} --report ${meta.id}.report.json ${options} \\
        -i ${alignments} -o ${meta.id}.filtered.bam -- ./${filter}
    """
}
