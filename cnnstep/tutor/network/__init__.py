"""The screens of whole networks: an overview first, then one layer at a time."""
