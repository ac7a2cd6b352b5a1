"""Pure domain model: frozen dataclasses and transition tables, no I/O, time is a parameter."""
