"""Typesetting: formulas and pages in the words of TeX, Typst and Markdown, from the blocks of every other format."""
