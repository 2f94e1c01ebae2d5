"""The tutor as a pure function: a session and a line give the next session and what to show.

Read downwards: where one stands and what that looks like (`state`), asking to see more (`look`), guessing the next
matrix (`guess`), and every word that can be typed, with the function of all of them (`commands`).
"""
