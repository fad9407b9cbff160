"""The mail refused for what it is, who sent it or whom it reached: whose side it is, and what to mend."""
