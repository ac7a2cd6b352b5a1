"""The measures of `bench.archive`, one module each."""
