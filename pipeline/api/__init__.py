"""The same acts for programs: JSON, Open311, webhooks."""
