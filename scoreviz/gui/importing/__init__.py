"""From letters, pictures and tables to the marks of a density: what needs Qt or a file is done here, once, and kept as a blob."""
