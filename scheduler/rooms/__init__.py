"""Recording classrooms as the server sees them: `agents` (their sockets), `views`, `api`."""
