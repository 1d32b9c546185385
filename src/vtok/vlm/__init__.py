"""Load a checkpoint, encode, reduce, interleave, generate, and keep the ledger."""
