"""The rights of patients: a complete export, restriction, erasure, and how long records are kept."""
