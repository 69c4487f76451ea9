"""The tools for assistants, with the official client."""
