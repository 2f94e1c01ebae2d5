"""One file a layer: its forward and backward mathematics and their workings, side by side."""
