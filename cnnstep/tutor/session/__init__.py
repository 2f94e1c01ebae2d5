"""The tutor as a pure function: a session and a line give the next session and what to show.

Read downwards: where one stands (`state`), what that looks like (`screens`), asking to see more (`look`), guessing the
next matrix (`guess`), keeping what there is now (`save`), every word that can be typed (`commands`), and the function
of all of them (`advance`).
"""
