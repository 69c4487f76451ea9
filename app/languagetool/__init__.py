"""The door for clients of LanguageTool: editors and browsers that can name a server of their own."""
