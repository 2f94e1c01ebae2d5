"""One file a format; each draws the same documents with `render(document, screen) -> str`.

`text` is the terminal's. Its blocks are drawn by `matrix`, `table`, `sums`, `curve`, `maps`, `gauges`, `shades` and
`words`, which return lines; `columns` lays numbers out for any format of fixed width.
"""
