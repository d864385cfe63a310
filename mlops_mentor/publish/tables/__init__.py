"""Published tables: what the lake holds, as far as the class may see it."""
