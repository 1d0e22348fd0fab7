"""What is measured in signals."""
