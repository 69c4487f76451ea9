"""The service as processes of its own, on a real database and a real Redis."""
