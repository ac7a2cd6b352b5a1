"""The life of lessons: `lifecycle` (pure rules), `controller` (applies them), `views`, `api`."""
