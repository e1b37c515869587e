// SPDX-License-Identifier: MIT
// Copies of a filter side by side on one machine: BAM, CRAM, SAM, FASTQ or text to the same. meta.yml says what it
// takes.

process MRFTOOLS_RUN {
    tag "$meta.id"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container 'mrf-tools:1.0.0'

    input:
    tuple val(meta), path(reads)
    path filter
    val suffix

    output:
    tuple val(meta), path("${prefix}.${suffix}")   , emit: output
    tuple val(meta), path("${prefix}.report.json") , emit: report
    tuple val(meta), path("${prefix}_mqc.json")    , emit: multiqc
    path "versions.yml"                            , emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def filter_args = task.ext.args2 ?: ''
    prefix = task.ext.prefix ?: "${meta.id}.filtered"
    """
    mrf-run \\
        --cpus ${task.cpus} \\
        --report ${prefix}.report.json \\
        ${args} \\
        -i ${reads} \\
        -o ${prefix}.${suffix} \\
        -- ./${filter} ${filter_args}
    mrf-report --format multiqc --sample ${meta.id} -o ${prefix}_mqc.json ${prefix}.report.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        mrf-tools: \$(mrf-run --version | sed -n '1s/mrf-run //p')
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}.filtered"
    """
    touch ${prefix}.${suffix} ${prefix}.report.json ${prefix}_mqc.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        mrf-tools: \$(mrf-run --version | sed -n '1s/mrf-run //p')
    END_VERSIONS
    """
}
