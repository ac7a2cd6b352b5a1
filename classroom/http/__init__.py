"""The HTTP edge: everything a caller sends enters here and every answer leaves here.

Glossary

- **Call**: one HTTP request as a handler sees it (principal, language, parsed body …).
- **Routes**: the table of endpoints; services add theirs, `/api/openapi.json` is drawn from it.
- **Problem**: an error on its way out, RFC 9457 JSON in the caller's language.
- **Socket**: one `/ws` connection; **Sockets**: who handles which message type.
- **Nonce**: the random value of one answer that lets our own inline script run under the Content-Security-Policy.
"""
