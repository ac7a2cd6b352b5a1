"""Pure decisions of the room: no clocks, no devices, no network; time is a parameter (monotonic seconds, `now_s`).

- **backoff**: how long to wait before trying again.
- **session**: which lesson to publish, and what to do when publishing is lost.
- **health**: what to warn the teacher of.
"""
