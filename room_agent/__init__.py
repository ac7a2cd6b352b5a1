"""The program in a recording classroom: `qianshou room`.

- **source**: one named signal of the room (teacher, slides …): a picture, a sound, or both.
- **capture**: a device or file being read, in a thread of its own (`room_agent.capture`).
- **encoding**: one H.264 size and bitrate of a picture; its `rid` names it (`room_agent.encode`).
- **studio**: the pure decisions: what to publish, when to try again, what to warn of (`room_agent.studio`).
- **uplink**: the control socket and one WHIP session per source (`room_agent.uplink`).
"""
