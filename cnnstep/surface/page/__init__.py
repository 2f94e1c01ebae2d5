"""A lesson as one HTML file for any browser: its parts lie in `assets`, and `html.py` puts them together."""
