"""What is described: products, their categories and attributes, pictures, texts, reviews, and what search is told."""
