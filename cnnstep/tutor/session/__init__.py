"""The tutor as a pure function: a session and a line give the next session and what to show.

Read downwards: where one stands and what that looks like (`state`), asking to see more and guessing the next
matrix (`look`), every word that can be typed, with the function of all of them (`commands`), and what a word that was
begun can become (`completion`).
"""
