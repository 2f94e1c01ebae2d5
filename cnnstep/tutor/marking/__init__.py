"""A class's sheets together: points for each, and what the class has and has not understood."""
