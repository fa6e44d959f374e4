"""GitHub's stand-in, in the layout of an Enterprise Server: REST, git over HTTP, Actions by `act`, OIDC, webhooks, pages."""
