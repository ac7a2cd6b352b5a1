"""The search itself, compiled: functions over two flat arrays (`layout`) that numba turns into machine code."""
