"""The pages people use: sign-in, room panel, join, console, watching a recording.

`frontend/` holds their source (Vite, TypeScript, Vue), `static/` what is built from it, `service` serves it,
`build` builds it when the package is built or installed, `typescript` writes the TypeScript of the wire messages.
"""
