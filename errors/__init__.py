"""How an action refuses: exceptions with a reason, the texts, and database constraints as exceptions."""
