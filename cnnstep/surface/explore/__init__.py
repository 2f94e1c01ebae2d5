"""`explore` on a terminal: the board as lines of text, and the screen that shows them and takes the keys."""
