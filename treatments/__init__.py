"""What was done: sessions, interventions with their dose, measures before and after."""
