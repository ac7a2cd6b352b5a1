"""What happens when and where: the life of lessons, the rooms and their agents, and what pages see of both.

Glossary

- **Lifecycle**: the rules by which the server itself moves a lesson (ready, interrupted, back again).
- **Presence**: what media nodes and room agents say is true for the next seconds, gathered from the bus.
- **Agent**: the program in a recording classroom; its server side (`rooms`) tells it which lesson to publish.
- **Watcher**: a socket that asked to be told whenever a lesson, a day or a room changes.
- **Snapshot**: a whole view; the newest replaces the last, so a watcher that missed one has missed nothing.
"""
