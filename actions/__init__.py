"""What runs on a GitHub runner, beside code that an agent wrote."""
