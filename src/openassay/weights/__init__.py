"""What the bytes of published weights prove: whole or not, how many parameters, at what precision.

    checkpoints   files gathered into checkpoints, their headers read; every tensor with its place
    parameters    how many, told apart from buffers, scales and packed integers
    integrity     what the headers prove, against each other, the file names and the configuration
    content       one pass over the bytes: digest, statistics, pages of zeros (needs numpy)
    samples       a few small reads: holes, untrained weights, rounded weights
    report        all of it as one document, ``openassay-weights/1``

Everything reads through ``File.read(offset, length)`` and runs nothing.
"""
