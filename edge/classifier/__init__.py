"""What a model is given and what it answers: its card, its input, the runtime it runs in, and the verdict."""
