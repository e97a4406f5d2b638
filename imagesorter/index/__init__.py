"""What is remembered of the images: rows, tokens, and the pipeline that fills them."""
