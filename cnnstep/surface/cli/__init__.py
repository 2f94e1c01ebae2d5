"""The commands: each gathers its input, asks the tutor for a document, and hands it to a format."""
