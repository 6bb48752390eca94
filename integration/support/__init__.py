"""What the integration tests drive gosv with: see README.md, "How a test looks"."""
