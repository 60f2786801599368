"""The widgets the screens are made of, and the pure parts of them."""
