"""The door for assistants: Tactline's tools by the Model Context Protocol, on standard input and at /mcp."""
