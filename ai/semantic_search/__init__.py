"""Search by meaning: products near a text, and what the text asks for beside words."""
