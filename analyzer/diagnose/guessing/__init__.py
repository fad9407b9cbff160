"""What guessing addresses costs, like for like, and where the data cannot tell it from something else."""
