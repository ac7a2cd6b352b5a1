"""What a county knows before it plans, over HTTP: `api` (registry), `terms_api` (terms, needs), and `views` of both."""
