"""Scripts that run one side each, started by `spikeloom.bench.worker.Worker`, never imported.

Those of the peers run in the peers' environments: they import nothing of spikeloom, only their
neighbour `loop`.
"""
