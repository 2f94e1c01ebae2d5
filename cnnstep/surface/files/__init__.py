"""What stands in a file: its text with places, YAML read strictly, numbers in other files. Knows no scenario."""
