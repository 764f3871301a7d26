"""Whole training jobs: seeds, folds, twins, and what came out."""
