"""A lesson as a page that can be touched: all that the page knows, as one plain document."""
