"""What to do when a teacher is ill, a room or a line is down, or a school is closed.

The rest of the timetable is frozen. First nothing else is touched; then, if lessons remain lost, a few other courses
may move. Both are solved exactly, as small integer programs; nothing pinned, begun or past ever changes.

Glossary

- **Week**: the timetable lesson by lesson (`Held`), and what an outage takes of it (`Lost`).
- **Choices**: every step that could be taken about what is lost. **Filling**: the best set of them.
- **Proposal**: what is proposed, step by step; it may be accepted in part, group by group.
"""
