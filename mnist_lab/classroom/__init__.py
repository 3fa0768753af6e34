"""What a class does together: activities, who is who, and what all have drawn."""
