"""What models and actions need of PostgreSQL: a transaction's clinic, SQL, bulk inserts, row policies."""
