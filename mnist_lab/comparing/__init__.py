"""What a comparison says, from the runs' files alone; no model runs here."""
