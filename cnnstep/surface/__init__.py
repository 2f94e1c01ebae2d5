"""How it looks, where it comes from and where it goes: files, terminal, commands."""
