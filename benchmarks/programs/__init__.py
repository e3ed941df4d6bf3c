"""Programs that are measured. Each runs in its own environment and imports nothing but what it measures."""
