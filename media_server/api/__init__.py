"""How publishers and viewers reach the engine: WHIP and WHEP over HTTP, and the pages' signalling over `/ws`."""
